/* The decoder's own rules: errors, size updates, what names and values are judged to be, what an entry
 * keeps of that. For the forms of fields see vectors/test_hpack_rfc7541.c, for integers
 * test_hpack_integer.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hpack_feed.h"
#include "hpack_rfc.h"

static struct hpack_record record;
static struct gram_hpack_dec dec;
static struct test_random rnd;

static const char *const extra[] = {"te", "x-a", "x-b", NULL};
enum { TE = GRAM_HPACK_EXTRA, X_A, X_B };

static void fresh(void)
{
    hpack_record_init(&record, extra);
    gram_hpack_dec_init(&dec);
}

static void ok(const char *hex)
{
    assert_int_equal(hpack_feed_block(&dec, &record, hex, HPACK_WHOLE, NULL), GRAM_HPACK_OK);
}

static enum gram_hpack_error feed(const void *bytes, size_t len, int cut)
{
    return hpack_feed(&dec, &record, bytes, len, (enum hpack_cut)cut, &rnd);
}

/* Fails with `error` however it is cut, and for good. */
static void fails(const char *hex, enum gram_hpack_error error)
{
    for (int cut = HPACK_WHOLE; cut <= HPACK_CUT; cut++) {
        fresh();
        assert_int_equal(hpack_feed_block(&dec, &record, hex, (enum hpack_cut)cut, &rnd), error);
        if (error == GRAM_HPACK_E_TRUNCATED)
            continue;
        size_t count = record.count;
        assert_int_equal(gram_hpack_dec_end(&dec), error);
        gram_hpack_dec_begin(&dec);
        assert_int_equal(feed("\x82", 1, HPACK_WHOLE), error);
        assert_int_equal(record.count, count);
    }
}

static void field_is(size_t i, uint8_t name, uint16_t value, uint32_t size)
{
    assert_true(i < record.count);
    assert_int_equal(record.field[i].name, name);
    assert_int_equal(record.field[i].value, value);
    assert_int_equal(record.field[i].size, size);
}

static void test_errors(void **state)
{
    (void)state;
    fails("80", GRAM_HPACK_E_INDEX);
    fails("82 80 82", GRAM_HPACK_E_INDEX);
    fails("be", GRAM_HPACK_E_INDEX);
    fails("44 0161 bf", GRAM_HPACK_E_INDEX); /* one entry: 62 is there, 63 is not */
    fails("44 0161 be be ff00", GRAM_HPACK_E_INDEX);
    fails("7e 00", GRAM_HPACK_E_INDEX);
    fails("0f2f 00", GRAM_HPACK_E_INDEX);
    fails("1f2f 00", GRAM_HPACK_E_INDEX);
    fails("ff 80ffffff07", GRAM_HPACK_E_INDEX);
    fails("82 20", GRAM_HPACK_E_UPDATE);
    fails("20 82 20", GRAM_HPACK_E_UPDATE);
    fails("04 00 20", GRAM_HPACK_E_UPDATE);
    fails("44 00 3fe11f", GRAM_HPACK_E_UPDATE);
    fails("3fe21f", GRAM_HPACK_E_UPDATE);
    fails("04 81 ff", GRAM_HPACK_E_HUFFMAN);
    fails("04 84 ffffffff", GRAM_HPACK_E_HUFFMAN);
    fails("00 82 1fff 00", GRAM_HPACK_E_HUFFMAN);
    fails("00 84 fffffffc 00", GRAM_HPACK_E_HUFFMAN);
    fails("04 81 18", GRAM_HPACK_E_HUFFMAN); /* 'a' and three zeros */
}

/* A block may end only between fields: each proper beginning of these is truncated. */
static void test_truncated(void **state)
{
    static const char *const blocks[] = {
        "44 03 616263", "40 03 782d61 03 616263", "0f 10 03 616263",   "10 84 f2b0 0b3f 83 1c6490",
        "ff 00",        "3f e11f",                "7f 00 7f 80ff ff01",
    };
    (void)state;
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        uint8_t bytes[HPACK_HEX_MAX];
        size_t len = hpack_hex(blocks[b], bytes);
        for (size_t n = 1; n < len; n++) {
            fresh();
            gram_hpack_dec_begin(&dec);
            if (b == 4 || b == 6) /* 127 and 63 need a table */
                for (int i = 0; i < 70; i++)
                    feed("\x44", 2, HPACK_WHOLE);
            assert_int_equal(feed(bytes, n, HPACK_WHOLE), GRAM_HPACK_OK);
            assert_int_equal(gram_hpack_dec_end(&dec), GRAM_HPACK_E_TRUNCATED);
        }
    }
}

