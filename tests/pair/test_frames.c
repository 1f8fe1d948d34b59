/* Every frame type where it may be and where it may not, its length, its flags, its padding, and the right
 * error in the right scope (RFC 9113 6). What depends on a stream's state is in test_stream_states.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS, PADDED = GRAM_H2_FLAG_PADDED };

static struct blob b;

/* A call on that stream which has been asked and will answer later: its request has ended. */
static void pending(struct peer *p, uint32_t id)
{
    call_later(p, id);
    expect_nothing(p);
}

/* ---- PING (6.7) ---- */

static void test_ping(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_frame(p, GRAM_H2_PING, 0, 0, "bandwidt", 8);
    const struct frame *f = expect_frame(p, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0);
    assert_memory_equal(p->in + f->at, "bandwidt", 8);
    peer_frame(p, GRAM_H2_PING, 0xfe, 0, "flags...", 8); /* unknown flags are ignored */
    expect_frame(p, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0);
    peer_frame(p, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0, "12345678", 8);
    expect_nothing(p);
    expect_alive(p);
    expect_frame_ends(pair, GRAM_H2_PING, 0, 0, 7, GRAM_H2_FRAME_SIZE_ERROR);
    expect_frame_ends(pair, GRAM_H2_PING, 0, 0, 9, GRAM_H2_FRAME_SIZE_ERROR);
    expect_frame_ends(pair, GRAM_H2_PING, 0, 1, 8, GRAM_H2_PROTOCOL_ERROR);
}

/* ---- WINDOW_UPDATE (6.9) ---- */

static void test_window_update(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    pending(p, 1);
    peer_window(p, 1, 5);
    peer_window(p, 0, 5);
    expect_nothing(p);
    peer_window(p, 1, 0);
    expect_rst(p, 1, GRAM_H2_PROTOCOL_ERROR);
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(-1)->status, GRAM_CANCELLED);
    pending(p, 3);
    peer_window(p, 3, 0x7fffffff - 65535);
    expect_nothing(p);
    peer_window(p, 3, 1);
    expect_rst(p, 3, GRAM_H2_FLOW_CONTROL_ERROR);
    peer_window(p, 3, 1); /* it may have been under way */
    peer_window(p, 1, 0);
    expect_nothing(p);
    peer_window(p, 0, 0x80000000u | 5); /* the reserved bit is ignored */
    expect_alive(p);
    expect_frame_ends(pair, GRAM_H2_WINDOW_UPDATE, 0, 0, 4, GRAM_H2_PROTOCOL_ERROR); /* of 0 */
    expect_frame_ends(pair, GRAM_H2_WINDOW_UPDATE, 0, 1, 4, GRAM_H2_PROTOCOL_ERROR); /* idle */
    expect_frame_ends(pair, GRAM_H2_WINDOW_UPDATE, 0, 2, 4, GRAM_H2_PROTOCOL_ERROR); /* idle for ever */
    expect_frame_ends(pair, GRAM_H2_WINDOW_UPDATE, 0, 0, 3, GRAM_H2_FRAME_SIZE_ERROR);
    expect_frame_ends(pair, GRAM_H2_WINDOW_UPDATE, 0, 0, 5, GRAM_H2_FRAME_SIZE_ERROR);
    p = peer_ready(pair);
    peer_window(p, 0, 0x7fffffff - 65535);
    expect_nothing(p);
    peer_window(p, 0, 1);
    expect_goaway(p, GRAM_H2_FLOW_CONTROL_ERROR, NULL);
}

/* ---- RST_STREAM (6.4) ---- */

