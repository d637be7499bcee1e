/* SPDX-License-Identifier: MIT */
#include "tests/unit/agent_world.h"

#define ASKS TWO_RESOLVERS "confirm-hold=60s\n"

#define GONE "gone-vendor.com"

/* 192.0.2.11 and .12 serve com, too. */
enum says { SAYS_GONE, SAYS_REFERRAL, SAYS_NODATA, SAYS_NOTHING, SAYS_WITH_RA, SAYS_BELOW };
static enum says says[2];
static unsigned asked[2];
static bool is_listed;           /* resolvers can tell who serves com */
static bool leads_mx, leads_key; /* the MX, the key's CNAME leads to the domain that is gone */
static const char *liar;         /* what the first resolver says of the registry; NULL: the truth */

static bool is_gone(const char *name)
{
    size_t len = strlen(name), tail = strlen(GONE);

    return len >= tail && strcmp(name + len - tail, GONE) == 0;
}

static void set_rcode(struct fake_message *m, uint8_t rcode)
{
    m->bytes[3] = (uint8_t)((m->bytes[3] & 0xf0u) | rcode);
}

/* What the registry's servers say of the name. */
static bool answer_registry(unsigned host, struct fake_message *m)
{
    unsigned at = host - AUTHORITY_FIRST;

    asked[at]++;
    switch (says[at]) {
    case SAYS_REFERRAL:
        m->bytes[2] &= 0xfbu; /* no AA */
        fake_target(m, VD_SECTION_AUTHORITY, GONE, VD_TYPE_NS, "ns1.parking.example");
        return true;
    case SAYS_NODATA:
        fake_soa(m, "com");
        return true;
    case SAYS_NOTHING:
        set_rcode(m, 5); /* REFUSED */
        return true;
    case SAYS_WITH_RA:
        m->bytes[3] |= 0x80u;
        set_rcode(m, 3);
        fake_soa(m, "com");
        return true;
    case SAYS_BELOW:
        set_rcode(m, 3);
        fake_soa(m, GONE);
        return true;
    default:
        return false; /* NXDOMAIN under com's SOA */
    }
}

static bool world(const char *name, unsigned host, uint16_t type, struct fake_message *m)
{
    static const uint8_t mx[] = "\0\x0a\x02mx\x0bgone-vendor\x03"
                                "com";

    if (is_authority(host) && is_gone(name)) {
        assert_string_equal(name, GONE);
        return answer_registry(host, m);
    }
    if (type == VD_TYPE_NS && strcmp(name, "com") == 0 && is_listed) {
        fake_target(m, VD_SECTION_ANSWER, name, VD_TYPE_NS,
                    liar != NULL && host == 1 ? liar : "ns1.example.com");
        if (liar == NULL || host != 1) {
            fake_target(m, VD_SECTION_ANSWER, name, VD_TYPE_NS, "ns2.example.com");
        }
        return true;
    }
    if (type == VD_TYPE_MX && strcmp(name, "example.com") == 0 && leads_mx) {
        fake_rr(m, VD_SECTION_ANSWER, name, VD_TYPE_MX, mx, sizeof(mx));
        return true;
    }
    if (type == VD_TYPE_TXT && strcmp(name, "s1._domainkey.example.com") == 0 && leads_key) {
        fake_target(m, VD_SECTION_ANSWER, name, VD_TYPE_CNAME, "s1." GONE);
        if (!is_authority(host)) {
            set_rcode(m, 3);
            fake_soa(m, "com");
        }
        return true;
    }
    return false;
}

static void begin(const char *dns)
{
    set_up_with(dns);
    hook = world;
    is_listed = true;
    leads_mx = leads_key = false;
    liar = NULL;
    says[0] = says[1] = SAYS_GONE;
    asked[0] = asked[1] = 0;
    run(60);
    assert_int_equal(received_len, 0);
    spf = "v=spf1 include:_spf." GONE " -all";
}

#define TAKEOVER "code=\"spf.include.takeover\""

static void test_takeover_opens_when_two_of_the_registry_confirm_it(void **state)
{
    (void)state;
    begin(ASKS);
    run(60);
    assert_int_equal(count_in(received, TAKEOVER), 1);
    assert_non_null(strstr(received, "registry's name servers confirm it"));
    assert_non_null(strstr(console, GONE ": its registry has no such domain"));
    assert_int_equal(asked[0], 1);
    assert_int_equal(asked[1], 1);
    run(600);
    assert_int_equal(count_in(received, TAKEOVER), 1);
    assert_int_equal(asked[0] + asked[1], 2);
}

