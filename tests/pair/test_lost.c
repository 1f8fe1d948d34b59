/* Connections that are lost, half-closed or corrupted, at each byte of a session that has a bit of
 * everything; nothing is still taken afterwards, and every call that was entered is told its end once
 * (pair_close() sees to both). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS };

static struct blob session, block, message;

static void request(uint32_t id, const char *path, unsigned flags)
{
    block.len = 0;
    put_request(&block, path);
    put_insert(&block, "grpc-timeout", "9S");
    put_frame(&session, GRAM_H2_HEADERS, flags, id, block.bytes, 20);
    put_frame(&session, GRAM_H2_CONTINUATION, EH, id, block.bytes + 20, block.len - 20);
}

static void data(uint32_t id, int32_t number, size_t pad, unsigned flags)
{
    message.len = 0;
    put_message(&message, number, "text", pad);
    put_frame(&session, GRAM_H2_DATA, flags, id, message.bytes, message.len);
}

/* All kinds of call, no more at a time than the smallest configuration has streams. */
static void record(void)
{
    session.len = 0;
    put(&session, GRAM_H2_PREFACE, GRAM_H2_PREFACE_LEN);
    block.len = 0;
    put_setting(&block, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 9); /* replies are held */
    put_frame(&session, GRAM_H2_SETTINGS, 0, 0, block.bytes, block.len);
    put_frame(&session, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
    request(1, COLLECT, 0);
    data(1, 1, 0, 0);
    request(3, UNARY, 0);
    data(3, 2, 0, ES);
    put_head(&session, 4, GRAM_H2_WINDOW_UPDATE, 0, 3);
    put_be32(&session, 1000);
    data(1, 3, 10, ES);
    put_frame(&session, GRAM_H2_PING, 0, 0, "12345678", 8);
    request(5, CHAT, 0);
    data(5, 4, 0, 0);
    put_head(&session, 4, GRAM_H2_RST_STREAM, 0, 5);
    put_be32(&session, GRAM_H2_CANCEL);
    put_head(&session, 4, GRAM_H2_WINDOW_UPDATE, 0, 1);
    put_be32(&session, 1000);
    block.len = 0;
    put_setting(&block, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65535);
    put_frame(&session, GRAM_H2_SETTINGS, 0, 0, block.bytes, block.len);
    request(7, STREAM, 0);
    data(7, 5, 0, ES);
    request(9, TINY, 0); /* claims a large buffer, and waits with it */
    message.len = 0;
    put_message(&message, 6, "", GRAM_INITIAL_WINDOW_SIZE);
    put_frame(&session, GRAM_H2_DATA, 0, 9, message.bytes, 20);
    request(11, "/no/such", 0);
    data(11, 7, 0, ES);
    request(13, LARGE, 0);
    data(13, 8, 0, ES);
}

/* The session is what it should be: all of it is answered. */
static void test_whole(struct pair *pair)
{
    struct peer *p = peer_open(pair);
    record();
    p->segment = PEER_RANDOM;
    peer_send(p, &session);
    expect_number(p, 1, 2);
    expect_number(p, 3, 2);
    expect_status(p, 7, GRAM_OK, NULL);
    expect_pending(p, 9);
    peer_rst(p, 9, GRAM_H2_CANCEL);
    expect_status(p, 11, GRAM_UNIMPLEMENTED, "*");
    expect_number(p, 13, 8);
    expect_whatever(p);
    expect_alive(p);
}

/* Each time on a server that goes on: what one connection left behind would be the next one's trouble. */
static void at_each_byte(struct pair *pair, void (*end)(struct peer *p))
{
    record();
    for (size_t len = 0; len <= session.len; len++) {
        struct peer *p = peer_open(pair);
        assert_non_null(p);
        p->segment = len % 5 == 0 ? 1 : len % 97;
        peer_send_bytes(p, session.bytes, len);
        end(p);
        expect_usage(pair, 0, 0, 0);
        if (p->fate == PEER_HERE)
            peer_lose(p);
        pair_renew(pair);
    }
}

static void test_lost(struct pair *pair)
{
    at_each_byte(pair, peer_lose);
}

static void test_fin(struct pair *pair)
{
    at_each_byte(pair, peer_fin);
}

/* What is answered already still goes out after the client's FIN. */
static void test_fin_answers(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    p->take = 0;
    peer_call(p, 1, TINY, 5, "");
    test_app_status(GRAM_PENDING, NULL);
    peer_call(p, 3, TINY, 6, "");
    peer_fin(p);
    assert_int_equal(p->fate, PEER_HERE);
    assert_int_equal(test_app.closed, test_app.calls); /* the one that waits will not be answered */
    p->take = SIZE_MAX;
    pair_run(pair);
    expect_number(p, 1, 5);
    assert_int_equal(p->fate, PEER_DONE);
    assert_false(p->goaway);
}

/* The network stops taking anything at each byte of what the server says, and then the connection is lost. */
static void test_lost_sending(struct pair *pair)
{
    record();
    struct peer *whole = peer_open(pair);
    peer_send(whole, &session);
    size_t all = whole->in_len;
    assert_true(all > 200);
    peer_lose(whole);
    for (size_t take = 0; take <= all; take++) {
        struct peer *p = peer_open(pair);
        p->take = take;
        p->ack = take % 2;
        peer_send(p, &session);
        peer_lose(p);
        expect_usage(pair, 0, 0, 0);
        pair_renew(pair);
    }
}

/* One byte is another: whatever that means, the server keeps its promises. */
static void test_corrupted(struct pair *pair)
{
    struct test_random rnd;
    test_random_start(&rnd, "lost");
    for (unsigned pass = 0; pass < 3; pass++) {
        record();
        for (size_t i = 0; i < session.len; i++) {
            uint8_t was = session.bytes[i];
            struct peer *p = peer_open(pair);
            session.bytes[i] ^= (uint8_t)(pass == 0 ? 0xff : 1 + test_random_below(&rnd, 255));
            p->segment = pass == 1 ? 1 : 0;
            peer_send(p, &session);
            pair_sleep(pair, 10000);
            if (p->fate == PEER_HERE)
                peer_lose(p);
            session.bytes[i] = was;
            pair_renew(pair);
        }
    }
}

/* ---- a call is told its end with the reason, in each of its phases ---- */

static void closed_with(gram_status status)
{
    assert_int_equal(test_app.closed, test_app.calls);
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(-1)->status, status);
}

