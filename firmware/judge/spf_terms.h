/*
 * Terms of our own SPF record, as facts_spf.c and judge_spf*.c speak of them.
 *
 * Inside firmware/judge/ only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPF_TERMS_H
#define VD_SPF_TERMS_H

#include "dns/records/spf.h"
#include "firmware/judge/judge_words.h"

/* Does it let another party say who passes: include:, exists: or redirect=, with a '+'? */
bool vd_spf_is_party(const struct vd_spf_term *term);

/*
 * Order-free hash of the ip4:, ip6:, a and mx that have an effect, and of what else is neither a
 * party nor a ptr that passes.  A sum: it sees a term that stands there twice.
 */
uint32_t vd_spf_terms_hash(const struct vd_spf *record);

/* Prefix lengths from which on a network is wide, and vast: by the watch, or the defaults. */
struct vd_spf_widths {
    uint8_t wide4, wide6, vast4, vast6;
};
struct vd_spf_widths vd_spf_widths_of(const struct vd_watch *watch);

/* Do many times as many IPv4 addresses pass as did? */
bool vd_spf_has_grown(const struct vd_watch *watch, const struct vd_spf_facts *was,
                      const struct vd_spf_facts *now);

/* An all among the terms makes redirect= void (RFC 7208, section 6.1). */
bool vd_spf_has_all(const struct vd_spf *record);

/* An address as text, in judge_spf.c.  Returns out. */
#define VD_SPF_ADDRESS_MAX 40u
const char *vd_spf_address_text(const struct vd_sender *sender, char out[VD_SPF_ADDRESS_MAX]);

/* Our record as it is now; empty if there is none.  The text of the facts may be cut. */
struct vd_span vd_spf_own_record(const struct vd_snapshot *snapshot, const char *domain);

/* What of the facet spf.include changed; how bad is in the order. */
enum vd_spf_change {
    VD_SPF_CHANGE_NONE = 0,
    VD_SPF_CHANGE_RETIRED, /* of a service that is not in use */
    VD_SPF_CHANGE_KNOWN,   /* of a known service, or our own */
    VD_SPF_CHANGE_DYNAMIC, /* of a term that needs a mail in hand */
    VD_SPF_CHANGE_REDIRECT,
    VD_SPF_CHANGE_REMOVED,
    VD_SPF_CHANGE_ADDED, /* of nobody that we know */
    VD_SPF_CHANGE_LOST   /* of a service that is in use */
};

/* What was said and what is said, of the terms that differ. */
struct vd_spf_difference {
    uint8_t change;               /* enum vd_spf_change: the worst */
    char worst[VD_SUMMARY_MAX];   /* the term that made it so */
    char removed[VD_SUMMARY_MAX]; /* all of them, ", " between */
    char added[VD_SUMMARY_MAX];
};

/* include:, exists: and redirect= of the baseline and of now. */
void vd_spf_compare_parties(const struct vd_case *at, struct vd_spf_difference *out);

/*
 * ip4:, ip6:, a and mx of the baseline and of now.  removed: those that let addresses in which no
 * term of our own does now.  change: REMOVED, ADDED, or NONE where the same is written in another
 * way.
 *
 * Uses the scratch of at->out.
 */
void vd_spf_compare_terms(const struct vd_case *at, struct vd_spf_difference *out);

#endif