static void test_rst_stream(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, TINY, 0);
    peer_rst(p, 1, GRAM_H2_CANCEL); /* open, not entered: nobody to tell */
    expect_nothing(p);
    expect_usage(pair, 0, 0, 0);
    assert_int_equal(test_app.asked_len, 0);
    pending(p, 3);
    peer_rst(p, 3, GRAM_H2_CANCEL); /* half-closed (remote) */
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(-1)->status, GRAM_CANCELLED);
    peer_rst(p, 3, GRAM_H2_CANCEL); /* closed */
    peer_rst(p, 1, GRAM_H2_NO_ERROR);
    expect_nothing(p);
    expect_alive(p);
    expect_frame_ends(pair, GRAM_H2_RST_STREAM, 0, 1, 4, GRAM_H2_PROTOCOL_ERROR);
    expect_frame_ends(pair, GRAM_H2_RST_STREAM, 0, 4, 4, GRAM_H2_PROTOCOL_ERROR);
    expect_frame_ends(pair, GRAM_H2_RST_STREAM, 0, 0, 4, GRAM_H2_PROTOCOL_ERROR);
    for (size_t len = 3; len <= 5; len += 2) {
        p = peer_ready(pair);
        peer_headers(p, 1, TINY, 0);
        peer_frame(p, GRAM_H2_RST_STREAM, 0, 1, "12345", len);
        expect_goaway(p, GRAM_H2_FRAME_SIZE_ERROR, NULL);
    }
}

/* ---- GOAWAY (6.8) ---- */

static void test_goaway(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_frame(p, GRAM_H2_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0and a reason", 20);
    assert_int_equal(p->fate, PEER_DONE); /* nothing is left to do */
    assert_false(p->goaway);
    p = peer_ready(pair);
    pending(p, 1);
    peer_frame(p, GRAM_H2_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(p->fate, PEER_HERE); /* its call is still answered */
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_number(p, 1, 0);
    assert_int_equal(p->fate, PEER_DONE);
    expect_frame_ends(pair, GRAM_H2_GOAWAY, 0, 0, 7, GRAM_H2_FRAME_SIZE_ERROR);
    expect_frame_ends(pair, GRAM_H2_GOAWAY, 0, 1, 8, GRAM_H2_PROTOCOL_ERROR);
}

/* ---- PRIORITY (6.3), unknown types (4.1), PUSH_PROMISE (8.4) ---- */

static void test_priority(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    pending(p, 3);
    peer_frame(p, GRAM_H2_PRIORITY, 0, 1, "\0\0\0\0\x10", 5);
    peer_frame(p, GRAM_H2_PRIORITY, 0, 3, "\x80\0\0\1\x10", 5);
    peer_frame(p, GRAM_H2_PRIORITY, 0, 99, "\0\0\0\0\x10", 5);
    expect_nothing(p);
    peer_frame(p, GRAM_H2_PRIORITY, 0, 3, "\x80\0\0\3\x10", 5);
    expect_rst(p, 3, GRAM_H2_PROTOCOL_ERROR);
    pending(p, 5);
    peer_frame(p, GRAM_H2_PRIORITY, 0, 5, "\0\0\0\0", 4);
    expect_rst(p, 5, GRAM_H2_FRAME_SIZE_ERROR);
    pending(p, 7);
    peer_frame(p, GRAM_H2_PRIORITY, 0, 7, "\0\0\0\0\0\0", 6);
    expect_rst(p, 7, GRAM_H2_FRAME_SIZE_ERROR);
    expect_alive(p);
    expect_frame_ends(pair, GRAM_H2_PRIORITY, 0, 0, 5, GRAM_H2_PROTOCOL_ERROR);
}

static void test_unknown(struct pair *pair)
{
    static const uint8_t zero[GRAM_H2_FRAME_MAX + 1];
    struct peer *p = peer_ready(pair);
    p->segment = 1000;
    peer_frame(p, 10, 0xff, 0, zero, 0);
    peer_frame(p, 16, 0, 1, zero, 4);
    peer_frame(p, 255, 0xff, 0x7fffffff, zero, GRAM_H2_FRAME_MAX);
    expect_nothing(p);
    expect_alive(p);
    expect_frame_ends(pair, 255, 0, 0, GRAM_H2_FRAME_MAX + 1, GRAM_H2_FRAME_SIZE_ERROR);
    expect_frame_ends(pair, GRAM_H2_PUSH_PROMISE, EH, 1, 4, GRAM_H2_PROTOCOL_ERROR);
}

/* ---- CONTINUATION (6.10) ---- */

static void headers_cut(struct peer *p, uint32_t id, size_t cut, unsigned flags)
{
    static struct blob fields;
    fields.len = b.len = 0;
    put_request(&fields, TINY);
    put_frame(&b, GRAM_H2_HEADERS, flags, id, fields.bytes, cut);
    put_frame(&b, GRAM_H2_CONTINUATION, EH, id, fields.bytes + cut, fields.len - cut);
    peer_send(p, &b);
}

static void test_continuation(struct pair *pair)
{
    static struct blob fields;
    struct peer *p = peer_ready(pair);
    fields.len = 0;
    put_request(&fields, TINY);
    uint32_t id = 1;
    for (size_t cut = 0; cut <= fields.len; cut++, id += 2) {
        headers_cut(p, id, cut, 0);
        peer_message(p, id, 6, "", 0, ES);
        expect_number(p, id, 6);
        pair_sleep(pair, 1000); /* two empty fragments are two glitches */
    }
}

/* END_STREAM is HEADERS' flag, and counts when the block is complete. */
static void test_continuation_end_stream(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    headers_cut(p, 1, 10, ES);
    expect_only_trailers(p, 1, GRAM_UNIMPLEMENTED, "*");
    assert_false(peer_answer(p, 1)->reset);
}

static void begin_block(struct peer *p, uint32_t id)
{
    peer_frame(p, GRAM_H2_HEADERS, 0, id, "\x83", 1);
    expect_nothing(p);
}

static void test_continuation_rules(struct pair *pair)
{
    struct peer *p;
    expect_frame_ends(pair, GRAM_H2_CONTINUATION, EH, 1, 1, GRAM_H2_PROTOCOL_ERROR);
    static const uint8_t inside[] = {GRAM_H2_DATA,       GRAM_H2_HEADERS,       GRAM_H2_PRIORITY,
                                     GRAM_H2_RST_STREAM, GRAM_H2_SETTINGS,      GRAM_H2_PING,
                                     GRAM_H2_GOAWAY,     GRAM_H2_WINDOW_UPDATE, 77};
    for (unsigned i = 0; i < sizeof inside; i++) {
        p = peer_ready(pair);
        begin_block(p, 1);
        peer_frame(p, inside[i], 0, i % 2, "12345678", 8);
        expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, NULL);
    }
    p = peer_ready(pair); /* another stream's */
    begin_block(p, 1);
    peer_frame(p, GRAM_H2_CONTINUATION, EH, 3, "\x86", 1);
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, NULL);
    p = peer_ready(pair); /* one that has ended */
    peer_headers(p, 1, TINY, 0);
    peer_frame(p, GRAM_H2_CONTINUATION, EH, 1, "\x86", 1);
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, NULL);
}

