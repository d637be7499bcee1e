/*
 * The static walk: what decides, what counts, and networks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/spf_walk_parts.h"

#include "firmware/judge/takeover.h"

#include <string.h>

/* A path longer than this is no use to anybody. */
#define PATH_MAX_LEN 256u

/* ---- strangers --------------------------------------------------------------------------- */

const uint8_t *vd_spf_stranger(unsigned index)
{
    static const uint8_t addresses[][4] = {
        {192, 0, 2, 217},   {198, 51, 100, 217}, {203, 0, 113, 217},
        {233, 252, 0, 217}, {240, 217, 0, 217},  {250, 33, 217, 5},
    };

    return index < sizeof addresses / sizeof addresses[0] ? addresses[index] : NULL;
}

static bool is_inside(const uint8_t *address, const struct vd_spf_network *network)
{
    unsigned whole = network->bits / 8u;
    unsigned rest = network->bits % 8u;

    return memcmp(address, network->address, whole) == 0 &&
           (rest == 0 || (address[whole] ^ network->address[whole]) >> (8u - rest) == 0);
}

static void strike_strangers(struct vd_walk *walk, const struct vd_spf_network *network)
{
    const uint8_t *address;

    for (unsigned i = 0; !network->is_ip6 && (address = vd_spf_stranger(i)) != NULL; i++) {
        if (is_inside(address, network)) {
            walk->walked->strangers &= (uint8_t) ~(1u << i);
        }
    }
}

const char *vd_spf_sender_domain(const struct vd_watch *watch)
{
    const char *at = strrchr(vd_watch_text(watch, watch->from), '@');

    return at == NULL || at[1] == '\0' ? watch->domain : at + 1;
}

/* ---- what decides -------------------------------------------------------------------------- */

void vd_walk_write_way(struct vd_walk *walk, struct vd_text_ref *to,
                       const struct vd_walk_step *steps, uint8_t depth)
{
    for (size_t i = 0; i < depth && to->len < PATH_MAX_LEN; i++) {
        vd_facts_write(walk->at->out, to, "%s%s%s", i == 0 ? "" : " > ",
                       steps[i].entry == VD_SPF_INCLUDE    ? "include:"
                       : steps[i].entry == VD_SPF_REDIRECT ? "redirect="
                                                           : "",
                       vd_snapshot_name(walk->at->snapshot, steps[i].answer));
    }
}

/* One step more, to where the record names it only: a term of the top frame. */
static void write_step(struct vd_walk *walk, struct vd_text_ref *to, const struct vd_spf_term *term)
{
    vd_facts_write(walk->at->out, to, " > ");
    vd_facts_write_span(walk->at->out, to, vd_walk_span_of(walk, term));
}

void vd_walk_forget(struct vd_facts *out, struct vd_text_ref *ref)
{
    if (ref->len > 0 && ref->offset + ref->len + 1u == out->text_len) {
        out->text_len = ref->offset;
    }
    *ref = (struct vd_text_ref){0, 0, 0};
}

void vd_walk_begin_path(struct vd_walk *walk)
{
    vd_walk_forget(walk->at->out, &walk->spf->fault);
    vd_walk_forget(walk->at->out, &walk->spf->path);
    vd_walk_write_way(walk, &walk->spf->path, walk->steps, walk->depth);
}

struct vd_span vd_walk_span_of(const struct vd_walk *walk, const struct vd_spf_term *term)
{
    return (struct vd_span){walk->record.text + term->offset, term->len};
}

void vd_walk_fail_at(struct vd_walk *walk, const struct vd_spf_term *term, const char *what)
{
    struct vd_facts *out = walk->at->out;

    if (walk->is_broken || walk->spf->passes_all) {
        return;
    }
    walk->is_broken = true;
    vd_walk_begin_path(walk);
    if (term != NULL) {
        if (term->kind == VD_SPF_INCLUDE || term->kind == VD_SPF_REDIRECT) {
            write_step(walk, &out->spf.path, term);
        }
        vd_facts_write_span(out, &out->spf.fault, vd_walk_span_of(walk, term));
        vd_facts_write(out, &out->spf.fault, ": %s", what);
    }
}

