/*
 * check_host().
 *
 * A stack of frames, one for each record that is open, instead of recursion.  Only the top one is kept
 * parsed: a frame that comes up again is taken off the shelf, or parsed again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/spf_check.h"

#include "dns/name.h"
#include "dns/records/spf.h"

#include <string.h>

/* What a term may come to, beside the results. */
#define GOING   0xffu /* it does not match: on with the next one */
#define ENTERED 0xfeu /* it began a frame: on with that one's first term */
#define MATCH   0xfdu

/* Names that are asked for: with room for odd octets, which come out as \DDD; and of an address. */
#define TARGET_TEXT_MAX  320u
#define REVERSE_TEXT_MAX 76u

struct frame {
    const struct vd_answer *answer; /* to the question for its record */
    const struct vd_record *record;
    uint8_t term; /* the next one */
    uint8_t kind; /* how it was entered: VD_SPF_INCLUDE, VD_SPF_REDIRECT; 0: the first */
};

struct check {
    const struct vd_spf_answers *answers;
    struct vd_spf_verdict *out;
    uint8_t address[16];
    bool is_ip6;
    bool is_lacking; /* an answer was missing: what comes of it is no result */
    uint8_t lacks;   /* why: enum vd_detail */
    uint8_t depth;   /* frames in use */
    struct frame frames[VD_SPF_DEPTH_MAX + 1];
    struct vd_spf spf; /* the record of the top frame */
    struct vd_spf_values values;
    char dotted[VD_SPF_DOTTED_MAX];
    char name[TARGET_TEXT_MAX]; /* of the term at hand */
};

static uint8_t permerror(struct check *check, enum vd_spf_reason reason)
{
    check->out->reason = (uint8_t)reason;
    return VD_SPF_PERMERROR;
}

static uint8_t temperror(struct check *check, const struct vd_answer *answer)
{
    check->out->detail = vd_answer_detail(answer);
    return VD_SPF_TEMPERROR;
}

static void lack(struct check *check, uint8_t detail)
{
    if (!check->is_lacking) {
        check->is_lacking = true;
        check->lacks = detail;
    }
}

/* ---- answers ----------------------------------------------------------------------------- */

enum looked { LOOKED_MISSING = 0, LOOKED_ERROR, LOOKED_ABSENT, LOOKED_PRESENT };

static enum looked look(struct check *check, const char *name, uint16_t type,
                        const struct vd_answer **out)
{
    const struct vd_answer *answer = check->answers->find(check->answers->ctx, name, type);

    *out = answer;
    if (answer == NULL) {
        bool is_full = check->answers->snapshot->answers_count >= VD_SURVEY_QUESTIONS_MAX;
        lack(check, is_full ? VD_DETAIL_LIMIT + VD_LIMIT_QUESTIONS : VD_DETAIL_NOT_ASKED);
        return LOOKED_MISSING;
    }
    if (answer->presence != VD_UNKNOWN) {
        return answer->presence == VD_PRESENT ? LOOKED_PRESENT : LOOKED_ABSENT;
    }
    uint8_t detail = vd_answer_detail(answer);
    if (detail == VD_DETAIL_NOT_ASKED || detail >= VD_DETAIL_LIMIT) {
        lack(check, detail);
        return LOOKED_MISSING;
    }
    return LOOKED_ERROR;
}

static const struct vd_record *record_at(const struct check *check, const struct vd_answer *answer,
                                         uint16_t type, size_t index)
{
    return vd_snapshot_record(check->answers->snapshot, answer, type, index);
}

static const char *target_of(const struct check *check, const struct vd_record *record)
{
    return vd_snapshot_target(check->answers->snapshot, record);
}

static bool is_within(const uint8_t *address, const uint8_t *network, uint8_t bits)
{
    size_t whole = bits / 8u;
    uint8_t mask = (uint8_t)(0xff00u >> bits % 8u);

    return memcmp(address, network, whole) == 0 &&
           (mask == 0 || ((address[whole] ^ network[whole]) & mask) == 0);
}

static uint16_t address_type(const struct check *check)
{
    return check->is_ip6 ? VD_TYPE_AAAA : VD_TYPE_A;
}

