/*
 * DMARC: which name supplies the policy, and who gets reports.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_dmarc.h"

#include "dns/records/dmarc.h"
#include "dns/records/uri.h"
#include "firmware/judge/dmarc_reports.h"
#include "firmware/judge/takeover.h"

#include <string.h>

/* ---- whose policy ------------------------------------------------------------------------------- */

/* Where _dmarc's CNAME leads; NULL: it is none. */
static const char *alias_target(const struct vd_case *at)
{
    const char *owner = vd_judgement_words(at->out, at->out->subjects[at->subject].record);
    const struct vd_answer *answer = vd_snapshot_find(at->snapshot, owner, VD_TYPE_TXT);
    const struct vd_record *hop =
        answer == NULL ? NULL : vd_snapshot_record(at->snapshot, answer, VD_TYPE_CNAME, 0);

    return hop == NULL ? NULL : vd_snapshot_target(at->snapshot, hop);
}

static bool is_known_target(const struct vd_case *at, const char *target)
{
    return vd_operator_of(target, at->watch->domain) ==
               vd_operator_of(at->watch->domain, at->watch->domain) ||
           vd_provider_of_target(at->watch, target) != NULL ||
           vd_provider_of_include(at->watch, target) != NULL ||
           vd_provider_of_host(at->watch, target) != NULL;
}

/* Whoever runs the target writes the policy from now on. */
static void find_alias(const struct vd_case *at, const char *target, bool is_stranger)
{
    struct vd_finding finding =
        vd_finding_of(at, is_stranger ? VD_CODE_DMARC_ALIAS : VD_CODE_DMARC_SOURCE);
    char name[VD_SHORT_NAME_MAX];

    finding.rtype = VD_TYPE_CNAME;
    finding.old_text =
        vd_words_put(at->out, at->was->dmarc.alias == 0 ? "TXT, no CNAME" : "another CNAME");
    if (!is_stranger) {
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_INFO);
        finding.sentence = "The policy is kept at another place than before.";
    }
    if (target == NULL) {
        finding.new_text = vd_words_put(at->out, "TXT, no CNAME");
        finding.subject_line = vd_words_subject(at, "DMARC is no CNAME any more");
    } else {
        finding.new_text = vd_words_put(at->out, "CNAME %.200s", target);
        finding.subject_line = vd_words_subject(at, "DMARC is a CNAME to %s",
                                                vd_short_name(target, name, sizeof name));
    }
    vd_finding_add(at, &finding);
}

static const char *source_name(const struct vd_case *at, const struct vd_facts *facts)
{
    return facts->dmarc.source == VD_SOURCE_OWN ? at->watch->domain
                                                : vd_facts_text(facts, facts->dmarc.where);
}

static void find_source(const struct vd_case *at, bool is_silent)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_SOURCE);
    char words[VD_SUMMARY_MAX];
    char name[VD_SHORT_NAME_MAX];

    finding.is_silent = is_silent;
    finding.old_text =
        vd_words_put(at->out, "%s, of %.200s", vd_dmarc_policy_words(&at->was->dmarc, words),
                     source_name(at, at->was));
    finding.new_text =
        vd_words_put(at->out, "%s, of %.200s", vd_dmarc_policy_words(&at->now->dmarc, words),
                     source_name(at, at->now));
    finding.subject_line =
        vd_words_subject(at, "DMARC policy is that of %s now",
                         vd_short_name(source_name(at, at->now), name, sizeof name));
    vd_finding_add(at, &finding);
}

/* A fall that comes with another source is told as the fall; so is a stranger's alias. */
enum vd_move vd_dmarc_weigh_source(const struct vd_case *at, enum vd_trend policy,
                                   enum vd_trend sub)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool is_lower = policy == VD_TREND_DOWN || sub == VD_TREND_DOWN;
    bool is_higher = policy == VD_TREND_UP || sub == VD_TREND_UP;

    if (!vd_dmarc_is_compared(at, VD_FACET_DMARC_SOURCE)) {
        return VD_MOVE_NONE;
    }
    const char *target = was->alias != now->alias ? alias_target(at) : NULL;
    bool is_stranger = target != NULL && !is_known_target(at, target);
    if (was->location == now->location) {
        if (was->alias != now->alias) {
            find_alias(at, target, is_stranger);
        }
        return VD_MOVE_NONE;
    }
    if (is_stranger) {
        find_alias(at, target, is_stranger);
    } else if (!is_lower) {
        find_source(at, is_higher);
        return VD_MOVE_TOLD;
    }
    return VD_MOVE_FALL;
}

