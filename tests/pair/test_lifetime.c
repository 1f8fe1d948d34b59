/* How long a connection lasts: keepalive, idleness, age, and the end in two steps; to the millisecond, on a
 * clock that wraps. The small configuration sets every time of config.h otherwise than the default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "grpc_internal.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS, ANY_STREAM = GRAM_H2_WINDOW_MAX };
#define DOWN "server is shutting down"

static struct blob b;

/* A call whose handler will answer later: a pending one. */
static void call_later(struct peer *p, uint32_t id)
{
    test_app_status(GRAM_PENDING, NULL);
    peer_call(p, id, TINY, 1, "");
    expect_pending(p, id);
}

/* Wakes the call that was asked last, which answers 7. */
static void answer_now(struct peer *p, uint32_t id)
{
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 7});
    gram_call_wake(test_app.ref);
    pair_run(p->pair);
    expect_number(p, id, 7);
}

static void shut_down(struct pair *pair, uint32_t grace)
{
    gram_server_set_time(pair->server, pair->now);
    gram_server_shutdown(pair->server, grace);
    assert_true(gram_server_is_ending(pair->server));
    pair_run(pair);
}

static void goaway_is(struct peer *p, uint32_t last, const char *reason)
{
    expect_frame(p, GRAM_H2_GOAWAY, 0, 0);
    assert_int_equal(p->goaway_code, GRAM_H2_NO_ERROR);
    assert_int_equal(p->goaway_last, last);
    assert_string_equal(p->goaway_reason, reason);
}

/* The first step, and nothing else. */
static void expect_first_step(struct peer *p)
{
    goaway_is(p, ANY_STREAM, "");
    expect_frame(p, GRAM_H2_PING, 0, 0);
    expect_nothing(p);
    assert_int_equal(p->fate, PEER_HERE);
}

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

/* ---- the two steps ---- */

static void test_idle_client(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, TINY, 1, "");
    expect_whatever(p);
    assert_false(gram_server_is_ending(pair->server));
    shut_down(pair, 5000);
    expect_first_step(p);
    assert_memory_equal(p->pinged, "gramleft", 8);
    assert_false(gram_server_is_down(pair->server));
    peer_frame(p, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0, "gramlive", 8); /* somebody else's */
    peer_frame(p, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0, "gramlefT", 8);
    expect_nothing(p);
    peer_ping_ack(p);
    goaway_is(p, 1, DOWN);
    expect_nothing(p);
    assert_int_equal(p->fate, PEER_DONE);
    assert_true(gram_server_is_down(pair->server));
    assert_non_null(strstr(pair_log, DOWN));
}

/* ACKs that answer nothing begin nothing. */
static void test_foreign_acks(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_frame(p, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0, "gramleft", 8);
    peer_frame(p, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0, "gramlive", 8);
    expect_nothing(p);
    expect_alive(p);
}

static void test_no_ack(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    shut_down(pair, 10 * GRAM_GOAWAY_MS);
    expect_first_step(p);
    pair_sleep(pair, GRAM_GOAWAY_MS - 1);
    expect_nothing(p);
    pair_sleep(pair, 1);
    goaway_is(p, 0, DOWN);
    assert_int_equal(p->fate, PEER_DONE);
}

/* Not even a preface has come. */
static void test_silent_client(struct pair *pair)
{
    struct peer *p = peer_open(pair);
    expect_whatever(p);
    shut_down(pair, 10 * GRAM_GOAWAY_MS);
    expect_first_step(p);
    pair_sleep(pair, GRAM_GOAWAY_MS);
    goaway_is(p, 0, DOWN);
    assert_true(gram_server_is_down(pair->server));
}

/* What has begun before the client could know counts; what begins after that is ignored, whatever it sends, with HPACK
 * and the connection's window in step; what is under way finishes. */
