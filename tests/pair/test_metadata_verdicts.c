/* What judges said and holds no longer (gram_server_forget_verdicts): nobody gets in by it any more, and nobody else notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "metadata_app.h"

static struct blob b;

#if GRAM_METADATA_SIZE > 0

static struct blob frame;

enum { ES = GRAM_H2_FLAG_END_STREAM };


static void headers(struct peer *p, uint32_t id, const char *path, const char *secret)
{
    b.len = 0;
    put_request(&b, path);
    if (secret)
        put_literal(&b, ADDED, 0, "x-judged", secret, strlen(secret));
    peer_block(p, id, &b, 0);
}

static void ask(struct peer *p, uint32_t id, const char *secret)
{
    metadata_seen[0] = '\0';
    headers(p, id, TINY, secret);
    peer_message(p, id, 5, "", 0, ES);
}

static void forget(struct pair *pair)
{
    gram_server_forget_verdicts(pair->server);
    pair_run(pair);
}

/* Only connections on which a judge has spoken end; calls that a handler has seen finish first. */
static void test_judged_ones_end(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    ask(p, 1, "a");
    expect_number(p, 1, 5);
    assert_string_not_equal(metadata_seen, "");
    test_app_status(GRAM_PENDING, NULL);
    headers(p, 3, TINY, "a");
    peer_message(p, 3, 6, "", 0, ES);
    forget(pair);
    assert_true(p->goaway);
    assert_int_equal(p->goaway_code, GRAM_H2_NO_ERROR);
    assert_int_equal(p->goaway_last, 3);
    assert_string_equal(p->goaway_reason, "verdicts have changed");
    assert_int_equal(p->fate, PEER_HERE);
    ask(p, 5, "a"); /* beyond: the client takes it elsewhere */
    expect_pending(p, 5);
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_number(p, 3, 0);
    assert_int_equal(p->fate, PEER_DONE);
    assert_int_equal(test_app.calls, 2);
    expect_usage(pair, 0, 0, 0);
}

static void test_others_stay(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    ask(p, 1, NULL);
    expect_number(p, 1, 5);
    forget(pair);
    assert_false(p->goaway);
    expect_alive(p);
}

/* A call that was judged, and had no room to begin: its handler must not see it. */
static void test_judged_and_waiting(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    p->take = 0;
    peer_call(p, 1, STREAM, 100000, ""); /* fills the transmit buffer, but for one answer */
    peer_ping(p);
    peer_ping(p);
    headers(p, 3, TINY, "a");
    expect_usage(pair, 2, 0, 0);
    forget(pair);
    p->take = SIZE_MAX;
    pair_run(pair);
    expect_only_trailers(p, 3, GRAM_UNAVAILABLE, "verdicts have changed");
    assert_int_equal(test_app.calls, 1);
    assert_true(p->goaway);
}

/* A block that has begun; and a call that begins before the GOAWAY could be written. */
static void test_judged_and_reading(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    b.len = 0;
    put_request(&b, TINY);
    put_literal(&b, ADDED, 0, "x-judged", "a", 1);
    peer_frame(p, GRAM_H2_HEADERS, 0, 1, b.bytes, b.len);
    gram_server_forget_verdicts(pair->server);
    peer_frame(p, GRAM_H2_CONTINUATION, GRAM_H2_FLAG_END_HEADERS, 1, "", 0);
    expect_only_trailers(p, 1, GRAM_UNAVAILABLE, "verdicts have changed");
    assert_int_equal(test_app.calls, 0);
    expect_usage(pair, 0, 0, 0);
}

/* Half of the first value that is ever judged: it would be judged by half of what held before. */
static void test_half_judged(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    b.len = 0;
    put_request(&b, TINY);
    put_literal(&b, ADDED, 0, "x-judged", "secret", 6);
    peer_frame(p, GRAM_H2_HEADERS, 0, 1, b.bytes, b.len - 3);
    gram_server_forget_verdicts(pair->server);
    peer_frame(p, GRAM_H2_CONTINUATION, GRAM_H2_FLAG_END_HEADERS, 1, b.bytes + b.len - 3, 3);
    expect_only_trailers(p, 1, GRAM_UNAVAILABLE, "verdicts have changed");
    assert_int_equal(test_app.calls, 0);
    assert_true(p->goaway);
}

static void test_judged_before_goaway(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    ask(p, 1, "a");
    expect_number(p, 1, 5);
    gram_server_forget_verdicts(pair->server);
    b.len = 0;
    put_request(&b, TINY);
    put_index(&b, 62); /* the value judged before */
    frame.len = 0;
    put_frame(&frame, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS, 3, b.bytes, b.len);
    peer_queue(p, frame.bytes, frame.len); /* read before the poll that writes the GOAWAY */
    pair_run(pair);
    expect_only_trailers(p, 3, GRAM_UNAVAILABLE, "verdicts have changed");
    assert_int_equal(test_app.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_OF(test_judged_ones_end, metadata_app),    PAIR_TEST_OF(test_others_stay, metadata_app),
        PAIR_TEST_OF(test_judged_and_waiting, metadata_app), PAIR_TEST_OF(test_judged_and_reading, metadata_app),
        PAIR_TEST_OF(test_half_judged, metadata_app),        PAIR_TEST_OF(test_judged_before_goaway, metadata_app),
    };

    metadata_app_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Without metadata there are no judges. */
static void test_left_out(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    b.len = 0;
    put_request(&b, TINY);
    put_literal(&b, ADDED, 0, "x-judged", "a", 1);
    peer_block(p, 1, &b, 0);
    peer_message(p, 1, 5, "", 0, GRAM_H2_FLAG_END_STREAM);
    expect_number(p, 1, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = { PAIR_TEST(test_left_out) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
