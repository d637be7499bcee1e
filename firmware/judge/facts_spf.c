/*
 * SPF: facts, by a static walk through the record and all that it includes.
 *
 * There is no mail in hand, hence no sender's address: the walk goes the way of a sender whom no
 * term matches, in the order of evaluation, and stops at the first thing that decides (RFC 7208,
 * section 4.6).  No recursion: the frames are kept in an array.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/name.h"
#include "dns/records/span.h"
#include "dns/records/spf.h"

#include "firmware/judge/facts_write.h"

#include <string.h>

/* RFC 7208, section 4.6.4. */
#define LOOKUPS_MAX 10u

/* Terms are counted up to here, to tell how far over the limit a record is: each costs us time. */
#define LOOKUPS_COUNTED_MAX 20u

/* Networks this wide hold strangers, whoever meant what by them. */
#define WIDE_PREFIX4 16u
#define WIDE_PREFIX6 32u

/* One record that is being evaluated. */
struct frame {
    const struct vd_answer *answer;
    struct vd_span text;
    uint16_t next;     /* term to go on with */
    uint8_t entry;     /* how we came here: 0, VD_SPF_INCLUDE or VD_SPF_REDIRECT */
    char qualifier;    /* of the include: that led here */
    uint8_t halves;    /* halves of the IPv4 and IPv6 space that pass: bits 0, 1 and 2, 3 */
    uint8_t denied;    /* and those that were decided otherwise before */
    uint8_t denied_as; /* the kindest of those results */
    bool is_granting;  /* a pass here is one of the whole record */
};

struct walk {
    const struct vd_snapshot *snapshot;
    struct vd_facts *out;
    struct vd_spf spf; /* the record of the top frame */
    struct frame frames[VD_SPF_DEPTH_MAX + 1];
    const struct vd_answer *wide_at; /* where the widest network stands, and how it is written */
    struct vd_span wide_term;
    uint8_t depth; /* frames in use */
    bool is_over;
    bool is_counting; /* over the limit: the verdict is made, only counting goes on */
    bool is_open;     /* the result for all who are left hangs on the mail */
};

/* ---- ends -------------------------------------------------------------------------------- */

static void write_path(struct walk *walk)
{
    struct vd_facts *out = walk->out;

    for (size_t i = 0; i < walk->depth && out->spf.path.len < 256; i++) {
        const struct frame *frame = &walk->frames[i];
        vd_facts_write(out, &out->spf.path, "%s%s%s", i == 0 ? "" : " > ",
                       frame->entry == VD_SPF_INCLUDE    ? "include:"
                       : frame->entry == VD_SPF_REDIRECT ? "redirect="
                                                         : "",
                       vd_snapshot_name(walk->snapshot, frame->answer));
    }
}

/* The verdict is made.  Once over the limit of lookups, no later one replaces it. */
static bool decide(struct walk *walk, enum vd_standing standing)
{
    walk->is_over = true;
    if (walk->is_counting) {
        return false;
    }
    walk->out->spf.standing = (uint8_t)standing;
    if (standing != VD_STANDING_OK) {
        write_path(walk);
    }
    return true;
}

static void put_term(struct walk *walk, const struct vd_spf_term *term)
{
    struct vd_span span = {walk->spf.text + term->offset, term->len};

    vd_facts_write_span(walk->out, &walk->out->spf.fault, span);
}

static void break_at(struct walk *walk, const struct vd_spf_term *term, const char *what)
{
    if (decide(walk, VD_STANDING_BROKEN)) {
        put_term(walk, term);
        vd_facts_write(walk->out, &walk->out->spf.fault, ": %s", what);
    }
}