/* psd= (RFC 9989, section 4.7).  A record that was not there, or is not, said nothing by it. */
enum vd_detached vd_dmarc_weigh_psd(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    uint8_t before = was->psd == 0 ? 'u' : was->psd;

    if (!vd_dmarc_is_compared(at, VD_FACET_DMARC_PSD) || now->psd == 0 || before == now->psd) {
        return VD_ATTACHED;
    }
    bool is_detached =
        was->is_sub_above && !now->is_sub_above && vd_dmarc_is_compared(at, VD_FACET_DMARC_SP);
    bool is_weaker = is_detached && (now->bis_sub < was->bis_sub || now->bis_np < was->bis_np);
    bool is_suffix = now->psd == 'y' && !vd_is_registry(at->watch->domain);
    struct vd_finding finding =
        vd_finding_of(at, is_suffix                      ? VD_CODE_DMARC_PSD
                          : now->psd == 'n' && is_weaker ? VD_CODE_DMARC_DETACHED
                                                         : VD_CODE_DMARC_PSD_CHANGED);

    if (is_suffix) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, vd_dmarc_broken_severity(at));
    } else if (is_detached && !is_weaker) {
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
    }
    finding.old_text = vd_words_put(at->out, "psd=%c", before);
    finding.new_text = vd_words_put(at->out, "psd=%c", now->psd);
    finding.subject_line =
        is_suffix ? vd_words_subject(at, "DMARC broken by psd=y: not a public suffix")
                  : vd_words_subject(at, "DMARC psd=%c%s", now->psd,
                                     is_weaker ? ": subdomains lose a stricter policy" : "");
    vd_finding_add(at, &finding);
    return is_weaker ? VD_DETACHED_WEAKER : is_detached ? VD_DETACHED : VD_ATTACHED;
}

/* ---- reports ----------------------------------------------------------------------------------- */

static uint16_t put_rua(const struct vd_case *at, const struct vd_facts *facts)
{
    const char *text = vd_facts_text(facts, facts->dmarc.rua_text);

    return text[0] == '\0' ? vd_words_put(at->out, "no rua")
                           : vd_words_put(at->out, "rua=%.120s%s", text,
                                          facts->dmarc.rua == VD_RUA_NONE ? " (unusable)" : "");
}

static void find_rua(const struct vd_case *at, enum vd_code code, const char *words, bool is_silent)
{
    struct vd_finding finding = vd_finding_of(at, code);

    finding.is_silent = is_silent;
    finding.old_text = put_rua(at, at->was);
    finding.new_text = put_rua(at, at->now);
    finding.subject_line = vd_words_subject(at, "%s", words);
    vd_finding_add(at, &finding);
}

/* Some address gets nothing: name the first one. */
static void find_fault(const struct vd_case *at, bool is_first)
{
    const struct vd_reading reading = {
        .snapshot = at->snapshot, .watch = at->watch, .was = at->was};
    struct vd_report_home home;
    struct vd_reports reports;
    char name[VD_SHORT_NAME_MAX];

    if (!vd_reports_of_watch(&reading, &home, &reports)) {
        return;
    }
    bool is_dead = reports.state == VD_REPORT_DEAD;
    struct vd_finding finding =
        vd_finding_of(at, is_dead ? VD_CODE_DMARC_RUA_DEAD : VD_CODE_DMARC_RUA_REFUSED);
    const char *why = reports.is_unregistered ? "appears unregistered"
                      : is_dead               ? "takes no mail"
                                              : "does not expect them";
    finding.is_first = is_first;
    finding.path = vd_words_put(at->out, "_dmarc.%.200s > rua %.200s", home.domain, reports.host);
    finding.old_text = is_first ? 0 : put_rua(at, at->was);
    finding.new_text =
        vd_words_put(at->out, "rua=%.160s: %.120s %s",
                     vd_facts_text(at->now, at->now->dmarc.rua_text), reports.host, why);
    finding.subject_line = vd_words_subject(at, "DMARC reports lost: %s %s",
                                            vd_short_name(reports.host, name, sizeof name), why);
    vd_finding_add(at, &finding);
}

/* Does an address get nothing, of which that was not known? */
static bool is_lost_anew(const struct vd_dmarc_facts *was, const struct vd_dmarc_facts *now)
{
    for (size_t i = 0; i < VD_REPORT_ADDRESSES_MAX && now->rua_lost[i] != 0; i++) {
        if (!vd_reports_is_lost(was->rua_lost, now->rua_lost[i])) {
            return true;
        }
    }
    return false;
}

