/*
 * Where DMARC reports go, and whether they get there (RFC 9990, section 4; RFC 9991, section 5).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_DMARC_REPORTS_H
#define VD_DMARC_REPORTS_H

#include "dns/records/span.h"
#include "firmware/judge/reading.h"

/* Whose reports: all of these and names below them need nobody's leave. */
struct vd_report_home {
    const char *domain;   /* where the policy's record stands */
    const char *org;      /* the Organizational Domain of that, by the tree walk */
    const char *list_org; /* and by a list of public suffixes, as receivers of RFC 7489 have one */
};

enum vd_report_state {
    VD_REPORT_OPEN = 0, /* not known */
    VD_REPORT_FINE,
    VD_REPORT_DEAD,    /* no such host, or one that takes no mail */
    VD_REPORT_REFUSED, /* a third party that did not say that it expects them */
    VD_REPORT_STATES
};

/* The addresses of one list. */
struct vd_reports {
    uint8_t counts[VD_REPORT_STATES];       /* of mailto: addresses; others are nobody's duty */
    uint16_t lost[VD_REPORT_ADDRESSES_MAX]; /* DEAD or REFUSED: as vd_dmarc_facts.rua_lost */
    uint8_t state;                          /* of host: DEAD or REFUSED, or OPEN for none */
    bool is_unregistered;                   /* it is DEAD, and strangers could register it */
    char host[VD_DOMAIN_TEXT_MAX]; /* the first one that is the matter and was not, by the baseline;
                                      else the first one */
};

/* Is the address, of which the hash is shown, one of the lost ones? */
bool vd_reports_is_lost(const uint16_t lost[VD_REPORT_ADDRESSES_MAX], uint16_t hash);

/*
 * Look at a list, as rua= has it.  An address at the watched domain itself is fine: its MX is judged
 * elsewhere.  Of more than VD_REPORT_ADDRESSES_MAX mail addresses the rest is left out.  Asks for all
 * that it needs at once; addresses of a host only where it has no MX.
 */
void vd_reports_look(const struct vd_reading *at, const struct vd_report_home *home,
                     struct vd_span list, struct vd_reports *out);

/* enum vd_rua.  Only what is known counts. */
uint8_t vd_reports_worth(const struct vd_reports *reports);

/* Is one of the mail addresses a third party's? */
bool vd_reports_is_foreign(const struct vd_report_home *home, struct vd_span list);

/*
 * A TXT record at <domain>._report._dmarc.<host>: does the host expect the reports (section 4, steps
 * 5 to 7)?  A tag list that begins with v=DMARC1; its own rua= may lead to the same host only.
 */
bool vd_report_is_expected(struct vd_span text, const char *host);

/* The same as vd_reports_look, for the policy that applies to the watch now: for the judge's
   words.  home's names belong to the snapshot or to the watch.  false: there is no rua=. */
bool vd_reports_of_watch(const struct vd_reading *at, struct vd_report_home *home,
                         struct vd_reports *out);

#endif
