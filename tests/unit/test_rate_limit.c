/* The rate limit: what a bucket gives, when it gives again, at every place of a clock that wraps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_call.h"
#include "gram/rate_limit.h"

enum { RULES = 4, BURST = 3, EVERY = 100 };

static const struct gram_rate_rule rules[RULES] = {
    {.path = "/grpc.health.v1.Health/*"}, /* no limit */
    {.path = "/a.A/Slow", .burst = 1, .every_ms = 60000},
    {.path = "/a.A/None", .every_ms = 50}, /* a burst of 0 is 1 */
    {.path = "/a.A/*", .burst = BURST, .every_ms = EVERY},
};
static struct gram_rate_bucket buckets[RULES];
static const struct gram_rate_limit limit = {
    .hooks = GRAM_RATE_LIMIT_HOOKS, .rules = rules, .buckets = buckets, .rule_count = RULES};

static const char *said; /* with the last answer */

static gram_status call_on(unsigned connection, const struct gram_rate_limit *of, const char *path,
                           uint32_t now)
{
    gram_call *call = fake_call(0);
    gram_status status;

    call->connection = connection;
    call->path = path;
    call->now = now;
    status = of->hooks.before(&of->hooks, call);
    said = call->text;
    return status;
}

static gram_status call_of(const struct gram_rate_limit *of, const char *path, uint32_t now)
{
    return call_on(0, of, path, now);
}

static void passes(const char *path, uint32_t now)
{
    assert_int_equal(call_of(&limit, path, now), GRAM_OK);
    assert_string_equal(said, "");
}

static void refused(const char *path, uint32_t now, const char *text)
{
    assert_int_equal(call_of(&limit, path, now), GRAM_RESOURCE_EXHAUSTED);
    assert_string_equal(said, text);
}

static int fresh(void **state)
{
    (void)state;
    memset(buckets, 0, sizeof buckets);
    return 0;
}

/* A burst, then a call for each EVERY; whoever waits as long as was said passes, not a millisecond earlier. */
static void burst_at(uint32_t now)
{
    memset(buckets, 0, sizeof buckets);
    for (unsigned i = 0; i < BURST; i++)
        passes("/a.A/Fast", now);
    for (unsigned i = 0; i < 5; i++, now += EVERY) {
        refused("/a.A/Fast", now, "too many calls: try again in 100 ms"); /* a refusal costs nothing */
        refused("/a.A/Fast", now, "too many calls: try again in 100 ms");
        refused("/a.A/Fast", now + EVERY - 1, "too many calls: try again in 1 ms");
        passes("/a.A/Fast", now + EVERY);
    }
    now += 2 * EVERY; /* two more, not three */
    passes("/a.A/Fast", now);
    passes("/a.A/Fast", now);
    refused("/a.A/Fast", now + 1, "too many calls: try again in 99 ms");
    now += 1000 * EVERY; /* it never holds more than its burst */
    for (unsigned i = 0; i < BURST; i++)
        passes("/a.A/Fast", now);
    refused("/a.A/Fast", now, "too many calls: try again in 100 ms");
}

static void test_burst(void **state)
{
    (void)state;
    burst_at(12345);
    burst_at(0x7ffffff0u);
    for (uint32_t before = 1; before < 1200; before++) { /* every step of it meets the wrap */
        if (before % EVERY != 0)
            burst_at(0u - before);
    }
}

/* The one moment that has another meaning: it counts as a millisecond earlier, and not as a full bucket. */
static void test_moment_0(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BURST; i++)
        passes("/a.A/Fast", 0u - BURST * EVERY);
    for (unsigned i = 0; i < 10; i++)
        refused("/a.A/Fast", 0u - BURST * EVERY, "too many calls: try again in 99 ms");
}

/* The whole round of the clock: a bucket that is full does not look used, whatever the pause. */
static void test_pause(void **state)
{
    (void)state;
    for (uint32_t pause = BURST * EVERY; pause < 0xffe00000u; pause += 0x100000) {
        fresh(NULL);
        for (unsigned i = 0; i < BURST; i++)
            passes("/a.A/Fast", 77);
        for (unsigned i = 0; i < BURST; i++)
            passes("/a.A/Fast", 77 + pause);
        assert_int_equal(call_of(&limit, "/a.A/Fast", 77 + pause), GRAM_RESOURCE_EXHAUSTED);
    }
}

static void test_each_rule_its_own(void **state)
{
    (void)state;
    passes("/a.A/Slow", 5);
    refused("/a.A/Slow", 5, "too many calls: try again in 60000 ms");
    for (unsigned i = 0; i < BURST; i++)
        passes(i % 2 ? "/a.A/Fast" : "/a.A/Other", 5); /* one bucket for all that fit */
    refused("/a.A/Other", 5, "too many calls: try again in 100 ms");
    refused("/a.A/Slow", 105, "too many calls: try again in 59900 ms");
    passes("/a.A/Other", 105);
    for (unsigned i = 0; i < 1000; i++) {
        passes("/grpc.health.v1.Health/Check", 5);
        passes("/b.B/NoRule", 5);
    }
    passes("/a.A/None", 5);
    refused("/a.A/None", 5, "too many calls: try again in 50 ms");
    passes("/a.A/None", 55);
}

