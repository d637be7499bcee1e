/*
 * Terms of our own SPF record, then and now.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/spf_terms.h"

#include "dns/name.h"
#include "dns/records/span.h"

#include "firmware/judge/facts_write.h"
#include "report/text.h"

#include <string.h>

/* Growth of IPv4 space that is more than a service's new rack, where the watch names none. */
#define GROWTH_DEFAULT 65536u

/* ---- one term ------------------------------------------------------------------------------ */

/* The root's, which a name may have or not. */
static bool has_final_dot(struct vd_span text)
{
    return text.len > 0 && text.bytes[text.len - 1] == '.';
}

uint32_t vd_spf_term_hash(struct vd_span term)
{
    uint32_t hash = VD_HASH_START;

    term.len -= has_final_dot(term);
    for (size_t i = 0; i < term.len; i++) {
        uint8_t c = vd_ascii_lower(term.bytes[i]);
        if (i > 0 || c != '+') {
            hash = vd_hash(hash, &c, 1);
        }
    }
    return hash;
}

bool vd_spf_is_party(const struct vd_spf_term *term)
{
    return term->qualifier == '+' && (term->kind == VD_SPF_INCLUDE || term->kind == VD_SPF_EXISTS ||
                                      term->kind == VD_SPF_REDIRECT);
}

bool vd_spf_has_all(const struct vd_spf *record)
{
    for (size_t i = 0; i < record->terms_count; i++) {
        if (record->terms[i].kind == VD_SPF_ALL) {
            return true;
        }
    }
    return false;
}

/* Neither a party nor a ptr that passes. */
static bool is_term(const struct vd_spf_term *term)
{
    return term->kind != VD_SPF_ALL && term->kind < VD_SPF_REDIRECT && !vd_spf_is_party(term) &&
           (term->kind != VD_SPF_PTR || term->qualifier != '+');
}

/* How many terms of a record have an effect: those in front of its all (RFC 7208, section 5.1). */
static size_t count_terms(const struct vd_spf *record)
{
    size_t count = 0;

    while (count < record->terms_count && record->terms[count].kind != VD_SPF_ALL) {
        count++;
    }
    return count;
}

static struct vd_span span_of(const struct vd_spf *record, size_t i)
{
    return (struct vd_span){record->text + record->terms[i].offset, record->terms[i].len};
}

uint32_t vd_spf_terms_hash(const struct vd_spf *record)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < count_terms(record); i++) {
        sum += is_term(&record->terms[i]) ? vd_spf_term_hash(span_of(record, i)) : 0;
    }
    return sum;
}

struct vd_spf_widths vd_spf_widths_of(const struct vd_watch *watch)
{
    return (struct vd_spf_widths){
        .wide4 = watch->spf_wide4 > 0 ? watch->spf_wide4 : 16,
        .wide6 = watch->spf_wide6 > 0 ? watch->spf_wide6 : 32,
        .vast4 = watch->spf_vast4 > 0 ? watch->spf_vast4 : 8,
        .vast6 = watch->spf_vast6 > 0 ? watch->spf_vast6 : 16,
    };
}

bool vd_spf_has_grown(const struct vd_watch *watch, const struct vd_spf_facts *was,
                      const struct vd_spf_facts *now)
{
    uint32_t much = watch->spf_growth > 0 ? watch->spf_growth : GROWTH_DEFAULT;

    return now->n4 > was->n4 && now->n4 - was->n4 > much && now->n4 / 4 >= was->n4;
}

struct vd_span vd_spf_own_record(const struct vd_snapshot *snapshot, const char *domain)
{
    const struct vd_answer *answer = vd_snapshot_find(snapshot, domain, VD_TYPE_TXT);
    const struct vd_record *record;

    for (size_t i = 0;
         answer != NULL && (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span span = vd_snapshot_span(snapshot, record);
        if (vd_spf_is_record(span)) {
            return span;
        }
    }
    return (struct vd_span){NULL, 0};
}

static struct vd_span record_before(const struct vd_case *at)
{
    struct vd_text_ref text = at->was->spf.text;

