/*
 * How the judge makes facts: inside firmware/judge/ only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FACTS_WRITE_H
#define VD_FACTS_WRITE_H

#include "firmware/judge/facts.h"

/* Longest name that is asked for a watch: "<selector>._domainkey.<domain>" and a NUL. */
#define VD_OWNER_TEXT_MAX (VD_DOMAIN_TEXT_MAX + VD_SELECTOR_LEN_MAX + 16u)

/* Write "<prefix><middle><domain>"; returns out, which has VD_OWNER_TEXT_MAX bytes. */
const char *vd_owner_text(char *out, const char *prefix, const char *middle, const char *domain);

/*
 * Append words to a text of the facts.  The first call for a ref begins it; no other text may
 * be begun before it is complete.  What does not fit is cut, and the text then ends in "...".
 *
 * format  as printf, with %s %.*s %c %d %u only.
 */
void vd_facts_write(struct vd_facts *facts, struct vd_text_ref *ref, const char *format, ...);

/*
 * The same with octets from outside: tabs and line ends become blanks, what else is not printable
 * ASCII becomes '?' and ends what is sound.
 */
void vd_facts_write_span(struct vd_facts *facts, struct vd_text_ref *ref, struct vd_span span);

/* The same for a whole record: some of the store is left for what comes after it. */
void vd_facts_write_record(struct vd_facts *facts, struct vd_text_ref *ref, struct vd_span record);

/* How many octets of one more text would fit. */
size_t vd_facts_room(const struct vd_facts *facts);

/* A term of an SPF record as a number: in lower case, without a '+' in front. */
uint32_t vd_spf_term_hash(struct vd_span term);

/* One record set each; all of its facts are written.  facts->text is appended to. */
void vd_facts_read_spf(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                       struct vd_facts *out);
void vd_facts_read_dkim(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                        uint8_t selector, struct vd_facts *out);
void vd_facts_read_dmarc(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                         struct vd_facts *out);
void vd_facts_read_mx(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                      struct vd_facts *out);

#endif