/* Windows longer than the clock can tell are cut, not wrong. */
static void test_window(void **state)
{
    static const struct gram_rate_rule wide[] = {{.path = "*", .burst = 60000, .every_ms = 1000000000}};
    static const struct gram_rate_rule wider[] = {{.path = "*", .burst = 2, .every_ms = UINT32_MAX}};
    static struct gram_rate_bucket one[1];
    struct gram_rate_limit of = {
        .hooks = GRAM_RATE_LIMIT_HOOKS, .rules = wide, .buckets = one, .rule_count = 1};

    (void)state;
    assert_int_equal(call_of(&of, "/x", 9), GRAM_OK);
    assert_int_equal(call_of(&of, "/x", 9), GRAM_OK);
    assert_int_equal(call_of(&of, "/x", 9), GRAM_RESOURCE_EXHAUSTED);
    assert_string_equal(said, "too many calls: try again in 1000000000 ms");
    one[0].full_at = 0;
    of.rules = wider;
    assert_int_equal(call_of(&of, "/x", 9), GRAM_OK);
    assert_int_equal(call_of(&of, "/x", 9), GRAM_RESOURCE_EXHAUSTED);
    assert_string_equal(said, "too many calls: try again in 2147483647 ms");
    assert_int_equal(call_of(&of, "/x", 9u + INT32_MAX), GRAM_OK);
}

/* Each connection has the buckets of all rules, whoever comes in its place goes on with them. */
static void test_per_connection(void **state)
{
    static struct gram_rate_bucket own[3 * RULES + 1]; /* the odd one is nobody's */
    const struct gram_rate_limit of = {.hooks = GRAM_RATE_LIMIT_HOOKS,
                                       .rules = rules,
                                       .buckets = own,
                                       .rule_count = RULES,
                                       .bucket_count = 3 * RULES + 1};

    (void)state;
    for (unsigned connection = 0; connection < 3; connection++) {
        assert_int_equal(call_on(connection, &of, "/a.A/Slow", 5), GRAM_OK);
        for (unsigned i = 0; i < BURST; i++)
            assert_int_equal(call_on(connection, &of, "/a.A/Fast", 5), GRAM_OK);
        assert_int_equal(call_on(connection, &of, "/a.A/Fast", 5), GRAM_RESOURCE_EXHAUSTED);
    }
    for (unsigned i = 0; i < 3 * RULES; i++)
        assert_int_equal(own[i].full_at, i % RULES == 1 ? 60005 : i % RULES == 3 ? 5 + BURST * EVERY : 0);
    assert_int_equal(own[3 * RULES].full_at, 0);
}

/* Where there are fewer sets than connections, these share them in turn; a set that is not whole is none. */
static void test_more_connections(void **state)
{
    static struct gram_rate_bucket own[4 * RULES];
    struct gram_rate_limit of = {
        .hooks = GRAM_RATE_LIMIT_HOOKS, .rules = rules, .buckets = own, .rule_count = RULES};

    (void)state;
    of.bucket_count = 1; /* fewer than rules: the first is all there is */
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(call_of(&of, "/a.A/Slow", 5), i < 1 ? GRAM_OK : GRAM_RESOURCE_EXHAUSTED);
    for (unsigned i = 1; i < 4 * RULES; i++)
        assert_int_equal(own[i].full_at, 0);
    for (unsigned count = RULES; count < 4 * RULES; count++) {
        unsigned sets = count / RULES;

        memset(own, 0, sizeof own);
        of.bucket_count = (uint16_t)count;
        for (unsigned round = 0; round < 2; round++) { /* and again when the buckets are full */
            for (unsigned connection = 0; connection < 3 * sets + 1; connection++)
                assert_int_equal(call_on(connection, &of, "/a.A/Slow", 5 + round * 60000),
                                 connection < sets ? GRAM_OK : GRAM_RESOURCE_EXHAUSTED);
        }
        for (unsigned i = 0; i < 4 * RULES; i++)
            assert_int_equal(own[i].full_at, i < sets * RULES && i % RULES == 1 ? 120005 : 0);
    }
}

/* With retry_after, a program is told what the text tells people. */
static gram_status retry_after(gram_call *call, gram_status status, const char *text, uint32_t retry_ms)
{
    call->sleep_ms = retry_ms;
    return gram_call_fail(call, status, text);
}

static void test_retry_info(void **state)
{
    const struct gram_rate_limit of = {.hooks = GRAM_RATE_LIMIT_HOOKS,
                                       .rules = rules,
                                       .buckets = buckets,
                                       .rule_count = RULES,
                                       .retry_after = retry_after};

    (void)state;
    assert_int_equal(call_of(&of, "/a.A/None", 9), GRAM_OK);
    assert_int_equal(fake_calls[0].sleep_ms, 0);
    assert_int_equal(call_of(&of, "/a.A/None", 9), GRAM_RESOURCE_EXHAUSTED);
    assert_int_equal(fake_calls[0].sleep_ms, 50);
    assert_string_equal(said, "too many calls: try again in 50 ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_burst, fresh),
        cmocka_unit_test_setup(test_moment_0, fresh),
        cmocka_unit_test_setup(test_pause, fresh),
        cmocka_unit_test_setup(test_each_rule_its_own, fresh),
        cmocka_unit_test_setup(test_window, fresh),
        cmocka_unit_test_setup(test_per_connection, fresh),
        cmocka_unit_test_setup(test_more_connections, fresh),
        cmocka_unit_test_setup(test_retry_info, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