    return (struct vd_span){(const uint8_t *)vd_facts_text(at->was, text), text.sound};
}

static struct vd_span record_now(const struct vd_case *at)
{
    return vd_spf_own_record(at->snapshot, at->watch->domain);
}

/* One more in a list. */
static void list(struct vd_text_writer *w, struct vd_span term)
{
    static const char not_kept[] = "a term not kept";

    vd_text_put(w, w->len > 0 ? ", " : "");
    if (term.len == 0) {
        vd_text_put(w, not_kept);
    }
    vd_text_put_span(w, (const char *)term.bytes, term.len);
}

/* ---- include:, exists:, redirect= ---------------------------------------------------------- */

/* One party: its term, what kind, and where it leads. */
struct party {
    struct vd_span term; /* empty: the text of the baseline is not whole */
    bool is_redirect, is_include;
    bool is_dynamic;
    char target[VD_DOMAIN_TEXT_MAX]; /* as written, in lower case */
};

/* In lower case, and with our domain for %{d} and %{o}; one too long is cut. */
static void write_target(struct vd_span text, const char *domain, char out[VD_DOMAIN_TEXT_MAX])
{
    struct vd_text_writer w;

    vd_text_start(&w, out, VD_DOMAIN_TEXT_MAX);
    text.len -= has_final_dot(text);
    while (text.len > 0) {
        struct vd_span macro = {text.bytes, text.len < 4 ? text.len : 4};
        bool is_domain = vd_span_is_word(macro, "%{d}") || vd_span_is_word(macro, "%{o}");
        if (is_domain) {
            vd_text_put(&w, domain);
        } else {
            vd_text_put_char(&w, (char)vd_ascii_lower(text.bytes[0]));
        }
        text = vd_span_skip(text, is_domain ? 4 : 1);
    }
}

/* The term of a record with this hash. */
static struct party find_party(const struct vd_case *at, struct vd_span record, uint32_t hash)
{
    struct party party = {.term = {NULL, 0}};
    struct vd_span term;

