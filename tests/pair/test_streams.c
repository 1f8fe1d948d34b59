/* The kinds of call that stream: who is asked what, and when (gram/service.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM };

static struct blob b;

static void asked(const char *expected)
{
    static const char letters[] = {
        [GRAM_ON_OPEN] = 'o',       [GRAM_ON_RESUME] = 'r', [GRAM_ON_MESSAGE] = 'm',
        [GRAM_ON_HALF_CLOSE] = 'h', [GRAM_ON_NEXT] = 'n',   [GRAM_ON_CLOSED] = 'c'};
    char got[TEST_ASKED + 1];
    unsigned i;
    for (i = 0; i < test_app.asked_len; i++)
        got[i] = letters[test_app.asked[i].event];
    got[i] = '\0';
    assert_string_equal(got, expected);
}

static void wake(struct pair *pair)
{
    gram_call_wake(test_app.ref);
    pair_run(pair);
}

static void numbers(struct peer *p, uint32_t id, unsigned count)
{
    struct reply r;
    assert_int_equal(answer_replies(peer_answer(p, id)), count);
    for (unsigned i = 0; i < count; i++) {
        assert_true(answer_reply(peer_answer(p, id), i, &r));
        assert_int_equal(r.number, i);
    }
}

/* ---- server streaming ---- */

static void test_server(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    for (unsigned count = 0; count < 60; count += 7) {
        uint32_t id = p->last_id + (p->last_id ? 2 : 1);
        peer_call(p, id, STREAM, (int32_t)count, "");
        expect_status(p, id, GRAM_OK, NULL);
        numbers(p, id, count);
    }
}

static void test_server_events(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 0});
    test_app_status(GRAM_WAIT, NULL);
    test_app_status(GRAM_WAIT, NULL);
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 1});
    test_app_status(GRAM_DONE, NULL);
    peer_call(p, 1, STREAM, 1, "");
    asked("onn");
    numbers(p, 1, 1); /* what is there goes out at once */
    assert_false(peer_answer(p, 1)->ended);
    pair_sleep(pair, 100000);
    asked("onn");
    wake(pair);
    asked("onnn");
    wake(pair);
    asked("onnnnnc");
    expect_status(p, 1, GRAM_OK, NULL);
    numbers(p, 1, 2);
}

static void test_server_delay(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    for (int i = 0; i < 5; i++) {
        test_app_answer((struct test_answer){.status = GRAM_MORE, .number = i});
        test_app_answer((struct test_answer){.status = GRAM_WAIT, .sleep = 1000});
    }
    test_app_status(GRAM_DONE, NULL);
    peer_call(p, 1, STREAM, 1, "");
    for (unsigned i = 1; i <= 5; i++) {
        numbers(p, 1, i);
        pair_sleep(pair, 999);
        numbers(p, 1, i);
        pair_sleep(pair, 1);
    }
    expect_status(p, 1, GRAM_OK, NULL);
}

static void test_server_refuses(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_NOT_FOUND, "no such");
    peer_call(p, 1, STREAM, 1, "");
    expect_only_trailers(p, 1, GRAM_NOT_FOUND, "no such");
    asked("oc");
}

/* A stream sleeps beside calls that do not. */
static void test_beside(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    peer_call(p, 1, STREAM, 1, "");
    gram_call_ref stream = test_app.ref;
    for (uint32_t id = 3; id < 30; id += 2) {
        peer_call(p, id, TINY, (int32_t)id, "");
        expect_number(p, id, (int32_t)id);
    }
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 0});
    test_app_status(GRAM_DONE, NULL);
    gram_call_wake(stream);
    pair_run(pair);
    expect_number(p, 1, 0);
}

/* ---- client streaming ---- */

static void test_client(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, COLLECT, 0);
    asked("o"); /* before the first message */
    for (int i = 0; i < 100; i++)
        peer_message(p, 1, i, "m", 0, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(test_app_asked(1 + i)->event, GRAM_ON_MESSAGE);
        assert_int_equal(test_app_asked(1 + i)->number, i);
    }
    assert_int_equal(peer_answer(p, 1)->blocks, 0);
    peer_frame(p, GRAM_H2_DATA, ES, 1, NULL, 0);
    expect_number(p, 1, 100);
    assert_int_equal(test_app_asked(-2)->event, GRAM_ON_HALF_CLOSE);
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
}

static void test_client_empty(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, COLLECT, ES);
    expect_number(p, 1, 0);
    asked("ohc");
}