void vd_walk_give_up(struct vd_walk *walk, uint8_t detail, const struct vd_spf_term *term)
{
    if (walk->is_broken || walk->is_unknown) {
        return;
    }
    walk->is_unknown = true;
    if (walk->spf->passes_all) {
        return; /* that much is certain */
    }
    walk->spf->detail = detail;
    vd_walk_begin_path(walk);
    if (term != NULL) {
        write_step(walk, &walk->spf->path, term);
    }
}

void vd_walk_pass_all(struct vd_walk *walk, const struct vd_spf_term *term)
{
    if (walk->is_broken || walk->is_unknown || walk->spf->passes_all) {
        return;
    }
    walk->spf->passes_all = 1;
    vd_walk_begin_path(walk);
    if (term != NULL) {
        vd_facts_write_span(walk->at->out, &walk->spf->fault, vd_walk_span_of(walk, term));
    }
}

void vd_walk_doubt_host(struct vd_walk *walk)
{
    walk->spf->unknown |= VD_FACET_BIT(VD_FACET_SPF_RANGE) | VD_FACET_BIT(VD_FACET_SPF_LOOKUPS);
}

bool vd_walk_is_missing(const struct vd_answer *answer)
{
    return answer == NULL || answer->presence == VD_UNKNOWN;
}

uint8_t vd_walk_why_missing(const struct vd_answer *answer)
{
    return answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer);
}

/* ---- counting ------------------------------------------------------------------------------ */

void vd_walk_count_lookup(struct vd_walk *walk)
{
    if (walk->spf->lookups == VD_SPF_COUNTED_MAX) {
        walk->is_over = true;
        return;
    }
    walk->spf->lookups++;
    if (walk->spf->lookups > VD_SPF_LOOKUPS_MAX && !walk->is_broken && !walk->spf->passes_all) {
        vd_walk_fail_at(walk, NULL, NULL);
        walk->is_late = true;
    }
}

void vd_walk_count_void(struct vd_walk *walk, const struct vd_spf_term *term, bool is_4, bool is_6)
{
    struct vd_spf_facts *spf = walk->spf;

    spf->voids6 = (uint8_t)(spf->voids6 + (is_6 && spf->voids6 < UINT8_MAX));
    if (is_4 && spf->voids4 < UINT8_MAX && ++spf->voids4 == VD_SPF_VOIDS_MAX + 1) {
        vd_walk_fail_at(walk, term, "the third lookup that finds nothing, the limit is 2");
    }
}

void vd_walk_look_for_owner(struct vd_walk *walk, const struct vd_spf_term *term,
                            const struct vd_answer *answer)
{
    const struct vd_walk_frame *top = &walk->frames[walk->depth - 1];
    struct vd_facts *out = walk->at->out;
    char zone[VD_DOMAIN_TEXT_MAX];

    if (!top->is_granting || term->qualifier != '+' || walk->spf->takeover) {
        return;
    }
    switch (vd_takeover_of(walk->at, answer, zone)) {
    case VD_TAKEOVER_YES:
        walk->spf->takeover = 1;
        vd_facts_write(out, &out->spf.where, "%s (", zone);
        vd_walk_write_way(walk, &out->spf.where, walk->steps, walk->depth);
        write_step(walk, &out->spf.where, term);
        vd_facts_write(out, &out->spf.where, ")");
        break;
    case VD_TAKEOVER_UNKNOWN:
        walk->spf->unknown |= VD_FACET_BIT(VD_FACET_SPF_RECORD);
        break;
    default:
        break;
    }
}

/* ---- networks ------------------------------------------------------------------------------ */

uint8_t vd_walk_default_of(char qualifier)
{
    switch (qualifier) {
    case '+':
        return VD_SPF_PASS;
    case '-':
        return VD_SPF_FAIL;
    case '~':
        return VD_SPF_SOFTFAIL;
    default:
        return VD_SPF_NEUTRAL;
    }
}

