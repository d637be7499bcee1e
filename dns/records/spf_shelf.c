/*
 * SPF records that were parsed once already.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/spf_shelf.h"

#include <string.h>

static void keep(struct vd_spf_shelf *shelf, const struct vd_spf *spf)
{
    if (shelf->records_count == VD_SPF_SHELF_RECORDS ||
        spf->terms_count > VD_SPF_SHELF_TERMS - shelf->terms_count) {
        return;
    }
    shelf->records[shelf->records_count].text = spf->text;
    shelf->records[shelf->records_count].first = shelf->terms_count;
    shelf->records[shelf->records_count++].count = spf->terms_count;
    memcpy(&shelf->terms[shelf->terms_count], spf->terms, spf->terms_count * sizeof spf->terms[0]);
    shelf->terms_count = (uint16_t)(shelf->terms_count + spf->terms_count);
}

enum vd_status vd_spf_shelf_parse(struct vd_spf_shelf *shelf, struct vd_span text,
                                  struct vd_spf *out)
{
    for (size_t i = 0; shelf != NULL && i < shelf->records_count; i++) {
        if (shelf->records[i].text == text.bytes) {
            out->text = text.bytes;
            out->text_len = text.len;
            out->terms_count = shelf->records[i].count;
            memcpy(out->terms, &shelf->terms[shelf->records[i].first],
                   out->terms_count * sizeof out->terms[0]);
            return VD_OK;
        }
    }
    enum vd_status status = vd_spf_parse(text.bytes, text.len, out);
    if (status == VD_OK && shelf != NULL) {
        keep(shelf, out);
    }
    return status;
}