/* Is the sender in a network of this size around one of the addresses? */
static bool has_sender(const struct check *check, const struct vd_answer *answer, uint8_t bits4,
                       uint8_t bits6)
{
    uint16_t type = address_type(check);
    const struct vd_record *record;

    for (size_t i = 0; (record = record_at(check, answer, type, i)) != NULL; i++) {
        struct vd_span address = vd_snapshot_span(check->answers->snapshot, record);
        if (address.len == (check->is_ip6 ? 16u : 4u) &&
            is_within(check->address, address.bytes, check->is_ip6 ? bits6 : bits4)) {
            return true;
        }
    }
    return false;
}

/* ---- names of the sender (section 5.5) --------------------------------------------------- */

/* 0: the domain itself, 1: below it, 2: elsewhere. */
static unsigned distance(const char *name, const char *domain)
{
    size_t name_len = strlen(name);
    size_t domain_len = strlen(domain);

    if (name_len < domain_len || strcmp(name + name_len - domain_len, domain) != 0) {
        return 2;
    }
    if (name_len == domain_len) {
        return 0;
    }
    return name[name_len - domain_len - 1] == '.' ? 1 : 2;
}

/*
 * The nearest name of the sender's address that has this address itself, not further from the domain
 * than `furthest`.  *out is NULL: there is none.  Errors pass for "not this one" (section 5.5).
 *
 * Returns what became of the PTR question; LOOKED_MISSING also where an address is missing.
 */
static enum looked validate(struct check *check, const char *domain, unsigned furthest,
                            const char **out)
{
    static const uint8_t reverse[] = "%{ir}.%{v}.arpa";
    char name[REVERSE_TEXT_MAX];
    const struct vd_answer *names;
    const struct vd_record *record;
    const struct vd_answer *addresses;

    *out = NULL;
    (void)vd_spf_macro_expand((struct vd_span){reverse, sizeof reverse - 1}, &check->values, name,
                              sizeof name);
    enum looked looked = look(check, name, VD_TYPE_PTR, &names);
    if (looked != LOOKED_PRESENT) {
        return looked;
    }
    for (size_t i = 0; i < VD_SPF_HOSTS_MAX * (furthest + 1u); i++) {
        record = record_at(check, names, VD_TYPE_PTR, i % VD_SPF_HOSTS_MAX);
        if (record == NULL || distance(target_of(check, record), domain) != i / VD_SPF_HOSTS_MAX) {
            continue;
        }
        const char *host = target_of(check, record);
        enum looked at = look(check, host, address_type(check), &addresses);
        if (at == LOOKED_PRESENT && has_sender(check, addresses, 32, 128)) {
            *out = host;
            return looked;
        }
        looked = at == LOOKED_MISSING ? LOOKED_MISSING : looked;
    }
    return looked;
}

/* ---- targets ----------------------------------------------------------------------------- */

static struct frame *top(struct check *check)
{
    return &check->frames[check->depth - 1];
}

static const char *top_domain(struct check *check)
{
    return vd_snapshot_name(check->answers->snapshot, top(check)->answer);
}

/* Domains have two labels at least (section 4.3). */
static bool is_domain(const char *text)
{
    struct vd_name name;

    return vd_name_from_text(text, &name) == VD_OK && name.wire[0] != 0 &&
           name.wire[1u + name.wire[0]] != 0;
}

/* Fill in %{p}, which costs questions, only where it is needed. */
static enum vd_status fill_target(struct check *check, const struct vd_spf_term *term)
{
    const char *domain = top_domain(check);
    const char *validated;

    vd_spf_value_name(&check->values, VD_SPF_LETTER_D, domain);
    vd_spf_value_name(&check->values, VD_SPF_LETTER_P, NULL);
    enum vd_status status =
        vd_spf_fill(&check->spf, term, &check->values, check->name, sizeof check->name);
    if (status != VD_OTHER) {
        return status;
    }
    if (validate(check, domain, 2, &validated) == LOOKED_MISSING) {
        return VD_OTHER;
    }
    vd_spf_value_name(&check->values, VD_SPF_LETTER_P, validated == NULL ? "unknown" : validated);
    return vd_spf_fill(&check->spf, term, &check->values, check->name, sizeof check->name);
}

