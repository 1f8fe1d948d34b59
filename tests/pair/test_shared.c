/* What calls share: message buffers and held replies in turn, over connections; two servers share nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, LONG = GRAM_MESSAGE_SIZE - 5 };

static struct blob b;

/* A long message's beginning: what its window allows. */
static void begin_long(struct peer *p, uint32_t id, const char *path)
{
    b.len = 0;
    put_message(&b, (int32_t)id % 100, "", LONG - 2);
    assert_int_equal(b.len, GRAM_MESSAGE_SIZE);
    peer_headers(p, id, path, 0);
    peer_frame(p, GRAM_H2_DATA, 0, id, b.bytes, GRAM_INITIAL_WINDOW_SIZE);
}

/* Whether the client has been given the window for the rest. */
static bool may_go_on(const struct peer *p, uint32_t id)
{
    for (unsigned i = 0; i < p->frame_count; i++)
        if (p->frames[i].type == GRAM_H2_WINDOW_UPDATE && p->frames[i].id == id)
            return true;
    return false;
}

static void finish_long(struct peer *p, uint32_t id)
{
    b.len = 0;
    put_message(&b, (int32_t)id % 100, "", LONG - 2);
    assert_true(may_go_on(p, id));
    peer_frame(p, GRAM_H2_DATA, ES, id, b.bytes + GRAM_INITIAL_WINDOW_SIZE,
               GRAM_MESSAGE_SIZE - GRAM_INITIAL_WINDOW_SIZE);
    expect_number(p, id, (int32_t)id % 100);
}

/* One buffer: its waiters are given it in turn, and each hears of it without having to say anything. */
static void test_buffer_in_turn(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    begin_long(p, 1, TINY);
    begin_long(p, 3, TINY);
    expect_usage(pair, 2, 1, 0);
    assert_true(may_go_on(p, 1));
    assert_false(may_go_on(p, 3));
    pair_sleep(pair, 1000);
    assert_false(may_go_on(p, 3));
    finish_long(p, 1);
    expect_usage(pair, 1, 1, 0);
    finish_long(p, 3);
    expect_usage(pair, 0, 0, 0);
}

/* A client that leaves, or gives up, hands it on as well. */
static void test_buffer_given_up(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    begin_long(p, 1, TINY);
    begin_long(p, 3, TINY);
    peer_rst(p, 1, GRAM_H2_CANCEL);
    expect_usage(pair, 1, 1, 0);
    begin_long(p, 5, TINY);
    assert_false(may_go_on(p, 5));
    peer_rst(p, 5, GRAM_H2_CANCEL); /* one that waits leaves no claim behind */
    finish_long(p, 3);
    expect_usage(pair, 0, 0, 0);
    expect_whatever(p);
    expect_alive(p);
}

/* Short calls go on beside those that wait for it. */
static void test_buffer_and_short_calls(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    begin_long(p, 1, TINY);
    for (uint32_t id = 3; id < 99; id += 2) {
        peer_call(p, id, TINY, 1, "");
        expect_number(p, id, 1);
    }
    finish_long(p, 1);
}

/* Streams of long messages, each of which needs it: they alternate. */
static void test_buffer_streams(struct pair *pair)
{
    enum { COUNT = 20 };
    static size_t sent[2];
    struct peer *p = peer_ready(pair);
    static struct blob all;
    int64_t window[2] = {GRAM_INITIAL_WINDOW_SIZE, GRAM_INITIAL_WINDOW_SIZE};
    unsigned seen = p->frame_count;

    all.len = sent[0] = sent[1] = 0;
    for (unsigned i = 0; i < COUNT; i++)
        put_message(&all, 1, "", LONG - 2);
    peer_headers(p, 1, COLLECT, 0);
    peer_headers(p, 3, COLLECT, 0);
    for (unsigned idle = 0; sent[0] < all.len || sent[1] < all.len; idle++) {
        assert_true(idle < 4);
        for (unsigned i = 0; i < 2; i++) {
            size_t n = all.len - sent[i];
            n = (int64_t)n < window[i] ? n : (size_t)window[i];
            if (n == 0)
                continue;
            sent[i] += n;
            window[i] -= (int64_t)n;
            peer_frame(p, GRAM_H2_DATA, sent[i] == all.len ? ES : 0, 1 + 2 * i, all.bytes + sent[i] - n, n);
            idle = 0;
        }
        for (; seen < p->frame_count; seen++) {
            const struct frame *f = &p->frames[seen];
            if (f->type == GRAM_H2_WINDOW_UPDATE && f->id > 0)
                window[f->id / 2] += p->in[f->at + 2] << 8 | p->in[f->at + 3];
        }
    }
    expect_number(p, 1, COUNT);
    expect_number(p, 3, COUNT);
    expect_usage(pair, 0, 0, 0);
}

