/*
 * A world for vd_confirm_look: one DMARC record, four resolvers, four authorities, no network.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEST_CONFIRM_WORLD_H
#define VD_TEST_CONFIRM_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/confirm.h"

#define WAIT_MS 300000u
#define HOLD_MS 3600000u

/* Sources. */
#define R0 0u
#define R1 1u
#define R2 2u
#define A0 VD_AUTHORITY(0u)
#define A1 VD_AUTHORITY(1u)

/* Sets of them. */
#define R_1 1u
#define R_2 3u
#define R_3 7u
#define A_1 (1u << A0)
#define A_2 (1u << A0 | 1u << A1)

static struct vd_confirm confirm;
static struct vd_watch watch;
static struct vd_judgement judgement;
static struct vd_look_sources sources;
static struct vd_next_look next;

/* The turns since they were last cleared: O C T D A. */
static char turns[64];
static struct vd_alert last_alert;
static bool last_has_finding;
static bool is_journal_full;

/* What the next finding says, how loud, and whether another domain's record is behind it. */
static uint32_t content;
static enum vd_severity severity;
static bool is_of_others;

/* Was it there at first contact; what DMARC's policy says; its facets that are unknown. */
static bool is_at_first;
static int8_t policy;
static uint8_t unknown_facets;

/* What the agent answers. */
static enum vd_status answer;

static enum vd_status on_turn(void *ctx, enum vd_confirm_turn turn, const struct vd_alert *alert,
                              const struct vd_finding *finding, const struct vd_subject *subject)
{
    size_t len = strlen(turns);

    (void)ctx;
    assert_non_null(subject);
    if (is_journal_full) {
        return VD_EFULL;
    }
    assert_true(len + 1 < sizeof turns);
    turns[len] = "OCTDA"[turn];
    turns[len + 1] = '\0';
    last_alert = *alert;
    last_has_finding = finding != NULL;
    return answer;
}

/* Resolvers and authorities that can be asked. */
static void set_up(unsigned resolvers, unsigned authorities)
{
    vd_confirm_init(&confirm, HOLD_MS);
    memset(&watch, 0, sizeof(watch));
    memset(&sources, 0, sizeof(sources));
    watch.confirm_wait_ms = WAIT_MS;
    watch.interval_ms = 900000;
    sources.resolvers = (uint16_t)resolvers;
    sources.authorities = (uint16_t)authorities;
    turns[0] = '\0';
    is_journal_full = false;
    content = 1;
    severity = VD_SEVERITY_CRITICAL;
    is_of_others = is_at_first = false;
    policy = 0;
    unknown_facets = 0;
    answer = VD_OK;
}

/* One look of a source at DMARC: standing and at most one finding. */
static void look(uint64_t now_ms, unsigned source, enum vd_standing standing, enum vd_code code)
{
    static const char path[] = "example.com > include:spf.example.net";

    memset(&judgement, 0, sizeof(judgement));
    memcpy(judgement.words + 1, path, sizeof path);
    judgement.words_len = 1 + sizeof path;
    judgement.subjects_count = 1;
    judgement.subjects[0].kind = VD_SUBJECT_DMARC;
    judgement.subjects[0].standing = (uint8_t)standing;
    judgement.subjects[0].unknown = unknown_facets;
    judgement.facts.dmarc.standing = (uint8_t)standing;
    judgement.facts.dmarc.p = policy;
    if (code != VD_CODE_NONE) {
        judgement.findings_count = 1;
        judgement.findings[0].code = (uint8_t)code;
        judgement.findings[0].severity = (uint8_t)severity;
        judgement.findings[0].facet = vd_code_info(code)->facet;
        judgement.findings[0].is_first = is_at_first;
        judgement.findings[0].content =
            is_at_first
                ? vd_facet_content(&judgement.facts, vd_code_info(code)->facet, VD_SUBJECT_DMARC, 0)
                : content;
        judgement.findings[0].path = is_of_others ? 1 : 0;
    }
    sources.of_subject[0] = (uint8_t)source;
    sources.resolver = source < VD_SERVERS_MAX ? (uint8_t)source : R0;
    vd_confirm_look(&confirm, 0, &watch, &judgement, &sources, now_ms, on_turn, NULL, &next);
}

static inline void bad(uint64_t now_ms, unsigned source)
{
    look(now_ms, source, VD_STANDING_OK, VD_CODE_DMARC_WEAKENED);
}

static inline void good(uint64_t now_ms, unsigned source)
{
    look(now_ms, source, VD_STANDING_OK, VD_CODE_NONE);
}

static inline void unknown(uint64_t now_ms, unsigned source)
{
    look(now_ms, source, VD_STANDING_UNKNOWN, VD_CODE_NONE);
}

#endif
