/*
 * An entry: the type with the purpose in its two upper bits, 16 bits, and the name with its NUL; an
 * empty name is that of the entry before (A and AAAA of one host).
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/tree.h"

#include <string.h>

#define ASK_SHIFT 14u
#define TYPE_MASK 0x3fffu

void vd_tree_ask(const struct vd_tree *tree, struct vd_survey *survey)
{
    const char *name = "";

    for (size_t at = 0; at < tree->len;) {
        unsigned head = (unsigned)tree->bytes[at] << 8 | tree->bytes[at + 1u];
        const char *own = (const char *)tree->bytes + at + 2u;
        name = own[0] != '\0' ? own : name;
        at += 2u + strlen(own) + 1u;
        (void)vd_survey_want(survey, name, (uint16_t)(head & TYPE_MASK),
                             (enum vd_ask)(head >> ASK_SHIFT));
    }
}

/* false: no room. */
static bool put(struct vd_tree *tree, const char *name, unsigned head)
{
    size_t name_len = strlen(name) + 1u;

    if (tree->len + 2u + name_len > VD_TREE_BYTES) {
        return false;
    }
    tree->bytes[tree->len] = (uint8_t)(head >> 8);
    tree->bytes[tree->len + 1u] = (uint8_t)head;
    memcpy(tree->bytes + tree->len + 2u, name, name_len);
    tree->len = (uint16_t)(tree->len + 2u + name_len);
    return true;
}

/* Was something needed that could not be seen? */
static bool has_unknown(const struct vd_survey *survey)
{
    for (size_t i = 0; i < survey->snapshot.answers_count; i++) {
        if ((survey->notes[i] & VD_SURVEY_WANTED) != 0 &&
            survey->snapshot.answers[i].presence == VD_UNKNOWN) {
            return true;
        }
    }
    return false;
}

void vd_tree_take(struct vd_tree *tree, const struct vd_survey *survey)
{
    const struct vd_snapshot *snapshot = &survey->snapshot;
    bool keeps_all = has_unknown(survey);
    const char *before = "";

    tree->len = 0;
    for (size_t i = survey->roots; i < snapshot->answers_count; i++) {
        const struct vd_answer *answer = &snapshot->answers[i];
        const char *name = vd_snapshot_name(snapshot, answer);
        unsigned head = answer->type | (unsigned)vd_survey_ask_of(survey, i) << ASK_SHIFT;
        bool is_used = (survey->notes[i] & (VD_SURVEY_WANTED | VD_SURVEY_LINKED)) != 0;
        if ((is_used || keeps_all) && answer->type <= TYPE_MASK) {
            before = put(tree, strcmp(name, before) == 0 ? "" : name, head) ? name : before;
        }
    }
}
