/* When there is no room: the network takes nothing, the client's windows are shut, the one held slot is
 * taken (design: who waits for what). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS };

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
    static struct blob fields;
    fields.len = 0;
    put_request(&fields, TINY);
    put_field(&fields, "grpc-timeout", "1S");
    peer_block(p, 3, &fields, 0);
    peer_message(p, 3, 1, "", 0, ES);
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
    test_app_status(GRAM_PENDING, NULL);
    peer_call(p, 1, TINY, 1, "");
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
    test_app_status(GRAM_PENDING, NULL);
    peer_call(p, 1, TINY, 1, "");
    pair_sleep(pair, 1000);
    p->take = 0;
    gram_call_wake(test_app.ref);
    pair_run(pair);
    pair_sleep(pair, GRAM_STALL_MS - 1);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_OPEN);
    pair_sleep(pair, 1);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_DONE);
}

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
        b.len = 0;
        put_request(&b, UNARY);
        put_field(&b, "grpc-timeout", "5S");
        peer_block(p, 1, &b, 0);
        peer_message(p, 1, 1, "held", 0, ES);
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

/* The connection's reserve is nearly full when a held reply's time is up: the server does not spin until
 * it can say so. */
static void test_held_stall_waits(struct pair *pair)
{
    struct peer *p = with_reset_stream(pair);
    shut(p);
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

/* ---- a client that does not do its part, while its call keeps something from others ---- */

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
    b.len = 0;
    put_message(&b, 1, "", GRAM_MESSAGE_SIZE - 7);
    peer_headers(p, 3, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 3, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
    peer_frame(p, GRAM_H2_DATA, ES, 3, b.bytes + GRAM_INITIAL_WINDOW_SIZE, b.len - GRAM_INITIAL_WINDOW_SIZE);
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
    b.len = 0;
    put_message(&b, 5, "", GRAM_MESSAGE_SIZE - 7);
    peer_headers(p, 1, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
    peer_headers(p, 3, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 3, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
    pair_sleep(pair, GRAM_STALL_MS - 1);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes + GRAM_INITIAL_WINDOW_SIZE, 1); /* slow, and still alive */
    pair_sleep(pair, CRUMB_MS);
    assert_false(peer_answer(p, 1)->reset);
    pair_sleep(pair, 1);
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_ENHANCE_YOUR_CALM);
    expect_usage(pair, 1, 1, 0);
    peer_frame(p, GRAM_H2_DATA, ES, 3, b.bytes + GRAM_INITIAL_WINDOW_SIZE, b.len - GRAM_INITIAL_WINDOW_SIZE);
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
    b.len = 0;
    put_message(&b, 5, "", GRAM_MESSAGE_SIZE - 7);
    peer_headers(p, 1, COLLECT, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
    peer_frame(p, GRAM_H2_DATA, ES, 1, b.bytes + GRAM_INITIAL_WINDOW_SIZE, b.len - GRAM_INITIAL_WINDOW_SIZE);
    gram_call_ref holder = test_app.ref;
    peer_headers(p, 3, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 3, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
    pair_sleep(pair, 10 * GRAM_STALL_MS);
    gram_call_wake(holder);
    pair_run(pair);
    expect_number(p, 1, 1);
    expect_usage(pair, 1, 1, 0);
    pair_sleep(pair, GRAM_STALL_MS - 1); /* from now on it is its own */
    peer_frame(p, GRAM_H2_DATA, ES, 3, b.bytes + GRAM_INITIAL_WINDOW_SIZE, b.len - GRAM_INITIAL_WINDOW_SIZE);
    expect_number(p, 3, 5);
}

/* A handler may take as long as it likes with a message that is whole. */
static void test_slow_handler(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    b.len = 0;
    put_message(&b, 5, "", GRAM_MESSAGE_SIZE - 7);
    peer_headers(p, 1, COLLECT, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
    peer_frame(p, GRAM_H2_DATA, ES, 1, b.bytes + GRAM_INITIAL_WINDOW_SIZE, b.len - GRAM_INITIAL_WINDOW_SIZE);
    pair_sleep(pair, 10 * GRAM_STALL_MS);
    expect_usage(pair, 1, 1, 0);
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_number(p, 1, 1);
    test_app_reset();
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    peer_headers(p, 3, COLLECT, 0); /* the same before the client has ended */
    peer_frame(p, GRAM_H2_DATA, 0, 3, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
    peer_frame(p, GRAM_H2_DATA, 0, 3, b.bytes + GRAM_INITIAL_WINDOW_SIZE, b.len - GRAM_INITIAL_WINDOW_SIZE);
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
        PAIR_TEST(test_held_stall),
        PAIR_TEST(test_held_turns),
        PAIR_TEST(test_held_stall_hands_on),
        PAIR_TEST(test_held_ends),
        PAIR_TEST(test_held_stream),
        PAIR_TEST(test_held_stall_waits),
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
