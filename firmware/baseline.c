/*
 * First contact, and what is still on its way.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/baseline.h"

uint32_t vd_baseline_agreed(struct vd_shown *shown, const struct vd_judgement *judgement,
                            const struct vd_look_sources *sources)
{
    unsigned all = (unsigned)sources->resolvers | sources->authorities;
    bool is_single = (all & (all - 1u)) == 0;
    uint32_t agreed = 0;

    for (size_t i = 0; i < judgement->subjects_count; i++) {
        const struct vd_subject *subject = &judgement->subjects[i];
        uint32_t content = vd_facts_content(&judgement->facts, subject->kind, subject->index);
        size_t place = vd_subject_place(subject->kind, subject->index);
        uint8_t source = sources->of_subject[i];
        if (subject->standing == VD_STANDING_UNKNOWN || source == VD_SOURCE_NONE) {
            continue;
        }
        bool is_first = shown->by[place] == 0;
        if (!is_first && shown->content[place] == content &&
            (is_single || shown->by[place] != source + 1u)) {
            agreed |= vd_subject_bit(subject->kind, subject->index);
        }
        shown->content[place] = content;
        shown->by[place] = (uint8_t)(source + 1u);
    }
    return agreed;
}

uint32_t vd_baseline_expected(const struct vd_watch *watch)
{
    uint32_t expected = watch->needs_spf ? vd_subject_bit(VD_SUBJECT_SPF, 0) : 0;

    expected |= watch->needs_dmarc ? vd_subject_bit(VD_SUBJECT_DMARC, 0) : 0;
    expected |= watch->mail_from != 0 ? vd_subject_bit(VD_SUBJECT_MAIL_FROM, 0) : 0;
    for (uint8_t i = 0; !watch->needs_no_key && i < watch->selectors_count; i++) {
        expected |= vd_subject_bit(VD_SUBJECT_DKIM, i);
    }
    return expected;
}

static bool is_there(const struct vd_facts *facts, uint8_t kind, uint8_t index)
{
    return vd_facts_standing(facts, kind, index) == VD_STANDING_OK &&
           (kind != VD_SUBJECT_MAIL_FROM || facts->mail_from.mx_standing == VD_STANDING_OK);
}

static void weigh_one(struct vd_facts *baseline, struct vd_shown *shown, const struct vd_facts *now,
                      uint8_t kind, uint8_t index)
{
    uint32_t bit = vd_subject_bit(kind, index);

    if (vd_facts_standing(now, kind, index) == VD_STANDING_UNKNOWN) {
        return;
    }
    if (!is_there(now, kind, index)) {
        shown->awaited |= bit;
    } else if ((shown->awaited & bit) == 0) {
        baseline->pending &= ~bit;
    }
}

void vd_baseline_weigh_pending(struct vd_facts *baseline, struct vd_shown *shown,
                               const struct vd_facts *now, const struct vd_watch *watch,
                               uint64_t age_ms)
{
    if (age_ms >= (watch->pending_ms != 0 ? watch->pending_ms : VD_PENDING_MS)) {
        baseline->pending = 0;
        return;
    }
    for (uint8_t kind = 0; kind < VD_SUBJECT_KINDS; kind++) {
        uint8_t count = kind == VD_SUBJECT_DKIM ? VD_SELECTORS_MAX : 1;
        for (uint8_t i = 0; i < count; i++) {
            if ((baseline->pending & vd_subject_bit(kind, i)) != 0) {
                weigh_one(baseline, shown, now, kind, i);
            }
        }
    }
}

static bool is_following(const struct vd_dmarc_facts *dmarc)
{
    return dmarc->sp == dmarc->p && dmarc->np == dmarc->p;
}

bool vd_baseline_is_following(const struct vd_facts *baseline, const struct vd_facts *now)
{
    return is_following(&baseline->dmarc) && is_following(&now->dmarc);
}

bool vd_baseline_is_verified(enum vd_code code)
{
    return code == VD_CODE_SPF_VERIFIED || code == VD_CODE_DKIM_VERIFIED ||
           code == VD_CODE_DMARC_VERIFIED || code == VD_CODE_MAIL_FROM_VERIFIED;
}
