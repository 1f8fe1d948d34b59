/* Interceptors (gram/interceptor.h): hooks before, for each message either way, and after, for all four
 * kinds of call; refusals in each hook; what they skip; what they keep of a call. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "expect.h"
#include "test_messages.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, WATCHERS = 3 };

static struct peer *client;
static char told[1000]; /* "b0 b1 i0:5 i1:5 o1:5 o0:5 a1 a0 " */

/* Which hook of which one refuses, at the how-manieth time that it is asked. */
static struct {
    char hook; /* 'b', 'i', 'o'; 0: none */
    unsigned number;
    unsigned nth;
    gram_status status;
    const char *text;
} refusal;

struct watcher {
    struct gram_interceptor hooks;
    unsigned number;
};

/* What each keeps of a call. */
struct kept {
    uint32_t messages;
    uint8_t mark;
};

static gram_status answer(const struct gram_interceptor *self, gram_call *call, char hook, const char *note)
{
    unsigned number = ((const struct watcher *)(const void *)self)->number;
    size_t used = strlen(told);

    snprintf(told + used, sizeof told - used, "%c%u%s ", hook, number, note);
    if (refusal.hook != hook || refusal.number != number || --refusal.nth > 0)
        return GRAM_OK;
    return refusal.text ? gram_call_fail(call, refusal.status, refusal.text) : refusal.status;
}

#if GRAM_INTERCEPTOR_STATE > 0
/* It begins as zeroes, is aligned, and nobody else writes to it. */
static void keep(const struct gram_interceptor *self, gram_call *call, bool begins, bool message)
{
    struct kept *kept = gram_interceptor_state(self, call);
    uint8_t mark = (uint8_t)(0x40 + 16 * ((const struct watcher *)(const void *)self)->number +
                             gram_call_ref_of(call).slot % 16);

    if (self->state_size < sizeof *kept)
        return;
    assert_int_equal((uintptr_t)kept % 8, 0);
    assert_int_equal(kept->mark, begins ? 0 : mark);
    assert_true(!begins || kept->messages == 0);
    kept->mark = mark;
    kept->messages += message;
}

static uint32_t kept_messages; /* of the call that ended last, as the first interceptor counted them */
#else
#define keep(self, call, begins, message) ((void)0)
#endif

static gram_status before(const struct gram_interceptor *self, gram_call *call)
{
    keep(self, call, true, false);
    return answer(self, call, 'b', "");
}

static gram_status message(const struct gram_interceptor *self, gram_call *call,
                           enum gram_direction direction, const void *msg)
{
    int32_t number = direction == GRAM_MESSAGE_IN ? ((const struct test_request *)msg)->number
                                                  : ((const struct test_reply *)msg)->number;
    char note[16];

    keep(self, call, false, true);
    snprintf(note, sizeof note, ":%d", (int)number);
    return answer(self, call, direction == GRAM_MESSAGE_IN ? 'i' : 'o', note);
}

static void after(const struct gram_interceptor *self, gram_call *call, gram_status status)
{
    char note[16];

    keep(self, call, false, false);
#if GRAM_INTERCEPTOR_STATE > 0
    if (((const struct watcher *)(const void *)self)->number == 0)
        kept_messages = ((struct kept *)gram_interceptor_state(self, call))->messages;
#endif
    snprintf(note, sizeof note, "=%d", (int)status);
    answer(self, call, 'a', note);
}

static const struct gram_path_list skipped = GRAM_PATHS("/other.*", TINY);
#define STATE(n) .state_size = GRAM_INTERCEPTOR_STATE > 0 ? (n) : 0
static const struct watcher watchers[WATCHERS] = {
    {{.before = before, .message = message, .after = after, STATE(sizeof(struct kept) + 1)}, 0},
    {{.before = before, .message = message, .after = after, .skip = &skipped, STATE(sizeof(struct kept) + 1)}, 1},
    {{.message = message}, 2},
};
static const struct gram_interceptor *chain[] = {&watchers[0].hooks, &watchers[1].hooks, &watchers[2].hooks};
static struct gram_app app;

static void begin(struct pair *pair)
{
    client = peer_ready(pair);
    told[0] = '\0';
    memset(&refusal, 0, sizeof refusal);
}

static void expect_told(const char *expected)
{
    assert_string_equal(told, expected);
    told[0] = '\0';
}

/* ---- all four kinds ---- */

