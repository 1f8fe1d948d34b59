/* DATA and HEADERS by the state of the stream that they are for (RFC 9113 5.1), and streams beyond the limit
 * (5.1.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS };

static struct blob b;

/* A call on that stream which has been asked and will answer later: its request has ended. */
static void pending(struct peer *p, uint32_t id)
{
    call_later(p, id);
    expect_nothing(p);
}

/* ---- DATA and HEADERS by the state of their stream (5.1) ---- */

static void test_data_states(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    pending(p, 1);
    peer_frame(p, GRAM_H2_DATA, 0, 1, "x", 1); /* half-closed (remote) */
    expect_rst(p, 1, GRAM_H2_STREAM_CLOSED);
    peer_frame(p, GRAM_H2_DATA, 0, 1, "x", 1); /* reset by us: may have been under way */
    peer_frame(p, GRAM_H2_DATA, ES, 1, NULL, 0);
    expect_nothing(p);
    peer_call(p, 3, TINY, 1, "");
    expect_whatever(p);
    peer_frame(p, GRAM_H2_DATA, 0, 3, "x", 1); /* ended both ways */
    expect_rst(p, 3, GRAM_H2_STREAM_CLOSED);
    peer_headers(p, 5, TINY, 0);
    peer_rst(p, 5, GRAM_H2_CANCEL);
    peer_frame(p, GRAM_H2_DATA, 0, 5, "x", 1); /* reset by the client itself */
    expect_rst(p, 5, GRAM_H2_STREAM_CLOSED);
    expect_alive(p);
    expect_frame_ends(pair, GRAM_H2_DATA, 0, 1, 1, GRAM_H2_PROTOCOL_ERROR);
    expect_frame_ends(pair, GRAM_H2_DATA, 0, 0, 1, GRAM_H2_PROTOCOL_ERROR);
    expect_frame_ends(pair, GRAM_H2_DATA, 0, 2, 1, GRAM_H2_PROTOCOL_ERROR);
}

/* A request that we ended early: what was under way does no harm, whichever way the client ends it. */
static void test_early_end(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, "/no/such", 0);
    expect_only_trailers(p, 1, GRAM_UNIMPLEMENTED, "*");
    assert_true(peer_answer(p, 1)->reset);
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_NO_ERROR);
    expect_whatever(p);
    peer_message(p, 1, 1, "late", 0, 0);
    peer_frame(p, GRAM_H2_DATA, ES, 1, NULL, 0);
    peer_rst(p, 1, GRAM_H2_NO_ERROR);
    peer_rst(p, 1, GRAM_H2_CANCEL);
    b.len = 0;
    put_insert(&b, "x-late", "trailers"); /* decoded all the same: the table stays in step */
    peer_block(p, 1, &b, ES);
    expect_nothing(p);
    b.len = 0;
    put_index(&b, 62);
    put_request(&b, TINY);
    peer_block(p, 3, &b, 0);
    /* a regular field before the pseudo-headers, and not COMPRESSION_ERROR */
    expect_rst(p, 3, GRAM_H2_PROTOCOL_ERROR);
    expect_alive(p);
}

static void test_headers_states(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    pending(p, 1);
    b.len = 0;
    put_insert(&b, "x-1", "1");
    peer_block(p, 1, &b, ES); /* half-closed (remote) */
    expect_rst(p, 1, GRAM_H2_STREAM_CLOSED);
    peer_block(p, 1, &b, ES); /* reset by us */
    expect_nothing(p);
    peer_headers(p, 3, TINY, 0);
    peer_rst(p, 3, GRAM_H2_CANCEL);
    peer_block(p, 3, &b, ES); /* reset by the client */
    expect_rst(p, 3, GRAM_H2_STREAM_CLOSED);
    b.len = 0;
    put_request(&b, TINY);
    put_index(&b, 64); /* three fields are in the table by now */
    peer_block(p, 5, &b, 0);
    peer_message(p, 5, 2, "", 0, ES);
    expect_number(p, 5, 2);
    expect_whatever(p);
    peer_headers(p, 5, TINY, ES); /* ended both ways */
    expect_goaway(p, GRAM_H2_STREAM_CLOSED, NULL);
    p = peer_ready(pair);
    peer_call(p, 7, TINY, 1, "");
    expect_whatever(p);
    peer_headers(p, 3, TINY, 0); /* lower than the last */
    expect_goaway(p, GRAM_H2_PROTOCOL_ERROR, NULL);
    expect_frame_ends(pair, GRAM_H2_HEADERS, EH, 2, 1, GRAM_H2_PROTOCOL_ERROR);
    expect_frame_ends(pair, GRAM_H2_HEADERS, EH, 0, 1, GRAM_H2_PROTOCOL_ERROR);
}

/* ---- streams beyond the limit (5.1.2) ---- */

static void test_refused(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++, id += 2)
        pending(p, id);
    b.len = 0;
    put_request(&b, TINY);
    put_insert(&b, "grpc-timeout", "1H");
    peer_frame(p, GRAM_H2_HEADERS, 0, id, b.bytes, 20);
    expect_nothing(p); /* when the block is complete */
    peer_frame(p, GRAM_H2_CONTINUATION, EH, id, b.bytes + 20, b.len - 20);
    expect_rst(p, id, GRAM_H2_REFUSED_STREAM);
    peer_message(p, id, 1, "", 0, ES);
    expect_nothing(p);
    assert_int_equal(test_app.calls, GRAM_MAX_CONCURRENT_STREAMS);
    peer_rst(p, 1, GRAM_H2_CANCEL);
    b.len = 0;
    put_request(&b, TINY);
    put_index(&b, 62); /* what the refused one inserted is there */
    peer_block(p, id + 2, &b, 0);
    peer_message(p, id + 2, 8, "", 0, ES);
    expect_number(p, id + 2, 8);
    expect_alive(p);
}

/* Before our SETTINGS are known a client may open as many as it likes: each surplus one is refused, none
 * ends the connection. */
static void test_refused_before_settings(struct pair *pair)
{
    static struct blob fields;
    struct peer *p = peer_early(pair);
    for (unsigned i = 0; i < 100; i++) {
        fields.len = 0;
        put_request(&fields, TINY);
        peer_block(p, 2 * i + 1, &fields, 0);
    }
    assert_int_equal(p->fate, PEER_HERE);
    for (uint32_t id = 1; id < 200; id += 2) {
        bool refused = id > 2 * GRAM_MAX_CONCURRENT_STREAMS;
        assert_int_equal(peer_answer(p, id)->reset, refused);
        if (refused)
            assert_int_equal(peer_answer(p, id)->reset_code, GRAM_H2_REFUSED_STREAM);
        else
            peer_message(p, id, (int32_t)id, "", 0, ES);
    }
    for (uint32_t id = 1; id < 2 * GRAM_MAX_CONCURRENT_STREAMS; id += 2)
        expect_number(p, id, (int32_t)id);
    peer_frame(p, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
    expect_whatever(p);
    expect_alive(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_data_states),
        PAIR_TEST(test_early_end),
        PAIR_TEST(test_headers_states),
        PAIR_TEST(test_refused),
        PAIR_TEST(test_refused_before_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
