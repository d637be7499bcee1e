/*
 * Does the registry confirm that a domain is unregistered?
 *
 * "Appears unregistered" is what resolvers and the negative answer's SOA say.  Before such an alert
 * opens, the name servers of the parent, found through the resolvers, are asked for the domain
 * themselves, one address after the other, until two have spoken, or the only one.
 *
 *   confirmed  AA, no RA, NXDOMAIN under the registry's own SOA: the alert opens.
 *   refuted    one of them says anything else of it, or refers to servers of it: it is delegated,
 *              and the judge is told so (vd_snapshot.delegated), who finds the record broken instead.
 *   silent     too few could be asked: what the resolvers agree upon is enough, and the alert's
 *              known_by says so.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PARENT_H
#define VD_PARENT_H

#include "dns/survey.h"
#include "firmware/authority.h"
#include "firmware/confirm.h"
#include "firmware/judge/judge.h"

/* So long a verdict holds.  A refuted one holds until another follows it. */
#define VD_PARENT_KEEP_MS 900000u

/* Look-ups of the registry's name servers for one verdict. */
#define VD_PARENT_LOOKUPS_MAX 4u

/* A domain that a registry was asked about. */
struct vd_parent_domain {
    char name[VD_DOMAIN_TEXT_MAX]; /* as in a snapshot; "": none */
    uint8_t verdict;               /* enum vd_parent_verdict */
    bool is_wanted;                /* to be asked (again) */
    uint64_t asked_ms;             /* when the verdict was given */
};

struct vd_parent {
    struct vd_parent_domain domains[VD_PARENTS_MAX];
    struct vd_authorities list; /* the registry's, of the domain at work */
    uint8_t at;                 /* the domain at work */
    bool is_at_work;
    bool is_refuted; /* one of them says that it is there */
    uint8_t lookups; /* of the list, so far */
    uint8_t asked;   /* addresses of it, so far */
    uint8_t gone;    /* of these, those that say that it is not there */
};

/* Must a registry confirm what this code (enum vd_code) says? */
bool vd_parent_concerns(uint8_t code);

/*
 * The domain that could be registered, by what the judge found in this snapshot.
 *
 * finding  one whose code concerns a registry.
 * zone     VD_DOMAIN_TEXT_MAX bytes; "" if it is not known.
 */
void vd_parent_domain_of(const struct vd_snapshot *snapshot, const struct vd_judgement *judgement,
                         const struct vd_watch *watch, const struct vd_facts *was,
                         const struct vd_finding *finding, char *zone);

/*
 * What a registry said of the domain; alert->parent and alert->parent_at are set.
 *
 * VD_PARENT_AWAITED  it is to be asked, or there is no room for it yet: the alert must not open.
 */
enum vd_parent_verdict vd_parent_ask(struct vd_parent *parent, const char *zone,
                                     struct vd_alert *alert, uint64_t now_ms);

/* The domain at work, or begun now; NULL: none is to be asked about. */
const char *vd_parent_next(struct vd_parent *parent);

/* Must the list be looked up (again)?  For vd_authority_ask; counts. */
bool vd_parent_needs_list(struct vd_parent *parent);

/* The place in the list that is to be asked now; -1: none, all is said. */
int vd_parent_place(const struct vd_parent *parent);

/* What it is asked for: the parent itself has the DS (RFC 4035, section 3.1.4.1).  Of a delegated
   domain it says so with AA, where it would refer to others for another type. */
#define VD_PARENT_TYPE VD_TYPE_DS

/* That place was asked. */
void vd_parent_take(struct vd_parent *parent, const struct vd_snapshot *snapshot);

/* All is said: the verdict on the domain at work. */
enum vd_parent_verdict vd_parent_end(struct vd_parent *parent, uint64_t now_ms);

/* Tell the judge, in an empty snapshot, which domains are delegated. */
void vd_parent_tell(const struct vd_parent *parent, struct vd_snapshot *snapshot);

/* See where the records of an ended survey led: what was refuted is asked again from time to time,
   while some record leads there. */
void vd_parent_see(struct vd_parent *parent, const struct vd_snapshot *snapshot, uint64_t now_ms);

#endif