/* term: the one that needs what is not known, or NULL. */
static void give_up(struct walk *walk, uint8_t detail, const struct vd_spf_term *term)
{
    struct vd_facts *out = walk->out;

    if (!decide(walk, VD_STANDING_UNKNOWN)) {
        return;
    }
    out->spf.detail = detail;
    if (term != NULL) {
        vd_facts_write(out, &out->spf.path, " > ");
        vd_facts_write_span(out, &out->spf.path,
                            (struct vd_span){walk->spf.text + term->offset, term->len});
    }
}

/* ---- records ----------------------------------------------------------------------------- */

/* The SPF records of an answer; *text is the last one. */
static unsigned count_records(const struct vd_snapshot *snapshot, const struct vd_answer *answer,
                              struct vd_spf *spf, struct vd_span *text)
{
    const struct vd_record *record;
    unsigned count = 0;

    for (size_t i = 0; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span span = vd_snapshot_span(snapshot, record);
        if (vd_spf_parse(span.bytes, span.len, spf) != VD_OTHER) {
            *text = span;
            count++;
        }
    }
    return count;
}

/* Read the record of the top frame; false: the walk is over. */
static bool load_top(struct walk *walk)
{
    const struct frame *top = &walk->frames[walk->depth - 1];
    struct vd_facts *out = walk->out;

    switch (vd_spf_parse(top->text.bytes, top->text.len, &walk->spf)) {
    case VD_OK:
        return true;
    case VD_EFORMAT:
        if (decide(walk, VD_STANDING_BROKEN)) {
            vd_facts_write(out, &out->spf.fault, "%s: ", walk->spf.fault);
            vd_facts_write_span(
                out, &out->spf.fault,
                (struct vd_span){walk->spf.text + walk->spf.fault_offset, walk->spf.fault_len});
        }
        return false;
    default:
        give_up(walk, VD_DETAIL_LIMIT, NULL);
        return false;
    }
}

static bool is_on_the_way(const struct walk *walk, const struct vd_answer *answer)
{
    for (size_t i = 0; i < walk->depth; i++) {
        if (walk->frames[i].answer == answer) {
            return true;
        }
    }
    return false;
}

/* Step into the target of include: or redirect=. */
static void enter(struct walk *walk, const struct vd_spf_term *term)
{
    const struct frame *top = &walk->frames[walk->depth - 1];
    char name[VD_NAME_TEXT_MAX];
    struct vd_span text = {NULL, 0};

    enum vd_status status = vd_spf_target(
        &walk->spf, term, vd_snapshot_name(walk->snapshot, top->answer), name, sizeof name);
    if (status == VD_OTHER) {
        return; /* dynamic: counted, but nobody knows its name before the mail is there */
    }
    if (status == VD_EFULL) {
        give_up(walk, VD_DETAIL_LIMIT, term); /* more macros than we fill in */
        return;
    }
    if (status != VD_OK) {
        break_at(walk, term, "not a domain name");
        return;
    }
    const struct vd_answer *answer = vd_snapshot_find(walk->snapshot, name, VD_TYPE_TXT);
    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        give_up(walk, answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer),
                term);
        return;
    }
    if (answer->presence == VD_ABSENT) {
        break_at(walk, term,
                 answer->detail == VD_DETAIL_NXDOMAIN ? "no such name (NXDOMAIN)"
                                                      : "has no SPF record");
        return;
    }
    if (is_on_the_way(walk, answer)) {
        break_at(walk, term, "includes itself");
        return;
    }
    if (walk->depth > VD_SPF_DEPTH_MAX) {
        give_up(walk, VD_DETAIL_LIMIT, term);
        return;
    }
    char qualifier = term->qualifier;
    uint8_t entry = term->kind;
    unsigned records = count_records(walk->snapshot, answer, &walk->spf, &text);
    if (records != 1) {
        (void)load_top(walk); /* count_records has read other records over it */
        break_at(walk, term, records == 0 ? "has no SPF record" : "has more than one SPF record");
        return;
    }
    walk->frames[walk->depth++] =
        (struct frame){.answer = answer,
                       .text = text,
                       .entry = entry,
                       .qualifier = qualifier,
                       .denied_as = VD_SPF_FAIL,
                       .is_granting = top->is_granting && qualifier == '+'};
    (void)load_top(walk);
}

