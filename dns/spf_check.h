/*
 * check_host() for one sender (RFC 7208, section 4): what a receiver would say.
 *
 * Evaluates on answers that are at hand.  One that is missing is wanted, and the result is not
 * known yet; call again when it is there.  No state between calls, no recursion, no heap.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPF_CHECK_H
#define VD_SPF_CHECK_H

#include "dns/records/spf_shelf.h"
#include "dns/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/* Over these, a record is a permanent error (RFC 7208, section 4.6.4). */
#define VD_SPF_LOOKUPS_MAX 10u /* terms that cost a lookup */
#define VD_SPF_VOIDS_MAX   2u  /* terms whose lookup finds nothing */
#define VD_SPF_HOSTS_MAX   10u /* hosts of one mx; of names of an address, the first so many count */

/* RFC 7208, section 2.6; UNKNOWN is ours. */
enum vd_spf_result {
    VD_SPF_UNKNOWN = 0, /* an answer is missing */
    VD_SPF_NONE,
    VD_SPF_RESULT_NEUTRAL,
    VD_SPF_RESULT_PASS,
    VD_SPF_RESULT_FAIL,
    VD_SPF_RESULT_SOFTFAIL,
    VD_SPF_TEMPERROR,
    VD_SPF_PERMERROR
};

/* Why it is a permanent error. */
enum vd_spf_reason {
    VD_SPF_REASON_NONE = 0,
    VD_SPF_REASON_SYNTAX,
    VD_SPF_REASON_RECORDS,  /* several at one name */
    VD_SPF_REASON_LOOKUPS,  /* more than 10 */
    VD_SPF_REASON_VOIDS,    /* more than 2 */
    VD_SPF_REASON_MX,       /* more than 10 hosts, and none of the best 10 matches */
    VD_SPF_REASON_INCLUDE,  /* a target without a record */
    VD_SPF_REASON_REDIRECT, /* the same of redirect= */
    VD_SPF_REASON_LOOP,     /* a record that leads back to itself: its lookups have no end */
    VD_SPF_REASON_NAME      /* a target that is no domain name */
};

struct vd_spf_mail {
    uint8_t address[16]; /* network order: 4 octets, or 16 */
    bool is_ip6;         /* an IPv4-mapped one is taken for IPv4 (section 5) */
    const char *sender;  /* "local@domain"; without a local part "postmaster" is put in; "" for a
                            check of the HELO name: postmaster at `domain` */
    const char *helo;    /* for %{h}; may be "" */
};

struct vd_spf_verdict {
    uint8_t result;  /* enum vd_spf_result */
    uint8_t reason;  /* enum vd_spf_reason */
    uint8_t detail;  /* of UNKNOWN and TEMPERROR: enum vd_detail of the answer */
    uint8_t lookups; /* terms that cost one (section 4.6.4) */
    uint8_t voids;
};

/*
 * Where answers come from.
 *
 * find   the answer, or NULL: it is missing (and noted as wanted).
 * shelf  the caller's, for one snapshot; NULL: none.
 */
struct vd_spf_answers {
    const struct vd_snapshot *snapshot;
    const struct vd_answer *(*find)(void *ctx, const char *name, uint16_t type);
    void *ctx;
    struct vd_spf_shelf *shelf;
};

/*
 * Evaluate.
 *
 * domain  whose record to begin with: that of the sender, or the HELO name; text as in a snapshot,
 *         any case.  What is no domain name of two labels or more gives NONE (section 4.3).
 * out     all of it is written.
 *
 * While an answer is missing the rest is gone through as if that term did not match, so that as much
 * as possible is wanted at once: a round trip for each level of include: and redirect=, one more for
 * the hosts of an mx and the names of a ptr or %{p}.
 *
 * An answer that is VD_UNKNOWN gives TEMPERROR (section 4.4), with its detail.  What only we cannot
 * do is UNKNOWN: an answer over a knob (vd_answer_detail), a snapshot without room for one more
 * question (VD_DETAIL_LIMIT + VD_LIMIT_QUESTIONS), a record of more than VD_SPF_TERMS_MAX terms, more
 * than VD_SPF_MACROS_MAX macros in a term (VD_DETAIL_LIMIT); and VD_DETAIL_NOT_ASKED: missing.
 *
 * Where RFC 7208 leaves a choice: a target that is no domain name (section 4.8) is PERMERROR, unless
 * the mail filled it in, then an a, mx, ptr or exists does not match; %{p} costs no lookup of its own;
 * a term counts as void once, by the lookup of its own name.  exp= is not fetched: it changes no
 * result (section 6.2).
 */
void vd_spf_check(const struct vd_spf_answers *answers, const char *domain,
                  const struct vd_spf_mail *mail, struct vd_spf_verdict *out);

/* "pass", "softfail" ... */
const char *vd_spf_result_str(uint8_t result);

/* "more than 10 lookups" ...; "" for VD_SPF_REASON_NONE. */
const char *vd_spf_reason_str(uint8_t reason);

#endif
