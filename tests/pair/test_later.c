/* Handlers that answer later: PENDING, WAIT, wakes at any moment, sleep; and deadlines (gram/call.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM };

static void wake(struct pair *pair)
{
    gram_call_wake(test_app.ref);
    assert_true(gram_server_awake(pair->server));
    pair_run(pair);
    assert_false(gram_server_awake(pair->server));
}

static void test_pending(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_PENDING, NULL);
    test_app_status(GRAM_PENDING, NULL);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 8});
    peer_call(p, 1, TINY, 1, "");
    pair_sleep(pair, 100000);
    expect_pending(p, 1);
    assert_int_equal(test_app.asked_len, 1);
    wake(pair); /* too early */
    assert_int_equal(test_app.asked_len, 2);
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_RESUME);
    expect_pending(p, 1);
    wake(pair);
    expect_number(p, 1, 8);
    assert_int_equal(test_app.asked_len, 4);
}

static void test_pending_error(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_PENDING, NULL);
    test_app_status(GRAM_ABORTED, "changed my mind");
    peer_call(p, 1, LARGE, 1, "");
    wake(pair);
    expect_only_trailers(p, 1, GRAM_ABORTED, "changed my mind");
    test_app_reset();
    test_app_status(GRAM_OK, NULL); /* client streaming: the reply may come later as well */
    test_app_status(GRAM_PENDING, NULL);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 3});
    peer_headers(p, 3, COLLECT, ES);
    expect_pending(p, 3);
    wake(pair);
    expect_number(p, 3, 3);
}

/* A wake that comes while the handler runs, and answers PENDING, is not lost. */
static void wake_self(gram_call *call)
{
    gram_call_wake(gram_call_ref_of(call));
}

static void test_wake_inside(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_PENDING, .hook = wake_self});
    test_app_answer(
        (struct test_answer){.status = GRAM_PENDING, .hook = wake_self}); /* in RESUME, inside a poll */
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 5});
    peer_call(p, 1, TINY, 1, "");
    expect_number(p, 1, 5);
    test_app_reset();
    test_app_status(GRAM_OK, NULL); /* and in the same way on a stream */
    test_app_answer((struct test_answer){.status = GRAM_WAIT, .hook = wake_self});
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 6});
    test_app_status(GRAM_DONE, NULL);
    peer_call(p, 3, STREAM, 1, "");
    expect_number(p, 3, 6);
}

/* References that name nothing, or what has ended, or what another call has taken since: they do nothing. */
static void test_stale(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    gram_call_ref none = {0}, old;
    gram_call_wake(none);
    none.server = pair->server;
    gram_call_wake(none);
    assert_false(gram_server_awake(pair->server));
    peer_call(p, 1, TINY, 1, "");
    old = test_app.ref;
    gram_call_wake(old); /* ended, the slot is free */
    assert_false(gram_server_awake(pair->server));
    call_later(p, 3);
    assert_int_equal(test_app.ref.slot, old.slot);
    assert_int_not_equal(test_app.ref.generation, old.generation);
    gram_call_wake(old); /* another call has it */
    assert_false(gram_server_awake(pair->server));
    pair_run(pair);
    expect_pending(p, 3);
    wake(pair);
    expect_number(p, 3, 0);
}

/* A slot's generations, all of them: none is 0, and none is the one before. */
static void test_generations(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    pair->server->conns[0].calls[0].generation = UINT16_MAX - 2;
    uint16_t last = UINT16_MAX - 2;
    for (uint32_t id = 1; id < 12; id += 2) {
        peer_call(p, id, TINY, 1, "");
        assert_int_equal(test_app.ref.slot, 0);
        assert_int_equal(test_app.ref.generation, last == UINT16_MAX ? 1 : last + 1);
        last = test_app.ref.generation;
    }
}

