/* Metrics: what is counted, where, and what happens when the table of methods is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_call.h"
#include "gram/metrics.h"

enum { ROWS = 2 };

static struct gram_metrics_totals totals;
static struct gram_metrics_method methods[ROWS + 1]; /* the last is not to be touched */
static const struct gram_metrics metrics = {
    .hooks = GRAM_METRICS_HOOKS, .totals = &totals, .methods = methods, .method_count = ROWS};

static int fresh(void **state)
{
    (void)state;
    memset(&totals, 0, sizeof totals);
    memset(methods, 0, sizeof methods);
    return 0;
}

static int untouched(void **state)
{
    static const struct gram_metrics_method zero;

    (void)state;
    assert_memory_equal(&methods[ROWS], &zero, sizeof zero);
    return 0;
}

static gram_call *begin(uint16_t slot, const char *path)
{
    gram_call *call = fake_call(slot);

    call->path = path;
    assert_int_equal(metrics.hooks.before(&metrics.hooks, call), GRAM_OK);
    return call;
}

static void end(gram_call *call, gram_status status, uint32_t age)
{
    call->age = age;
    metrics.hooks.after(&metrics.hooks, call, status);
}

/* The sums that the header promises. */
static void check_sums(const struct gram_metrics_counts *counts)
{
    uint32_t statuses = 0, latencies = 0;

    for (unsigned i = 0; i < GRAM_METRICS_STATUSES; i++)
        statuses += counts->by_status[i];
    for (unsigned i = 0; i < GRAM_METRICS_LATENCIES; i++)
        latencies += counts->latency[i];
    assert_int_equal(statuses, counts->calls);
    assert_int_equal(latencies, counts->calls);
}

static void test_counts(void **state)
{
    gram_call *call = begin(0, "/a.A/One");
    const struct gram_metrics_method *row = gram_metrics_find(&metrics, "/a.A/One");

    (void)state;
    assert_ptr_equal(row, &methods[0]);
    assert_int_equal(totals.under_way, 1);
    assert_int_equal(row->under_way, 1);
    assert_int_equal(totals.counts.calls, 0); /* not before it has ended */
    call->bytes_in = UINT32_MAX;
    call->bytes_out = 7;
    end(call, GRAM_OK, 5);
    call = begin(0, "/a.A/One");
    call->bytes_in = 3;
    end(call, GRAM_NOT_FOUND, 0);
    assert_int_equal(totals.under_way, 0);
    assert_int_equal(row->under_way, 0);
    assert_int_equal(row->counts.calls, 2);
    assert_true(row->counts.bytes_in == (uint64_t)UINT32_MAX + 3);
    assert_true(row->counts.bytes_out == 7);
    assert_int_equal(row->counts.by_status[GRAM_OK], 1);
    assert_int_equal(row->counts.by_status[GRAM_NOT_FOUND], 1);
    assert_int_equal(row->counts.latency[0], 1);
    assert_int_equal(row->counts.latency[3], 1); /* 4 to 7 */
    assert_memory_equal(&row->counts, &totals.counts, sizeof totals.counts);
    check_sums(&totals.counts);
}

static void test_latency(void **state)
{
    static const struct {
        uint32_t ms;
        unsigned bucket;
    } want[] = {{0, 0},   {1, 1},   {2, 2},      {3, 2},      {4, 3},      {7, 3},      {8, 4},
                {511, 9}, {512, 10}, {1023, 10}, {16383, 14}, {16384, 15}, {32768, 15}, {UINT32_MAX, 15}};

    for (unsigned i = 0; i < sizeof want / sizeof want[0]; i++) {
        fresh(state);
        end(begin(0, "/a.A/One"), GRAM_OK, want[i].ms);
        assert_int_equal(totals.counts.latency[want[i].bucket], 1);
    }
}

static void test_statuses(void **state)
{
    (void)state;
    for (int status = 0; status <= 16; status++)
        end(begin(0, "/a.A/One"), (gram_status)status, 1);
    for (int status = 0; status <= 16; status++)
        assert_int_equal(totals.counts.by_status[status], 1);
    end(begin(0, "/a.A/One"), (gram_status)17, 1); /* whoever breaks the rule, no memory is overrun */
    end(begin(0, "/a.A/One"), (gram_status)-1, 1);
    assert_int_equal(totals.counts.by_status[GRAM_UNKNOWN], 3);
    check_sums(&totals.counts);
}

static void test_rows(void **state)
{
    gram_call *calls[5];
    static char same_name[] = "/a.A/Two"; /* a name is a name, wherever it stands */

    (void)state;
    assert_null(gram_metrics_find(&metrics, "/a.A/One"));
    calls[0] = begin(0, "/a.A/One");
    calls[1] = begin(1, "/a.A/Two");
    calls[2] = begin(2, "/a.A/Three"); /* no row */
    calls[3] = begin(3, same_name);
    calls[4] = begin(4, "/a.A/Three");
    assert_int_equal(totals.under_way, 5);
    assert_int_equal(totals.without_row, 2);
    assert_null(gram_metrics_find(&metrics, "/a.A/Three"));
    assert_int_equal(methods[0].under_way, 1);
    assert_int_equal(methods[1].under_way, 2);
    gram_metrics_reset(&metrics); /* in the middle: what is under way stays */
    assert_int_equal(totals.without_row, 0);
    for (unsigned i = 0; i < 5; i++)
        end(calls[i], GRAM_OK, 1);
    assert_int_equal(totals.counts.calls, 5);
    assert_int_equal(methods[0].counts.calls, 1);
    assert_int_equal(methods[1].counts.calls, 2);
    assert_int_equal(totals.under_way, 0);
    assert_int_equal(methods[0].under_way, 0);
    assert_int_equal(methods[1].under_way, 0);
    gram_metrics_reset(&metrics);
    assert_int_equal(totals.counts.calls, 0);
    assert_int_equal(methods[1].counts.by_status[GRAM_OK], 0);
    assert_ptr_equal(gram_metrics_find(&metrics, "/a.A/Two"), &methods[1]);
}

static void test_no_table(void **state)
{
    static const struct gram_metrics bare = {.hooks = GRAM_METRICS_HOOKS, .totals = &totals};
    gram_call *call = fake_call(0);

    (void)state;
    call->path = "/a.A/One";
    assert_int_equal(bare.hooks.before(&bare.hooks, call), GRAM_OK);
    bare.hooks.after(&bare.hooks, call, GRAM_OK);
    assert_int_equal(totals.counts.calls, 1);
    assert_int_equal(totals.under_way, 0);
    assert_null(gram_metrics_find(&bare, "/a.A/One"));
    gram_metrics_reset(&bare);
    assert_int_equal(totals.counts.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts, fresh, untouched),
        cmocka_unit_test_setup_teardown(test_latency, fresh, untouched),
        cmocka_unit_test_setup_teardown(test_statuses, fresh, untouched),
        cmocka_unit_test_setup_teardown(test_rows, fresh, untouched),
        cmocka_unit_test_setup_teardown(test_no_table, fresh, untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