static void test_reset_in_each_phase(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    block.len = 0; /* headers */
    put_request(&block, TINY);
    peer_frame(p, GRAM_H2_HEADERS, 0, 1, block.bytes, 20);
    peer_frame(p, GRAM_H2_CONTINUATION, EH, 1, block.bytes + 20, block.len - 20);
    peer_rst(p, 1, GRAM_H2_CANCEL);
    peer_headers(p, 3, TINY, 0); /* its message */
    peer_frame(p, GRAM_H2_DATA, 0, 3, "\0\0\0", 3);
    peer_rst(p, 3, GRAM_H2_CANCEL);
    assert_int_equal(test_app.calls, 0);
    call_later(p, 5);
    peer_rst(p, 5, GRAM_H2_CANCEL);
    closed_with(GRAM_CANCELLED);
    peer_headers(p, 7, COLLECT, 0); /* a stream of messages */
    peer_message(p, 7, 1, "", 0, 0);
    peer_rst(p, 7, GRAM_H2_CANCEL);
    closed_with(GRAM_CANCELLED);
    peer_headers(p, 9, CHAT, 0);
    peer_message(p, 9, 1, "", 0, 0);
    peer_rst(p, 9, GRAM_H2_NO_ERROR);
    closed_with(GRAM_CANCELLED);
    test_app_status(GRAM_OK, NULL); /* a stream of replies */
    test_app_status(GRAM_WAIT, NULL);
    peer_call(p, 11, STREAM, 1, "");
    peer_rst(p, 11, GRAM_H2_CANCEL);
    closed_with(GRAM_CANCELLED);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0); /* a reply that is held, and half of it sent */
    peer_call(p, 13, UNARY, 1, "held");
    peer_window(p, 13, 4);
    peer_rst(p, 13, GRAM_H2_CANCEL);
    closed_with(GRAM_CANCELLED);
    block.len = 0; /* an answer in HTTP, before and while it goes out */
    put_index(&block, 2);
    put_index(&block, 6);
    put_index(&block, 4);
    peer_block(p, 15, &block, 0);
    peer_rst(p, 15, GRAM_H2_CANCEL);
    peer_block(p, 17, &block, ES);
    peer_window(p, 17, 4);
    peer_rst(p, 17, GRAM_H2_CANCEL);
    expect_usage(pair, 0, 0, 0);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65535);
    expect_whatever(p);
    expect_alive(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_whole),
        PAIR_TEST_OF(test_lost, test_app_intercepted),
        PAIR_TEST_OF(test_fin, test_app_intercepted),
        PAIR_TEST(test_fin_answers),
        PAIR_TEST(test_lost_sending),
        PAIR_TEST(test_corrupted),
        PAIR_TEST(test_reset_in_each_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
