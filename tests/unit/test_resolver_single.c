/* Servers that close a connection early.  SPDX-License-Identifier: MIT */
#include "tests/fakes/resolver_world.h"

static void test_resolver_server_that_closes_after_each_answer_answers_all(void **state)
{
    static const char *const names[6] = {"a.example", "b.example", "c.example",
                                         "d.example", "e.example", "f.example"};

    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    for (unsigned i = 0; i < 6; i++) {
        ask_name(names[i], VD_SERVERS_ALL, 0, i);
    }
    for (unsigned turn = 0; turn < 60 && done_count < 6; turn++) {
        poll_after(1);
        if (done_count == 6) {
            break;
        }
        struct fake_stream *s = fake_stream_last(&tcp);
        const struct fake_packet *query = s->is_open ? fake_stream_query(&tcp, s) : NULL;
        if (query == NULL) {
            poll_next();
            continue;
        }
        struct vd_message asked = opened(query);
        char name[VD_NAME_TEXT_MAX];
        assert_int_equal(vd_name_to_text(&asked.question.name, name, sizeof(name)), VD_OK);
        fake_reply(&m, query, RESPONSE);
        fake_txt(&m, name, "x");
        fake_net_answer(&net, query, &m);
        s->end = VD_CLOSED;
    }
    assert_int_equal(done_count, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(done_gists[i].presence, VD_PRESENT);
    }
    assert_true(tcp.opened <= 8); /* it is learnt that one question at a time is enough */
}

static void test_resolver_server_that_closes_without_any_answer_is_given_up(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    for (unsigned turn = 0; turn < 200 && done_count == 0; turn++) {
        poll_next();
        if (tcp.opened > 0 && fake_stream_last(&tcp)->is_open) {
            fake_stream_last(&tcp)->end = VD_CLOSED;
        }
    }
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
    assert_true(tcp.opened <= 2 * VD_TRIES_MAX);
}

/* Answer what was asked on the connection, one query.  false: there is none. */
static bool answer_one(void)
{
    struct fake_stream *s = fake_stream_last(&tcp);
    const struct fake_packet *query = s != NULL && s->is_open ? fake_stream_query(&tcp, s) : NULL;

    if (query == NULL) {
        return false;
    }
    struct vd_message asked = opened(query);
    char name[VD_NAME_TEXT_MAX];
    assert_int_equal(vd_name_to_text(&asked.question.name, name, sizeof(name)), VD_OK);
    fake_reply(&m, query, RESPONSE);
    fake_txt(&m, name, "x");
    fake_net_answer(&net, query, &m);
    return true;
}

/* A server that restarts after the first of two answers: it is taken for one that always closes. */
static void set_up_restarted(void)
{
    set_up(1, VD_TRANSPORT_TCP);
    ask_name("a.example", 1, 0, 0);
    ask_name("b.example", 1, 0, 1);
    poll_after(0);
    assert_true(answer_one());
    fake_stream_last(&tcp)->end = VD_EIO;
    for (unsigned i = 0; i < 20 && done_count < 2; i++) {
        poll_after(1);
        (void)answer_one();
    }
    assert_int_equal(done_count, 2);
    assert_true(resolver.paths[0].single_until_ms > now);
    done_count = 0;
}

/* Questions that are asked at once; returns how many stand on the connection then. */
static unsigned ask_four(void)
{
    static const char *const names[4] = {"c.example", "d.example", "e.example", "f.example"};
    unsigned count = 0;

    for (unsigned i = 0; i < 4; i++) {
        ask_name(names[i], 1, 0, i);
    }
    poll_after(0);
    poll_after(0);
    while (answer_one()) {
        count++;
    }
    return count;
}

static void test_resolver_question_that_waits_for_another_ones_answer_goes_with_it(void **state)
{
    (void)state;
    set_up_restarted();
    uint64_t began_ms = now;
    assert_int_equal(ask_four(), 1);
    for (unsigned i = 0; i < 4 && done_count < 4; i++) {
        poll_after(1);
        (void)answer_one();
    }
    assert_int_equal(done_count, 4);
    assert_true(now - began_ms < 10); /* no wait of a fixed length between them */
}

static void test_resolver_server_that_keeps_its_connection_is_asked_all_at_once_again(void **state)
{
    (void)state;
    set_up_restarted();
    assert_int_equal(ask_four(), 1);
    for (unsigned i = 0; i < 10 && done_count < 4; i++) {
        poll_after(1);
        (void)answer_one();
    }
    assert_int_equal(resolver.paths[0].single_until_ms, 0); /* it has answered three on one */
    assert_int_equal(ask_four(), 4);
    set_up_restarted();
    poll_after(3600000);
    assert_int_equal(ask_four(), 4);
}

/* What it has not read when it closes makes the close a reset, which takes the answer along. */
static void test_resolver_server_that_resets_when_asked_more_than_one_answers_all(void **state)
{
    static const char *const names[4] = {"a.example", "b.example", "c.example", "d.example"};

    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    for (unsigned i = 0; i < 4; i++) {
        ask_name(names[i], 1, 0, i);
    }
    for (unsigned turn = 0; turn < 60 && done_count < 4; turn++) {
        poll_after(1);
        struct fake_stream *s = fake_stream_last(&tcp);
        size_t len = (size_t)(s->sent[0] << 8 | s->sent[1]) + 2u;
        if (s->is_open && s->sent_len > len) {
            s->end = VD_EIO;
        } else if (s->is_open && s->sent_len > 0) {
            (void)answer_one();
            s->end = VD_CLOSED;
        }
    }
    assert_int_equal(done_count, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(done_gists[i].presence, VD_PRESENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolver_server_that_closes_after_each_answer_answers_all),
        cmocka_unit_test(test_resolver_server_that_closes_without_any_answer_is_given_up),
        cmocka_unit_test(test_resolver_question_that_waits_for_another_ones_answer_goes_with_it),
        cmocka_unit_test(test_resolver_server_that_keeps_its_connection_is_asked_all_at_once_again),
        cmocka_unit_test(test_resolver_server_that_resets_when_asked_more_than_one_answers_all),
    };
    return cmocka_run_group_tests_name("resolver_single", tests, NULL, NULL);
}