static void test_client_error(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_INVALID_ARGUMENT, "the second");
    peer_headers(p, 1, COLLECT, 0);
    b.len = 0;
    for (int i = 0; i < 3; i++)
        put_message(&b, i, "", 0);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, b.len);
    expect_only_trailers(p, 1, GRAM_INVALID_ARGUMENT, "the second");
    asked("ommc");
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_NO_ERROR);
    expect_whatever(p);
    expect_alive(p);
    test_app_reset();
    test_app_status(GRAM_UNAVAILABLE, NULL); /* at once */
    peer_headers(p, 99, COLLECT, 0);
    expect_only_trailers(p, 99, GRAM_UNAVAILABLE, NULL);
    asked("oc");
}

/* A message that the handler cannot take yet comes again, the same; meanwhile the client's window closes,
 * and nothing of it is lost. */
static void test_client_waits(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    test_app_status(GRAM_WAIT, NULL);
    peer_headers(p, 1, COLLECT, 0);
    b.len = 0;
    unsigned n = 0;
    for (; b.len + 7 <= GRAM_INITIAL_WINDOW_SIZE; n++)
        put_message(&b, 100, "", 0);
    peer_frame(p, GRAM_H2_DATA, 0, 1, b.bytes, b.len);
    asked("om");
    for (unsigned i = 0; i < p->frame_count; i++)
        assert_false(p->frames[i].type == GRAM_H2_WINDOW_UPDATE && p->frames[i].id == 1);
    pair_sleep(pair, 30000); /* a handler may take its time */
    wake(pair);
    asked("omm");
    wake(pair);
    assert_int_equal(test_app.asked_len, 3 + n);
    for (unsigned i = 1; i < test_app.asked_len; i++)
        assert_int_equal(test_app_asked((int)i)->number, 100);
    peer_frame(p, GRAM_H2_DATA, ES, 1, NULL, 0);
    expect_number(p, 1, (int32_t)n);
}

static uint32_t bytes_in;

static void look_at_bytes(gram_call *call)
{
    bytes_in = gram_call_bytes_in(call);
}

/* The client has ended while a message still waits. */
static void test_client_waits_at_end(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_answer((struct test_answer){.status = GRAM_WAIT, .sleep = 100});
    test_app_status(GRAM_OK, NULL);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 1, .hook = look_at_bytes});
    peer_headers(p, 1, COLLECT, 0);
    peer_message(p, 1, 5, "", 0, ES);
    asked("om");
    pair_sleep(pair, 100);
    asked("ommhc");
    expect_number(p, 1, 1);
    assert_int_equal(bytes_in, 2); /* it came twice, and is counted once */
}

/* ---- both ---- */

static void test_ping_pong(struct pair *pair)
{
    struct reply r;
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, CHAT, 0);
    for (unsigned i = 0; i < 50; i++) {
        peer_message(p, 1, (int32_t)i, "", 0, 0);
        assert_int_equal(answer_replies(peer_answer(p, 1)), i + 1);
        assert_true(answer_reply(peer_answer(p, 1), i, &r));
        assert_int_equal(r.number, i);
    }
    peer_frame(p, GRAM_H2_DATA, ES, 1, NULL, 0);
    expect_status(p, 1, GRAM_OK, NULL);
}

static void test_bidi_events(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, SMALL_CHAT, 0);
    asked("on");
    peer_message(p, 1, 0, "", 0, 0);
    asked("onmnn"); /* NEXT until it waits */
    wake(pair);
    asked("onmnnn");
    peer_message(p, 1, 1, "", 0, ES);
    asked("onmnnnmnhnc"); /* NEXT once at least after each MESSAGE; then HALF_CLOSE, NEXT: done */
    expect_status(p, 1, GRAM_OK, NULL);
    numbers(p, 1, 2);
}

static void test_bidi_nothing(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, CHAT, ES);
    expect_only_trailers(p, 1, GRAM_OK, NULL);
    assert_int_equal(test_app_asked(-1)->status, GRAM_OK);
}

/* The server has no more to say while the client still might: OK, and the client is told to stop. */
static void test_bidi_done_first(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 0});
    test_app_status(GRAM_DONE, NULL);
    peer_headers(p, 1, CHAT, 0);
    expect_number(p, 1, 0);
    assert_true(peer_answer(p, 1)->reset);
    assert_int_equal(peer_answer(p, 1)->reset_code, GRAM_H2_NO_ERROR);
    peer_message(p, 1, 1, "", 0, ES);
    expect_whatever(p);
    expect_alive(p);
}