/* The name that a term speaks of, in check->name.  MATCH: it is there; else the term's outcome. */
static uint8_t find_target(struct check *check, const struct vd_spf_term *term)
{
    bool is_record = term->kind == VD_SPF_INCLUDE || term->kind == VD_SPF_REDIRECT;

    switch (fill_target(check, term)) {
    case VD_OK:
        return is_record && !is_domain(check->name) ? permerror(check, VD_SPF_REASON_NAME) : MATCH;
    case VD_OTHER:
        return GOING;
    case VD_EFORMAT:
        /* What the publisher wrote, or what a mail brought?  (section 4.8) */
        if (is_record || vd_spf_target(&check->spf, term, top_domain(check), check->name,
                                       sizeof check->name) == VD_EFORMAT) {
            return permerror(check, VD_SPF_REASON_NAME);
        }
        return GOING;
    default:
        lack(check, VD_DETAIL_LIMIT);
        return GOING;
    }
}

/* ---- frames ------------------------------------------------------------------------------ */

static enum vd_status parse_top(struct check *check)
{
    return vd_spf_shelf_parse(check->answers->shelf,
                              vd_snapshot_span(check->answers->snapshot, top(check)->record),
                              &check->spf);
}

/* Pick the record (section 4.5) and parse it. */
static uint8_t open_record(struct check *check, const struct vd_answer *answer)
{
    const struct vd_record *record;
    struct frame *frame = top(check);

    for (size_t i = 0; (record = record_at(check, answer, VD_TYPE_TXT, i)) != NULL; i++) {
        if (!vd_spf_is_record(vd_snapshot_span(check->answers->snapshot, record))) {
            continue;
        }
        if (frame->record != NULL) {
            return permerror(check, VD_SPF_REASON_RECORDS);
        }
        frame->record = record;
    }
    if (frame->record == NULL) {
        return VD_SPF_NONE;
    }
    switch (parse_top(check)) {
    case VD_OK:
        return ENTERED;
    case VD_EFULL:
        lack(check, VD_DETAIL_LIMIT);
        return VD_SPF_UNKNOWN;
    default:
        return permerror(check, VD_SPF_REASON_SYNTAX);
    }
}

/* Begin with the record of a domain.  A result is that of the frame on top, be it a new one or not. */
static uint8_t enter(struct check *check, const char *domain, uint8_t kind)
{
    const struct vd_answer *answer;

    if (check->depth > VD_SPF_DEPTH_MAX) {
        lack(check, VD_DETAIL_LIMIT);
        return VD_SPF_UNKNOWN;
    }
    enum looked looked = look(check, domain, VD_TYPE_TXT, &answer);
    for (unsigned i = 0; i < check->depth; i++) {
        if (check->frames[i].answer == answer) {
            return permerror(check, VD_SPF_REASON_LOOP);
        }
    }
    check->frames[check->depth++] = (struct frame){.answer = answer, .kind = kind};
    switch (looked) {
    case LOOKED_MISSING:
        return VD_SPF_UNKNOWN;
    case LOOKED_ERROR:
        return temperror(check, answer); /* section 4.4 */
    case LOOKED_ABSENT:
        return VD_SPF_NONE;
    default:
        return open_record(check, answer);
    }
}

static uint8_t result_of(const struct vd_spf_term *term)
{
    switch (term->qualifier) {
    case '-':
        return VD_SPF_RESULT_FAIL;
    case '~':
        return VD_SPF_RESULT_SOFTFAIL;
    case '?':
        return VD_SPF_RESULT_NEUTRAL;
    default:
        return VD_SPF_RESULT_PASS;
    }
}

/* Close the top frame: what its result means to the one below (sections 5.2 and 6.1). */
static uint8_t leave(struct check *check, uint8_t result)
{
    uint8_t kind = top(check)->kind;

    check->depth--;
    if (kind == 0 || result == VD_SPF_TEMPERROR || result == VD_SPF_PERMERROR) {
        return result;
    }
    if (result == VD_SPF_NONE) {
        return permerror(check,
                         kind == VD_SPF_REDIRECT ? VD_SPF_REASON_REDIRECT : VD_SPF_REASON_INCLUDE);
    }
    if (kind == VD_SPF_REDIRECT) {
        return result;
    }
    (void)parse_top(check); /* it was good before */
    return result == VD_SPF_RESULT_PASS ? result_of(&check->spf.terms[top(check)->term - 1u])
                                        : GOING;
}

/* ---- mechanisms (section 5) -------------------------------------------------------------- */

static uint8_t count_void(struct check *check)
{
    check->out->voids++;
    return check->out->voids > VD_SPF_VOIDS_MAX ? permerror(check, VD_SPF_REASON_VOIDS) : GOING;
}