static void test_calls_at_the_end(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, COLLECT, 0);
    peer_message(p, 1, 1, "", 0, 0);
    expect_whatever(p);
    shut_down(pair, 60000);
    expect_first_step(p);
    peer_call(p, 3, TINY, 3, ""); /* it crosses the GOAWAY */
    expect_number(p, 3, 3);
    expect_whatever(p);
    peer_ping_ack(p);
    goaway_is(p, 3, DOWN);
    b.len = 0;
    put_insert(&b, "x-later", "too late");
    put_request(&b, TINY);
    peer_block(p, 5, &b, 0);
    for (unsigned i = 0; i < 20; i++) /* more than the stream's window */
        peer_message(p, 5, 5, "", 40, 0);
    peer_window(p, 5, 1);
    peer_window(p, 9, 0);
    peer_rst(p, 5, GRAM_H2_CANCEL);
    peer_frame(p, GRAM_H2_PRIORITY, 0, 7, "\0\0\0\0\1", 5);
    peer_headers(p, 5, TINY, ES); /* trailers, or not */
    expect_nothing(p);
    assert_int_equal(p->fate, PEER_HERE);
    peer_message(p, 1, 1, "", 0, 0);
    b.len = 0;
    put_index(&b, 62); /* x-later */
    peer_block(p, 1, &b, ES);
    expect_number(p, 1, 2);
    assert_int_equal(p->fate, PEER_DONE);
    assert_int_equal(p->goaway_last, 3);
    expect_pending(p, 5);
}

/* Even a stream that no client may open is none that we wait for. */
static void test_even_stream_at_the_end(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    shut_down(pair, 60000);
    peer_ping_ack(p);
    expect_whatever(p);
    peer_headers(p, 8, TINY, ES);
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, "");
    assert_int_equal(p->goaway_last, 1);
}

static void test_last_call_ends_it(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    shut_down(pair, 60000);
    expect_first_step(p);
    peer_ping_ack(p);
    goaway_is(p, 1, DOWN);
    pair_sleep(pair, 59999);
    assert_int_equal(p->fate, PEER_HERE);
    answer_now(p, 1);
    assert_int_equal(p->fate, PEER_DONE);
    assert_int_equal(test_app_asked(-1)->status, GRAM_OK);
    assert_true(gram_server_is_down(pair->server));
}

/* Fills the transmit buffer with answers, which the network does not take. */
static void fill_up(struct peer *p)
{
    p->take = 0;
    while (gram_h2_tx_free(&p->conn->h2.tx) >= 2 * GRAM_H2_ANSWER)
        peer_ping(p);
    assert_int_equal(p->fate, PEER_HERE);
}

static void let_go(struct peer *p)
{
    p->take = SIZE_MAX;
    pair_run(p->pair);
}

/* A step that has no room waits, and takes none that answers need. */
static void test_steps_wait_for_room(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    fill_up(p);
    pair_sleep(pair, GRAM_STALL_MS / 2); /* so long that as many PINGs may come again */
    shut_down(pair, 60000);
    assert_int_equal(p->conn->h2.life, GRAM_H2_WARN);
    assert_true(gram_conn_rx_ready(p->conn));
    let_go(p);
    assert_int_equal(p->conn->h2.life, GRAM_H2_WARNED);
    assert_int_equal(p->goaway_last, ANY_STREAM);
    fill_up(p);
    peer_ping_ack(p);
    assert_int_equal(p->conn->h2.life, GRAM_H2_LEAVE);
    assert_true(gram_conn_rx_ready(p->conn));
    let_go(p);
    assert_int_equal(p->goaway_last, 0);
    assert_string_equal(p->goaway_reason, DOWN);
    assert_int_equal(p->fate, PEER_DONE);
}

/* Room that comes too late for the first step is for the second alone. */
static void test_first_step_left_out(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    fill_up(p);
    shut_down(pair, 60000);
    pair_sleep(pair, GRAM_GOAWAY_MS);
    assert_int_equal(p->conn->h2.life, GRAM_H2_LEAVE);
    let_go(p);
    assert_int_equal(p->pings, 0);
    assert_int_equal(p->goaway_last, 0);
    assert_int_equal(p->fate, PEER_DONE);
}

