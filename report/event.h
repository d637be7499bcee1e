/*
 * An event: one thing that a person should hear of.
 *
 * report/ knows nothing of DNS: all that a channel needs is in this struct, as words and
 * small numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_EVENT_H
#define VD_EVENT_H

#include "port/port_status.h"

#include <stdbool.h>
#include <stdint.h>

/* What kind of difference it is.  Unknown is zero: zeroed memory claims nothing. */
enum vd_class {
    VD_CLASS_UNKNOWN = 0, /* could not look */
    VD_CLASS_CRITICAL,    /* authentication is gone, or anybody can pass */
    VD_CLASS_BROKEN,      /* there, but unusable */
    VD_CLASS_WEAKENED,    /* strictly less protection, visibility or margin */
    VD_CLASS_CHANGED,     /* neither better nor worse */
    VD_CLASS_STRENGTHENED,
    VD_CLASS_RESTORED /* back to the baseline or better: closes an alert */
};

/* How loud, with the syslog numbers (RFC 5424, section 6.2.1).  0 and 1 are never used. */
enum vd_severity {
    VD_SEVERITY_NONE = 0,
    VD_SEVERITY_CRITICAL = 2,
    VD_SEVERITY_ERROR = 3,
    VD_SEVERITY_WARNING = 4,
    VD_SEVERITY_NOTICE = 5,
    VD_SEVERITY_INFO = 6
};

/* What is at stake; bits. */
enum vd_axis {
    VD_AXIS_SPOOF = 1,      /* others can send as you */
    VD_AXIS_DELIVERY = 2,   /* your mail is refused */
    VD_AXIS_INTERCEPT = 4,  /* mail to you can be read by others */
    VD_AXIS_VISIBILITY = 8, /* you get no reports */
    VD_AXIS_PRIVACY = 16,
    VD_AXIS_COSMETIC = 32
};

/* Longest word for a set of axes ("SPOOF,DELIVERY,..."), with its NUL. */
#define VD_AXIS_TEXT_MAX 64u

/* The code of an event that opens several alerts of its domain at once: each of them is closed by an
   event of its own. */
#define VD_EVENT_FIRST "domain.first.findings"

/* Length of an event id, with its NUL. */
#define VD_EVENT_ID_MAX 33u

/*
 * The strings are never NULL: "" where there is nothing to say.  They belong to whoever made
 * the event; the journal copies them.
 */
struct vd_event {
    uint32_t seq;             /* journal number, from 1; given by vd_journal_append */
    char id[VD_EVENT_ID_MAX]; /* unique for ever: for de-duplication by the receiver */
    int64_t time_s;           /* calendar, or 0 when it is not known */
    enum vd_class class_;
    enum vd_severity severity;
    uint8_t axis;         /* set of enum vd_axis */
    const char *code;     /* stable: "dmarc.policy.weakened" */
    const char *restores; /* for RESTORED: the code that it closes, else "" */
    const char *domain;   /* the watched domain */
    const char *record;   /* owner name: "_dmarc.example.com" */
    const char *rtype;    /* "TXT", "CNAME", "MX" */
    const char *subject;  /* under 100 characters, for a person */
    const char *old_text; /* what it was */
    const char *new_text; /* what it is */
    const char *why;      /* why it matters, one sentence */
    const char *mend;     /* what to type */
    const char *known_by; /* how we know: servers, rounds */
    const char *path;     /* for transitive ones: "example.com > include:a > include:b" */
};

/* Words: "WEAKENED", "warning".  Never NULL. */
const char *vd_class_str(enum vd_class class_);
const char *vd_severity_str(enum vd_severity severity);

/* Write the axes as "SPOOF,DELIVERY" ("" for none).  out has VD_AXIS_TEXT_MAX bytes.  Returns out. */
const char *vd_axis_text(uint8_t axis, char *out);

#endif
