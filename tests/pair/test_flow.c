/* Flow control in both directions (RFC 9113 5.2, 6.9): our window to the client, the client's to us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, PADDED = GRAM_H2_FLAG_PADDED };

static struct blob b;
static const uint8_t zero[GRAM_H2_FRAME_MAX];

/* ---- what the client may send ---- */

/* A client that has acknowledged our SETTINGS is bound by them. */
static void test_beyond_stream(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, COLLECT, 0);
    test_app_status(GRAM_WAIT, NULL);
    b.len = 0;
    put_message(&b, 1, "", GRAM_INITIAL_WINDOW_SIZE - 7); /* all that it may */
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, b.len);
    expect_nothing(p);
    peer_frame(p, GRAM_H2_DATA, 0, 1, "x", 1);
    expect_rst(p, 1, GRAM_H2_FLOW_CONTROL_ERROR);
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    peer_headers(p, 3, COLLECT, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 3, zero, GRAM_INITIAL_WINDOW_SIZE + 1);
    expect_rst(p, 3, GRAM_H2_FLOW_CONTROL_ERROR);
    peer_headers(p, 5, COLLECT, 0); /* padding counts */
    peer_frame(p, GRAM_H2_DATA, PADDED, 5, zero, GRAM_INITIAL_WINDOW_SIZE + 1);
    expect_rst(p, 5, GRAM_H2_FLOW_CONTROL_ERROR);
    expect_alive(p);
}

/* DATA that nobody will read is counted, and comes back: else the connection's window would run dry. */
static void test_connection_window(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, "/no/such", 0);
    for (unsigned i = 0; i < 40; i++) {
        peer_frame(p, GRAM_H2_DATA, 0, 1, zero, GRAM_H2_FRAME_MAX); /* reset by us: under way */
        if (p->fate != PEER_HERE)
            fail_msg("frame %u: %s", i, p->goaway_reason);
    }
    expect_whatever(p);
    expect_alive(p);
}

static void test_beyond_connection(struct pair *pair)
{
    static struct blob frames;
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, "/no/such", 0);
    expect_whatever(p);
    p->take = 0; /* no update can reach the client */
    frames.len = 0;
    for (unsigned i = 0; i < 3; i++)
        put_frame(&frames, GRAM_H2_DATA, 0, 1, zero, GRAM_H2_FRAME_MAX);
    peer_send(p, &frames);
    struct gram_h2_conn *h2 = &pair->server->conns[0].h2;
    int32_t left = h2->recv_window;
    frames.len = 0;
    while (left > 0) {
        size_t n = left < GRAM_H2_FRAME_MAX ? (size_t)left : GRAM_H2_FRAME_MAX;
        put_frame(&frames, GRAM_H2_DATA, 0, 1, zero, n);
        left -= (int32_t)n;
    }
    put_frame(&frames, GRAM_H2_DATA, 0, 1, zero, 1);
    peer_send(p, &frames); /* in one segment: no update between */
    p->take = SIZE_MAX;
    pair_run(pair);
    assert_true(p->goaway);
    assert_int_equal(p->goaway_code, GRAM_H2_FLOW_CONTROL_ERROR);
}

/* ---- before our SETTINGS are known, a client counts with 65535 ---- */

static void late_ack(struct peer *p)
{
    peer_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
}

/* What fits is held. */
static void test_early_fits(struct pair *pair)
{
    struct peer *p = peer_early(pair);
    for (uint32_t id = 1; id <= 3; id += 2) {
        peer_headers(p, id, TINY, 0);
        peer_message(p, id, (int32_t)id, "", GRAM_INITIAL_WINDOW_SIZE - 7, 0);
    }
    late_ack(p);
    expect_usage(pair, 2, 0, 0);
    for (uint32_t id = 1; id <= 3; id += 2) {
        peer_frame(p, GRAM_H2_DATA, ES, id, NULL, 0);
        expect_number(p, id, (int32_t)id);
    }
    expect_whatever(p);
    expect_alive(p);
}

/* A longer one takes the large buffer, and the second such call does not fit: refused, the client may try
 * again. */
static void test_early_large(struct pair *pair)
{
    struct peer *p = peer_early(pair);
    peer_headers(p, 1, TINY, 0);
    peer_message(p, 1, 1, "", GRAM_MESSAGE_SIZE - 7, 0);
    expect_usage(pair, 1, 1, 0);
    peer_headers(p, 3, TINY, 0);
    peer_message(p, 3, 3, "", GRAM_MESSAGE_SIZE - 7, 0);
    expect_rst(p, 3, GRAM_H2_REFUSED_STREAM);
    late_ack(p);
    peer_frame(p, GRAM_H2_DATA, ES, 1, NULL, 0);
    expect_number(p, 1, 1);
    assert_int_equal(test_app.calls, 1);
    expect_whatever(p);
    expect_alive(p);
}

