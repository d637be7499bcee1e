/* Names of the watch's own against those that records of others lead to.  SPDX-License-Identifier: MIT */
#include "tests/fakes/survey_world.h"

#define KEY "s1._domainkey.example.com"

/* Answer the question for one name, and none of the others. */
static void answer_name(const char *name)
{
    for (size_t i = 0; i < net.sent_count; i++) {
        const struct fake_packet *sent = &net.sent[i];
        struct vd_message query;
        char text[VD_NAME_TEXT_MAX];

        assert_int_equal(vd_message_open(sent->bytes, sent->len, &query), VD_OK);
        assert_int_equal(vd_name_to_text(&query.question.name, text, sizeof(text)), VD_OK);
        if (strcmp(text, name) == 0 && net.sockets[sent->socket].asked == sent &&
            net.sockets[sent->socket].is_open) {
            answer(sent);
            now++;
            (void)vd_survey_poll(&survey, now);
            return;
        }
    }
    fail_msg("not asked: %s", name);
}

/* Answer all that is still open. */
static void answer_the_rest(void)
{
    static struct fake_packet open[FAKE_SOCKETS];
    size_t count = 0;

    for (size_t i = 0; i < FAKE_SOCKETS; i++) {
        if (net.sockets[i].is_open && net.sockets[i].asked != NULL) {
            open[count++] = *net.sockets[i].asked;
        }
    }
    memcpy(net.sent, open, count * sizeof(open[0]));
    net.sent_count = count;
    run();
}

