/*
 * Words around a finding: who says so, since when, what is restored.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/tell.h"

#include "firmware/attend.h"
#include "firmware/judge/judge_words.h"
#include "firmware/tell_words.h"
#include "report/text.h"

#include <string.h>

const char *vd_subject_kind_str(uint8_t kind)
{
    static const char *const words[VD_SUBJECT_KINDS] = {[VD_SUBJECT_SPF] = "SPF",
                                                        [VD_SUBJECT_DKIM] = "DKIM",
                                                        [VD_SUBJECT_DMARC] = "DMARC",
                                                        [VD_SUBJECT_MX] = "MX",
                                                        [VD_SUBJECT_MAIL_FROM] = "MAIL FROM",
                                                        [VD_SUBJECT_MTA_STS] = "MTA-STS",
                                                        [VD_SUBJECT_TLS_RPT] = "TLS-RPT",
                                                        [VD_SUBJECT_BIMI] = "BIMI",
                                                        [VD_SUBJECT_NS] = "NS",
                                                        [VD_SUBJECT_DS] = "DS"};

    return kind < VD_SUBJECT_KINDS ? words[kind] : "";
}

void vd_tell_start(struct vd_event *event, const struct vd_tell *tell, enum vd_code code,
                   bool closes)
{
    const struct vd_code_info *info = vd_code_info(code);

    vd_tell_clear(event, tell->domain);
    event->code = info->code;
    event->record = tell->domain;
    event->axis = info->axis;
    event->class_ = closes ? VD_CLASS_RESTORED : (enum vd_class)info->class_;
    event->severity = closes ? VD_SEVERITY_NOTICE : (enum vd_severity)info->severity;
    event->restores = closes ? info->code : "";
    event->why = closes ? "" : info->why;
}

void vd_tell_clear(struct vd_event *event, const char *domain)
{
    memset(event, 0, sizeof(*event));
    event->domain = domain;
    event->code = event->restores = event->record = event->rtype = event->subject = "";
    event->old_text = event->new_text = event->why = event->mend = "";
    event->known_by = event->path = "";
}

/* Room for what a record says, in a subject line that names two servers too. */
#define SUMMARY_MAX 24u

void vd_tell_put_lead(struct vd_text_writer *w, const char *domain)
{
    char name[VD_TELL_DOMAIN_MAX];

    w->cap = w->cap < VD_TELL_SUBJECT_MAX ? w->cap : VD_TELL_SUBJECT_MAX;
    vd_text_put(w, vd_short_name(domain, name, sizeof(name)));
    vd_text_put(w, ": ");
}

char *vd_tell_next(struct vd_text_writer *w, char *words)
{
    size_t used = w->out == NULL ? 0 : (size_t)(w->out - words) + w->len + 1u;

    if (used >= VD_TELL_WORDS_MAX) {
        used = VD_TELL_WORDS_MAX - 1u;
    }
    vd_text_start(w, words + used, VD_TELL_WORDS_MAX - used);
    return words + used;
}

const struct vd_server *vd_tell_server_at(const struct vd_tell *tell, uint8_t place)
{
    const struct vd_server *server =
        tell->servers != NULL && place < VD_PEERS_MAX ? &tell->servers[place] : NULL;

    return server != NULL && server->at.family != VD_FAMILY_NONE ? server : NULL;
}

void vd_tell_put_server(struct vd_text_writer *w, const struct vd_server *server)
{
    char text[VD_ENDPOINT_TEXT_MAX];
    bool is_tls = server->transport == VD_TRANSPORT_TLS;
    uint16_t usual = is_tls ? 853u : 53u; /* RFC 7858, section 3.1 */

    vd_text_put(w, vd_endpoint_text(&server->at, server->at.port != usual, text));
    if (server->transport != VD_TRANSPORT_UDP) {
        vd_text_put(w, " (");
        vd_text_put(w, vd_transport_str(server->transport));
        vd_text_put(w, ")");
    }
}

