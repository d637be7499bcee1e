/*
 * What the files of tell share: inside them only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TELL_WORDS_H
#define VD_TELL_WORDS_H

#include "firmware/tell.h"

/* Room for a subject line, and for the domain in it: less than 100 characters in all. */
#define VD_TELL_SUBJECT_MAX 100u
#define VD_TELL_DOMAIN_MAX  38u

/* An event about a domain that says nothing yet. */
void vd_tell_clear(struct vd_event *event, const char *domain);

/* The same with class, severity, axis and why of a code.  closes: it is over. */
void vd_tell_start(struct vd_event *event, const struct vd_tell *tell, enum vd_code code,
                   bool closes);

/* Begin a subject line with "example.com: ". */
void vd_tell_put_lead(struct vd_text_writer *w, const char *domain);

/* Begin the next of several texts in one buffer of VD_TELL_WORDS_MAX; where it is full, on its final
   NUL. */
char *vd_tell_next(struct vd_text_writer *w, char *words);

/* "DMARC", "DKIM s1". */
void vd_tell_put_subject(struct vd_text_writer *w, const struct vd_subject *subject,
                         const char *record);

/* Those of the table that are filled in and in the set: "ns A and B (the zone's own servers) and C".
   Returns how many. */
unsigned vd_tell_put_servers(struct vd_text_writer *w, const struct vd_tell *tell, unsigned set);

/* NULL for a place that is empty, or none. */
const struct vd_server *vd_tell_server_at(const struct vd_tell *tell, uint8_t place);

/* All of a finding.  alert: whose looks known_by tells; NULL: nobody's.  is_opening: it tells the
   alert's number too, and how to accept it. */
void vd_tell_finding(const struct vd_tell *tell, const struct vd_alert *alert,
                     const struct vd_finding *finding, bool is_opening, struct vd_event *event,
                     char *words);

#endif
