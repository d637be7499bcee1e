/*
 * DMARC: facts and verdict.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dmarc.h"

#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"

#include <stdio.h>
#include <string.h>

/* ---- facts ------------------------------------------------------------------------------- */

static void set_strength(struct vd_dmarc_facts *facts, int8_t level)
{
    facts->p = facts->sp = facts->np = level;
    facts->legacy_self = facts->bis_self = level;
    facts->legacy_sub = facts->bis_sub = facts->bis_np = level;
}

static void take_record(struct vd_facts *out, const struct vd_dmarc *dmarc, struct vd_span text)
{
    struct vd_dmarc_facts *facts = &out->dmarc;
    bool is_broken = dmarc->fault[0] != '\0';

    facts->standing = is_broken ? VD_STANDING_BROKEN : VD_STANDING_OK;
    facts->p = is_broken ? -1 : dmarc->p;
    facts->sp = is_broken ? -1 : dmarc->sp;
    facts->np = is_broken ? -1 : dmarc->np;
    facts->legacy_self = dmarc->legacy_self;
    facts->bis_self = dmarc->bis_self;
    facts->legacy_sub = dmarc->legacy_sub;
    facts->bis_sub = dmarc->bis_sub;
    facts->bis_np = dmarc->bis_np;
    facts->pct = dmarc->pct;
    facts->is_testing = dmarc->is_testing;
    facts->is_strict_dkim = dmarc->is_strict_dkim;
    facts->is_strict_spf = dmarc->is_strict_spf;
    facts->has_rua = dmarc->has_rua;
    facts->rua_set = dmarc->rua_set;
    facts->extras = dmarc->extras;
    facts->psd = (uint8_t)dmarc->psd;
    vd_facts_write_record(out, &facts->text, text);
    vd_facts_write_record(out, &facts->rua, dmarc->rua);
    if (is_broken) {
        vd_facts_write(out, &facts->fault, "%s", dmarc->fault);
        if (dmarc->guilty.len > 0) {
            vd_facts_write(out, &facts->fault, ": ");
            vd_facts_write_span(out, &facts->fault, dmarc->guilty);
        }
    }
}

void vd_facts_read_dmarc(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                         struct vd_facts *out)
{
    char name[VD_OWNER_TEXT_MAX];
    const struct vd_answer *answer =
        vd_snapshot_find(snapshot, vd_owner_text(name, "_dmarc.", "", watch->domain), VD_TYPE_TXT);
    const struct vd_record *record;
    struct vd_dmarc dmarc;
    struct vd_span text = {NULL, 0};

    set_strength(&out->dmarc, -1);
    out->dmarc.pct = 100;
    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        out->dmarc.detail =
            answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer);
        return;
    }
    out->dmarc.detail = answer->presence == VD_ABSENT ? answer->detail : (uint8_t)VD_DETAIL_NONE;
    out->dmarc.standing = VD_STANDING_ABSENT;
    for (size_t i = 0; answer->presence == VD_PRESENT &&
                       (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span span = vd_snapshot_span(snapshot, record);
        if (vd_dmarc_parse(span.bytes, span.len, &dmarc) == VD_OK) {
            text = out->dmarc.records++ == 0 ? span : text;
        }
    }
    if (out->dmarc.records == 1 && vd_dmarc_parse(text.bytes, text.len, &dmarc) == VD_OK) {
        take_record(out, &dmarc, text);
    } else if (out->dmarc.records > 1) {
        out->dmarc.standing = VD_STANDING_BROKEN; /* all are discarded (RFC 9989, 4.10) */
        vd_facts_write_record(out, &out->dmarc.text, text);
        vd_facts_write(out, &out->dmarc.fault, "%u DMARC records at one name",
                       (unsigned)out->dmarc.records);
    }
}

/* ---- words ------------------------------------------------------------------------------- */

