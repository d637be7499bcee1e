/*
 * The static walk agrees with check_host: random trees over one snapshot.
 *
 * In trees without negative terms and macros an address passes exactly when it is in the union of
 * networks; with them, still, what the walk says of everybody who is not listed is what check_host
 * says to an address that is not.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/judge/spf_terms.h"
#include "firmware/judge/spf_walk.h"
#include "tests/unit/spf_world.h"

#define TREES 3000u

static uint32_t seed;

static unsigned roll(unsigned sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % sides;
}

/* Names are few, so that trees share, loop, and end in nothing. */
static const char *pick_host(void)
{
    static const char *const hosts[] = {"h1", "h2", "h3", "h4", "none"};

    return hosts[roll(20) == 0 ? 4 : roll(4)];
}

static const char *pick_record(void)
{
    static const char *const records[] = {"r1", "r2", "r3", "r4", "r5", "none", "h1"};

    return records[roll(16) == 0 ? 5 + roll(2) : roll(5)];
}

/* One term; first: the first record that it may lead to, so that most trees have an end. */
static int write_term(char *out, size_t room, bool is_negative, unsigned first)
{
    const char *qualifier =
        is_negative && roll(3) == 0 ? (const char *[]){"-", "~", "?"}[roll(3)] : "";
    char bits[12] = "";
    char record[8];

    if (roll(3) == 0) {
        snprintf(bits, sizeof bits, "/%u//%u", 26 + roll(7), 58 + roll(7));
    }
    snprintf(record, sizeof record, "r%u", first + roll(7 - first));
    switch (roll(is_negative ? 10 : 9)) {
    case 0:
    case 1:
    case 2:
        return snprintf(out, room, " %sip4:198.51.100.%u/%u", qualifier, roll(256), 26 + roll(7));
    case 3:
        return snprintf(out, room, " %sip6:2001:db8:0:%x::/%u", qualifier, roll(64), 58 + roll(7));
    case 4:
        return snprintf(out, room, " %sip6:::ffff:198.51.100.%u/%u", qualifier, roll(256),
                        122 + roll(7));
    case 5:
        return snprintf(out, room, " %sa:%s.example.com%s", qualifier, pick_host(), bits);
    case 6:
        return snprintf(out, room, " %smx:m%u.example.com%s", qualifier, 1 + roll(2), bits);
    case 9:
        return snprintf(out, room, " %sexists:%s.example.com", qualifier, pick_host());
    default:
        return snprintf(out, room, " %sinclude:%s.example.com", qualifier,
                        roll(4) == 0 ? pick_record() : record);
    }
}

static void write_zone(char *out, size_t room, bool is_negative)
{
    static const char *const ends[] = {
        "",    " -all", " ~all", " ?all", " redirect=r6.example.com", " redirect=none.example.com",
        " all"};
    int len = 0;

    for (unsigned record = 0; record < 7; record++) {
        len += snprintf(out + len, room - (size_t)len,
                        record == 0 ? "@ TXT v=spf1" : "\nr%u TXT v=spf1", record);
        for (unsigned terms = roll(4); terms > 0; terms--) {
            len +=
                write_term(out + len, room - (size_t)len, is_negative, record < 6 ? record + 1 : 6);
        }
        unsigned end = roll(is_negative ? 60 : 40);
        len += snprintf(out + len, room - (size_t)len, "%s",
                        end >= 50   ? ends[6]
                        : end >= 45 ? ends[5]
                                    : ends[end % 5]);
    }
    for (unsigned host = 1; host <= 4; host++) {
        for (unsigned i = roll(3); i > 0; i--) {
            len +=
                snprintf(out + len, room - (size_t)len, "\nh%u A 198.51.100.%u", host, roll(256));
        }
        for (unsigned i = host < 3 ? 1 : roll(2); i > 0; i--) {
            len += snprintf(out + len, room - (size_t)len, "\nh%u AAAA 2001:db8:0:%x::1", host,
                            roll(64));
        }
    }
    for (unsigned mx = 1; mx <= 2; mx++) {
        for (unsigned i = 1 + roll(2); i > 0; i--) {
            len += snprintf(out + len, room - (size_t)len, "\nm%u MX 10 h%u", mx, 1 + roll(4));
        }
    }
}

/* Of one tree: what is parsed for one address serves the next.  In every other tree it is full soon. */
static struct vd_spf_shelf shelf;

static const struct vd_answer *find_answer(void *ctx, const char *name, uint16_t type)
{
    (void)ctx;
    return vd_snapshot_find(&snapshot, name, type);
}

