/*
 * The answers of one survey.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/snapshot.h"

#include "dns/message.h" /* VD_RCODE_NONE */

#include <string.h>

static const char *const over_words[] = {
    [VD_LIMIT_NONE] = "over a limit",
    [VD_LIMIT_TXT] = "over VD_TXT_LEN_MAX",
    [VD_LIMIT_RECORDS] = "over VD_SURVEY_RECORDS_MAX",
    [VD_LIMIT_BYTES] = "over VD_SURVEY_BYTES_MAX",
    [VD_LIMIT_QUESTIONS] = "over VD_SURVEY_QUESTIONS_MAX",
    [VD_LIMIT_TCP_MESSAGE] = "over VD_TCP_MESSAGE_MAX",
    [VD_LIMIT_CHAIN] = "over VD_CHAIN_MAX",
};

const char *vd_detail_str(enum vd_detail detail)
{
    static const char *const words[] = {
        [VD_DETAIL_NONE] = "",
        [VD_DETAIL_NODATA] = "NODATA",
        [VD_DETAIL_NXDOMAIN] = "NXDOMAIN",
        [VD_DETAIL_DANGLING] = "dangling alias",
        [VD_DETAIL_NOT_ASKED] = "not asked",
        [VD_DETAIL_TIMEOUT] = "timeout",
        [VD_DETAIL_SERVFAIL] = "SERVFAIL",
        [VD_DETAIL_REFUSED] = "REFUSED",
        [VD_DETAIL_RCODE] = "error response",
        [VD_DETAIL_LAME] = "lame server",
        [VD_DETAIL_TRUNCATED] = "truncated",
        [VD_DETAIL_SUSPECT] = "absence not proved",
        [VD_DETAIL_MALFORMED] = "malformed response",
        [VD_DETAIL_CHAIN] = "alias loop or too many aliases",
        [VD_DETAIL_NETWORK] = "unreachable",
        [VD_DETAIL_TLS] = "TLS failed",
        [VD_DETAIL_FILTERED] = "filtered",
        [VD_DETAIL_DNSSEC] = "DNSSEC validation failed",
        [VD_DETAIL_STALE] = "stale answer",
        [VD_DETAIL_UPSTREAM] = "resolver cannot reach the zone's servers",
        [VD_DETAIL_ATTACK] = "forged responses",
        [VD_DETAIL_INTERCEPTED] = "intercepted",
    };
    size_t index = (size_t)detail;

    if (index >= VD_DETAIL_LIMIT && index <= (size_t)VD_DETAIL_LIMIT + VD_LIMIT_CHAIN) {
        return over_words[index - VD_DETAIL_LIMIT];
    }
    if (index >= sizeof words / sizeof words[0] || words[index] == NULL) {
        return "";
    }
    return words[index];
}

const char *vd_limit_str(uint8_t limit)
{
    return limit > VD_LIMIT_NONE && limit <= VD_LIMIT_CHAIN ? over_words[limit] + strlen("over ")
                                                            : "";
}

uint8_t vd_answer_detail(const struct vd_answer *answer)
{
    bool is_limit = answer->detail == VD_DETAIL_LIMIT || answer->limit == VD_LIMIT_CHAIN;

    return is_limit ? (uint8_t)(VD_DETAIL_LIMIT + answer->limit) : answer->detail;
}