    while (party.term.len == 0 && vd_span_next(&record, ' ', &term)) {
        if (term.len > 0 && vd_spf_term_hash(term) == hash) {
            party.term = term;
        }
    }
    size_t skip = party.term.len > 0 && party.term.bytes[0] == '+' ? 1 : 0;
    struct vd_span word = vd_span_skip(party.term, skip);
    size_t len = vd_span_to(word, ':') < vd_span_to(word, '=') ? vd_span_to(word, ':')
                                                               : vd_span_to(word, '=');
    party.is_redirect = vd_span_is_word((struct vd_span){word.bytes, len}, "redirect");
    party.is_include = vd_span_is_word((struct vd_span){word.bytes, len}, "include");
    write_target(vd_span_skip(word, len < word.len ? len + 1 : len), at->watch->domain,
                 party.target);
    party.is_dynamic = strstr(party.target, "%{") != NULL;
    return party;
}

static bool has_hash(const struct vd_spf_facts *spf, uint32_t hash)
{
    for (size_t i = 0; i < VD_SPF_INCLUDES_MAX; i++) {
        if (spf->includes[i] == hash) {
            return true;
        }
    }
    return false;
}

static bool is_own(const struct vd_case *at, const char *name)
{
    const char *domain = at->watch->domain;

    return vd_operator_of(name, domain) == vd_operator_of(domain, domain);
}

/* Is it configured, or do keys of ours still lead to it? */
static bool is_in_use(const struct vd_case *at, const struct vd_provider *provider)
{
    char owner[VD_OWNER_TEXT_MAX];

    for (size_t i = 0; i < at->watch->selectors_count; i++) {
        const char *name =
            vd_owner_text(owner, at->watch->selectors[i], "._domainkey.", at->watch->domain);
        const struct vd_answer *answer = vd_snapshot_find(at->snapshot, name, VD_TYPE_TXT);
        const struct vd_record *hop =
            answer == NULL ? NULL : vd_snapshot_record(at->snapshot, answer, VD_TYPE_CNAME, 0);
        if (hop != NULL &&
            vd_provider_of_target(at->watch, vd_snapshot_target(at->snapshot, hop)) == provider) {
            return true;
        }
    }
    return vd_provider_is_configured(at->watch, provider);
}

/* Has our record now another term for the same service? */
static bool has_other(const struct vd_case *at, const struct vd_provider *provider)
{
    for (size_t i = 0; i < VD_SPF_INCLUDES_MAX && at->now->spf.includes[i] != 0; i++) {
        struct party party = find_party(at, record_now(at), at->now->spf.includes[i]);
        if (vd_provider_of_include(at->watch, party.target) == provider) {
            return true;
        }
    }
    return false;
}

static uint8_t weigh_removed(const struct vd_case *at, const struct party *party)
{
    const struct vd_provider *provider = vd_provider_of_include(at->watch, party->target);

    if (party->is_redirect) {
        return VD_SPF_CHANGE_REDIRECT;
    }
    if (provider != NULL) {
        return has_other(at, provider)   ? VD_SPF_CHANGE_KNOWN
               : is_in_use(at, provider) ? VD_SPF_CHANGE_LOST
                                         : VD_SPF_CHANGE_RETIRED;
    }
    return party->is_dynamic && !party->is_include ? VD_SPF_CHANGE_DYNAMIC : VD_SPF_CHANGE_REMOVED;
}

/* Behind redirect= to an unknown domain stands as much as behind its include:. */
static uint8_t weigh_added(const struct vd_case *at, const struct party *party)
{
    bool is_known =
        is_own(at, party->target) || vd_provider_of_include(at->watch, party->target) != NULL;

    if (party->is_dynamic && !party->is_include && !party->is_redirect) {
        return VD_SPF_CHANGE_DYNAMIC;
    }
    return !is_known            ? VD_SPF_CHANGE_ADDED
           : party->is_redirect ? VD_SPF_CHANGE_REDIRECT
           : party->is_dynamic  ? VD_SPF_CHANGE_DYNAMIC
                                : VD_SPF_CHANGE_KNOWN;
}

/* The terms of one side that the other does not have. */
static void compare_side(const struct vd_case *at, bool is_added, struct vd_spf_difference *out)
{
    const struct vd_spf_facts *of = is_added ? &at->now->spf : &at->was->spf;
    const struct vd_spf_facts *other = is_added ? &at->was->spf : &at->now->spf;
    struct vd_span record = is_added ? record_now(at) : record_before(at);
    struct vd_text_writer w;
    struct vd_text_writer worst;

    vd_text_start(&w, is_added ? out->added : out->removed, VD_SUMMARY_MAX);
    for (size_t i = 0; i < VD_SPF_INCLUDES_MAX && of->includes[i] != 0; i++) {
        if (has_hash(other, of->includes[i])) {
            continue;
        }
        struct party party = find_party(at, record, of->includes[i]);
        uint8_t change = is_added ? weigh_added(at, &party) : weigh_removed(at, &party);
        list(&w, party.term);
        if (change > out->change) {
            out->change = change;
            vd_text_start(&worst, out->worst, VD_SUMMARY_MAX);
            list(&worst, party.term);
        }
    }
}

void vd_spf_compare_parties(const struct vd_case *at, struct vd_spf_difference *out)
{
    memset(out, 0, sizeof *out);
    compare_side(at, true, out);
    compare_side(at, false, out);
    if (out->change == VD_SPF_CHANGE_NONE && at->now->spf.dynamic != at->was->spf.dynamic) {
        out->change = VD_SPF_CHANGE_DYNAMIC; /* in a record that ours includes */
    }
}

/* ---- ip4:, ip6:, a, mx ------------------------------------------------------------------------ */

/* What to do with each network of a term. */
struct coverage {
    struct vd_ranges *ranges;
    bool is_adding;  /* put them in; else: */
    bool is_any;     /* there is one */
    bool is_covered; /* there is one, and all of them are in */
};

static void take_network(struct coverage *cover, const uint8_t *address, bool is_ip6, uint8_t bits)
{
    if (cover->is_adding) {
        vd_ranges_add(cover->ranges, address, is_ip6, bits);
    } else {
        cover->is_covered = (cover->is_covered || !cover->is_any) &&
                            vd_ranges_has(cover->ranges, address, is_ip6, bits);
        cover->is_any = true;
    }
}

/* false: the answer does not tell. */
static bool take_addresses(const struct vd_case *at, const struct vd_spf_term *term,
                           const char *name, struct coverage *cover)
{
    bool is_known = true;

    for (unsigned is_ip6 = 0; is_ip6 <= 1; is_ip6++) {
        uint16_t type = is_ip6 ? VD_TYPE_AAAA : VD_TYPE_A;
        const struct vd_answer *answer = vd_snapshot_find(at->snapshot, name, type);
        const struct vd_record *record;
        is_known = is_known && answer != NULL && answer->presence != VD_UNKNOWN;
        for (size_t i = 0;
             answer != NULL && (record = vd_snapshot_record(at->snapshot, answer, type, i)) != NULL;
             i++) {
            take_network(cover, vd_snapshot_span(at->snapshot, record).bytes, is_ip6 != 0,
                         is_ip6 ? term->prefix6 : term->prefix4);
        }
    }
    return is_known;
}

static bool take_hosts(const struct vd_case *at, const struct vd_spf_term *term, const char *name,
                       struct coverage *cover)
{
    const struct vd_answer *answer = vd_snapshot_find(at->snapshot, name, VD_TYPE_MX);
    const struct vd_record *record;
    bool is_known = answer != NULL && answer->presence != VD_UNKNOWN;

