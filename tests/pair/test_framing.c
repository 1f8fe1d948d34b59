/* Messages out of DATA: prefixes, lengths, what may not be decoded (gRPC over HTTP/2,
 * "Length-Prefixed-Message"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "test_messages.h"

enum { ES = GRAM_H2_FLAG_END_STREAM };

static struct blob b;

/* A request of these bytes, whole, and in DATA frames of one byte: the same answer. */
static void answers(struct pair *pair, const char *path, gram_status status)
{
    for (unsigned bytewise = 0; bytewise < 2; bytewise++) {
        struct peer *p = peer_ready(pair);
        static struct blob frames;
        frames.len = 0;
        peer_headers(p, 1, path, 0);
        for (size_t at = 0; bytewise && at + 1 < b.len; at++)
            put_frame(&frames, GRAM_H2_DATA, 0, 1, b.bytes + at, 1);
        if (bytewise && b.len > 0)
            put_frame(&frames, GRAM_H2_DATA, ES, 1, b.bytes + b.len - 1, 1);
        else
            put_frame(&frames, GRAM_H2_DATA, ES, 1, b.bytes, b.len);
        peer_send(p, &frames);
        expect_status(p, 1, status, status == GRAM_OK ? NULL : "*");
        expect_usage(pair, 0, 0, 0);
        expect_whatever(p);
        expect_alive(p);
        peer_lose(p);
    }
}

static void test_count(struct pair *pair)
{
    b.len = 0;
    answers(pair, TINY, GRAM_UNIMPLEMENTED);
    answers(pair, STREAM, GRAM_UNIMPLEMENTED);
    put_message(&b, 1, "", 0);
    answers(pair, TINY, GRAM_OK);
    answers(pair, STREAM, GRAM_OK);
    put_message(&b, 1, "", 0);
    answers(pair, TINY, GRAM_UNIMPLEMENTED);
    answers(pair, STREAM, GRAM_UNIMPLEMENTED);
    b.len = 0; /* one that is empty is one all the same */
    put_message(&b, 0, "", 0);
    answers(pair, TINY, GRAM_OK);
    put_byte(&b, 0);
    answers(pair, TINY, GRAM_UNIMPLEMENTED);
}

/* The second message shows itself before the request has ended. */
static void test_second_at_once(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, TINY, 0);
    peer_message(p, 1, 1, "", 0, 0);
    peer_message(p, 1, 2, "", 0, 0);
    expect_only_trailers(p, 1, GRAM_UNIMPLEMENTED, "*");
    assert_int_equal(test_app.asked_len, 0);
    expect_whatever(p);
    expect_alive(p);
}

static void test_cut_short(struct pair *pair)
{
    static struct blob whole;
    whole.len = 0;
    put_message(&whole, 1, "cut", 0);
    for (size_t len = 1; len < whole.len; len++) {
        b.len = 0;
        put(&b, whole.bytes, len);
        answers(pair, TINY, GRAM_INTERNAL);
        if (len < 5)
            answers(pair, COLLECT, GRAM_INTERNAL);
    }
    answers(pair, COLLECT, GRAM_INTERNAL);
    b.len = 0; /* after whole ones */
    put(&b, whole.bytes, whole.len);
    put(&b, whole.bytes, 3);
    answers(pair, COLLECT, GRAM_INTERNAL);
    answers(pair, CHAT, GRAM_INTERNAL);
}

static void test_flag(struct pair *pair)
{
    for (unsigned flag = 1; flag < 256; flag += 127) {
        b.len = 0;
        put_prefix(&b, flag, 2);
        put(&b, "\x08\x01", 2);
        answers(pair, TINY, GRAM_INTERNAL);
        answers(pair, COLLECT, GRAM_INTERNAL);
        answers(pair, STREAM, GRAM_INTERNAL);
    }
    assert_int_equal(test_app_count(GRAM_ON_MESSAGE), 0);
}

static void test_bad_protobuf(struct pair *pair)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x08", 1},                                              /* no value */
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12}, /* a varint of 11 bytes */
        {"\x12\x05hi", 4},                                        /* longer than the message */
        {"\x12\xff\xff\xff\xff\x0f", 6},                          /* much longer */
        {"\x0f", 1},                                              /* wire type 7 */
        {"\x0b", 1},                                              /* a group begins */
        {"\x00", 1},                                              /* field 0 */
        {"\x12\x02\xc3\x28", 4},                                  /* not UTF-8 */
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        b.len = 0;
        put_prefix(&b, 0, (uint32_t)bad[i].len);
        put(&b, bad[i].bytes, bad[i].len);
        answers(pair, TINY, GRAM_INTERNAL);
        answers(pair, STREAM, GRAM_INTERNAL);
        answers(pair, COLLECT, GRAM_INTERNAL);
    }
    assert_int_equal(test_app_count(GRAM_ON_MESSAGE), 0);
}

static char long_text[600];

/* Longer than the .options' bound: the client's argument is invalid, with nanopb's reason. */
static void test_bound(struct pair *pair)
{
    enum { BOUND = sizeof(((struct test_request *)0)->text) };
    memset(long_text, 't', sizeof long_text - 1);
    b.len = 0;
    long_text[BOUND - 1] = '\0';
    put_message(&b, 1, long_text, 0);
    answers(pair, UNARY, GRAM_OK);
    long_text[BOUND - 1] = 't';
    long_text[BOUND] = '\0';
    b.len = 0;
    put_message(&b, 1, long_text, 0);
    answers(pair, UNARY, GRAM_INVALID_ARGUMENT);
    answers(pair, COLLECT, GRAM_INVALID_ARGUMENT);
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, UNARY, 0);
    peer_frame(p, GRAM_H2_DATA, ES, 1, b.bytes, b.len);
    expect_status(p, 1, GRAM_INVALID_ARGUMENT, "string overflow");
}

