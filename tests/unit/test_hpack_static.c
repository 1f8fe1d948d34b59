/* The static table against RFC 7541 appendix A: every name, number and size, and every entry as a field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hpack_feed.h"
#include "hpack_rfc.h"
#include "hpack_static.h"

static struct hpack_record record;

static unsigned first_of(unsigned index)
{
    unsigned first = 1;
    while (strcmp(hpack_rfc_static[first].name, hpack_rfc_static[index].name) != 0)
        first++;
    return first;
}

static void test_table(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= HPACK_STATIC_COUNT; i++) {
        assert_string_equal(gram_hpack_static_name(i), hpack_rfc_static[i].name);
        size_t len = strlen(hpack_rfc_static[i].name) + strlen(hpack_rfc_static[i].value);
        assert_int_equal(gram_hpack_static_size(i), 32 + len);
        assert_int_equal(gram_hpack_static_has_value(i), hpack_rfc_static[i].value[0] != '\0');
        assert_int_equal(gram_hpack_static_first(i), first_of(i));
    }
}

/* The values that have a name in hpack.h. */
static void test_numbers(void **state)
{
    (void)state;
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_GET].value, "GET");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_POST].value, "POST");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_ROOT].value, "/");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_HTTP].value, "http");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_HTTPS].value, "https");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_AUTHORITY].name, ":authority");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_METHOD].name, ":method");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_PATH].name, ":path");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_SCHEME].name, ":scheme");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_STATUS].name, ":status");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_AUTHORIZATION].name, "authorization");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_CONTENT_LENGTH].name, "content-length");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_CONTENT_TYPE].name, "content-type");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_TRANSFER_ENCODING].name, "transfer-encoding");
}

/* Each entry as an indexed field, as the name of a literal, and spelled out: the same name number every
 * time. */
static void test_fields(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= HPACK_STATIC_COUNT; i++) {
        const struct hpack_rfc_field *entry = &hpack_rfc_static[i];
        struct gram_hpack_dec dec;
        uint8_t block[128];
        size_t n = 0;
        size_t name_len = strlen(entry->name);

        block[n++] = (uint8_t)(0x80 | i);
        block[n++] = (uint8_t)(i < 15 ? i : 15);
        if (i >= 15)
            block[n++] = (uint8_t)(i - 15);
        memcpy(block + n, "\x01v", 2);
        n += 2;
        block[n++] = 0x10;
        block[n++] = (uint8_t)name_len;
        memcpy(block + n, entry->name, name_len);
        n += name_len;
        block[n++] = 0;

        hpack_record_init(&record, NULL);
        gram_hpack_dec_init(&dec);
        assert_int_equal(hpack_feed(&dec, &record, block, n, HPACK_WHOLE, NULL), GRAM_HPACK_OK);
        assert_int_equal(record.count, 3);
        for (unsigned f = 0; f < 3; f++)
            assert_int_equal(record.field[f].name, first_of(i));
        assert_int_equal(record.field[0].size, 32 + name_len + strlen(entry->value));
        assert_int_equal(record.field[1].size, 32 + name_len + 1);
        assert_int_equal(record.field[2].size, 32 + name_len);
        /* An entry's value is its index; an empty one is for the vocabulary to judge. */
        assert_int_equal(record.field[0].value, entry->value[0] != '\0' ? i : GRAM_HPACK_VALUE_FREE);
        assert_int_equal(record.begun, entry->value[0] != '\0' ? 2 : 3);
        assert_int_equal(record.ended, record.begun);
    }
}

/* An empty value that the vocabulary does not want. */
static void test_declined(void **state)
{
    struct gram_hpack_dec dec;
    (void)state;
    hpack_record_init(&record, NULL);
    record.deaf = GRAM_HPACK_CONTENT_TYPE;
    gram_hpack_dec_init(&dec);
    assert_int_equal(hpack_feed_block(&dec, &record, "9f 0f10 0161", HPACK_WHOLE, NULL), GRAM_HPACK_OK);
    assert_int_equal(record.field[0].name, GRAM_HPACK_CONTENT_TYPE);
    assert_int_equal(record.field[0].value, GRAM_HPACK_VALUE_NONE);
    assert_int_equal(record.field[1].name, GRAM_HPACK_CONTENT_TYPE);
    assert_int_equal(record.field[1].value, GRAM_HPACK_VALUE_NONE);
    assert_int_equal(record.begun, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_declined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