    for (size_t i = 0;
         is_known && (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_MX, i)) != NULL;
         i++) {
        is_known = take_addresses(at, term, vd_snapshot_target(at->snapshot, record), cover);
    }
    return is_known;
}

/* All that a term lets in.  false: not known. */
static bool take_term(const struct vd_case *at, const struct vd_spf *record,
                      const struct vd_spf_term *term, struct coverage *cover)
{
    struct vd_spf_network network;
    char name[VD_DOMAIN_TEXT_MAX];

    if (vd_spf_network(record, term, &network) == VD_OK) {
        take_network(cover, network.address, network.is_ip6, network.bits);
        return true;
    }
    if (vd_spf_target(record, term, at->watch->domain, name, sizeof name) != VD_OK) {
        return false;
    }
    return term->kind == VD_SPF_A ? take_addresses(at, term, name, cover)
                                  : take_hosts(at, term, name, cover);
}

static bool is_address_term(const struct vd_spf_term *term)
{
    return term->qualifier == '+' && (term->kind == VD_SPF_A || term->kind == VD_SPF_MX ||
                                      term->kind == VD_SPF_IP4 || term->kind == VD_SPF_IP6);
}

/* Does the other record have the very term? */
static bool has_term(struct vd_span record, struct vd_span term)
{
    uint32_t hash = vd_spf_term_hash(term);
    struct vd_span other;

    while (vd_span_next(&record, ' ', &other)) {
        if (vd_span_is_word(other, "all") ||
            (other.len == 4 && vd_span_is_word(vd_span_skip(other, 1), "all"))) {
            return false;
        }
        if (vd_spf_term_hash(other) == hash) {
            return true;
        }
    }
    return false;
}

/* "a" in a record that has "a/24" now: not narrowed, whatever its addresses. */
static bool is_widened(const struct vd_spf_term *term, struct vd_span text, struct vd_span record)
{
    struct vd_span other;

    if ((term->kind != VD_SPF_A && term->kind != VD_SPF_MX) || vd_span_to(text, '/') < text.len) {
        return false;
    }
    while (vd_span_next(&record, ' ', &other)) {
        struct vd_span front = {other.bytes, vd_span_to(other, '/')};
        if (front.len < other.len && vd_spf_term_hash(front) == vd_spf_term_hash(text)) {
            return true;
        }
    }
    return false;
}

