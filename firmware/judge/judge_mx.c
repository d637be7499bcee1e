/*
 * MX: verdict.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_others.h"
#include "firmware/judge/slips.h"
#include "firmware/judge/takeover.h"

#include <stdio.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------------- */

const char *vd_mx_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX])
{
    const struct vd_mx_facts *mx = &facts->mx;

    switch (mx->standing) {
    case VD_STANDING_UNKNOWN:
        snprintf(out, VD_SUMMARY_MAX, "unknown (%s)", vd_detail_str((enum vd_detail)mx->detail));
        break;
    case VD_STANDING_ABSENT:
        return vd_absent_words(mx->detail, out);
    default:
        if (mx->is_null) {
            snprintf(out, VD_SUMMARY_MAX, "null MX: takes no mail");
        } else {
            snprintf(out, VD_SUMMARY_MAX, "%u host%s: %.160s", (unsigned)mx->count,
                     mx->count == 1 ? "" : "s", vd_facts_text(facts, mx->text));
        }
        break;
    }
    return out;
}

static void add(const struct vd_case *at, struct vd_finding *finding, const char *subject)
{
    char words[VD_SUMMARY_MAX];

    finding->rtype = VD_TYPE_MX;
    if (!vd_case_is_first(at)) {
        finding->old_text = vd_words_put(at->out, "%s", vd_mx_summary(at->was, words));
    }
    finding->subject_line = vd_words_subject(at, "%s", subject);
    vd_finding_add(at, finding);
}

static void tell(const struct vd_case *at, enum vd_code code, const char *subject)
{
    struct vd_finding finding = vd_finding_of(at, code);

    add(at, &finding, subject);
}

/* ---- does the domain take mail, and says so? ---------------------------------------------- */

enum taking { TAKES_UNSAID, TAKES_NONE, TAKES_MAIL };

static enum taking taking_of(const struct vd_mx_facts *mx)
{
    return mx->standing != VD_STANDING_OK ? TAKES_UNSAID : mx->is_null ? TAKES_NONE : TAKES_MAIL;
}

/* No MX at all is no null MX: senders fall back to A and AAAA (RFC 5321, section 5.1). */
static void find_missing(const struct vd_case *at, enum taking was)
{
    static const char fallback[] =
        "Without an MX senders try the address of the web server: only a "
        "null MX says that the domain takes no mail.";
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_MISSING);

    if (was == TAKES_MAIL || at->watch->needs_mx) {
        if (at->now->mx.slip != VD_SLIP_NONE) {
            finding.new_text = vd_words_put(at->out, "absent; stands at %s: %s",
                                            vd_facts_text(at->now, at->now->mx.fault),
                                            vd_slip_str(at->now->mx.slip));
        }
        add(at, &finding, "MX missing: mail to you finds no way");
        return;
    }
    finding.sentence = fallback;
    finding.axis = VD_AXIS_INTERCEPT;
    if (at->watch->needs_null_mx) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, VD_SEVERITY_WARNING);
    } else {
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
    }
    add(at, &finding, "null MX is missing: senders try the web server");
}

static void find_null(const struct vd_case *at, enum taking was)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_NULL);

    if (was == TAKES_UNSAID && !at->watch->needs_mx) {
        static const char good[] = "Senders now know that the domain takes no mail: they return it "
                                   "at once, and nobody else receives it.";
        finding = vd_finding_of(at, VD_CODE_MX_APPEARED);
        finding.sentence = good;
        vd_finding_set(&finding, VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO);
        add(at, &finding, "null MX appeared: the domain takes no mail");
        return;
    }
    add(at, &finding, "MX is null: all mail to you is returned");
}

static void find_real(const struct vd_case *at, enum taking was)
{
    if (at->watch->needs_null_mx) {
        tell(at, VD_CODE_MX_PARKED, "a parked domain takes mail now");
    } else if (was == TAKES_NONE) {
        tell(at, VD_CODE_MX_APPEARED, "MX changed: the domain takes mail now");
    } else {
        tell(at, VD_CODE_MX_APPEARED, "MX appeared");
    }
}

