/*
 * DMARC: from a snapshot to facts.
 *
 * The policy of the watched domain is its own record's, or that of a name above; and names below it
 * have theirs.  Receivers of RFC 9989 and of RFC 7489 find it in different ways: both are kept.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dmarc.h"

#include "dns/records/dmarc_walk.h"
#include "dns/records/tags.h"
#include "firmware/judge/dmarc_reports.h"
#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"
#include "firmware/judge/takeover.h"

#include <string.h>

#define DMARC_LABEL "_dmarc."

/* Longest text of one of two records, in words. */
#define EACH_MAX 100

/* Facets that a policy from elsewhere decides. */
#define INHERITED                                                                                  \
    (VD_FACET_BIT(VD_FACET_DMARC_SOURCE) | VD_FACET_BIT(VD_FACET_DMARC_POLICY) |                   \
     VD_FACET_BIT(VD_FACET_DMARC_SP) | VD_FACET_BIT(VD_FACET_DMARC_ALIGNMENT) |                    \
     VD_FACET_BIT(VD_FACET_DMARC_RUA) | VD_FACET_BIT(VD_FACET_DMARC_RUF))

/* ---- what stands at one name ----------------------------------------------------------------- */

/* All TXT records at _dmarc.<name>. */
struct sight {
    const struct vd_answer *answer; /* NULL: not there */
    uint8_t records;                /* recognised ones */
    struct vd_span first, second;   /* their texts */
    struct vd_span other;           /* one that is not recognised and was meant as one */
    struct vd_dmarc dmarc;          /* the first one */
};

static bool is_known(const struct sight *sight)
{
    return sight->answer != NULL && sight->answer->presence != VD_UNKNOWN;
}

/* "dmarc" somewhere, in any case, and a p=: a service's proof of ownership has no policy. */
static bool is_like_one(struct vd_span text)
{
    static const char word[] = "dmarc";
    struct vd_tags tags;
    struct vd_tag tag;
    bool has_word = false, has_p = false;

    for (size_t i = 0; !has_word && i + sizeof word - 1 <= text.len; i++) {
        has_word = vd_span_is_word((struct vd_span){text.bytes + i, sizeof word - 1}, word);
    }
    vd_tags_start(&tags, text);
    while (has_word && !has_p && vd_tags_next(&tags, &tag)) {
        has_p = vd_span_is_word(tag.name, "p");
    }
    return has_p;
}

static bool is_meant(struct vd_span text)
{
    return vd_slip_is_meant(text, VD_SUBJECT_DMARC) || is_like_one(text);
}

static void take_text(struct sight *out, struct vd_span text)
{
    struct vd_dmarc dmarc;

    if (vd_dmarc_parse(text.bytes, text.len, &dmarc) != VD_OK) {
        out->other = out->other.len == 0 && is_meant(text) ? text : out->other;
        return;
    }
    out->records++;
    if (out->records == 1) {
        out->first = text;
        out->dmarc = dmarc;
    } else if (out->records == 2) {
        out->second = text;
    }
}

static void look_at(const struct vd_reading *at, const char *name, enum vd_want want,
                    struct sight *out)
{
    char owner[VD_OWNER_TEXT_MAX];
    const struct vd_record *record;

    *out = (struct sight){.answer = NULL};
    vd_owner_text(owner, DMARC_LABEL, "", name);
    if (strlen(owner) >= VD_DOMAIN_TEXT_MAX) {
        return; /* no such name can be asked for */
    }
    out->answer = vd_reading_find(at, owner, VD_TYPE_TXT, want);
    for (size_t i = 0; is_known(out) && (record = vd_snapshot_record(at->snapshot, out->answer,
                                                                     VD_TYPE_TXT, i)) != NULL;
         i++) {
        take_text(out, vd_snapshot_span(at->snapshot, record));
    }
}

/* ---- the walk -------------------------------------------------------------------------------- */

/*
 * All names of the walk, asked for at once.  own: what stands at the domain itself.  Returns why the
 * first one that is not known is not.
 *
 * A registry's name that cannot be looked at (a single label, co.kr) counts as one without a record:
 * no own policy may hang on that, and hardly one of them has any.
 */