/* A term that let everybody in is no loss. */
static bool is_too_wide(const struct vd_spf_term *term)
{
    return term->prefix4 <= 1 || term->prefix6 <= 1;
}

/* Nothing lost, and as many as before: what was added, an included record let in already. */
static bool are_as_many(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;

    return ((was->unknown | now->unknown) & VD_FACET_BIT(VD_FACET_SPF_RANGE)) == 0 &&
           now->n4 == was->n4 && now->n6 == was->n6;
}

/*
 * The terms of `text` that the other side does not have, and what they let in neither.  A term that
 * lets nobody in (-ip4: ...) is listed too, and changes as little as one that was added.
 */
static void list_terms(const struct vd_case *at, struct vd_span text, struct vd_span other,
                       bool is_lost, struct vd_spf_difference *out)
{
    struct coverage cover = {.ranges = &at->out->scratch.ranges, .is_adding = true};
    bool is_covered = !is_lost && out->change == VD_SPF_CHANGE_NONE && are_as_many(at);
    struct vd_text_writer w;
    struct vd_spf record;

    vd_text_start(&w, is_lost ? out->removed : out->added, VD_SUMMARY_MAX);
    vd_ranges_clear(cover.ranges);
    if (vd_spf_parse(other.bytes, other.len, &record) == VD_OK) {
        for (size_t i = 0; i < count_terms(&record); i++) {
            if (is_address_term(&record.terms[i])) {
                (void)take_term(at, &record, &record.terms[i], &cover);
            }
        }
    }
    if (vd_spf_parse(text.bytes, text.len, &record) != VD_OK) {
        return;
    }
    cover.is_adding = false;
    for (size_t i = 0; i < count_terms(&record); i++) {
        const struct vd_spf_term *term = &record.terms[i];
        struct vd_span span = span_of(&record, i);
        bool is_address = is_address_term(term);
        cover.is_any = cover.is_covered = false;
        if (!is_term(term) || has_term(other, span) ||
            (is_address && take_term(at, &record, term, &cover) &&
             (cover.is_covered || (cover.is_any && is_covered))) ||
            (is_lost && is_address && (is_too_wide(term) || is_widened(term, span, other)))) {
            continue;
        }
        uint8_t change = is_lost && is_address ? VD_SPF_CHANGE_REMOVED : VD_SPF_CHANGE_ADDED;
        out->change = out->change == VD_SPF_CHANGE_REMOVED ? out->change : change;
        list(&w, span);
    }
}

/* The baseline's text is not that of its facet any more: sizes are all that is left to compare. */
static void compare_sizes(const struct vd_case *at, struct vd_spf_difference *out)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    struct vd_text_writer w;

    if (now->n4 < was->n4 || now->n6 < was->n6) {
        vd_text_start(&w, out->removed, VD_SUMMARY_MAX);
        list(&w, (struct vd_span){NULL, 0});
        out->change = VD_SPF_CHANGE_REMOVED;
    }
}

/* Does the baseline still have the text that its facet of terms was made of? */
static bool has_text(const struct vd_case *at)
{
    struct vd_span text = record_before(at);
    struct vd_spf record;

    return vd_spf_parse(text.bytes, text.len, &record) == VD_OK &&
           vd_spf_terms_hash(&record) == at->was->spf.terms;
}

void vd_spf_compare_terms(const struct vd_case *at, struct vd_spf_difference *out)
{
    memset(out, 0, sizeof *out);
    if (has_text(at)) {
        list_terms(at, record_before(at), record_now(at), true, out);
    } else {
        compare_sizes(at, out);
    }
    list_terms(at, record_now(at), record_before(at), false, out);
}
