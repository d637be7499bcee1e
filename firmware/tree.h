/*
 * The question tree of a watch: what the last look asked because answers led to it.
 *
 * Asked whole at the beginning of the next look, so that an unchanged domain costs one round trip,
 * however deep its includes are.  What nothing wants any more is left out the next time; what does
 * not fit costs a round trip, and nothing else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TREE_H
#define VD_TREE_H

#include "dns/survey.h"

/* The fields are the tree's own.  Zeroed: empty. */
struct vd_tree {
    uint16_t len;
    uint8_t bytes[VD_TREE_BYTES + 1u];
};

/* Put all of it on the worklist of a survey that has just begun. */
void vd_tree_ask(const struct vd_tree *tree, struct vd_survey *survey);

/*
 * Remember a survey that is over.  Where something could not be seen, what it would have led to is
 * not known: then the questions remembered so far stay.
 */
void vd_tree_take(struct vd_tree *tree, const struct vd_survey *survey);

#endif