/* Those of one range of places that are in the set: "A, B and C".  Returns how many. */
static unsigned put_range(struct vd_text_writer *w, const struct vd_tell *tell, unsigned set,
                          uint8_t from, uint8_t to)
{
    unsigned left = 0, named = 0;

    for (uint8_t i = from; i < to; i++) {
        left += (set >> i & 1u) != 0 && vd_tell_server_at(tell, i) != NULL;
    }
    for (uint8_t i = from; i < to; i++) {
        const struct vd_server *server = vd_tell_server_at(tell, i);
        if ((set >> i & 1u) == 0 || server == NULL) {
            continue;
        }
        if (named++ > 0) {
            vd_text_put(w, --left == 1 ? " and " : ", ");
        }
        vd_tell_put_server(w, server);
    }
    return named;
}

unsigned vd_tell_put_servers(struct vd_text_writer *w, const struct vd_tell *tell, unsigned set)
{
    unsigned own = 0;

    if ((set & VD_AUTHORITIES_ALL) != 0) {
        vd_text_put(w, "ns ");
        own = put_range(w, tell, set, VD_SERVERS_MAX, VD_PEERS_MAX);
        vd_text_put(w, own == 1 ? " (the zone's own server)" : " (the zone's own servers)");
        vd_text_put(w, (set & VD_SERVERS_ALL) != 0 ? " and " : "");
    }
    return own + put_range(w, tell, set, 0, VD_SERVERS_MAX);
}

/* Is a server, or another way to its address, in the set? */
static bool is_heard(const struct vd_tell *tell, unsigned set, uint8_t place)
{
    for (uint8_t i = 0; i < VD_SERVERS_MAX; i++) {
        struct vd_endpoint a = tell->servers[i].at;
        struct vd_endpoint b = tell->servers[place].at;
        a.port = b.port = 0;
        if ((set >> i & 1u) != 0 && vd_endpoint_is_equal(&a, &b)) {
            return true;
        }
    }
    return false;
}

/* A single source: name those that had nothing to say about it. */
static void put_unheard(struct vd_text_writer *w, const struct vd_tell *tell,
                        const struct vd_alert *alert)
{
    unsigned others = 0;

    for (uint8_t i = 0; i < VD_SERVERS_MAX; i++) {
        others |=
            vd_tell_server_at(tell, i) != NULL && !is_heard(tell, alert->bad, i) ? 1u << i : 0u;
    }
    if (others != 0) {
        vd_text_put(w, "; no word from ");
        (void)put_range(w, tell, others, 0, VD_SERVERS_MAX);
    }
    if ((alert->bad & VD_AUTHORITIES_ALL) == 0) {
        vd_text_put(w, alert->authority_misses > 0 ? "; no word from the zone's own servers"
                                                   : "; not asked: the zone's own servers");
    }
}

/* "ns 192.0.2.1 and 192.0.2.2 (the zone's own servers) agree, 2 looks in 3 s". */
static void put_known_by(struct vd_text_writer *w, const struct vd_tell *tell,
                         const struct vd_alert *alert)
{
    unsigned named = vd_tell_put_servers(w, tell, alert->bad);

    vd_text_put(w, named > 1 ? " agree, " : " alone (single source), ");
    vd_text_put_unsigned(w, alert->looks);
    vd_text_put(w, alert->looks == 1 ? " look in " : " looks in ");
    vd_text_put_unsigned(w, (tell->now_ms - alert->first_ms + 999u) / 1000u);
    vd_text_put(w, " s");
    if (named < 2) {
        put_unheard(w, tell, alert);
    }
    if (alert->good != 0) {
        vd_text_put(w, "; not seen at ");
        (void)vd_tell_put_servers(w, tell, alert->good);
    }
    if (alert->parent == VD_PARENT_CONFIRMED) {
        vd_text_put(w, "; the registry's name servers confirm it");
    } else if (alert->parent == VD_PARENT_SILENT) {
        vd_text_put(w, "; the registry's name servers could not be asked");
    }
}

