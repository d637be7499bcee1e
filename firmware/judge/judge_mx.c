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

/* The record that follows `last` in that order, NULL behind the last one. */
static const struct vd_record *next_in_order(const struct vd_snapshot *snapshot,
                                             const struct vd_answer *answer,
                                             const struct vd_record *last)
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

/* Servers turn the order of answers around: the text is sorted, the hashes know no order. */
static void take_hosts(const struct vd_snapshot *snapshot, const struct vd_answer *answer,
                       struct vd_facts *out)
{
    struct vd_mx_facts *mx = &out->mx;
    const struct vd_record *record = NULL;

    while ((record = next_in_order(snapshot, answer, record)) != NULL) {
        struct vd_span host = vd_snapshot_span(snapshot, record);
        uint8_t preference[2] = {(uint8_t)(record->preference >> 8),
                                 (uint8_t)(record->preference & 0xffu)};
        uint32_t hash = vd_hash(VD_HASH_START, host.bytes, host.len);
        mx->hosts += hash;
        mx->set += vd_hash(hash, preference, sizeof preference);
        vd_facts_write(out, &mx->text, "%s%u ", mx->count > 0 ? ", " : "",
                       (unsigned)record->preference);
        vd_facts_write_span(out, &mx->text, host);
        mx->is_null = mx->count == 0 && vd_span_is_exactly(host, "."); /* RFC 7505 */
        if (mx->count < UINT8_MAX) {
            mx->count++;
        }
    }
}

void vd_facts_read_mx(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                      struct vd_facts *out)
{
    const struct vd_answer *answer = vd_snapshot_find(snapshot, watch->domain, VD_TYPE_MX);

    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        out->mx.detail = answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : answer->detail;
        return;
    }
    if (answer->presence == VD_ABSENT) {
        out->mx.standing = VD_STANDING_ABSENT;
        out->mx.detail = answer->detail;
        return;
    }
    take_hosts(snapshot, answer, out);
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
    finding->new_text = vd_words_put(at->out, "%s", vd_mx_summary(at->now, words));
    finding->subject_line = vd_words_subject(at, "%s", subject);
    vd_finding_add(at, finding);
}

/* The next host of "10 a.example, 20 b.example"; false behind the last. */
static bool next_host(struct vd_span *list, char host[VD_DOMAIN_TEXT_MAX])
{
    struct vd_span item;

    if (!vd_span_next(list, ',', &item)) {
        return false;
    }
    item = vd_span_trim(item);
    size_t blank = vd_span_to(item, ' ');
    item = vd_span_skip(item, blank < item.len ? blank + 1 : item.len);
    size_t len = item.len < VD_DOMAIN_TEXT_MAX ? item.len : VD_DOMAIN_TEXT_MAX - 1u;
    memcpy(host, item.bytes, len);
    host[len] = '\0';
    return true;
}

static struct vd_span hosts_of(const struct vd_facts *facts)
{
    return (struct vd_span){(const uint8_t *)vd_facts_text(facts, facts->mx.text),
                            facts->mx.text.len};
}

/* Of the domain itself, or of an operator that the baseline knows? */
static bool is_known_host(const struct vd_case *at, const char *host)
{
    struct vd_span known = hosts_of(at->was);
    char other[VD_DOMAIN_TEXT_MAX];

    if (vd_is_same_operator(host, at->watch->domain)) {
        return true;
    }
    while (next_host(&known, other)) {
        if (vd_is_same_operator(host, other)) {
            return true;
        }
    }
    return false;
}

/* A text that was cut does not tell all hosts. */
static bool is_whole_list(const struct vd_facts *facts)
{
    const char *text = vd_facts_text(facts, facts->mx.text);
    size_t len = facts->mx.text.len;

    return len < 3 || strcmp(text + len - 3, "...") != 0;
}

static void compare_hosts(const struct vd_case *at)
{
    struct vd_span list = hosts_of(at->now);
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_OUTSIDE);
    char host[VD_DOMAIN_TEXT_MAX];
    bool is_first = true;
    bool is_best_known = true;
    bool has_outside = false;

    while (is_whole_list(at->now) && is_whole_list(at->was) && next_host(&list, host)) {
        bool is_known = is_known_host(at, host);
        has_outside = has_outside || !is_known;
        is_best_known = is_first ? is_known : is_best_known;
        is_first = false;
    }
    if (has_outside) {
        if (is_best_known) { /* it gets mail only while the known ones do not answer */
            vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING);
        }
        add(at, &finding, "MX points to a host not known before");
        return;
    }
    finding = vd_finding_of(at, VD_CODE_MX_CHANGED);
    vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
    add(at, &finding, "MX changed: other hosts");
}

static void compare(const struct vd_case *at)
{
    const struct vd_mx_facts *was = &at->was->mx;
    const struct vd_mx_facts *now = &at->now->mx;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MX_CHANGED);

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
