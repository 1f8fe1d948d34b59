/* The end of a connection in two steps (RFC 9113 6.8), and of the whole server: what counts, what is
 * ignored, who is let in. What ends calls that take too long is in test_grace.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "grpc_internal.h"
#include "shutdown.h"

enum { ES = GRAM_H2_FLAG_END_STREAM };

static struct blob b;

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_idle_client),
        PAIR_TEST(test_foreign_acks),
        PAIR_TEST(test_no_ack),
        PAIR_TEST(test_silent_client),
        PAIR_TEST(test_calls_at_the_end),
        PAIR_TEST(test_even_stream_at_the_end),
        PAIR_TEST(test_last_call_ends_it),
        PAIR_TEST(test_steps_wait_for_room),
        PAIR_TEST(test_first_step_left_out),
        PAIR_TEST(test_no_new_clients),
        PAIR_TEST(test_nobody_there),
        PAIR_TEST(test_from_a_handler),
#if GRAM_MAX_CONNECTIONS > 1
        PAIR_TEST(test_from_a_poll),
#endif
        PAIR_TEST(test_without_first_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