/* ---- results ----------------------------------------------------------------------------- */

static uint8_t default_of(char qualifier)
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

/* The walk ends well: this is the result for everybody whom no term matched. */
static void finish(struct walk *walk, uint8_t result, const struct vd_spf_term *term)
{
    struct vd_spf_facts *spf = &walk->out->spf;

    if (!decide(walk, VD_STANDING_OK)) {
        return;
    }
    spf->dflt = result;
    spf->is_open = walk->is_open;
    spf->passes_all = result == VD_SPF_PASS;
    if (spf->passes_all && term != NULL) {
        write_path(walk);
        put_term(walk, term);
    }
}

/*
 * The top frame's result for everybody who is left; term: what gave it, NULL for the end of the
 * record.  In an include only pass means a match (RFC 7208, section 5.2): the includer then ends
 * with the qualifier of its include:.
 */
static void leave(struct walk *walk, uint8_t result, const struct vd_spf_term *term)
{
    uint8_t depth = walk->depth;

    for (; depth > 1; depth--) {
        const struct frame *frame = &walk->frames[depth - 1];
        if (frame->entry != VD_SPF_INCLUDE) {
            continue; /* redirect=: the result is the includer's too */
        }
        if (result != VD_SPF_PASS) {
            walk->depth = (uint8_t)(depth - 1);
            (void)load_top(walk); /* no match: go on behind the include: */
            return;
        }
        result = default_of(frame->qualifier);
    }
    finish(walk, result, term);
}

/*
 * Does this term, with those before it in its record, let every address pass that is left?  What
 * an earlier term has decided, it has decided for good.
 */
static bool is_everybody(struct walk *walk, const struct vd_spf_term *term)
{
    struct frame *top = &walk->frames[walk->depth - 1];
    bool is_pass = term->qualifier == '+';
    uint8_t address[16];
    uint8_t bits;

    if (term->kind == VD_SPF_A || term->kind == VD_SPF_MX) {
        return is_pass && ((term->prefix4 == 0 && (top->denied & 3u) != 3u) ||
                           (term->prefix6 == 0 && (top->denied & 12u) != 12u));
    }
    if (vd_spf_network(&walk->spf, term, address, &bits) != VD_OK || bits > 1) {
        return false;
    }
    unsigned shift = term->kind == VD_SPF_IP6 ? 2 : 0;
    unsigned half = (bits == 0 ? 3u : address[0] < 0x80 ? 1u : 2u) << shift;
    if (!is_pass) {
        uint8_t result = default_of(term->qualifier);
        top->denied = (uint8_t)(top->denied | (half & ~(unsigned)top->halves));
        top->denied_as = result < top->denied_as ? result : top->denied_as;
        return false;
    }
    top->halves = (uint8_t)(top->halves | (half & ~(unsigned)top->denied));
    return ((unsigned)top->halves >> shift & 3u) == 3u;
}

/* Keep the shorter of two prefix lengths; true if that is news and wide. */
static bool keep_shorter(uint8_t *kept, uint8_t prefix, uint8_t wide)
{
    bool is_shorter = prefix < *kept;

    *kept = is_shorter ? prefix : *kept;
    return is_shorter && prefix <= wide;
}

