/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/authority.h"

#define DOMAIN "mail.example.com"

static struct vd_snapshot snapshot;
static struct vd_authorities list;

static struct vd_answer *settle(const char *name, uint16_t type, enum vd_presence presence)
{
    size_t index;

    enum vd_status status = vd_snapshot_ask(&snapshot, name, type, &index);
    assert_true(status == VD_OK || status == VD_OTHER);
    struct vd_answer *answer = &snapshot.answers[index];
    answer->presence = (uint8_t)presence;
    answer->is_done = true;
    return answer;
}

static void add_name(const char *owner, uint16_t type, const char *target)
{
    struct vd_answer *answer = settle(owner, type, VD_PRESENT);

    assert_int_equal(vd_snapshot_add(&snapshot, (size_t)(answer - snapshot.answers), type, 0,
                                     (const uint8_t *)target, strlen(target)),
                     VD_OK);
}

static void add_ip4(const char *owner, uint8_t last)
{
    const uint8_t bytes[4] = {192, 0, 2, last};
    struct vd_answer *answer = settle(owner, VD_TYPE_A, VD_PRESENT);

    assert_int_equal(
        vd_snapshot_add(&snapshot, (size_t)(answer - snapshot.answers), VD_TYPE_A, 0, bytes, 4),
        VD_OK);
}

static void add_ip6(const char *owner, uint8_t last)
{
    const uint8_t bytes[16] = {0x20, 1, 0xd, 0xb8, [15] = last};
    struct vd_answer *answer = settle(owner, VD_TYPE_AAAA, VD_PRESENT);

    assert_int_equal(
        vd_snapshot_add(&snapshot, (size_t)(answer - snapshot.answers), VD_TYPE_AAAA, 0, bytes, 16),
        VD_OK);
}

/* The domain is inside a zone `up` labels above it. */
static void set_zone(uint8_t up)
{
    vd_snapshot_clear(&snapshot);
    struct vd_answer *soa = settle(DOMAIN, VD_TYPE_SOA, up == 0 ? VD_PRESENT : VD_ABSENT);
    soa->has_soa = true;
    soa->soa_up = up;
}

static void clear(void)
{
    memset(&list, 0, sizeof(list));
}

/* The only source there is says so. */
static bool take(uint64_t now_ms)
{
    return vd_authority_take(&snapshot, DOMAIN, 0, true, &list, now_ms) == VD_AUTHORITY_CHANGED;
}

/* One of two sources says that the zone has this one server. */
static enum vd_authority_turn say(uint8_t source, uint8_t last, uint64_t now_ms)
{
    set_zone(1);
    add_name("example.com", VD_TYPE_NS, "a.example.net");
    add_ip4("a.example.net", last);
    return vd_authority_take(&snapshot, DOMAIN, source, false, &list, now_ms);
}

static void test_authority_new_list_is_taken_when_two_sources_name_it(void **state)
{
    (void)state;
    clear();
    assert_int_equal(say(0, 1, 5), VD_AUTHORITY_DOUBTED);
    assert_int_equal(list.count, 0);
    assert_int_equal(say(0, 1, 6), VD_AUTHORITY_DOUBTED); /* the same one again is no second */
    assert_int_equal(say(1, 1, 7), VD_AUTHORITY_CHANGED);
    assert_int_equal(list.count, 1);
    assert_int_equal(say(1, 1, 8), VD_AUTHORITY_KEPT);
}

static void test_authority_one_liar_cannot_name_others(void **state)
{
    (void)state;
    clear();
    assert_int_equal(say(0, 1, 5), VD_AUTHORITY_DOUBTED);
    assert_int_equal(say(1, 1, 6), VD_AUTHORITY_CHANGED);
    assert_int_equal(say(0, 66, 7), VD_AUTHORITY_DOUBTED);
    assert_int_equal(list.at[0].addr[3], 1);
    assert_int_equal(say(1, 1, 8), VD_AUTHORITY_KEPT);
    assert_int_equal(list.at[0].addr[3], 1);
}

static void test_authority_two_that_contradict_each_other_leave_none(void **state)
{
    (void)state;
    clear();
    assert_int_equal(say(0, 1, 5), VD_AUTHORITY_DOUBTED);
    assert_int_equal(say(1, 2, 6), VD_AUTHORITY_CHANGED);
    assert_int_equal(list.count, 0);
}

