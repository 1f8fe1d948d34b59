/* How calls end: statuses and their text, Trailers-Only, interceptors, handlers that break rules (gRPC
 * over HTTP/2, "Responses"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM };

static void test_all(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    for (int status = 1; status <= 16; status++, id += 2) {
        test_app_status((gram_status)status, "why");
        peer_call(p, id, TINY, 1, "");
        expect_only_trailers(p, id, (gram_status)status, "why");
        assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
        assert_int_equal(test_app_asked(-1)->status, status);
    }
    for (int status = 1; status <= 16; status++, id += 2) {
        test_app_status((gram_status)status, NULL);
        peer_call(p, id, TINY, 1, "");
        /* a handler that is not set says nothing: the method's name is better than that */
        expect_only_trailers(p, id, (gram_status)status, status == GRAM_UNIMPLEMENTED ? TINY : NULL);
    }
    for (int status = 1; status <= 16; status++, id += 2) { /* after a message */
        test_app_answer((struct test_answer){.status = GRAM_OK});
        test_app_answer((struct test_answer){.status = GRAM_MORE, .number = status});
        test_app_status((gram_status)status, "why not");
        peer_call(p, id, STREAM, 1, "");
        expect_status(p, id, (gram_status)status, "why not");
        assert_int_equal(peer_answer(p, id)->blocks, 2);
        assert_int_equal(answer_replies(peer_answer(p, id)), 1);
        assert_null(answer_field(peer_answer(p, id)->trailers, "content-type"));
    }
    expect_whatever(p);
    expect_alive(p);
}

/* Text that is set beside GRAM_OK has no effect, and is not another call's either. */
static void set_text(gram_call *call)
{
    gram_call_fail(call, GRAM_INTERNAL, "never said");
}

static void test_text_is_its_own(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 1, .hook = set_text});
    peer_call(p, 1, TINY, 1, "");
    expect_number(p, 1, 1);
    test_app_status(GRAM_NOT_FOUND, NULL);
    peer_call(p, 3, TINY, 1, "");
    expect_only_trailers(p, 3, GRAM_NOT_FOUND, NULL);
    test_app_answer((struct test_answer){.status = GRAM_PENDING, .hook = set_text});
    peer_call(p, 5, TINY, 1, "");
    test_app_status(GRAM_ABORTED, NULL);
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_only_trailers(p, 5, GRAM_ABORTED, NULL);
}

static void test_message_encoding(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_status(GRAM_NOT_FOUND, "\t\xf0\x9f\x98\x88 100%");
    peer_call(p, 1, TINY, 1, "");
    expect_only_trailers(p, 1, GRAM_NOT_FOUND, "%09%F0%9F%98%88 100%25");
}

/* The longest texts, with the longest other fields: cut at a character's boundary. */
static void test_message_cut(struct pair *pair)
{
    static char text[4 * GRAM_STATUS_TEXT_MAX];
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    for (unsigned shift = 0; shift < 14; shift++, id += 2) {
        test_app_reset();
        memset(text, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 4)
            memcpy(text + i, "\xf0\x9f\x98\x88", 5);
        test_app_status(GRAM_UNAUTHENTICATED, text);
        peer_setting(p, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, shift % 2 ? 0 : 110); /* size updates in front */
        peer_call(p, id, TINY, 1, "");
        const char *message = answer_field(peer_answer(p, id)->trailers, "grpc-message");
        assert_non_null(message);
        size_t len = strlen(message);
        assert_true(len <= GRAM_STATUS_TEXT_MAX);
        assert_true(len + 12 > GRAM_STATUS_TEXT_MAX);
        assert_int_equal((len - shift) % 12, 0);
    }
    memset(text, 'y', sizeof text - 1);
    test_app_reset();
    test_app_status(GRAM_UNKNOWN, text);
    peer_call(p, id, TINY, 1, "");
    assert_int_equal(strlen(answer_field(peer_answer(p, id)->trailers, "grpc-message")),
                     GRAM_STATUS_TEXT_MAX);
}

