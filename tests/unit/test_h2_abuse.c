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
static const char *expected; /* the reason for the connection's end */

static void on_failed(struct gram_h2_conn *failed, const char *reason)
{
    assert_ptr_equal(failed, &conn);
    assert_string_equal(reason, expected);
}

/* Nothing else is told: there are no streams. */
static const struct gram_h2_events events = {.failed = on_failed};

static int begin(void **state)
{
    (void)state;
    gram_h2_init(&conn, &events, gram_grpc_pins, NULL, 0, 0xfffffff0u);
    return 0;
}

static bool charge(enum gram_h2_work work)
{
    expected = work == GRAM_H2_WORK_PING ? "too_many_pings" : "GRAM_ABUSE_BURST";
    return gram_h2_charge(&conn, work);
}

static void pass(uint32_t ms)
{
    conn.now += ms;
}

/* How many of them go through at once. */
static unsigned burst(enum gram_h2_work work)
{
    unsigned n = 0;

    while (n < 1000 && charge(work))
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
        assert_true(charge(GRAM_H2_WORK_RESET));
    assert_false(charge(GRAM_H2_WORK_PING));
    assert_int_equal(conn.phase, GRAM_H2_ENDING);
}

/* What the rate allows goes on for ever, however the charges lie between the milliseconds. */
static void rate(enum gram_h2_work work, unsigned points, uint32_t first, uint32_t second)
{
    begin(NULL);
    assert_true((first + second) * GRAM_ABUSE_PER_SECOND >= 2 * points * 1000);
    for (unsigned i = 0; i < 2000; i++) {
        pass(i % 2 ? second : first);
        if (!charge(work))
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
        if (!charge(GRAM_H2_WORK_PING))
            break;
    }
    assert_in_range(i, GRAM_ABUSE_BURST / 2, 1100);
}

/* After a full burst and so many milliseconds of rest, how many more resets go through? */
static unsigned more_after(uint32_t ms)
{
    begin(NULL);
    for (unsigned i = 0; i < GRAM_ABUSE_BURST / 5; i++)
        assert_true(charge(GRAM_H2_WORK_RESET));
    pass(ms);
    return burst(GRAM_H2_WORK_RESET);
}

static void test_drains(void **state)
{
    const uint32_t one = 5u * 1000u / GRAM_ABUSE_PER_SECOND;
    const uint32_t full = 1000u * GRAM_ABUSE_BURST / GRAM_ABUSE_PER_SECOND;

    (void)state;
    assert_int_equal(more_after(0), 0);
    assert_int_equal(more_after(one - 1), 0);
    assert_int_equal(more_after(one), 1);
    assert_int_equal(more_after(2 * one - 1), 1);
    assert_int_equal(more_after(full / 2), GRAM_ABUSE_BURST / 10);
    assert_int_equal(more_after(full), GRAM_ABUSE_BURST / 5);
    assert_int_equal(more_after(full + 1), GRAM_ABUSE_BURST / 5);
    assert_int_equal(more_after(0x7fffffff), GRAM_ABUSE_BURST / 5); /* weeks */
    assert_int_equal(more_after(0xffffffff - full), GRAM_ABUSE_BURST / 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bursts), cmocka_unit_test_setup(test_shared, begin),
        cmocka_unit_test(test_rate),   cmocka_unit_test_setup(test_beyond, begin),
        cmocka_unit_test(test_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
