/*
 * Slips: the mistakes that people make when they type a record at their DNS host.
 *
 * Looked for only where the right record is absent or unusable.  What a DNS host stores is judged
 * only by what DNS serves.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SLIPS_H
#define VD_SLIPS_H

#include "dns/records/span.h"
#include "firmware/judge/reading.h"

enum vd_slip {
    VD_SLIP_NONE = 0,
    /* the record stands at another name */
    VD_SLIP_DOUBLED,     /* the host field appended the domain once more */
    VD_SLIP_WWW,         /* under www */
    VD_SLIP_UNDERSCORE,  /* _domainkey or _dmarc without its underscore */
    VD_SLIP_NO_LABEL,    /* at the domain itself: DMARC at the apex */
    VD_SLIP_LABEL_TWICE, /* _dmarc._dmarc */
    VD_SLIP_OWN_NAME,    /* SPF at a name of its own: spf.example.com */
    VD_SLIP_NO_MIDDLE,   /* the part behind the selector is missing: s1.example.com */
    VD_SLIP_SWAPPED,     /* alias and target were swapped */
    /* the record stands there, with something typed too much or too little */
    VD_SLIP_NO_DOT,      /* a target without its final dot: it ends in the own domain */
    VD_SLIP_QUOTED,      /* quotes are part of the text */
    VD_SLIP_TYPOGRAPHIC, /* typographic quotes are */
    VD_SLIP_ESCAPED,     /* backslashes before semicolons are */
    VD_SLIP_LINE_BREAK,
    VD_SLIP_SPACES,      /* blanks in places where a word or base64 breaks */
    VD_SLIP_CUT_OFF,     /* the key ends too early */
    VD_SLIP_TWO_RECORDS, /* a provider's record was added beside the old one */
    VD_SLIP_PRIORITY,    /* MX: the priority is part of the host name */
    VD_SLIPS_COUNT
};

/*
 * The record of this kind stands at another name?  Wants a few more questions: call it only when
 * the right name is known to be absent.
 *
 * kind    VD_SUBJECT_SPF, _DKIM, _DMARC, _MX, _MAIL_FROM, _MTA_STS or _TLS_RPT.
 * index   selector, for DKIM.
 * where   written on success: the name where it stands (a text of at->out).
 *
 * Returns VD_SLIP_NONE where nothing is found; *is_open then tells whether an answer is missing.
 */
enum vd_slip vd_slip_look(const struct vd_reading *at, uint8_t kind, uint8_t index,
                          struct vd_text_ref *where, bool *is_open);

/* A text that receivers do not take for a record of this kind, or that is broken: was it meant as
   one?  VD_SLIP_NONE: no, or nothing typical is wrong with it. */
enum vd_slip vd_slip_of_text(struct vd_span text, uint8_t kind);

/* Is it meant as a record of this kind, whatever is wrong with it? */
bool vd_slip_is_meant(struct vd_span text, uint8_t kind);

/*
 * The text as it was meant: without quotes, typographic ones and the rest of what vd_slip_of_text
 * finds; line breaks become blanks, or go where they stand inside a key.
 *
 * out, cap   the caller's buffer.
 *
 * Returns its length, NUL not counted; 0 where it is not meant as a record of this kind, or does not
 * fit.  Whether it is a good record then, the caller has to see.
 */
size_t vd_slip_clean(struct vd_span text, uint8_t kind, char *out, size_t cap);

/*
 * A CNAME or MX target: without its final dot?  With the priority in it?
 *
 * target   as text of a snapshot: lower case, no final dot, a blank as \032.
 * domain   the watched one; the zone that a DNS host appends may lie above it.
 */
enum vd_slip vd_slip_of_target(const char *target, const char *domain);

/* "the domain was appended twice"; "" for none. */
const char *vd_slip_str(uint8_t slip);

/*
 * What to do about it, a sentence without its full stop.  VD_SLIP_ADVICE_MAX bytes.
 *
 * record   the right owner name.
 * where    where the record stands now; for VD_SLIP_NO_DOT and VD_SLIP_PRIORITY the target as it is;
 *          "" where it stands at the right name.
 *
 * Returns out.
 */
#define VD_SLIP_ADVICE_MAX 400u
const char *vd_slip_advice(uint8_t slip, const char *record, const char *domain, const char *where,
                           char *out);

#endif
