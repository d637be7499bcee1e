/*
 * SPF: what to type.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"
#include "firmware/judge/spf_terms.h"
#include "report/text.h"

#include <string.h>

/* Longest record that is put together from several. */
#define JOINED_MAX 500u

/* ---- several records: one ---------------------------------------------------------------------- */

static bool is_all(struct vd_span term)
{
    return vd_span_is_word(term, "all") ||
           (term.len == 4 && vd_span_is_word(vd_span_skip(term, 1), "all"));
}

static bool is_modifier(struct vd_span term, const char *word)
{
    struct vd_span name = {term.bytes, vd_span_to(term, '=')};

    return name.len < term.len && vd_span_is_word(name, word);
}

/* It would have no effect beside all. */
static bool is_redirect(struct vd_span term)
{
    return is_modifier(term, "redirect");
}

/* Does the text so far hold the term? */
static bool has_term(const struct vd_text_writer *w, struct vd_span term)
{
    struct vd_span text = {(const uint8_t *)w->out, w->len};
    struct vd_span other;

    while (vd_span_next(&text, ' ', &other)) {
        if (other.len > 0 && vd_spf_term_hash(other) == vd_spf_term_hash(term)) {
            return true;
        }
    }
    return false;
}

/* The terms of one more record, but for its end; *end is the first all or redirect= of them.  One
   exp= is all that a record may have (RFC 7208, section 6). */
static void join(struct vd_text_writer *w, struct vd_span record, struct vd_span *end,
                 bool *has_exp)
{
    struct vd_span term;

    (void)vd_span_next(&record, ' ', &term); /* v=spf1 */
    while (vd_span_next(&record, ' ', &term)) {
        if (term.len == 0 || has_term(w, term) || (is_modifier(term, "exp") && *has_exp)) {
            continue;
        }
        *has_exp = *has_exp || is_modifier(term, "exp");
        if (is_all(term) || is_redirect(term)) {
            *end = end->len == 0 || (is_redirect(*end) && is_all(term)) ? term : *end;
            continue;
        }
        vd_text_put(w, " ");
        vd_text_put_span(w, (const char *)term.bytes, term.len);
    }
}

/* Can it be shown as it is? */
static bool is_plain(struct vd_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] < ' ' || text.bytes[i] > '~') {
            return false;
        }
    }
    return true;
}