/* Over the method's limit: known from the prefix alone, and no buffer is claimed for it. */
static void test_too_long(struct pair *pair)
{
    b.len = 0;
    put_message(&b, 1, "", SHORT_MAX - 2);
    answers(pair, SHORT, GRAM_OK);
    b.len = 0;
    put_message(&b, 1, "", SHORT_MAX - 1);
    answers(pair, SHORT, GRAM_RESOURCE_EXHAUSTED);
    b.len = 0;
    put_prefix(&b, 0, SHORT_MAX + 1);
    answers(pair, SHORT, GRAM_RESOURCE_EXHAUSTED);
    b.len = 0;
    put_prefix(&b, 0, GRAM_MESSAGE_SIZE - 5 + 1);
    answers(pair, TINY, GRAM_RESOURCE_EXHAUSTED);
    answers(pair, COLLECT, GRAM_RESOURCE_EXHAUSTED);
    b.len = 0;
    put_prefix(&b, 0, 0xffffffff);
    answers(pair, TINY, GRAM_RESOURCE_EXHAUSTED);
    answers(pair, CHAT, GRAM_RESOURCE_EXHAUSTED);
    b.len = 0;
    put_prefix(&b, 1, 0xffffffff);
    answers(pair, TINY, GRAM_INTERNAL);
    assert_int_equal(test_app_count(GRAM_ON_MESSAGE), 0);
}

/* The prefix comes alone: the answer does not wait for what follows it. */
static void test_too_long_at_once(struct pair *pair)
{
    for (unsigned cut = 1; cut <= 5; cut++) {
        struct peer *p = peer_ready(pair);
        b.len = 0;
        put_prefix(&b, 0, 5000000);
        peer_headers(p, 1, TINY, 0);
        peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, cut);
        peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes + cut, 5 - cut);
        expect_only_trailers(p, 1, GRAM_RESOURCE_EXHAUSTED, "*");
        assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_NO_ERROR);
        peer_lose(p);
    }
}

/* The longest that this configuration takes, and the one byte less that needs no large buffer: cut into
 * frames of every length. */
static void test_longest(struct pair *pair)
{
    static const size_t lengths[] = {GRAM_INITIAL_WINDOW_SIZE - 6, GRAM_INITIAL_WINDOW_SIZE - 5,
                                     GRAM_INITIAL_WINDOW_SIZE - 4, GRAM_MESSAGE_SIZE - 6,
                                     GRAM_MESSAGE_SIZE - 5};
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (size_t frame = 1; frame < GRAM_INITIAL_WINDOW_SIZE; frame = frame * 2 + 1) {
            struct peer *p = peer_ready(pair);
            int64_t window = GRAM_INITIAL_WINDOW_SIZE;
            unsigned seen = p->frame_count;
            b.len = 0;
            put_message(&b, 77, "", lengths[i] - 2);
            assert_int_equal(b.len, 5 + lengths[i]);
            peer_headers(p, 1, TINY, 0);
            for (size_t at = 0; at < b.len;) { /* as an ordinary client sends: what its window allows */
                size_t n = b.len - at < frame ? b.len - at : frame;
                n = (int64_t)n < window ? n : (size_t)window;
                if (n == 0)
                    fail_msg("message of %zu bytes, frames of %zu: no window after %zu", lengths[i], frame,
                             at);
                window -= (int64_t)n;
                peer_frame(p, GRAM_H2_DATA, at + n == b.len ? ES : 0, 1, b.bytes + at, n);
                at += n;
                for (; seen < p->frame_count; seen++)
                    if (p->frames[seen].type == GRAM_H2_WINDOW_UPDATE && p->frames[seen].id == 1)
                        window +=
                            (int64_t)(p->in[p->frames[seen].at + 2] << 8 | p->in[p->frames[seen].at + 3]);
            }
            expect_number(p, 1, 77);
            expect_usage(pair, 0, 0, 0);
            peer_lose(p);
        }
    }
}

/* Many messages in one frame, whole and in small pieces. */
static void test_many_in_one(struct pair *pair)
{
    struct reply r;
    for (size_t segment = 0; segment < 9; segment++) {
        struct peer *p = peer_ready(pair);
        b.len = 0;
        unsigned n = 0;
        for (; b.len + 7 <= GRAM_INITIAL_WINDOW_SIZE; n++)
            put_message(&b, 1, "", 0);
        p->segment = segment;
        peer_headers(p, 1, COLLECT, 0);
        peer_frame(p, GRAM_H2_DATA, ES, 1, b.bytes, b.len);
        expect_number(p, 1, (int32_t)n);
        peer_headers(p, 3, CHAT, 0);
        peer_frame(p, GRAM_H2_DATA, ES, 3, b.bytes, b.len);
        expect_status(p, 3, GRAM_OK, NULL);
        assert_int_equal(answer_replies(peer_answer(p, 3)), n);
        assert_true(answer_reply(peer_answer(p, 3), n - 1, &r));
        peer_lose(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_count),       PAIR_TEST(test_second_at_once),   PAIR_TEST(test_cut_short),
        PAIR_TEST(test_flag),        PAIR_TEST(test_bad_protobuf),     PAIR_TEST(test_bound),
        PAIR_TEST(test_too_long),    PAIR_TEST(test_too_long_at_once), PAIR_TEST(test_longest),
        PAIR_TEST(test_many_in_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