/* Keep the widest networks that pass. */
static void note_width(struct walk *walk, const struct vd_spf_term *term)
{
    const struct frame *top = &walk->frames[walk->depth - 1];
    struct vd_spf_facts *spf = &walk->out->spf;
    bool is_host = term->kind == VD_SPF_A || term->kind == VD_SPF_MX;
    uint8_t prefix4 = is_host || term->kind == VD_SPF_IP4 ? term->prefix4 : VD_SPF_PREFIX4_NONE;
    uint8_t prefix6 = is_host || term->kind == VD_SPF_IP6 ? term->prefix6 : VD_SPF_PREFIX6_NONE;

    if (term->qualifier != '+' || !top->is_granting || walk->is_counting) {
        return;
    }
    bool is_wider = keep_shorter(&spf->prefix4, prefix4, WIDE_PREFIX4);
    is_wider |= keep_shorter(&spf->prefix6, prefix6, WIDE_PREFIX6);
    if (walk->depth == 1) {
        (void)keep_shorter(&spf->own4, prefix4, 0);
        (void)keep_shorter(&spf->own6, prefix6, 0);
    }
    if (is_wider) {
        walk->wide_at = top->answer;
        walk->wide_term = (struct vd_span){walk->spf.text + term->offset, term->len};
    }
}

static void count_lookup(struct walk *walk)
{
    struct vd_spf_facts *spf = &walk->out->spf;

    if (spf->lookups < LOOKUPS_COUNTED_MAX) {
        spf->lookups++;
    } else {
        walk->is_over = true;
    }
    if (spf->lookups > LOOKUPS_MAX && !walk->is_counting) {
        (void)decide(walk, VD_STANDING_BROKEN);
        walk->is_over = false;
        walk->is_counting = true;
    }
}

/* Find redirect= of the top frame's record and follow it; without one the result is neutral. */
static void redirect(struct walk *walk)
{
    bool is_whole = true; /* not inside an include: */

    for (size_t i = 1; i < walk->depth; i++) {
        is_whole = is_whole && walk->frames[i].entry == VD_SPF_REDIRECT;
    }
    for (size_t i = 0; i < walk->spf.terms_count; i++) {
        struct vd_spf_term term = walk->spf.terms[i];
        if (term.kind == VD_SPF_REDIRECT) {
            uint8_t depth = walk->depth;
            count_lookup(walk);
            enter(walk, &term);
            if (walk->depth > depth || walk->is_over) {
                return;
            }
            walk->is_open = is_whole; /* dynamic */
            break;
        }
    }
    leave(walk, VD_SPF_NEUTRAL, NULL);
}

/* One term of the top frame. */
static void step(struct walk *walk)
{
    struct frame *top = &walk->frames[walk->depth - 1];

    if (top->next >= walk->spf.terms_count) {
        redirect(walk);
        return;
    }
    struct vd_spf_term term = walk->spf.terms[top->next++]; /* a copy: enter reads other records */
    if (term.kind == VD_SPF_ALL) {
        /* What follows, redirect= too, has no effect. */
        leave(walk, top->denied == 0xfu ? top->denied_as : default_of(term.qualifier), &term);
        return;
    }
    note_width(walk, &term);
    if (vd_spf_is_lookup(&term) && term.kind != VD_SPF_REDIRECT) {
        count_lookup(walk);
    }
    if (term.kind == VD_SPF_INCLUDE) {
        enter(walk, &term);
    } else if (is_everybody(walk, &term)) {
        leave(walk, VD_SPF_PASS, &term);
    }
}

/* ---- the own record ---------------------------------------------------------------------- */

uint32_t vd_spf_term_hash(struct vd_span term)
{
    uint32_t hash = VD_HASH_START;

    for (size_t i = 0; i < term.len; i++) {
        uint8_t c = vd_ascii_lower(term.bytes[i]);
        if (i > 0 || c != '+') {
            hash = vd_hash(hash, &c, 1);
        }
    }
    return hash;
}

/* Does it let another party say who passes? */
static bool is_sender(const struct vd_spf_term *term)
{
    return term->qualifier == '+' && (term->kind == VD_SPF_INCLUDE || term->kind == VD_SPF_EXISTS ||
                                      term->kind == VD_SPF_PTR || term->kind == VD_SPF_REDIRECT);
}

