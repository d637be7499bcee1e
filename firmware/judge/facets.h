/*
 * Facets: the parts of a record set that are compared, believed and accepted one by one.
 *
 * A facet is a run of fields in a struct of facts (facts.h); facets.c says which.  Its name stands in
 * the configuration (accept = dmarc.policy:none) and in alerts.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FACETS_H
#define VD_FACETS_H

#include "firmware/judge/facts.h"

/* A facet's number: its kind of record set and its place there. */
#define VD_FACET(kind, n)     ((kind)*8 + (n))
#define VD_FACET_KIND(facet)  ((uint8_t)((facet) / 8))
#define VD_FACET_BIT(facet)   ((uint8_t)(1u << ((facet) % 8)))
#define VD_FACETS_OF_KIND_MAX 8u

enum vd_facet {
    VD_FACET_SPF_RECORD = VD_FACET(VD_SUBJECT_SPF, 0),
    VD_FACET_SPF_DEFAULT,
    VD_FACET_SPF_RANGE,
    VD_FACET_SPF_TERMS,
    VD_FACET_SPF_INCLUDE,
    VD_FACET_SPF_PTR,
    VD_FACET_SPF_LOOKUPS,
    VD_FACET_SPF_SENDERS,
    VD_FACET_DKIM_KEY = VD_FACET(VD_SUBJECT_DKIM, 0),
    VD_FACET_DKIM_FLAGS,
    VD_FACET_DKIM_ALIAS,
    VD_FACET_DMARC_RECORD = VD_FACET(VD_SUBJECT_DMARC, 0),
    VD_FACET_DMARC_SOURCE,
    VD_FACET_DMARC_POLICY,
    VD_FACET_DMARC_SP,
    VD_FACET_DMARC_ALIGNMENT,
    VD_FACET_DMARC_RUA,
    VD_FACET_DMARC_RUF,
    VD_FACET_DMARC_PSD,
    VD_FACET_MX_RECORD = VD_FACET(VD_SUBJECT_MX, 0),
    VD_FACET_MX_HOSTS,
    VD_FACET_MX_TARGETS,
    VD_FACET_MAIL_FROM_SPF = VD_FACET(VD_SUBJECT_MAIL_FROM, 0),
    VD_FACET_MAIL_FROM_MX,
    VD_FACET_MTA_STS_RECORD = VD_FACET(VD_SUBJECT_MTA_STS, 0),
    VD_FACET_MTA_STS_CONTENT,
    VD_FACET_TLS_RPT_RECORD = VD_FACET(VD_SUBJECT_TLS_RPT, 0),
    VD_FACET_TLS_RPT_CONTENT,
    VD_FACET_BIMI_RECORD = VD_FACET(VD_SUBJECT_BIMI, 0),
    VD_FACET_BIMI_CONTENT,
    VD_FACET_NS_HOSTS = VD_FACET(VD_SUBJECT_NS, 0),
    VD_FACET_DS_RECORD = VD_FACET(VD_SUBJECT_DS, 0),
    VD_FACET_DS_AD,
    VD_FACETS_END = VD_FACET(VD_SUBJECT_KINDS, 0),
    VD_FACET_ALL = 0xfe, /* of a whole record set: a finding that it is gone or unusable */
    VD_FACET_NONE = 0xff /* of no record set: never accepted */
};

/* "dmarc.policy", "spf.include"; "" for a number that is none.  A selector's facets are written
   "dkim.SELECTOR.key" in the configuration. */
const char *vd_facet_str(uint8_t facet);

/* Does it vary from look to look by itself, as a provider's address space does? */
bool vd_facet_varies(uint8_t facet);

/*
 * Read a facet's name.  name: "dmarc.policy", "dkim.s1.key".
 *
 * index  the selector's, for DKIM (looked up in watch->selectors); else 0.
 *
 * VD_OTHER  no such facet, or the watch has no such selector.
 */
enum vd_status vd_facet_find(const struct vd_watch *watch, const char *name, size_t len,
                             uint8_t *facet, uint8_t *index);

/*
 * What a facet says now, in one word without blanks: what accept= and plan= are compared with.
 * dmarc.policy: "none", "quarantine", "reject", "absent", "broken".  spf.default: "fail" ...
 * A facet without a word of its own has a hash in hexadecimal.
 *
 * out  VD_FACET_WORD_MAX bytes.  Returns out.
 */
#define VD_FACET_WORD_MAX 80u
const char *vd_facet_word(const struct vd_facts *facts, uint8_t facet, uint8_t index, char *out);

/* A facet's value as a number: the same for the same facts.  VD_FACET_ALL: see vd_facts_content. */
uint32_t vd_facet_content(const struct vd_facts *facts, uint8_t facet, uint8_t subject_kind,
                          uint8_t index);

/*
 * Record-set level: enum vd_standing, the facets that are unknown, enum vd_detail.
 */
uint8_t vd_facts_standing(const struct vd_facts *facts, uint8_t kind, uint8_t index);
uint8_t vd_facts_unknown(const struct vd_facts *facts, uint8_t kind, uint8_t index);
uint8_t vd_facts_detail(const struct vd_facts *facts, uint8_t kind, uint8_t index);

/* Put another standing in place of a record set's, and that one into *standing. */
void vd_facts_swap_standing(struct vd_facts *facts, uint8_t kind, uint8_t index, uint8_t *standing);

/*
 * What a record set says, in a number: all of its facets that do not vary from look to look by
 * themselves (a provider's address space does: VD_FACET_SPF_RANGE, _LOOKUPS, DS_AD).
 */
uint32_t vd_facts_content(const struct vd_facts *facts, uint8_t kind, uint8_t index);

/*
 * Take one facet over into the baseline.
 *
 * facet   VD_FACET_ALL: the whole record set with its texts; where it stands otherwise than in the
 *         baseline, facets that are unknown now are unknown in the baseline, too, from then on.
 *
 * Not taken: what is unknown; and (by VD_FACET_ALL, unless is_forced) a DKIM key that is gone or
 * unusable over one that was good, so that the key which later stands there is compared with the
 * good one.
 */
void vd_facts_adopt(struct vd_facts *baseline, const struct vd_facts *now, uint8_t facet,
                    uint8_t kind, uint8_t index, bool is_forced);

/* The texts of a record set: the last good ones, for mending. */
void vd_facts_adopt_texts(struct vd_facts *baseline, const struct vd_facts *now, uint8_t kind,
                          uint8_t index);

/*
 * Move the baseline (semantics: unknown never writes): for each record set in `believed` (set of
 * vd_subject_bit) of which the baseline knows nothing yet, take it over, with its texts; and each
 * facet of it that was not known then and is now, if the record set stands as it did.
 *
 * Returns true if something was taken.
 */
bool vd_facts_learn(struct vd_facts *baseline, const struct vd_facts *now, uint32_t believed);

#endif
