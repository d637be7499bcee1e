/*
 * From a turn of an alert to an event in words.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TELL_H
#define VD_TELL_H

#include "dns/server.h"
#include "firmware/confirm.h"
#include "report/event.h"
#include "report/text.h"

/* Room for the words that an event needs beside those of the judgement. */
#define VD_TELL_WORDS_MAX 512u

/* What an event is made from.  All pointers stay the caller's. */
struct vd_tell {
    const char *domain;
    const struct vd_judgement *judgement;
    const struct vd_server *servers; /* the resolver's whole table: VD_PEERS_MAX places */
    uint32_t confirm_hold_ms;        /* a divergence that has lasted so long is a warning */
    uint64_t now_ms;
    bool is_still_bad; /* for CLOSED: other alerts of the record set stay open */
};

/*
 * Fill event (all but seq, id, time) for a turn of vd_confirm_look.
 *
 * words  VD_TELL_WORDS_MAX bytes; the event points into them and into the judgement.
 */
void vd_tell_turn(const struct vd_tell *tell, enum vd_confirm_turn turn,
                  const struct vd_alert *alert, const struct vd_finding *finding,
                  const struct vd_subject *subject, struct vd_event *event, char *words);

/*
 * Fill event for all that is wrong at first contact, in one message.
 *
 * findings  two or more, the worst first.
 * alerts    theirs: known_by is that of the first.
 * words     cap bytes, VD_TELL_FIRST_MIN or more: number, code, record and text of each; what to type
 *           for each, as far as that fits.
 */
#define VD_TELL_FIRST_MIN (2u * VD_TELL_WORDS_MAX)
void vd_tell_first(const struct vd_tell *tell, const struct vd_finding *const *findings,
                   const struct vd_alert *const *alerts, size_t count, struct vd_event *event,
                   char *words, size_t cap);

/*
 * Fill event for: what could be better, at first contact (VD_CODE_DOMAIN_SUMMARY).  It points into
 * the judgement only.
 */
void vd_tell_summary(const struct vd_tell *tell, const struct vd_finding *finding,
                     struct vd_event *event);

/*
 * Fill event for the reminder of an open alert, or for one that was silent while it flapped
 * (is_reminder false).
 *
 * finding  as it was found now; NULL: it was not, but is not over either.
 * words    VD_TELL_WORDS_MAX bytes.
 */
void vd_tell_still(const struct vd_tell *tell, bool is_reminder, const struct vd_alert *alert,
                   const struct vd_finding *finding, const struct vd_subject *subject,
                   struct vd_event *event, char *words);

/*
 * Fill event for: it is accepted, and the new normal.  It closes the alert if that is open.
 *
 * by     "on the console", "in the configuration".
 * words  VD_TELL_WORDS_MAX bytes.
 */
void vd_tell_accepted(const struct vd_tell *tell, const struct vd_alert *alert, const char *by,
                      const struct vd_subject *subject, struct vd_event *event, char *words);

/* Fill event for: a change that was planned has come.  words: VD_TELL_WORDS_MAX bytes. */
void vd_tell_planned(const struct vd_tell *tell, const struct vd_alert *alert,
                     const struct vd_finding *finding, const struct vd_subject *subject,
                     struct vd_event *event, char *words);

/* Fill event for the begin or end of flapping of an alert.  words: VD_TELL_WORDS_MAX bytes. */
void vd_tell_flapping(const struct vd_tell *tell, bool closes, uint8_t code,
                      const struct vd_subject *subject, struct vd_event *event, char *words);

/*
 * Fill event for the begin (closes false) or end of blindness of one watch.
 *
 * words  VD_TELL_WORDS_MAX bytes.
 */
void vd_tell_blind(const struct vd_tell *tell, bool closes, uint32_t rounds, struct vd_event *event,
                   char *words);

/*
 * Fill event for the begin or end of: no resolver gets an answer about this domain, though they
 * answer about others.
 *
 * is_dnssec  without validation (CD=1) there are answers: its DNSSEC is broken.
 * words      VD_TELL_WORDS_MAX bytes.
 */
void vd_tell_unresolvable(const struct vd_tell *tell, bool is_dnssec, uint32_t rounds, bool closes,
                          struct vd_event *event, char *words);

/*
 * Fill event for the begin or end of trouble with one resolver, or with all.  tell needs servers
 * only; its domain may be "".
 *
 * place     in the table; VD_SOURCE_NONE for VD_CODE_AGENT_BLIND.
 * code      VD_CODE_RESOLVER_BLIND, _DEGRADED, _ATTACK or VD_CODE_AGENT_BLIND.
 * trouble   what is wrong, or was: half a sentence, harmless; "" if nothing is to be said.  The
 *           event points to it.
 * words     VD_TELL_WORDS_MAX bytes.
 */
void vd_tell_resolver(const struct vd_tell *tell, uint8_t place, enum vd_code code, bool closes,
                      const char *trouble, struct vd_event *event, char *words);

/* "9.9.9.9 (TLS)", "10.0.2.2:5301": the port only where it is not the usual one. */
void vd_tell_put_server(struct vd_text_writer *w, const struct vd_server *server);

/* "DMARC", "DKIM", "MTA-STS". */
const char *vd_subject_kind_str(uint8_t kind);

#endif