/* ---- whose hosts are they? ---------------------------------------------------------------- */

static bool is_remembered(const struct vd_facts *was, uint32_t operator_)
{
    for (size_t i = 0; i < VD_MX_OPERATORS_MAX; i++) {
        if (was->mx.operators[i] == operator_) {
            return true;
        }
    }
    return false;
}

/* The next word of a list with blanks between; NULL: no more.  *list moves on. */
static const char *next_word(const char **list, size_t *len)
{
    const char *word = *list + strspn(*list, " ");

    *len = strcspn(word, " ");
    *list = word + *len;
    return *len == 0 ? NULL : word;
}

/* Is the host that name, or below it?  On label boundaries. */
static bool is_within(const char *host, const char *suffix, size_t len)
{
    size_t host_len = strlen(host);

    return host_len >= len && strncmp(host + host_len - len, suffix, len) == 0 &&
           (host_len == len || host[host_len - len - 1] == '.');
}

/* Its other hosts are at work already: of one that moves from aspmx.l.google.com to
   smtp.google.com, or to the same service's second domain. */
static bool is_in_use(const struct vd_facts *was, const struct vd_provider *provider,
                      const char *domain)
{
    const char *hosts = provider->hosts;
    const char *word;
    size_t len;

    while ((word = next_word(&hosts, &len)) != NULL) {
        char suffix[VD_DOMAIN_TEXT_MAX];
        snprintf(suffix, sizeof suffix, "%.*s", (int)len, word);
        if (is_remembered(was, vd_operator_of(suffix, domain))) {
            return true;
        }
    }
    return false;
}

bool vd_mx_is_known(const struct vd_facts *was, const char *host, const struct vd_watch *watch)
{
    uint32_t operator_ = vd_operator_of(host, watch->domain);
    const char *allowed = vd_watch_text(watch, watch->mx);
    const char *word;
    size_t len;

    if (operator_ == vd_operator_of(watch->domain, watch->domain) ||
        is_remembered(was, operator_)) {
        return true;
    }
    while ((word = next_word(&allowed, &len)) != NULL) {
        if (is_within(host, word, len)) {
            return true;
        }
    }
    const struct vd_provider *provider = vd_provider_of_host(watch, host);
    return provider != NULL &&
           (vd_provider_is_configured(watch, provider) || is_in_use(was, provider, watch->domain));
}

/*
 * Mail goes to an outside host while no known one is better than it: equal ones take turns, and one
 * without an address takes none.  The hosts come best first, so the first outside one and the first
 * known one tell.
 */
static void compare_hosts(const struct vd_case *at)
{
    const struct vd_answer *answer = vd_snapshot_find(at->snapshot, at->watch->domain, VD_TYPE_MX);
    const struct vd_record *record = NULL;
    const struct vd_record *known = NULL;
    const struct vd_record *outside = NULL;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_OUTSIDE);
    char name[VD_SHORT_NAME_MAX];
    char words[VD_SUMMARY_MAX];

    while (answer != NULL && (record = vd_host_next(at->snapshot, answer, record)) != NULL) {
        const char *host = vd_snapshot_target(at->snapshot, record);
        if (strcmp(host, ".") == 0) {
            continue;
        }
        if (!vd_mx_is_known(at->was, host, at->watch)) {
            outside = outside == NULL ? record : outside;
        } else if (known == NULL && !vd_mx_is_gone(at->snapshot, host)) {
            known = record;
        }
    }
    if (outside == NULL) {
        tell(at, VD_CODE_MX_CHANGED, "MX changed: other hosts of the same kind");
        return;
    }
    if (known != NULL && known->preference < outside->preference) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING);
    }
    snprintf(words, sizeof words, "MX has a host not known before: %s",
             vd_short_name(vd_snapshot_target(at->snapshot, outside), name, sizeof name));
    add(at, &finding, words);
}

/* ---- are they there? ---------------------------------------------------------------------- */