/*
 * Order-free hashes of the terms that have an effect: behind the first all no mechanism has, and
 * with an all anywhere redirect= has none (RFC 7208, sections 5.1 and 6.1).
 */
static void hash_terms(const struct vd_spf *spf, struct vd_spf_facts *facts)
{
    size_t senders = 0;
    size_t all = 0;

    while (all < spf->terms_count && spf->terms[all].kind != VD_SPF_ALL) {
        all++;
    }
    for (size_t i = 0; i < spf->terms_count; i++) {
        const struct vd_spf_term *term = &spf->terms[i];
        bool is_mechanism = term->kind < VD_SPF_REDIRECT;
        if ((is_mechanism && i > all) ||
            (term->kind == VD_SPF_REDIRECT && all < spf->terms_count)) {
            continue;
        }
        uint32_t hash = vd_spf_term_hash((struct vd_span){spf->text + term->offset, term->len});
        facts->terms += hash;
        if (is_sender(term) && senders < VD_SPF_SENDERS_MAX) {
            facts->senders[senders++] = hash;
        }
    }
}

/* Tell the widest network, where nothing worse is told. */
static void write_width(struct walk *walk)
{
    struct vd_facts *out = walk->out;
    bool is_own = walk->wide_at == walk->frames[0].answer;

    vd_facts_write(out, &out->spf.path, "%s%s%s",
                   vd_snapshot_name(walk->snapshot, walk->frames[0].answer), is_own ? "" : " > ",
                   is_own ? "" : vd_snapshot_name(walk->snapshot, walk->wide_at));
    vd_facts_write_span(out, &out->spf.fault, walk->wide_term);
}

static void walk_all(struct walk *walk)
{
    if (!load_top(walk)) {
        return;
    }
    hash_terms(&walk->spf, &walk->out->spf);
    while (!walk->is_over) {
        step(walk);
    }
    struct vd_facts *out = walk->out;
    if (walk->is_counting) {
        vd_facts_write(out, &out->spf.fault, "%s%u lookups, the limit is %u",
                       out->spf.lookups == LOOKUPS_COUNTED_MAX ? "more than " : "",
                       (unsigned)out->spf.lookups, LOOKUPS_MAX);
    } else if (out->spf.standing == VD_STANDING_OK && !out->spf.passes_all &&
               walk->wide_at != NULL) {
        write_width(walk);
    }
}

void vd_facts_read_spf(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                       struct vd_facts *out)
{
    const struct vd_answer *answer = vd_snapshot_find(snapshot, watch->domain, VD_TYPE_TXT);
    struct walk walk = {.snapshot = snapshot, .out = out};
    struct vd_spf_facts *spf = &out->spf;
    struct vd_span text = {NULL, 0};

    spf->dflt = VD_SPF_NEUTRAL;
    spf->prefix4 = spf->own4 = VD_SPF_PREFIX4_NONE;
    spf->prefix6 = spf->own6 = VD_SPF_PREFIX6_NONE;
    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        spf->detail = answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer);
        return;
    }
    if (answer->presence == VD_ABSENT) {
        spf->standing = VD_STANDING_ABSENT;
        spf->detail = answer->detail;
        return;
    }
    unsigned records = count_records(snapshot, answer, &walk.spf, &text);
    spf->records = (uint8_t)(records > UINT8_MAX ? UINT8_MAX : records);
    spf->standing = VD_STANDING_ABSENT;
    if (records == 0) {
        return;
    }
    vd_facts_write_record(out, &spf->text, text);
    if (records > 1) {
        spf->standing = VD_STANDING_BROKEN; /* RFC 7208, section 4.5 */
        vd_facts_write(out, &spf->fault, "%u SPF records at one name", records);
        return;
    }
    walk.frames[walk.depth++] = (struct frame){
        .answer = answer, .text = text, .denied_as = VD_SPF_FAIL, .is_granting = true};
    walk_all(&walk);
}