static void test_continuation_flood(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    begin_block(p, 1);
    for (unsigned i = 0; i < GRAM_CONTINUATIONS_MAX; i++)
        peer_frame(p, GRAM_H2_CONTINUATION, 0, 1, NULL, 0);
    expect_nothing(p);
    peer_frame(p, GRAM_H2_CONTINUATION, 0, 1, "\x86", 1);
    expect_goaway(p, GRAM_H2_ENHANCE_YOUR_CALM, "GRAM_CONTINUATIONS_MAX");
}

/* ---- padding (6.1, 6.2) ---- */

static void padded_data(struct peer *p, uint32_t id, unsigned pad, size_t len)
{
    static struct blob message;
    message.len = b.len = 0;
    put_message(&message, 9, "", 0);
    put_byte(&b, pad);
    put(&b, message.bytes, len);
    for (unsigned i = 0; i < pad; i++)
        put_byte(&b, 0xee);
    peer_frame(p, GRAM_H2_DATA, PADDED | ES, id, b.bytes, b.len);
}

static void test_padding(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    for (unsigned pad = 0; pad <= 50; pad += 5, id += 2) {
        p->segment = pad % 3;
        peer_headers(p, id, TINY, 0);
        padded_data(p, id, pad, 7);
        expect_number(p, id, 9);
    }
    expect_whatever(p);
    for (unsigned pad = 0; pad <= 20; pad += 5, id += 2) { /* HEADERS, with and without priority */
        static struct blob fields;
        fields.len = 0;
        put_byte(&fields, pad);
        if (pad % 2)
            put(&fields, "\0\0\0\0\x10", 5);
        put_request(&fields, TINY);
        for (unsigned i = 0; i < pad; i++)
            put_byte(&fields, 0xee);
        peer_block(p, id, &fields, PADDED | (pad % 2 ? GRAM_H2_FLAG_PRIORITY : 0));
        peer_message(p, id, 9, "", 0, ES);
        expect_number(p, id, 9);
    }
}