/* How many of the hosts that are looked at have no address: 0 none, 1 some, 2 all. */
static unsigned loss_of(const struct vd_mx_facts *mx)
{
    unsigned hosts = (unsigned)(mx->count - mx->is_null_beside);

    return mx->gone == 0                                                     ? 0
           : mx->gone >= (hosts < VD_MX_HOSTS_MAX ? hosts : VD_MX_HOSTS_MAX) ? 2
                                                                             : 1;
}

/* The domain that a stranger could register to receive this host's mail; "" if it is not known. */
static void zone_of(const struct vd_case *at, const char *host, char *zone)
{
    const struct vd_reading reading = {
        .snapshot = at->snapshot, .watch = at->watch, .was = at->was};

    zone[0] = '\0';
    if (vd_takeover_of(&reading, vd_snapshot_find(at->snapshot, host, VD_TYPE_A), zone) !=
        VD_TAKEOVER_YES) {
        (void)vd_takeover_of(&reading, vd_snapshot_find(at->snapshot, host, VD_TYPE_AAAA), zone);
    }
}

static void find_gone(const struct vd_case *at)
{
    const struct vd_mx_facts *now = &at->now->mx;
    const char *host = vd_facts_text(at->now, now->fault);
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_GONE);
    char name[VD_SHORT_NAME_MAX];
    char words[VD_SUMMARY_MAX];

    if (loss_of(now) < 2) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, VD_SEVERITY_WARNING);
    }
    snprintf(words, sizeof words, "MX host %s has no address",
             vd_short_name(host, name, sizeof name));
    finding.new_text = vd_words_put(at->out, "%s has no address%s%s", host,
                                    now->slip == VD_SLIP_NONE ? "" : ": ", vd_slip_str(now->slip));
    finding.path = vd_words_put(at->out, "%s > MX %s", at->watch->domain, host);
    add(at, &finding, words);
}

static void find_takeover(const struct vd_case *at)
{
    const char *host = vd_facts_text(at->now, at->now->mx.fault);
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_TAKEOVER);
    char zone[VD_DOMAIN_TEXT_MAX];
    char name[VD_SHORT_NAME_MAX];
    char words[VD_SUMMARY_MAX];

    zone_of(at, host, zone);
    snprintf(words, sizeof words, "MX leads to %s, which appears unregistered",
             vd_short_name(zone[0] == '\0' ? host : zone, name, sizeof name));
    finding.new_text = vd_words_put(at->out, "%s: %s appears unregistered", host, zone);
    finding.path = vd_words_put(at->out, "%s > MX %s", at->watch->domain, host);
    add(at, &finding, words);
}

/* Where the aliases of a name lead in the end; NULL: it is none. */
static const char *end_of_alias(const struct vd_snapshot *snapshot, const char *host, uint16_t type)
{
    const struct vd_answer *answer = vd_snapshot_find(snapshot, host, type);
    const struct vd_record *hop;
    const char *end = NULL;

    for (size_t i = 0;
         answer != NULL && (hop = vd_snapshot_record(snapshot, answer, VD_TYPE_CNAME, i)) != NULL;
         i++) {
        end = vd_snapshot_target(snapshot, hop);
    }
    return end;
}

const char *vd_mx_alias(const struct vd_snapshot *snapshot, const char *domain, const char **host)
{
    const struct vd_answer *answer = vd_snapshot_find(snapshot, domain, VD_TYPE_MX);
    const struct vd_record *record = NULL;
    const char *end = NULL;

    while (end == NULL && answer != NULL &&
           (record = vd_host_next(snapshot, answer, record)) != NULL) {
        *host = vd_snapshot_target(snapshot, record);
        end = end_of_alias(snapshot, *host, VD_TYPE_A);
        end = end != NULL ? end : end_of_alias(snapshot, *host, VD_TYPE_AAAA);
    }
    return end;
}

static void find_alias(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_ALIAS);
    const char *host;
    const char *end = vd_mx_alias(at->snapshot, at->watch->domain, &host);

    if (end != NULL) {
        finding.new_text = vd_words_put(at->out, "%s is a CNAME to %s", host, end);
    }
    add(at, &finding, "an MX host is an alias");
}