static void test_unary(struct pair *pair)
{
    begin(pair);
    peer_call(client, 1, UNARY, 5, "");
    expect_number(client, 1, 5);
    expect_told("b0 b1 i0:5 i1:5 i2:5 o2:5 o1:5 o0:5 a1=0 a0=0 ");
    test_app_status(GRAM_NOT_FOUND, NULL); /* no reply, none is shown */
    peer_call(client, 3, UNARY, 6, "");
    expect_only_trailers(client, 3, GRAM_NOT_FOUND, NULL);
    expect_told("b0 b1 i0:6 i1:6 i2:6 a1=5 a0=5 ");
    test_app_status(GRAM_PENDING, NULL); /* the request once, the reply when it comes */
    peer_call(client, 5, UNARY, 7, "");
    expect_told("b0 b1 i0:7 i1:7 i2:7 ");
    test_app_status(GRAM_PENDING, NULL);
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_told("");
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 70});
    gram_call_wake(test_app.ref);
    pair_run(pair);
    expect_number(client, 5, 70);
    expect_told("o2:70 o1:70 o0:70 a1=0 a0=0 ");
}

static void test_server_stream(struct pair *pair)
{
    begin(pair);
    peer_call(client, 1, STREAM, 3, "");
    expect_status(client, 1, GRAM_OK, NULL);
    expect_told("b0 b1 i0:3 i1:3 i2:3 o2:0 o1:0 o0:0 o2:1 o1:1 o0:1 o2:2 o1:2 o0:2 a1=0 a0=0 ");
#if GRAM_INTERCEPTOR_STATE > 0
    assert_int_equal(kept_messages, 4);
#endif
}

static void test_client_stream(struct pair *pair)
{
    begin(pair);
    peer_headers(client, 1, COLLECT, 0);
    expect_told("b0 b1 ");
    peer_message(client, 1, 1, "", 0, 0);
    peer_message(client, 1, 2, "", 0, 0);
    expect_told("i0:1 i1:1 i2:1 i0:2 i1:2 i2:2 ");
    peer_frame(client, GRAM_H2_DATA, ES, 1, NULL, 0);
    expect_number(client, 1, 2);
    expect_told("o2:2 o1:2 o0:2 a1=0 a0=0 ");
}

static void test_chat(struct pair *pair)
{
    begin(pair);
    peer_headers(client, 1, CHAT, 0);
    peer_message(client, 1, 8, "", 0, 0);
    expect_told("b0 b1 i0:8 i1:8 i2:8 o2:8 o1:8 o0:8 ");
    peer_message(client, 1, 9, "", 0, ES);
    expect_told("i0:9 i1:9 i2:9 o2:9 o1:9 o0:9 a1=0 a0=0 ");
}

/* A message that the handler answers WAIT comes again, and is shown once; the next one is shown. */
static void test_wait(struct pair *pair)
{
    static const char *const paths[] = {COLLECT, CHAT};
    begin(pair);
    for (uint32_t id = 1; id <= 3; id += 2) {
        unsigned asked = test_app_count(GRAM_ON_MESSAGE);
        test_app_status(GRAM_OK, NULL); /* OPEN */
        if (id == 3)
            test_app_status(GRAM_WAIT, NULL); /* NEXT */
        for (unsigned i = 0; i < 3; i++)
            test_app_status(GRAM_WAIT, NULL);
        peer_headers(client, id, paths[id / 2], 0);
        told[0] = '\0';
        peer_message(client, id, 4, "", 0, 0);
        for (unsigned i = 0; i < 6; i++) {
            gram_call_wake(test_app.ref);
            pair_run(pair);
        }
        peer_message(client, id, 5, "", 0, 0);
        assert_true(test_app_count(GRAM_ON_MESSAGE) - asked >= 4); /* some of them the same one */
        char *first = strstr(told, "i0:4"), *second = strstr(told, "i0:5");
        assert_non_null(first);
        assert_non_null(second);
        assert_null(strstr(first + 1, "i0:4"));
        assert_null(strstr(second + 1, "i0:5"));
        peer_rst(client, id, GRAM_H2_CANCEL);
        test_app.script_len = test_app.script_at = 0;
    }
}

/* A reply that leaves in pieces is shown once. */
static void test_pieces(struct pair *pair)
{
    begin(pair);
    peer_setting(client, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 10);
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 3, .fill = 100});
    peer_call(client, 1, LARGE, 1, "");
    for (unsigned i = 0; i < 20; i++)
        peer_window(client, 1, 10);
    expect_number(client, 1, 3);
    expect_told("b0 b1 i0:1 i1:1 i2:1 o2:3 o1:3 o0:3 a1=0 a0=0 ");
}

/* ---- refusals ---- */

static void refuse(char hook, unsigned number, unsigned nth, gram_status status, const char *text)
{
    refusal.hook = hook;
    refusal.number = number;
    refusal.nth = nth;
    refusal.status = status;
    refusal.text = text;
    told[0] = '\0';
}

