/* The ready-made interceptors in a chain, on real calls: what their order does (gram/interceptor.h), and
 * that each sees the end of every call whose beginning it saw. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "gram/allow.h"
#include "gram/metrics.h"
#include "gram/rate_limit.h"

static struct gram_metrics_totals totals;
static struct gram_metrics_method methods[4];
static const struct gram_metrics metrics = {
    .hooks = GRAM_METRICS_HOOKS, .totals = &totals, .methods = methods, .method_count = 4};

static const struct gram_path_list always = GRAM_PATHS(UNARY);
static const struct gram_allow allow = {
    .hooks = GRAM_ALLOW_HOOKS, .hooks.skip = &always, .allowed = GRAM_PATHS(TINY, STREAM)};

static const struct gram_rate_rule rules[] = {{.path = UNARY}, {.path = "*", .burst = 2, .every_ms = 1000}};
static struct gram_rate_bucket buckets[2];
static const struct gram_rate_limit limit = {
    .hooks = GRAM_RATE_LIMIT_HOOKS, .rules = rules, .buckets = buckets, .rule_count = 2};

static gram_status handler(const void *handlers, gram_call *call, enum gram_event event, const void *req,
                           void *rep, gram_status status);

/* A unary method for each path, of the scripted application's messages. */
#include "test_messages.h"
#define METHOD(path_)                                                                                        \
    {                                                                                                        \
        .path = path_, .dispatch = handler, .req = &test_request_msg, .rep = &test_reply_msg,                \
        .req_max = UINT32_MAX, .rep_max = TEST_REPLY_NUMBER_MAX, .req_size = sizeof(struct test_request),    \
        .rep_size = sizeof(struct test_reply), .kind = GRAM_UNARY                                            \
    }
static const struct gram_method service_methods[] = {METHOD(UNARY), METHOD(TINY), METHOD(SHORT)};
static const struct gram_service service = {
    .name = "test.Service", .methods = service_methods, .method_count = 3};
static const struct gram_binding bindings[] = {{&service, &service}};

static gram_status handler(const void *handlers, gram_call *call, enum gram_event event, const void *req,
                           void *rep, gram_status status)
{
    (void)handlers;
    (void)call;
    (void)status;
    if (event == GRAM_ON_OPEN)
        ((struct test_reply *)rep)->number = ((const struct test_request *)req)->number;
    return GRAM_OK;
}

#define APP(name_, ...)                                                                                      \
    static const struct gram_interceptor *const name_##_chain[] = {__VA_ARGS__};                             \
    static const struct gram_app name_ = {.name = "test",                                                    \
                                          .bindings = bindings,                                              \
                                          .binding_count = 1,                                                \
                                          .interceptors = name_##_chain,                                     \
                                          .interceptor_count = sizeof name_##_chain / sizeof(void *)}

/* The order that is recommended, and its opposite. */
APP(recommended, &gram_log_interceptor, &metrics.hooks, &allow.hooks, &limit.hooks);
APP(reversed, &limit.hooks, &allow.hooks, &metrics.hooks, &gram_log_interceptor);

static struct peer *begin(struct pair *pair)
{
    memset(&totals, 0, sizeof totals);
    memset(methods, 0, sizeof methods);
    memset(buckets, 0, sizeof buckets);
    pair_log[0] = '\0';
    return peer_ready(pair);
}

static void test_recommended(struct pair *pair)
{
    struct peer *p = begin(pair);
    uint32_t id = 1;
    for (unsigned i = 0; i < 3; i++, id += 2) { /* these use up nothing */
        peer_call(p, id, SHORT, 1, "");
        expect_only_trailers(p, id, GRAM_PERMISSION_DENIED, "not allowed: " SHORT);
    }
    for (unsigned i = 0; i < 2; i++, id += 2) {
        peer_call(p, id, TINY, 7, "");
        expect_number(p, id, 7);
    }
    peer_call(p, id, TINY, 7, "");
    expect_only_trailers(p, id, GRAM_RESOURCE_EXHAUSTED, "too many calls: try again in 1000 ms");
    peer_call(p, id += 2, UNARY, 5, "");
    expect_number(p, id, 5);
    /* who stands in front sees all of them */
    assert_int_equal(totals.counts.calls, 7);
    assert_int_equal(totals.counts.by_status[GRAM_OK], 3);
    assert_int_equal(totals.counts.by_status[GRAM_PERMISSION_DENIED], 3);
    assert_int_equal(totals.counts.by_status[GRAM_RESOURCE_EXHAUSTED], 1);
    assert_int_equal(totals.under_way, 0);
    assert_int_equal(gram_metrics_find(&metrics, TINY)->counts.calls, 3);
    assert_true(gram_metrics_find(&metrics, UNARY)->counts.bytes_in > 0);
    assert_true(gram_metrics_find(&metrics, UNARY)->counts.bytes_out > 0);
    assert_non_null(strstr(pair_log, SHORT " PERMISSION_DENIED"));
    assert_non_null(strstr(pair_log, TINY " RESOURCE_EXHAUSTED"));
    /* what the text says is so, across the clock's wrap as well */
    for (unsigned i = 0; i < 100; i++) {
        pair_sleep(pair, 999);
        peer_call(p, id += 2, TINY, 7, "");
        expect_only_trailers(p, id, GRAM_RESOURCE_EXHAUSTED, "too many calls: try again in 1 ms");
        pair_sleep(pair, 1);
        peer_call(p, id += 2, TINY, 7, "");
        expect_number(p, id, 7);
    }
}

static void test_reversed(struct pair *pair)
{
    struct peer *p = begin(pair);
    uint32_t id = 1;
    for (unsigned i = 0; i < 2; i++, id += 2) {
        peer_call(p, id, SHORT, 1, "");
        expect_only_trailers(p, id, GRAM_PERMISSION_DENIED, "not allowed: " SHORT);
    }
    peer_call(p, id, TINY, 7, ""); /* what is not allowed has used up what is */
    expect_only_trailers(p, id, GRAM_RESOURCE_EXHAUSTED, "too many calls: try again in 1000 ms");
    peer_call(p, id += 2, UNARY, 5, "");
    expect_number(p, id, 5);
    /* who stands behind sees only what has come through */
    assert_int_equal(totals.counts.calls, 1);
    assert_int_equal(totals.counts.by_status[GRAM_OK], 1);
    assert_null(strstr(pair_log, "PERMISSION_DENIED"));
    assert_null(strstr(pair_log, "RESOURCE_EXHAUSTED"));
}

/* However a call ends, it is under way until then, and no longer. */
static void test_under_way(struct pair *pair)
{
    struct peer *p = begin(pair);
    peer_headers(p, 1, UNARY, 0);
    assert_int_equal(totals.under_way, 1);
    peer_headers(p, 3, UNARY, 0);
    assert_int_equal(gram_metrics_find(&metrics, UNARY)->under_way, 2);
    pair_sleep(pair, 600);
    peer_rst(p, 1, GRAM_H2_CANCEL);
    assert_int_equal(totals.under_way, 1);
    peer_lose(p);
    assert_int_equal(totals.under_way, 0);
    assert_int_equal(gram_metrics_find(&metrics, UNARY)->under_way, 0);
    assert_int_equal(totals.counts.by_status[GRAM_CANCELLED], 2);
    assert_int_equal(totals.counts.latency[10], 2); /* 512 to 1023 ms */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_OF(test_recommended, recommended),
        PAIR_TEST_OF(test_reversed, reversed),
        PAIR_TEST_OF(test_under_way, recommended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