static void test_takeover_of_an_mx_host_and_of_a_key_is_confirmed_too(void **state)
{
    (void)state;
    begin(ASKS);
    spf = "v=spf1 include:_spf.mailer.example -all";
    leads_mx = true;
    run(60);
    assert_int_equal(count_in(received, "code=\"mx.host.takeover\""), 1);
    assert_int_equal(asked[0] + asked[1], 2);
    leads_key = true;
    run(60);
    assert_int_equal(count_in(received, "code=\"dkim.alias.takeover\""), 1);
    assert_int_equal(count_in(received, "registry's name servers confirm it"), 2);
    assert_int_equal(asked[0] + asked[1], 2); /* known already */
}

static void check_refuted(enum says first, enum says second)
{
    begin(ASKS);
    says[0] = first;
    says[1] = second;
    run(600);
    assert_int_equal(count_in(received, "takeover"), 0);
    assert_int_equal(count_in(received, "code=\"spf.record.broken\""), 1);
    assert_non_null(strstr(console, GONE ": it is there, by its registry"));
    assert_true(asked[0] + asked[1] <= 2);
    unsigned told = count_in(received, "code=\"");
    run(7200); /* asked again now and then, and nothing flaps */
    assert_int_equal(count_in(received, "takeover"), 0);
    assert_int_equal(count_in(received, "code=\""), told);
    assert_in_range(asked[0] + asked[1], 3, 20);
}

static void test_takeover_of_a_domain_that_is_delegated_is_a_broken_record(void **state)
{
    (void)state;
    check_refuted(SAYS_REFERRAL, SAYS_REFERRAL);
    check_refuted(SAYS_NODATA, SAYS_NODATA);
}

static void test_takeover_that_the_registry_disagrees_about_does_not_open(void **state)
{
    (void)state;
    check_refuted(SAYS_GONE, SAYS_REFERRAL);
    check_refuted(SAYS_NODATA, SAYS_GONE);
}

static void test_takeover_opens_when_the_delegation_is_dropped_later(void **state)
{
    (void)state;
    begin(ASKS);
    says[0] = says[1] = SAYS_REFERRAL;
    run(600);
    assert_int_equal(count_in(received, TAKEOVER), 0);
    says[0] = says[1] = SAYS_GONE;
    run(1200);
    assert_int_equal(count_in(received, TAKEOVER), 1);
}

static void check_silent(void)
{
    run(120);
    assert_int_equal(count_in(received, TAKEOVER), 1);
    assert_non_null(strstr(received, "registry's name servers could not be asked"));
}

static void test_takeover_is_left_to_resolvers_when_the_registry_is_silent(void **state)
{
    (void)state;
    begin(ASKS);
    authority_moods[0] = authority_moods[1] = SILENT;
    check_silent();
    begin(ASKS);
    says[0] = SAYS_NOTHING; /* one word is not two */
    check_silent();
    begin(ASKS);
    says[0] = says[1] = SAYS_WITH_RA; /* intercepted */
    check_silent();
    begin(ASKS);
    says[0] = says[1] = SAYS_BELOW; /* no registry speaks so */
    check_silent();
    begin(ASKS);
    is_listed = false; /* nobody knows who serves com */
    check_silent();
    assert_int_equal(asked[0] + asked[1], 0);
}

static void test_takeover_that_was_refuted_is_not_brought_back_by_silence(void **state)
{
    (void)state;
    begin(ASKS);
    says[0] = says[1] = SAYS_REFERRAL;
    run(600);
    says[0] = says[1] = SAYS_NOTHING;
    run(7200);
    assert_int_equal(count_in(received, "takeover"), 0);
    assert_int_equal(count_in(received, "restores="), 0);
}

static void test_takeover_is_told_as_soon_as_the_registry_has_spoken(void **state)
{
    (void)state;
    begin(ASKS);
    config.watches[0].interval_ms = 3600000;
    vd_agent_check(&agent, -1, now);
    run(20);
    assert_int_equal(count_in(received, TAKEOVER), 1);
}

static void test_takeover_never_asks_the_registry_when_the_config_says_no(void **state)
{
    (void)state;
    begin(TWO_RESOLVERS "authorities=no\n");
    check_silent();
    assert_int_equal(asked[0] + asked[1], 0);
}

static void test_takeover_registry_named_by_one_liar_is_not_asked(void **state)
{
    (void)state;
    begin(ASKS);
    liar = "ns2.example.com";
    says[1] = SAYS_REFERRAL; /* the liar's */
    check_silent();
    assert_int_equal(asked[0] + asked[1], 0);
}

static void test_takeover_single_server_of_a_registry_is_enough(void **state)
{
    (void)state;
    begin("server=192.0.2.1\nconfirm-hold=60s\n");
    liar = "ns2.example.com"; /* the only one there is */
    run(120);
    assert_int_equal(count_in(received, TAKEOVER), 1);
    assert_non_null(strstr(received, "registry's name servers confirm it"));
    assert_int_equal(asked[1], 1);
}