const char *vd_rrtype_str(uint16_t type)
{
    switch (type) {
    case VD_TYPE_A:
        return "A";
    case VD_TYPE_NS:
        return "NS";
    case VD_TYPE_CNAME:
        return "CNAME";
    case VD_TYPE_SOA:
        return "SOA";
    case VD_TYPE_PTR:
        return "PTR";
    case VD_TYPE_MX:
        return "MX";
    case VD_TYPE_TXT:
        return "TXT";
    case VD_TYPE_AAAA:
        return "AAAA";
    case VD_TYPE_OPT:
        return "OPT";
    case VD_TYPE_DS:
        return "DS";
    default:
        return "?";
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Names compare without case (RFC 4343); both are escaped alike, so as text. */
static bool is_same_name(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

const char *vd_snapshot_name(const struct vd_snapshot *snapshot, const struct vd_answer *answer)
{
    return (const char *)snapshot->bytes + answer->name;
}

const struct vd_answer *vd_snapshot_find(const struct vd_snapshot *snapshot, const char *name,
                                         uint16_t type)
{
    for (size_t i = 0; i < snapshot->answers_count; i++) {
        const struct vd_answer *answer = &snapshot->answers[i];
        if (answer->type == type && is_same_name(vd_snapshot_name(snapshot, answer), name)) {
            return answer;
        }
    }
    return NULL;
}

const struct vd_record *vd_snapshot_record(const struct vd_snapshot *snapshot,
                                           const struct vd_answer *answer, uint16_t type,
                                           size_t index)
{
    /* A chain that runs in a circle ends after as many turns as there are answers. */
    for (size_t turn = 0; answer != NULL && turn < snapshot->answers_count; turn++) {
        for (size_t i = 0; i < answer->count; i++) {
            const struct vd_record *record = &snapshot->records[answer->first + i];
            if (record->type == type && index-- == 0) {
                return record;
            }
        }
        answer = answer->next < snapshot->answers_count ? &snapshot->answers[answer->next] : NULL;
    }
    return NULL;
}

struct vd_span vd_snapshot_span(const struct vd_snapshot *snapshot, const struct vd_record *record)
{
    return (struct vd_span){snapshot->bytes + record->offset, record->len};
}

const char *vd_snapshot_target(const struct vd_snapshot *snapshot, const struct vd_record *record)
{
    return (const char *)snapshot->bytes + record->offset;
}

bool vd_is_within(const char *name, const char *domain)
{
    size_t len = strlen(name);
    size_t domain_len = strlen(domain);

    return len >= domain_len && strcmp(name + len - domain_len, domain) == 0 &&
           (len == domain_len || name[len - domain_len - 1] == '.');
}

void vd_snapshot_clear(struct vd_snapshot *snapshot)
{
    /* bytes[] need no wiping: nothing points into them. */
    snapshot->answers_count = 0;
    snapshot->records_count = 0;
    snapshot->bytes_len = 0;
    snapshot->started_ms = 0;
    snapshot->ended_ms = 0;
    snapshot->ad_servers = 0;
    snapshot->probe[0] = '\0';
    memset(snapshot->delegated, 0, sizeof(snapshot->delegated));
}

/* Keep bytes and, for text, a NUL behind them.  false: no room. */
static bool keep(struct vd_snapshot *snapshot, const void *bytes, size_t len, bool is_text,
                 uint16_t *offset)
{
    size_t need = len + (is_text ? 1u : 0u);

    if (need > VD_SURVEY_BYTES_MAX - (size_t)snapshot->bytes_len) {
        return false;
    }
    *offset = snapshot->bytes_len;
    if (len > 0) {
        memmove(snapshot->bytes + snapshot->bytes_len, bytes, len); /* may be there already */
    }
    if (is_text) {
        snapshot->bytes[snapshot->bytes_len + len] = '\0';
    }
    snapshot->bytes_len = (uint16_t)(snapshot->bytes_len + need);
    return true;
}

enum vd_status vd_snapshot_ask(struct vd_snapshot *snapshot, const char *name, uint16_t type,
                               size_t *index)
{
    const struct vd_answer *there = vd_snapshot_find(snapshot, name, type);
    uint16_t offset;

    if (there != NULL) {
        *index = (size_t)(there - snapshot->answers);
        return VD_OTHER;
    }
    if (snapshot->answers_count >= VD_SURVEY_QUESTIONS_MAX ||
        !keep(snapshot, name, strlen(name), true, &offset)) {
        return VD_EFULL;
    }
    for (char *c = (char *)snapshot->bytes + offset; *c != '\0'; c++) {
        *c = lower(*c);
    }
    *index = snapshot->answers_count;
    snapshot->answers[snapshot->answers_count++] = (struct vd_answer){
        .name = offset,
        .type = type,
        .presence = VD_UNKNOWN,
        .detail = VD_DETAIL_NOT_ASKED,
        .rcode = VD_RCODE_NONE,
        .ede = VD_EDE_NONE,
        .next = VD_ANSWER_NONE,
    };
    return VD_OK;
}

/* Is a record of this type kept as a name? */
static bool is_name_type(uint16_t type)
{
    return type == VD_TYPE_CNAME || type == VD_TYPE_MX || type == VD_TYPE_NS ||
           type == VD_TYPE_PTR || type == VD_TYPE_SOA;
}

enum vd_status vd_snapshot_add(struct vd_snapshot *snapshot, size_t answer, uint16_t type,
                               uint16_t preference, const uint8_t *bytes, size_t len)
{
    uint16_t offset;

    if (answer >= snapshot->answers_count) {
        return VD_EINVAL;
    }
    struct vd_answer *to = &snapshot->answers[answer];
    if (to->count > 0 && to->first + to->count != snapshot->records_count) {
        return VD_EINVAL; /* another answer was filled in between */
    }
    if (snapshot->records_count >= VD_SURVEY_RECORDS_MAX ||
        !keep(snapshot, bytes, len, is_name_type(type), &offset)) {
        return VD_EFULL;
    }
    if (to->count == 0) {
        to->first = snapshot->records_count;
    }
    snapshot->records[snapshot->records_count++] = (struct vd_record){
        .type = type, .preference = preference, .offset = offset, .len = (uint16_t)len};
    to->count++;
    return VD_OK;
}

uint16_t vd_snapshot_keep_text(struct vd_snapshot *snapshot, const char *text)
{
    uint16_t offset;

    if (text[0] == '\0' || !keep(snapshot, text, strlen(text), true, &offset)) {
        return 0;
    }
    for (char *c = (char *)snapshot->bytes + offset; *c != '\0'; c++) {
        *c = *c >= ' ' && *c < 0x7f ? *c : '?';
    }
    return offset;
}

static bool is_same_record(const struct vd_snapshot *snapshot, const struct vd_record *a,
                           const struct vd_record *b)
{
    return a->type == b->type && a->preference == b->preference && a->len == b->len &&
           memcmp(snapshot->bytes + a->offset, snapshot->bytes + b->offset, a->len) == 0;
}

void vd_snapshot_drop_duplicate(struct vd_snapshot *snapshot, size_t answer)
{
    struct vd_answer *of = &snapshot->answers[answer];

    if (of->count < 2) {
        return;
    }
    const struct vd_record *last = &snapshot->records[of->first + of->count - 1u];
    for (size_t i = of->first; i + 1u < (size_t)of->first + of->count; i++) {
        if (is_same_record(snapshot, &snapshot->records[i], last)) {
            snapshot->bytes_len = last->offset;
            snapshot->records_count--;
            of->count--;
            return;
        }
    }
}
