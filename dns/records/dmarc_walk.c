/*
 * The tree walk.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dmarc_walk.h"

#include <stddef.h>
#include <string.h>

/* A name of so many labels or more goes on with one label less than that (section 4.10, step 4). */
#define LABELS_JUMP 8u

static const char *above(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot == NULL || dot[1] == '\0' ? NULL : dot + 1;
}

static unsigned count_labels(const char *name)
{
    unsigned labels = 0;

    for (; name != NULL; name = above(name)) {
        labels++;
    }
    return labels;
}

void vd_dmarc_walk_names(const char *domain, struct vd_dmarc_walk *out)
{
    unsigned labels = count_labels(domain);
    const char *name = domain;

    *out = (struct vd_dmarc_walk){.count = 0};
    while (name != NULL && out->count < VD_DMARC_WALK_MAX) {
        out->steps[out->count++] = (struct vd_dmarc_step){.name = name, .psd = 'u'};
        do {
            name = above(name);
            labels--;
        } while (name != NULL && labels >= LABELS_JUMP);
    }
}

uint8_t vd_dmarc_walk_len(const struct vd_dmarc_walk *walk)
{
    for (uint8_t i = 0; i < walk->count; i++) {
        const struct vd_dmarc_step *step = &walk->steps[i];
        if (step->sight == VD_DMARC_ONE && step->psd != 'u') {
            return (uint8_t)(i + 1);
        }
    }
    return walk->count;
}

bool vd_dmarc_walk_is_open(const struct vd_dmarc_walk *walk)
{
    uint8_t len = vd_dmarc_walk_len(walk);

    for (uint8_t i = 0; i < len; i++) {
        if (walk->steps[i].sight == VD_DMARC_UNSEEN) {
            return true;
        }
    }
    return false;
}

/* The last record of the walk: of the shortest name, or the one that ended it. */
static int8_t last_record(const struct vd_dmarc_walk *walk)
{
    uint8_t i = vd_dmarc_walk_len(walk);

    while (i > 0 && walk->steps[i - 1].sight != VD_DMARC_ONE) {
        i--;
    }
    return (int8_t)(i - 1);
}

/* The name one label longer than that of a step, which is not the first. */
static const char *below(const struct vd_dmarc_walk *walk, int8_t step)
{
    const char *domain = walk->steps[0].name;
    const char *name = walk->steps[step].name - 1; /* the dot */

    while (name > domain && name[-1] != '.') {
        name--;
    }
    return name;
}

const char *vd_dmarc_walk_org(const struct vd_dmarc_walk *walk)
{
    int8_t last = last_record(walk);

    if (last <= 0) {
        return walk->steps[0].name;
    }
    return walk->steps[last].psd == 'y' ? below(walk, last) : walk->steps[last].name;
}

int8_t vd_dmarc_walk_policy(const struct vd_dmarc_walk *walk, bool is_below)
{
    int8_t last = last_record(walk);

    if (!is_below && walk->steps[0].sight == VD_DMARC_ONE) {
        return 0;
    }
    if (last <= 0 || walk->steps[last].psd != 'y') {
        return last;
    }
    /* A public suffix: its own policy is for those below that have none. */
    const struct vd_dmarc_step *org = &walk->steps[last - 1];
    bool has_org = org->sight == VD_DMARC_ONE && org->name == below(walk, last);
    return (int8_t)(has_org ? last - 1 : last);
}

int8_t vd_dmarc_walk_policy_7489(const struct vd_dmarc_walk *walk, const char *org, bool is_below)
{
    if (!is_below && walk->steps[0].sight != VD_DMARC_NOTHING) {
        return walk->steps[0].sight == VD_DMARC_ONE ? 0 : VD_DMARC_NOBODY;
    }
    for (uint8_t i = 0; i < walk->count; i++) {
        if (walk->steps[i].name == org) {
            return (int8_t)(walk->steps[i].sight == VD_DMARC_ONE ? i : VD_DMARC_NOBODY);
        }
    }
    return VD_DMARC_NOBODY;
}