#if GRAM_MAX_CONCURRENT_STREAMS > 2
/* Whoever asks again is behind those that wait already. */
static void test_buffer_turn_is_kept(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    begin_long(p, 1, TINY);
    begin_long(p, 3, TINY);
    begin_long(p, 5, TINY);
    finish_long(p, 1);
    begin_long(p, 7, TINY); /* in the slot of the first */
    finish_long(p, 3);
    assert_true(may_go_on(p, 5));
    assert_false(may_go_on(p, 7));
    finish_long(p, 5);
    finish_long(p, 7);
}
#endif

#if GRAM_MAX_CONNECTIONS > 1
/* What time frees on one connection goes to the other in the same poll: nobody polls again for it. */
static void test_held_freed_by_time(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    peer_setting(q, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    peer_call(q, 1, UNARY, 1, "q");
    pair_sleep(pair, 1000);
    peer_call(p, 1, UNARY, 2, "p");
    assert_int_equal(test_app.calls, 1);
    uint32_t left = gram_server_poll(pair->server, pair->now + GRAM_STALL_MS - 1000);
    assert_int_equal(test_app.calls, 2);
    assert_int_equal(left, GRAM_STALL_MS);
    pair->now += GRAM_STALL_MS - 1000;
    pair_run(pair);
    peer_window(p, 1, 1000);
    expect_number(p, 1, 2);
}

static void test_buffer_over_connections(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);
    begin_long(p, 1, TINY);
    begin_long(p, 3, TINY);
    begin_long(q, 1, TINY);
    begin_long(q, 3, TINY);
    expect_usage(pair, 4, 1, 0);
    finish_long(p, 1);
    assert_true(may_go_on(p, 3) || may_go_on(q, 1));
    struct peer *next = may_go_on(p, 3) ? p : q;
    finish_long(next, next == p ? 3 : 1);
    while (gram_server_usage(pair->server).calls >
           0) { /* who is next is the server's affair; somebody always is */
        bool any = false;
        for (unsigned i = 0; i < 4; i++) {
            struct peer *who = i < 2 ? p : q;
            uint32_t id = 1 + 2 * (i % 2);
            if (peer_answer(who, id)->ended || !may_go_on(who, id))
                continue;
            finish_long(who, id);
            any = true;
        }
        assert_true(any);
    }
}

/* The client that has it is lost: the other connection's waiter gets it, without any input of its own. */
static void test_buffer_lost(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);
    begin_long(p, 1, TINY);
    begin_long(p, 3, TINY);
    begin_long(q, 1, TINY);
    peer_lose(p);
    expect_usage(pair, 1, 1, 0);
    finish_long(q, 1);
}

static void test_held_over_connections(struct pair *pair)
{
    struct peer *p = peer_ready(pair), *q = peer_ready(pair);
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    peer_setting(q, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    peer_call(p, 1, UNARY, 1, "p");
    peer_call(q, 1, UNARY, 2, "q");
    expect_usage(pair, 2, 0, 1);
    peer_window(p, 1, 1000);
    expect_number(p, 1, 1);
    expect_usage(pair, 1, 0, 1);
    peer_window(q, 1, 1000);
    expect_number(q, 1, 2);
    peer_call(p, 3, UNARY, 3, "p");
    peer_call(q, 3, UNARY, 4, "q");
    peer_lose(p);
    expect_usage(pair, 1, 0, 1);
    peer_window(q, 3, 1000);
    expect_number(q, 3, 4);
}

#endif

/* ---- places for connections ---- */

/* Beyond GRAM_MAX_CONNECTIONS there is no place while all have something to do; one that leaves makes one. */
static void test_places(struct pair *pair)
{
    struct peer *p[GRAM_MAX_CONNECTIONS];
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        p[i] = peer_ready(pair);
        call_later(p[i], 1);
    }
    assert_null(peer_open(pair));
    assert_null(peer_open(pair));
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++)
        assert_int_equal(p[i]->fate, PEER_HERE);
    peer_lose(p[0]);
    expect_alive(peer_ready(pair));
}

