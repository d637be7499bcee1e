/*
 * DMARC: how strict the policy is, for the domain, for what lies below it, and in what it lets
 * align.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_dmarc.h"

#include "dns/records/dmarc.h"

#include <string.h>

/* The two strengths of one scope. */
struct strength {
    int8_t legacy, bis;
};

static int8_t min_of(struct strength strength)
{
    return strength.legacy < strength.bis ? strength.legacy : strength.bis;
}

/* Up for one generation of receivers and down for the other: judged by the weaker. */
static enum vd_trend trend_of(struct strength was, struct strength now)
{
    bool is_up = now.legacy > was.legacy || now.bis > was.bis;
    bool is_down = now.legacy < was.legacy || now.bis < was.bis;

    if (is_up && is_down) {
        return min_of(now) < min_of(was) ? VD_TREND_DOWN : VD_TREND_MIXED;
    }
    return is_up ? VD_TREND_UP : is_down ? VD_TREND_DOWN : VD_TREND_SAME;
}

/*
 * Did enforcement end?  A pct= under 100 leaves receivers of RFC 9989 untouched, so it counts only
 * when it is 0 or both strengths are gone.
 */
static bool is_gone(struct strength was, struct strength now, uint8_t pct)
{
    bool is_all_gone = now.legacy <= 0 && now.bis <= 0 && (was.legacy > 0 || was.bis > 0);
    bool is_legacy_gone = now.legacy <= 0 && was.legacy > 0 && pct == 0;
    bool is_bis_gone = now.bis <= 0 && was.bis > 0;

    return is_all_gone || is_legacy_gone || is_bis_gone;
}

static struct strength self_of(const struct vd_dmarc_facts *facts)
{
    return (struct strength){facts->legacy_self, facts->bis_self};
}

static struct strength sub_of(const struct vd_dmarc_facts *facts)
{
    return (struct strength){facts->legacy_sub, facts->bis_sub};
}

/* np= exists for receivers of RFC 9989 only. */
static struct strength np_of(const struct vd_dmarc_facts *facts)
{
    return (struct strength){facts->bis_np, facts->bis_np};
}

/* One level and the share of the mail that it is for. */
struct share {
    int8_t level;
    uint8_t pct;
};

static struct share self_share(const struct vd_dmarc_facts *facts)
{
    return (struct share){facts->p, facts->pct};
}

static struct share sub_share(const struct vd_dmarc_facts *facts)
{
    return (struct share){facts->sp, facts->sub_pct};
}

/* The same level for less of the mail: a step back on the ladder of a roll-out. */
static bool is_smaller(struct share was, struct share now)
{
    return now.level == was.level && now.level > 0 && now.pct < was.pct;
}

/* ---- for the domain itself -------------------------------------------------------------------- */

/* The way to a policy that is inherited; 0: it is the own one. */
static uint16_t put_path(const struct vd_case *at)
{
    const struct vd_dmarc_facts *now = &at->now->dmarc;

    return now->source == VD_SOURCE_OWN || now->where.len == 0
               ? 0
               : vd_words_put(at->out, "%.200s > _dmarc.%.200s", at->watch->domain,
                              vd_facts_text(at->now, now->where));
}

/* "p=none; t=y", with what is the matter where the record is read in another way than it looks. */
static uint16_t put_policy(const struct vd_case *at, const struct vd_facts *facts)
{
    char words[VD_SUMMARY_MAX];
    const char *fault = vd_facts_text(facts, facts->dmarc.fault);

    return vd_words_put(at->out, fault[0] == '\0' ? "%s%s" : "%s (%.160s)",
                        vd_dmarc_policy_words(&facts->dmarc, words), fault);
}

