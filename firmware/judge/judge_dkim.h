/*
 * What the files of the DKIM judge share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_JUDGE_DKIM_H
#define VD_JUDGE_DKIM_H

#include "firmware/judge/judge_words.h"
#include "firmware/providers.h"

/* What the groups say of a selector that is known and not usable. */
struct vd_dkim_need {
    bool is_failing;   /* a group asks for more than is left, and misses this one */
    bool is_undecided; /* it hangs on a member that is unknown */
    bool is_last;      /* no usable key is left in a group */
    uint8_t detail;    /* of the unknown member */
};

/* was: NULL, or the baseline, by which members that were lost are told before others. */
struct vd_dkim_need vd_dkim_need_of(const struct vd_facts *now, const struct vd_facts *was,
                                    const struct vd_watch *watch, uint8_t selector);

/* Have its groups all that they ask for without it, by these facts?  Then nobody waits for it. */
bool vd_dkim_is_spare(const struct vd_facts *facts, const struct vd_watch *watch, uint8_t selector);

bool vd_dkim_is_usable(const struct vd_facts *facts, uint8_t selector);
bool vd_dkim_is_unknown(const struct vd_facts *facts, uint8_t selector);

/* Under 1024 bits (RFC 8301, section 3.2): a key all the same, for whoever computes the other half. */
bool vd_dkim_is_short(const struct vd_dkim_facts *facts);

/* Ed25519 is about as strong as RSA 3072. */
unsigned vd_dkim_strength(const struct vd_dkim_facts *facts);

/* Is it at least as strong as every key that its groups have just lost?  Then the two of them are
   a rotation.  false where nothing was lost. */
bool vd_dkim_replaces(const struct vd_case *at, uint8_t selector);

/* The service named for a group that the selector stands in; NULL: none. */
const struct vd_provider *vd_dkim_provider_of(const struct vd_watch *watch, uint8_t selector);

/* The same where the service holds the keys, behind CNAMEs; is_all: only of an "all" group. */
const struct vd_provider *vd_dkim_holder_of(const struct vd_watch *watch, uint8_t selector,
                                            bool is_all);

/* Does the first hop of a selector's alias lead to this service? */
bool vd_dkim_is_held_by(const struct vd_dkim_facts *facts, const struct vd_provider *provider);

/* "RSA 2048", "Ed25519, testing (t=y)". */
const char *vd_dkim_key_words(const struct vd_dkim_facts *facts, char out[VD_SUMMARY_MAX]);

#endif