/* One that has had its calls gives way at once, the one that has been idle longest first; one that is
 * about to begin is given time. */
static void test_gives_way(struct pair *pair)
{
    struct peer *p[GRAM_MAX_CONNECTIONS], *q;
    for (unsigned i = GRAM_MAX_CONNECTIONS; i-- > 0;) {
        p[i] = peer_ready(pair);
        expect_alive(p[i]);
        pair_sleep(pair, 1000);
    }
    assert_null(peer_open(pair));
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++)
        assert_int_equal(p[i]->fate, i == GRAM_MAX_CONNECTIONS - 1 ? PEER_DONE : PEER_HERE);
    expect_goaway(p[GRAM_MAX_CONNECTIONS - 1], GRAM_H2_NO_ERROR, "gave way");
    q = peer_open(pair);
    assert_non_null(q);
    for (unsigned i = 0; i + 1 < GRAM_MAX_CONNECTIONS; i++)
        peer_lose(p[i]);
    for (unsigned i = 1; i < GRAM_MAX_CONNECTIONS; i++) /* full of clients that have just come */
        p[i] = peer_open(pair);
    assert_null(peer_open(pair));
    assert_int_equal(q->fate, PEER_HERE);
    pair_sleep(pair, GRAM_GIVE_WAY_MS - 1);
    assert_null(peer_open(pair));
    assert_int_equal(q->fate, PEER_HERE);
    pair_sleep(pair, 1);
    assert_null(peer_open(pair));
    assert_int_equal(q->fate, PEER_DONE);
}

/* One that gave way and whose network takes nothing any more is dropped in time, as every other end; and
 * not before. */
static void test_gives_way_in_vain(struct pair *pair)
{
    struct peer *p = NULL;
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        struct peer *q = peer_ready(pair);
        expect_alive(q);
        p = p ? p : q;
        pair_sleep(pair, 10);
    }
    pair_sleep(pair, 3600000);
    p->take = 0;
    assert_null(peer_open(pair));
    assert_int_equal(gram_conn_phase(p->conn), GRAM_CONN_DONE);
    pair_sleep(pair, GRAM_LINGER_MS - 1);
    assert_int_equal(p->fate, PEER_HERE);
    pair_sleep(pair, 1);
    assert_int_equal(p->fate, PEER_DROPPED);
    expect_alive(peer_ready(pair));
}

/* Two servers in one program: calls in both at once, one of them ended in the midst of it. */
static void test_two_servers(struct pair *pair)
{
    static struct pair other;
    struct peer *p = peer_ready(pair);
    pair_open(&other, &test_app_plain);
    struct peer *q = peer_ready(&other);
    call_later(p, 1);
    gram_call_ref ours = test_app.ref;
    test_app_status(GRAM_PENDING, NULL);
    peer_call(q, 1, TINY, 2, "");
    gram_call_ref theirs = test_app.ref;
    begin_long(p, 3, TINY);
    begin_long(q, 3, TINY);
    expect_usage(pair, 2, 1, 0);
    expect_usage(&other, 2, 1, 0);
    gram_call_wake(theirs);
    assert_false(gram_server_awake(pair->server));
    pair_run(&other);
    expect_number(q, 1, 0);
    expect_pending(p, 1);
    finish_long(q, 3);
    begin_long(q, 5, TINY);
    peer_frame(q, GRAM_H2_DATA, 0, 0, NULL, 0);
    assert_int_equal(q->fate, PEER_DONE);
    expect_usage(&other, 0, 0, 0);
    expect_usage(pair, 2, 1, 0);
    gram_call_wake(ours);
    pair_run(pair);
    expect_number(p, 1, 0);
    finish_long(p, 3);
    pair_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_buffer_in_turn),
        PAIR_TEST(test_buffer_given_up),
        PAIR_TEST(test_buffer_and_short_calls),
        PAIR_TEST(test_buffer_streams),
#if GRAM_MAX_CONCURRENT_STREAMS > 2
        PAIR_TEST(test_buffer_turn_is_kept),
#endif
#if GRAM_MAX_CONNECTIONS > 1
        PAIR_TEST(test_held_freed_by_time),
        PAIR_TEST(test_buffer_over_connections),
        PAIR_TEST(test_buffer_lost),
        PAIR_TEST(test_held_over_connections),
#endif
        PAIR_TEST(test_places),
        PAIR_TEST(test_gives_way),
        PAIR_TEST(test_gives_way_in_vain),
        PAIR_TEST(test_two_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