static void find_weaker(const struct vd_case *at, bool is_critical, bool is_minor)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_WEAKENED);
    char old_words[VD_SUMMARY_MAX];
    char new_words[VD_SUMMARY_MAX];
    bool is_level = was->p != now->p && now->pct >= was->pct && now->is_testing <= was->is_testing;
    bool is_open = now->legacy_self <= 0 && now->bis_self <= 0;

    if (is_critical) {
        vd_finding_set(&finding, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL);
    } else if (is_minor) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE);
    }
    finding.path = put_path(at);
    finding.old_text = put_policy(at, at->was);
    finding.new_text = put_policy(at, at->now);
    vd_dmarc_policy_words(was, old_words);
    vd_dmarc_policy_words(now, new_words);
    finding.subject_line =
        vd_words_subject(at, "DMARC weakened, %.30s " VD_ARROW " %.30s%s",
                         is_level ? vd_dmarc_level_str(was->p) : old_words,
                         now->is_ambiguous ? "not read by all"
                         : is_level        ? vd_dmarc_level_str(now->p)
                                           : new_words,
                         is_critical && is_open ? ": anyone can send as you" : "");
    vd_finding_add(at, &finding);
}

static void find_floor(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_FLOOR);
    const char *floor = vd_dmarc_level_str(at->watch->dmarc_floor);
    char words[VD_SUMMARY_MAX];

    vd_finding_set(&finding, VD_CLASS_BROKEN, vd_dmarc_broken_severity(at));
    finding.old_text = vd_words_put(at->out, "asked for: %s", floor);
    finding.new_text = put_policy(at, at->now);
    finding.subject_line = vd_words_subject(at, "DMARC %.40s is under %s",
                                            vd_dmarc_policy_words(&at->now->dmarc, words), floor);
    vd_finding_add(at, &finding);
}

static void find_stricter(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_STRENGTHENED);
    char words[VD_SUMMARY_MAX];

    finding.old_text = vd_words_put(at->out, "%s", vd_dmarc_summary(at->was, words));
    finding.new_text = at->out->subjects[at->subject].summary;
    finding.subject_line =
        vd_words_subject(at, "DMARC strengthened: %.50s", vd_dmarc_summary(at->now, words));
    vd_finding_add(at, &finding);
}

/* Better by one reading and worse by the other; or written in another way to the same effect. */
static void find_mixed(const struct vd_case *at, bool is_mixed)
{
    static const char format[] = "%.60s (strength %d by RFC 7489, %d by RFC 9989)";
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_MIXED);
    char words[VD_SUMMARY_MAX];

    if (!is_mixed) {
        finding.sentence = "Written in another way; forged mail fares as before.";
    }
    finding.old_text = vd_words_put(at->out, format, vd_dmarc_policy_words(was, words),
                                    (int)was->legacy_self, (int)was->bis_self);
    finding.new_text = vd_words_put(at->out, format, vd_dmarc_policy_words(now, words),
                                    (int)now->legacy_self, (int)now->bis_self);
    finding.subject_line = vd_words_subject(at, "DMARC changed: %.40s", words);
    vd_finding_add(at, &finding);
}

static bool is_under_floor(const struct vd_case *at)
{
    return at->watch->dmarc_floor != VD_FLOOR_NONE &&
           vd_dmarc_strength(&at->now->dmarc) < at->watch->dmarc_floor;
}

static void find_fall(const struct vd_case *at, bool is_step_back)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    struct strength before = self_of(was), after = self_of(now);
    bool has_moved = was->location != now->location && min_of(before) > 0 && min_of(after) <= 0;
    bool is_critical = has_moved || is_gone(before, after, now->pct) ||
                       (is_step_back && now->pct == 0 && after.legacy <= 0);
    bool is_minor = is_step_back && after.bis >= before.bis && now->pct > 0;

    if (is_under_floor(at) && !is_critical) {
        find_floor(at);
    } else {
        find_weaker(at, is_critical, is_minor);
    }
}

/* p=, pct= and t=. */
enum vd_trend vd_dmarc_weigh_policy(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    enum vd_trend trend = trend_of(self_of(was), self_of(now));
    bool is_step_back = trend != VD_TREND_MIXED && is_smaller(self_share(was), self_share(now));

    if (!vd_dmarc_is_compared(at, VD_FACET_DMARC_POLICY)) {
        if (vd_dmarc_is_new(at, VD_FACET_DMARC_POLICY) && is_under_floor(at)) {
            find_floor(at);
        }
        return VD_TREND_SAME;
    }
    if (now->is_ambiguous && !was->is_ambiguous && !vd_dmarc_is_enforcing(was)) {
        return VD_TREND_SAME; /* the finding that names the tag says it all */
    }
    if (trend == VD_TREND_DOWN || is_step_back) {
        find_fall(at, is_step_back);
        return VD_TREND_DOWN;
    }
    if (is_under_floor(at)) {
        find_floor(at);
    } else if (trend == VD_TREND_UP ||
               (now->p == was->p && now->p > 0 && now->pct > was->pct && trend == VD_TREND_SAME)) {
        find_stricter(at);
        trend = VD_TREND_UP;
    } else if (trend == VD_TREND_MIXED || was->p != now->p) {
        find_mixed(at, trend == VD_TREND_MIXED);
    }
    return trend;
}

