/* When the transmit buffer is full, since the network takes nothing: input stops, calls and errors wait, and
 * the stall timer ends a connection that does not move (design: who waits for what). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM };

static struct blob b;

/* ---- the transmit buffer is full ---- */

/* PINGs beside which something else comes, so that they are not a flood. */
static void put_pings(unsigned count)
{
    b.len = 0;
    for (unsigned i = 0; i < count; i++) {
        char payload[9];
        snprintf(payload, sizeof payload, "%08u", i % 100000000);
        put_frame(&b, GRAM_H2_PING, 0, 0, payload, 8);
        put_frame(&b, GRAM_H2_DATA, ES, 1, NULL, 0); /* of a stream that we have reset */
    }
}

static struct peer *with_reset_stream(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, "/no/such", 0);
    expect_whatever(p);
    return p;
}

/* Nothing is taken from the client while its answers do not leave; nothing is lost when they do. */
static void test_input_stops(struct pair *pair)
{
    enum { COUNT = 400 };
    struct peer *p = with_reset_stream(pair);
    put_pings(COUNT);
    p->take = 0;
    peer_send(p, &b);
    assert_false(gram_conn_rx_ready(p->conn));
    size_t taken = p->out_at;
    assert_true(p->out_at < p->out_len);
    assert_true(pair->server->conns[0].h2.tx.used <= GRAM_TX_SIZE);
    assert_true(pair->server->conns[0].h2.tx.used > GRAM_TX_SIZE - GRAM_H2_ANSWER);
    pair_sleep(pair, 1000);
    assert_int_equal(p->out_at, taken);
    p->take = 100; /* a little goes: a little comes */
    pair_run(pair);
    assert_true(p->out_at > taken && p->out_at < p->out_len);
    p->take = SIZE_MAX;
    pair_run(pair);
    assert_int_equal(p->out_at, p->out_len);
    assert_int_equal(p->ping_acks, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        char payload[9];
        snprintf(payload, sizeof payload, "%08u", i % 100000000);
        const struct frame *f = expect_frame(p, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0);
        assert_memory_equal(p->in + f->at, payload, 8);
    }
    expect_alive(p);
}

/* However much room is left, a frame is only begun when its answer has room: a GOAWAY keeps its reason. */
static void test_last_words(struct pair *pair)
{
    for (size_t fill = 0; fill < 100; fill++) {
        struct peer *p = with_reset_stream(pair);
        size_t used = 0;
        p->take = 0;
        p->ack = false;
        for (unsigned i = 0; used + 17 <= GRAM_TX_SIZE - fill;
             i++, used += 17) { /* each frame that is answered by 17 bytes, or by 9 */
            if (!gram_conn_rx_ready(p->conn))
                break;
            if (fill % 2 && GRAM_TX_SIZE - fill - used < 60)
                peer_frame(p, GRAM_H2_SETTINGS, 0, 0, NULL, 0);
            else
                peer_ping(p);
            peer_frame(p, GRAM_H2_DATA, ES, 1, NULL, 0);
        }
        peer_window(p, 0, 0);
        p->take = SIZE_MAX;
        p->ack = true;
        pair_run(pair);
        assert_true(p->goaway);
        assert_string_equal(p->goaway_reason, "WINDOW_UPDATE of 0");
    }
}

/* Two streams of replies through a network that takes one reply at a time: neither starves the other. */
static void test_fair(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    p->take = 0;
    peer_call(p, 1, STREAM, 300, "");
    peer_call(p, 3, STREAM, 300, "");
    for (unsigned i = 0; i < 10000 && !(peer_answer(p, 1)->ended && peer_answer(p, 3)->ended); i++) {
        p->take = 16;
        pair_run(pair);
        unsigned a = answer_replies(peer_answer(p, 1)), c = answer_replies(peer_answer(p, 3));
        if (i > 100 && (a > 2 * c + 100 || c > 2 * a + 100))
            fail_msg("one stream has had %u replies, the other %u", a, c);
    }
    expect_status(p, 1, GRAM_OK, NULL);
    expect_status(p, 3, GRAM_OK, NULL);
}