/* "p=reject; pct=25; t=y" */
static const char *policy_words(const struct vd_dmarc_facts *facts, char out[VD_SUMMARY_MAX])
{
    char pct[12] = "";

    if (facts->pct < 100) {
        snprintf(pct, sizeof pct, "; pct=%u", (unsigned)facts->pct);
    }
    snprintf(out, VD_SUMMARY_MAX, "p=%s%s%s", vd_dmarc_level_str(facts->p), pct,
             facts->is_testing ? "; t=y" : "");
    return out;
}

/* "sp=quarantine, np=none" */
static const char *sub_words(const struct vd_dmarc_facts *facts, char out[VD_SUMMARY_MAX])
{
    if (facts->sp == facts->np) {
        snprintf(out, VD_SUMMARY_MAX, "sp=%s", vd_dmarc_level_str(facts->sp));
    } else {
        snprintf(out, VD_SUMMARY_MAX, "sp=%s; np=%s", vd_dmarc_level_str(facts->sp),
                 vd_dmarc_level_str(facts->np));
    }
    return out;
}

const char *vd_dmarc_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX])
{
    const struct vd_dmarc_facts *dmarc = &facts->dmarc;
    char policy[VD_SUMMARY_MAX];
    char sub[VD_SUMMARY_MAX];

    switch (dmarc->standing) {
    case VD_STANDING_UNKNOWN:
        snprintf(out, VD_SUMMARY_MAX, "unknown (%s)", vd_detail_str((enum vd_detail)dmarc->detail));
        return out;
    case VD_STANDING_ABSENT:
        return vd_absent_words(dmarc->detail, out);
    case VD_STANDING_BROKEN:
        snprintf(out, VD_SUMMARY_MAX, "unusable: %s", vd_facts_text(facts, dmarc->fault));
        return out;
    default:
        break;
    }
    bool has_sub = dmarc->sp != dmarc->p || dmarc->np != dmarc->p;
    snprintf(out, VD_SUMMARY_MAX, "%.40s%s%.40s%s%s, %s", policy_words(dmarc, policy),
             has_sub ? ", " : "", has_sub ? sub_words(dmarc, sub) : "",
             dmarc->is_strict_dkim ? ", adkim=s" : "", dmarc->is_strict_spf ? ", aspf=s" : "",
             dmarc->has_rua ? "rua set" : "no rua");
    return out;
}

/* ---- verdict: all of it ------------------------------------------------------------------ */

static int8_t max(int8_t a, int8_t b)
{
    return a > b ? a : b;
}

static bool is_self_enforcing(const struct vd_dmarc_facts *facts)
{
    return max(facts->legacy_self, facts->bis_self) > 0;
}

/* Did anything of this policy stop forged mail? */
static bool is_enforcing(const struct vd_dmarc_facts *facts)
{
    return is_self_enforcing(facts) ||
           max(max(facts->legacy_sub, facts->bis_sub), facts->bis_np) > 0;
}

/* What strangers can do once the policy is gone. */
static const char *loss_words(const struct vd_dmarc_facts *was)
{
    return is_self_enforcing(was) ? ": anyone can send as you"
                                  : ": anyone can send as your subdomains";
}

static void find_missing(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_MISSING);
    char words[VD_SUMMARY_MAX];
    const char *loss = loss_words(was);

    if (!is_enforcing(was)) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING);
        finding.axis = VD_AXIS_VISIBILITY;
        finding.reason = VD_REASON_DMARC_NONE;
        loss = "";
    } else if (vd_is_subdomain(at->watch->domain)) {
        finding.reason = VD_REASON_PARENT;
        loss = ", unless a parent domain's record applies";
    } else if (!is_self_enforcing(was)) {
        finding.reason = VD_REASON_DMARC_SUB;
    }
    finding.old_text = vd_words_put(at->out, "%s", vd_dmarc_summary(at->was, words));
    finding.new_text = at->out->subjects[at->subject].summary;
    finding.subject_line = vd_words_subject(at, "DMARC missing%s", loss);
    vd_finding_add(at, &finding);
}