static void test_updates(void **state)
{
    (void)state;
    fresh();
    ok("44 0161 44 0162 be bf");
    assert_int_equal(dec.table.count, 2);
    ok("3f09 be"); /* 40 bytes: the newest of two entries of 38 */
    assert_int_equal(dec.table.max, 40);
    assert_int_equal(dec.table.count, 1);
    field_is(0, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_FREE + 1, 38);
    ok("20 3fe11f 3f01 3fe11f 82"); /* up and down, as often as one likes */
    assert_int_equal(dec.table.max, 4096);
    assert_int_equal(dec.table.count, 0);
    ok("20"); /* and nothing else */
    assert_int_equal(dec.table.max, 0);
    ok("44 0161 82");
    assert_int_equal(dec.table.count, 0);
    ok("");
}

static bool lawful(unsigned c, bool first)
{
    if (c == ':')
        return first;
    return c > 0x20 && c < 0x7f && !(c >= 'A' && c <= 'Z');
}

/* Every byte at every place of a name of four, raw and Huffman-coded, in the field and in the entry that it
 * leaves. */
static void test_name_characters(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++)
        for (unsigned place = 0; place < 4; place++)
            for (unsigned coded = 0; coded < 2; coded++) {
                uint8_t name[4] = {'z', 'z', 'z', 'z'}, block[40] = {0x40};
                name[place] = (uint8_t)c;
                size_t n = coded != 0 ? hpack_rfc_huffman_encode(name, 4, block + 2) : 4;
                if (coded == 0)
                    memcpy(block + 2, name, 4);
                block[1] = (uint8_t)(coded << 7 | n);
                n += 2;
                block[n++] = 0;
                block[n++] = 0xbe;  /* the entry */
                block[n++] = 0x7e;  /* a literal with its name */
                block[n++] = 1;
                block[n++] = 'v';
                block[n++] = 0xbe;
                uint8_t want = !lawful(c, place == 0) ? GRAM_HPACK_NAME_BAD
                               : c == ':'             ? GRAM_HPACK_NAME_PSEUDO
                                                      : GRAM_HPACK_NAME_OTHER;
                for (int cut = HPACK_WHOLE; cut <= HPACK_BYTES; cut++) {
                    fresh();
                    assert_int_equal(feed(block, n, cut), GRAM_HPACK_OK);
                    field_is(0, want, GRAM_HPACK_VALUE_NONE, 36);
                    field_is(1, want, GRAM_HPACK_VALUE_NONE, 36);
                    field_is(2, want, GRAM_HPACK_VALUE_NONE, 37);
                    field_is(3, want, GRAM_HPACK_VALUE_NONE, 37);
                    assert_int_equal(dec.table.size, 36 + 37);
                }
            }
}

static void test_names(void **state)
{
    (void)state;
    fresh();
    ok("00 00 00"); /* empty */
    field_is(0, GRAM_HPACK_NAME_BAD, GRAM_HPACK_VALUE_NONE, 32);
    ok("00 80 80"); /* empty, said to be Huffman-coded */
    field_is(0, GRAM_HPACK_NAME_BAD, GRAM_HPACK_VALUE_NONE, 32);
    ok("00 01 3a 00"); /* a colon alone */
    field_is(0, GRAM_HPACK_NAME_PSEUDO, GRAM_HPACK_VALUE_NONE, 33);
    ok("00 02 3a3a 00");
    field_is(0, GRAM_HPACK_NAME_BAD, GRAM_HPACK_VALUE_NONE, 34);
    ok("00 02 3a41 00"); /* ":A" */
    field_is(0, GRAM_HPACK_NAME_BAD, GRAM_HPACK_VALUE_NONE, 34);
    ok("00 05 3a70617468 00"); /* ":path" */
    field_is(0, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_FREE, 37);
    ok("00 05 3a50617468 00"); /* ":Path" */
    field_is(0, GRAM_HPACK_NAME_BAD, GRAM_HPACK_VALUE_NONE, 37);
    ok("00 02 7465 00 00 03 782d62 00 00 03 782d63 00 00 02 782d 00"); /* te x-b x-c x- */
    field_is(0, TE, GRAM_HPACK_VALUE_FREE + 1, 34);
    field_is(1, X_B, GRAM_HPACK_VALUE_FREE + 2, 35);
    field_is(2, GRAM_HPACK_NAME_OTHER, GRAM_HPACK_VALUE_NONE, 35);
    field_is(3, GRAM_HPACK_NAME_OTHER, GRAM_HPACK_VALUE_NONE, 34);
    assert_int_equal(record.begun, 3);
}

