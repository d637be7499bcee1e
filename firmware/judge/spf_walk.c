/*
 * The static walk: frames instead of recursion.
 *
 * There is no mail in hand, hence no sender's address: the walk goes the way of a sender whom no
 * term matches, in the order of evaluation (RFC 7208, section 4.6).  A fault or an unknown answer
 * does not end it: what lies behind is wanted and counted all the same.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/spf_walk_parts.h"

#include "dns/name.h"

/* ---- frames ---------------------------------------------------------------------------------- */

/* Read the record of the top frame; false: it cannot be evaluated. */
static bool load_top(struct vd_walk *walk)
{
    const struct vd_walk_frame *top = &walk->frames[walk->depth - 1];
    struct vd_facts *out = walk->at->out;
    bool is_first = !walk->is_broken && !walk->spf->passes_all;

    switch (vd_spf_parse(top->text.bytes, top->text.len, &walk->record)) {
    case VD_OK:
        return true;
    case VD_EFORMAT:
        vd_walk_fail_at(walk, NULL, NULL);
        if (is_first) {
            vd_facts_write(out, &out->spf.fault, "%s: ", walk->record.fault);
            vd_facts_write_span(out, &out->spf.fault,
                                (struct vd_span){walk->record.text + walk->record.fault_offset,
                                                 walk->record.fault_len});
        }
        return false;
    default:
        vd_walk_give_up(walk, VD_DETAIL_LIMIT, NULL);
        return false;
    }
}

static bool is_on_the_way(const struct vd_walk *walk, const struct vd_answer *answer)
{
    for (size_t i = 0; i < walk->depth; i++) {
        if (walk->steps[i].answer == answer) {
            return true;
        }
    }
    return false;
}

/* The one SPF record of an answer; NULL: there is none, or several, and what says which. */
static const char *find_record(const struct vd_walk *walk, const struct vd_answer *answer,
                               struct vd_span *text)
{
    const struct vd_snapshot *snapshot = walk->at->snapshot;
    const struct vd_record *record;
    unsigned count = 0;

    for (size_t i = 0; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span span = vd_snapshot_span(snapshot, record);
        if (vd_spf_is_record(span)) {
            *text = span;
            count++;
        }
    }
    return count == 0 ? "has no SPF record" : count > 1 ? "has more than one SPF record" : NULL;
}

/* Go into the record of `name`, which include: or redirect= leads to. */
static void enter(struct vd_walk *walk, const struct vd_spf_term *term, const char *name)
{
    const struct vd_walk_frame *top = &walk->frames[walk->depth - 1];
    const struct vd_answer *answer = vd_reading_find(walk->at, name, VD_TYPE_TXT, VD_WANT_SPF);
    struct vd_span text = {NULL, 0};

    if (vd_walk_is_missing(answer)) {
        vd_walk_give_up(walk, vd_walk_why_missing(answer), term);
        return;
    }
    if (answer->presence == VD_ABSENT) {
        vd_walk_fail_at(walk, term,
                        answer->detail == VD_DETAIL_NXDOMAIN ? "no such name (NXDOMAIN)"
                                                             : "has no SPF record");
        vd_walk_look_for_owner(walk, term, answer);
        return;
    }
    const char *fault =
        is_on_the_way(walk, answer) ? "includes itself" : find_record(walk, answer, &text);
    if (fault != NULL) {
        vd_walk_fail_at(walk, term, fault);
        return;
    }
    if (walk->depth > VD_SPF_DEPTH_MAX) {
        vd_walk_give_up(walk, VD_DETAIL_LIMIT, term);
        return;
    }
    walk->steps[walk->depth] = (struct vd_walk_step){.answer = answer, .entry = term->kind};
    walk->frames[walk->depth++] = (struct vd_walk_frame){
        .text = text,
        .qualifier = term->qualifier,
        .denied_as = VD_SPF_FAIL,
        .is_granting = top->is_granting && term->qualifier == '+',
        .is_known = top->is_known || vd_provider_of_include(walk->at->watch, name) != NULL};
    if (!load_top(walk)) {
        walk->depth--; /* its includer goes on: what follows is wanted too */
        (void)load_top(walk);
    }
}

/*
 * The top frame's result for everybody who is left; term: what gave it, NULL for the end of the
 * record.  In an include only pass means a match (RFC 7208, section 5.2): the includer then ends
 * with the qualifier of its include:.
 */
