/* A client that keeps something from others and does not do its part: it does not open its windows while its
 * reply has the held slot, does not read its stream, does not finish its request. GRAM_STALL_MS takes it
 * back, from the call and not from the connection; who does its part may take as long as it likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM };

static struct blob b;

/* ---- the held slot ---- */

#define CRUMB_MS (GRAM_STALL_MS / 64)

static void shut(struct peer *p)
{
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    expect_whatever(p);
}

/* A client that does not open its window loses the call, not the connection; whoever waits for the slot
 * gets it. */
static void test_held_stall(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    shut(p);
    peer_call(p, 1, UNARY, 1, "a");
    expect_usage(pair, 1, 0, 1);
    pair_sleep(pair, GRAM_STALL_MS / 2);
    peer_window(p, 1, 1); /* a crumb buys the time of a crumb */
    pair_sleep(pair, GRAM_STALL_MS / 2 + CRUMB_MS - 1);
    assert_false(peer_answer(p, 1)->reset);
    expect_usage(pair, 1, 0, 1);
    pair_sleep(pair, 1);
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_ENHANCE_YOUR_CALM);
    expect_usage(pair, 0, 0, 0);
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65535);
    expect_whatever(p);
    expect_alive(p);
}

static void test_held_turns(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    shut(p);
    peer_call(p, 1, UNARY, 1, "first");
    peer_call(p, 3, UNARY, 3, "second");
    expect_usage(pair, 2, 0, 1);
    assert_int_equal(test_app.calls, 1); /* the second is not asked while it has no place for its reply */
    peer_window(p, 3, 1000);
    assert_int_equal(peer_answer(p, 3)->blocks,
                     test_app.calls > 1 ? 2 : 0); /* unless its window does for all of it */
    peer_window(p, 1, 1000);
    expect_number(p, 1, 1);
    expect_number(p, 3, 3);
    expect_usage(pair, 0, 0, 0);
}

static void test_held_stall_hands_on(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    shut(p);
    peer_call(p, 1, UNARY, 1, "first");
    peer_call(p, 3, UNARY, 3, "second");
    assert_int_equal(test_app.calls, 1);
    pair_sleep(pair, GRAM_STALL_MS);
    assert_true(peer_answer(p, 1)->reset);
    assert_int_equal(test_app.calls, 2);
    expect_usage(pair, 1, 0, 1);
    peer_window(p, 3, 1000);
    expect_number(p, 3, 3);
}

/* Whatever ends a call that holds a reply gives the slot back. */
static void test_held_ends(struct pair *pair)
{
    for (unsigned how = 0; how < 5; how++) {
        struct peer *p = peer_ready(pair);
        shut(p);
        peer_call_within(p, 1, UNARY, "5S", ES);
        expect_usage(pair, 1, 0, 1);
        if (how == 0)
            peer_rst(p, 1, GRAM_H2_CANCEL);
        else if (how == 1)
            peer_lose(p);
        else if (how == 2)
            peer_fin(p);
        else if (how == 3)
            peer_frame(p, GRAM_H2_DATA, 0, 0, NULL, 0);
        else
            pair_sleep(pair, 5000);
        expect_usage(pair, 0, 0, 0);
        if (how == 4)
            expect_status(p, 1, GRAM_DEADLINE_EXCEEDED, "*");
        if (p->fate == PEER_HERE)
            peer_lose(p);
    }
}

/* A stream asks for its next reply only when the slot is free; what answers WAIT gives it back. */
static void test_held_stream(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 1, .fill = 10});
    test_app_status(GRAM_DONE, NULL);
    peer_call(p, 1, FLOOD, 1, "");
    expect_usage(pair, 1, 0, 0);
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_number(p, 1, 1);
    expect_usage(pair, 0, 0, 0);
}

/* ---- a client that does not do its part, while its call keeps something from others ---- */