/* The same where the network takes all and acknowledges nothing: what is kept is what counts. */
static void test_unacknowledged(struct pair *pair)
{
    struct peer *p = with_reset_stream(pair);
    put_pings(400);
    p->ack = false;
    p->segment = 7;
    peer_send(p, &b);
    assert_false(gram_conn_rx_ready(p->conn));
    assert_true(p->unacked > GRAM_TX_SIZE - GRAM_H2_ANSWER);
    while (p->ping_acks < 400) {
        assert_true(p->unacked > 0);
        peer_ack(p, 1 + p->unacked / 3);
    }
    peer_ack(p, p->unacked);
    p->ack = true;
    expect_whatever(p);
    expect_alive(p);
}

/* Calls wait for room, each at its place; every one is answered when it comes. */
static void test_calls_wait(struct pair *pair)
{
    struct peer *p = with_reset_stream(pair);
    put_pings(400);
    p->take = 0;
    peer_queue(p, b.bytes, 26 * (GRAM_TX_SIZE / 17 - 7)); /* until less than a reply's room is left */
    pair_run(pair);
    assert_true(gram_conn_rx_ready(p->conn));
    for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        peer_call(p, 3 + 2 * i, TINY, (int32_t)i, "");
    assert_int_equal(test_app.asked_len, 0);
    expect_usage(pair, GRAM_MAX_CONCURRENT_STREAMS, 0, 0);
    pair_sleep(pair, 100);
    p->take = SIZE_MAX;
    pair_run(pair);
    for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        expect_number(p, 3 + 2 * i, (int32_t)i);
    expect_whatever(p);
    expect_alive(p);
}

/* Errors of calls wait as well, and bytes of theirs that nobody wants are given back. */
static void test_errors_wait(struct pair *pair)
{
    struct peer *p = with_reset_stream(pair);
    put_pings(400);
    p->take = 0;
    peer_queue(p, b.bytes, 26 * (GRAM_TX_SIZE / 17 - 7));
    pair_run(pair);
    peer_headers(p, 3, "/no/such", 0);
    peer_message(p, 3, 1, "", 20, 0);
    b.len = 0;
    put_index(&b, 2);
    put_index(&b, 6);
    put_index(&b, 4);
    peer_block(p, 5, &b, ES);
    expect_usage(pair, 2, 0, 0);
    expect_nothing(p);
    p->take = SIZE_MAX;
    pair_run(pair);
    expect_only_trailers(p, 3, GRAM_UNIMPLEMENTED, "*");
    expect_http(p, 5, "405");
    expect_whatever(p);
    expect_alive(p);
}

/* A deadline that passes while there is no room is told when there is. */
static void test_deadline_waits(struct pair *pair)
{
    struct peer *p = with_reset_stream(pair);
    test_app_status(GRAM_PENDING, NULL);
    peer_call_within(p, 3, TINY, "1S", ES);
    put_pings(400);
    p->take = 0;
    peer_send(p, &b);
    pair_sleep(pair, 5000);
    expect_pending(p, 3);
    expect_usage(pair, 1, 0, 0);
    p->take = SIZE_MAX;
    pair_run(pair);
    expect_only_trailers(p, 3, GRAM_DEADLINE_EXCEEDED, "*");
    expect_whatever(p);
    expect_alive(p);
}

/* A large reply to a client whose network takes few bytes at a time. */
static void test_slow_network(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 4, .fill = 20000});
    p->take = 0;
    peer_call(p, 1, LARGE, 1, "");
    while (!peer_answer(p, 1)->ended) {
        p->take = 97;
        pair_run(pair);
        pair_sleep(pair, 10);
    }
    expect_number(p, 1, 4);
    size_t left = peer_answer(p, 1)->body_len;
    for (unsigned i = 0; i < p->frame_count; i++) { /* and not in crumbs */
        if (p->frames[i].type != GRAM_H2_DATA)
            continue;
        assert_true(p->frames[i].len >= 64 || p->frames[i].len == left);
        left -= p->frames[i].len;
    }
}