/* The name's length of a literal that takes it from an entry: static, the vocabulary's, and unknown ones. */
static void test_name_by_index(void **state)
{
    (void)state;
    fresh();
    ok("40 03 782d61 0131 7e 0232 32 7f00 0133 be bf c0");
    field_is(0, X_A, GRAM_HPACK_VALUE_FREE, 36);
    field_is(1, X_A, GRAM_HPACK_VALUE_FREE + 1, 37);
    field_is(2, X_A, GRAM_HPACK_VALUE_FREE + 2, 36);
    field_is(3, X_A, GRAM_HPACK_VALUE_FREE + 2, 36);
    field_is(4, X_A, GRAM_HPACK_VALUE_FREE + 1, 37);
    field_is(5, X_A, GRAM_HPACK_VALUE_FREE, 36);
    fresh();
    ok("5f 0131 7e 0132 0f2f 0133 1f30 0134"); /* content-type; added, added, not added, never */
    for (uint16_t i = 0; i < 4; i++)
        field_is(i, GRAM_HPACK_CONTENT_TYPE, (uint16_t)(GRAM_HPACK_VALUE_FREE + i), 45);
    assert_int_equal(dec.table.count, 2);
}

/* The name is resolved first, then entries are evicted, the name's own among them (RFC 7541 4.4). */
static void test_name_before_eviction(void **state)
{
    (void)state;
    fresh();
    ok("3f05 40 03 782d62 0131 7e 0132 be"); /* a table of 36 bytes holds one of them */
    field_is(0, X_B, GRAM_HPACK_VALUE_FREE, 36);
    field_is(1, X_B, GRAM_HPACK_VALUE_FREE + 1, 36);
    field_is(2, X_B, GRAM_HPACK_VALUE_FREE + 1, 36);
    assert_int_equal(dec.table.count, 1);
    ok("7e 023132"); /* larger than the table: gone, and its name still was good */
    field_is(0, X_B, GRAM_HPACK_VALUE_FREE + 2, 37);
    assert_int_equal(dec.table.count, 0);
    fresh();
    ok("3f04 40 03 7a7a7a 00 7e 00 be"); /* the same with an unknown name */
    field_is(2, GRAM_HPACK_NAME_OTHER, GRAM_HPACK_VALUE_NONE, 35);
}

/* Every byte at every place of a value of three, for a known and an unknown name, raw and coded, and in the
 * entry. */
static void test_value_characters(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++)
        for (unsigned place = 0; place < 3; place++)
            for (unsigned coded = 0; coded < 2; coded++)
                for (unsigned known = 0; known < 2; known++) {
                    uint8_t value[3] = {'v', 'v', 'v'};
                    uint8_t block[40] = {0x40, 3, 'x', '-', known != 0 ? 'a' : 'z'};
                    value[place] = (uint8_t)c;
                    size_t n = coded != 0 ? hpack_rfc_huffman_encode(value, 3, block + 6) : 3;
                    if (coded == 0)
                        memcpy(block + 6, value, 3);
                    block[5] = (uint8_t)(coded << 7 | n);
                    n += 6;
                    block[n++] = 0xbe;
                    block[n++] = 0x7e;
                    block[n++] = 0;
                    bool end = place != 1;
                    bool bad = c == 0 || c == '\r' || c == '\n' || (end && (c == ' ' || c == '\t'));
                    unsigned good = known != 0 ? GRAM_HPACK_VALUE_FREE : GRAM_HPACK_VALUE_NONE;
                    for (int cut = HPACK_WHOLE; cut <= HPACK_BYTES; cut++) {
                        fresh();
                        assert_int_equal(feed(block, n, cut), GRAM_HPACK_OK);
                        for (size_t i = 0; i < 2; i++)
                            field_is(i, known != 0 ? X_A : GRAM_HPACK_NAME_OTHER,
                                     (uint16_t)(bad ? GRAM_HPACK_VALUE_BAD : good), 38);
                        /* The next value with that name starts afresh. */
                        field_is(2, known != 0 ? X_A : GRAM_HPACK_NAME_OTHER, (uint16_t)(good + known), 35);
                        assert_int_equal(record.ended, 2 * known);
                        if (known != 0)
                            assert_memory_equal(record.bytes + record.value_at[0], value, 3);
                    }
                }
}

