/*
 * Words for not being able to look.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/tell_words.h"

#include <string.h>

/* "DMARC (timeout), DKIM s1._domainkey.example.com (servfail)". */
static void put_unknowns(struct vd_text_writer *w, const struct vd_judgement *judgement)
{
    unsigned named = 0;

    for (size_t i = 0; i < judgement->subjects_count; i++) {
        const struct vd_subject *subject = &judgement->subjects[i];
        if (subject->standing != VD_STANDING_UNKNOWN) {
            continue;
        }
        if (named++ > 0) {
            vd_text_put(w, ", ");
        }
        vd_text_put(w, vd_subject_kind_str(subject->kind));
        if (subject->kind == VD_SUBJECT_DKIM) {
            vd_text_put(w, " ");
            vd_text_put(w, vd_judgement_words(judgement, subject->record));
        }
        vd_text_put(w, " (");
        vd_text_put(w, vd_detail_str((enum vd_detail)subject->detail));
        vd_text_put(w, ")");
    }
}

static void put_rounds(struct vd_text_writer *w, uint32_t rounds)
{
    vd_text_put_unsigned(w, rounds);
    vd_text_put(w, rounds == 1 ? " round" : " rounds in a row");
}

void vd_tell_blind(const struct vd_tell *tell, bool closes, uint32_t rounds, struct vd_event *event,
                   char *words)
{
    struct vd_text_writer w = {0};

    vd_tell_start(event, tell, VD_CODE_WATCH_BLIND, closes);
    event->subject = vd_tell_next(&w, words);
    vd_tell_put_lead(&w, tell->domain);
    vd_text_put(&w, closes ? "the watch can see again" : "the watch is blind");
    if (closes) {
        event->new_text = "all records answered";
        return;
    }
    event->mend = "check that the resolvers in the config answer, and that the domain's own name "
                  "servers do";
    event->known_by = vd_tell_next(&w, words);
    put_rounds(&w, rounds);
    event->new_text = vd_tell_next(&w, words); /* last: it may be cut */
    vd_text_put(&w, "unknown: ");
    put_unknowns(&w, tell->judgement);
    if (tell->judgement->is_cut) {
        vd_text_put(&w, "; more findings than fit (VD_FINDINGS_MAX, VD_JUDGEMENT_BYTES_MAX)");
    }
}

void vd_tell_unresolvable(const struct vd_tell *tell, bool is_dnssec, uint32_t rounds, bool closes,
                          struct vd_event *event, char *words)
{
    struct vd_text_writer w = {0};

    vd_tell_start(event, tell, VD_CODE_DOMAIN_UNRESOLVABLE, closes);
    event->subject = vd_tell_next(&w, words);
    vd_tell_put_lead(&w, tell->domain);
    if (closes) {
        vd_text_put(&w, "resolvers get answers again");
        event->new_text = "all records answered";
        return;
    }
    vd_text_put(&w, is_dnssec ? "unresolvable: its DNSSEC is broken"
                              : "unresolvable: every resolver fails for it");
    event->mend = is_dnssec
                      ? "check the DS at the parent against the zone's keys, and that no signature "
                        "has expired; until then a validating resolver returns nothing"
                      : "check that the domain is registered and delegated, and that its name "
                        "servers answer from outside";
    event->known_by = vd_tell_next(&w, words);
    put_rounds(&w, rounds);
    vd_text_put(&w, is_dnssec ? "; without validation there are answers"
                              : "; the resolvers answer about other domains");
    event->new_text = vd_tell_next(&w, words); /* last: it may be cut */
    vd_text_put(&w, "unknown: ");
    put_unknowns(&w, tell->judgement);
}

/* What to say of one resolver, or of all. */
struct resolver_words {
    uint8_t code;         /* enum vd_code */
    bool is_reason_short; /* it belongs in the subject line */
    const char *begins, *ends, *mend;
};

static const struct resolver_words resolver_words[] = {
    {VD_CODE_RESOLVER_BLIND, true, " is blind", " can be trusted again",
     "check the way to it: a captive portal, a firewall that answers in its place, or a resolver "
     "that rewrites; or put another server = line"},
    {VD_CODE_RESOLVER_DEGRADED, true, " is half-blind", " answers as it should again",
     "check that the way to it lets through TCP and large UDP answers on its port, or put another "
     "server = line"},
    {VD_CODE_RESOLVER_ATTACK, false, ": forged responses arrive", ": no more forged responses",
     "ask it over TLS (server = tls://...), which cannot be forged; look for the sender in the "
     "local network"},
    {VD_CODE_AGENT_BLIND, false, "the agent is blind", "the agent can see again",
     "check the network's DNS: what do the resolvers in the config answer?"},
};

void vd_tell_resolver(const struct vd_tell *tell, uint8_t place, enum vd_code code, bool closes,
                      const char *trouble, struct vd_event *event, char *words)
{
    const struct resolver_words *row = resolver_words;
    const struct vd_server *server = vd_tell_server_at(tell, place);
    struct vd_text_writer w = {0};

    while (row->code != code && row->code != VD_CODE_AGENT_BLIND) {
        row++;
    }
    vd_tell_start(event, tell, (enum vd_code)row->code, closes);
    event->record = vd_tell_next(&w, words);
    if (server != NULL) {
        vd_tell_put_server(&w, server);
    }
    event->subject = vd_tell_next(&w, words);
    w.cap = w.cap < VD_TELL_SUBJECT_MAX ? w.cap : VD_TELL_SUBJECT_MAX;
    if (server != NULL) {
        vd_text_put(&w, "resolver ");
        vd_tell_put_server(&w, server);
    }
    vd_text_put(&w, closes ? row->ends : row->begins);
    if (!closes && row->is_reason_short && trouble[0] != '\0') {
        vd_text_put(&w, ": ");
        vd_text_put(&w, trouble);
    }
    event->mend = closes ? "" : row->mend;
    event->new_text = trouble;
}
