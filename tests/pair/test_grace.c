/* The end of a shutdown's grace: calls that are left end with UNAVAILABLE, in every phase, and the connection
 * with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "shutdown.h"

static struct blob b;

static void test_grace(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    shut_down(pair, 700);
    expect_first_step(p);
    peer_ping_ack(p);
    goaway_is(p, 1, DOWN);
    pair_sleep(pair, 699);
    expect_pending(p, 1);
    pair_sleep(pair, 1);
    expect_only_trailers(p, 1, GRAM_UNAVAILABLE, DOWN);
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(-1)->status, GRAM_UNAVAILABLE);
    assert_int_equal(p->fate, PEER_DONE);
    assert_true(gram_server_is_down(pair->server));
}

/* The client has acknowledged nothing: calls end, and it still learns which stream was the last. */
static void test_grace_before_the_second_step(struct pair *pair)
{
    const uint32_t grace = GRAM_GOAWAY_MS / 2;
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    shut_down(pair, grace);
    pair_sleep(pair, grace);
    expect_only_trailers(p, 1, GRAM_UNAVAILABLE, DOWN);
    assert_int_equal(p->goaway_last, 1);
    assert_string_equal(p->goaway_reason, DOWN);
    assert_int_equal(p->fate, PEER_DONE);
}

static void test_no_grace(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    shut_down(pair, 0);
    expect_only_trailers(p, 1, GRAM_UNAVAILABLE, DOWN);
    assert_int_equal(p->goaway_last, 1);
    assert_int_equal(p->fate, PEER_DONE);
    assert_true(gram_server_is_down(pair->server));
}

/* As long as calls take: a time beyond half the clock's range is no time in the past. */
static void test_endless_grace(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    shut_down(pair, GRAM_FOREVER);
    pair_sleep(pair, 5);
    peer_ping_ack(p);
    p->answers_pings = true;
    pair_sleep(pair, GRAM_CONNECTION_AGE_MS > 0 ? 1000000 : 0x7ffffff0);
    expect_pending(p, 1);
    answer_now(p, 1);
    assert_int_equal(p->fate, PEER_DONE);
}

/* Calls of every kind and in every phase, one of them in the midst of its headers. */
static void test_grace_in_every_phase(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, "/no/such", 0); /* answered at once: its end is not awaited */
    peer_headers(p, 3, CHAT, 0);
    b.len = 0;
    put_request(&b, TINY);
    peer_frame(p, GRAM_H2_HEADERS, 0, 5, b.bytes, 5);
    shut_down(pair, 100);
    pair_sleep(pair, 100);
    expect_status(p, 3, GRAM_UNAVAILABLE, DOWN);
    expect_pending(p, 5);
    assert_int_equal(p->fate, PEER_DONE);
    expect_usage(pair, 0, 0, 0);
}

static void test_grace_of_http(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    b.len = 0;
    put_index(&b, 2); /* GET */
    put_index(&b, 6); /* http */
    put_index(&b, 4); /* / */
    peer_block(p, 1, &b, 0);
    shut_down(pair, 100);
    pair_sleep(pair, 100);
    expect_pending(p, 1);
    assert_int_equal(p->fate, PEER_DONE);
}

/* Without room for trailers the client must read UNAVAILABLE out of GOAWAY, or out of the connection's end. */
static void test_grace_without_room(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    fill_up(p);
    shut_down(pair, 100);
    pair_sleep(pair, 100);
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    expect_usage(pair, 0, 0, 0);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_DONE);
    pair_sleep(pair, GRAM_LINGER_MS - 1);
    assert_int_equal(p->fate, PEER_HERE);
    pair_sleep(pair, 1);
    assert_int_equal(p->fate, PEER_DROPPED);
    assert_true(gram_server_is_down(pair->server));
}

/* Again: neither again from the beginning nor longer, but shorter. */
static void test_again(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    shut_down(pair, 50000);
    expect_first_step(p);
    shut_down(pair, 50000);
    pair_sleep(pair, 100);
    shut_down(pair, GRAM_FOREVER);
    expect_nothing(p);
    peer_ping_ack(p);
    goaway_is(p, 1, DOWN);
    pair_sleep(pair, 20000);
    shut_down(pair, 3000);
    expect_nothing(p);
    shut_down(pair, 40000);
    pair_sleep(pair, 2999);
    expect_pending(p, 1);
    pair_sleep(pair, 1);
    expect_only_trailers(p, 1, GRAM_UNAVAILABLE, DOWN);
    assert_int_equal(p->fate, PEER_DONE);
    shut_down(pair, 0);
    assert_true(gram_server_is_down(pair->server));
}

/* A shutdown whose time is over is over, also for one that asks again before the server has looked at the clock. */
static void test_again_too_late(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    shut_down(pair, 3000);
    pair->now += 3001;
    shut_down(pair, 50000);
    expect_only_trailers(p, 1, GRAM_UNAVAILABLE, DOWN);
    assert_int_equal(p->fate, PEER_DONE);
}

/* The last answer has time to reach its client, which is not there yet when the last byte of it is written: a segment is lost, and TCP needs
 * longer than GRAM_LINGER_MS to repeat it. */
static void test_last_answer_arrives(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    shut_down(pair, 3 * GRAM_LINGER_MS);
    expect_first_step(p);
    peer_ping_ack(p);
    goaway_is(p, 1, DOWN);
    p->take = 0;
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 7});
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_usage(pair, 0, 0, 0);
    pair_sleep(pair, 2 * GRAM_LINGER_MS);
    p->take = SIZE_MAX;
    pair_run(pair);
    expect_number(p, 1, 7);
    assert_int_equal(p->fate, PEER_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_grace),
        PAIR_TEST(test_grace_before_the_second_step),
        PAIR_TEST(test_no_grace),
        PAIR_TEST(test_endless_grace),
        PAIR_TEST(test_grace_in_every_phase),
        PAIR_TEST(test_grace_of_http),
        PAIR_TEST(test_grace_without_room),
        PAIR_TEST(test_again),
        PAIR_TEST(test_again_too_late),
        PAIR_TEST(test_last_answer_arrives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