static uint8_t match_network(const struct check *check, const struct vd_spf_term *term)
{
    struct vd_spf_network network;

    return vd_spf_network(&check->spf, term, &network) == VD_OK &&
                   network.is_ip6 == check->is_ip6 &&
                   is_within(check->address, network.address, network.bits)
               ? MATCH
               : GOING;
}

static bool is_before(const struct check *check, const struct vd_record *a,
                      const struct vd_record *b)
{
    int order = strcmp(target_of(check, a), target_of(check, b));

    return a->preference != b->preference ? a->preference < b->preference
                                          : order < 0 || (order == 0 && a < b);
}

/* The host behind `last` by preference and name: answers come in any order, results should not. */
static const struct vd_record *next_host(const struct check *check, const struct vd_answer *hosts,
                                         const struct vd_record *last)
{
    const struct vd_record *best = NULL;
    const struct vd_record *host;

    for (size_t i = 0; (host = record_at(check, hosts, VD_TYPE_MX, i)) != NULL; i++) {
        if ((last == NULL || is_before(check, last, host)) &&
            (best == NULL || is_before(check, host, best))) {
            best = host;
        }
    }
    return best;
}

/* An address of one of the hosts; beyond the tenth nobody looks (section 4.6.4). */
static uint8_t match_hosts(struct check *check, const struct vd_spf_term *term,
                           const struct vd_answer *hosts)
{
    const struct vd_answer *failed = NULL;
    const struct vd_answer *answer;
    const struct vd_record *host = next_host(check, hosts, NULL);

    for (size_t i = 0; i < VD_SPF_HOSTS_MAX && host != NULL; i++) {
        const char *name = target_of(check, host);
        host = next_host(check, hosts, host);
        if (strcmp(name, ".") == 0) {
            continue; /* a null MX (RFC 7505) */
        }
        enum looked looked = look(check, name, address_type(check), &answer);
        if (looked == LOOKED_PRESENT && has_sender(check, answer, term->prefix4, term->prefix6)) {
            return MATCH;
        }
        failed = looked == LOOKED_ERROR ? answer : failed;
    }
    if (failed != NULL) {
        return temperror(check, failed);
    }
    return host != NULL ? permerror(check, VD_SPF_REASON_MX) : GOING;
}

/* a: an address of the name.  mx: one of its hosts.  exists: any IPv4 address, whatever the sender's
   is (section 5.7). */
static uint8_t match_name(struct check *check, const struct vd_spf_term *term)
{
    uint16_t type = term->kind == VD_SPF_MX       ? VD_TYPE_MX
                    : term->kind == VD_SPF_EXISTS ? VD_TYPE_A
                                                  : address_type(check);
    const struct vd_answer *answer;

    switch (look(check, check->name, type, &answer)) {
    case LOOKED_MISSING:
        return GOING;
    case LOOKED_ERROR:
        return temperror(check, answer);
    case LOOKED_ABSENT:
        return count_void(check);
    default:
        break;
    }
    if (term->kind == VD_SPF_MX) {
        return match_hosts(check, term, answer);
    }
    bool is_match =
        term->kind == VD_SPF_EXISTS || has_sender(check, answer, term->prefix4, term->prefix6);
    return is_match ? MATCH : GOING;
}

static uint8_t match_ptr(struct check *check)
{
    const char *validated;

    if (validate(check, check->name, 1, &validated) == LOOKED_ABSENT) {
        return count_void(check);
    }
    return validated != NULL ? MATCH : GOING;
}

static uint8_t match(struct check *check, const struct vd_spf_term *term)
{
    if (term->kind == VD_SPF_ALL) {
        return MATCH;
    }
    if (term->kind == VD_SPF_IP4 || term->kind == VD_SPF_IP6) {
        return match_network(check, term);
    }
    if (!vd_spf_is_lookup(term)) {
        return GOING; /* exp= and unknown modifiers */
    }
    check->out->lookups++;
    if (check->out->lookups > VD_SPF_LOOKUPS_MAX) {
        return permerror(check, VD_SPF_REASON_LOOKUPS);
    }
    uint8_t target = find_target(check, term);
    if (target != MATCH) {
        return target;
    }
    switch (term->kind) {
    case VD_SPF_A:
    case VD_SPF_MX:
    case VD_SPF_EXISTS:
        return match_name(check, term);
    case VD_SPF_PTR:
        return match_ptr(check);
    default:
        return enter(check, check->name, term->kind);
    }
}