static struct vd_spf_verdict check(const uint8_t *address, bool is_ip6)
{
    const struct vd_spf_answers answers = {&snapshot, find_answer, NULL, &shelf};
    struct vd_spf_mail mail = {.is_ip6 = is_ip6, .helo = "example.com", .sender = "x@example.com"};
    struct vd_spf_verdict verdict;

    memcpy(mail.address, address, is_ip6 ? 16 : 4);
    vd_spf_check(&answers, "example.com", &mail, &verdict);
    return verdict;
}

static void complain(const char *what, const uint8_t *address, bool is_ip6)
{
    char text[64];

    inet_ntop(is_ip6 ? AF_INET6 : AF_INET, address, text, sizeof text);
    print_error("%s: %s (%s) in\n%s\nstanding %u default %u all %u\n", what, text,
                vd_spf_result_str(check(address, is_ip6).result), zone, spf()->standing,
                spf()->dflt, spf()->passes_all);
    fail();
}

static uint8_t result_of_default(void)
{
    static const uint8_t results[] = {VD_SPF_RESULT_PASS, VD_SPF_RESULT_NEUTRAL,
                                      VD_SPF_RESULT_SOFTFAIL, VD_SPF_RESULT_FAIL};

    return spf()->standing == VD_STANDING_BROKEN ? (uint8_t)VD_SPF_PERMERROR
           : spf()->passes_all                   ? (uint8_t)VD_SPF_RESULT_PASS
                                                 : results[spf()->dflt];
}

/* The scratch of a reading is used for other things behind the walk: once more, for its ranges. */
static const struct vd_ranges *walk(void)
{
    static struct vd_facts facts;
    static struct vd_reading_scratch scratch;
    const struct vd_reading at = {.snapshot = &snapshot,
                                  .watch = &watch,
                                  .was = &baseline,
                                  .out = &facts,
                                  .scratch = &scratch};
    struct vd_spf_walked walked;

    memset(&facts, 0, sizeof facts);
    vd_spf_walk(&at, vd_snapshot_find(&snapshot, "example.com", VD_TYPE_TXT),
                vd_spf_own_record(&snapshot, "example.com"), &walked);
    return &scratch.ranges;
}

static unsigned counts[8];

static void compare(bool is_negative)
{
    static const uint8_t nobody4[] = {10, 9, 8, 7};
    static const uint8_t nobody6[16] = {0x20, 0x01, 0x0d, 0xb8, 0xff};

    assert_int_not_equal(spf()->standing, VD_STANDING_UNKNOWN);
    counts[result_of_default()]++;
    if (check(nobody4, false).result != result_of_default()) {
        complain("not listed", nobody4, false);
    }
    if (spf()->voids6 <= 2 && spf()->standing == VD_STANDING_OK &&
        check(nobody6, true).result != result_of_default()) {
        complain("not listed", nobody6, true);
    }
    if (is_negative || spf()->standing != VD_STANDING_OK || spf()->passes_all) {
        return;
    }
    const struct vd_ranges *ranges = walk();
    for (unsigned i = 0; i < 256; i++) {
        uint8_t address[] = {198, 51, 100, (uint8_t)i};
        if ((check(address, false).result == VD_SPF_RESULT_PASS) !=
            vd_ranges_has(ranges, address, false, 32)) {
            complain("union", address, false);
        }
    }
    for (unsigned i = 0; spf()->voids6 <= 2 && i < 64; i++) {
        uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8, [7] = (uint8_t)i, [15] = 1};
        if ((check(address, true).result == VD_SPF_RESULT_PASS) !=
            vd_ranges_has(ranges, address, true, 64)) {
            complain("union", address, true);
        }
    }
}

static void run(bool is_negative)
{
    static char text[8192];

    memset(counts, 0, sizeof counts);
    for (unsigned i = 1; i <= TREES; i++) {
        seed = i * 2654435761u;
        write_zone(text, sizeof text, is_negative);
        survey(text);
        shelf.records_count = 0;
        shelf.terms_count = i % 2 == 0 ? 0 : VD_SPF_SHELF_TERMS - 3;
        compare(is_negative);
    }
    /* The trees are of all kinds: none of the comparisons went without. */
    for (unsigned i = VD_SPF_RESULT_NEUTRAL; i <= VD_SPF_PERMERROR; i++) {
        bool is_rare = i == VD_SPF_TEMPERROR || (i == VD_SPF_RESULT_PASS && !is_negative);
        assert_true(is_rare || counts[i] > TREES / 100);
    }
}

static void test_spf_union_is_who_passes(void **state)
{
    (void)state;
    run(false);
}

static void test_spf_default_is_what_a_stranger_gets(void **state)
{
    (void)state;
    run(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_spf_union_is_who_passes, set_up),
        cmocka_unit_test_setup(test_spf_default_is_what_a_stranger_gets, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