/* was  what the hosts were like; all zero where it is not known. */
static void compare_targets(const struct vd_case *at, const struct vd_mx_facts *was)
{
    const struct vd_mx_facts *now = &at->now->mx;

    if (now->takeover > was->takeover) {
        find_takeover(at);
    } else if (loss_of(now) > loss_of(was) || (loss_of(now) == 1 && now->gone > was->gone)) {
        find_gone(at);
    } else if (now->aliases > was->aliases) {
        find_alias(at);
    } else if (now->takeover != was->takeover || now->gone != was->gone ||
               now->aliases != was->aliases) {
        tell(at, VD_CODE_MX_BETTER, "MX hosts are found where they were not");
    }
}

/* ---- verdict ------------------------------------------------------------------------------ */

static bool is_known(const struct vd_mx_facts *mx, uint8_t facet)
{
    return (mx->unknown & VD_FACET_BIT(facet)) == 0;
}

static void compare(const struct vd_case *at)
{
    const struct vd_mx_facts *was = &at->was->mx;
    const struct vd_mx_facts *now = &at->now->mx;

    if (now->is_null_beside > was->is_null_beside) {
        tell(at, VD_CODE_MX_BROKEN, "MX broken: a null MX beside real ones");
    } else if (now->is_null_beside < was->is_null_beside) {
        tell(at, VD_CODE_MX_MENDED, "MX mended: the null MX beside real ones is gone");
    }
    if (now->hosts != was->hosts) {
        compare_hosts(at);
    } else if (now->set != was->set) {
        tell(at, VD_CODE_MX_CHANGED, "MX changed: preferences");
    }
}

/* At first contact: the floor, and what nobody should start with. */
static void judge_first_targets(const struct vd_case *at)
{
    const struct vd_mx_facts *now = &at->now->mx;

    if (now->takeover) {
        find_takeover(at);
    } else if (at->watch->needs_mx && loss_of(now) == 2) {
        find_gone(at);
    } else if (now->gone > 0) {
        vd_case_hint(at, "an MX host without address");
    } else if (now->aliases > 0) {
        vd_case_hint(at, "an MX host that is a CNAME");
    }
}

static void judge_first(const struct vd_case *at, enum taking now)
{
    const struct vd_watch *watch = at->watch;

    if (now == TAKES_UNSAID && (watch->needs_mx || watch->needs_null_mx)) {
        find_missing(at, TAKES_UNSAID);
    } else if (now == TAKES_NONE && watch->needs_mx) {
        struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_NULL);
        vd_finding_set(&finding, VD_CLASS_BROKEN, VD_SEVERITY_ERROR);
        add(at, &finding, "MX is null: all mail to you is returned");
    } else if (now == TAKES_MAIL && watch->needs_null_mx) {
        tell(at, VD_CODE_MX_PARKED, "a parked domain takes mail");
    }
    if (at->now->mx.is_null_beside) {
        vd_case_hint(at, "a null MX beside real ones");
    }
}

void vd_judge_mx(const struct vd_case *at)
{
    static const struct vd_mx_facts nothing;
    const struct vd_mx_facts *was_facts = &at->was->mx;
    enum taking was = taking_of(was_facts);
    enum taking now = taking_of(&at->now->mx);
    bool is_first = vd_case_is_first(at);

    if (is_first) {
        judge_first(at, now);
    } else if (now == TAKES_MAIL && was == TAKES_MAIL) {
        compare(at);
    } else if (now != was && now == TAKES_MAIL) {
        find_real(at, was);
    } else if (now != was && now == TAKES_NONE) {
        find_null(at, was);
    } else if (now != was) {
        find_missing(at, was);
    }
    if (now != TAKES_MAIL || !is_known(&at->now->mx, VD_FACET_MX_TARGETS)) {
        return;
    }
    if (is_first || !is_known(was_facts, VD_FACET_MX_TARGETS)) {
        judge_first_targets(at);
    } else {
        compare_targets(at, was == TAKES_MAIL ? was_facts : &nothing);
    }
}