/* ---- the stall timer ---- */

static void test_stall(struct pair *pair)
{
    struct peer *p = with_reset_stream(pair);
    uint32_t begin = pair->now;
    put_pings(400);
    p->take = 0;
    peer_send(p, &b);
    pair_sleep(pair, GRAM_STALL_MS - 1);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_OPEN);
    pair_sleep(pair, 1);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_DONE);
    pair_sleep(pair, GRAM_LINGER_MS - 1);
    assert_int_equal(p->fate, PEER_HERE);
    pair_sleep(pair, 1);
    assert_int_equal(p->fate, PEER_DROPPED);
    assert_int_equal(pair->now - begin, GRAM_STALL_MS + GRAM_LINGER_MS);
    assert_non_null(strstr(pair_log, "GRAM_STALL_MS"));
}

/* Each byte that is acknowledged is progress; so is beginning anew. */
static void test_no_stall(struct pair *pair)
{
    struct peer *p = with_reset_stream(pair);
    p->ack = false;
    peer_ping(p);
    for (unsigned i = 0; i < 16; i++) {
        pair_sleep(pair, GRAM_STALL_MS - 1);
        peer_ack(p, 1);
    }
    pair_sleep(pair, GRAM_STALL_MS - 1);
    peer_ack(p, p->unacked);
    pair_sleep(pair, 10 * GRAM_STALL_MS); /* nothing to send: no hurry */
    peer_ping(p);
    pair_sleep(pair, GRAM_STALL_MS - 1);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_OPEN);
    pair_sleep(pair, 1);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_DONE);
}

/* Calls of a connection that stalls are told their end. */
static void test_stall_ends_calls(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    p->take = 0;
    peer_ping(p);
    pair_sleep(pair, GRAM_STALL_MS);
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(-1)->status, GRAM_CANCELLED);
    expect_usage(pair, 0, 0, 0);
}

/* A reply that a wake brings, and that nobody takes: the timer begins with it, and not with the next
 * input. */
static void test_stall_after_wake(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    pair_sleep(pair, 1000);
    p->take = 0;
    gram_call_wake(test_app.ref);
    pair_run(pair);
    pair_sleep(pair, GRAM_STALL_MS - 1);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_OPEN);
    pair_sleep(pair, 1);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_DONE);
}
/* The connection's reserve is nearly full when a held reply's time is up: the server does not spin until
 * it can say so. */
static void test_held_stall_waits(struct pair *pair)
{
    struct peer *p = with_reset_stream(pair);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    expect_whatever(p);
    peer_call(p, 3, UNARY, 1, "a");
    expect_usage(pair, 1, 0, 1);
    pair_sleep(pair, GRAM_STALL_MS - 1000);
    put_pings(400);
    p->take = 0;
    peer_send(p, &b);
    pair_sleep(pair, 1001); /* pair_run() fails if the server is awake for nothing */
    expect_usage(pair, 1, 0, 1);
    p->take = SIZE_MAX;
    pair_run(pair);
    pair_sleep(pair, 1);
    assert_int_equal(peer_answer(p, 3)->reset_code, GRAM_H2_ENHANCE_YOUR_CALM);
    expect_usage(pair, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_input_stops),
        PAIR_TEST(test_last_words),
        PAIR_TEST(test_fair),
        PAIR_TEST(test_unacknowledged),
        PAIR_TEST(test_calls_wait),
        PAIR_TEST(test_errors_wait),
        PAIR_TEST(test_deadline_waits),
        PAIR_TEST(test_slow_network),
        PAIR_TEST(test_stall),
        PAIR_TEST(test_no_stall),
        PAIR_TEST(test_stall_ends_calls),
        PAIR_TEST(test_stall_after_wake),
        PAIR_TEST(test_held_stall_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