/* Which halves of the address space lie in it, as bits of frame.denied. */
static uint8_t halves_of(const struct vd_spf_network *network)
{
    unsigned half = network->bits > 1            ? 0
                    : network->bits == 0         ? 3u
                    : network->address[0] < 0x80 ? 1u
                                                 : 2u;

    return (uint8_t)(half << (network->is_ip6 ? 2u : 0));
}

static bool is_everything(const struct vd_ranges *ranges, bool is_ip6)
{
    return is_ip6 ? ranges->count6 == 1 && ranges->runs6[0].first == 0 &&
                        ranges->runs6[0].last == UINT64_MAX
                  : ranges->count4 == 1 && ranges->runs4[0].first == 0 &&
                        ranges->runs4[0].last == UINT32_MAX;
}

static uint32_t add_bounded(uint32_t sum, unsigned log2)
{
    uint32_t more = log2 < 32 ? (uint32_t)1 << log2 : UINT32_MAX;

    return sum > UINT32_MAX - more ? UINT32_MAX : sum + more;
}

/* Keep the shorter of two prefix lengths; true if that is news. */
static bool keep_shorter(uint8_t *kept, uint8_t bits)
{
    bool is_shorter = bits < *kept;

    *kept = is_shorter ? bits : *kept;
    return is_shorter;
}

/* Keep the way to the top frame. */
static void show(struct vd_walk *walk)
{
    walk->shown_depth = walk->depth;
    memcpy(walk->shown, walk->steps, walk->depth * sizeof walk->steps[0]);
}

static void count_up(uint8_t *count)
{
    *count = (uint8_t)(*count + (*count < UINT8_MAX));
}

/* Keep the widest networks; and the way to one that is wider than any was, if it is to be shown. */
static void note_width(struct vd_walk *walk, const struct vd_spf_term *term,
                       const struct vd_spf_network *network)
{
    struct vd_spf_facts *spf = walk->spf;
    const struct vd_spf_facts *was = &walk->at->was->spf;
    bool is_known = walk->frames[walk->depth - 1].is_known;
    bool is_4 = !network->is_ip6;
    uint8_t vast = is_4 ? walk->widths.vast4 : walk->widths.vast6;
    uint8_t wide = is_4 ? walk->widths.wide4 : walk->widths.wide6;
    bool is_news = keep_shorter(is_4 ? &spf->any4 : &spf->any6, network->bits);

    if (network->bits <= vast) {
        count_up(&spf->vasts);
    }
    if (!is_known) {
        is_news = keep_shorter(is_4 ? &spf->prefix4 : &spf->prefix6, network->bits);
        if (network->bits <= wide) {
            count_up(&spf->wides);
        }
    }
    bool is_more = was->standing != VD_STANDING_OK || spf->vasts > was->vasts ||
                   spf->wides > was->wides || is_news;
    if (is_more && network->bits <= (is_known ? vast : wide)) {
        walk->wide_term = vd_walk_span_of(walk, term);
        show(walk);
    }
}

/* Keep the way to the record that lets most addresses in: it is the one that grew, where all of
   them have grown to a multiple of what they were. */
static void note_size(struct vd_walk *walk, const struct vd_spf_network *network)
{
    struct vd_walk_frame *top = &walk->frames[walk->depth - 1];

    top->size = network->is_ip6 ? top->size : add_bounded(top->size, 32u - network->bits);
    if (top->size > walk->largest && walk->wide_term.len == 0) {
        walk->largest = top->size;
        show(walk);
    }
}