static void find_broken(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_BROKEN);
    char words[VD_SUMMARY_MAX];
    bool is_lost = was->standing == VD_STANDING_OK && is_enforcing(was);
    bool is_first = was->standing == VD_STANDING_UNKNOWN || was->standing == VD_STANDING_BROKEN;

    /* Two records are how a domain loses everything by accident: at first contact too. */
    if (!is_lost && !(is_first && now->records > 1)) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, VD_SEVERITY_WARNING);
    }
    if (was->standing != VD_STANDING_UNKNOWN) {
        finding.old_text = vd_words_put(at->out, "%s", vd_dmarc_summary(at->was, words));
    }
    finding.new_text = at->out->subjects[at->subject].summary;
    finding.subject_line = vd_words_subject(at, "DMARC broken%s", is_lost ? loss_words(was) : "");
    vd_finding_add(at, &finding);
}

/* ---- verdict: part by part --------------------------------------------------------------- */

/* The two strengths of one scope. */
struct strength {
    int8_t legacy, bis;
};

enum trend { TREND_SAME, TREND_UP, TREND_DOWN, TREND_MIXED };

static enum trend trend_of(struct strength was, struct strength now)
{
    bool is_up = now.legacy > was.legacy || now.bis > was.bis;
    bool is_down = now.legacy < was.legacy || now.bis < was.bis;
    int8_t was_min = was.legacy < was.bis ? was.legacy : was.bis;
    int8_t now_min = now.legacy < now.bis ? now.legacy : now.bis;

    if (is_up && is_down) {
        return now_min < was_min ? TREND_DOWN : TREND_MIXED; /* judged by the weaker */
    }
    return is_up ? TREND_UP : is_down ? TREND_DOWN : TREND_SAME;
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

/* The same policy for a smaller share of the mail.  (A step from 100 % down is one of level.) */
static bool is_share_smaller(const struct vd_dmarc_facts *was, const struct vd_dmarc_facts *now,
                             int8_t was_level, int8_t now_level)
{
    return now_level == was_level && now_level > 0 && now->pct < was->pct && was->pct < 100;
}

static void find_policy_weaker(const struct vd_case *at, bool is_critical, bool is_minor)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_WEAKENED);
    char old_words[VD_SUMMARY_MAX];
    char new_words[VD_SUMMARY_MAX];
    bool is_level = was->p != now->p && now->pct >= was->pct && now->is_testing <= was->is_testing;
    bool is_open = now->legacy_self <= 0 && now->bis_self <= 0;

    policy_words(was, old_words);
    policy_words(now, new_words);
    if (is_critical) {
        vd_finding_set(&finding, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL);
    } else if (is_minor) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE);
    }
    finding.old_text = vd_words_put(at->out, "%s", old_words);
    finding.new_text = vd_words_put(at->out, "%s", new_words);
    finding.subject_line =
        vd_words_subject(at, "DMARC weakened, %.30s " VD_ARROW " %.30s%s",
                         is_level ? vd_dmarc_level_str(was->p) : old_words,
                         is_level ? vd_dmarc_level_str(now->p) : new_words,
                         is_critical && is_open ? ": anyone can send as you" : "");
    vd_finding_add(at, &finding);
}

/* p=, pct= and t=.  Returns how the domain's own strength moved. */
static enum trend weigh_policy(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    enum trend trend = trend_of(self_of(was), self_of(now));

    if (trend == TREND_DOWN) {
        find_policy_weaker(at, is_gone(self_of(was), self_of(now), now->pct), false);
    } else if (is_share_smaller(was, now, was->p, now->p)) {
        find_policy_weaker(at, now->pct == 0 && now->legacy_self <= 0, true);
        trend = TREND_DOWN;
    } else if (trend == TREND_SAME && now->p == was->p && now->p > 0 && now->pct > was->pct) {
        trend = TREND_UP;
    }
    return trend;
}

/* Weaker below than above, or weaker below alone: sp= or np= is at fault, not p=. */
static bool is_own_fall(struct strength was, struct strength now, struct strength was_self,
                        struct strength now_self)
{
    return trend_of(was, now) == TREND_DOWN &&
           (trend_of(was_self, now_self) != TREND_DOWN || now.legacy < now_self.legacy ||
            now.bis < now_self.bis);
}