/* Nothing matched: redirect=, or neutral (section 4.7). */
static uint8_t finish(struct check *check)
{
    const struct vd_spf *spf = &check->spf;

    for (size_t i = 0; i < spf->terms_count; i++) {
        if (spf->terms[i].kind == VD_SPF_REDIRECT) {
            uint8_t result = match(check, &spf->terms[i]);
            return result == GOING ? (uint8_t)VD_SPF_UNKNOWN : result; /* %{p} is missing */
        }
    }
    return VD_SPF_RESULT_NEUTRAL;
}

/* One term of the top frame.  GOING, ENTERED, or the result of the frame that is on top then. */
static uint8_t step(struct check *check)
{
    struct frame *frame = top(check);

    if (frame->term >= check->spf.terms_count) {
        return finish(check);
    }
    const struct vd_spf_term *term = &check->spf.terms[frame->term++];
    if (term->kind == VD_SPF_REDIRECT) {
        return GOING; /* its place in the record means nothing (section 6.1) */
    }
    uint8_t result = match(check, term);
    return result == MATCH ? result_of(term) : result;
}

/* ---- the mail in hand -------------------------------------------------------------------- */

static void take_mail(struct check *check, const char *domain, const struct vd_spf_mail *mail)
{
    bool is_mapped = mail->is_ip6 && vd_spf_is_mapped(mail->address);

    check->is_ip6 = mail->is_ip6 && !is_mapped; /* section 5 */
    memcpy(check->address, mail->address + (is_mapped ? 12 : 0), check->is_ip6 ? 16 : 4);
    vd_spf_value_address(&check->values, check->address, check->is_ip6, check->dotted);
    vd_spf_value_sender(&check->values, mail->sender, domain);
    check->values.of[VD_SPF_LETTER_H] =
        (struct vd_span){(const uint8_t *)mail->helo, strlen(mail->helo)};
}

void vd_spf_check(const struct vd_spf_answers *answers, const char *domain,
                  const struct vd_spf_mail *mail, struct vd_spf_verdict *out)
{
    struct check check = {.answers = answers, .out = out};

    *out = (struct vd_spf_verdict){.result = VD_SPF_NONE};
    if (!is_domain(domain)) {
        return;
    }
    take_mail(&check, domain, mail);
    uint8_t result = enter(&check, domain, 0);
    while (check.depth > 0) {
        result = result >= ENTERED ? step(&check) : leave(&check, result);
    }
    out->result = result;
    if (check.is_lacking) {
        out->result = VD_SPF_UNKNOWN;
        out->reason = VD_SPF_REASON_NONE;
        out->detail = check.lacks;
    }
}

const char *vd_spf_result_str(uint8_t result)
{
    static const char *const words[] = {
        [VD_SPF_UNKNOWN] = "unknown",        [VD_SPF_NONE] = "none",
        [VD_SPF_RESULT_NEUTRAL] = "neutral", [VD_SPF_RESULT_PASS] = "pass",
        [VD_SPF_RESULT_FAIL] = "fail",       [VD_SPF_RESULT_SOFTFAIL] = "softfail",
        [VD_SPF_TEMPERROR] = "temperror",    [VD_SPF_PERMERROR] = "permerror",
    };

    return result < sizeof words / sizeof words[0] ? words[result] : words[VD_SPF_UNKNOWN];
}

const char *vd_spf_reason_str(uint8_t reason)
{
    static const char *const words[] = {
        [VD_SPF_REASON_NONE] = "",
        [VD_SPF_REASON_SYNTAX] = "a syntax error",
        [VD_SPF_REASON_RECORDS] = "more than one record",
        [VD_SPF_REASON_LOOKUPS] = "more than 10 lookups",
        [VD_SPF_REASON_VOIDS] = "more than 2 lookups that find nothing",
        [VD_SPF_REASON_MX] = "more than 10 hosts in an mx",
        [VD_SPF_REASON_INCLUDE] = "an include: without a record",
        [VD_SPF_REASON_REDIRECT] = "a redirect= without a record",
        [VD_SPF_REASON_LOOP] = "a record that leads back to itself",
        [VD_SPF_REASON_NAME] = "a target that is no domain name",
    };

    return reason < sizeof words / sizeof words[0] ? words[reason] : "";
}