/* Each call is found by its own reference. */
static void test_many_pending(struct pair *pair)
{
    gram_call_ref refs[GRAM_MAX_CONCURRENT_STREAMS];
    struct peer *p = peer_ready(pair);
    for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        call_later(p, 2 * i + 1);
        refs[i] = test_app.ref;
    }
    for (uint32_t i = GRAM_MAX_CONCURRENT_STREAMS; i-- > 0;) {
        test_app_answer((struct test_answer){.status = GRAM_OK, .number = (int32_t)i});
        gram_call_wake(refs[i]);
        pair_run(pair);
        expect_number(p, 2 * i + 1, (int32_t)i);
        expect_usage(pair, i, 0, 0);
    }
}

/* ---- sleep ---- */

static void test_sleep(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t begin = pair->now;
    test_app_answer((struct test_answer){.status = GRAM_PENDING, .sleep = 1000});
    test_app_answer((struct test_answer){.status = GRAM_PENDING, .sleep = 1});
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 2});
    peer_call(p, 1, TINY, 1, "");
    pair_sleep(pair, 999);
    assert_int_equal(test_app.asked_len, 1);
    pair_sleep(pair, 1);
    assert_int_equal(test_app.asked_len, 2);
    pair_sleep(pair, 1);
    expect_number(p, 1, 2);
    assert_int_equal(peer_answer(p, 1)->ended_at - begin, 1001);
}

/* The last one counts, and its time comes although a wake came before. */
static void sleep_twice(gram_call *call)
{
    gram_call_sleep(call, 10);
    gram_call_sleep(call, 500);
}

static void test_sleep_again(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_PENDING, .hook = sleep_twice});
    test_app_status(GRAM_PENDING, NULL);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 2});
    peer_call(p, 1, TINY, 1, "");
    pair_sleep(pair, 499);
    assert_int_equal(test_app.asked_len, 1);
    wake(pair);
    assert_int_equal(test_app.asked_len, 2);
    pair_sleep(pair, 1); /* the wake has not taken its place */
    expect_number(p, 1, 2);
}

/* Once, and then no more. */
static void test_sleep_once(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_PENDING, .sleep = 500});
    test_app_status(GRAM_PENDING, NULL);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 2});
    peer_call(p, 1, TINY, 1, "");
    pair_sleep(pair, 500);
    assert_int_equal(test_app.asked_len, 2);
    pair_sleep(pair, 100000); /* the second PENDING has set no time */
    assert_int_equal(test_app.asked_len, 2);
    wake(pair);
    expect_number(p, 1, 2);
}

/* Over the clock's end. */
static void test_sleep_wraps(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    pair_sleep(pair, 0u - pair->now - 5);
    assert_int_equal(pair->now, 0xfffffffb);
    test_app_answer((struct test_answer){.status = GRAM_PENDING, .sleep = 10});
    peer_call(p, 1, TINY, 1, "");
    pair_sleep(pair, 9);
    expect_pending(p, 1);
    pair_sleep(pair, 1);
    expect_number(p, 1, 0);
    assert_int_equal(pair->now, 5);
}

static void sleep_for_ever(gram_call *call)
{
    gram_call_sleep(call, GRAM_FOREVER);
}

static void sleep_long(gram_call *call)
{
    gram_call_sleep(call, 0x80000000u);
}

/* A sleep longer than half the clock is a sleep, and no busy loop. */
static void test_sleep_long(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_PENDING, .hook = sleep_for_ever});
    test_app_answer((struct test_answer){.status = GRAM_PENDING, .hook = sleep_long});
    peer_call(p, 1, TINY, 1, "");
    pair_sleep(pair, 100000);
    assert_int_equal(test_app.asked_len, 1);
    wake(pair);
    pair_sleep(pair, 100000);
    assert_int_equal(test_app.asked_len, 2);
    wake(pair);
    expect_number(p, 1, 0);
}

/* ---- deadlines ---- */