static void test_refused_before(struct pair *pair)
{
    begin(pair);
    refuse('b', 0, 1, GRAM_UNAUTHENTICATED, "who?");
    peer_call(client, 1, UNARY, 5, "");
    expect_only_trailers(client, 1, GRAM_UNAUTHENTICATED, "who?");
    expect_told("b0 a0=16 ");
    refuse('b', 1, 1, GRAM_PERMISSION_DENIED, NULL);
    peer_call(client, 3, UNARY, 5, "");
    expect_only_trailers(client, 3, GRAM_PERMISSION_DENIED, NULL);
    expect_told("b0 b1 a1=7 a0=7 ");
    refuse('b', 1, 1, (gram_status)99, NULL); /* a rule is broken: INTERNAL, and a line in the log */
    peer_call(client, 5, UNARY, 5, "");
    expect_only_trailers(client, 5, GRAM_INTERNAL, "*");
    expect_told("b0 b1 a1=13 a0=13 ");
    assert_non_null(strstr(pair_log, "ERROR"));
    assert_int_equal(test_app.calls, 0);
}

/* The handler does not see a message that was refused; a call that it has entered is told its end. */
static void test_refused_in(struct pair *pair)
{
    begin(pair);
    refuse('i', 1, 1, GRAM_INVALID_ARGUMENT, "bad");
    peer_call(client, 1, UNARY, 5, "");
    expect_only_trailers(client, 1, GRAM_INVALID_ARGUMENT, "bad");
    expect_told("b0 b1 i0:5 i1:5 a1=3 a0=3 ");
    refuse('i', 2, 1, GRAM_ABORTED, NULL);
    peer_call(client, 3, STREAM, 6, "");
    expect_only_trailers(client, 3, GRAM_ABORTED, NULL);
    expect_told("b0 b1 i0:6 i1:6 i2:6 a1=10 a0=10 ");
    assert_int_equal(test_app.calls, 0);
    refuse('i', 0, 2, GRAM_OUT_OF_RANGE, "enough");
    peer_headers(client, 5, COLLECT, 0);
    peer_message(client, 5, 1, "", 0, 0);
    expect_pending(client, 5);
    peer_message(client, 5, 2, "", 0, 0);
    expect_only_trailers(client, 5, GRAM_OUT_OF_RANGE, "enough");
    expect_told("b0 b1 i0:1 i1:1 i2:1 i0:2 a1=11 a0=11 ");
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(-1)->status, GRAM_OUT_OF_RANGE);
    assert_int_equal(test_app_count(GRAM_ON_MESSAGE), 1);
    refuse('i', 0, 1, (gram_status)-2, NULL); /* WAIT or the like is no answer of an interceptor's */
    peer_call(client, 7, UNARY, 5, "");
    expect_only_trailers(client, 7, GRAM_INTERNAL, "*");
    expect_usage(pair, 0, 0, 0);
}

static void test_refused_out(struct pair *pair)
{
    begin(pair);
    refuse('o', 1, 1, GRAM_DATA_LOSS, "secret");
    peer_call(client, 1, UNARY, 5, "");
    expect_only_trailers(client, 1, GRAM_DATA_LOSS, "secret"); /* not a byte of the reply */
    expect_told("b0 b1 i0:5 i1:5 i2:5 o2:5 o1:5 a1=15 a0=15 ");
    assert_int_equal(test_app_asked(-1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(-1)->status, GRAM_DATA_LOSS);
    refuse('o', 0, 1, GRAM_DATA_LOSS, NULL); /* one that would be held */
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 3, .fill = 100});
    peer_call(client, 3, LARGE, 5, "");
    expect_only_trailers(client, 3, GRAM_DATA_LOSS, NULL);
    expect_usage(pair, 0, 0, 0);
    refuse('o', 2, 3, GRAM_CANCELLED, "two are enough");
    peer_call(client, 5, STREAM, 5, "");
    expect_status(client, 5, GRAM_CANCELLED, "two are enough");
    assert_int_equal(answer_replies(peer_answer(client, 5)), 2);
    refuse('o', 2, 1, GRAM_ABORTED, NULL);
    peer_headers(client, 7, COLLECT, 0);
    peer_frame(client, GRAM_H2_DATA, ES, 7, NULL, 0);
    expect_only_trailers(client, 7, GRAM_ABORTED, NULL);
    refuse('o', 1, 1, GRAM_ABORTED, "chat");
    peer_headers(client, 9, CHAT, 0);
    peer_message(client, 9, 1, "", 0, 0);
    expect_only_trailers(client, 9, GRAM_ABORTED, "chat");
    assert_true(test_app.calls == test_app.closed);
}