/* "join them into one", ready to paste; the first one's all stays. */
static uint16_t join_records(const struct vd_bench *at)
{
    const struct vd_answer *answer = vd_snapshot_find(at->snapshot, at->watch->domain, VD_TYPE_TXT);
    const struct vd_record *record;
    struct vd_span end = {NULL, 0};
    char text[JOINED_MAX];
    struct vd_text_writer w;
    bool is_whole = true;
    bool has_exp = false;

    vd_text_start(&w, text, sizeof text);
    vd_text_put(&w, "v=spf1");
    for (size_t i = 0; answer != NULL &&
                       (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span span = vd_snapshot_span(at->snapshot, record);
        if (vd_spf_is_record(span)) {
            is_whole = is_whole && is_plain(span);
            join(&w, span, &end, &has_exp);
        }
    }
    vd_text_put(&w, end.len > 0 ? " " : "");
    vd_text_put_span(&w, (const char *)end.bytes, end.len);
    if (w.is_cut || !is_whole) {
        return vd_words_put(at->out, "at %s join the SPF records into one TXT", at->record);
    }
    return vd_words_put(at->out, "at %s remove all SPF records but one, and put TXT: %s",
                        at->record, text);
}

/* ---- all else ------------------------------------------------------------------------------------ */

/* Between the steps of a path. */
#define STEP " > "

/* The words of the last one, of a path from its first STEP on; NULL: there is none. */
static const char *last_step(const char *path)
{
    const char *last = NULL;

    for (; path != NULL; path = strstr(last, STEP)) {
        last = path + sizeof STEP - 1u;
    }
    return last;
}

/* The fault lies in a record that ours includes: what to take out of ours. */
static uint16_t mend_path(const struct vd_bench *at)
{
    const struct vd_facts *facts = &at->out->facts;
    struct vd_text_ref fault = facts->spf.fault;
    const char *own = strstr(vd_facts_text(facts, facts->spf.path), STEP);
    const char *last = last_step(own);

    if (own == NULL) {
        return vd_mend_correct(at, "SPF", fault, facts->spf.text);
    }
    own += sizeof STEP - 1u;
    last += last[strcspn(last, ":=")] == '\0' ? 0 : strcspn(last, ":=") + 1u;
    return vd_words_put(
        at->out, "at %s take %.*s out of the TXT, or have the owner of %.150s mend it%s%.100s%s",
        at->record, (int)strcspn(own, " "), own, last, fault.len > 0 ? " (" : "",
        vd_facts_text(facts, fault), fault.len > 0 ? ")" : "");
}

static uint16_t mend_takeover(const struct vd_bench *at)
{
    const struct vd_facts *facts = &at->out->facts;
    const char *where = vd_facts_text(facts, facts->spf.where);
    const char *own = strstr(where, STEP); /* "ZONE (PATH)" */
    const char *term = last_step(own);

    if (own == NULL) {
        return 0; /* the text was cut */
    }
    own += sizeof STEP - 1u;
    return own == term
               ? vd_words_put(at->out, "at %s take %.*s out of the TXT", at->record,
                              (int)strcspn(own, ")"), own)
               : vd_words_put(
                     at->out, "at %s take %.*s out of the TXT, or have its owner take %.*s out",
                     at->record, (int)strcspn(own, " "), own, (int)strcspn(term, ")"), term);
}

/*
 * "at NAME put TXT: " our record as it stands, but with `front` behind v=spf1, and with `end` (NULL: as
 * it is) for its all.  0: that cannot be shown.
 */
static uint16_t put_changed(const struct vd_bench *at, const char *front, const char *end)
{
    struct vd_span record = vd_spf_own_record(at->snapshot, at->watch->domain);
    bool is_shown = is_plain(record);
    bool has_end = end == NULL;
    char text[JOINED_MAX];
    struct vd_text_writer w;
    struct vd_span term;

    vd_text_start(&w, text, sizeof text);
    vd_text_put(&w, "v=spf1");
    vd_text_put(&w, front);
    (void)vd_span_next(&record, ' ', &term); /* v=spf1 */
    while (vd_span_next(&record, ' ', &term)) {
        bool is_end = end != NULL && is_all(term);
        is_shown = is_shown && (end == NULL || !is_redirect(term)); /* that one decides */
        if (term.len > 0 && !(is_end && has_end)) {
            vd_text_put(&w, " ");
            vd_text_put_span(&w, is_end ? end : (const char *)term.bytes,
                             is_end ? strlen(end) : term.len);
        }
        has_end = has_end || is_end;
    }
    if (!has_end) {
        vd_text_put(&w, " ");
        vd_text_put(&w, end);
    }
    return is_shown && !w.is_cut ? vd_words_put(at->out, "at %s put TXT: %s", at->record, text) : 0;
}

/* Ends in what the floor asks for. */
static uint16_t mend_floor(const struct vd_bench *at)
{
    static const char *const ends[] = {"?all", "?all", "~all", "-all"};
    const struct vd_watch *watch = at->watch;
    bool is_known = watch->spf_floor >= 0 && watch->spf_floor <= VD_SPF_FAIL;
    const char *end = ends[is_known ? watch->spf_floor : VD_SPF_FAIL];

    if ((watch->profiles & VD_PROFILE_PARKED) != 0) {
        return vd_words_put(at->out, "at %s put TXT: v=spf1 -all", at->record);
    }
    uint16_t words = put_changed(at, "", end);
    return words != 0 ? words
                      : vd_words_put(at->out, "at %s let the TXT end in %s: %.200s", at->record,
                                     end, vd_facts_text(&at->out->facts, at->out->facts.spf.text));
}

/* Our own record says +all. */
static uint16_t mend_all(const struct vd_bench *at)
{
    const struct vd_facts *facts = &at->out->facts;
    const char *fault = vd_facts_text(facts, facts->spf.fault);
    struct vd_span term = {(const uint8_t *)fault, facts->spf.fault.len};

    return at->finding->code == VD_CODE_SPF_PASS_ALL && is_all(term) &&
                   strstr(vd_facts_text(facts, facts->spf.path), STEP) == NULL
               ? put_changed(at, "", "-all")
               : 0;
}

/* Name the servers of ours that do not pass. */
static uint16_t mend_senders(const struct vd_bench *at)
{
    const struct vd_watch *watch = at->watch;
    char front[VD_SENDERS_MAX * (VD_SPF_ADDRESS_MAX + 5u)] = "";
    char address[VD_SPF_ADDRESS_MAX];
    struct vd_text_writer w;

    vd_text_start(&w, front, sizeof front);
    for (unsigned i = 0; i < watch->senders_count && i < VD_SENDERS_MAX; i++) {
        if ((at->out->facts.spf.senders_fail & 1u << i) != 0) {
            vd_text_put(&w, watch->senders[i].is_ip6 ? " ip6:" : " ip4:");
            vd_text_put(&w, vd_spf_address_text(&watch->senders[i], address));
        }
    }
    return put_changed(at, front, NULL);
}

/* Is the own record the same as when it was good? */
static bool is_same_text(const struct vd_bench *at)
{
    const struct vd_facts *now = &at->out->facts;
    const struct vd_facts *was = at->was;

    return was->spf.text.len == now->spf.text.len &&
           memcmp(vd_facts_text(was, was->spf.text), vd_facts_text(now, now->spf.text),
                  now->spf.text.len) == 0;
}

/* The record was good before. */
static uint16_t mend_known(const struct vd_bench *at)
{
    const struct vd_spf_facts *now = &at->out->facts.spf;
    const char *path = vd_facts_text(&at->out->facts, now->path);

    if (is_same_text(at) && strchr(path, '>') != NULL) {
        return mend_path(at);
    }
    if (is_same_text(at)) {
        return vd_mend_correct(at, "SPF", now->fault, now->text);
    }
    return vd_mend_put_back(at, "TXT", at->was->spf.text, true);
}

/* Our record is at fault, and not for what it lost: what to make of it.  0: that is not so. */
static uint16_t mend_now(const struct vd_bench *at, bool was_good)
{
    if (was_good && !is_same_text(at)) {
        return 0;
    }
    return at->finding->code == VD_CODE_SPF_SENDER_FAILS ? mend_senders(at) : mend_all(at);
}

/* Codes that the finding itself is enough for: nothing is to be typed. */
static bool needs_nothing(uint8_t code)
{
    return code == VD_CODE_SPF_PENDING || code == VD_CODE_SPF_VERIFIED;
}

uint16_t vd_mend_spf(const struct vd_bench *at)
{
    const struct vd_facts *facts = &at->out->facts;
    const struct vd_spf_facts *now = &facts->spf;
    bool was_good = at->was->spf.standing == VD_STANDING_OK && !at->was->spf.passes_all;

    if (needs_nothing(at->finding->code)) {
        return vd_words_put(at->out,
                            "nothing to type: a new record takes up to 48 hours to spread");
    }
    if (at->finding->code == VD_CODE_SPF_TAKEOVER) {
        return mend_takeover(at);
    }
    if (at->finding->code == VD_CODE_SPF_FLOOR) {
        return mend_floor(at);
    }
    if (now->standing == VD_STANDING_BROKEN && now->records > 1) {
        return join_records(at);
    }
    if (now->standing != VD_STANDING_OK && now->slip != VD_SLIP_NONE) {
        return vd_mend_slip(at, now->slip, now->where);
    }
    uint16_t words = mend_now(at, was_good);
    if (words != 0) {
        return words;
    }
    if (was_good) {
        return mend_known(at);
    }
    if (now->standing == VD_STANDING_ABSENT) {
        return vd_words_put(
            at->out, "at %s put a TXT that lists who sends, such as: v=spf1 mx -all", at->record);
    }
    return strchr(vd_facts_text(facts, now->path), '>') != NULL
               ? mend_path(at)
               : vd_mend_correct(at, "SPF", now->fault, now->text);
}