/* MESSAGE answered WAIT on a bidirectional call: it comes again after a wake, or after a reply has gone
 * out. */
static void test_bidi_message_waits(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);   /* OPEN */
    test_app_status(GRAM_WAIT, NULL); /* NEXT */
    test_app_status(GRAM_WAIT, NULL); /* MESSAGE: not now */
    test_app_answer(
        (struct test_answer){.status = GRAM_MORE, .number = 0}); /* NEXT, after a wake that is for it */
    test_app_status(GRAM_OK, NULL);                              /* the same MESSAGE */
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 1});
    test_app_status(GRAM_WAIT, NULL);
    peer_headers(p, 1, SMALL_CHAT, 0);
    peer_message(p, 1, 77, "", 0, 0);
    asked("onm");
    test_app.script_at = 2; /* both are asked after a wake: MESSAGE first, then NEXT */
    wake(pair);
    asked("onmmnmnn");
    assert_int_equal(test_app_asked(3)->number, 77);
    assert_int_equal(test_app_asked(5)->number, 77);
    numbers(p, 1, 2);
}

static void test_bidi_error(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_DATA_LOSS, "gone");
    peer_headers(p, 1, CHAT, 0);
    peer_message(p, 1, 1, "", 0, 0);
    expect_only_trailers(p, 1, GRAM_DATA_LOSS, "gone");
    asked("onmnc");
    test_app_reset();
    test_app_status(GRAM_OK, NULL);
    test_app_status(GRAM_WAIT, NULL);
    test_app_status(GRAM_OUT_OF_RANGE, NULL); /* HALF_CLOSE */
    peer_headers(p, 3, CHAT, ES);
    expect_only_trailers(p, 3, GRAM_OUT_OF_RANGE, NULL);
    asked("onhc");
}

/* All kinds beside each other, as many calls as there may be, in small segments. */
static void test_all_beside(struct pair *pair)
{
    static const char *const paths[] = {CHAT, COLLECT};
    struct peer *p = peer_ready(pair);
    p->segment = 3;
    for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        peer_headers(p, 2 * i + 1, paths[i % 2], 0);
    for (int n = 0; n < 30; n++)
        for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
            peer_message(p, 2 * i + 1, n, "beside", 0, n == 29 ? ES : 0);
    for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        if (i % 2)
            expect_number(p, 2 * i + 1, 30);
        else
            numbers(p, 2 * i + 1, 30);
        expect_status(p, 2 * i + 1, GRAM_OK, NULL);
    }
}

/* A long upload needs no more than its window, and the client is told in time. */
static void test_long_upload(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, COLLECT, 0);
    uint32_t updates = 0, told = 0, sent = 0;
    for (unsigned i = 0; i < 20000; i++) {
        peer_message(p, 1, 1, "", 0, 0);
        sent += 7;
        assert_int_equal(p->fate, PEER_HERE);
    }
    for (unsigned i = 0; i < p->frame_count; i++) {
        const struct frame *f = &p->frames[i];
        if (f->type != GRAM_H2_WINDOW_UPDATE || f->id != 1)
            continue;
        updates++;
        told += (uint32_t)(p->in[f->at + 2] << 8 | p->in[f->at + 3]);
    }
    assert_true(told >= sent - GRAM_INITIAL_WINDOW_SIZE && told <= sent);
    assert_true(updates < 2 * sent / (GRAM_INITIAL_WINDOW_SIZE / 2)); /* one each half window */
    peer_rst(p, 1, GRAM_H2_CANCEL);
    expect_whatever(p);
    expect_alive(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_server),
        PAIR_TEST(test_server_events),
        PAIR_TEST(test_server_delay),
        PAIR_TEST(test_server_refuses),
        PAIR_TEST(test_beside),
        PAIR_TEST(test_client),
        PAIR_TEST(test_client_empty),
        PAIR_TEST(test_client_error),
        PAIR_TEST(test_client_waits),
        PAIR_TEST(test_client_waits_at_end),
        PAIR_TEST(test_ping_pong),
        PAIR_TEST(test_bidi_events),
        PAIR_TEST(test_bidi_nothing),
        PAIR_TEST(test_bidi_done_first),
        PAIR_TEST(test_bidi_message_waits),
        PAIR_TEST(test_bidi_error),
        PAIR_TEST(test_all_beside),
        PAIR_TEST(test_long_upload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
