/* The chain of interceptors on real calls: which hooks run, in which order, for success, for refusals at each place and each
 * way, and for methods that one of them skips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { LINKS = 3, SKIPS = 1 }; /* number SKIPS has nothing to do with TINY */

/* What has run: "b0" before, "i0" a message in, "o0" a message out, "a0" after, with the status. */
static char ran[400];
/* Who refuses what. */
static int refuses_before, refuses_in, refuses_out;

struct link {
    struct gram_interceptor hooks;
    int number;
};

static void note(const char *what, const struct gram_interceptor *self)
{
    size_t used = strlen(ran);

    snprintf(ran + used, sizeof ran - used, "%s%d ", what, ((const struct link *)self)->number);
}

static gram_status answer(const struct gram_interceptor *self, gram_call *call, int refuser)
{
    if (((const struct link *)self)->number != refuser)
        return GRAM_OK;
    return gram_call_fail(call, GRAM_ABORTED, "refused");
}

static gram_status before(const struct gram_interceptor *self, gram_call *call)
{
    note("b", self);
    return answer(self, call, refuses_before);
}

static gram_status message(const struct gram_interceptor *self, gram_call *call, enum gram_direction direction,
                           const void *struct_)
{
    assert_non_null(struct_);
    note(direction == GRAM_MESSAGE_IN ? "i" : "o", self);
    return answer(self, call, direction == GRAM_MESSAGE_IN ? refuses_in : refuses_out);
}

static void after(const struct gram_interceptor *self, gram_call *call, gram_status status)
{
    (void)call;
    note(status == GRAM_OK ? "a" : "A", self);
}

static const struct gram_path_list tiny = GRAM_PATHS(TINY);
static const struct link links[LINKS] = {
    {.hooks = {.before = before, .message = message, .after = after}, .number = 0},
    {.hooks = {.before = before, .message = message, .after = after, .skip = &tiny}, .number = SKIPS},
    {.hooks = {.before = before, .message = message, .after = after}, .number = 2},
};
static const struct gram_interceptor *const chain[LINKS] = {&links[0].hooks, &links[1].hooks, &links[2].hooks};
static struct gram_app app;

static uint32_t next_id;

static struct peer *begin(struct pair *pair)
{
    next_id = 1;
    refuses_before = refuses_in = refuses_out = -1;
    return peer_ready(pair);
}

static void calls(struct peer *p, const char *path)
{
    ran[0] = '\0';
    peer_call(p, next_id, path, 2, "");
    next_id += 2;
}

static void refused(struct peer *p, const char *path, const char *order)
{
    calls(p, path);
    expect_status(p, next_id - 2, GRAM_ABORTED, "refused");
    assert_string_equal(ran, order);
}

static void test_success(struct pair *pair)
{
    struct peer *p = begin(pair);

    calls(p, UNARY);
    expect_number(p, 1, 2);
    assert_string_equal(ran, "b0 b1 b2 i0 i1 i2 o2 o1 o0 a2 a1 a0 ");
    calls(p, STREAM); /* two replies */
    expect_status(p, 3, GRAM_OK, NULL);
    assert_string_equal(ran, "b0 b1 b2 i0 i1 i2 o2 o1 o0 o2 o1 o0 a2 a1 a0 ");
    calls(p, COLLECT);
    expect_number(p, 5, 1);
    assert_string_equal(ran, "b0 b1 b2 i0 i1 i2 o2 o1 o0 a2 a1 a0 ");
    calls(p, CHAT);
    expect_number(p, 7, 2);
    assert_string_equal(ran, "b0 b1 b2 i0 i1 i2 o2 o1 o0 a2 a1 a0 ");
    calls(p, TINY);
    expect_number(p, 9, 2);
    assert_string_equal(ran, "b0 b2 i0 i2 o2 o0 a2 a0 ");
}

/* No later one is asked, and the end is told to those that were. */
static void test_refused_before(struct pair *pair)
{
    static const char *const orders[LINKS] = {"b0 A0 ", "b0 b1 A1 A0 ", "b0 b1 b2 A2 A1 A0 "};
    struct peer *p = begin(pair);

    for (refuses_before = 0; refuses_before < LINKS; refuses_before++)
        refused(p, UNARY, orders[refuses_before]);
    assert_int_equal(test_app.calls, 0); /* no handler saw them */
    refuses_before = SKIPS;
    calls(p, TINY);
    expect_number(p, next_id - 2, 2);
}

static void test_refused_in(struct pair *pair)
{
    static const char *const orders[LINKS] = {"b0 b1 b2 i0 A2 A1 A0 ", "b0 b1 b2 i0 i1 A2 A1 A0 ",
                                              "b0 b1 b2 i0 i1 i2 A2 A1 A0 "};
    struct peer *p = begin(pair);

    for (refuses_in = 0; refuses_in < LINKS; refuses_in++) {
        refused(p, UNARY, orders[refuses_in]);
        refused(p, STREAM, orders[refuses_in]);
        assert_int_equal(test_app_count(GRAM_ON_OPEN), 2u * (unsigned)refuses_in); /* of the streams below */
        refused(p, COLLECT, orders[refuses_in]);
        refused(p, CHAT, orders[refuses_in]);
        assert_int_equal(test_app_count(GRAM_ON_MESSAGE), 0);
    }
    refuses_in = SKIPS;
    calls(p, TINY);
    expect_number(p, next_id - 2, 2);
}

static void test_refused_out(struct pair *pair)
{
    static const char *const orders[LINKS] = {"b0 b1 b2 i0 i1 i2 o2 o1 o0 A2 A1 A0 ",
                                              "b0 b1 b2 i0 i1 i2 o2 o1 A2 A1 A0 ", "b0 b1 b2 i0 i1 i2 o2 A2 A1 A0 "};
    static const char *const paths[] = {UNARY, STREAM, COLLECT, CHAT, LARGE};
    struct peer *p = begin(pair);

    for (refuses_out = 0; refuses_out < LINKS; refuses_out++) {
        for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
            refused(p, paths[i], orders[refuses_out]);
            expect_only_trailers(p, next_id - 2, GRAM_ABORTED, "refused");
        }
    }
    refuses_out = SKIPS;
    calls(p, TINY);
    expect_number(p, next_id - 2, 2);
    expect_usage(pair, 0, 0, 0);
}

/* A client that leaves: those that were asked are told. */
static void test_lost(struct pair *pair)
{
    struct peer *p = begin(pair);

    ran[0] = '\0';
    peer_headers(p, 1, UNARY, 0);
    peer_rst(p, 1, GRAM_H2_CANCEL);
    assert_string_equal(ran, "b0 b1 b2 A2 A1 A0 ");
    ran[0] = '\0';
    peer_headers(p, 3, TINY, 0);
    peer_lose(p);
    assert_string_equal(ran, "b0 b2 A2 A0 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_OF(test_success, app),     PAIR_TEST_OF(test_refused_before, app), PAIR_TEST_OF(test_refused_in, app),
        PAIR_TEST_OF(test_refused_out, app), PAIR_TEST_OF(test_lost, app),
    };

    app = test_app_plain;
    app.interceptors = chain;
    app.interceptor_count = LINKS;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