static void want_both(void)
{
    want_spf("example.com");
    assert_int_equal(vd_survey_want(&survey, KEY, VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    (void)vd_survey_poll(&survey, now);
}

static void check_key(const char *text)
{
    const struct vd_answer *key = find(KEY);

    assert_int_equal(key->presence, VD_PRESENT);
    const struct vd_record *record = vd_snapshot_record(&survey.snapshot, key, VD_TYPE_TXT, 0);
    assert_non_null(record);
    assert_int_equal(record->len, strlen(text));
    assert_memory_equal(vd_snapshot_span(&survey.snapshot, record).bytes, text, strlen(text));
}

/* An include names the very target of a key's alias: the key must be kept, whichever came first. */
static void test_survey_key_behind_a_name_that_an_include_wants_too_is_kept(void **state)
{
    static const struct row rows[] = {
        {"example.com", "v=spf1 include:s1.vendor.example -all"},
        {KEY, ">s1.vendor.example"},
        {"s1.vendor.example", "v=DKIM1; k=rsa; p=MIGfMA0"},
    };
    static const char *const orders[][3] = {
        {"example.com", KEY, "s1.vendor.example"},
        {"example.com", "s1.vendor.example", KEY},
        {KEY, "example.com", "s1.vendor.example"},
        {KEY, "s1.vendor.example", "example.com"},
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        set_up(rows, 3);
        want_both();
        for (size_t j = 0; j < 3; j++) {
            answer_name(orders[i][j]);
        }
        answer_the_rest();
        check_key("v=DKIM1; k=rsa; p=MIGfMA0");
        assert_int_equal(net.copies, 1);
    }
}

static void test_survey_key_behind_aliases_that_an_include_followed_is_kept(void **state)
{
    static const struct row rows[] = {
        {"example.com", "v=spf1 include:a.vendor.example -all"},
        {KEY, ">a.vendor.example"},
        {"a.vendor.example", ">b.vendor.example"},
        {"b.vendor.example", "v=DKIM1; p=AAAA"},
    };

    (void)state;
    set_up(rows, 4);
    want_both();
    answer_name("example.com");
    answer_name("a.vendor.example");
    answer_name("b.vendor.example");
    answer_name(KEY);
    answer_the_rest();
    check_key("v=DKIM1; p=AAAA");
}

static void test_survey_key_from_the_cache_of_includes_is_asked_again_and_kept(void **state)
{
    static const struct row rows[] = {
        {"one.example", "v=spf1 include:k.vendor.example -all"},
        {"example.com", "v=spf1 include:k.vendor.example -all"},
        {KEY, ">k.vendor.example"},
        {"k.vendor.example", "v=DKIM1; p=AAAA"},
    };
    static struct vd_cache cache;

    (void)state;
    set_up(rows, 4);
    vd_cache_clear(&cache);
    vd_survey_start(&survey, &resolver, &cache, 1, 0, now);
    want_spf("one.example");
    run();
    assert_true(cache.used > 0);
    vd_survey_start(&survey, &resolver, &cache, 1, 0, now);
    want_both();
    answer_name("example.com");
    answer_name(KEY);
    answer_the_rest();
    check_key("v=DKIM1; p=AAAA");
}

/* All that was in flight is answered, and what the cache adds is followed all the same. */
static void check_cached(const char *mailer)
{
    const struct row rows[] = {
        {"one.example", "v=spf1 include:spf.mailer.example -all"},
        {"two.example", "v=spf1 include:spf.mailer.example -all"},
        {"spf.mailer.example", mailer},
        {"net.mailer.example", "v=spf1 ip4:192.0.2.0/24 -all"},
    };
    static struct vd_cache cache;

    set_up(rows, 4);
    vd_cache_clear(&cache);
    vd_survey_start(&survey, &resolver, &cache, 1, 0, now);
    want_spf("one.example");
    run();
    vd_survey_start(&survey, &resolver, &cache, 1, 0, now);
    want_spf("two.example");
    for (char c = 'a'; c < 'a' + VD_FLIGHTS_MAX; c++) {
        const char name[] = {c, '.', 'e', 'x', '\0'};
        assert_int_equal(vd_survey_want(&survey, name, VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    }
    (void)vd_survey_poll(&survey, now);
    answer_name("two.example");
    answer_the_rest();
    assert_int_equal(find("spf.mailer.example")->presence, VD_PRESENT);
    assert_int_equal(find("net.mailer.example")->presence, VD_PRESENT);
}

static void test_survey_is_not_over_before_what_the_cache_answered_last_is_followed(void **state)
{
    (void)state;
    check_cached("v=spf1 include:net.mailer.example -all");
    check_cached(">net.mailer.example");
}

static void test_survey_cache_never_answers_for_a_zones_own_servers(void **state)
{
    static const struct row rows[] = {
        {"example.com", "v=spf1 include:_spf.example.com -all"},
        {"mail.example.com", "v=spf1 include:_spf.example.com -all"},
        {"_spf.example.com", "v=spf1 ip4:192.0.2.0/24 -all"},
    };
    static const char *const addresses[] = {"198.51.100.1", "198.51.100.2"};
    static const char *const wanted[] = {"example.com", "mail.example.com"};
    struct vd_server own = {.transport = VD_TRANSPORT_UDP, .is_authority = true};
    static struct vd_cache cache;
    struct vd_name apex;

    (void)state;
    set_up(rows, 3);
    vd_cache_clear(&cache);
    assert_int_equal(vd_name_from_text("example.com", &apex), VD_OK);
    own.zone = &apex;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(vd_endpoint_parse(addresses[i], 12, 53, &own.at), VD_OK);
        vd_resolver_set_server(&resolver, VD_AUTHORITY(0), &own);
        vd_survey_start(&survey, &resolver, &cache, 1, 0, now);
        vd_survey_ask_zone(&survey, "example.com", 1u << VD_AUTHORITY(0));
        want_spf(wanted[i]);
        run();
        assert_int_equal(net.opened, 2u * (i + 1u));
        assert_int_equal(find("_spf.example.com")->presence, VD_PRESENT);
    }
    assert_int_equal(cache.used, 0);
}

static void test_survey_alias_out_of_an_authoritys_zone_is_asked_of_the_resolvers(void **state)
{
    static const struct row rows[] = {
        {KEY, ">k.vendor.example"},
        {"k.vendor.example", "v=DKIM1; p=AAAA"},
    };
    struct vd_server own = {.transport = VD_TRANSPORT_UDP, .is_authority = true};
    static struct fake_message m;
    struct vd_name apex;

    (void)state;
    set_up(rows, 2);
    assert_int_equal(vd_name_from_text("example.com", &apex), VD_OK);
    own.zone = &apex;
    assert_int_equal(vd_endpoint_parse("198.51.100.1", 12, 53, &own.at), VD_OK);
    vd_resolver_set_server(&resolver, VD_AUTHORITY(0), &own);
    vd_survey_ask_zone(&survey, "example.com", 1u << VD_AUTHORITY(0));
    assert_int_equal(vd_survey_want(&survey, KEY, VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    (void)vd_survey_poll(&survey, now);
    fake_reply(&m, &net.sent[0], 0x8403); /* it serves an old copy of the vendor's zone */
    fake_target(&m, VD_SECTION_ANSWER, KEY, VD_TYPE_CNAME, "k.vendor.example");
    fake_soa(&m, "vendor.example");
    fake_net_answer(&net, &net.sent[0], &m);
    net.sent_count = 0;
    run();
    check_key("v=DKIM1; p=AAAA");
    assert_int_equal(find("k.vendor.example")->server, 0);
}

/* A record with as many include: as terms are read. */
static void write_many(char *out, size_t cap, char lead)
{
    size_t len = 6;

    memcpy(out, "v=spf1", 6);
    for (unsigned i = 0; i < VD_SPF_TERMS_MAX; i++) {
        int n = snprintf(out + len, cap - len, " include:%c%u.vendor.example", lead, i);
        len += (size_t)n;
    }
}

/* Vendors whose records include more than there is room for. */
static void test_survey_includes_of_others_leave_room_for_the_watchs_own_aliases(void **state)
{
    static char many[4000], more[4000];
    const struct row rows[] = {
        {"example.com", "v=spf1 include:vendor.example include:seller.example -all"},
        {"vendor.example", many},
        {"seller.example", more},
        {KEY, ">a.dkim.example"},
        {"a.dkim.example", ">k.dkim.example"},
        {"k.dkim.example", "v=DKIM1; p=AAAA"},
    };

    (void)state;
    write_many(many, sizeof(many), 'x');
    write_many(more, sizeof(more), 'y');
    set_up(rows, 6);
    want_both();
    answer_name("example.com");
    answer_name("vendor.example");
    answer_name("seller.example");
    assert_int_equal(survey.is_cut, 1);
    answer_name(KEY);
    answer_the_rest();
    check_key("v=DKIM1; p=AAAA");
}

static void test_survey_names_the_knob_that_kept_an_alias_out(void **state)
{
    static const struct row rows[] = {{"a.example", ">averyveryverylongtarget.example"}};

    (void)state;
    for (int is_bytes = 0; is_bytes < 2; is_bytes++) {
        set_up(rows, 1);
        assert_int_equal(vd_survey_want(&survey, "a.example", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
        (void)vd_survey_poll(&survey, now);
        if (is_bytes) {
            survey.snapshot.bytes_len = VD_SURVEY_BYTES_MAX - 45; /* the alias fits, and no more */
        } else {
            survey.snapshot.answers_count = VD_SURVEY_QUESTIONS_MAX;
            survey.next = VD_SURVEY_QUESTIONS_MAX;
            memset(survey.snapshot.answers + 1, 0,
                   (VD_SURVEY_QUESTIONS_MAX - 1u) * sizeof(survey.snapshot.answers[0]));
        }
        answer_name("a.example");
        assert_int_equal(find("a.example")->detail, VD_DETAIL_LIMIT);
        assert_int_equal(find("a.example")->limit, is_bytes ? VD_LIMIT_BYTES : VD_LIMIT_QUESTIONS);
    }
}

/* Of a name that is asked for its SPF record, and then for something else too, all is kept. */
static void test_survey_texts_that_were_left_out_are_asked_for_again_when_wanted(void **state)
{
    static const struct row rows[] = {
        {"example.com", "v=spf1 include:both.example -all"},
        {"both.example", "hello"},
    };
    static const enum vd_ask wider[] = {VD_ASK_OTHER, VD_ASK_OWN};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        set_up(rows, 2);
        want_spf("example.com");
        run();
        assert_null(vd_snapshot_record(&survey.snapshot, find("both.example"), VD_TYPE_TXT, 0));
        unsigned before = net.opened;
        assert_int_equal(vd_survey_want(&survey, "both.example", VD_TYPE_TXT, wider[i]), VD_OK);
        run();
        assert_int_equal(net.opened - before, 1);
        assert_non_null(vd_snapshot_record(&survey.snapshot, find("both.example"), VD_TYPE_TXT, 0));
        assert_int_equal(vd_survey_ask_of(&survey, 1), wider[i]);
        /* And no third time. */
        assert_int_equal(vd_survey_want(&survey, "both.example", VD_TYPE_TXT, VD_ASK_SPF), VD_OK);
        run();
        assert_int_equal(net.opened - before, 1);
    }
}

/* The DS of a zone stands in its parent (RFC 4035, section 3.1.4.1): its own servers would deny it. */
static void test_survey_ds_of_the_apex_is_not_asked_of_the_zones_own_servers(void **state)
{
    struct vd_server own = {.transport = VD_TRANSPORT_UDP, .is_authority = true};
    struct vd_name apex;

    (void)state;
    set_up(NULL, 0);
    assert_int_equal(vd_name_from_text("example.com", &apex), VD_OK);
    own.zone = &apex;
    assert_int_equal(vd_endpoint_parse("198.51.100.1", 12, 53, &own.at), VD_OK);
    vd_resolver_set_server(&resolver, VD_AUTHORITY(0), &own);
    vd_survey_ask_zone(&survey, "example.com", 1u << VD_AUTHORITY(0));
    assert_int_equal(vd_survey_want(&survey, "example.com", VD_TYPE_DS, VD_ASK_OWN), VD_OK);
    assert_int_equal(vd_survey_want(&survey, "sub.example.com", VD_TYPE_DS, VD_ASK_OWN), VD_OK);
    (void)vd_survey_poll(&survey, now);
    assert_int_equal(net.sent_count, 2);
    assert_int_equal(net.sent[0].from.addr[0], 192);
    assert_int_equal(net.sent[1].from.addr[0], 198);
}

static unsigned follows;

static void count_follows(void *ctx, struct vd_survey *s)
{
    (void)ctx;
    (void)s;
    follows++;
}

static void test_survey_follower_is_called_at_once_and_then_only_when_something_came(void **state)
{
    static const struct row rows[] = {{"a.example", "x"}, {"b.example", "y"}};

    (void)state;
    set_up(rows, 2);
    follows = 0;
    vd_survey_follow(&survey, count_follows, NULL);
    assert_int_equal(follows, 1);
    assert_int_equal(vd_survey_want(&survey, "a.example", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    assert_int_equal(vd_survey_want(&survey, "b.example", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    (void)vd_survey_poll(&survey, now);
    (void)vd_survey_poll(&survey, now);
    assert_int_equal(follows, 1);
    run();
    assert_int_equal(follows, 2); /* both came at once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
        T(test_survey_key_behind_a_name_that_an_include_wants_too_is_kept),
        T(test_survey_key_behind_aliases_that_an_include_followed_is_kept),
        T(test_survey_key_from_the_cache_of_includes_is_asked_again_and_kept),
        T(test_survey_is_not_over_before_what_the_cache_answered_last_is_followed),
        T(test_survey_cache_never_answers_for_a_zones_own_servers),
        T(test_survey_alias_out_of_an_authoritys_zone_is_asked_of_the_resolvers),
        T(test_survey_includes_of_others_leave_room_for_the_watchs_own_aliases),
        T(test_survey_names_the_knob_that_kept_an_alias_out),
        T(test_survey_texts_that_were_left_out_are_asked_for_again_when_wanted),
        T(test_survey_ds_of_the_apex_is_not_asked_of_the_zones_own_servers),
        T(test_survey_follower_is_called_at_once_and_then_only_when_something_came),
#undef T
    };
    return cmocka_run_group_tests_name("survey_own", tests, NULL, NULL);
}