static uint8_t walk_up(const struct vd_reading *at, struct vd_dmarc_walk *walk, struct sight *own)
{
    struct sight sight;
    uint8_t detail = VD_DETAIL_NONE;

    vd_dmarc_walk_names(at->watch->domain, walk);
    for (uint8_t i = 0; i < walk->count; i++) {
        struct vd_dmarc_step *step = &walk->steps[i];
        look_at(at, step->name, i == 0 ? VD_WANT_OWN : VD_WANT_OTHER, &sight);
        if (is_known(&sight)) {
            step->sight = sight.records == 0   ? VD_DMARC_NOTHING
                          : sight.records == 1 ? VD_DMARC_ONE
                                               : VD_DMARC_SEVERAL;
            step->psd = sight.records == 1 ? sight.dmarc.psd : 'u';
        } else if (i > 0 && vd_is_registry(step->name)) {
            step->sight = VD_DMARC_NOTHING;
        } else if (detail == VD_DETAIL_NONE) {
            detail = sight.answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED
                                          : vd_answer_detail(sight.answer);
        }
        if (i == 0) {
            *own = sight;
        }
    }
    return detail;
}

/* The Organizational Domain as a list of public suffixes has it: one label below a registry. */
static const char *list_org_of(const char *domain)
{
    const char *name = domain;
    const char *dot;

    while ((dot = strchr(name, '.')) != NULL && !vd_is_registry(dot + 1)) {
        name = dot + 1;
    }
    return name;
}

/* ---- strengths -------------------------------------------------------------------------------- */

/* The two generations' policies, by step of the walk or VD_DMARC_NOBODY. */
struct speakers {
    int8_t bis, legacy;
};

static void set_strength(struct vd_dmarc_facts *facts, int8_t level)
{
    facts->p = facts->sp = facts->np = level;
    facts->legacy_self = facts->bis_self = level;
    facts->legacy_sub = facts->bis_sub = facts->bis_np = level;
    facts->pct = facts->sub_pct = 100;
}

/* The record at a step; false: nobody's. */
static bool read_step(const struct vd_reading *at, const struct vd_dmarc_walk *walk, int8_t step,
                      struct sight *out)
{
    if (step == VD_DMARC_NOBODY) {
        return false;
    }
    look_at(at, walk->steps[step].name, step == 0 ? VD_WANT_OWN : VD_WANT_OTHER, out);
    return out->records == 1;
}

/* np= is for names that do not exist (RFC 9989, section 4.7): is the domain one of them? */
static enum vd_presence existence_of(const struct vd_reading *at)
{
    const struct vd_answer *answer =
        vd_reading_find(at, at->watch->domain, VD_TYPE_TXT, VD_WANT_OWN);

    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        return VD_UNKNOWN;
    }
    return answer->presence == VD_ABSENT && answer->detail == VD_DETAIL_NXDOMAIN ? VD_ABSENT
                                                                                 : VD_PRESENT;
}

/* The policy of a record above, for the domain itself. */
static void take_inherited(const struct vd_reading *at, const struct vd_dmarc *dmarc,
                           struct vd_dmarc_facts *facts)
{
    enum vd_presence existence = existence_of(at);

    facts->p = dmarc->sp;
    facts->bis_self = dmarc->bis_sub;
    if (dmarc->np != dmarc->sp && existence == VD_ABSENT) {
        facts->p = dmarc->np;
        facts->bis_self = dmarc->bis_np;
    } else if (dmarc->np != dmarc->sp && existence == VD_UNKNOWN) {
        facts->unknown |= VD_FACET_BIT(VD_FACET_DMARC_POLICY);
    }
}

static void read_self(const struct vd_reading *at, const struct vd_dmarc_walk *walk,
                      struct speakers who, struct sight *bis)
{
    struct vd_dmarc_facts *facts = &at->out->dmarc;
    struct sight sight;

    if (read_step(at, walk, who.legacy, &sight)) {
        facts->legacy_self = who.legacy == 0 ? sight.dmarc.legacy_self : sight.dmarc.legacy_sub;
    }
    if (!read_step(at, walk, who.bis, bis)) {
        return;
    }
    facts->pct = bis->dmarc.pct;
    facts->is_testing = bis->dmarc.is_testing;
    facts->is_strict_dkim = bis->dmarc.is_strict_dkim;
    facts->is_strict_spf = bis->dmarc.is_strict_spf;
    if (who.bis == 0) {
        facts->p = bis->dmarc.p;
        facts->bis_self = bis->dmarc.bis_self;
    } else {
        take_inherited(at, &bis->dmarc, facts);
    }
}

/* Is what lies below treated in another way than the domain itself, by what is written? */
static bool has_sub_policy(const struct vd_dmarc *dmarc, struct speakers self,
                           struct speakers below)
{
    bool is_one = self.bis == below.bis && self.legacy == below.legacy;

    return !is_one || dmarc->has_np || (self.bis == 0 && dmarc->has_sp);
}

static void read_below(const struct vd_reading *at, const struct vd_dmarc_walk *walk,
                       struct speakers self, struct speakers who)
{
    struct vd_dmarc_facts *facts = &at->out->dmarc;
    struct sight sight;