/* Where a handler has run a retry would run it twice: the call ends with a status. */
static void test_early_entered(struct pair *pair)
{
    struct peer *p = peer_early(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    peer_headers(p, 1, COLLECT, 0);
    for (unsigned i = 0; i < 3; i++)
        peer_message(p, 1, 1, "", GRAM_INITIAL_WINDOW_SIZE - 10, 0);
    expect_only_trailers(p, 1, GRAM_RESOURCE_EXHAUSTED, "*");
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_NO_ERROR);
    late_ack(p);
    expect_whatever(p);
    expect_alive(p);
}

static void test_early_intercepted(struct pair *pair)
{
    struct peer *p = peer_early(pair);
    peer_headers(p, 1, TINY, 0);
    peer_message(p, 1, 1, "", GRAM_MESSAGE_SIZE - 7, 0);
    peer_headers(p, 3, TINY, 0);
    peer_message(p, 3, 3, "", GRAM_MESSAGE_SIZE - 7, 0);
    expect_only_trailers(p, 3, GRAM_RESOURCE_EXHAUSTED, "*");
    peer_rst(p, 1, GRAM_H2_CANCEL);
    late_ack(p);
}

/* One that is too long for this device is told so, however it is cut, and not refused: a retry would not
 * help. */
static void test_early_too_long(struct pair *pair)
{
    for (size_t cut = 0; cut < 8; cut++) {
        struct peer *p = peer_early(pair);
        b.len = 0;
        put_message(&b, 1, "", 5000);
        peer_headers(p, 1, TINY, 0);
        peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, cut);
        peer_frame(p, GRAM_H2_DATA, ES, 1, b.bytes + cut, b.len - cut);
        expect_only_trailers(p, 1, GRAM_RESOURCE_EXHAUSTED, "*");
        peer_lose(p);
    }
    for (size_t cut = 0; cut < 8; cut++) { /* for its method: no large buffer is taken on the way */
        struct peer *p = peer_early(pair);
        b.len = 0;
        put_message(&b, 1, "", GRAM_MESSAGE_SIZE - 7);
        peer_headers(p, 1, SHORT, 0);
        peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, cut);
        expect_usage(pair, cut < 5, 0, 0);
        peer_frame(p, GRAM_H2_DATA, ES, 1, b.bytes + cut, b.len - cut);
        expect_only_trailers(p, 1, GRAM_RESOURCE_EXHAUSTED, "*");
        peer_lose(p);
    }
}

/* Many messages that the handler takes at once are no trouble at all; their window goes below zero with
 * our SETTINGS, and comes back. */
static void test_early_stream(struct pair *pair)
{
    struct peer *p = peer_early(pair);
    peer_headers(p, 1, COLLECT, 0);
    for (int i = 0; i < 3 * GRAM_INITIAL_WINDOW_SIZE / 7; i++)
        peer_message(p, 1, 1, "", 0, 0);
    struct gram_h2_stream *s = &pair->server->conns[0].h2.streams[0];
    late_ack(p);
    assert_int_equal(s->recv_window, GRAM_INITIAL_WINDOW_SIZE); /* an update has gone out */
    assert_int_equal(s->credit, 0);
    const struct frame *f = expect_frame(p, GRAM_H2_WINDOW_UPDATE, 0, 1);
    assert_int_equal(p->in[f->at + 2] << 8 | p->in[f->at + 3], 3 * GRAM_INITIAL_WINDOW_SIZE / 7 * 7);
    peer_frame(p, GRAM_H2_DATA, ES, 1, NULL, 0);
    expect_number(p, 1, 3 * GRAM_INITIAL_WINDOW_SIZE / 7);
}

/* ---- what we may send ---- */

/* A client with a window of nothing: headers go out, and bytes as it grants them, one at a time. */
static void test_bytewise_reply(struct pair *pair)
{
    struct reply r;
    struct peer *p = peer_ready(pair);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    peer_call(p, 1, UNARY, 7, "byte by byte");
    expect_usage(pair, 1, 0, 1);
    size_t all = 5 + 2 + 2 + 12;
    for (size_t i = 0; i < all; i++) {
        assert_int_equal(peer_answer(p, 1)->body_len, i);
        assert_false(peer_answer(p, 1)->ended);
        peer_window(p, 1, 1);
    }
    expect_number(p, 1, 7);
    answer_reply(peer_answer(p, 1), 0, &r);
    assert_string_equal(r.text, "byte by byte");
    expect_usage(pair, 0, 0, 0);
}

/* The same through the connection's window. */
static void test_bytewise_connection(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0x7fffffff);
    test_app_answer(
        (struct test_answer){.status = GRAM_OK, .fill = 65535 - 4 - 5}); /* tag and length are 4 */
    peer_call(p, 1, LARGE, 1, "");
    expect_number(p, 1, 0);
    assert_int_equal(p->window, 0);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 3, .fill = 10});
    peer_call(p, 3, LARGE, 1, "");
    for (size_t i = 0; i < 5 + 2 + 12; i++) {
        assert_int_equal(peer_answer(p, 3)->body_len, i);
        peer_window(p, 0, 1);
    }
    expect_number(p, 3, 3);
    peer_window(p, 0, 100000);
    expect_whatever(p);
    expect_alive(p);
}

