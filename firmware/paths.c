/*
 * The self-check of each resolver.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/paths.h"

#include "firmware/watchlist.h"
#include "report/text.h"

#include <string.h>

void vd_paths_init(struct vd_paths *paths, uint8_t count)
{
    memset(paths, 0, sizeof(*paths));
    paths->count = count;
}

static bool is_blind(const struct vd_path_check *check)
{
    return check->verdict > VD_PATH_SEES;
}

uint16_t vd_paths_seeing(const struct vd_paths *paths)
{
    uint16_t set = 0;

    for (unsigned i = 0; i < paths->count; i++) {
        set = (uint16_t)(set | (is_blind(&paths->checks[i]) ? 0u : 1u << i));
    }
    return set;
}

uint16_t vd_paths_validating(const struct vd_paths *paths)
{
    uint16_t set = 0;

    for (unsigned i = 0; i < paths->count; i++) {
        const struct vd_path_check *check = &paths->checks[i];
        set = (uint16_t)(set | (check->verdict == VD_PATH_SEES && check->has_ad ? 1u << i : 0u));
    }
    return set;
}

int vd_paths_due(const struct vd_paths *paths, uint64_t now_ms)
{
    int due = -1;

    for (int i = 0; i < paths->count; i++) {
        if (paths->checks[i].due_ms <= now_ms &&
            (due < 0 || paths->checks[i].due_ms < paths->checks[due].due_ms)) {
            due = i;
        }
    }
    return due;
}

uint64_t vd_paths_next_ms(const struct vd_paths *paths)
{
    uint64_t next = UINT64_MAX;

    for (unsigned i = 0; i < paths->count; i++) {
        next = paths->checks[i].due_ms < next ? paths->checks[i].due_ms : next;
    }
    return next;
}

bool vd_paths_are_checked_since(const struct vd_paths *paths, uint64_t since_ms)
{
    for (unsigned i = 0; i < paths->count; i++) {
        const struct vd_path_check *check = &paths->checks[i];
        if (!is_blind(check) && check->checked_ms < since_ms) {
            return false;
        }
    }
    return true;
}

void vd_paths_doubt(struct vd_paths *paths, uint32_t fresh_ms, uint64_t now_ms)
{
    for (unsigned i = 0; i < paths->count; i++) {
        struct vd_path_check *check = &paths->checks[i];
        if (now_ms >= check->checked_ms + fresh_ms) {
            check->due_ms = now_ms;
        }
    }
}

void vd_paths_ask(struct vd_survey *survey, const char *good, const char *bad,
                  const uint8_t random[VD_PATH_RANDOM_LEN])
{
    char name[VD_DOMAIN_TEXT_MAX + VD_PATH_RANDOM_LEN];
    char label[VD_PATH_RANDOM_LEN + 2];
    struct vd_text_writer w;

    for (size_t i = 0; i < VD_PATH_RANDOM_LEN; i++) {
        label[i] = (char)('a' + random[i] % 26u);
    }
    label[VD_PATH_RANDOM_LEN] = '.';
    label[VD_PATH_RANDOM_LEN + 1] = '\0';
    vd_text_start(&w, name, sizeof(name));
    vd_text_put(&w, label);
    vd_text_put(&w, bad);
    (void)vd_survey_want(survey, good, VD_TYPE_NS, VD_ASK_OWN);
    (void)vd_survey_want(survey, name, VD_TYPE_A, VD_ASK_OWN);
}

/* The two questions are the first two answers.  A random name that was not answered at all says
   nothing either way. */
static enum vd_path_verdict verdict_of(const struct vd_snapshot *snapshot)
{
    if (snapshot->answers_count < 2 || snapshot->answers[0].presence == VD_UNKNOWN) {
        return VD_PATH_SILENT;
    }
    if (snapshot->answers[0].presence == VD_ABSENT) {
        return VD_PATH_EMPTY;
    }
    return snapshot->answers[1].presence == VD_PRESENT ? VD_PATH_REWRITES : VD_PATH_SEES;
}

void vd_paths_weigh(struct vd_paths *paths, unsigned index, const struct vd_snapshot *snapshot,
                    uint32_t recheck_ms, uint64_t now_ms)
{
    struct vd_path_check *check = &paths->checks[index];

    check->checked_ms = now_ms;
    check->verdict = (uint8_t)verdict_of(snapshot);
    check->detail = snapshot->answers_count > 0 ? snapshot->answers[0].detail : VD_DETAIL_NOT_ASKED;
    check->has_ad = snapshot->answers_count > 0 && snapshot->answers[0].is_ad;
    if (!is_blind(check)) {
        check->failures = 0;
        check->due_ms = now_ms + VD_PATH_CHECK_MS;
        return;
    }
    /* Right after the start the network may have no route yet: IPv6 comes later than IPv4. */
    bool is_early = check->detail == VD_DETAIL_NETWORK && now_ms < VD_PATH_SETTLE_MS;
    if (check->failures < (is_early ? VD_PATH_TELL_AFTER - 1u : UINT8_MAX)) {
        check->failures++;
    }
    uint32_t again_ms = VD_PATH_AGAIN_MS << (check->failures < 8 ? check->failures - 1u : 7u);
    uint64_t wait_ms = again_ms < recheck_ms ? again_ms : recheck_ms;
    /* A check that takes long must leave time for others, and for looks. */
    uint64_t took_ms = 2u * paths->count * (now_ms - snapshot->started_ms);
    check->due_ms = now_ms + (wait_ms > took_ms ? wait_ms : took_ms);
    if (check->failures == 1) {
        vd_paths_doubt(paths, again_ms, now_ms); /* are the others blind too? */
    }
}

void vd_paths_reason(const struct vd_path_check *check, const char *why, char *out, size_t cap)
{
    struct vd_text_writer w;

    vd_text_start(&w, out, cap);
    switch (check->verdict) {
    case VD_PATH_SILENT:
        vd_text_put(&w, "no answer (");
        vd_text_put(&w, vd_detail_str((enum vd_detail)check->detail));
        if (check->detail == VD_DETAIL_TLS && why[0] != '\0') {
            vd_text_put(&w, ": ");
            vd_text_put(&w, why);
        }
        vd_text_put(&w, ")");
        break;
    case VD_PATH_EMPTY:
        vd_text_put(&w, "it denies a name that exists");
        break;
    case VD_PATH_REWRITES:
        vd_text_put(&w, "it answers for names that cannot exist (captive portal?)");
        break;
    default:
        vd_text_put(&w, "it answers as it should");
        break;
    }
}