/* ---- handlers that break rules: INTERNAL, and a line in the log ---- */

static void breaks(struct pair *pair, const char *path, unsigned good_answers, gram_status answer)
{
    struct peer *p = peer_ready(pair);
    test_app_reset();
    pair_log[0] = '\0';
    for (unsigned i = 0; i < good_answers; i++)
        test_app_answer((struct test_answer){.status = i == 0 ? GRAM_OK : GRAM_MORE});
    test_app_status(answer, NULL);
    peer_call(p, 1, path, 1, "");
    expect_status(p, 1, GRAM_INTERNAL, "*");
    assert_non_null(strstr(pair_log, "ERROR "));
    assert_non_null(strstr(pair_log, path));
    assert_int_equal(test_app_asked(-1)->status, GRAM_INTERNAL);
    expect_whatever(p);
    expect_alive(p);
    peer_lose(p);
}

static void test_broken_rules(struct pair *pair)
{
    breaks(pair, TINY, 0, (gram_status)17);
    breaks(pair, TINY, 0, (gram_status)255);
    breaks(pair, TINY, 0, (gram_status)-3);
    breaks(pair, TINY, 0, GRAM_MORE);
    breaks(pair, STREAM, 0, GRAM_MORE);
    breaks(pair, STREAM, 0, GRAM_WAIT);
    breaks(pair, STREAM, 1, (gram_status)17);
    breaks(pair, STREAM, 2, (gram_status)-7);
    breaks(pair, COLLECT, 0, GRAM_WAIT);
    breaks(pair, COLLECT, 1, GRAM_MORE);
    breaks(pair, CHAT, 0, (gram_status)99);
    breaks(pair, CHAT, 1, (gram_status)99);
}

static void test_unencodable(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_OK, .broken = true});
    peer_call(p, 1, TINY, 1, ""); /* by way of the scratch */
    expect_status(p, 1, GRAM_INTERNAL, "*");
    assert_non_null(strstr(pair_log, "ERROR " TINY));
    pair_log[0] = '\0';
    test_app_answer((struct test_answer){.status = GRAM_OK, .broken = true});
    peer_call(p, 3, LARGE, 1, ""); /* by way of a held slot */
    expect_status(p, 3, GRAM_INTERNAL, "*");
    assert_non_null(strstr(pair_log, "ERROR " LARGE));
    test_app_answer((struct test_answer){.status = GRAM_OK});
    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 1});
    test_app_answer((struct test_answer){.status = GRAM_MORE, .broken = true});
    peer_call(p, 5, STREAM, 1, "");
    expect_status(p, 5, GRAM_INTERNAL, "*");
    assert_int_equal(answer_replies(peer_answer(p, 5)), 1);
    test_app_answer((struct test_answer){.status = GRAM_OK, .fill = 100}); /* longer than its method says */
    peer_call(p, 7, TINY, 1, "");
    expect_status(p, 7, GRAM_INTERNAL, "*");
    expect_whatever(p);
    expect_alive(p);
}

/* ---- interceptors ---- */

static void test_interceptors(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, TINY, 4, "");
    expect_number(p, 1, 4);
    assert_string_equal(test_app.hooks, "b0 b1 a1 a0 ");
    assert_int_equal(test_app.after_status, GRAM_OK);
}

static void test_first_refuses(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app.before[0] = GRAM_UNAUTHENTICATED;
    peer_call(p, 1, TINY, 4, "");
    expect_only_trailers(p, 1, GRAM_UNAUTHENTICATED, "refused");
    assert_string_equal(test_app.hooks, "b0 a0 ");
    assert_int_equal(test_app.after_status, GRAM_UNAUTHENTICATED);
    assert_int_equal(test_app.asked_len, 0);
}

static void test_second_refuses(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app.before[1] = GRAM_PERMISSION_DENIED;
    peer_headers(p, 1, TINY, 0); /* as soon as the headers are here */
    expect_only_trailers(p, 1, GRAM_PERMISSION_DENIED, "refused");
    assert_true(peer_answer(p, 1)->reset);
    assert_string_equal(test_app.hooks, "b0 b1 a1 a0 ");
    assert_int_equal(test_app.asked_len, 0);
}

