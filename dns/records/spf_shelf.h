/*
 * SPF records that were parsed once already: the same few are needed for sender after sender.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPF_SHELF_H
#define VD_SPF_SHELF_H

#include "dns/records/spf.h"

/* As many records as one evaluation may open (RFC 7208, section 4.6.4), and terms as many as they
   have as a rule. */
#define VD_SPF_SHELF_RECORDS 11u
#define VD_SPF_SHELF_TERMS   240u

struct vd_spf_shelf {
    uint16_t terms_count; /* both counts 0: it is empty */
    uint8_t records_count;
    struct {
        const uint8_t *text; /* where it stands tells records apart */
        uint16_t first, count;
    } records[VD_SPF_SHELF_RECORDS];
    struct vd_spf_term terms[VD_SPF_SHELF_TERMS];
};

/*
 * As vd_spf_parse, from the shelf if the record stands there; else it is put there, if it is good and
 * there is room.
 *
 * shelf  the caller's, for one snapshot; NULL: none.
 */
enum vd_status vd_spf_shelf_parse(struct vd_spf_shelf *shelf, struct vd_span text,
                                  struct vd_spf *out);

#endif