/* The first window of a request whose message needs a large buffer; and the rest of it. */
static void begin_long(struct peer *p, uint32_t id, const char *path)
{
    b.len = 0;
    put_message(&b, 5, "", GRAM_MESSAGE_SIZE - 7);
    peer_headers(p, id, path, 0);
    peer_frame(p, GRAM_H2_DATA, 0, id, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
}

static void end_long(struct peer *p, uint32_t id, unsigned flags)
{
    peer_frame(p, GRAM_H2_DATA, flags, id, b.bytes + GRAM_INITIAL_WINDOW_SIZE, b.len - GRAM_INITIAL_WINDOW_SIZE);
}

static void is_reset_after_stall(struct pair *pair, struct peer *p, uint32_t id)
{
    pair_sleep(pair, GRAM_STALL_MS - 1);
    assert_false(peer_answer(p, id)->reset);
    pair_sleep(pair, 1);
    assert_true(peer_answer(p, id)->reset);
    assert_int_equal(peer_answer(p, id)->reset_code, GRAM_H2_ENHANCE_YOUR_CALM);
    expect_usage(pair, 0, 0, 0);
}

/* A stream of replies whose window is used up, and not opened again. */
static void test_reader_stops(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, STREAM, 30000, "");
    assert_in_range(peer_answer(p, 1)->window, 0, 15);
    assert_false(peer_answer(p, 1)->ended);
    pair_sleep(pair, GRAM_STALL_MS / 2);
    peer_window(p, 1, 100); /* reads a little, and no more */
    peer_window(p, 0, 100);
    uint32_t begin = pair->now;
    while (pair->now - begin < GRAM_STALL_MS - 1000) { /* saying something is not reading */
        peer_ping(p);
        pair_sleep(pair, 1000);
    }
    pair_sleep(pair, 999);
    assert_false(peer_answer(p, 1)->reset);
    pair_sleep(pair, 1);
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_ENHANCE_YOUR_CALM);
    peer_window(p, 0, 1000);
    expect_whatever(p);
    expect_alive(p);
}

/* One that reads now and then may take as long as it likes. */
static void test_slow_reader(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, STREAM, 10000, "");
    while (!peer_answer(p, 1)->ended) {
        pair_sleep(pair, GRAM_STALL_MS - 1);
        peer_window(p, 1, 1000);
        peer_window(p, 0, 1000);
    }
    expect_status(p, 1, GRAM_OK, NULL);
    assert_int_equal(answer_replies(peer_answer(p, 1)), 10000);
}

/* A request that has the large buffer, and whose reply finds the connection's window used up by others. */
static void test_starved_with_buffer(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0x7fffffff);
    test_app_answer((struct test_answer){.status = GRAM_OK, .fill = 65535 - 4 - 5});
    peer_call(p, 1, LARGE, 1, "");
    assert_int_equal(p->window, 0);
    begin_long(p, 3, TINY);
    end_long(p, 3, ES);
    expect_usage(pair, 1, 1, 0);
    is_reset_after_stall(pair, p, 3);
}

/* A plain HTTP answer for a window of nothing. */
static void test_starved_http(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    shut(p);
    b.len = 0;
    put_index(&b, 2);
    put_index(&b, 6);
    put_index(&b, 4);
    peer_block(p, 1, &b, ES);
    is_reset_after_stall(pair, p, 1);
}

/* Half a long message: the buffer goes to whoever waits for it. */
static void test_slow_body(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    begin_long(p, 1, TINY);
    begin_long(p, 3, TINY);
    pair_sleep(pair, GRAM_STALL_MS - 1);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes + GRAM_INITIAL_WINDOW_SIZE, 1); /* slow, and still alive */
    pair_sleep(pair, CRUMB_MS);
    assert_false(peer_answer(p, 1)->reset);
    pair_sleep(pair, 1);
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_ENHANCE_YOUR_CALM);
    expect_usage(pair, 1, 1, 0);
    end_long(p, 3, ES);
    expect_number(p, 3, 5);
}

