/* How a connection begins, and what SETTINGS do (RFC 9113 3.4, 6.5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

static struct blob b;

static void begin(struct blob *blob)
{
    blob->len = 0;
    put(blob, GRAM_H2_PREFACE, GRAM_H2_PREFACE_LEN);
}

/* Our SETTINGS are there before the client has said a word: the first frame of the server. */
static void test_first_frame(struct pair *pair)
{
    struct peer *p = peer_open(pair);
    const struct frame *f = expect_frame(p, GRAM_H2_SETTINGS, 0, 0);
    assert_int_equal(f->len, 18);
    assert_int_equal(p->server_streams, GRAM_MAX_CONCURRENT_STREAMS);
    assert_int_equal(p->server_window, GRAM_INITIAL_WINDOW_SIZE);
    assert_int_equal(p->server_list, GRAM_HEADER_LIST_MAX);
    expect_nothing(p);
    begin(&b);
    put_frame(&b, GRAM_H2_SETTINGS, 0, 0, NULL, 0);
    peer_send(p, &b);
    expect_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0);
    expect_alive(p);
}

/* A client may send a whole call before it has read anything. */
static void test_call_at_once(struct pair *pair)
{
    static struct blob fields, message;
    struct peer *p = peer_open(pair);
    begin(&b);
    put_frame(&b, GRAM_H2_SETTINGS, 0, 0, NULL, 0);
    fields.len = message.len = 0;
    put_request(&fields, TINY);
    put_message(&message, 5, "", 0);
    put_frame(&b, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS, 1, fields.bytes, fields.len);
    put_frame(&b, GRAM_H2_DATA, GRAM_H2_FLAG_END_STREAM, 1, message.bytes, message.len);
    peer_send(p, &b);
    expect_number(p, 1, 5);
}

static void test_cut_anywhere(struct pair *pair)
{
    struct peer *p = peer_open(pair);
    p->segment = 1;
    expect_whatever(p);
    begin(&b);
    put_frame(&b, GRAM_H2_SETTINGS, 0, 0, NULL, 0);
    for (size_t i = 0; i < b.len - 1; i++) {
        peer_send_bytes(p, b.bytes + i, 1);
        expect_nothing(p);
    }
    peer_send_bytes(p, b.bytes + b.len - 1, 1);
    expect_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0);
    expect_alive(p);
}

/* Any other byte, at any place, is seen at once. */
static void test_wrong(struct pair *pair)
{
    for (size_t i = 0; i < GRAM_H2_PREFACE_LEN; i++) {
        struct peer *p = peer_open(pair);
        expect_whatever(p);
        begin(&b);
        b.bytes[i] ^= 0x20;
        peer_send_bytes(p, b.bytes, i + 1);
        expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, "not HTTP/2");
    }
    assert_non_null(strstr(pair_log, ": not HTTP/2"));
}

static void test_http1(struct pair *pair)
{
    struct peer *p = peer_open(pair);
    expect_whatever(p);
    peer_send_bytes(p, "GET / HTTP/1.1\r\nHost: device\r\n\r\n", 32);
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, "not HTTP/2");
}

static void wrong_first_frame(struct pair *pair, unsigned type, unsigned flags, uint32_t id, size_t len)
{
    struct peer *p = peer_open(pair);
    expect_whatever(p);
    begin(&b);
    put_frame(&b, type, flags, id, "12345678", len);
    peer_send(p, &b);
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, "no SETTINGS");
}

static void test_no_settings(struct pair *pair)
{
    wrong_first_frame(pair, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, 0);
    wrong_first_frame(pair, GRAM_H2_PING, 0, 0, 8);
    wrong_first_frame(pair, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS, 1, 0);
    wrong_first_frame(pair, 99, 0, 0, 4);
}

/* ---- SETTINGS, later ---- */

static void test_each_is_acknowledged(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    for (unsigned id = 0; id < 20; id++) {
        if (id >= 1 && id <= 6)
            continue;
        peer_setting(p, id, 0xffffffff); /* unknown: ignored */
        expect_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0);
    }
    peer_setting(p, GRAM_H2_SETTINGS_MAX_CONCURRENT_STREAMS, 0);
    expect_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0);
    peer_setting(p, GRAM_H2_SETTINGS_MAX_HEADER_LIST_SIZE, 0);
    expect_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0);
    peer_setting(p, GRAM_H2_SETTINGS_ENABLE_PUSH, 0);
    peer_setting(p, GRAM_H2_SETTINGS_ENABLE_PUSH, 1);
    expect_whatever(p);
    peer_setting(p, 0xfe03, 1);
    expect_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0);
    expect_alive(p);
}

static void bad_setting(struct pair *pair, unsigned id, uint32_t value, enum gram_h2_error error)
{
    struct peer *p = peer_ready(pair);
    peer_setting(p, id, value);
    expect_goaway(p, error, NULL);
}

static void test_bad_values(struct pair *pair)
{
    bad_setting(pair, GRAM_H2_SETTINGS_ENABLE_PUSH, 2, GRAM_H2_PROTOCOL_ERROR);
    bad_setting(pair, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0x80000000, GRAM_H2_FLOW_CONTROL_ERROR);
    bad_setting(pair, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0xffffffff, GRAM_H2_FLOW_CONTROL_ERROR);
    bad_setting(pair, GRAM_H2_SETTINGS_MAX_FRAME_SIZE, 16383, GRAM_H2_PROTOCOL_ERROR);
    bad_setting(pair, GRAM_H2_SETTINGS_MAX_FRAME_SIZE, 16777216, GRAM_H2_PROTOCOL_ERROR);
}

