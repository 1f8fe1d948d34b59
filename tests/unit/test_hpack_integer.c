/* Integers (RFC 7541 5.1): the examples of appendix C.1, both directions, every length, and the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hpack_feed.h"
#include "hpack_integer.h"

static struct hpack_record record;

static void put(unsigned kind, unsigned prefix, uint32_t value, const char *hex)
{
    uint8_t want[HPACK_HEX_MAX], got[8];
    size_t len = hpack_hex(hex, want);
    struct gram_hpack_out out = {.buf = got, .cap = sizeof got};
    gram_hpack_put_integer(&out, (enum hpack_form)(kind | prefix), value);
    assert_false(out.overflow);
    assert_int_equal(out.len, len);
    assert_memory_equal(got, want, len);
}

static void test_put(void **state)
{
    (void)state;
    put(0, 5, 10, "0a"); /* C.1.1 */
    put(0, 5, 1337, "1f9a0a"); /* C.1.2 */
    put(0, 7, 42, "2a"); /* C.1.3, by a bit less */
    put(0xe0, 5, 30, "fe");
    put(0xe0, 5, 31, "ff00");
    put(0x80, 7, 126, "fe");
    put(0x80, 7, 127, "ff00");
    put(0, 4, 15 + 127, "0f7f");
    put(0, 4, 15 + 128, "0f8001");
    put(0, 1, 0, "00");
    put(0, 1, 1, "0100");
    put(0x20, 5, UINT32_MAX, "3fe0ffffff0f");
    put(0, 7, UINT32_MAX, "7f80ffffff0f");
}

/* An integer that does not fit is not there at all, and nothing comes after it. */
static void test_put_overflow(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 3; cap++) {
        uint8_t buf[4] = {0xaa, 0xaa, 0xaa, 0xaa};
        struct gram_hpack_out out = {.buf = buf, .cap = cap};
        gram_hpack_put_integer(&out, HPACK_SIZE_UPDATE, 1337);
        assert_true(out.overflow);
        assert_int_equal(out.len, 0);
        gram_hpack_put_integer(&out, HPACK_SIZE_UPDATE, 1);
        gram_hpack_put_bytes(&out, "", 0);
        assert_true(out.overflow);
        assert_int_equal(out.len, 0);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(buf[i], 0xaa);
    }
}

static enum gram_hpack_error decode(const char *hex, struct gram_hpack_dec *dec)
{
    enum gram_hpack_error whole, bytes;
    struct gram_hpack_dec again;

    hpack_record_init(&record, NULL);
    gram_hpack_dec_init(&again);
    bytes = hpack_feed_block(&again, &record, hex, HPACK_BYTES, NULL);
    hpack_record_init(&record, NULL);
    gram_hpack_dec_init(dec);
    whole = hpack_feed_block(dec, &record, hex, HPACK_WHOLE, NULL);
    assert_int_equal(whole, bytes);
    return whole;
}

/* A size update tells what was read. */
static void reads(const char *hex, unsigned value)
{
    struct gram_hpack_dec dec;
    assert_int_equal(decode(hex, &dec), GRAM_HPACK_OK);
    assert_int_equal(dec.table.max, value);
}

static void fails(const char *hex, enum gram_hpack_error error)
{
    struct gram_hpack_dec dec;
    assert_int_equal(decode(hex, &dec), error);
}

static void test_get(void **state)
{
    (void)state;
    reads("2a", 10);
    reads("3e", 30);
    reads("3f00", 31);
    reads("3f9a0a", 1337);
    reads("3fe11f", 4096);
    reads("3fe19f808000", 4096); /* zeros at the end are lawful: five bytes after the prefix */
    fails("3fe29f808000", GRAM_HPACK_E_UPDATE);
    fails("3fe19f80808000", GRAM_HPACK_E_INTEGER); /* six */
    fails("3fe19f80808080", GRAM_HPACK_E_INTEGER);
    fails("3f", GRAM_HPACK_E_TRUNCATED);
    fails("3f80", GRAM_HPACK_E_TRUNCATED);
    fails("3f80808080", GRAM_HPACK_E_TRUNCATED);
    fails("3fe21f", GRAM_HPACK_E_UPDATE);
}

/* 2^31 - 1 is read (and is past the table, too long, or still to come), 2^31 is not. */
static void test_limit(void **state)
{
    (void)state;
    fails("ff80ffffff07", GRAM_HPACK_E_INDEX);
    fails("ff81ffffff07", GRAM_HPACK_E_INTEGER);
    fails("ffffffffff07", GRAM_HPACK_E_INTEGER);
    fails("ff8080808008", GRAM_HPACK_E_INTEGER);
    fails("ff8080808010", GRAM_HPACK_E_INTEGER); /* bits beyond the 32nd */
    fails("ffffffffff0f", GRAM_HPACK_E_INTEGER);
    fails("ffffffffff7f", GRAM_HPACK_E_INTEGER);
    fails("3fe0ffffff07", GRAM_HPACK_E_UPDATE);
    fails("3fe1ffffff07", GRAM_HPACK_E_INTEGER);
    fails("0ff0ffffff07", GRAM_HPACK_E_INDEX);
    fails("0ff1ffffff07", GRAM_HPACK_E_INTEGER);
    fails("7fc0ffffff07", GRAM_HPACK_E_INDEX);
    fails("7fc1ffffff07", GRAM_HPACK_E_INTEGER);
    fails("007f80ffffff07", GRAM_HPACK_E_TRUNCATED);
    fails("007f81ffffff07", GRAM_HPACK_E_INTEGER);
    fails("017f80ffffff07", GRAM_HPACK_E_TRUNCATED);
    fails("017f81ffffff07", GRAM_HPACK_E_INTEGER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_put_overflow),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