/* An interceptor may answer with a status, and with nothing else. */
static void test_interceptor_breaks(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app.before[1] = GRAM_PENDING;
    peer_call(p, 1, TINY, 4, "");
    expect_only_trailers(p, 1, GRAM_INTERNAL, "*");
    assert_string_equal(test_app.hooks, "b0 b1 a1 a0 ");
}

/* What ends a call before its headers are complete, or instead of it, is not theirs; after, whatever ends
 * it, is. */
static void test_interceptors_and_ends(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, "/no/such", 4, "");
    assert_string_equal(test_app.hooks, "");
    peer_headers(p, 3, TINY, 0);
    assert_string_equal(test_app.hooks, "b0 b1 ");
    peer_rst(p, 3, GRAM_H2_CANCEL);
    assert_string_equal(test_app.hooks, "b0 b1 a1 a0 ");
    assert_int_equal(test_app.after_status, GRAM_CANCELLED);
    peer_headers(p, 5, TINY, ES);
    assert_int_equal(test_app.after_status, GRAM_UNIMPLEMENTED);
    peer_headers(p, 7, TINY, 0);
    peer_lose(p);
    assert_string_equal(test_app.hooks, "b0 b1 a1 a0 b0 b1 a1 a0 b0 b1 a1 a0 ");
    assert_int_equal(test_app.after_status, GRAM_CANCELLED);
}

/* ---- what a handler can know of its call ---- */

static void look(gram_call *call)
{
    assert_string_equal(gram_call_path(call), UNARY);
    assert_memory_equal(gram_call_peer(call), "10.0.2.2", GRAM_PEER_NAME < 9 ? GRAM_PEER_NAME - 1 : 8);
    assert_true(strlen(gram_call_peer(call)) < GRAM_PEER_NAME);
    assert_int_equal(gram_call_age(call), 1234);
    assert_int_equal(gram_call_bytes_in(call), 2 + 2 + 5);
    assert_int_equal(gram_call_bytes_out(call), 0);
    assert_ptr_equal(gram_server_app(gram_call_server(call)), &test_app_plain);
    uint64_t *mine = gram_call_state(call);
    assert_int_equal((uintptr_t)mine % 8, 0);
}

static void test_known(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    test_app_answer((struct test_answer){.status = GRAM_OK, .hook = look});
    peer_headers(p, 1, UNARY, 0);
    pair_sleep(pair, 1234);
    peer_message(p, 1, 4, "hello", 0, ES);
    expect_status(p, 1, GRAM_OK, NULL);
}

/* ---- an application's beginning ---- */

static gram_server *started;

static void start(gram_server *server)
{
    assert_null(started);
    started = server;
    gram_server_log(server, GRAM_LOG_INFO, "started");
}

static const struct gram_app with_start = {.name = "start", .start = start};

static void test_start(struct pair *pair)
{
    assert_ptr_equal(started, pair->server);
    assert_string_equal(pair_log, "started\n");
    struct peer *p = peer_ready(pair);
    peer_call(p, 1, TINY, 1, ""); /* it has no services at all */
    expect_only_trailers(p, 1, GRAM_UNIMPLEMENTED, "*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_all),
        PAIR_TEST(test_text_is_its_own),
        PAIR_TEST(test_message_encoding),
        PAIR_TEST(test_message_cut),
        PAIR_TEST(test_broken_rules),
        PAIR_TEST(test_unencodable),
        PAIR_TEST_OF(test_interceptors, test_app_intercepted),
        PAIR_TEST_OF(test_first_refuses, test_app_intercepted),
        PAIR_TEST_OF(test_second_refuses, test_app_intercepted),
        PAIR_TEST_OF(test_interceptor_breaks, test_app_intercepted),
        PAIR_TEST_OF(test_interceptors_and_ends, test_app_intercepted),
        PAIR_TEST(test_known),
        PAIR_TEST_OF(test_start, with_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
