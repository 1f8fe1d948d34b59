/* A unary call, in every way that a client may cut and pace it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

static struct blob b, fields, message;

static void test_echo(struct pair *pair)
{
    struct reply r;
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, UNARY, 7, "seven");
    expect_status(p, 1, GRAM_OK, NULL);
    assert_true(answer_reply(peer_answer(p, 1), 0, &r));
    assert_int_equal(r.number, 7);
    assert_string_equal(r.text, "seven");
    assert_int_equal(test_app.asked_len, 2);
    assert_int_equal(test_app_asked(0)->event, GRAM_ON_OPEN);
    assert_string_equal(test_app_asked(0)->path, UNARY);
    assert_int_equal(test_app_asked(1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(1)->status, GRAM_OK);
    expect_usage(pair, 0, 0, 0);
}

/* A small reply: three frames, and as few bytes as can be once the pins are in the client's table. */
static void test_bytes(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, TINY, 1, "");
    size_t before = p->in_len;
    expect_whatever(p);
    peer_call(p, 3, TINY, 1, "");
    assert_int_equal(expect_frame(p, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS, 3)->len, 2);
    assert_int_equal(expect_frame(p, GRAM_H2_DATA, 0, 3)->len, 5 + 2);
    assert_int_equal(
        expect_frame(p, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS | GRAM_H2_FLAG_END_STREAM, 3)->len, 1);
    expect_nothing(p);
    assert_int_equal(p->in_len - before, 35 + 2);
}

static void build(uint32_t id, const char *text)
{
    b.len = fields.len = message.len = 0;
    put_request(&fields, UNARY);
    put_message(&message, (int32_t)id, text, 0);
    put_frame(&b, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS, id, fields.bytes, fields.len);
}

static void check_echo(struct peer *p, uint32_t id, const char *text)
{
    struct reply r;
    expect_number(p, id, (int32_t)id);
    answer_reply(peer_answer(p, id), 0, &r);
    assert_string_equal(r.text, text);
}

/* The request in segments of every length. */
static void test_segments(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    for (size_t segment = 1; segment < 200; segment++, id += 2) {
        p->segment = segment;
        peer_call(p, id, UNARY, (int32_t)id, "in segments");
        check_echo(p, id, "in segments");
    }
}

/* In two segments, cut at each byte, with time and polls between. */
static void test_two_segments(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    size_t cut = 1;
    do {
        build(id, "cut");
        put_frame(&b, GRAM_H2_DATA, GRAM_H2_FLAG_END_STREAM, id, message.bytes, message.len);
        peer_send_bytes(p, b.bytes, cut);
        pair_sleep(pair, 1);
        peer_send_bytes(p, b.bytes + cut, b.len - cut);
        check_echo(p, id, "cut");
        id += 2;
    } while (++cut < b.len);
}

/* The message in two DATA frames, cut at each byte; END_STREAM with the second, or on an empty third. */
static void test_frames(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    for (unsigned empty_end = 0; empty_end < 2; empty_end++) {
        size_t cut = 0;
        do {
            unsigned end = empty_end ? 0 : GRAM_H2_FLAG_END_STREAM;
            build(id, "frames");
            put_frame(&b, GRAM_H2_DATA, 0, id, message.bytes, cut);
            put_frame(&b, GRAM_H2_DATA, end, id, message.bytes + cut, message.len - cut);
            if (empty_end)
                put_frame(&b, GRAM_H2_DATA, GRAM_H2_FLAG_END_STREAM, id, NULL, 0);
            peer_send(p, &b);
            check_echo(p, id, "frames");
            id += 2;
            pair_sleep(pair, 1000); /* empty frames are glitches: not too many at once */
        } while (++cut < message.len);
    }
}

/* One byte in each frame, each in a segment of its own. */
static void test_bytewise(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    build(1, "one by one");
    peer_send(p, &b);
    for (size_t i = 0; i < message.len; i++)
        peer_frame(p, GRAM_H2_DATA, i + 1 == message.len ? GRAM_H2_FLAG_END_STREAM : 0, 1, message.bytes + i,
                   1);
    check_echo(p, 1, "one by one");
}

/* The end of the request comes as trailers. */
static void test_trailers(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    build(1, "trailers");
    put_frame(&b, GRAM_H2_DATA, 0, 1, message.bytes, message.len);
    peer_send(p, &b);
    expect_pending(p, 1);
    b.len = 0;
    put_field(&b, "x-checksum", "17");
    peer_block(p, 1, &b, GRAM_H2_FLAG_END_STREAM);
    check_echo(p, 1, "trailers");
}

/* A unary handler does not run before the request has ended: a second message would be an error. */
static void test_waits_for_the_end(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    build(1, "wait");
    put_frame(&b, GRAM_H2_DATA, 0, 1, message.bytes, message.len);
    peer_send(p, &b);
    pair_sleep(pair, 5000);
    assert_int_equal(test_app.asked_len, 0);
    expect_usage(pair, 1, 0, 0);
    peer_frame(p, GRAM_H2_DATA, GRAM_H2_FLAG_END_STREAM, 1, NULL, 0);
    check_echo(p, 1, "wait");
}

static void test_random(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    char text[32];
    test_random_start(&pair->random, "unary");
    p->segment = PEER_RANDOM;
    for (uint32_t id = 1; id < 800; id += 2) {
        snprintf(text, sizeof text, "%.*s", (int)test_random_below(&pair->random, 30),
                 "a text of thirty characters...");
        build(id, text);
        for (size_t at = 0; at < message.len;) {
            size_t n = 1 + test_random_below(&pair->random, (uint32_t)(message.len - at));
            put_frame(&b, GRAM_H2_DATA, at + n == message.len ? GRAM_H2_FLAG_END_STREAM : 0, id,
                      message.bytes + at, n);
            at += n;
        }
        peer_send(p, &b);
        check_echo(p, id, text);
    }
}

/* Calls beside each other, their frames interleaved, as many as there may be. */
static void test_concurrent(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        build(2 * i + 1, "beside");
        peer_send(p, &b);
    }
    expect_usage(pair, GRAM_MAX_CONCURRENT_STREAMS, 0, 0);
    for (size_t at = 0; at < message.len; at++)
        for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
            uint32_t id = 2 * i + 1;
            build(id, "beside");
            peer_frame(p, GRAM_H2_DATA, at + 1 == message.len ? GRAM_H2_FLAG_END_STREAM : 0, id,
                       message.bytes + at, 1);
        }
    for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        check_echo(p, 2 * i + 1, "beside");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_echo),     PAIR_TEST(test_bytes),
        PAIR_TEST(test_segments), PAIR_TEST(test_two_segments),
        PAIR_TEST(test_frames),   PAIR_TEST(test_bytewise),
        PAIR_TEST(test_trailers), PAIR_TEST(test_waits_for_the_end),
        PAIR_TEST(test_random),   PAIR_TEST(test_concurrent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
