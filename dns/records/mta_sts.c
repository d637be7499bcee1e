/*
 * MTA-STS records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/mta_sts.h"

#include "dns/records/fields.h"

#define ID_LEN_MAX 32u

/* sts-id = "id=" 1*32(ALPHA / DIGIT) */
static bool is_id(struct vd_span id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (!vd_ascii_is_alpha(id.bytes[i]) && !vd_ascii_is_digit(id.bytes[i])) {
            return false;
        }
    }
    return id.len > 0 && id.len <= ID_LEN_MAX;
}

/* What is wrong with a field, or NULL. */
static const char *read_field(const struct vd_field *field, struct vd_mta_sts *out)
{
    if (!vd_span_is_exactly(field->name, "id")) {
        return vd_fields_is_value(field->value) ? NULL : "an extension's value is none";
    }
    if (out->id.len > 0) {
        return "id= is written twice";
    }
    out->id = field->value;
    return is_id(field->value) ? NULL : "id= is not 1 to 32 letters and digits";
}

enum vd_status vd_mta_sts_parse(struct vd_span text, struct vd_mta_sts *out)
{
    struct vd_span rest;
    struct vd_field field;
    enum vd_status status;
    const char *fault = NULL;

    if (!vd_fields_start(text, "v=STSv1", &rest)) {
        return VD_OTHER;
    }
    *out = (struct vd_mta_sts){.fault = ""};
    while (fault == NULL && (status = vd_fields_next(&rest, &field)) != VD_OTHER) {
        fault = status == VD_OK ? read_field(&field, out) : "a part that is no name=value";
    }
    if (fault == NULL && out->id.len == 0) {
        fault = "there is no id=";
    }
    out->fault = fault == NULL ? "" : fault;
    return VD_OK;
}
