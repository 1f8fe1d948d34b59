/* The encoder, byte for byte: forms of fields, the two pins, and what a peer's changes of its table bring
 * out. That other decoders understand it all: vectors/test_nghttp2_hpack.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard_page.h"
#include "hpack.h"
#include "hpack_feed.h"

static const struct gram_hpack_pin pins[GRAM_HPACK_PINS] = {
    {"content-type", "application/grpc", GRAM_HPACK_CONTENT_TYPE}, /* 60 bytes of the table */
    {"grpc-status", "0", 0},                                       /* 44 */
};
enum { TYPE, STATUS, NEED = 104 };

#define TYPE_ADDED "5f 10 6170706c69636174696f6e2f67727063"
#define TYPE_LITERAL "0f10 10 6170706c69636174696f6e2f67727063"
#define STATUS_ADDED "40 0b 677270632d737461747573 01 30"
#define STATUS_LITERAL "00 0b 677270632d737461747573 01 30"

static struct gram_hpack_enc enc;
static struct guard_page guard;
static struct gram_hpack_out out;

static void begin(void)
{
    out = (struct gram_hpack_out){.buf = guard_page_end(&guard, 256), .cap = 256};
    gram_hpack_enc_begin(&enc, &out);
}

static void wrote(const char *hex)
{
    uint8_t want[HPACK_HEX_MAX];
    size_t len = hpack_hex(hex, want);
    assert_false(out.overflow);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.buf, want, len);
}

/* A response's headers and trailers, as one block each. */
static void response(const char *headers, const char *trailers)
{
    begin();
    gram_hpack_enc_index(&out, 8);
    gram_hpack_enc_pin(&enc, &out, TYPE);
    wrote(headers);
    begin();
    gram_hpack_enc_pin(&enc, &out, STATUS);
    wrote(trailers);
}

static void test_pins(void **state)
{
    (void)state;
    gram_hpack_enc_init(&enc, pins);
    assert_int_equal(enc.need, NEED);
    response("88" TYPE_ADDED, STATUS_ADDED);
    for (int i = 0; i < 3; i++)
        response("88 bf", "be"); /* the floor: 2 bytes and 1 */
    gram_hpack_enc_init(&enc, pins);
    begin();
    gram_hpack_enc_pin(&enc, &out, STATUS); /* the other order */
    gram_hpack_enc_pin(&enc, &out, TYPE);
    gram_hpack_enc_pin(&enc, &out, STATUS);
    gram_hpack_enc_pin(&enc, &out, TYPE);
    wrote(STATUS_ADDED TYPE_ADDED "bf be");
}

static void test_literals(void **state)
{
    (void)state;
    gram_hpack_enc_init(&enc, pins);
    begin();
    gram_hpack_enc_literal(&out, 0, "x-a", (const uint8_t *)"1", 1);
    gram_hpack_enc_literal(&out, 8, NULL, (const uint8_t *)"415", 3);
    gram_hpack_enc_literal(&out, 28, NULL, (const uint8_t *)"", 0);
    gram_hpack_enc_index(&out, 61);
    wrote("00 03 782d61 01 31  08 03 343135  0f0d 00  bd");
    begin();
    gram_hpack_enc_pin_name(&enc, &out, STATUS, (const uint8_t *)"5", 1);
    gram_hpack_enc_pin_name(&enc, &out, TYPE, (const uint8_t *)"a", 1);
    gram_hpack_enc_pin(&enc, &out, STATUS);
    gram_hpack_enc_pin_name(&enc, &out, STATUS, (const uint8_t *)"5", 1);
    wrote("00 0b 677270632d737461747573 01 35  0f10 01 61" STATUS_ADDED "0f2f 01 35");
}

static void test_long_value(void **state)
{
    uint8_t value[200];
    (void)state;
    memset(value, 'v', sizeof value);
    gram_hpack_enc_init(&enc, pins);
    begin();
    gram_hpack_enc_literal(&out, 4, NULL, value, sizeof value);
    assert_int_equal(out.len, 1 + 2 + sizeof value);
    assert_memory_equal(out.buf, "\x04\x7f\x49", 3);
    assert_memory_equal(out.buf + 3, value, sizeof value);
}

