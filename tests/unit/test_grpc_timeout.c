/* grpc-timeout: units, and the 16 bits that a time is kept in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "grpc_internal.h"

/* Never shorter, and longer by less than a thousandth. */
static void check_pack(uint32_t ms)
{
    uint32_t back = gram_timeout_unpack(gram_timeout_pack(ms));

    if (back < ms || (uint64_t)(back - ms) * 1000 >= ms + (ms == 0))
        fail_msg("%u ms comes back as %u ms", ms, back);
}

static void test_pack(void **state)
{
    (void)state;
    for (uint32_t ms = 0; ms < 100000; ms++)
        check_pack(ms);
    for (uint32_t ms = 100000; ms < INT32_MAX - 7919; ms += 7919)
        check_pack(ms);
    for (unsigned bit = 0; bit < 31; bit++)
        for (uint32_t near = 0; near < 3; near++)
            check_pack((1u << bit) + near - 1);
    check_pack(INT32_MAX);
    for (uint32_t ms = 0; ms < 2048; ms++)
        assert_int_equal(gram_timeout_unpack(gram_timeout_pack(ms)), ms); /* short ones are exact */
}

/* Longer times never become shorter ones, and none looks like a number with another meaning. */
static void test_order(void **state)
{
    uint32_t last = 0;
    (void)state;
    for (uint32_t ms = 1; ms < INT32_MAX / 2; ms += ms / 500 + 1) {
        uint32_t back = gram_timeout_unpack(gram_timeout_pack(ms));
        assert_true(back >= last);
        assert_true(gram_timeout_pack(ms) < 60000);
        last = back;
    }
    assert_true(gram_timeout_pack(INT32_MAX) < 60000);
}

static void test_forever(void **state)
{
    (void)state;
    assert_int_equal(gram_timeout_pack(GRAM_FOREVER), GRAM_TIMEOUT_NONE);
    assert_int_equal(gram_timeout_pack((uint32_t)INT32_MAX + 1), GRAM_TIMEOUT_NONE);
    assert_int_equal(gram_timeout_unpack(GRAM_TIMEOUT_NONE), GRAM_FOREVER);
}

static uint32_t ms_of(uint32_t number, char unit)
{
    uint32_t ms = 0;

    assert_true(gram_timeout_ms(number, unit, &ms));
    return ms;
}

static void test_units(void **state)
{
    (void)state;
    assert_int_equal(ms_of(2, 'H'), 7200000);
    assert_int_equal(ms_of(3, 'M'), 180000);
    assert_int_equal(ms_of(4, 'S'), 4000);
    assert_int_equal(ms_of(5, 'm'), 5);
    assert_int_equal(ms_of(6000, 'u'), 6);
    assert_int_equal(ms_of(7000000, 'n'), 7);
    for (const char *unit = "HMSmun"; *unit; unit++)
        assert_int_equal(ms_of(0, *unit), 0);
}

static void test_rounding(void **state)
{
    (void)state;
    assert_int_equal(ms_of(1, 'u'), 1);
    assert_int_equal(ms_of(1000, 'u'), 1);
    assert_int_equal(ms_of(1001, 'u'), 2);
    assert_int_equal(ms_of(1, 'n'), 1);
    assert_int_equal(ms_of(1000000, 'n'), 1);
    assert_int_equal(ms_of(1000001, 'n'), 2);
    assert_int_equal(ms_of(99999999, 'u'), 100000);
    assert_int_equal(ms_of(99999999, 'n'), 100);
}

static void test_long(void **state)
{
    (void)state;
    assert_int_equal(ms_of(99999999, 'H'), GRAM_FOREVER);
    assert_int_equal(ms_of(99999999, 'M'), GRAM_FOREVER);
    assert_int_equal(ms_of(99999999, 'S'), GRAM_FOREVER);
    assert_int_equal(ms_of(99999999, 'm'), 99999999);
    assert_int_equal(ms_of(596, 'H'), 596u * 3600000);
    assert_int_equal(ms_of(597, 'H'), GRAM_FOREVER);
    assert_int_equal(ms_of(2147483, 'S'), 2147483000);
    assert_int_equal(ms_of(2147484, 'S'), GRAM_FOREVER);
}

static void test_no_unit(void **state)
{
    uint32_t ms;
    (void)state;
    for (int c = 0; c < 256; c++)
        if (!c || !strchr("HMSmun", c))
            assert_false(gram_timeout_ms(1, (char)c, &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack),    cmocka_unit_test(test_order),    cmocka_unit_test(test_forever),
        cmocka_unit_test(test_units),   cmocka_unit_test(test_rounding), cmocka_unit_test(test_long),
        cmocka_unit_test(test_no_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