void vd_dmarc_weigh_rua(const struct vd_case *at, bool is_told, enum vd_move move)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool is_better =
        now->rua > was->rua || memcmp(now->rua_lost, was->rua_lost, sizeof now->rua_lost) != 0;

    if (!vd_dmarc_is_compared(at, VD_FACET_DMARC_RUA)) {
        if (vd_dmarc_is_new(at, VD_FACET_DMARC_RUA) && now->rua_lost[0] != 0) {
            find_fault(at, true);
        }
    } else if (now->rua == VD_RUA_NONE) {
        if (was->rua != VD_RUA_NONE) {
            find_rua(at, VD_CODE_DMARC_RUA_LOST, "DMARC reports lost: no usable rua", false);
        }
    } else if (is_lost_anew(was, now) || now->rua < was->rua) {
        find_fault(at, false);
    } else if (was->rua != VD_RUA_NONE && was->rua_set != now->rua_set) {
        if (move != VD_MOVE_FALL) {
            find_rua(at, VD_CODE_DMARC_RUA_CHANGED, "DMARC reports go elsewhere",
                     move == VD_MOVE_TOLD);
        }
    } else if (is_better && now->rua >= VD_RUA_SOME) {
        find_rua(at, VD_CODE_DMARC_RUA_BETTER, "DMARC reports will arrive", is_told);
    }
}

/* ruf= of a record's text; false: it is not at hand. */
static bool read_ruf(const struct vd_facts *facts, struct vd_span *ruf)
{
    const char *text = vd_facts_text(facts, facts->dmarc.text);
    struct vd_dmarc dmarc;
    bool is_there = vd_dmarc_parse((const uint8_t *)text, strlen(text), &dmarc) == VD_OK &&
                    dmarc.ruf_set == facts->dmarc.ruf_set;

    *ruf = is_there ? dmarc.ruf : (struct vd_span){NULL, 0};
    return is_there;
}

static uint16_t put_ruf(const struct vd_case *at, const struct vd_facts *facts)
{
    struct vd_span ruf;

    if (!read_ruf(facts, &ruf)) {
        return 0;
    }
    return ruf.len == 0 ? vd_words_put(at->out, "no ruf")
                        : vd_words_put(at->out, "ruf=%.*s", ruf.len < 160 ? (int)ruf.len : 160,
                                       (const char *)ruf.bytes);
}

/* Is the address one of the list? */
static bool is_among(struct vd_span list, const struct vd_uri *address)
{
    struct vd_uri uri;
    enum vd_status status;

    while ((status = vd_uri_next(&list, &uri)) != VD_OTHER) {
        if (status == VD_OK && vd_uri_hash(&uri) == vd_uri_hash(address)) {
            return true;
        }
    }
    return false;
}

/* Did readers only leave?  Where the lists are not at hand: no. */
static bool is_ruf_shorter(const struct vd_case *at)
{
    struct vd_span was, now;
    struct vd_uri uri;
    enum vd_status status;

    if (!read_ruf(at->was, &was) || !read_ruf(at->now, &now)) {
        return false;
    }
    while ((status = vd_uri_next(&now, &uri)) != VD_OTHER) {
        if (status == VD_OK && !is_among(was, &uri)) {
            return false;
        }
    }
    return true;
}

/* Failure reports hold whole messages: who gets them matters (RFC 9991, section 7). */
void vd_dmarc_weigh_ruf(const struct vd_case *at, enum vd_move move)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool is_foreign = now->ruf_set != 0 && now->is_ruf_foreign && !is_ruf_shorter(at);

    if (!vd_dmarc_is_compared(at, VD_FACET_DMARC_RUF) || was->ruf_set == now->ruf_set ||
        (move == VD_MOVE_FALL && !is_foreign)) {
        return;
    }
    struct vd_finding finding =
        vd_finding_of(at, is_foreign ? VD_CODE_DMARC_RUF : VD_CODE_DMARC_RUF_CHANGED);
    finding.is_silent = move == VD_MOVE_TOLD && !is_foreign;
    finding.old_text = put_ruf(at, at->was);
    finding.new_text = put_ruf(at, at->now);
    finding.subject_line = vd_words_subject(at, "DMARC failure reports %s",
                                            now->ruf_set == 0 ? "are no longer asked for"
                                            : is_foreign      ? "go to a third party"
                                                              : "go elsewhere");
    vd_finding_add(at, &finding);
}

/* Tags that carry no weight.  That none stands twice any more is known from elsewhere. */
void vd_dmarc_weigh_extras(const struct vd_case *at, enum vd_move move)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool is_same = was->extras == now->extras;

    if (!vd_dmarc_is_compared(at, VD_FACET_DMARC_RECORD) || (is_same && !was->is_ambiguous) ||
        move == VD_MOVE_FALL || now->is_ambiguous) {
        return;
    }
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_CHANGED);
    finding.is_silent = is_same || move == VD_MOVE_TOLD;
    finding.old_text = vd_words_put(at->out, "%.200s", vd_facts_text(at->was, was->text));
    finding.new_text = vd_words_put(at->out, "%.200s", vd_facts_text(at->now, now->text));
    finding.subject_line = vd_words_subject(at, "DMARC changed: fo, rf, ri or another tag");
    vd_finding_add(at, &finding);
}
