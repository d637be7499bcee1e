/*
 * MX: facts (RFC 5321, section 5; RFC 7505).
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"
#include "firmware/judge/takeover.h"

#include <string.h>

/* Does a come before b: by preference, then by name? */
static bool is_before(const struct vd_snapshot *snapshot, const struct vd_record *a,
                      const struct vd_record *b)
{
    if (a->preference != b->preference) {
        return a->preference < b->preference;
    }
    return strcmp(vd_snapshot_target(snapshot, a), vd_snapshot_target(snapshot, b)) < 0;
}

const struct vd_record *vd_host_next(const struct vd_snapshot *snapshot,
                                     const struct vd_answer *answer, const struct vd_record *last)
{
    const struct vd_record *best = NULL;
    uint16_t type = answer->type;

    for (size_t turn = 0; turn < snapshot->answers_count; turn++) {
        for (size_t i = 0; i < answer->count; i++) {
            const struct vd_record *record = &snapshot->records[answer->first + i];
            if (record->type == type && (last == NULL || is_before(snapshot, last, record)) &&
                (best == NULL || is_before(snapshot, record, best))) {
                best = record;
            }
        }
        if (answer->next >= snapshot->answers_count) {
            break;
        }
        answer = &snapshot->answers[answer->next];
    }
    return best;
}

bool vd_facts_list(struct vd_facts *facts, struct vd_text_ref *text, size_t kept)
{
    uint16_t sound = text->sound;

    if (text->len <= kept) {
        vd_facts_write(facts, text, "%s", text->len > 0 ? ", " : "");
        return true;
    }
    if (sound == text->len) {
        vd_facts_write(facts, text, ", ...");
        text->sound = sound;
    }
    return false;
}

/* ---- the hosts' names -------------------------------------------------------------------- */

static void keep_operator(struct vd_mx_facts *mx, uint32_t operator_)
{
    size_t i = 0;

    while (i < VD_MX_OPERATORS_MAX && mx->operators[i] != 0 && mx->operators[i] != operator_) {
        i++;
    }
    if (i < VD_MX_OPERATORS_MAX) {
        mx->operators[i] = operator_;
    }
}

/* Longest list that is kept to be shown. */
#define MX_TEXT_KEPT 800u

static void write_host(const struct vd_reading *at, const struct vd_record *record)
{
    struct vd_text_ref *text = &at->out->mx.text;

    if (vd_facts_list(at->out, text, MX_TEXT_KEPT)) {
        vd_facts_write(at->out, text, "%u ", (unsigned)record->preference);
        vd_facts_write_span(at->out, text, vd_snapshot_span(at->snapshot, record));
    }
}

/* Servers turn the order of answers around: the text is sorted, the hashes know no order. */
static void take_hosts(const struct vd_reading *at, const struct vd_answer *answer)
{
    struct vd_mx_facts *mx = &at->out->mx;
    const struct vd_record *record = NULL;
    uint8_t nulls = 0;

    while ((record = vd_host_next(at->snapshot, answer, record)) != NULL) {
        struct vd_span host = vd_snapshot_span(at->snapshot, record);
        uint8_t preference[2] = {(uint8_t)(record->preference >> 8),
                                 (uint8_t)(record->preference & 0xffu)};
        write_host(at, record);
        mx->count = (uint8_t)(mx->count < UINT8_MAX ? mx->count + 1 : mx->count);
        if (vd_span_is_exactly(host, ".")) { /* RFC 7505, section 3 */
            nulls = 1;
            continue;
        }
        uint32_t hash = vd_hash(VD_HASH_START, host.bytes, host.len);
        mx->hosts += hash;
        mx->set += vd_hash(hash, preference, sizeof preference);
        keep_operator(mx,
                      vd_operator_of(vd_snapshot_target(at->snapshot, record), at->watch->domain));
    }
    mx->is_null = nulls != 0 && mx->operators[0] == 0;
    mx->is_null_beside = nulls != 0 && mx->operators[0] != 0;
}

/* ---- the hosts' addresses ---------------------------------------------------------------- */

enum host {
    HOST_UNKNOWN = 0,
    HOST_FINE,
    HOST_GONE /* no address, or no such name */
};

/*
 * An address that no mail from outside reaches.  A resolver inside the network may give one for a
 * host that has a public one (split horizon), so it proves nothing.  RFC 6890.
 */
static bool is_private(struct vd_span address)
{
    static const struct {
        uint8_t len, bits;
        uint8_t front[2];
    } networks[] = {
        {4, 8, {0, 0}},      {4, 8, {10, 0}},        {4, 10, {100, 64}},  {4, 8, {127, 0}},
        {4, 16, {169, 254}}, {4, 12, {172, 16}},     {4, 16, {192, 168}}, {16, 16, {0, 0}},
        {16, 7, {0xfc, 0}},  {16, 10, {0xfe, 0x80}},
    };

    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        unsigned mask = 0xffffu << (16 - networks[i].bits);
        unsigned front = (unsigned)(networks[i].front[0] << 8 | networks[i].front[1]);
        if (address.len == networks[i].len &&
            ((unsigned)(address.bytes[0] << 8 | address.bytes[1]) & mask) == front) {
            return true;
        }
    }
    return false;
}