/* ---- the end of the grace ---- */

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

/* ---- the server as a whole ---- */

/* Nobody is let in, and nobody makes way for those who are not. */
static void test_no_new_clients(struct pair *pair)
{
    struct peer *all[GRAM_MAX_CONNECTIONS];
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        all[i] = peer_ready(pair);
        call_later(all[i], 1);
    }
    if (GRAM_MAX_CONNECTIONS > 1)
        peer_lose(all[0]);
    shut_down(pair, 1000);
    assert_null(peer_open(pair));
    for (unsigned i = GRAM_MAX_CONNECTIONS > 1; i < GRAM_MAX_CONNECTIONS; i++)
        expect_first_step(all[i]);
    pair_sleep(pair, 1000);
    assert_true(gram_server_is_down(pair->server));
    assert_null(peer_open(pair));
}

static void test_nobody_there(struct pair *pair)
{
    assert_false(gram_server_is_down(pair->server));
    shut_down(pair, 1000);
    assert_true(gram_server_is_down(pair->server));
    assert_false(pair->has_due);
}

static void begin_shutdown(gram_call *call)
{
    gram_server_shutdown(call->conn->server, 1000);
}

/* A call may be the one that ends the server; it is answered. */
static void test_from_a_handler(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 4, .hook = begin_shutdown});
    p->answers_pings = true;
    peer_call(p, 1, TINY, 1, "");
    expect_number(p, 1, 4);
    assert_string_equal(p->goaway_reason, DOWN);
    assert_int_equal(p->fate, PEER_DONE);
    assert_true(gram_server_is_down(pair->server));
}

#if GRAM_MAX_CONNECTIONS > 1

/* The same from inside a poll, which has looked at another connection already: nobody sleeps before that one has heard of it, too. */
static void test_from_a_poll(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);
    call_later(q, 1);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 4, .hook = begin_shutdown});
    expect_whatever(p);
    gram_call_wake(test_app.ref);
    assert_int_equal(gram_server_poll(pair->server, pair->now), 0);
    pair_run(pair);
    expect_number(q, 1, 4);
    expect_first_step(p);
}

#endif

/* One connection alone, and its next streams are unwanted from now on. */
static void test_without_first_step(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    gram_server_set_time(pair->server, pair->now);
    gram_conn_go_away(p->conn, GRAM_H2_LEAVE, "other tokens", 5000);
    pair_run(pair);
    goaway_is(p, 1, "other tokens");
    expect_nothing(p);
    peer_call(p, 3, TINY, 1, "");
    expect_pending(p, 3);
    answer_now(p, 1);
    assert_int_equal(p->fate, PEER_DONE);
    assert_false(gram_server_is_ending(pair->server));
    p = peer_ready(pair);
    expect_alive(p);
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
        PAIR_TEST(test_idle_client),
        PAIR_TEST(test_foreign_acks),
        PAIR_TEST(test_no_ack),
        PAIR_TEST(test_silent_client),
        PAIR_TEST(test_calls_at_the_end),
        PAIR_TEST(test_even_stream_at_the_end),
        PAIR_TEST(test_last_call_ends_it),
        PAIR_TEST(test_steps_wait_for_room),
        PAIR_TEST(test_first_step_left_out),
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
        PAIR_TEST(test_no_new_clients),
        PAIR_TEST(test_nobody_there),
        PAIR_TEST(test_from_a_handler),
#if GRAM_MAX_CONNECTIONS > 1
        PAIR_TEST(test_from_a_poll),
#endif
        PAIR_TEST(test_without_first_step),
#if GRAM_IDLE_MS > 0
        PAIR_TEST(test_idle),
#endif
#if GRAM_CONNECTION_AGE_MS > 0
        PAIR_TEST(test_age),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