static void test_deadline(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t begin = pair->now;
    test_app_status(GRAM_PENDING, NULL);
    peer_call_within(p, 1, TINY, "1500m", ES);
    pair_sleep(pair, 1499);
    expect_pending(p, 1);
    pair_sleep(pair, 1);
    expect_only_trailers(p, 1, GRAM_DEADLINE_EXCEEDED, "*");
    assert_int_equal(peer_answer(p, 1)->ended_at - begin, 1500);
    assert_false(peer_answer(p, 1)->reset);
    assert_int_equal(test_app_asked(-1)->status, GRAM_DEADLINE_EXCEEDED);
    gram_call_wake(test_app.ref); /* the driver comes late */
    pair_run(pair);
    assert_int_equal(test_app.asked_len, 2);
    expect_whatever(p);
    expect_alive(p);
}

/* A client that has not finished is told to stop (RFC 9113 8.1). */
static void test_deadline_open(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_call_within(p, 1, TINY, "2S", 0);
    peer_call_within(p, 3, COLLECT, "2S", 0);
    pair_sleep(pair, 2000);
    for (uint32_t id = 1; id <= 3; id += 2) {
        expect_only_trailers(p, id, GRAM_DEADLINE_EXCEEDED, "*");
        assert_true(peer_answer(p, id)->reset);
        assert_int_equal(peer_answer(p, id)->reset_code, GRAM_H2_NO_ERROR);
    }
    peer_message(p, 1, 1, "late", 0, ES);
    expect_whatever(p);
    expect_alive(p);
    assert_int_equal(test_app.calls, 2); /* the unary handler has never been asked; expect_alive()'s has */
}

/* In a stream, after some messages. */
static void test_deadline_stream(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 1});
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 2});
    test_app_status(GRAM_WAIT, NULL);
    peer_call_within(p, 1, STREAM, "1S", ES);
    pair_sleep(pair, 1000);
    expect_status(p, 1, GRAM_DEADLINE_EXCEEDED, "*");
    assert_int_equal(answer_replies(peer_answer(p, 1)), 2);
    assert_int_equal(peer_answer(p, 1)->blocks, 2);
}

static void test_deadline_wraps(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    pair_sleep(pair, 0u - pair->now - 1);
    test_app_status(GRAM_PENDING, NULL);
    peer_call_within(p, 1, TINY, "10m", ES);
    pair_sleep(pair, 9);
    expect_pending(p, 1);
    pair_sleep(pair, 1);
    expect_only_trailers(p, 1, GRAM_DEADLINE_EXCEEDED, "*");
}

/* The longest one there is does not look like one that is past; infinity never comes. */
static void test_deadline_far(struct pair *pair)
{
    if (GRAM_CONNECTION_AGE_MS > 0)
        return; /* nothing lasts so long */
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_PENDING, NULL);
    test_app_status(GRAM_PENDING, NULL);
    p->answers_pings = true;
    peer_call_within(p, 1, TINY, "2147483S", ES);
    peer_call_within(p, 3, TINY, "99999999H", ES);
    pair_sleep(pair, 0x7f000000);
    expect_pending(p, 1);
    expect_pending(p, 3);
    pair_sleep(pair, 0x01000000);
    expect_only_trailers(p, 1, GRAM_DEADLINE_EXCEEDED, "*");
    expect_pending(p, 3);
}

/* An expired one: the handler may have run, the client hears of one status. */
static void test_deadline_at_once(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_PENDING, NULL);
    peer_call_within(p, 1, TINY, "0m", ES);
    expect_only_trailers(p, 1, GRAM_DEADLINE_EXCEEDED, "*");
    assert_int_equal(test_app.closed, test_app.calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_pending),       PAIR_TEST(test_pending_error),    PAIR_TEST(test_wake_inside),
        PAIR_TEST(test_stale),         PAIR_TEST(test_generations),      PAIR_TEST(test_many_pending),
        PAIR_TEST(test_sleep),         PAIR_TEST(test_sleep_again),      PAIR_TEST(test_sleep_once),
        PAIR_TEST(test_sleep_wraps),   PAIR_TEST(test_sleep_long),       PAIR_TEST(test_deadline),
        PAIR_TEST(test_deadline_open), PAIR_TEST(test_deadline_stream),  PAIR_TEST(test_deadline_wraps),
        PAIR_TEST(test_deadline_far),  PAIR_TEST(test_deadline_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
