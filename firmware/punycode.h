/*
 * Punycode (RFC 3492): a label that is not ASCII, as DNS wants it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PUNYCODE_H
#define VD_PUNYCODE_H

#include "port/port_status.h"
#include "report/text.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Encode one label, without the leading "xn--".
 *
 * code_points, count   of the label, already mapped as IDNA wants them (lower case, composed);
 *                      at most 63.
 * w                    gets the text.
 *
 * VD_OK        written, if !w->is_cut.
 * VD_EINVAL    more than 63 code points, or the arithmetic would overflow.
 */
enum vd_status vd_punycode_encode(const uint32_t *code_points, size_t count,
                                  struct vd_text_writer *w);

#endif