/* Every size of buffer: all or a beginning is written, never a byte beyond, and it is told. */
static void test_overflow(void **state)
{
    uint8_t full[HPACK_HEX_MAX];
    (void)state;
    size_t len = hpack_hex("20 3fe11f 88" TYPE_ADDED STATUS_ADDED, full);
    for (size_t cap = 0; cap <= len; cap++) {
        gram_hpack_enc_init(&enc, pins);
        gram_hpack_enc_limit(&enc, 0);
        gram_hpack_enc_limit(&enc, 4096);
        out = (struct gram_hpack_out){.buf = guard_page_end(&guard, cap), .cap = cap};
        gram_hpack_enc_begin(&enc, &out);
        gram_hpack_enc_index(&out, 8);
        gram_hpack_enc_pin(&enc, &out, TYPE);
        gram_hpack_enc_pin(&enc, &out, STATUS);
        assert_int_equal(out.overflow, cap < len);
        assert_true(out.len <= cap);
        assert_memory_equal(out.buf, full, out.len);
        if (cap == len)
            assert_int_equal(out.len, len);
    }
}

static void pinned(void)
{
    gram_hpack_enc_init(&enc, pins);
    response("88" TYPE_ADDED, STATUS_ADDED);
}

static void test_limits(void **state)
{
    (void)state;
    pinned();
    gram_hpack_enc_limit(&enc, 4096); /* as it was */
    gram_hpack_enc_limit(&enc, 65536); /* we use no more */
    gram_hpack_enc_limit(&enc, UINT32_MAX);
    response("88 bf", "be");

    gram_hpack_enc_limit(&enc, NEED); /* just enough: kept */
    response("3f49 88 bf", "be");
    gram_hpack_enc_limit(&enc, 300);
    response("3f8d02 88 bf", "be");

    gram_hpack_enc_limit(&enc, NEED - 1); /* not enough: nothing */
    response("20 88" TYPE_LITERAL, STATUS_LITERAL);
    gram_hpack_enc_limit(&enc, 0); /* we use none already */
    response("88" TYPE_LITERAL, STATUS_LITERAL);
    gram_hpack_enc_limit(&enc, NEED - 1);
    response("88" TYPE_LITERAL, STATUS_LITERAL);

    gram_hpack_enc_limit(&enc, 4096); /* again as at first */
    response("3fe11f 88" TYPE_ADDED, STATUS_ADDED);
    response("88 bf", "be");
}

/* Down and up between two blocks: the lowest is told first, and what did not fit then is gone (RFC 7541
 * 4.2). */
static void test_down_and_up(void **state)
{
    (void)state;
    pinned();
    gram_hpack_enc_limit(&enc, 0);
    gram_hpack_enc_limit(&enc, 4096);
    response("20 3fe11f 88" TYPE_ADDED, STATUS_ADDED);
    gram_hpack_enc_limit(&enc, 200);
    gram_hpack_enc_limit(&enc, 103);
    gram_hpack_enc_limit(&enc, 150);
    response("20 3f77 88" TYPE_ADDED, STATUS_ADDED);

    pinned();
    gram_hpack_enc_limit(&enc, 200);
    gram_hpack_enc_limit(&enc, 1000000);
    response("3fa901 3fe11f 88 bf", "be"); /* 200 held them */
    gram_hpack_enc_limit(&enc, 300);
    gram_hpack_enc_limit(&enc, 200);
    response("3fa901 88 bf", "be");
    gram_hpack_enc_limit(&enc, 300);
    gram_hpack_enc_limit(&enc, 200); /* up and down to where it was */
    response("88 bf", "be");
}

/* A change is told once, whichever block comes first. */
static void test_before_the_first_block(void **state)
{
    (void)state;
    gram_hpack_enc_init(&enc, pins);
    gram_hpack_enc_limit(&enc, 0);
    begin();
    wrote("20");
    response("88" TYPE_LITERAL, STATUS_LITERAL);
    begin();
    gram_hpack_enc_pin_name(&enc, &out, STATUS, (const uint8_t *)"5", 1);
    wrote("00 0b 677270632d737461747573 01 35");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pins),     cmocka_unit_test(test_literals), cmocka_unit_test(test_long_value),
        cmocka_unit_test(test_overflow), cmocka_unit_test(test_limits),   cmocka_unit_test(test_down_and_up),
        cmocka_unit_test(test_before_the_first_block),
    };
    guard_page_open(&guard, 256);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