/* ---- what is skipped, and what never begins ---- */

static void test_skip(struct pair *pair)
{
    begin(pair);
    peer_call(client, 1, TINY, 5, "");
    expect_number(client, 1, 5);
    expect_told("b0 i0:5 i2:5 o2:5 o0:5 a0=0 ");
    peer_headers(client, 3, SMALL_CHAT, 0);
    peer_message(client, 3, 8, "", 0, ES);
    expect_told("b0 i0:8 i2:8 o2:8 o0:8 a0=0 ");
    peer_call(client, 5, SHORT, 5, "");
    expect_told("b0 b1 i0:5 i1:5 i2:5 o2:5 o1:5 o0:5 a1=0 a0=0 ");
}

static void test_never_begun(struct pair *pair)
{
    static struct blob b;
    begin(pair);
    peer_call(client, 1, "/no/such", 5, "");
    expect_only_trailers(client, 1, GRAM_UNIMPLEMENTED, "*");
    b.len = 0;
    put_request(&b, TINY);
    put_field(&b, "grpc-timeout", "soon");
    peer_block(client, 3, &b, ES);
    expect_only_trailers(client, 3, GRAM_INTERNAL, "*");
    expect_told("");
    peer_headers(client, 5, UNARY, 0); /* cancelled, and lost: told once */
    peer_rst(client, 5, GRAM_H2_CANCEL);
    expect_told("b0 b1 a1=1 a0=1 ");
    peer_headers(client, 7, UNARY, 0);
    peer_lose(client);
    expect_told("b0 b1 a1=1 a0=1 ");
}

/* ---- what they keep ---- */

#if GRAM_INTERCEPTOR_STATE > 0

/* Calls at once, and one after the other in the same slot: each has its own, zeroes at first (keep()). */
static void test_state(struct pair *pair)
{
    begin(pair);
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t first = 1 + round * 2 * GRAM_MAX_CONCURRENT_STREAMS;
        for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
            peer_headers(client, first + 2 * i, COLLECT, 0);
        for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
            for (uint32_t n = 0; n < i; n++)
                peer_message(client, first + 2 * i, 1, "", 0, 0);
        for (uint32_t i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
            peer_frame(client, GRAM_H2_DATA, ES, first + 2 * i, NULL, 0);
            assert_int_equal(kept_messages, i + 1); /* and the reply */
            told[0] = '\0';
        }
    }
}

#endif

/* ---- what an application may not ask for ---- */

/* Whether the server refuses to begin with it. */
static bool aborts(const struct gram_app *what)
{
    static struct gram_server server;
    int status = 0;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        fclose(stderr);
        gram_server_init(&server, what, NULL, 0);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_assertions(void **state)
{
    static const struct gram_key key = GRAM_KEY("x-key");
    static const struct gram_key *const keys[] = {&key};
    static const struct gram_interceptor fits = {.state_size = GRAM_INTERCEPTOR_STATE},
                                         one = {.state_size = 1},
                                         large = {.state_size = GRAM_INTERCEPTOR_STATE + 1};
    static const struct gram_interceptor *const full[] = {&fits}, *const more[] = {&fits, &one},
                                                *const too_large[] = {&large};
    struct gram_app with_keys = app;
    (void)state;
    with_keys.keys = keys;
    with_keys.key_count = 1;
    assert_int_equal(aborts(&with_keys), GRAM_METADATA_SIZE == 0);
    with_keys.key_count = 0;
    with_keys.interceptor_count = 1;
    with_keys.interceptors = full;
    assert_false(aborts(&with_keys));
    with_keys.interceptors = too_large;
    assert_true(aborts(&with_keys));
    with_keys.interceptor_count = 2;
    with_keys.interceptors = more;
    assert_true(aborts(&with_keys));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_OF(test_unary, app),         PAIR_TEST_OF(test_server_stream, app),
        PAIR_TEST_OF(test_client_stream, app), PAIR_TEST_OF(test_chat, app),
        PAIR_TEST_OF(test_wait, app),          PAIR_TEST_OF(test_pieces, app),
        PAIR_TEST_OF(test_refused_before, app), PAIR_TEST_OF(test_refused_in, app),
        PAIR_TEST_OF(test_refused_out, app),   PAIR_TEST_OF(test_skip, app),
        PAIR_TEST_OF(test_never_begun, app),
#if GRAM_INTERCEPTOR_STATE > 0
        PAIR_TEST_OF(test_state, app),
#endif
        cmocka_unit_test(test_assertions),
    };
    app = test_app_plain;
    app.interceptors = chain;
    app.interceptor_count = WATCHERS;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