static void test_good_bounds(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_setting(p, GRAM_H2_SETTINGS_MAX_FRAME_SIZE, 16384);
    peer_setting(p, GRAM_H2_SETTINGS_MAX_FRAME_SIZE, 16777215);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0x7fffffff);
    peer_setting(p, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, 0xffffffff);
    expect_whatever(p);
    expect_alive(p);
}

static void test_shape(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, "123456", 6);
    expect_goaway(p, GRAM_H2_FRAME_SIZE_ERROR, NULL);
    p = peer_ready(pair);
    peer_frame(p, GRAM_H2_SETTINGS, 0, 1, NULL, 0);
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, NULL);
    p = peer_ready(pair);
    peer_frame(p, GRAM_H2_SETTINGS, 0, 0, "12345", 5);
    expect_goaway(p, GRAM_H2_FRAME_SIZE_ERROR, NULL);
    p = peer_ready(pair);
    peer_frame(p, GRAM_H2_SETTINGS, 0, 0, "1234567", 7);
    expect_goaway(p, GRAM_H2_FRAME_SIZE_ERROR, NULL);
    /* one more acknowledgement than there were SETTINGS does no harm, to windows neither (pair_check.c) */
    p = peer_ready(pair);
    peer_headers(p, 1, COLLECT, 0);
    peer_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
    expect_nothing(p);
    expect_alive(p);
}

static void many(struct peer *p, unsigned count)
{
    b.len = 0;
    for (unsigned i = 0; i < count; i++)
        put_setting(&b, GRAM_H2_SETTINGS_MAX_CONCURRENT_STREAMS, i);
    peer_frame(p, GRAM_H2_SETTINGS, 0, 0, b.bytes, b.len);
}

static void test_many(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    many(p, 32);
    expect_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0);
    expect_alive(p);
    many(p, 33);
    expect_goaway(p, GRAM_H2_ENHANCE_YOUR_CALM, "too many settings");
}

/* In the preface as well, and cut anywhere. */
static void test_first_settings(struct pair *pair)
{
    static struct blob settings;
    for (size_t segment = 0; segment < 8; segment++) {
        struct peer *p = peer_open(pair);
        settings.len = 0;
        put_setting(&settings, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, 0);
        put_setting(&settings, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 3);
        put_setting(&settings, 0xfe03, 1);
        begin(&b);
        put_frame(&b, GRAM_H2_SETTINGS, 0, 0, settings.bytes, settings.len);
        put_frame(&b, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
        p->segment = segment;
        peer_send(p, &b);
        assert_int_equal(p->settings_acks, 1);
        assert_int_equal(p->initial_window, 3);
        peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 1000);
        expect_whatever(p);
        expect_alive(p);
        assert_int_equal(p->hpack.inserted, 0);
        peer_lose(p);
    }
}

/* ---- HEADER_TABLE_SIZE (RFC 7541 4.2, RFC 9113 4.3.1) ---- */

/* The answers' headers are one byte each once both pins are in the table. */
static void test_table(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, TINY, 1, "");
    peer_call(p, 3, TINY, 2, "");
    expect_number(p, 3, 2);
    assert_int_equal(p->hpack.inserted, 2);
    /* a table that holds nothing: the update comes first (peer_hpack.c sees to that), then literals */
    peer_setting(p, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, 0);
    peer_call(p, 5, TINY, 3, "");
    peer_call(p, 7, TINY, 4, "");
    expect_number(p, 7, 4);
    assert_int_equal(p->hpack.inserted, 2);
    assert_int_equal(p->hpack.count, 0);
    /* larger again: the insertions come again */
    peer_setting(p, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, 4096);
    peer_call(p, 9, TINY, 5, "");
    peer_call(p, 11, TINY, 6, "");
    expect_number(p, 11, 6);
    assert_int_equal(p->hpack.inserted, 4);
    /* down and up between two blocks: the lowest must be told */
    peer_setting(p, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, 50);
    peer_setting(p, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, 200);
    peer_call(p, 13, TINY, 7, "");
    expect_number(p, 13, 7);
    assert_int_equal(p->hpack.inserted, 6);
    assert_int_equal(p->hpack.max, 200);
    /* a table that holds one pin only holds none */
    peer_setting(p, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, 80);
    peer_call(p, 15, TINY, 8, "");
    expect_number(p, 15, 8);
    assert_int_equal(p->hpack.count, 0);
    /* one that a client changes while a call is answered: headers before, trailers after */
    test_app_answer((struct test_answer){.status = GRAM_OK});
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 1});
    test_app_answer((struct test_answer){.status = GRAM_WAIT});
    peer_call(p, 17, STREAM, 0, "");
    peer_setting(p, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, 4096);
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_number(p, 17, 1);
    expect_alive(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_first_frame),
        PAIR_TEST(test_call_at_once),
        PAIR_TEST(test_cut_anywhere),
        PAIR_TEST(test_wrong),
        PAIR_TEST(test_http1),
        PAIR_TEST(test_no_settings),
        PAIR_TEST(test_each_is_acknowledged),
        PAIR_TEST(test_bad_values),
        PAIR_TEST(test_good_bounds),
        PAIR_TEST(test_shape),
        PAIR_TEST(test_many),
        PAIR_TEST(test_first_settings),
        PAIR_TEST(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
