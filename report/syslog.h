/*
 * The syslog channel's words: an event as one message of RFC 5424, framed for TLS by
 * RFC 5425 (octet counting).
 *
 *   407 <106>1 2026-11-22T06:00:00Z gw1 vedette - dmarc.policy.weakened [vedette@32473 id="..."
 *   seq="17" code="dmarc.policy.weakened" class="CRITICAL" ... old="..." new="..."] BOM subject;
 *   was: "..."; is: "...". <why>  To mend: ...
 *
 * Facility 13 (log audit), severity the event's own.  The time is "-" while the calendar is not
 * known.  Parameters without a value are left out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SYSLOG_H
#define VD_SYSLOG_H

#include "firmware/limits.h"
#include "port/port_status.h"
#include "report/event.h"

#include <stddef.h>
#include <stdint.h>

/* Room for any frame: the message, its length in digits, and a blank. */
#define VD_SYSLOG_FRAME_MAX (VD_SYSLOG_MESSAGE_MAX + 6u)

/*
 * Write an event as one frame.  Any event makes one, whatever its strings hold.
 *
 * event   its strings are untrusted: line ends, other control characters and broken UTF-8
 *         become the text \xHH, so that no record can end the line or begin another.
 * host    HOSTNAME: the device's name; "" for none.
 * out     has VD_SYSLOG_FRAME_MAX bytes; no NUL behind the frame.
 *
 * Returns the length of the frame.
 *
 * The message has at most VD_SYSLOG_MESSAGE_MAX bytes.  When it would be longer, the
 * repetition of old and new in the readable part gives way, then their parameters, then mend
 * and why, then the rest.  A parameter that is cut stands beside truncated="1" and
 * <name>len, <name>fp: the length of the whole text and its fingerprint (vd_text_fingerprint).
 *
 * The same event gives the same bytes each time it is sent.
 */
size_t vd_syslog_frame(const struct vd_event *event, const char *host, uint8_t *out);

#endif