static void test_authority_zone_is_the_owner_of_the_soa(void **state)
{
    (void)state;
    for (uint8_t up = 0; up < 3; up++) {
        static const char *const zones[] = {DOMAIN, "example.com", "com"};
        clear();
        set_zone(up);
        add_name(zones[up], VD_TYPE_NS, "ns1.example.net");
        add_ip4("ns1.example.net", 1);
        assert_true(take(5));
        assert_string_equal(DOMAIN + list.zone_at, zones[up]);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.at[0].port, 53);
        assert_int_equal(list.found_ms, 5);
    }
}

static void test_authority_root_is_nobodys_authority(void **state)
{
    (void)state;
    clear();
    set_zone(3);
    assert_false(take(5));
    assert_int_equal(list.count, 0);
}

static void test_authority_one_address_of_each_server_comes_first(void **state)
{
    (void)state;
    clear();
    set_zone(1);
    add_name("example.com", VD_TYPE_NS, "a.example.net");
    add_name("example.com", VD_TYPE_NS, "b.example.net");
    add_ip4("a.example.net", 1);
    add_ip4("a.example.net", 2);
    add_ip4("b.example.net", 3);
    add_ip6("b.example.net", 4);
    assert_true(take(5));
    assert_int_equal(list.count, 4);
    assert_int_equal(list.at[0].addr[3], 1);
    assert_int_equal(list.at[1].addr[3], 3);
    assert_int_equal(list.at[2].family, VD_FAMILY_IP6);
    assert_int_equal(list.at[3].addr[3], 2);
}

static void test_authority_what_could_not_be_looked_up_changes_nothing(void **state)
{
    (void)state;
    clear();
    set_zone(1);
    add_name("example.com", VD_TYPE_NS, "a.example.net");
    add_ip4("a.example.net", 1);
    assert_true(take(5));
    vd_snapshot_clear(&snapshot);
    settle(DOMAIN, VD_TYPE_SOA, VD_UNKNOWN);
    assert_false(take(9));
    assert_int_equal(list.count, 1);
    set_zone(1);
    add_name("example.com", VD_TYPE_NS, "a.example.net");
    settle("a.example.net", VD_TYPE_A, VD_UNKNOWN);
    assert_false(take(10));
    assert_int_equal(list.count, 1);
}

static void test_authority_rotated_answers_are_the_same_list(void **state)
{
    static const char *const hosts[] = {"a.example.net", "b.example.net", "c.example.net",
                                        "d.example.net", "e.example.net", "f.example.net"};

    (void)state;
    clear();
    for (unsigned turn = 0; turn < 6; turn++) {
        set_zone(1);
        for (unsigned i = 0; i < 6; i++) {
            add_name("example.com", VD_TYPE_NS, hosts[(i + turn) % 6]);
        }
        for (uint8_t i = 0; i < 6; i++) {
            add_ip4(hosts[i], (uint8_t)(i + 1));
        }
        assert_int_equal(take(5), turn == 0);
        assert_int_equal(list.count, VD_AUTHORITIES_MAX);
    }
}

static void test_authority_that_left_makes_another_list(void **state)
{
    (void)state;
    clear();
    set_zone(1);
    add_name("example.com", VD_TYPE_NS, "a.example.net");
    add_ip4("a.example.net", 1);
    assert_true(take(5));
    set_zone(1);
    add_name("example.com", VD_TYPE_NS, "b.example.net");
    add_ip4("b.example.net", 2);
    assert_true(take(6));
    assert_int_equal(list.at[0].addr[3], 2);
    /* The domain expired: the parent's zone speaks for it now. */
    set_zone(2);
    add_name("com", VD_TYPE_NS, "b.example.net");
    add_ip4("b.example.net", 2);
    assert_true(take(7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authority_new_list_is_taken_when_two_sources_name_it),
        cmocka_unit_test(test_authority_one_liar_cannot_name_others),
        cmocka_unit_test(test_authority_two_that_contradict_each_other_leave_none),
        cmocka_unit_test(test_authority_zone_is_the_owner_of_the_soa),
        cmocka_unit_test(test_authority_root_is_nobodys_authority),
        cmocka_unit_test(test_authority_one_address_of_each_server_comes_first),
        cmocka_unit_test(test_authority_what_could_not_be_looked_up_changes_nothing),
        cmocka_unit_test(test_authority_rotated_answers_are_the_same_list),
        cmocka_unit_test(test_authority_that_left_makes_another_list),
    };
    return cmocka_run_group_tests_name("authority", tests, NULL, NULL);
}