/* ---- for what lies below ---------------------------------------------------------------------- */

/* Weaker below than above, or weaker below alone: sp= or np= is at fault, not p=. */
static bool is_own_fall(struct strength was, struct strength now, struct strength was_self,
                        struct strength now_self)
{
    return trend_of(was, now) == VD_TREND_DOWN &&
           (trend_of(was_self, now_self) != VD_TREND_DOWN || now.legacy < now_self.legacy ||
            now.bis < now_self.bis);
}

static void find_weaker_below(const struct vd_case *at, enum vd_class class_,
                              enum vd_severity severity)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_SUB_WEAKENED);
    char old_words[VD_SUMMARY_MAX];
    char new_words[VD_SUMMARY_MAX];

    vd_finding_set(&finding, class_, severity);
    vd_dmarc_sub_words(was, old_words);
    vd_dmarc_sub_words(now, new_words);
    if (strcmp(old_words, new_words) == 0) { /* pct= or t= did it */
        vd_dmarc_policy_words(was, old_words);
        vd_dmarc_policy_words(now, new_words);
    }
    finding.old_text = vd_words_put(at->out, "%s", old_words);
    finding.new_text = vd_words_put(at->out, "%s", new_words);
    finding.subject_line = vd_words_subject(
        at, "DMARC weakened for subdomains, %.24s " VD_ARROW " %.24s", old_words, new_words);
    vd_finding_add(at, &finding);
}

/* At first contact: sp= or np= under a p= that enforces. */
static void lint_below(const struct vd_case *at)
{
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_SUB_WEAKENED);
    char words[VD_SUMMARY_MAX];

    if (now->source != VD_SOURCE_OWN || now->is_sub_above || now->p <= 0 ||
        (now->sp >= now->p && now->np >= now->p)) {
        return;
    }
    finding.is_first = true;
    finding.old_text = vd_words_put(at->out, "p=%s", vd_dmarc_level_str(now->p));
    finding.new_text = vd_words_put(at->out, "%s", vd_dmarc_sub_words(now, words));
    finding.subject_line =
        vd_words_subject(at, "DMARC %.24s is weaker than p=%s", words, vd_dmarc_level_str(now->p));
    vd_finding_add(at, &finding);
}

static void find_other_below(const struct vd_case *at, enum vd_code code, bool is_silent)
{
    struct vd_finding finding = vd_finding_of(at, code);
    char words[VD_SUMMARY_MAX];

    finding.is_silent = is_silent;
    finding.old_text = vd_words_put(at->out, "%s", vd_dmarc_sub_words(&at->was->dmarc, words));
    finding.new_text = vd_words_put(at->out, "%s", vd_dmarc_sub_words(&at->now->dmarc, words));
    finding.subject_line =
        vd_words_subject(at, "DMARC %s below: %.40s",
                         code == VD_CODE_DMARC_SUB_BETTER ? "strengthened" : "changed", words);
    vd_finding_add(at, &finding);
}

/* Below, mail fares as that of the domain itself: told as that, and taken over without a word, so that
   a policy which was accepted is accepted here as well. */
static void follow_policy(const struct vd_case *at, enum vd_trend policy)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool is_same = trend_of(sub_of(was), sub_of(now)) == VD_TREND_SAME && was->sp == now->sp &&
                   was->np == now->np && was->bis_np == now->bis_np;

    if (!is_same && policy != VD_TREND_DOWN) {
        find_other_below(at, VD_CODE_DMARC_SUB_MIXED, true);
    }
}