void vd_tell_finding(const struct vd_tell *tell, const struct vd_alert *alert,
                     const struct vd_finding *finding, bool is_opening, struct vd_event *event,
                     char *words)
{
    const struct vd_judgement *j = tell->judgement;
    struct vd_text_writer w = {0};

    event->class_ = (enum vd_class)finding->class_;
    event->severity = (enum vd_severity)finding->severity;
    event->axis = finding->axis;
    event->code = vd_code_info((enum vd_code)finding->code)->code;
    event->rtype = vd_rrtype_str(finding->rtype);
    event->subject = vd_judgement_words(j, finding->subject_line);
    event->old_text = vd_judgement_words(j, finding->old_text);
    event->new_text = vd_judgement_words(j, finding->new_text);
    event->why = vd_judgement_words(j, finding->why);
    event->mend = vd_judgement_words(j, finding->mend);
    event->path = vd_judgement_words(j, finding->path);
    if (alert == NULL) {
        return;
    }
    event->known_by = vd_tell_next(&w, words);
    if (is_opening && alert->number != 0) {
        vd_text_put(&w, "alert ");
        vd_text_put_unsigned(&w, alert->number);
        vd_attend_put_accept(&w, j, finding);
        vd_text_put(&w, ": ");
    }
    put_known_by(&w, tell, alert);
}

void vd_tell_put_subject(struct vd_text_writer *w, const struct vd_subject *subject,
                         const char *record)
{
    vd_text_put(w, vd_subject_kind_str(subject->kind));
    if (subject->kind == VD_SUBJECT_DKIM) {
        vd_text_put(w, " ");
        vd_text_put_span(w, record, strcspn(record, "."));
    }
}

static void tell_restored(const struct vd_tell *tell, const struct vd_alert *alert,
                          const struct vd_subject *subject, struct vd_event *event, char *words)
{
    const struct vd_judgement *j = tell->judgement;
    struct vd_text_writer w = {0};

    event->class_ = VD_CLASS_RESTORED;
    event->severity = VD_SEVERITY_NOTICE;
    event->code = vd_code_info((enum vd_code)alert->code)->code;
    event->axis = vd_code_info((enum vd_code)alert->code)->axis;
    event->restores = event->code;
    event->rtype = vd_rrtype_str(alert->rtype);
    event->new_text = vd_judgement_words(j, subject->summary);
    event->why = tell->is_still_bad
                     ? "This alert is over, but another one of the same record is still open."
                     : "The record is back to the accepted state, or better.";
    event->subject = vd_tell_next(&w, words);
    vd_tell_put_lead(&w, tell->domain);
    vd_tell_put_subject(&w, subject, event->record);
    vd_text_put(&w, tell->is_still_bad ? " partly restored: " : " restored: ");
    vd_text_put(&w, event->new_text);
    event->known_by = vd_tell_next(&w, words);
    vd_text_put_unsigned(&w, alert->clean);
    vd_text_put(&w, " clean looks");
}

static unsigned count_of(const struct vd_tell *tell, unsigned set)
{
    unsigned count = 0;

    for (uint8_t i = 0; i < VD_PEERS_MAX; i++) {
        count += (set >> i & 1u) != 0 && vd_tell_server_at(tell, i) != NULL;
    }
    return count;
}

/* The subject's summary is what the worse side says at a look that found it, else what the other
   side says; then the code stands for the worse one. */
static void tell_divergence(const struct vd_tell *tell, const struct vd_alert *alert,
                            const struct vd_finding *finding, const struct vd_subject *subject,
                            struct vd_event *event, char *words)
{
    const struct vd_code_info *info = vd_code_info(VD_CODE_WATCH_DIVERGENCE);
    const char *summary = vd_judgement_words(tell->judgement, subject->summary);
    bool is_overdue = tell->now_ms - alert->first_ms >= tell->confirm_hold_ms;
    struct vd_text_writer w = {0};