static bool has_public_address(const struct vd_snapshot *snapshot, const struct vd_answer *answer)
{
    const struct vd_record *record;

    for (size_t i = 0; answer != NULL && answer->presence == VD_PRESENT &&
                       (record = vd_snapshot_record(snapshot, answer, answer->type, i)) != NULL;
         i++) {
        if (!is_private(vd_snapshot_span(snapshot, record))) {
            return true;
        }
    }
    return false;
}

static bool is_absent(const struct vd_answer *answer)
{
    return answer != NULL && answer->presence == VD_ABSENT;
}

static bool is_no_name(const struct vd_answer *answer)
{
    return is_absent(answer) && answer->detail == VD_DETAIL_NXDOMAIN;
}

struct addresses {
    const struct vd_answer *a, *aaaa;
};

static struct addresses ask_host(const struct vd_reading *at, const char *host)
{
    struct addresses asked = {
        .a = vd_reading_find(at, host, VD_TYPE_A, VD_WANT_OTHER),
        .aaaa = vd_reading_find(at, host, VD_TYPE_AAAA, VD_WANT_OTHER),
    };

    return asked;
}

static enum host state_of(const struct vd_snapshot *snapshot, const struct addresses *asked)
{
    if (has_public_address(snapshot, asked->a) || has_public_address(snapshot, asked->aaaa)) {
        return HOST_FINE;
    }
    return (is_absent(asked->a) && is_absent(asked->aaaa)) || is_no_name(asked->a) ||
                   is_no_name(asked->aaaa)
               ? HOST_GONE
               : HOST_UNKNOWN;
}

bool vd_mx_is_gone(const struct vd_snapshot *snapshot, const char *host)
{
    const struct addresses asked = {
        .a = vd_snapshot_find(snapshot, host, VD_TYPE_A),
        .aaaa = vd_snapshot_find(snapshot, host, VD_TYPE_AAAA),
    };

    return state_of(snapshot, &asked) == HOST_GONE;
}

static bool is_alias(const struct vd_snapshot *snapshot, const struct vd_answer *answer)
{
    return answer != NULL && vd_snapshot_record(snapshot, answer, VD_TYPE_CNAME, 0) != NULL;
}

/* A host that is gone: can strangers have it?  The first one of the worst kind is named. */
static enum vd_takeover take_gone(const struct vd_reading *at, const char *host,
                                  const struct addresses *asked)
{
    struct vd_mx_facts *mx = &at->out->mx;
    enum vd_takeover takeover =
        vd_takeover_of(at, is_absent(asked->a) ? asked->a : asked->aaaa, NULL);

    mx->gone = (uint8_t)(mx->gone < UINT8_MAX ? mx->gone + 1 : mx->gone);
    if (mx->fault.len == 0 || (takeover == VD_TAKEOVER_YES && mx->takeover == 0)) {
        mx->slip = (uint8_t)vd_slip_of_target(host, at->watch->domain);
        mx->fault = (struct vd_text_ref){0, 0, 0};
        vd_facts_write(at->out, &mx->fault, "%s", host);
    }
    mx->takeover |= takeover == VD_TAKEOVER_YES;
    return takeover;
}

/* One more takes turns with the others at best: that the first ones are there is what matters. */
static void take_targets(const struct vd_reading *at, const struct vd_answer *answer)
{
    struct vd_mx_facts *mx = &at->out->mx;
    const struct vd_record *record = NULL;
    unsigned hosts = 0;
    bool is_unknown = false;

    while (hosts < VD_MX_HOSTS_MAX &&
           (record = vd_host_next(at->snapshot, answer, record)) != NULL) {
        const char *host = vd_snapshot_target(at->snapshot, record);
        if (strcmp(host, ".") == 0) {
            continue;
        }
        hosts++;
        struct addresses asked = ask_host(at, host);
        enum host state = state_of(at->snapshot, &asked);
        if (is_alias(at->snapshot, asked.a) || is_alias(at->snapshot, asked.aaaa)) {
            mx->aliases++; /* RFC 2181, section 10.3 */
        }
        is_unknown |= state == HOST_UNKNOWN;
        is_unknown |= state == HOST_GONE && take_gone(at, host, &asked) == VD_TAKEOVER_UNKNOWN;
    }
    if (is_unknown && mx->takeover == 0) { /* one that strangers can have is enough */
        mx->unknown |= VD_FACET_BIT(VD_FACET_MX_TARGETS);
    }
}

/* One that is missed may stand at another name; where none is missed, nobody is asked. */
static void look_for_slip(const struct vd_reading *at)
{
    const struct vd_mx_facts *was = &at->was->mx;
    struct vd_mx_facts *mx = &at->out->mx;
    bool is_open;

    if ((was->standing == VD_STANDING_OK && !was->is_null) || at->watch->needs_mx) {
        mx->slip = (uint8_t)vd_slip_look(at, VD_SUBJECT_MX, 0, &mx->fault, &is_open);
    }
}

void vd_facts_read_mx(const struct vd_reading *at)
{
    struct vd_mx_facts *mx = &at->out->mx;
    const struct vd_answer *answer =
        vd_reading_find(at, at->watch->domain, VD_TYPE_MX, VD_WANT_OWN);

    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        mx->detail = answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer);
        return;
    }
    if (answer->presence == VD_ABSENT) {
        mx->standing = VD_STANDING_ABSENT;
        mx->detail = answer->detail;
        look_for_slip(at);
        return;
    }
    take_hosts(at, answer);
    take_targets(at, answer);
    mx->standing = mx->count > 0 ? VD_STANDING_OK : VD_STANDING_ABSENT;
}