/* sp= and np=.  What p=, pct= or t= did to all of the mail is told as that. */
enum vd_trend vd_dmarc_weigh_subdomains(const struct vd_case *at, enum vd_trend policy,
                                        bool is_told)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;

    if (!vd_dmarc_is_compared(at, VD_FACET_DMARC_SP)) {
        if (vd_dmarc_is_new(at, VD_FACET_DMARC_SP)) {
            lint_below(at);
        }
        return VD_TREND_SAME;
    }
    if (!was->has_sub && !now->has_sub) {
        follow_policy(at, policy);
        return VD_TREND_SAME;
    }
    struct strength was_bis = {was->bis_self, was->bis_self};
    struct strength now_bis = {now->bis_self, now->bis_self};
    bool is_sub = is_own_fall(sub_of(was), sub_of(now), self_of(was), self_of(now));
    bool is_np = is_own_fall(np_of(was), np_of(now), was_bis, now_bis);
    bool is_share =
        is_smaller(sub_share(was), sub_share(now)) && !is_smaller(self_share(was), self_share(now));
    bool is_critical = (is_sub && is_gone(sub_of(was), sub_of(now), now->sub_pct)) ||
                       (is_np && is_gone(np_of(was), np_of(now), 100)) ||
                       (is_share && now->sub_pct == 0 && now->legacy_sub <= 0);
    bool is_minor = is_share && !is_np && now->bis_sub >= was->bis_sub && now->sub_pct > 0;

    if (now->is_ambiguous && !was->is_ambiguous && !vd_dmarc_is_enforcing(was)) {
        return VD_TREND_SAME;
    }
    if (is_sub || is_np || is_share) {
        find_weaker_below(at, is_critical ? VD_CLASS_CRITICAL : VD_CLASS_WEAKENED,
                          is_critical ? VD_SEVERITY_CRITICAL
                          : is_minor  ? VD_SEVERITY_NOTICE
                                      : VD_SEVERITY_WARNING);
        return VD_TREND_DOWN;
    }
    enum vd_trend sub = trend_of(sub_of(was), sub_of(now));
    enum vd_trend trend = sub == VD_TREND_SAME ? trend_of(np_of(was), np_of(now)) : sub;
    if (trend == VD_TREND_UP || trend == VD_TREND_MIXED) {
        find_other_below(at,
                         trend == VD_TREND_UP ? VD_CODE_DMARC_SUB_BETTER : VD_CODE_DMARC_SUB_MIXED,
                         is_told || policy == trend);
    }
    return trend;
}

/* ---- alignment (RFC 9989, section 4.4) -------------------------------------------------------- */

enum vd_trend vd_dmarc_weigh_alignment(const struct vd_case *at, bool is_told)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool is_dkim = was->is_strict_dkim != now->is_strict_dkim;
    bool is_spf = was->is_strict_spf != now->is_strict_spf;
    bool is_looser =
        was->is_strict_dkim > now->is_strict_dkim || was->is_strict_spf > now->is_strict_spf;

    if (!vd_dmarc_is_compared(at, VD_FACET_DMARC_ALIGNMENT) || !(is_dkim || is_spf)) {
        return VD_TREND_SAME;
    }
    struct vd_finding finding =
        vd_finding_of(at, is_looser ? VD_CODE_DMARC_ALIGN_WEAKENED : VD_CODE_DMARC_ALIGN_BETTER);
    const char *format = is_dkim && is_spf ? "adkim=%c; aspf=%c" : is_dkim ? "adkim=%c" : "aspf=%c";
    char was_dkim = was->is_strict_dkim ? 's' : 'r', was_spf = was->is_strict_spf ? 's' : 'r';
    char now_dkim = now->is_strict_dkim ? 's' : 'r', now_spf = now->is_strict_spf ? 's' : 'r';
    finding.is_silent = !is_looser && (is_told || was->location != now->location);
    finding.old_text = vd_words_put(at->out, format, is_dkim ? was_dkim : was_spf, was_spf);
    finding.new_text = vd_words_put(at->out, format, is_dkim ? now_dkim : now_spf, now_spf);
    finding.subject_line =
        vd_words_subject(at, "DMARC alignment %s",
                         is_looser ? "weakened, strict " VD_ARROW " relaxed"
                                   : "strengthened, relaxed " VD_ARROW " strict");
    vd_finding_add(at, &finding);
    return is_looser ? VD_TREND_DOWN : VD_TREND_UP;
}
