/* One client against the others: what it may keep, for how long, and that the rest goes on. Each of these once worked. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, LONG = GRAM_MESSAGE_SIZE - 5 };

static struct blob b, c;

/* ---- before our SETTINGS are read ---- */

/* The acknowledgement takes the window below zero; an empty end of the request is lawful all the same (RFC 9113 6.9.1). */
static void test_empty_end_below_zero(struct pair *pair)
{
    struct peer *p = peer_early(pair);

    b.len = 0;
    put_message(&b, 7, "", GRAM_INITIAL_WINDOW_SIZE + 20);
    peer_headers(p, 1, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, b.len);
    c.len = 0;
    put_frame(&c, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
    put_frame(&c, GRAM_H2_DATA, ES, 1, NULL, 0);
    peer_send(p, &c);
    expect_number(p, 1, 7);
}

/* All headers first, then all bodies: many more than are remembered are refused, and their DATA is no offence. */
static void test_refused_then_data(struct pair *pair)
{
    struct peer *p = peer_early(pair);
    const unsigned calls = GRAM_MAX_CONCURRENT_STREAMS + GRAM_ABUSE_BURST / 4 - 1;

    for (unsigned i = 0; i < calls; i++)
        peer_headers(p, 1 + 2 * i, TINY, 0);
    for (unsigned i = 0; i < calls; i++)
        peer_message(p, 1 + 2 * i, 5, "", 0, ES);
    assert_int_equal(p->fate, PEER_HERE);
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        expect_number(p, 1 + 2 * i, 5);
    expect_whatever(p);
}

#if GRAM_MAX_CONNECTIONS > 1
/* ---- what all share: message buffers and held replies ---- */

static void begin_long(struct peer *p)
{
    b.len = 0;
    put_message(&b, 1, "", LONG - 2);
    peer_headers(p, 1, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
}

/* A byte every now and then does not keep the only buffer. */
static void test_trickled_message(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);
    unsigned i;

    begin_long(p);
    begin_long(q);
    for (i = 0; i < 100 && !peer_was_updated(q, 1); i++) {
        pair_sleep(pair, GRAM_STALL_MS - 1000);
        peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes + GRAM_INITIAL_WINDOW_SIZE + i, 1);
    }
    assert_in_range(i, 1, 3);
    expect_whatever(p);
    expect_whatever(q);
}

/* Nor do crumbs of a window keep the only held reply. */
static void test_trickled_window(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);
    unsigned i;

    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 1, .fill = 4000});
    peer_call(p, 1, LARGE, 1, "");
    peer_call(q, 1, LARGE, 1, "");
    for (i = 0; i < 100 && !peer_answer(q, 1)->ended; i++) {
        pair_sleep(pair, GRAM_STALL_MS - 1000);
        peer_window(p, 1, 1);
    }
    assert_in_range(i, 1, 3);
    expect_whatever(p);
    expect_whatever(q);
}

/* Nor does what a client goes on to send, in a call that waits for it to read. */
static void test_data_is_no_window(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);
    unsigned i;

    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    test_app_status(GRAM_OK, NULL);
    peer_headers(p, 1, CHAT, 0);
    peer_message(p, 1, 1, "", 0, 0);
    expect_usage(pair, 1, 0, 1);
    test_app_status(GRAM_OK, NULL);
    peer_call(q, 1, LARGE, 1, "");
    for (i = 0; i < 100 && !peer_answer(q, 1)->ended; i++) {
        pair_sleep(pair, GRAM_STALL_MS - 1000);
        if (!peer_answer(p, 1)->reset)
            peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, 64);
    }
    assert_in_range(i, 1, 3);
    expect_whatever(p);
    expect_whatever(q);
}

/* A client that always has one more call waiting for the slot does not get it twice in a row. */
static void test_held_in_turn(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);

    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    peer_call(p, 1, LARGE, 1, "");
    peer_call(p, 3, LARGE, 1, "");
    peer_call(q, 1, LARGE, 1, "");
    pair_sleep(pair, GRAM_STALL_MS);
    assert_true(peer_answer(q, 1)->ended);
    expect_whatever(p);
    expect_whatever(q);
}

/* An endless stream that is held for each reply lets others go between two. */
static void test_held_between_replies(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);
    unsigned i;

    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 10);
    peer_call(p, 1, STREAM, 30000, "");
    peer_call(q, 1, LARGE, 1, "");
    for (i = 0; i < 100 && !peer_answer(q, 1)->ended; i++) {
        peer_window(p, 1, 7);
        pair_sleep(pair, 10);
    }
    assert_in_range(i, 0, 20);
    expect_whatever(p);
    expect_whatever(q);
}
#endif

