/*
 * Take-over: a name that is gone, in a domain that nobody has registered, can be bought by a
 * stranger.
 *
 * There is no whole suffix list on the device.  The target must be NXDOMAIN, and the SOA owner of that
 * negative answer a place where strangers register: a single label, a name with DMARC psd=y, or a
 * listed second level (co.kr, co.jp, com.au, co.uk ...: dated data, which the configuration extends).
 * A domain of which its registry said otherwise (vd_snapshot.delegated) is none of these.  The same
 * list tells whose a host is (judge_words.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TAKEOVER_H
#define VD_TAKEOVER_H

#include "firmware/judge/reading.h"

/* Of the Public Suffix List that the second levels were held against. */
#define VD_REGISTRIES_DATE "2026-08-19"

enum vd_takeover {
    VD_TAKEOVER_NO = 0,
    VD_TAKEOVER_UNKNOWN, /* it is gone, and whether strangers can have it hangs on an open question */
    VD_TAKEOVER_YES      /* "appears unregistered" */
};

/*
 * answer  of a name that a record leads to (MX, include:, CNAME target ...).  NULL, or anything but
 *         ABSENT(NXDOMAIN) and an alias that dangles at an NXDOMAIN: NO.
 * zone    NULL, or VD_DOMAIN_TEXT_MAX bytes: the domain that can be registered, for the alert
 *         ("gone-vendor.com"); "" unless YES.
 *
 * Wants TXT of _dmarc.<SOA owner> where that decides.
 */
enum vd_takeover vd_takeover_of(const struct vd_reading *at, const struct vd_answer *answer,
                                char *zone);

/*
 * Do domains directly below this name belong to different holders?  By the list only, for names as
 * in a snapshot: a single label, and second levels such as co.kr and gov.uk, be they open to
 * strangers or not.
 */
bool vd_is_registry(const char *name);

#endif
