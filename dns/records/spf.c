/*
 * SPF records: the grammar.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/spf.h"

#include "dns/records/span.h"

#include <string.h>

static const char version[] = "v=spf1";
#define VERSION_LEN (sizeof version - 1)

/* Octets in front of the IPv4 address in an IPv4-mapped one. */
#define MAPPED_LEN 12u

static const char fault_character[] = "a character that SPF does not allow";
static const char fault_unknown[] = "unknown mechanism";
static const char fault_argument[] = "this mechanism takes no argument";
static const char fault_missing[] = "the domain is missing";
static const char fault_domain[] = "not a domain";
static const char fault_prefix[] = "not a prefix length";
static const char fault_ip4[] = "not an IPv4 address";
static const char fault_ip6[] = "not an IPv6 address";
static const char fault_twice[] = "written twice";

/* ---- addresses and prefixes (section 5.6) ------------------------------------------------ */

/* A number without leading zeros, 0 .. max. */
static bool read_number(struct vd_span run, unsigned max, uint8_t *out)
{
    unsigned value = 0;

    if (run.len == 0 || run.len > 3 || (run.len > 1 && run.bytes[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < run.len; i++) {
        if (!vd_ascii_is_digit(run.bytes[i])) {
            return false;
        }
        value = value * 10u + (unsigned)(run.bytes[i] - '0');
    }
    *out = (uint8_t)value;
    return value <= max;
}

/* Records are made of these: one pass over the octets. */
static bool read_ip4(struct vd_span run, uint8_t out[4])
{
    size_t pos = 0;

    for (unsigned i = 0; i < 4; i++) {
        size_t start = pos;
        unsigned value = 0;
        for (; pos < run.len && run.bytes[pos] >= '0' && run.bytes[pos] <= '9'; pos++) {
            value = value * 10u + (unsigned)(run.bytes[pos] - '0');
            if (value > 255u || (pos > start && run.bytes[start] == '0')) {
                return false;
            }
        }
        if (pos == start || (i < 3 && (pos == run.len || run.bytes[pos++] != '.'))) {
            return false;
        }
        out[i] = (uint8_t)value;
    }
    return pos == run.len;
}

/* One group of an IPv6 address: 1 to 4 hex digits. */
static bool read_group(struct vd_span run, uint8_t out[2])
{
    unsigned value = 0;

    if (run.len == 0 || run.len > 4) {
        return false;
    }
    for (size_t i = 0; i < run.len; i++) {
        uint8_t c = vd_ascii_lower(run.bytes[i]);
        if (vd_ascii_is_digit(c)) {
            value = value << 4 | (unsigned)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value << 4 | (unsigned)(c - 'a' + 10);
        } else {
            return false;
        }
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)(value & 0xffu);
    return true;
}

/*
 * Groups with single colons between them, perhaps with an IPv4 address at the end.
 * *len: octets read.
 */
static bool read_groups(struct vd_span run, bool may_end_in_ip4, uint8_t out[16], size_t *len)
{
    *len = 0;
    while (run.len > 0) {
        size_t part = vd_span_to(run, ':');
        bool is_last = part == run.len;
        if (is_last && may_end_in_ip4 && vd_span_to(run, '.') < run.len) {
            bool is_good = *len <= 12 && read_ip4(run, out + *len);
            *len += 4;
            return is_good;
        }
        if (*len > 14 || !read_group((struct vd_span){run.bytes, part}, out + *len)) {
            return false;
        }
        *len += 2;
        run = vd_span_skip(run, is_last ? part : part + 1);
        if (!is_last && run.len == 0) {
            return false; /* a colon at the end */
        }
    }
    return true;
}

/* RFC 4291, section 2.2 */
static bool read_ip6(struct vd_span run, uint8_t out[16])
{
    uint8_t right[16] = {0};
    size_t left_len = 0;
    size_t right_len = 0;
    size_t gap = 0;

    while (gap + 1 < run.len && (run.bytes[gap] != ':' || run.bytes[gap + 1] != ':')) {
        gap++;
    }
    memset(out, 0, 16);
    if (gap + 1 >= run.len) {
        return read_groups(run, true, out, &left_len) && left_len == 16;
    }
    if (!read_groups((struct vd_span){run.bytes, gap}, false, out, &left_len) ||
        !read_groups(vd_span_skip(run, gap + 2), true, right, &right_len) ||
        left_len + right_len > 14) {
        return false;
    }
    memcpy(out + 16 - right_len, right, right_len);
    return true;
}

/* Take "/n" off the end of run.  false: there is one, and it is no prefix length. */
static bool take_prefix(struct vd_span *run, const char *slash, unsigned max, uint8_t *out)
{
    size_t digits = 0;
    size_t mark = strlen(slash);

    while (digits < run->len && vd_ascii_is_digit(run->bytes[run->len - 1 - digits])) {
        digits++;
    }
    size_t len = digits + mark;
    if (digits == 0 || run->len < len || memcmp(run->bytes + run->len - len, slash, mark) != 0) {
        return true;
    }
    run->len -= len;
    return read_number((struct vd_span){run->bytes + run->len + mark, digits}, max, out);
}

/* ---- terms ------------------------------------------------------------------------------- */

static void set_target(struct vd_spf *spf, struct vd_spf_term *term, struct vd_span run)
{
    term->target = (uint16_t)(run.bytes - spf->text);
    term->target_len = (uint16_t)run.len;
}

/* a and mx: [ ":" domain-spec ] [ "/" c4 ] [ "//" c6 ] */
static const char *read_host(struct vd_spf *spf, struct vd_spf_term *term, struct vd_span rest)
{
    if (!take_prefix(&rest, "//", 128, &term->prefix6) ||
        !take_prefix(&rest, "/", 32, &term->prefix4)) {
        return fault_prefix;
    }
    if (rest.len == 0) {
        return NULL;
    }
    if (rest.bytes[0] != ':') {
        return fault_prefix;
    }
    set_target(spf, term, vd_span_skip(rest, 1));
    return vd_spf_domain_fault(vd_span_skip(rest, 1));
}

/* ip4 and ip6: ":" address [ "/" prefix ] */
static const char *read_network(struct vd_spf *spf, struct vd_spf_term *term, struct vd_span rest)
{
    uint8_t address[16];
    bool is_ip4 = term->kind == VD_SPF_IP4;

    if (rest.len == 0 || rest.bytes[0] != ':') {
        return is_ip4 ? fault_ip4 : fault_ip6;
    }
    rest = vd_span_skip(rest, 1);
    if (!take_prefix(&rest, "/", is_ip4 ? 32 : 128, is_ip4 ? &term->prefix4 : &term->prefix6)) {
        return fault_prefix;
    }
    set_target(spf, term, rest);
    if (is_ip4) {
        return read_ip4(rest, address) ? NULL : fault_ip4;
    }
    return read_ip6(rest, address) ? NULL : fault_ip6;
}

static const char *read_argument(struct vd_spf *spf, struct vd_spf_term *term, struct vd_span rest)
{
    switch (term->kind) {
    case VD_SPF_ALL:
        return rest.len == 0 ? NULL : fault_argument;
    case VD_SPF_A:
    case VD_SPF_MX:
        return read_host(spf, term, rest);
    case VD_SPF_IP4:
    case VD_SPF_IP6:
        return read_network(spf, term, rest);
    default:
        break;
    }
    if (rest.len == 0) {
        return term->kind == VD_SPF_PTR ? NULL : fault_missing;
    }
    if (rest.bytes[0] != ':') {
        return fault_domain; /* "ptr/0" */
    }
    set_target(spf, term, vd_span_skip(rest, 1));
    return vd_spf_domain_fault(vd_span_skip(rest, 1));
}

static const char *read_mechanism(struct vd_spf *spf, struct vd_spf_term *term, struct vd_span run)
{
    static const struct {
        const char *word;
        enum vd_spf_kind kind;
    } mechanisms[] = {
        {"all", VD_SPF_ALL}, {"include", VD_SPF_INCLUDE}, {"a", VD_SPF_A},
        {"mx", VD_SPF_MX},   {"ptr", VD_SPF_PTR},         {"ip4", VD_SPF_IP4},
        {"ip6", VD_SPF_IP6}, {"exists", VD_SPF_EXISTS},
    };
    size_t len = 0;

    if (run.bytes[0] == '+' || run.bytes[0] == '-' || run.bytes[0] == '?' || run.bytes[0] == '~') {
        term->qualifier = (char)run.bytes[0];
        run = vd_span_skip(run, 1);
    }
    while (len < run.len && run.bytes[len] != ':' && run.bytes[len] != '/') {
        len++;
    }
    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
        const char *word = mechanisms[i].word;
        if (len > 0 && vd_ascii_lower(run.bytes[0]) == (uint8_t)word[0] &&
            vd_span_is_word((struct vd_span){run.bytes, len}, word)) {
            term->kind = (uint8_t)mechanisms[i].kind;
            return read_argument(spf, term, vd_span_skip(run, len));
        }
    }
    return fault_unknown;
}

/* Length of a modifier's name when run is one, else 0 (section 4.6.1). */
static size_t modifier_name(struct vd_span run)
{
    size_t len = 0;

    while (
        len < run.len &&
        (vd_ascii_is_alpha(run.bytes[len]) || (len > 0 && vd_ascii_is_digit(run.bytes[len])) ||
         (len > 0 && (run.bytes[len] == '-' || run.bytes[len] == '_' || run.bytes[len] == '.')))) {
        len++;
    }
    return len < run.len && run.bytes[len] == '=' ? len : 0;
}

static const char *read_modifier(struct vd_spf *spf, struct vd_spf_term *term, struct vd_span run,
                                 size_t name_len)
{
    struct vd_span name = {run.bytes, name_len};
    struct vd_span value = vd_span_skip(run, name_len + 1);

    set_target(spf, term, value);
    if (vd_span_is_word(name, "redirect")) {
        term->kind = VD_SPF_REDIRECT;
    } else if (vd_span_is_word(name, "exp")) {
        term->kind = VD_SPF_EXP;
    } else {
        term->kind = VD_SPF_MODIFIER;
        return vd_spf_macro_fault(value);
    }
    return vd_spf_domain_fault(value);
}

static const char *read_term(struct vd_spf *spf, struct vd_spf_term *term, struct vd_span run)
{
    *term = (struct vd_spf_term){.qualifier = '+', .prefix4 = 32, .prefix6 = 128};
    term->offset = (uint16_t)(run.bytes - spf->text);
    term->len = (uint16_t)run.len;
    for (size_t i = 0; i < run.len; i++) {
        if (run.bytes[i] <= ' ' || run.bytes[i] > 0x7e) {
            return fault_character;
        }
    }
    size_t name_len = modifier_name(run);
    return name_len > 0 ? read_modifier(spf, term, run, name_len) : read_mechanism(spf, term, run);
}

static enum vd_status fail(struct vd_spf *spf, const struct vd_spf_term *term, const char *fault)
{
    spf->fault = fault;
    spf->fault_offset = term->offset;
    spf->fault_len = term->len;
    return VD_EFORMAT;
}

/* Read term after term; one that finds no room is still checked, for a fault outweighs a bound. */
static enum vd_status read_terms(struct vd_spf *spf, struct vd_span run)
{
    bool has_redirect = false;
    bool has_exp = false;
    bool is_full = false;

    while (run.len > 0) {
        size_t len = vd_span_to(run, ' ');
        struct vd_spf_term term;
        if (len == 0) {
            run = vd_span_skip(run, 1);
            continue;
        }
        const char *fault = read_term(spf, &term, (struct vd_span){run.bytes, len});
        if (fault == NULL && ((term.kind == VD_SPF_REDIRECT && has_redirect) ||
                              (term.kind == VD_SPF_EXP && has_exp))) {
            fault = fault_twice; /* section 6 */
        }
        if (fault != NULL) {
            return fail(spf, &term, fault);
        }
        has_redirect = has_redirect || term.kind == VD_SPF_REDIRECT;
        has_exp = has_exp || term.kind == VD_SPF_EXP;
        is_full = is_full || spf->terms_count == VD_SPF_TERMS_MAX;
        if (!is_full) {
            spf->terms[spf->terms_count++] = term;
        }
        run = vd_span_skip(run, len);
    }
    return is_full ? VD_EFULL : VD_OK;
}

bool vd_spf_is_record(struct vd_span text)
{
    /* section 4.5: "v=spf10" is none */
    return text.len >= VERSION_LEN &&
           vd_span_is_word((struct vd_span){text.bytes, VERSION_LEN}, version) &&
           (text.len == VERSION_LEN || text.bytes[VERSION_LEN] == ' ');
}

enum vd_status vd_spf_parse(const uint8_t *text, size_t len, struct vd_spf *out)
{
    struct vd_span run = {text, len};

    out->text = text;
    out->text_len = len;
    out->terms_count = 0;
    out->fault = "";
    out->fault_offset = out->fault_len = 0;
    if (!vd_spf_is_record(run)) {
        return VD_OTHER;
    }
    if (len > UINT16_MAX) {
        return VD_EFULL;
    }
    return read_terms(out, vd_span_skip(run, VERSION_LEN));
}

bool vd_spf_is_lookup(const struct vd_spf_term *term)
{
    switch (term->kind) {
    case VD_SPF_INCLUDE:
    case VD_SPF_A:
    case VD_SPF_MX:
    case VD_SPF_PTR:
    case VD_SPF_EXISTS:
    case VD_SPF_REDIRECT:
        return true;
    default:
        return false;
    }
}

bool vd_spf_is_mapped(const uint8_t address[16])
{
    static const uint8_t mapped[MAPPED_LEN] = {[10] = 0xff, [11] = 0xff};

    return memcmp(address, mapped, sizeof mapped) == 0;
}

enum vd_status vd_spf_network(const struct vd_spf *spf, const struct vd_spf_term *term,
                              struct vd_spf_network *out)
{
    struct vd_span run = {spf->text + term->target, term->target_len};

    if (term->kind == VD_SPF_IP4 && read_ip4(run, out->address)) {
        out->bits = term->prefix4;
        out->is_ip6 = false;
        return VD_OK;
    }
    if (term->kind != VD_SPF_IP6 || !read_ip6(run, out->address)) {
        return VD_OTHER;
    }
    out->bits = term->prefix6;
    out->is_ip6 = out->bits < MAPPED_LEN * 8u || !vd_spf_is_mapped(out->address);
    if (!out->is_ip6) {
        memmove(out->address, out->address + MAPPED_LEN, 4);
        out->bits = (uint8_t)(out->bits - MAPPED_LEN * 8u);
    }
    return VD_OK;
}

enum vd_status vd_spf_fill(const struct vd_spf *spf, const struct vd_spf_term *term,
                           const struct vd_spf_values *values, char *out, size_t cap)
{
    static const uint8_t own[] = "%{d}";
    struct vd_span text = {spf->text + term->target, term->target_len};

    if (term->kind == VD_SPF_ALL || term->kind == VD_SPF_IP4 || term->kind == VD_SPF_IP6 ||
        term->kind == VD_SPF_MODIFIER) {
        if (cap > 0) {
            out[0] = '\0';
        }
        return VD_EFORMAT;
    }
    if (text.len == 0) {
        text = (struct vd_span){own, sizeof own - 1};
    }
    return vd_spf_macro_expand(text, values, out, cap);
}

enum vd_status vd_spf_expand(const struct vd_spf *spf, const struct vd_spf_term *term,
                             const char *current_domain, const char *sender_domain, char *out,
                             size_t cap)
{
    struct vd_spf_values values = {.names = 0};

    vd_spf_value_name(&values, VD_SPF_LETTER_D, current_domain);
    vd_spf_value_name(&values, VD_SPF_LETTER_O, sender_domain);
    return vd_spf_fill(spf, term, &values, out, cap);
}

enum vd_status vd_spf_target(const struct vd_spf *spf, const struct vd_spf_term *term,
                             const char *current_domain, char *out, size_t cap)
{
    return vd_spf_expand(spf, term, current_domain, NULL, out, cap);
}