static void leave(struct vd_walk *walk, uint8_t result, const struct vd_spf_term *term)
{
    for (uint8_t depth = walk->depth; depth > 1; depth--) {
        if (walk->steps[depth - 1].entry != VD_SPF_INCLUDE) {
            continue; /* redirect=: the result is the includer's too */
        }
        if (result != VD_SPF_PASS) {
            walk->depth = (uint8_t)(depth - 1);
            (void)load_top(walk); /* no match: go on behind the include: */
            return;
        }
        result = vd_walk_default_of(walk->frames[depth - 1].qualifier);
    }
    walk->is_over = true;
    walk->spf->dflt = result;
    walk->spf->is_open = walk->is_open;
    if (result == VD_SPF_PASS) {
        vd_walk_pass_all(walk, term);
    } else if (walk->depth > 1 && !walk->is_broken && !walk->is_unknown && !walk->spf->passes_all) {
        vd_walk_begin_path(walk); /* redirect= led here */
    }
}

/* ---- terms ----------------------------------------------------------------------------------- */

/* A term that only a mail in hand can fill in.  A known service may change its own as it likes. */
static void see_dynamic(struct vd_walk *walk, const struct vd_spf_term *term)
{
    walk->walked->is_by_mail = true;
    if (!walk->frames[walk->depth - 1].is_known) {
        walk->spf->dynamic += vd_spf_term_hash(vd_walk_span_of(walk, term)) | 1u;
    }
}

/* Without a macro it is a constant: it resolves for everybody, or for nobody (section 5.7). */
static void see_exists(struct vd_walk *walk, const struct vd_spf_term *term, const char *name)
{
    const struct vd_answer *answer = vd_reading_find(walk->at, name, VD_TYPE_A, VD_WANT_OTHER);

    if (vd_walk_is_missing(answer)) {
        vd_walk_doubt_host(walk);
    } else if (answer->presence == VD_ABSENT) {
        vd_walk_look_for_owner(walk, term, answer);
        vd_walk_count_void(walk, term, true, true);
    } else {
        leave(walk, vd_walk_default_of(term->qualifier), term);
    }
}

/* A term with a name; false: which one, only the mail tells. */
static bool see_target(struct vd_walk *walk, const struct vd_spf_term *term)
{
    const struct vd_answer *own = walk->steps[walk->depth - 1].answer;
    char name[VD_NAME_TEXT_MAX];

    switch (vd_spf_expand(&walk->record, term, vd_snapshot_name(walk->at->snapshot, own),
                          walk->sender_domain, name, sizeof name)) {
    case VD_OK:
        break;
    case VD_OTHER:
        see_dynamic(walk, term);
        return false;
    case VD_EFULL:
        vd_walk_give_up(walk, VD_DETAIL_LIMIT, term); /* more macros than we fill in */
        return true;
    default:
        vd_walk_fail_at(walk, term, "not a domain name");
        return true;
    }
    if (term->kind == VD_SPF_A) {
        vd_walk_see_a(walk, term, name);
    } else if (term->kind == VD_SPF_MX) {
        vd_walk_see_mx(walk, term, name);
    } else if (term->kind == VD_SPF_EXISTS) {
        see_exists(walk, term, name);
    } else {
        enter(walk, term, name);
    }
    return true;
}

/* The end of a record without all: redirect= of it, or neutral (section 4.7). */
static void end_record(struct vd_walk *walk)
{
    uint8_t depth = walk->depth;
    bool is_whole = true; /* not inside an include: */

    for (size_t i = 1; i < depth; i++) {
        is_whole = is_whole && walk->steps[i].entry == VD_SPF_REDIRECT;
    }
    for (size_t i = 0; i < walk->record.terms_count; i++) {
        struct vd_spf_term term = walk->record.terms[i];
        if (term.kind == VD_SPF_REDIRECT) {
            vd_walk_count_lookup(walk);
            walk->is_open = !see_target(walk, &term) && is_whole;
            if (walk->depth > depth || walk->is_over) {
                return;
            }
            break;
        }
    }
    leave(walk, VD_SPF_NEUTRAL, NULL);
}