/* A smaller INITIAL_WINDOW_SIZE moves open streams' windows below zero; nothing goes out before they are
 * above again. */
static void test_negative(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 100);
    test_app_answer((struct test_answer){.status = GRAM_OK, .fill = 300});
    peer_call(p, 1, LARGE, 1, "");
    assert_int_equal(peer_answer(p, 1)->body_len, 100);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 40);
    assert_int_equal(peer_answer(p, 1)->window, -60);
    peer_window(p, 1, 60);
    assert_int_equal(peer_answer(p, 1)->body_len, 100);
    peer_window(p, 1, 1);
    assert_int_equal(peer_answer(p, 1)->body_len, 101);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    peer_window(p, 1, 39);
    assert_int_equal(peer_answer(p, 1)->body_len, 101);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 150);
    assert_int_equal(peer_answer(p, 1)->body_len, 101 + 149);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65535);
    expect_status(p, 1, GRAM_OK, NULL);
    assert_int_equal(peer_answer(p, 1)->body_len, 5 + 3 + 300);
    expect_whatever(p);
    expect_alive(p);
}

/* A window that SETTINGS would carry over 2^31-1 (6.9.2). */
static void test_settings_overflow(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    call_later(p, 1);
    peer_window(p, 1, 0x7fffffff - 65535);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65535);
    expect_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65536);
    expect_goaway(p, GRAM_H2_FLOW_CONTROL_ERROR, NULL);
}

/* Very large windows change nothing: what goes out is what fits our own buffer. */
static void test_huge_windows(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0x7fffffff);
    peer_setting(p, GRAM_H2_SETTINGS_MAX_FRAME_SIZE, 0xffffff);
    peer_window(p, 0, 0x7fffffff - 65535);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 1, .fill = 100000});
    peer_call(p, 1, LARGE, 1, "");
    expect_number(p, 1, 1);
    assert_int_equal(peer_answer(p, 1)->body_len, 5 + 2 + 4 + 100000);
}

/* Every length of a held reply around the sizes of buffers. */
static void test_held_lengths(struct pair *pair)
{
    struct reply r;
    struct peer *p = peer_ready(pair);
    peer_window(p, 0, 0x7fffffff - 65535);
    for (uint32_t fill = 1; fill < 3 * GRAM_TX_SIZE; fill += fill < 400 ? 1 : 13) {
        uint32_t id = p->last_id + (p->last_id ? 2 : 1);
        test_app_reset();
        test_app_answer((struct test_answer){.status = GRAM_OK, .number = 9, .fill = fill});
        peer_call(p, id, LARGE, 1, "");
        expect_number(p, id, 9);
        assert_true(answer_reply(peer_answer(p, id), 0, &r));
        assert_int_equal(r.fill, fill);
        expect_usage(pair, 0, 0, 0);
    }
}

/* A stream of replies without bound, through a window that comes in odd pieces. */
static void test_flood(struct pair *pair)
{
    struct reply r;
    struct peer *p = peer_ready(pair);
    test_random_start(&pair->random, "flow");
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 10);
    test_app_status(GRAM_OK, NULL);
    for (int i = 0; i < 40; i++)
        test_app_answer((struct test_answer){
            .status = GRAM_MORE, .number = i, .fill = 1 + test_random_below(&pair->random, 2000)});
    test_app_status(GRAM_DONE, NULL);
    peer_call(p, 1, FLOOD, 1, "");
    for (unsigned i = 0; !peer_answer(p, 1)->ended; i++) {
        assert_true(i < 10000);
        peer_window(p, test_random_below(&pair->random, 4) ? 1 : 0,
                    1 + test_random_below(&pair->random, 300));
    }
    expect_status(p, 1, GRAM_OK, NULL);
    assert_int_equal(answer_replies(peer_answer(p, 1)), 40);
    for (unsigned i = 0; i < 40; i++) {
        answer_reply(peer_answer(p, 1), i, &r);
        assert_int_equal(r.number, i);
        assert_int_equal(r.fill, test_app.script[1 + i].fill);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_beyond_stream),
        PAIR_TEST(test_connection_window),
        PAIR_TEST(test_beyond_connection),
        PAIR_TEST(test_early_fits),
        PAIR_TEST(test_early_large),
        PAIR_TEST(test_early_entered),
        PAIR_TEST_OF(test_early_intercepted, test_app_intercepted),
        PAIR_TEST(test_early_too_long),
        PAIR_TEST(test_early_stream),
        PAIR_TEST(test_bytewise_reply),
        PAIR_TEST(test_bytewise_connection),
        PAIR_TEST(test_negative),
        PAIR_TEST(test_settings_overflow),
        PAIR_TEST(test_huge_windows),
        PAIR_TEST(test_held_lengths),
        PAIR_TEST(test_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