    if (read_step(at, walk, who.legacy, &sight)) {
        facts->legacy_sub = sight.dmarc.legacy_sub;
    }
    if (read_step(at, walk, who.bis, &sight)) {
        facts->sp = sight.dmarc.sp;
        facts->np = sight.dmarc.np;
        facts->bis_sub = sight.dmarc.bis_sub;
        facts->bis_np = sight.dmarc.bis_np;
        facts->sub_pct = sight.dmarc.pct;
        facts->has_sub = has_sub_policy(&sight.dmarc, self, who);
    }
    facts->is_sub_above = walk->steps[0].sight == VD_DMARC_ONE && who.bis > 0;
}

/* ---- the rest of a record --------------------------------------------------------------------- */

static void read_reports(const struct vd_reading *at, const struct vd_report_home *home,
                         const struct vd_dmarc *dmarc)
{
    struct vd_dmarc_facts *facts = &at->out->dmarc;
    struct vd_reports reports;

    vd_reports_look(at, home, dmarc->rua, &reports);
    facts->rua_set = dmarc->rua_set;
    facts->rua = vd_reports_worth(&reports);
    memcpy(facts->rua_lost, reports.lost, sizeof facts->rua_lost);
    if (reports.counts[VD_REPORT_OPEN] > 0) {
        facts->unknown |= VD_FACET_BIT(VD_FACET_DMARC_RUA);
    }
    facts->ruf_set = dmarc->ruf_set;
    facts->is_ruf_foreign = vd_reports_is_foreign(home, dmarc->ruf);
    vd_facts_write_record(at->out, &facts->rua_text, dmarc->rua);
}

static struct vd_report_home home_of(const struct vd_reading *at, const struct vd_dmarc_walk *walk,
                                     int8_t step)
{
    const char *domain = walk->steps[step].name;

    return (struct vd_report_home){.domain = domain,
                                   .org = step == 0 ? vd_dmarc_walk_org(walk) : domain,
                                   .list_org = list_org_of(at->watch->domain)};
}

/* What is the matter with it; "" place: the own one. */
static void write_fault(const struct vd_reading *at, const struct vd_dmarc *dmarc,
                        const char *place)
{
    struct vd_text_ref *fault = &at->out->dmarc.fault;
    const char *words = dmarc->fault[0] == '\0' && !dmarc->has_p
                            ? "there is no p=: receivers act as for p=none"
                            : dmarc->fault;

    if (words[0] == '\0') {
        return;
    }
    vd_facts_write(at->out, fault, "%s%s%s", place, place[0] == '\0' ? "" : ": ", words);
    if (dmarc->guilty.len > 0) {
        vd_facts_write(at->out, fault, ": ");
        vd_facts_write_span(at->out, fault, dmarc->guilty);
    }
    if (place[0] == '\0' && at->out->dmarc.slip != VD_SLIP_NONE) {
        vd_facts_write(at->out, fault, " (%s)", vd_slip_str(at->out->dmarc.slip));
    }
}

/* The record that supplies the policy by RFC 9989; its own, or one above. */
static void take_record(const struct vd_reading *at, const struct vd_dmarc_walk *walk, int8_t step,
                        const struct sight *bis)
{
    struct vd_dmarc_facts *facts = &at->out->dmarc;
    const char *name = walk->steps[step].name;
    const struct vd_report_home home = home_of(at, walk, step);
    bool is_broken = bis->dmarc.fault[0] != '\0' && !bis->dmarc.is_ambiguous;

    facts->location = vd_hash(VD_HASH_START, (const uint8_t *)name, strlen(name));
    facts->source = step == 0                      ? VD_SOURCE_OWN
                    : walk->steps[step].psd == 'y' ? VD_SOURCE_PSD
                                                   : VD_SOURCE_ORG;
    if (facts->standing == VD_STANDING_ABSENT) {
        facts->standing = is_broken ? VD_STANDING_BROKEN : VD_STANDING_OK;
    }
    if (step == 0) {
        facts->extras = bis->dmarc.extras;
        facts->is_ambiguous = bis->dmarc.is_ambiguous;
        facts->psd = (uint8_t)bis->dmarc.psd;
        vd_facts_write_record(at->out, &facts->text, bis->first);
    }
    if (is_broken && step == 0) {
        facts->slip = (uint8_t)vd_slip_of_text(bis->first, VD_SUBJECT_DMARC);
    }
    if (facts->fault.len == 0) {
        write_fault(at, &bis->dmarc, step == 0 ? "" : name);
    }
    read_reports(at, &home, &bis->dmarc);
    if (step > 0) {
        vd_facts_write(at->out, &facts->where, "%s", name);
    }
}

