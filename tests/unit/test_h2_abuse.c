/* The bucket of work beyond calls: how much at once, how much for ever, and that it drains with the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "h2_internal.h"
#include "grpc_internal.h"

static struct gram_h2_conn conn;

static void on_failed(struct gram_h2_conn *failed, const char *reason)
{
    assert_ptr_equal(failed, &conn);
    assert_string_equal(reason, "GRAM_ABUSE_BURST");
}

/* Nothing else is told: there are no streams. */
static const struct gram_h2_events events = { .failed = on_failed };

static int begin(void **state)
{
    (void)state;
    gram_h2_init(&conn, &events, gram_grpc_pins, NULL, 0, 0xfffffff0u);
    return 0;
}

static void pass(uint32_t ms)
{
    conn.now += ms;
}

/* How many of them go through at once. */
static unsigned burst(enum gram_h2_work work)
{
    unsigned n = 0;

    while (n < 1000 && gram_h2_charge(&conn, work))
        n++;
    assert_int_equal(conn.phase, GRAM_H2_ENDING);
    return n;
}

static void test_bursts(void **state)
{
    (void)state;
    begin(NULL);
    assert_int_equal(burst(GRAM_H2_WORK_RESET), GRAM_ABUSE_BURST / 5);
    begin(NULL);
    assert_int_equal(burst(GRAM_H2_WORK_REFUSED), GRAM_ABUSE_BURST / 4);
    begin(NULL);
    assert_int_equal(burst(GRAM_H2_WORK_GLITCH), GRAM_ABUSE_BURST / 2);
    begin(NULL);
    assert_int_equal(burst(GRAM_H2_WORK_SETTINGS), GRAM_ABUSE_BURST / 2);
    begin(NULL);
    assert_int_equal(burst(GRAM_H2_WORK_PING), GRAM_ABUSE_BURST / 2);
}

/* One bucket for all. */
static void test_shared(void **state)
{
    (void)state;
    for (unsigned points = 5; points <= GRAM_ABUSE_BURST; points += 5)
        assert_true(gram_h2_charge(&conn, GRAM_H2_WORK_RESET));
    assert_false(gram_h2_charge(&conn, GRAM_H2_WORK_PING));
    assert_int_equal(conn.phase, GRAM_H2_ENDING);
}

/* What the rate allows goes on for ever, however the charges lie between the milliseconds. */
static void rate(enum gram_h2_work work, unsigned points, uint32_t first, uint32_t second)
{
    begin(NULL);
    assert_true((first + second) * GRAM_ABUSE_PER_SECOND >= 2 * points * 1000);
    for (unsigned i = 0; i < 2000; i++) {
        pass(i % 2 ? second : first);
        if (!gram_h2_charge(&conn, work))
            fail_msg("%u points every %u and %u ms end the connection after %u", points, first, second, i);
    }
}

static void test_rate(void **state)
{
    (void)state;
    rate(GRAM_H2_WORK_RESET, 5, 250, 250);
    rate(GRAM_H2_WORK_RESET, 5, 249, 251);
    rate(GRAM_H2_WORK_RESET, 5, 1, 499);
    rate(GRAM_H2_WORK_PING, 2, 100, 100);
    rate(GRAM_H2_WORK_PING, 2, 60, 140);
    rate(GRAM_H2_WORK_PING, 2, 99, 101);
    rate(GRAM_H2_WORK_REFUSED, 4, 0, 400);
}

/* And what is above it does not. */
static void test_beyond(void **state)
{
    unsigned i;
    (void)state;
    for (i = 0; i < 2000; i++) {
        pass(90);
        if (!gram_h2_charge(&conn, GRAM_H2_WORK_PING))
            break;
    }
    assert_in_range(i, GRAM_ABUSE_BURST / 2, 1100);
}

/* Milliseconds until all is forgotten. */
static uint32_t debt(void)
{
    return conn.forgiven_at - conn.now;
}

static void test_drains(void **state)
{
    const uint32_t one = 5u * 1000u / GRAM_ABUSE_PER_SECOND;
    const uint32_t full = 1000u * GRAM_ABUSE_BURST / GRAM_ABUSE_PER_SECOND;

    (void)state;
    while (debt() + one <= full)
        assert_true(gram_h2_charge(&conn, GRAM_H2_WORK_RESET));
    pass(full);
    assert_true(gram_h2_charge(&conn, GRAM_H2_WORK_RESET));
    assert_int_equal(debt(), one);
    pass(one / 2);
    assert_true(gram_h2_charge(&conn, GRAM_H2_WORK_RESET));
    assert_int_equal(debt(), one - one / 2 + one);
    pass(0x7fffffff); /* weeks */
    assert_true(gram_h2_charge(&conn, GRAM_H2_WORK_RESET));
    assert_int_equal(debt(), one);
    pass(0xffffffff - full);
    assert_true(gram_h2_charge(&conn, GRAM_H2_WORK_RESET));
    assert_int_equal(debt(), one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bursts),
        cmocka_unit_test_setup(test_shared, begin),
        cmocka_unit_test(test_rate),
        cmocka_unit_test_setup(test_beyond, begin),
        cmocka_unit_test(test_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