/* A network that a term speaks of. */
static void see_network(struct vd_walk *walk, const struct vd_spf_term *term,
                        const struct vd_spf_network *network)
{
    struct vd_walk_frame *top = &walk->frames[walk->depth - 1];
    struct vd_ranges *ranges = &walk->at->scratch->ranges;
    uint8_t halves = halves_of(network);

    if (term->qualifier != '+') {
        uint8_t result = vd_walk_default_of(term->qualifier);
        top->denied |= halves;
        top->denied_as = halves != 0 && result < top->denied_as ? result : top->denied_as;
        return;
    }
    if (!top->is_granting || (halves != 0 && (halves & ~(unsigned)top->denied) == 0)) {
        return;
    }
    strike_strangers(walk, network);
    note_width(walk, term, network);
    if (top->is_known) {
        uint32_t *sum = network->is_ip6 ? &walk->spf->known6 : &walk->spf->known4;
        unsigned width = network->is_ip6 ? 64 : 32;
        *sum = add_bounded(*sum, network->bits < width ? width - network->bits : 0);
    } else {
        vd_ranges_add(ranges, network->address, network->is_ip6, network->bits);
        note_size(walk, network);
    }
    if (network->bits == 0 || (!top->is_known && is_everything(ranges, network->is_ip6))) {
        vd_walk_pass_all(walk, term);
    }
}

void vd_walk_see_ip(struct vd_walk *walk, const struct vd_spf_term *term)
{
    struct vd_spf_network network;

    if (vd_spf_network(&walk->record, term, &network) == VD_OK) {
        see_network(walk, term, &network);
    }
}

/* ---- hosts ----------------------------------------------------------------------------------- */

/* All addresses of one family; false: it has none. */
static bool see_addresses(struct vd_walk *walk, const struct vd_spf_term *term, const char *name,
                          bool is_ip6)
{
    uint16_t type = is_ip6 ? VD_TYPE_AAAA : VD_TYPE_A;
    const struct vd_snapshot *snapshot = walk->at->snapshot;
    const struct vd_answer *answer = vd_reading_find(walk->at, name, type, VD_WANT_OTHER);
    const struct vd_record *record;

    if (vd_walk_is_missing(answer)) {
        vd_walk_doubt_host(walk);
        return true;
    }
    if (answer->presence == VD_ABSENT) {
        vd_walk_look_for_owner(walk, term, answer);
        return false;
    }
    for (size_t i = 0; (record = vd_snapshot_record(snapshot, answer, type, i)) != NULL; i++) {
        struct vd_spf_network network = {.bits = is_ip6 ? term->prefix6 : term->prefix4,
                                         .is_ip6 = is_ip6};
        memcpy(network.address, vd_snapshot_span(snapshot, record).bytes, is_ip6 ? 16 : 4);
        see_network(walk, term, &network);
    }
    return true;
}

/* RFC 7208, section 5.3 */
void vd_walk_see_a(struct vd_walk *walk, const struct vd_spf_term *term, const char *name)
{
    bool has_4 = see_addresses(walk, term, name, false);
    bool has_6 = see_addresses(walk, term, name, true);

    vd_walk_count_void(walk, term, !has_4, !has_6);
}

/* RFC 7208, section 5.4; a null MX (RFC 7505) names no host. */
void vd_walk_see_mx(struct vd_walk *walk, const struct vd_spf_term *term, const char *name)
{
    const struct vd_snapshot *snapshot = walk->at->snapshot;
    const struct vd_answer *answer = vd_reading_find(walk->at, name, VD_TYPE_MX, VD_WANT_OTHER);
    const struct vd_record *record;

    if (vd_walk_is_missing(answer)) {
        vd_walk_doubt_host(walk);
        return;
    }
    if (answer->presence == VD_ABSENT) {
        vd_walk_look_for_owner(walk, term, answer);
        vd_walk_count_void(walk, term, true, true);
        return;
    }
    if (vd_snapshot_record(snapshot, answer, VD_TYPE_MX, VD_SPF_HOSTS_MAX) != NULL) {
        vd_walk_fail_at(walk, term, "more than 10 MX hosts");
        return;
    }
    for (size_t i = 0; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_MX, i)) != NULL;
         i++) {
        const char *host = vd_snapshot_target(snapshot, record);
        if (strcmp(host, ".") != 0) {
            (void)see_addresses(walk, term, host, false);
            (void)see_addresses(walk, term, host, true);
        }
    }
}
