/* Calls that end while half of a reply has gone out: the stream is reset, since clients take trailers behind half a message for a failure of another
 * kind (grpc-go: INTERNAL "unexpected EOF"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, HALF = 20, FILL = 3000 };
#define LATE "1000H" /* a timeout that does not come */

/* A call whose reply is held, HALF of it sent. */
static void begin_call(struct pair *pair, struct peer *p, const char *path, const char *timeout, unsigned flags)
{
    peer_call_within(p, 1, path, timeout, flags);
    expect_whatever(p);
    expect_usage(pair, 1, 0, 1);
    assert_int_equal(peer_answer(p, 1)->body_len, HALF);
}

static struct peer *with_half_a_reply(struct pair *pair, const char *timeout)
{
    struct peer *p = peer_ready(pair);

    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, HALF);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 1, .fill = 4000});
    begin_call(pair, p, LARGE, timeout, ES);
    return p;
}

static const uint8_t zeros[100];

static void ended_with(gram_status status)
{
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(-1)->status, status);
}

static void test_deadline(struct pair *pair)
{
    struct peer *p = with_half_a_reply(pair, "2S");

    pair_sleep(pair, 1999);
    expect_nothing(p);
    pair_sleep(pair, 1);
    expect_rst(p, 1, GRAM_H2_CANCEL);
    ended_with(GRAM_DEADLINE_EXCEEDED);
    expect_usage(pair, 0, 0, 0);
    peer_window(p, 1, 10000); /* it crossed */
    expect_nothing(p);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65535);
    expect_whatever(p);
    expect_alive(p);
}

/* The network takes nothing when the deadline comes: the slot is free at once, the word follows. */
static void test_deadline_without_room(struct pair *pair)
{
    struct peer *p = with_half_a_reply(pair, "2S");

    p->take = 0;
    peer_window(p, 1, 3000);
    pair_sleep(pair, 2000);
    expect_usage(pair, 1, 0, 0);
    p->take = SIZE_MAX;
    pair_run(pair);
    assert_true(peer_answer(p, 1)->reset);
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_CANCEL);
    assert_false(peer_answer(p, 1)->ended);
    ended_with(GRAM_DEADLINE_EXCEEDED);
    expect_usage(pair, 0, 0, 0);
    expect_whatever(p);
}

/* Whatever part of the reply has gone out: nothing of it, any number of bytes, all of it. */
static void test_deadline_at_each_part(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 1, .fill = FILL});
    peer_call(p, 1, LARGE, 1, "");
    expect_number(p, 1, 1);
    size_t whole = peer_answer(p, 1)->body_len;

    uint32_t id = 3;
    for (size_t part = 0; part <= whole; part += part < 8 || part + 8 >= whole ? 1 : 331, id += 2) {
        if (part > whole - 331 && part + 8 < whole)
            part = whole - 8;
        peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)part);
        test_app_reset();
        test_app_answer((struct test_answer){.status = GRAM_OK, .number = 1, .fill = FILL});
        peer_call_within(p, id, LARGE, "1S", ES);
        pair_sleep(pair, 999);
        const struct answer *a = peer_answer(p, id);
        assert_int_equal(a->body_len, part);
        assert_false(a->reset);
        pair_sleep(pair, 1);
        expect_usage(pair, 0, 0, 0);
        if (part == 0) {
            expect_only_trailers(p, id, GRAM_DEADLINE_EXCEEDED, "*");
        } else if (part == whole) {
            expect_number(p, id, 1);
        } else {
            assert_true(answer_is_cut(a));
            assert_int_equal(a->reset_code, GRAM_H2_CANCEL);
            assert_false(a->ended);
            ended_with(GRAM_DEADLINE_EXCEEDED);
        }
    }
    expect_whatever(p);
}

/* Behind messages that are whole. */
static void test_deadline_stream(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 100);
    test_app_status(GRAM_OK, NULL);
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 1, .fill = 10});
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 2, .fill = FILL});
    peer_call_within(p, 1, FLOOD, "1S", ES);
    pair_sleep(pair, 1000);
    const struct answer *a = peer_answer(p, 1);
    assert_int_equal(answer_replies(a), 1);
    assert_true(answer_is_cut(a));
    assert_int_equal(a->reset_code, GRAM_H2_CANCEL);
    assert_false(a->ended);
    ended_with(GRAM_DEADLINE_EXCEEDED);
    expect_usage(pair, 0, 0, 0);
    expect_whatever(p);
}

static void test_grace_is_over(struct pair *pair)
{
    struct peer *p = with_half_a_reply(pair, LATE);

    gram_server_shutdown(pair->server, 1000);
    pair_run(pair);
    pair_sleep(pair, 1000);
    assert_true(peer_answer(p, 1)->reset);
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_CANCEL);
    assert_false(peer_answer(p, 1)->ended);
    ended_with(GRAM_UNAVAILABLE);
    expect_usage(pair, 0, 0, 0);
}

/* A client that has not read our SETTINGS sends more than there is room for, while it is being answered. */
static void test_too_much(struct pair *pair)
{
    struct peer *p = peer_early(pair);

    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, HALF);
    test_app_status(GRAM_OK, NULL); /* MESSAGE, NEXT */
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 1, .text = "half of this text is sent"});
    begin_call(pair, p, CHAT, LATE, 0);
    for (size_t n = 0; n <= GRAM_INITIAL_WINDOW_SIZE; n += 100)
        peer_frame(p, GRAM_H2_DATA, 0, 1, zeros, 100);
    assert_true(peer_answer(p, 1)->reset);
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_ENHANCE_YOUR_CALM);
    assert_false(peer_answer(p, 1)->ended);
    ended_with(GRAM_RESOURCE_EXHAUSTED);
    expect_usage(pair, 0, 0, 0);
}

/* A message at fault is not looked at before the reply to the one before it is out. */
static void test_fault_behind_the_rest(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    static struct blob b;
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 6);
    peer_headers(p, 1, CHAT, 0);
    peer_message(p, 1, 1, "", 0, 0); /* a reply of 7 bytes */
    assert_true(answer_is_cut(peer_answer(p, 1)));
    b.len = 0;
    put_prefix(&b, 2, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, b.len);
    assert_int_equal(peer_answer(p, 1)->blocks, 1);
    assert_false(peer_answer(p, 1)->reset);
    peer_window(p, 1, 1000);
    expect_status(p, 1, GRAM_INTERNAL, "*");
    assert_int_equal(answer_replies(peer_answer(p, 1)), 1);
    assert_false(answer_is_cut(peer_answer(p, 1)));
    expect_usage(pair, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_deadline),
        PAIR_TEST(test_deadline_without_room),
        PAIR_TEST(test_deadline_at_each_part),
        PAIR_TEST(test_deadline_stream),
        PAIR_TEST(test_grace_is_over),
        PAIR_TEST(test_too_much),
        PAIR_TEST(test_fault_behind_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
