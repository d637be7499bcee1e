/*
 * Whose DMARC policy applies: the tree walk of RFC 9989, section 4.10, and what RFC 7489 does
 * instead.
 *
 * Pure: says which names to look at, takes what is there, and tells who speaks.  All names are ends
 * of the domain that was given; nothing is copied.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_DMARC_WALK_H
#define VD_DMARC_WALK_H

#include "port/port_status.h"

#include <stdbool.h>
#include <stdint.h>

/* Names of one walk (section 4.10: the bound on its queries). */
#define VD_DMARC_WALK_MAX 8u

/* No step: nobody supplies a policy. */
#define VD_DMARC_NOBODY (-1)

/* What stands at _dmarc.<name>. */
enum vd_dmarc_sight {
    VD_DMARC_UNSEEN = 0, /* not known */
    VD_DMARC_NOTHING,    /* no record that begins as one has to */
    VD_DMARC_ONE,
    VD_DMARC_SEVERAL /* none counts (section 4.10, steps 2 and 6) */
};

struct vd_dmarc_step {
    const char *name; /* an end of the domain: "example.com" */
    uint8_t sight;    /* enum vd_dmarc_sight */
    char psd;         /* of the record, when there is one: 'y', 'n' or 'u' */
};

struct vd_dmarc_walk {
    uint8_t count;
    struct vd_dmarc_step steps[VD_DMARC_WALK_MAX]; /* longest name first; [0] is the domain */
};

/*
 * The names of a walk, nothing seen yet.
 *
 * domain  text as in a snapshot, no final dot; has to outlive out.
 *
 * Of a domain with more than eight labels the second name has seven (section 4.10, step 4), so the
 * last one, a single label, is always among them.
 */
void vd_dmarc_walk_names(const char *domain, struct vd_dmarc_walk *out);

/* Steps that the walk takes: it ends at a record with psd=y or psd=n (steps 3 and 7). */
uint8_t vd_dmarc_walk_len(const struct vd_dmarc_walk *walk);

/* Does the answer hang on a step that was not seen? */
bool vd_dmarc_walk_is_open(const struct vd_dmarc_walk *walk);

/* The Organizational Domain of the domain (section 4.10.2): an end of it.  Never NULL. */
const char *vd_dmarc_walk_org(const struct vd_dmarc_walk *walk);

/*
 * Which step supplies the policy (section 4.10.1), or VD_DMARC_NOBODY.
 *
 * is_below  false: for the domain itself.  Step 0 is its own record, p= counts; of any other step
 *           sp= or np= does.
 *           true: for names below it that have no record of their own.  sp= or np= counts, of step 0
 *           too.
 */
int8_t vd_dmarc_walk_policy(const struct vd_dmarc_walk *walk, bool is_below);

/*
 * The same by RFC 7489, section 6.6.3: the own record, else that of the Organizational Domain, which
 * a list of public suffixes tells; two records end it.
 *
 * org  an end of the domain.
 */
int8_t vd_dmarc_walk_policy_7489(const struct vd_dmarc_walk *walk, const char *org, bool is_below);

#endif
