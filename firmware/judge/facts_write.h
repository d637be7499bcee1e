/*
 * How the judge makes facts: inside firmware/judge/ only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FACTS_WRITE_H
#define VD_FACTS_WRITE_H

#include "dns/records/span.h"
#include "firmware/judge/reading.h"

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

/* The same for a whole record: keys give way to it, and some of the store is left for what comes after
   it. */
void vd_facts_write_record(struct vd_facts *facts, struct vd_text_ref *ref, struct vd_span record);

/*
 * Begin one more item of a list: with a comma, where it is not the first.
 *
 * kept  a list longer than that takes no more: it gets ", ...", which is not sound.
 *
 * Returns whether the item may be written.
 */
bool vd_facts_list(struct vd_facts *facts, struct vd_text_ref *text, size_t kept);

/* Where the number-th text of a record set stands in struct vd_facts; 0: there are no more. */
size_t vd_facts_text_offset(uint8_t kind, uint8_t index, size_t number);

/* Move the texts together at the front, in their order; those that nothing refers to go. */
void vd_facts_pack(struct vd_facts *facts);

/* Give ref a copy, in facts' own store, of a text in from's.  A key only if it fits whole; for all
   other texts keys give way. */
void vd_facts_bring(struct vd_facts *facts, struct vd_text_ref *ref, const struct vd_facts *from,
                    struct vd_text_ref theirs, bool is_key);

/* How many octets of one more text would fit. */
size_t vd_facts_room(const struct vd_facts *facts);

/* A term of an SPF record as a number: in lower case, without a '+' in front or a dot at its end. */
uint32_t vd_spf_term_hash(struct vd_span term);

#endif
