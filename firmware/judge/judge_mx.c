/*
 * MX: facts and verdict.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/span.h"

#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"

#include <stdio.h>
#include <string.h>

/* ---- facts ------------------------------------------------------------------------------- */

/* Does a come before b: by preference, then by name? */
static bool is_before(const struct vd_snapshot *snapshot, const struct vd_record *a,
                      const struct vd_record *b)
{
    if (a->preference != b->preference) {
        return a->preference < b->preference;
    }
    return strcmp(vd_snapshot_target(snapshot, a), vd_snapshot_target(snapshot, b)) < 0;
}

const struct vd_record *vd_mx_next(const struct vd_snapshot *snapshot,
                                   const struct vd_answer *answer, const struct vd_record *last)
{
    const struct vd_record *best = NULL;
    const struct vd_record *record;

    for (size_t i = 0; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_MX, i)) != NULL;
         i++) {
        if ((last == NULL || is_before(snapshot, last, record)) &&
            (best == NULL || is_before(snapshot, record, best))) {
            best = record;
        }
    }
    return best;
}

static void keep_operator(struct vd_mx_facts *mx, uint32_t operator_)
{
    for (size_t i = 0; i < VD_MX_OPERATORS_MAX && mx->operators[i] != operator_; i++) {
        if (mx->operators[i] == 0) {
            mx->operators[i] = operator_;
        }
    }
}

/* Servers turn the order of answers around: the text is sorted, the hashes know no order. */
static void take_hosts(const struct vd_snapshot *snapshot, const struct vd_answer *answer,
                       const char *domain, struct vd_facts *out)
{
    struct vd_mx_facts *mx = &out->mx;
    const struct vd_record *record = NULL;
    uint8_t nulls = 0;

    while ((record = vd_mx_next(snapshot, answer, record)) != NULL) {
        struct vd_span host = vd_snapshot_span(snapshot, record);
        uint8_t preference[2] = {(uint8_t)(record->preference >> 8),
                                 (uint8_t)(record->preference & 0xffu)};
        vd_facts_write(out, &mx->text, "%s%u ", mx->count > 0 ? ", " : "",
                       (unsigned)record->preference);
        vd_facts_write_span(out, &mx->text, host);
        mx->count = (uint8_t)(mx->count < UINT8_MAX ? mx->count + 1 : mx->count);
        if (vd_span_is_exactly(host, ".")) { /* RFC 7505 */
            nulls = 1;
            continue;
        }
        uint32_t hash = vd_hash(VD_HASH_START, host.bytes, host.len);
        mx->hosts += hash;
        mx->set += vd_hash(hash, preference, sizeof preference);
        keep_operator(mx, vd_operator_of(vd_snapshot_target(snapshot, record), domain));
    }
    mx->is_null = nulls != 0 && mx->operators[0] == 0;
    mx->is_null_beside = nulls != 0 && mx->operators[0] != 0;
}

void vd_facts_read_mx(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                      struct vd_facts *out)
{
    const struct vd_answer *answer = vd_snapshot_find(snapshot, watch->domain, VD_TYPE_MX);

    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        out->mx.detail = answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer);
        return;
    }
    if (answer->presence == VD_ABSENT) {
        out->mx.standing = VD_STANDING_ABSENT;
        out->mx.detail = answer->detail;
        return;
    }
    take_hosts(snapshot, answer, watch->domain, out);
    out->mx.standing = out->mx.count > 0 ? VD_STANDING_OK : VD_STANDING_ABSENT;
}

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

/* ---- verdict ----------------------------------------------------------------------------- */

static void add(const struct vd_case *at, struct vd_finding *finding, const char *subject)
{
    char words[VD_SUMMARY_MAX];

    finding->rtype = VD_TYPE_MX;
    finding->old_text = vd_words_put(at->out, "%s", vd_mx_summary(at->was, words));
    finding->new_text = at->out->subjects[at->subject].summary;
    finding->subject_line = vd_words_subject(at, "%s", subject);
    vd_finding_add(at, finding);
}

bool vd_mx_is_known(const struct vd_facts *was, const char *host, const char *domain)
{
    uint32_t operator_ = vd_operator_of(host, domain);

    for (size_t i = 0; i < VD_MX_OPERATORS_MAX; i++) {
        if (was->mx.operators[i] == operator_) {
            return true;
        }
    }
    return operator_ == vd_operator_of(domain, domain);
}

/*
 * Mail goes to an outside host while no known one is better than it: equal ones take turns.  The
 * hosts come best first, so the first outside one and the first known one tell.
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

    while (answer != NULL && (record = vd_mx_next(at->snapshot, answer, record)) != NULL) {
        const char *host = vd_snapshot_target(at->snapshot, record);
        if (strcmp(host, ".") == 0) {
            continue;
        }
        if (vd_mx_is_known(at->was, host, at->watch->domain)) {
            known = known == NULL ? record : known;
        } else {
            outside = outside == NULL ? record : outside;
        }
    }
    if (outside == NULL) {
        finding = vd_finding_of(at, VD_CODE_MX_CHANGED);
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
        add(at, &finding, "MX changed: other hosts");
        return;
    }
    if (known != NULL && known->preference < outside->preference) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING);
    }
    snprintf(words, sizeof words, "MX has a host not known before: %s",
             vd_short_name(vd_snapshot_target(at->snapshot, outside), name, sizeof name));
    add(at, &finding, words);
}

static void compare(const struct vd_case *at)
{
    const struct vd_mx_facts *was = &at->was->mx;
    const struct vd_mx_facts *now = &at->now->mx;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_CHANGED);

    if (now->is_null_beside && !was->is_null_beside) {
        finding = vd_finding_of(at, VD_CODE_MX_BROKEN);
        add(at, &finding, "MX broken: a null MX beside real ones");
        finding = vd_finding_of(at, VD_CODE_MX_CHANGED);
    }
    if (now->is_null && !was->is_null) {
        finding = vd_finding_of(at, VD_CODE_MX_NULL);
        add(at, &finding, "MX is null: all mail to you is returned");
    } else if (was->is_null && !now->is_null) {
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
        add(at, &finding, "MX changed: the domain takes mail now");
    } else if (now->hosts != was->hosts) {
        compare_hosts(at);
    } else if (now->set != was->set) {
        add(at, &finding, "MX changed: preferences");
    }
}

void vd_judge_mx(const struct vd_case *at)
{
    uint8_t was = at->was->mx.standing;
    bool is_there = at->now->mx.standing == VD_STANDING_OK;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_MISSING);

    if (is_there && was == VD_STANDING_OK) {
        compare(at);
    } else if (is_there && was == VD_STANDING_ABSENT) {
        finding = vd_finding_of(at, VD_CODE_MX_CHANGED);
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
        add(at, &finding, "MX appeared");
    } else if (!is_there && was == VD_STANDING_OK && at->was->mx.is_null) {
        finding = vd_finding_of(at, VD_CODE_MX_CHANGED);
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
        add(at, &finding, "null MX is gone: senders try the web server");
    } else if (!is_there && was == VD_STANDING_OK) {
        add(at, &finding, "MX missing: mail to you finds no way");
    }
}