    event->class_ = (enum vd_class)info->class_;
    event->severity = is_overdue ? VD_SEVERITY_WARNING : VD_SEVERITY_NOTICE;
    event->why = info->why;
    event->mend = is_overdue
                      ? "check that all name servers of the zone have the same serial, and whether "
                        "the one that differs is hijacked or serves another view (split horizon)"
                      : "if the record was edited just now, wait for its TTL; else check the zone "
                        "transfer to all name servers, a hijack, a split horizon";
    event->subject = vd_tell_next(&w, words);
    vd_tell_put_lead(&w, tell->domain);
    vd_text_put(&w, "servers disagree about ");
    vd_tell_put_subject(&w, subject, event->record);
    vd_text_put(&w, ": ");
    vd_text_put_unsigned(&w, count_of(tell, alert->bad));
    vd_text_put(&w, " of ");
    vd_text_put_unsigned(&w, count_of(tell, (unsigned)alert->bad | alert->good));
    vd_text_put(&w, " find it worse than accepted");
    event->known_by = vd_tell_next(&w, words);
    vd_text_put(&w, "asked again over ");
    vd_text_put_unsigned(&w, (tell->now_ms - alert->first_ms + 999u) / 1000u);
    vd_text_put(&w, " s");
    event->new_text = vd_tell_next(&w, words);
    vd_text_put(&w, finding != NULL ? summary : vd_code_info((enum vd_code)alert->code)->code);
    vd_text_put(&w, " at ");
    (void)vd_tell_put_servers(&w, tell, alert->bad);
    event->old_text = vd_tell_next(&w, words);
    vd_text_put(&w, finding != NULL ? "as accepted, or better," : summary);
    vd_text_put(&w, " at ");
    (void)vd_tell_put_servers(&w, tell, alert->good);
}

static void tell_agreed(const struct vd_tell *tell, const struct vd_alert *alert,
                        const struct vd_subject *subject, struct vd_event *event, char *words)
{
    struct vd_text_writer w = {0};

    event->class_ = VD_CLASS_RESTORED;
    event->severity = VD_SEVERITY_NOTICE;
    event->restores = event->code;
    event->why = alert->bad == 0 ? "Nobody finds it worse than accepted any more."
                                 : "The change is real: it is told as an alert of its own.";
    event->subject = vd_tell_next(&w, words);
    vd_tell_put_lead(&w, tell->domain);
    bool is_outvoted = alert->bad != 0 && (alert->good & VD_AUTHORITIES_ALL) != 0;
    vd_text_put(&w, is_outvoted                           ? "no more doubt about "
                    : alert->bad != 0 && alert->good != 0 ? "the zone's own servers agree about "
                                                          : "servers agree again about ");
    vd_tell_put_subject(&w, subject, event->record);
    event->known_by = vd_tell_next(&w, words);
    (void)vd_tell_put_servers(&w, tell, alert->bad != 0 ? alert->bad : alert->good);
    event->new_text = vd_judgement_words(tell->judgement, subject->summary);
}

void vd_tell_turn(const struct vd_tell *tell, enum vd_confirm_turn turn,
                  const struct vd_alert *alert, const struct vd_finding *finding,
                  const struct vd_subject *subject, struct vd_event *event, char *words)
{
    vd_tell_clear(event, tell->domain);
    event->record = vd_judgement_words(tell->judgement, subject->record);
    if (turn == VD_CONFIRM_CLOSED) {
        tell_restored(tell, alert, subject, event, words);
    } else if (turn == VD_CONFIRM_DIVERGED || turn == VD_CONFIRM_AGREED) {
        event->code = vd_code_info(VD_CODE_WATCH_DIVERGENCE)->code;
        event->axis = vd_code_info((enum vd_code)alert->code)->axis;
        event->rtype = vd_rrtype_str(alert->rtype);
        if (turn == VD_CONFIRM_DIVERGED) {
            tell_divergence(tell, alert, finding, subject, event, words);
        } else {
            tell_agreed(tell, alert, subject, event, words);
        }
    } else {
        vd_tell_finding(tell, alert, finding, turn == VD_CONFIRM_OPENED, event, words);
    }
}
