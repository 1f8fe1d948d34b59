/* How long a connection lasts: keepalive, the ping policy, idleness, age; to the millisecond, on a clock that
 * wraps. How it ends is in test_shutdown.c and test_grace.c. The small configuration sets every time of
 * config.h otherwise than the default. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "shutdown.h"

/* ---- keepalive ---- */

#if GRAM_KEEPALIVE_MS > 0

static void test_keepalive(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    for (unsigned i = 1; i <= 3; i++) {
        pair_sleep(pair, GRAM_KEEPALIVE_MS - 1);
        expect_nothing(p);
        pair_sleep(pair, 1);
        expect_frame(p, GRAM_H2_PING, 0, 0);
        assert_int_equal(p->pings, i);
        assert_memory_equal(p->pinged, "gramlive", 8);
        pair_sleep(pair, GRAM_KEEPALIVE_TIMEOUT_MS - 1);
        peer_ping_ack(p); /* in time is in time */
        expect_nothing(p);
    }
    pair_sleep(pair, GRAM_KEEPALIVE_MS - 1);
    peer_window(p, 0, 1); /* whatever comes is a sign of life */
    pair_sleep(pair, GRAM_KEEPALIVE_MS - 1);
    expect_nothing(p);
    pair_sleep(pair, 1);
    expect_frame(p, GRAM_H2_PING, 0, 0);
    peer_window(p, 0, 1); /* and does for an answer, too */
    pair_sleep(pair, GRAM_KEEPALIVE_TIMEOUT_MS);
    expect_alive(p);
}

/* The client is gone, be it that the network takes what we send (1) or not. Nobody reads a GOAWAY. */
static void test_dead_client(struct pair *pair)
{
    for (unsigned takes = 0; takes < 2; takes++) {
        struct peer *p = peer_ready(pair);
        call_later(p, 1);
        p->ack = takes;
        pair_sleep(pair, GRAM_KEEPALIVE_MS + GRAM_KEEPALIVE_TIMEOUT_MS - 1);
        expect_frame(p, GRAM_H2_PING, 0, 0);
        assert_int_equal(p->fate, PEER_HERE);
        expect_usage(pair, 1, 0, 0);
        pair_sleep(pair, 1);
        assert_int_equal(p->fate, PEER_DROPPED);
        expect_nothing(p);
        expect_usage(pair, 0, 0, 0);
        assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
        assert_int_equal(test_app_asked(-1)->status, GRAM_CANCELLED);
        assert_non_null(strstr(pair_log, "GRAM_KEEPALIVE_TIMEOUT_MS"));
        assert_false(p->goaway);
        pair_log[0] = '\0';
    }
}

#endif

/* ---- the ping policy ---- */

/* The shortest keepalive that grpc-go allows, without a call, all day and all night. */
static void test_pings_of_clients(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    for (unsigned i = 1; i < 10000; i++) {
        pair_sleep(pair, 10000);
        peer_ping(p);
        assert_int_equal(p->ping_acks, i);
    }
    assert_int_equal(p->pings, 0); /* and none of ours is needed */
    expect_whatever(p);
    expect_alive(p);
}

/* What grpc's clients look for, word by word, to ping less often from then on. */
static void test_too_many_pings(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    for (unsigned i = 0; p->fate == PEER_HERE; i++) {
        assert_true(i < 1000);
        peer_ping(p);
    }
    assert_int_equal(p->goaway_code, GRAM_H2_ENHANCE_YOUR_CALM);
    assert_string_equal(p->goaway_reason, "too_many_pings");
}
/* ---- idleness and age ---- */

#if GRAM_IDLE_MS > 0

static void test_idle(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    p->answers_pings = true;
    pair_sleep(pair, GRAM_IDLE_MS - 1);
    call_later(p, 1);
    pair_sleep(pair, GRAM_IDLE_MS / 2); /* a call is no idleness, as long as it is */
    answer_now(p, 1);
    pair_sleep(pair, GRAM_IDLE_MS - 1);
    assert_false(p->goaway);
    pair_sleep(pair, 1);
    assert_string_equal(p->goaway_reason, "GRAM_IDLE_MS");
    assert_int_equal(p->goaway_last, 1);
    assert_int_equal(p->fate, PEER_DONE);
    assert_false(gram_server_is_ending(pair->server));
    expect_alive(peer_ready(pair));
}

#endif

#if GRAM_CONNECTION_AGE_MS > 0

/* Neither all at one time, nor far from it; with calls that get their grace. */
static void test_age(struct pair *pair)
{
    enum { TIMES = 20 };
    uint32_t least = UINT32_MAX, most = 0;
    for (uint32_t i = 0; i < TIMES; i++) {
        struct peer *p = peer_ready(pair);
        p->answers_pings = true;
        call_later(p, 1);
        uint32_t born = pair->now;
        while (!p->goaway)
            pair_sleep(pair, pair->due - pair->now);
        uint32_t age = pair->now - born;
        assert_in_range(age, GRAM_CONNECTION_AGE_MS / 10 * 9, GRAM_CONNECTION_AGE_MS / 10 * 11);
        least = age < least ? age : least;
        most = age > most ? age : most;
        assert_int_equal(p->goaway_last, 1);
        pair_sleep(pair, GRAM_CONNECTION_AGE_GRACE_MS - 1);
        expect_pending(p, 1);
        pair_sleep(pair, 1);
        expect_only_trailers(p, 1, GRAM_UNAVAILABLE, "GRAM_CONNECTION_AGE_MS");
        assert_int_equal(p->fate, PEER_DONE);
        pair_sleep(pair, 12345 + i);
    }
    assert_true(most - least > GRAM_CONNECTION_AGE_MS / 20);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#if GRAM_KEEPALIVE_MS > 0
        PAIR_TEST(test_keepalive),
        PAIR_TEST(test_dead_client),
#endif
        PAIR_TEST(test_pings_of_clients),
        PAIR_TEST(test_too_many_pings),
#if GRAM_IDLE_MS > 0
        PAIR_TEST(test_idle),
#endif
#if GRAM_CONNECTION_AGE_MS > 0
        PAIR_TEST(test_age),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