static enum trend weigh_subdomains(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool is_sub = is_own_fall(sub_of(was), sub_of(now), self_of(was), self_of(now));
    bool is_np =
        is_own_fall(np_of(was), np_of(now), (struct strength){was->bis_self, was->bis_self},
                    (struct strength){now->bis_self, now->bis_self});
    bool is_share = !is_sub && !is_np && is_share_smaller(was, now, was->sp, now->sp) &&
                    !is_share_smaller(was, now, was->p, now->p);
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_SUB_WEAKENED);
    char old_words[VD_SUMMARY_MAX];
    char new_words[VD_SUMMARY_MAX];

    if (!is_sub && !is_np && !is_share) {
        enum trend sub = trend_of(sub_of(was), sub_of(now));
        return sub == TREND_SAME ? trend_of(np_of(was), np_of(now)) : sub;
    }
    bool is_critical = (is_sub && is_gone(sub_of(was), sub_of(now), now->pct)) ||
                       (is_np && is_gone(np_of(was), np_of(now), 100)) ||
                       (is_share && now->pct == 0 && now->legacy_sub <= 0);
    if (is_critical) {
        vd_finding_set(&finding, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL);
    } else if (is_share) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE);
    }
    sub_words(was, old_words);
    sub_words(now, new_words);
    if (strcmp(old_words, new_words) == 0) { /* pct= or t= did it */
        policy_words(was, old_words);
        policy_words(now, new_words);
    }
    finding.old_text = vd_words_put(at->out, "%s", old_words);
    finding.new_text = vd_words_put(at->out, "%s", new_words);
    finding.subject_line = vd_words_subject(at, "DMARC weakened below, %.24s " VD_ARROW " %.24s",
                                            old_words, new_words);
    vd_finding_add(at, &finding);
    return TREND_DOWN;
}

static enum trend weigh_alignment(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool is_dkim_looser = was->is_strict_dkim > now->is_strict_dkim;
    bool is_spf_looser = was->is_strict_spf > now->is_strict_spf;
    const char *which = is_dkim_looser && is_spf_looser ? "adkim=%c; aspf=%c"
                        : is_dkim_looser                ? "adkim=%c"
                                                        : "aspf=%c";
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_ALIGN_WEAKENED);

    if (!is_dkim_looser && !is_spf_looser) {
        bool is_up =
            was->is_strict_dkim != now->is_strict_dkim || was->is_strict_spf != now->is_strict_spf;
        return is_up ? TREND_UP : TREND_SAME;
    }
    finding.old_text = vd_words_put(at->out, which, 's', 's');
    finding.new_text = vd_words_put(at->out, which, 'r', 'r');
    finding.subject_line =
        vd_words_subject(at, "DMARC alignment weakened, strict " VD_ARROW " relaxed");
    vd_finding_add(at, &finding);
    return TREND_DOWN;
}

static enum trend weigh_reports(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_RUA_LOST);

    if (!was->has_rua || now->has_rua) {
        return was->has_rua == now->has_rua ? TREND_SAME : TREND_UP;
    }
    finding.old_text = vd_words_put(at->out, "rua=%.120s", vd_facts_text(at->was, was->rua));
    finding.new_text = vd_words_put(at->out, now->rua.len > 0 ? "rua=%.120s (unusable)" : "no rua",
                                    vd_facts_text(at->now, now->rua));
    finding.subject_line = vd_words_subject(at, "DMARC reports lost: no usable rua");
    vd_finding_add(at, &finding);
    return TREND_DOWN;
}

/* psd=y is for registries: with it, no subdomain's SPF or DKIM counts for this domain any more. */
static void find_psd(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_PSD);

    finding.old_text = vd_words_put(at->out, "psd=%c", at->was->dmarc.psd);
    finding.new_text = vd_words_put(at->out, "psd=y");
    finding.subject_line = vd_words_subject(at, "DMARC broken by psd=y: not a public suffix");
    vd_finding_add(at, &finding);
}