/* One term of the top frame. */
static void step(struct vd_walk *walk)
{
    struct vd_walk_frame *top = &walk->frames[walk->depth - 1];

    if (top->next >= walk->record.terms_count) {
        end_record(walk);
        return;
    }
    struct vd_spf_term term = walk->record.terms[top->next++]; /* a copy: other records are read */
    if (term.kind == VD_SPF_ALL) {
        /* What follows, redirect= too, has no effect. */
        leave(walk, top->denied == 0xfu ? top->denied_as : vd_walk_default_of(term.qualifier),
              &term);
        return;
    }
    if (term.kind == VD_SPF_IP4 || term.kind == VD_SPF_IP6) {
        vd_walk_see_ip(walk, &term);
        return;
    }
    if (!vd_spf_is_lookup(&term) || term.kind == VD_SPF_REDIRECT) {
        return;
    }
    vd_walk_count_lookup(walk);
    if (term.kind == VD_SPF_PTR) {
        walk->walked->is_by_mail = true;
    } else if (!walk->is_over) {
        (void)see_target(walk, &term);
    }
}

/* ---- all of it --------------------------------------------------------------------------------- */

/* The way to a wide network; or, where far more addresses pass than did, to those that do. */
static void show_widest(struct vd_walk *walk)
{
    const struct vd_spf_facts *was = &walk->at->was->spf;
    struct vd_spf_facts *spf = walk->spf;
    bool is_wide = walk->wide_term.len > 0;
    bool has_grown =
        was->standing != VD_STANDING_UNKNOWN && vd_spf_has_grown(walk->at->watch, was, spf);

    if (is_wide || has_grown) {
        vd_walk_forget(walk->at->out, &spf->path);
        vd_walk_write_way(walk, &spf->path, walk->shown, walk->shown_depth);
    }
    if (is_wide) {
        vd_facts_write_span(walk->at->out, &spf->fault, walk->wide_term);
    }
}

/* What the walk has come to; what is not certain is not told. */
static void conclude(struct vd_walk *walk)
{
    const struct vd_ranges *ranges = &walk->at->scratch->ranges;
    struct vd_spf_facts *spf = walk->spf;
    struct vd_facts *out = walk->at->out;

    spf->n4 = vd_ranges_count4(ranges);
    spf->n6 = vd_ranges_count6(ranges);
    if (ranges->is_full) {
        spf->unknown |= VD_FACET_BIT(VD_FACET_SPF_RANGE);
    }
    spf->standing = walk->is_broken    ? VD_STANDING_BROKEN
                    : walk->is_unknown ? VD_STANDING_UNKNOWN
                                       : VD_STANDING_OK;
    if (spf->passes_all) {
        /* Everything else about the range means nothing, and is not to vary. */
        spf->n4 = spf->n6 = spf->known4 = spf->known6 = UINT32_MAX;
        spf->prefix4 = spf->prefix6 = spf->any4 = spf->any6 = 0;
        spf->wides = spf->vasts = UINT8_MAX;
        spf->standing = VD_STANDING_OK; /* decided before whatever came later */
        spf->unknown = walk->is_unknown
                           ? (uint8_t)~VD_FACET_BIT(VD_FACET_SPF_RANGE)
                           : (uint8_t)(spf->unknown & ~VD_FACET_BIT(VD_FACET_SPF_RANGE));
    } else if (walk->is_late) {
        vd_facts_write(out, &spf->fault, "%s%u lookups, the limit is %u",
                       spf->lookups == VD_SPF_COUNTED_MAX ? "at least " : "",
                       (unsigned)spf->lookups, VD_SPF_LOOKUPS_MAX);
    } else if (spf->standing == VD_STANDING_OK) {
        show_widest(walk);
    }
}

void vd_spf_walk(const struct vd_reading *at, const struct vd_answer *answer, struct vd_span text,
                 struct vd_spf_walked *walked)
{
    struct vd_walk walk = {.at = at,
                           .spf = &at->out->spf,
                           .walked = walked,
                           .sender_domain = vd_spf_sender_domain(at->watch),
                           .widths = vd_spf_widths_of(at->watch),
                           .depth = 1};

    *walked = (struct vd_spf_walked){.strangers = UINT8_MAX};
    for (unsigned i = 0; i < 8; i++) {
        walked->strangers &= (uint8_t)(vd_spf_stranger(i) == NULL ? ~(1u << i) : UINT8_MAX);
    }
    vd_ranges_clear(&at->scratch->ranges);
    walk.steps[0].answer = answer;
    walk.frames[0] =
        (struct vd_walk_frame){.text = text, .denied_as = VD_SPF_FAIL, .is_granting = true};
    walk.is_over = !load_top(&walk);
    while (!walk.is_over) {
        step(&walk);
    }
    conclude(&walk);
}
