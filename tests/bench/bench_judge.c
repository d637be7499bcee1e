/*
 * How long one judgement takes: a domain whose SPF tree needs ten lookups, with two keys, two mail
 * hosts and reports to a third party.
 *
 *     bench_judge [ROUNDS]
 *
 * Prints the median and the worst of the rounds, in microseconds.
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "firmware/judge/judge.h"
#include "tests/unit/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 100000u

static struct vd_snapshot snapshot;
static struct vd_facts baseline;
static struct vd_judgement judgement;
static struct vd_watch watch;
static double times[ROUNDS_MAX];

static size_t ask(const char *name, uint16_t type)
{
    size_t index = 0;

    if (vd_snapshot_ask(&snapshot, name, type, &index) != VD_OK) {
        fprintf(stderr, "no room for %s\n", name);
        exit(2);
    }
    snapshot.answers[index].is_done = true;
    snapshot.answers[index].presence = VD_PRESENT;
    return index;
}

static void publish(const char *name, uint16_t type, uint16_t preference, const char *bytes,
                    size_t len)
{
    (void)vd_snapshot_add(&snapshot, ask(name, type), type, preference, (const uint8_t *)bytes,
                          len);
}

static void publish_text(const char *name, const char *text)
{
    publish(name, VD_TYPE_TXT, 0, text, strlen(text));
}

/* Whatever else the judge wants is not there. */
static void on_want(void *ctx, const char *name, uint16_t type, enum vd_want want)
{
    size_t index;

    (void)want;
    if (vd_snapshot_ask(&snapshot, name, type, &index) == VD_OK) {
        *(bool *)ctx = true;
        snapshot.answers[index].is_done = true;
        snapshot.answers[index].presence = VD_ABSENT;
        snapshot.answers[index].detail = VD_DETAIL_NODATA;
    }
}

static void build(void)
{
    char name[64], text[256];
    bool is_more = true;
    size_t mx;

    strcpy(watch.domain, "example.com");
    strcpy(watch.selectors[0], "s1");
    strcpy(watch.selectors[1], "s2");
    watch.selectors_count = 2;
    watch.groups[0] = (struct vd_dkim_group){.members = 3, .need = 2};
    watch.groups_count = 1;
    publish_text("example.com", "v=spf1 ip4:192.0.2.0/24 mx a:www.example.com include:s1.a.example "
                                "include:s2.a.example include:s3.a.example -all");
    for (unsigned i = 1; i <= 5; i++) {
        int len = snprintf(text, sizeof text, "v=spf1");
        for (unsigned k = 0; k < 8; k++) {
            len +=
                snprintf(text + len, sizeof text - (size_t)len, " ip4:198.51.%u.0/25", 8 * i + k);
        }
        /* the third one includes two more: ten lookups in all */
        len += snprintf(text + len, sizeof text - (size_t)len, "%s",
                        i == 3 ? " include:s4.a.example include:s5.a.example a:h1.a.example "
                                 "a:h2.a.example a:h3.a.example"
                               : "");
        snprintf(text + len, sizeof text - (size_t)len, " ~all");
        snprintf(name, sizeof name, "s%u.a.example", i);
        publish_text(name, text);
    }
    publish_text("_dmarc.example.com", "v=DMARC1; p=reject; rua=mailto:x@vendor.example");
    publish_text("example.com._report._dmarc.vendor.example", "v=DMARC1");
    publish_text("s1._domainkey.example.com", "v=DKIM1; k=rsa; p=" KEY_RSA_2048);
    publish_text("s2._domainkey.example.com", "v=DKIM1; k=rsa; p=" KEY_RSA_2048_OTHER);
    mx = ask("example.com", VD_TYPE_MX);
    (void)vd_snapshot_add(&snapshot, mx, VD_TYPE_MX, 10, (const uint8_t *)"mx1.example.com", 15);
    (void)vd_snapshot_add(&snapshot, mx, VD_TYPE_MX, 20, (const uint8_t *)"mx2.example.com", 15);
    publish("mx1.example.com", VD_TYPE_A, 0, "\xc0\0\2\1", 4);
    publish("mx2.example.com", VD_TYPE_A, 0, "\xc0\0\2\2", 4);
    publish("www.example.com", VD_TYPE_A, 0, "\xc0\0\2\3", 4);
    publish("h1.a.example", VD_TYPE_A, 0, "\xc6\x33\x64\1", 4);
    publish("h2.a.example", VD_TYPE_A, 0, "\xc6\x33\x64\2", 4);
    publish("h3.a.example", VD_TYPE_A, 0, "\xc6\x33\x64\3", 4);
    while (is_more) {
        is_more = false;
        vd_judge_wants(&snapshot, &baseline, &watch, &judgement, on_want, &is_more);
    }
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;

    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
    build();
    for (unsigned i = 0; i < rounds; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        vd_judge(&snapshot, &baseline, &watch, &judgement);
        clock_gettime(CLOCK_MONOTONIC, &to);
        times[i] =
            (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
    }
    if (judgement.facts.spf.lookups != 10 || judgement.facts.spf.standing != VD_STANDING_OK) {
        fprintf(stderr, "the tree needs %u lookups, and stands %u\n", judgement.facts.spf.lookups,
                judgement.facts.spf.standing);
        return 1;
    }
    qsort(times, rounds, sizeof times[0], by_size);
    printf("judge: %u answers, SPF with 10 lookups: median %.1f us, worst %.1f us of %u rounds\n",
           snapshot.answers_count, times[rounds / 2], times[rounds - 1], rounds);
    return 0;
}
