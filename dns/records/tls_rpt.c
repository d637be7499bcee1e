/*
 * TLS-RPT records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/tls_rpt.h"

#include "dns/records/fields.h"
#include "dns/records/uri.h"

/* What is wrong with rua=, or NULL: URIs throughout, one of them of a scheme that senders know. */
static const char *check_rua(struct vd_span list)
{
    struct vd_uri uri;
    enum vd_status status;
    bool is_of_use = false;

    while ((status = vd_uri_next(&list, &uri)) != VD_OTHER) {
        if (status != VD_OK || uri.size.len > 0) { /* "!" must be percent-encoded here */
            return "rua= holds what is no URI";
        }
        is_of_use = is_of_use || uri.is_mailto || vd_span_is_word(uri.scheme, "https");
    }
    return is_of_use ? NULL : "rua= is neither mailto: nor https:";
}

/* What is wrong with a field, or NULL.  The grammar allows several rua=; the first one is kept. */
static const char *read_field(const struct vd_field *field, struct vd_tls_rpt *out)
{
    if (!vd_span_is_exactly(field->name, "rua")) {
        return vd_fields_is_value(field->value) ? NULL : "an extension's value is none";
    }
    out->rua = out->rua.len > 0 ? out->rua : field->value;
    return check_rua(field->value);
}

enum vd_status vd_tls_rpt_parse(struct vd_span text, struct vd_tls_rpt *out)
{
    struct vd_span rest;
    struct vd_field field;
    enum vd_status status;
    const char *fault = NULL;

    if (!vd_fields_start(text, "v=TLSRPTv1", &rest)) {
        return VD_OTHER;
    }
    *out = (struct vd_tls_rpt){.rest = rest, .fault = ""};
    while (fault == NULL && (status = vd_fields_next(&rest, &field)) != VD_OTHER) {
        fault = status == VD_OK ? read_field(&field, out) : "a part that is no name=value";
    }
    if (fault == NULL && out->rua.len == 0) {
        fault = "there is no rua=";
    }
    out->fault = fault == NULL ? "" : fault;
    return VD_OK;
}

bool vd_tls_rpt_next_rua(struct vd_tls_rpt *record, struct vd_span *rua)
{
    struct vd_field field;

    while (vd_fields_next(&record->rest, &field) == VD_OK) {
        if (vd_span_is_exactly(field.name, "rua")) {
            *rua = field.value;
            return true;
        }
    }
    return false;
}