#if GRAM_MAX_CONNECTIONS > 2
/* Nor do two of them pass it to each other for ever: every connection has its turn, wherever it sits. */
static void test_held_by_two(struct pair *pair)
{
    struct peer *p[GRAM_MAX_CONNECTIONS];
    unsigned i;

    for (unsigned last = 0; last < GRAM_MAX_CONNECTIONS; last++) {
        for (unsigned n = 0; n < GRAM_MAX_CONNECTIONS; n++) {
            p[n] = peer_ready(pair);
            peer_setting(p[n], GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
            if (n != last)
                peer_call(p[n], 1, STREAM, 30000, "");
        }
        peer_call(p[last], 1, STREAM, 1, "");
        for (i = 0; i < 100 && !peer_answer(p[last], 1)->ended; i++) {
            for (unsigned n = 0; n < GRAM_MAX_CONNECTIONS; n++) /* whoever has it takes one reply */
                if (pair->server->held[0].owner && pair->server->held[0].owner->conn == p[n]->conn)
                    peer_window(p[n], 1, i < GRAM_MAX_CONNECTIONS ? 5 : 7);
            pair_sleep(pair, 10);
        }
        assert_in_range(i, 0, 20);
        for (unsigned n = 0; n < GRAM_MAX_CONNECTIONS; n++)
            peer_lose(p[n]);
    }
}
#endif

/* ---- handlers and interrupts ---- */

static void wake_self(gram_call *call)
{
    gram_call_wake(gram_call_ref_of(call));
}

/* A handler that always wakes itself takes its turns, and no more: the poll returns. */
static void test_self_wake(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    test_app_status(GRAM_OK, NULL);
    for (int i = 0; i < 100; i++)
        test_app_answer((struct test_answer){.status = GRAM_WAIT, .hook = wake_self});
    b.len = 0;
    put_request(&b, FLOOD);
    c.len = 0;
    put_frame(&c, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS, 1, b.bytes, b.len);
    b.len = 0;
    put_message(&b, 1, "", 0);
    put_frame(&c, GRAM_H2_DATA, ES, 1, b.bytes, b.len);
    gram_conn_rx(p->conn, c.bytes, c.len);
    gram_server_poll(pair->server, pair->now);
    assert_true(test_app_count(GRAM_ON_NEXT) <= 4);
    expect_whatever(p);
}

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
/* An interrupt may come between any two instructions of a poll: each in turn, by the processor's own single step. */
static volatile long step_now, step_at;
static gram_call_ref wake_ref;

static void on_step(int number)
{
    (void)number;
    if (++step_now == step_at)
        gram_call_wake(wake_ref);
}

static void test_wake_anywhere(struct pair *pair)
{
    struct sigaction action = {.sa_handler = on_step}, before;
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    long n;

    sigaction(SIGTRAP, &action, &before);
    for (n = 1; n < 100000; n++, id += 2) {
        uint32_t next;

        test_app_reset();
        test_app_answer((struct test_answer){.status = GRAM_PENDING});
        peer_call(p, id, TINY, 1, "");
        wake_ref = test_app.ref;
        step_now = 0;
        step_at = n;
        __asm__ volatile("pushfq; orq $0x100,(%%rsp); popfq" ::: "memory", "cc");
        next = gram_server_poll(pair->server, pair->now);
        __asm__ volatile("pushfq; andq $~0x100,(%%rsp); popfq" ::: "memory", "cc");
        if (step_now < n)
            gram_call_wake(wake_ref); /* the poll was shorter: this is the last round */
        else if (test_app_count(GRAM_ON_RESUME) == 0 && next > 0 && !gram_server_awake(pair->server))
            fail_msg("a wake at instruction %ld of the poll is lost", n);
        pair_run(pair);
        expect_number(p, id, 0);
        if (step_now < n)
            break;
    }
    sigaction(SIGTRAP, &before, NULL);
    assert_in_range(n, 10, 99999);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_empty_end_below_zero),
        PAIR_TEST(test_refused_then_data),
#if GRAM_MAX_CONNECTIONS > 1
        PAIR_TEST(test_trickled_message),
        PAIR_TEST(test_trickled_window),
        PAIR_TEST(test_data_is_no_window),
        PAIR_TEST(test_held_in_turn),
        PAIR_TEST(test_held_between_replies),
#endif
#if GRAM_MAX_CONNECTIONS > 2
        PAIR_TEST(test_held_by_two),
#endif
        PAIR_TEST(test_self_wake),
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
        PAIR_TEST(test_wake_anywhere),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