static void test_takeover_at_first_contact_waits_for_the_registry(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        set_up_with(ASKS);
        hook = world;
        is_listed = true;
        liar = NULL;
        leads_mx = leads_key = false;
        says[0] = says[1] = i == 0 ? SAYS_GONE : SAYS_REFERRAL;
        asked[0] = asked[1] = 0;
        spf = "v=spf1 include:_spf." GONE " -all";
        run(300);
        assert_int_equal(count_in(received, TAKEOVER), i == 0);
        assert_int_equal(count_in(received, "code=\"spf.record.broken\""), i == 1);
        assert_int_equal(asked[0] + asked[1], i == 0 ? 2 : 1);
        assert_int_equal(vd_confirm_is_first_doubted(&agent.confirm, 0), false);
    }
}

/* One address of jp's was asked for x.co.jp, and the SOA is that many labels up. */
static enum vd_parent_verdict verdict_with_soa(uint8_t up)
{
    static struct vd_parent parent;
    static struct vd_snapshot snapshot;
    struct vd_alert alert = {0};
    size_t index;

    memset(&parent, 0, sizeof(parent));
    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_parent_ask(&parent, "x.co.jp", &alert, 5), VD_PARENT_AWAITED);
    assert_string_equal(vd_parent_next(&parent), "x.co.jp");
    parent.list.count = 1;
    parent.list.zone_at = sizeof("x.co.") - 1;
    assert_int_equal(vd_parent_place(&parent), VD_AUTHORITY(0));
    assert_int_equal(vd_snapshot_ask(&snapshot, "x.co.jp", VD_PARENT_TYPE, &index), VD_OK);
    snapshot.answers[index].presence = VD_ABSENT;
    snapshot.answers[index].detail = VD_DETAIL_NXDOMAIN;
    snapshot.answers[index].has_soa = true;
    snapshot.answers[index].soa_up = up;
    vd_parent_take(&parent, &snapshot);
    assert_int_equal(vd_parent_place(&parent), -1);
    return vd_parent_end(&parent, 5);
}

static void test_takeover_soa_of_another_zone_is_no_word_of_the_registry(void **state)
{
    (void)state;
    assert_int_equal(verdict_with_soa(2), VD_PARENT_CONFIRMED);
    assert_int_equal(verdict_with_soa(1), VD_PARENT_SILENT);
    assert_int_equal(verdict_with_soa(3), VD_PARENT_SILENT);
}

static void test_takeover_of_more_domains_than_there_is_room_for_waits(void **state)
{
    static struct vd_parent parent;
    struct vd_alert alert = {0};
    char name[] = "gone-0.com";

    (void)state;
    memset(&parent, 0, sizeof(parent));
    for (unsigned i = 0; i <= VD_PARENTS_MAX; i++, name[5]++) {
        assert_int_equal(vd_parent_ask(&parent, name, &alert, 5), VD_PARENT_AWAITED);
        assert_int_equal(alert.parent_at, i);
    }
    assert_string_equal(vd_parent_next(&parent), "gone-0.com");
    assert_int_equal(vd_parent_end(&parent, 5), VD_PARENT_SILENT);
    name[5]--;
    assert_int_equal(vd_parent_ask(&parent, name, &alert, 5), VD_PARENT_AWAITED);
    assert_int_equal(alert.parent_at, 0);
    assert_string_equal(vd_parent_next(&parent), name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takeover_opens_when_two_of_the_registry_confirm_it),
        cmocka_unit_test(test_takeover_of_an_mx_host_and_of_a_key_is_confirmed_too),
        cmocka_unit_test(test_takeover_of_a_domain_that_is_delegated_is_a_broken_record),
        cmocka_unit_test(test_takeover_that_the_registry_disagrees_about_does_not_open),
        cmocka_unit_test(test_takeover_opens_when_the_delegation_is_dropped_later),
        cmocka_unit_test(test_takeover_is_left_to_resolvers_when_the_registry_is_silent),
        cmocka_unit_test(test_takeover_that_was_refuted_is_not_brought_back_by_silence),
        cmocka_unit_test(test_takeover_is_told_as_soon_as_the_registry_has_spoken),
        cmocka_unit_test(test_takeover_never_asks_the_registry_when_the_config_says_no),
        cmocka_unit_test(test_takeover_registry_named_by_one_liar_is_not_asked),
        cmocka_unit_test(test_takeover_single_server_of_a_registry_is_enough),
        cmocka_unit_test(test_takeover_at_first_contact_waits_for_the_registry),
        cmocka_unit_test(test_takeover_soa_of_another_zone_is_no_word_of_the_registry),
        cmocka_unit_test(test_takeover_of_more_domains_than_there_is_room_for_waits),
    };
    return cmocka_run_group_tests_name("agent_takeover", tests, NULL, NULL);
}
