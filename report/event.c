/*
 * Words for events.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/event.h"

#include "report/text.h"

const char *vd_class_str(enum vd_class class_)
{
    switch (class_) {
    case VD_CLASS_UNKNOWN:
        return "UNKNOWN";
    case VD_CLASS_CRITICAL:
        return "CRITICAL";
    case VD_CLASS_BROKEN:
        return "BROKEN";
    case VD_CLASS_WEAKENED:
        return "WEAKENED";
    case VD_CLASS_CHANGED:
        return "CHANGED";
    case VD_CLASS_STRENGTHENED:
        return "STRENGTHENED";
    case VD_CLASS_RESTORED:
        return "RESTORED";
    }
    return "UNKNOWN";
}

const char *vd_severity_str(enum vd_severity severity)
{
    switch (severity) {
    case VD_SEVERITY_NONE:
        return "none";
    case VD_SEVERITY_CRITICAL:
        return "critical";
    case VD_SEVERITY_ERROR:
        return "error";
    case VD_SEVERITY_WARNING:
        return "warning";
    case VD_SEVERITY_NOTICE:
        return "notice";
    case VD_SEVERITY_INFO:
        return "info";
    }
    return "none";
}

const char *vd_axis_text(uint8_t axis, char *out)
{
    static const char *const words[] = {"SPOOF",      "DELIVERY", "INTERCEPT",
                                        "VISIBILITY", "PRIVACY",  "COSMETIC"};
    struct vd_text_writer w;
    unsigned i;

    vd_text_start(&w, out, VD_AXIS_TEXT_MAX);
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (((unsigned)axis >> i & 1u) == 0) {
            continue;
        }
        if (w.len > 0) {
            vd_text_put_char(&w, ',');
        }
        vd_text_put(&w, words[i]);
    }
    return out;
}
