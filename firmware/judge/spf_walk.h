/*
 * The static walk through an SPF record and all that it includes (RFC 7208, sections 4.6, 5, 6).
 *
 * Inside firmware/judge/ only: for facts_spf.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPF_WALK_H
#define VD_SPF_WALK_H

#include "dns/spf_check.h"
#include "firmware/judge/reading.h"

/* Terms are counted up to here, to tell how far over the limit a record is: each costs us time. */
#define VD_SPF_COUNTED_MAX 20u

/* What the walk tells besides the facts. */
struct vd_spf_walked {
    uint8_t strangers; /* set of vd_spf_stranger(i) that no network seen covers */
    bool is_by_mail;   /* somewhere only a mail in hand can tell who passes: ptr, macros */
};

/*
 * Walk every branch, with or without a sender whom it concerns, and write what comes out of it into
 * at->out->spf: standing, detail, path, fault, dflt, n4 .. passes_all, dynamic, lookups, voids4,
 * voids6, takeover, where and unknown.  What lies on the way is wanted as soon as its name is known.
 *
 * answer, text  the domain's own answer, PRESENT, and its one SPF record, which parses.
 *
 * What decides first in the order of evaluation counts: a pass for everybody before a fault.
 */
void vd_spf_walk(const struct vd_reading *at, const struct vd_answer *answer, struct vd_span text,
                 struct vd_spf_walked *walked);

/* An address of nobody: of test networks (RFC 5737, 6676, 3849) and of class E.  NULL: no more. */
const uint8_t *vd_spf_stranger(unsigned index);

/* The domain of the sender address that a watch checks with: %{o}. */
const char *vd_spf_sender_domain(const struct vd_watch *watch);

#endif