static void test_bad_padding(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, PADDED, 1, "\x05xxxx", 5); /* as long as the rest and one more */
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, NULL);
    p = peer_ready(pair);
    peer_headers(p, 1, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, PADDED, 1, NULL, 0);
    expect_goaway(p, GRAM_H2_FRAME_SIZE_ERROR, NULL);
    p = peer_ready(pair);
    peer_frame(p, GRAM_H2_HEADERS, EH | PADDED, 1, "\x02\x83", 2);
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, NULL);
    expect_frame_ends(pair, GRAM_H2_HEADERS, EH | PADDED, 1, 0, GRAM_H2_FRAME_SIZE_ERROR);
    expect_frame_ends(pair, GRAM_H2_HEADERS, EH | GRAM_H2_FLAG_PRIORITY, 1, 4, GRAM_H2_FRAME_SIZE_ERROR);
    expect_frame_ends(pair, GRAM_H2_HEADERS, EH | PADDED | GRAM_H2_FLAG_PRIORITY, 1, 5, GRAM_H2_FRAME_SIZE_ERROR);
    p = peer_ready(pair); /* padding that reaches into the priority */
    peer_frame(p, GRAM_H2_HEADERS, EH | PADDED | GRAM_H2_FLAG_PRIORITY, 1, "\x01\0\0\0\0\x10", 6);
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, NULL);
}

/* Nothing but padding, as long as the whole payload: lawful, and no message. */
static void test_only_padding(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, TINY, 0);
    padded_data(p, 1, 30, 0);
    expect_only_trailers(p, 1, GRAM_UNIMPLEMENTED, "*");
}

/* Padding counts for flow control, and comes back: a stream of nothing else goes on. */
static void test_padding_credit(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, COLLECT, 0);
    for (unsigned i = 0; i < 5000; i++) {
        peer_frame(p, GRAM_H2_DATA, PADDED, 1, "\x1fxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 32);
        if (p->fate != PEER_HERE)
            fail_msg("frame %u: %s", i, p->goaway_reason);
        pair_sleep(pair, 200); /* none of these frames brings anything */
    }
    peer_message(p, 1, 3, "", 0, ES);
    expect_number(p, 1, 1);
}

/* After an error the connection is deaf (CVE-2022-24777). */
static void test_deaf(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    p->take = 5; /* the GOAWAY cannot leave yet */
    peer_frame(p, GRAM_H2_DATA, 0, 1, "x", 1);
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_DONE);
    for (unsigned i = 0; i < 20; i++) {
        peer_call(p, 2 * i + 1, TINY, 1, "");
        peer_frame(p, i, 0xff, i, "12345678", 8);
    }
    assert_int_equal(test_app.asked_len, 0);
    p->take = SIZE_MAX;
    pair_run(pair);
    peer_frame(p, 0, 0, 0, NULL, 0);
    pair_sleep(pair, 1);
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, NULL);
}

/* All frames are traced, in both directions. */
static void test_trace(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, TINY, 1, "");
    peer_ping(p);
    assert_int_equal(pair_traced[0], 2 + 2 + 1);
    assert_int_equal(pair_traced[1], p->frame_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_ping),
        PAIR_TEST(test_window_update),
        PAIR_TEST(test_rst_stream),
        PAIR_TEST(test_goaway),
        PAIR_TEST(test_priority),
        PAIR_TEST(test_unknown),
        PAIR_TEST(test_continuation),
        PAIR_TEST(test_continuation_end_stream),
        PAIR_TEST(test_continuation_rules),
        PAIR_TEST(test_continuation_flood),
        PAIR_TEST(test_padding),
        PAIR_TEST(test_bad_padding),
        PAIR_TEST(test_only_padding),
        PAIR_TEST(test_padding_credit),
        PAIR_TEST(test_deaf),
        PAIR_TEST(test_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