/* One that needs no large buffer keeps its stream and its connection from others: it must come as well,
 * and so must the end of the request. */
static void test_slow_request(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    b.len = 0;
    put_message(&b, 5, "", 0);
    for (size_t len = 0; len <= b.len; len++) {
        uint32_t id = (uint32_t)(1 + 2 * len);
        peer_headers(p, id, len % 2 ? TINY : STREAM, 0);
        if (len > 0)
            peer_frame(p, GRAM_H2_DATA, 0, id, b.bytes, len);
        is_reset_after_stall(pair, p, id);
    }
    b.len = 0; /* what is not gRPC, too */
    put_index(&b, 2);
    put_index(&b, 6);
    put_index(&b, 4);
    peer_block(p, 99, &b, 0);
    is_reset_after_stall(pair, p, 99);
    expect_whatever(p);
    expect_alive(p);
}

/* A client that streams may be silent between its messages, and within a short one, for as long as it
 * likes. */
static void test_silent_stream(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, COLLECT, 0);
    peer_headers(p, 3, CHAT, 0);
    for (unsigned i = 0; i < 3; i++) {
        pair_sleep(pair, 10 * GRAM_STALL_MS);
        b.len = 0;
        put_message(&b, (int32_t)i, "", 0);
        for (uint32_t id = 1; id <= 3; id += 2) {
            peer_frame(p, GRAM_H2_DATA, 0, id, b.bytes, 3);
            pair_sleep(pair, 10 * GRAM_STALL_MS);
            peer_frame(p, GRAM_H2_DATA, i == 2 ? ES : 0, id, b.bytes + 3, b.len - 3);
        }
    }
    expect_number(p, 1, 3);
    expect_status(p, 3, GRAM_OK, NULL);
}

/* Nor is it a client's fault that others have the buffer: what waits for one is given the time that it
 * waits. */
static void test_waiting_is_no_fault(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    begin_long(p, 1, COLLECT);
    end_long(p, 1, ES);
    gram_call_ref holder = test_app.ref;
    begin_long(p, 3, TINY);
    pair_sleep(pair, 10 * GRAM_STALL_MS);
    gram_call_wake(holder);
    pair_run(pair);
    expect_number(p, 1, 1);
    expect_usage(pair, 1, 1, 0);
    pair_sleep(pair, GRAM_STALL_MS - 1); /* from now on it is its own */
    end_long(p, 3, ES);
    expect_number(p, 3, 5);
}

/* A handler may take as long as it likes with a message that is whole. */
static void test_slow_handler(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    begin_long(p, 1, COLLECT);
    end_long(p, 1, ES);
    pair_sleep(pair, 10 * GRAM_STALL_MS);
    expect_usage(pair, 1, 1, 0);
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_number(p, 1, 1);
    test_app_reset();
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    begin_long(p, 3, COLLECT); /* the same before the client has ended */
    end_long(p, 3, 0);
    pair_sleep(pair, 10 * GRAM_STALL_MS);
    expect_usage(pair, 1, 1, 0);
    gram_call_wake(test_app.ref);
    pair_run(pair);
    peer_frame(p, GRAM_H2_DATA, ES, 3, NULL, 0);
    expect_number(p, 3, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_held_stall),
        PAIR_TEST(test_held_turns),
        PAIR_TEST(test_held_stall_hands_on),
        PAIR_TEST(test_held_ends),
        PAIR_TEST(test_held_stream),
        PAIR_TEST(test_reader_stops),
        PAIR_TEST(test_slow_reader),
        PAIR_TEST(test_starved_with_buffer),
        PAIR_TEST(test_starved_http),
        PAIR_TEST(test_slow_body),
        PAIR_TEST(test_slow_request),
        PAIR_TEST(test_silent_stream),
        PAIR_TEST(test_waiting_is_no_fault),
        PAIR_TEST(test_slow_handler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
