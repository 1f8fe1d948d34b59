/* Limits in time, to the millisecond, on a clock that wraps in the midst of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM };

static struct blob b;

/* The connection is there for all but the last of `ms`, then it ends in order. */
static void ends_after(struct pair *pair, struct peer *p, uint32_t ms, enum gram_h2_error error,
                       const char *reason)
{
    pair_sleep(pair, ms - 1);
    assert_int_equal(p->fate, PEER_HERE);
    assert_false(p->goaway);
    pair_sleep(pair, 1);
    expect_goaway(p, error, reason);
}

/* The clock's end falls into the wait. */
static void to_the_end_of_the_clock(struct pair *pair, uint32_t before)
{
    pair_sleep(pair, 0u - before - pair->now);
}

static void test_preface(struct pair *pair)
{
    for (size_t len = 0; len <= GRAM_H2_PREFACE_LEN; len += 12) {
        struct peer *p = peer_open(pair);
        expect_whatever(p);
        if (len > 0) {
            pair_sleep(pair, GRAM_PREFACE_MS / 2);
            peer_send_bytes(p, GRAM_H2_PREFACE, len); /* a beginning is not enough */
            ends_after(pair, p, GRAM_PREFACE_MS - GRAM_PREFACE_MS / 2, GRAM_H2_PROTOCOL_ERROR,
                       "GRAM_PREFACE_MS");
        } else {
            to_the_end_of_the_clock(pair, 60000);
            peer_lose(p);
            p = peer_open(pair);
            expect_whatever(p);
            ends_after(pair, p, GRAM_PREFACE_MS, GRAM_H2_PROTOCOL_ERROR, "GRAM_PREFACE_MS");
        }
    }
}

static void test_preface_wraps(struct pair *pair)
{
    to_the_end_of_the_clock(pair, 5);
    struct peer *p = peer_open(pair);
    expect_whatever(p);
    ends_after(pair, p, GRAM_PREFACE_MS, GRAM_H2_PROTOCOL_ERROR, "GRAM_PREFACE_MS");
}

static void test_settings_ack(struct pair *pair)
{
    to_the_end_of_the_clock(pair, GRAM_PREFACE_MS + 1);
    struct peer *p = peer_open(pair);
    b.len = 0;
    put(&b, GRAM_H2_PREFACE, GRAM_H2_PREFACE_LEN);
    put_frame(&b, GRAM_H2_SETTINGS, 0, 0, NULL, 0);
    peer_send(p, &b);
    peer_call(p, 1, TINY, 1, ""); /* calls are no acknowledgement */
    expect_whatever(p);
    ends_after(pair, p, GRAM_PREFACE_MS + GRAM_SETTINGS_MS, GRAM_H2_SETTINGS_TIMEOUT, "GRAM_SETTINGS_MS");
}

/* A connection that has said what it must may be idle for ever, if it answers a PING now and then. */
static void test_idle(struct pair *pair)
{
    const uint32_t long_time = GRAM_IDLE_MS > 0 ? (uint32_t)GRAM_IDLE_MS - 1 : 0xf0000000;
    struct peer *p = peer_ready(pair);
    assert_int_equal(pair->due - pair->now, GRAM_KEEPALIVE_MS); /* so long the CPU may sleep */
    p->answers_pings = true;
    pair_sleep(pair, long_time);
    assert_int_equal(p->pings, long_time / GRAM_KEEPALIVE_MS);
    expect_whatever(p);
    expect_alive(p);
}

static void test_slow_headers(struct pair *pair)
{
    static struct blob fields;
    to_the_end_of_the_clock(pair, 3);
    struct peer *p = peer_ready(pair);
    fields.len = b.len = 0;
    put_request(&fields, TINY);
    put_head(&b, fields.len, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS, 1);
    peer_send(p, &b);
    for (unsigned i = 0; i < 9; i++) { /* byte by byte does not help */
        pair_sleep(pair, GRAM_HEADERS_MS / 10);
        peer_send_bytes(p, fields.bytes + i, 1);
    }
    ends_after(pair, p, GRAM_HEADERS_MS - 9 * (GRAM_HEADERS_MS / 10), GRAM_H2_ENHANCE_YOUR_CALM,
               "GRAM_HEADERS_MS");
    expect_usage(pair, 0, 0, 0);
}

static void test_slow_continuation(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_frame(p, GRAM_H2_HEADERS, 0, 1, "\x83", 1);
    pair_sleep(pair, GRAM_HEADERS_MS - 1);
    peer_frame(p, GRAM_H2_CONTINUATION, 0, 1, "\x86", 1);
    pair_sleep(pair, 1);
    expect_goaway(p, GRAM_H2_ENHANCE_YOUR_CALM, "GRAM_HEADERS_MS");
}

/* In time is in time: each block has its own. */
static void test_headers_in_time(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    for (uint32_t id = 1; id < 9; id += 2) {
        b.len = 0;
        put_request(&b, TINY);
        peer_frame(p, GRAM_H2_HEADERS, 0, id, b.bytes, 5);
        pair_sleep(pair, GRAM_HEADERS_MS - 1);
        peer_frame(p, GRAM_H2_CONTINUATION, GRAM_H2_FLAG_END_HEADERS, id, b.bytes + 5, b.len - 5);
        peer_message(p, id, 3, "", 0, ES);
        expect_number(p, id, 3);
    }
}

/* GOAWAY that the client does not take: dropped after a while. */
static void test_linger(struct pair *pair)
{
    to_the_end_of_the_clock(pair, 10);
    struct peer *p = peer_ready(pair);
    p->ack = false;
    peer_frame(p, GRAM_H2_DATA, 0, 0, NULL, 0);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_DONE);
    assert_true(p->goaway); /* it has been sent, and is not acknowledged */
    pair_sleep(pair, GRAM_LINGER_MS - 1);
    assert_int_equal(p->fate, PEER_HERE);
    pair_sleep(pair, 1);
    assert_int_equal(p->fate, PEER_DROPPED);
}

/* The server's clock moves with input as well: it is not the poll's alone. */
static void test_clock_of_input(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    pair_sleep(pair, 500000);
    peer_call(p, 1, TINY, 1, "");
    assert_int_equal(test_app_asked(0)->at, pair->now);
    test_app_status(GRAM_PENDING, NULL);
    b.len = 0;
    put_request(&b, TINY);
    put_field(&b, "grpc-timeout", "3S");
    pair_sleep(pair, 70000);
    uint32_t begin = pair->now;
    peer_block(p, 3, &b, 0);
    peer_message(p, 3, 1, "", 0, ES);
    pair_sleep(pair, 3000);
    expect_only_trailers(p, 3, GRAM_DEADLINE_EXCEEDED, "*");
    assert_int_equal(peer_answer(p, 3)->ended_at - begin, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_preface),         PAIR_TEST(test_preface_wraps),
        PAIR_TEST(test_settings_ack),    PAIR_TEST(test_idle),
        PAIR_TEST(test_slow_headers),    PAIR_TEST(test_slow_continuation),
        PAIR_TEST(test_headers_in_time), PAIR_TEST(test_linger),
        PAIR_TEST(test_clock_of_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