/* A value of one byte has it first and last; an empty value and one that was declined are fine. */
static void test_values(void **state)
{
    (void)state;
    fresh();
    ok("04 0120 04 0109 04 0141 04 00 04 80");
    field_is(0, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_BAD, 38);
    field_is(1, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_BAD, 38);
    field_is(2, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_FREE + 2, 38);
    field_is(3, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_FREE + 3, 37);
    field_is(4, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_FREE + 4, 37);
    fresh();
    record.deaf = GRAM_HPACK_PATH;
    ok("44 0120 44 0141 be bf");
    field_is(0, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_BAD, 38);
    field_is(1, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_NONE, 38);
    field_is(2, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_NONE, 38);
    field_is(3, GRAM_HPACK_PATH, GRAM_HPACK_VALUE_BAD, 38);
    assert_int_equal(record.begun, 0);
}

/* 128 entries of 32 bytes, which only the empty name makes possible. */
static void test_most_entries(void **state)
{
    (void)state;
    fresh();
    gram_hpack_dec_begin(&dec);
    for (int i = 0; i < 300; i++)
        assert_int_equal(feed("\x40\0\0", 3, HPACK_WHOLE), GRAM_HPACK_OK);
    assert_int_equal(dec.table.count, 128);
    assert_int_equal(dec.table.size, 4096);
    ok("ff3e"); /* 189, the oldest */
    field_is(0, GRAM_HPACK_NAME_BAD, GRAM_HPACK_VALUE_NONE, 32);
    fresh();
    for (int i = 0; i < 300; i++)
        ok("40 00 00");
    assert_int_equal(hpack_feed_block(&dec, &record, "ff3f", HPACK_WHOLE, NULL), GRAM_HPACK_E_INDEX);
}

/* As many names as there are numbers: the last one is found by its string and by its number. */
static void test_many_names(void **state)
{
    enum { COUNT = GRAM_HPACK_NAME_OTHER - GRAM_HPACK_EXTRA };
    static char names[COUNT][8];
    static const char *list[COUNT + 1];
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        names[i][0] = 'n';
        names[i][1] = (char)('0' + i / 100);
        names[i][2] = (char)('0' + i / 10 % 10);
        names[i][3] = (char)('0' + i % 10);
        list[i] = names[i];
    }
    hpack_record_init(&record, list);
    gram_hpack_dec_init(&dec);
    ok("40 04 6e313930 00 7e 00 00 04 6e313931 00"); /* n190, by index, n191 */
    field_is(0, 252, GRAM_HPACK_VALUE_FREE, 36);
    field_is(1, 252, GRAM_HPACK_VALUE_FREE + 1, 36);
    field_is(2, GRAM_HPACK_NAME_OTHER, GRAM_HPACK_VALUE_NONE, 36);
}

/* A field is never so long that its size wraps. The first 2^31 bytes are skipped over in the decoder's own
 * counts. */
static void test_longest(void **state)
{
    static const uint8_t zzz[200] = {'z', 'z', 'z'};
    (void)state;
    fresh();
    ok("44 0161");
    gram_hpack_dec_begin(&dec);
    assert_int_equal(feed("\x40\x7f\x80\xff\xff\xff\x07", 7, HPACK_WHOLE), GRAM_HPACK_OK);
    assert_int_equal(dec.number, 0x7fffffff);
    for (int string = 0; string < 2; string++) {
        dec.len = 0x7fffff00 - 100;
        assert_int_equal(feed(zzz, 99, HPACK_WHOLE), GRAM_HPACK_OK);
        assert_int_equal(dec.len, 0x7fffff00 - 1);
        dec.number = sizeof zzz;
        assert_int_equal(feed(zzz, sizeof zzz, HPACK_WHOLE), GRAM_HPACK_OK);
        assert_int_equal(dec.len, 0x7fffff00);
        if (string == 0)
            assert_int_equal(feed("\x7f\x80\xff\xff\xff\x07", 6, HPACK_WHOLE), GRAM_HPACK_OK);
    }
    assert_int_equal(gram_hpack_dec_end(&dec), GRAM_HPACK_OK);
    assert_int_equal(record.field[record.count - 1].size, 0xfffffe20);
    assert_int_equal(dec.table.count, 0); /* it was larger than the table */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_updates),
        cmocka_unit_test(test_name_characters),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_name_by_index),
        cmocka_unit_test(test_name_before_eviction),
        cmocka_unit_test(test_value_characters),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_most_entries),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_longest),
    };
    test_random_start(&rnd, "test_hpack_decoder");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