static void find_readers(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_RUA_CHANGED);

    finding.old_text =
        vd_words_put(at->out, "rua=%.120s", vd_facts_text(at->was, at->was->dmarc.rua));
    finding.new_text =
        vd_words_put(at->out, "rua=%.120s", vd_facts_text(at->now, at->now->dmarc.rua));
    finding.subject_line = vd_words_subject(at, "DMARC reports go elsewhere");
    vd_finding_add(at, &finding);
}

static void find_stricter(const struct vd_case *at, bool is_reports_only)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_STRENGTHENED);
    char words[VD_SUMMARY_MAX];

    if (is_reports_only) {
        vd_finding_set(&finding, VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO);
        finding.axis = VD_AXIS_VISIBILITY;
        finding.reason = VD_REASON_DMARC_REPORTS;
    } else if (!is_enforcing(&at->now->dmarc)) {
        finding.axis = VD_AXIS_VISIBILITY;
        finding.reason = VD_REASON_APPEARED;
    }
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
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_CHANGED);
    char words[VD_SUMMARY_MAX];

    vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
    finding.axis = VD_AXIS_SPOOF;
    finding.reason = is_mixed ? VD_REASON_DMARC_MIXED : VD_REASON_DMARC_SAME;
    finding.old_text = vd_words_put(at->out, format, policy_words(was, words),
                                    (int)was->legacy_self, (int)was->bis_self);
    finding.new_text = vd_words_put(at->out, format, policy_words(now, words),
                                    (int)now->legacy_self, (int)now->bis_self);
    finding.subject_line = vd_words_subject(at, "DMARC changed: %.40s", words);
    vd_finding_add(at, &finding);
}

/* Tags that carry no weight. */
static void find_changed(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_CHANGED);

    finding.old_text = vd_words_put(at->out, "%.200s", vd_facts_text(at->was, at->was->dmarc.text));
    finding.new_text = vd_words_put(at->out, "%.200s", vd_facts_text(at->now, at->now->dmarc.text));
    finding.subject_line = vd_words_subject(at, "DMARC changed: ruf, fo or psd");
    vd_finding_add(at, &finding);
}

/* Both good: compare component by component; any fall outweighs every rise. */
static void compare(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    enum trend policy = weigh_policy(at);
    enum trend sub = weigh_subdomains(at);
    enum trend alignment = weigh_alignment(at);
    enum trend reports = weigh_reports(at);
    bool is_stricter = policy == TREND_UP || sub == TREND_UP || alignment == TREND_UP;
    bool has_readers = was->has_rua && now->has_rua && was->rua_set != now->rua_set;

    if (now->psd == 'y' && was->psd != 'y') {
        find_psd(at);
    }
    if (!vd_finding_is_any(at)) {
        if (policy == TREND_MIXED || sub == TREND_MIXED) {
            find_mixed(at, true);
        } else if (is_stricter || reports == TREND_UP) {
            find_stricter(at, !is_stricter);
        } else if (was->p != now->p) {
            find_mixed(at, false);
        } else if (was->extras != now->extras || (was->rua_set != now->rua_set && !has_readers)) {
            find_changed(at);
        }
    }
    if (has_readers) { /* whatever else is told */
        find_readers(at);
    }
}

void vd_judge_dmarc(const struct vd_case *at)
{
    uint8_t was = at->was->dmarc.standing;

    switch (at->now->dmarc.standing) {
    case VD_STANDING_BROKEN:
        find_broken(at);
        break;
    case VD_STANDING_ABSENT:
        if (was == VD_STANDING_OK || was == VD_STANDING_BROKEN) {
            find_missing(at);
        }
        break;
    default:
        if (was == VD_STANDING_OK) {
            compare(at);
        } else if (was != VD_STANDING_UNKNOWN) {
            find_stricter(at, false);
        }
        break;
    }
}