/* ---- an own name without a policy --------------------------------------------------------------- */

/* Two records: neither counts. */
static void take_several(const struct vd_reading *at, const struct sight *own)
{
    struct vd_dmarc_facts *facts = &at->out->dmarc;
    struct vd_span first = own->first, second = own->second;

    facts->standing = VD_STANDING_BROKEN;
    vd_facts_write_record(at->out, &facts->text, first);
    first.len = first.len < EACH_MAX ? first.len : EACH_MAX;
    second.len = second.len < EACH_MAX ? second.len : EACH_MAX;
    vd_facts_write(at->out, &facts->fault, "%u DMARC records: \"", (unsigned)own->records);
    vd_facts_write_span(at->out, &facts->fault, first);
    vd_facts_write(at->out, &facts->fault, "\" and \"");
    vd_facts_write_span(at->out, &facts->fault, second);
    vd_facts_write(at->out, &facts->fault, "\"");
}

/* There is none, but a text that was meant as one. */
static void take_other(const struct vd_reading *at, struct vd_span text)
{
    struct vd_dmarc_facts *facts = &at->out->dmarc;

    facts->is_meant = true;
    facts->slip = (uint8_t)vd_slip_of_text(text, VD_SUBJECT_DMARC);
    vd_facts_write_record(at->out, &facts->text, text);
    vd_facts_write(at->out, &facts->fault, "not read as DMARC%s%s: must begin with v=DMARC1",
                   facts->slip == VD_SLIP_NONE ? "" : ", ", vd_slip_str(facts->slip));
}

/* Gone, and nothing above: does it stand elsewhere? */
static void explain_absence(const struct vd_reading *at)
{
    struct vd_dmarc_facts *facts = &at->out->dmarc;
    bool is_open;

    facts->slip = (uint8_t)vd_slip_look(at, VD_SUBJECT_DMARC, 0, &facts->where, &is_open);
    facts->is_meant = facts->where.len > 0;
}

static uint32_t alias_of(const struct vd_reading *at, const struct sight *own)
{
    const struct vd_record *hop = vd_snapshot_record(at->snapshot, own->answer, VD_TYPE_CNAME, 0);

    return hop == NULL ? 0
                       : vd_operator_of(vd_snapshot_target(at->snapshot, hop), at->watch->domain);
}

void vd_facts_read_dmarc(const struct vd_reading *at)
{
    struct vd_dmarc_facts *facts = &at->out->dmarc;
    struct vd_dmarc_walk walk;
    struct sight own, bis;

    set_strength(facts, VD_DMARC_NO_RECORD);
    uint8_t why = walk_up(at, &walk, &own);
    if (!is_known(&own)) {
        facts->detail = why;
        return;
    }
    facts->detail = own.answer->presence == VD_ABSENT ? own.answer->detail : VD_DETAIL_NONE;
    facts->records = own.records;
    facts->alias = alias_of(at, &own);
    if (vd_dmarc_walk_is_open(&walk)) {
        if (own.records == 0) {
            facts->detail = why; /* whether a record above applies is not known */
            return;
        }
        facts->unknown |= own.records > 1 ? INHERITED : VD_FACET_BIT(VD_FACET_DMARC_SP);
    }
    facts->standing = VD_STANDING_ABSENT;
    if (own.records > 1) {
        take_several(at, &own);
    }
    const char *org = list_org_of(at->watch->domain);
    struct speakers self = {vd_dmarc_walk_policy(&walk, false),
                            vd_dmarc_walk_policy_7489(&walk, org, false)};
    struct speakers below = {vd_dmarc_walk_policy(&walk, true),
                             vd_dmarc_walk_policy_7489(&walk, org, true)};
    read_self(at, &walk, self, &bis);
    read_below(at, &walk, self, below);
    if (own.records == 0 && own.other.len > 0) {
        take_other(at, own.other);
    }
    if (self.bis != VD_DMARC_NOBODY) {
        take_record(at, &walk, self.bis, &bis);
    } else if (own.records == 0 && own.other.len == 0) {
        explain_absence(at);
    }
}

bool vd_reports_of_watch(const struct vd_reading *at, struct vd_report_home *home,
                         struct vd_reports *out)
{
    struct vd_dmarc_walk walk;
    struct sight bis;

    (void)walk_up(at, &walk, &bis);
    int8_t step = vd_dmarc_walk_policy(&walk, false);
    if (!read_step(at, &walk, step, &bis)) {
        return false;
    }
    *home = home_of(at, &walk, step);
    vd_reports_look(at, home, bis.dmarc.rua, out);
    return bis.dmarc.rua.len > 0;
}
