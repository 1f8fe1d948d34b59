/* Our decoder against nghttp2's deflater, our encoder against its inflater: random header lists under
 * random changes of the table's size give the same fields on both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>

#include "hpack_feed.h"
#include "hpack_rfc.h"

enum { ROUNDS = 60, BLOCKS = 40, FIELDS = 24, LONGEST = 300, ROOM = 65536 };

static struct test_random rnd;
static struct hpack_record record;

static const char *const extra[] = {"te", "grpc-timeout", "x-known-1", "x-known-2", NULL};
static const char *const unknown[] = {"x-other", "y", "grpc-trace-bin", "z-a-longer-name-that-is-unknown"};

/* ---- their deflater, our decoder ---- */

struct list {
    nghttp2_nv nv[FIELDS];
    size_t count;
    char names[FIELDS][64];
    uint8_t values[FIELDS][LONGEST];
};

static const char *any_name(void)
{
    uint32_t which = test_random_below(&rnd, 10);
    if (which < 5)
        return hpack_rfc_static[1 + test_random_below(&rnd, 61)].name;
    return which < 8 ? extra[test_random_below(&rnd, 4)] : unknown[test_random_below(&rnd, 4)];
}

/* Values come again often, so that the table is used; some are static entries' own, some are not lawful. */
static size_t any_value(uint8_t *value)
{
    uint32_t kind = test_random_below(&rnd, 20);
    if (kind < 8)
        return (size_t)sprintf((char *)value, "value-%u", test_random_below(&rnd, 12));
    if (kind < 11)
        return (size_t)sprintf((char *)value, "%s", hpack_rfc_static[1 + test_random_below(&rnd, 16)].value);
    size_t len = test_random_below(&rnd, kind < 18 ? 40 : LONGEST);
    test_random_bytes(&rnd, value, len);
    if (kind != 11) /* else any byte at all */
        for (size_t i = 0; i < len; i++)
            value[i] = (uint8_t)('!' + value[i] % 94);
    return len;
}

static void any_list(struct list *list)
{
    list->count = test_random_below(&rnd, FIELDS + 1);
    for (size_t i = 0; i < list->count; i++) {
        nghttp2_nv *nv = &list->nv[i];
        strcpy(list->names[i], any_name());
        nv->name = (uint8_t *)list->names[i];
        nv->namelen = strlen(list->names[i]);
        nv->value = list->values[i];
        nv->valuelen = any_value(list->values[i]);
        nv->flags = test_random_below(&rnd, 8) == 0 ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    }
}

static bool in(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

static bool lawful(const uint8_t *value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool end = i == 0 || i == len - 1;
        if (value[i] == 0 || value[i] == '\r' || value[i] == '\n')
            return false;
        if (end && (value[i] == ' ' || value[i] == '\t'))
            return false;
    }
    return true;
}

static void same_field(const nghttp2_nv *nv, size_t i)
{
    const char *name = (const char *)nv->name;
    bool other = in(name, unknown, 4);
    assert_string_equal(hpack_record_name(&record, i), other ? "?" : name);
    assert_int_equal(record.field[i].size, 32 + nv->namelen + nv->valuelen);
    assert_int_equal(record.field[i].value == GRAM_HPACK_VALUE_BAD, !lawful(nv->value, nv->valuelen));
    if (record.field[i].value == GRAM_HPACK_VALUE_BAD)
        return;
    size_t len;
    const uint8_t *value = hpack_record_value(&record, i, &len);
    assert_int_equal(len, other ? 0 : nv->valuelen);
    assert_memory_equal(value, nv->value, len);
}

static void test_decoder(void **state)
{
    static struct list list;
    static uint8_t block[ROOM];
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        nghttp2_hd_deflater *deflater;
        struct gram_hpack_dec dec;
        unsigned updates = 0;

        assert_int_equal(nghttp2_hd_deflate_new(&deflater, 4096), 0);
        hpack_record_init(&record, extra);
        gram_hpack_dec_init(&dec);
        for (int b = 0; b < BLOCKS; b++) {
            while (test_random_below(&rnd, 3) == 0) {
                updates++;
                size_t size = test_random_below(&rnd, 2) == 0 ? 4096 : test_random_below(&rnd, 600);
                assert_int_equal(nghttp2_hd_deflate_change_table_size(deflater, size), 0);
            }
            any_list(&list);
            ssize_t len = nghttp2_hd_deflate_hd(deflater, block, sizeof block, list.nv, list.count);
            assert_true(len >= 0);
            gram_hpack_dec_begin(&dec);
            hpack_record_begin(&record);
            enum hpack_cut cut = (enum hpack_cut)test_random_below(&rnd, 3);
            assert_int_equal(hpack_feed(&dec, &record, block, (size_t)len, cut, &rnd), GRAM_HPACK_OK);
            assert_int_equal(gram_hpack_dec_end(&dec), GRAM_HPACK_OK);
            assert_int_equal(record.count, list.count);
            for (size_t i = 0; i < list.count; i++)
                same_field(&list.nv[i], i);
            assert_int_equal(dec.table.size, nghttp2_hd_deflate_get_dynamic_table_size(deflater));
            assert_int_equal(dec.table.max, nghttp2_hd_deflate_get_max_dynamic_table_size(deflater));
            assert_int_equal(dec.table.count, nghttp2_hd_deflate_get_num_table_entries(deflater) - 61);
        }
        assert_true(updates > 0);
        nghttp2_hd_deflate_del(deflater);
    }
}

/* ---- our encoder, their inflater ---- */

static const struct gram_hpack_pin pins[GRAM_HPACK_PINS] = {
    {"content-type", "application/grpc", GRAM_HPACK_CONTENT_TYPE},
    {"grpc-status", "0", 0},
};

/* What was written, as "name: value\n" lines. */
struct lines {
    char text[8192];
    size_t len;
};

static void add_line(struct lines *lines, const char *name, const uint8_t *value, size_t len)
{
    size_t room = sizeof lines->text - lines->len;
    int n = snprintf(lines->text + lines->len, room, "%s: %.*s\n", name, (int)len, (const char *)value);
    assert_true(n > 0 && (size_t)n < room);
    lines->len += (size_t)n;
}

static void write_field(struct gram_hpack_enc *enc, struct gram_hpack_out *out, struct lines *want)
{
    uint8_t value[160];
    unsigned pin = test_random_below(&rnd, GRAM_HPACK_PINS);
    unsigned index = 1 + test_random_below(&rnd, 61);
    size_t len = test_random_below(&rnd, sizeof value);

    for (size_t i = 0; i < len; i++)
        value[i] = (uint8_t)('!' + test_random_below(&rnd, 94));
    switch (test_random_below(&rnd, 6)) {
    case 0:
    case 1:
        gram_hpack_enc_pin(enc, out, pin);
        add_line(want, pins[pin].name, (const uint8_t *)pins[pin].value, strlen(pins[pin].value));
        return;
    case 2:
        gram_hpack_enc_pin_name(enc, out, pin, value, len);
        add_line(want, pins[pin].name, value, len);
        return;
    case 3:
        gram_hpack_enc_literal(out, 0, "x-a", value, len);
        add_line(want, "x-a", value, len);
        return;
    case 4:
        gram_hpack_enc_literal(out, (uint8_t)index, NULL, value, len);
        add_line(want, hpack_rfc_static[index].name, value, len);
        return;
    default:
        gram_hpack_enc_index(out, (uint8_t)index);
        add_line(want, hpack_rfc_static[index].name, (const uint8_t *)hpack_rfc_static[index].value,
                 strlen(hpack_rfc_static[index].value));
        return;
    }
}

static void inflate(nghttp2_hd_inflater *inflater, const uint8_t *block, size_t len, struct lines *got)
{
    for (;;) {
        nghttp2_nv nv;
        int flags = 0;
        ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, block, len, 1);
        assert_true(n >= 0);
        block += n;
        len -= (size_t)n;
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
            add_line(got, (const char *)nv.name, nv.value, nv.valuelen);
        if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0)
            break;
    }
    assert_int_equal(len, 0);
    assert_int_equal(nghttp2_hd_inflate_end_headers(inflater), 0);
}

static void test_encoder(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        nghttp2_hd_inflater *inflater;
        struct gram_hpack_enc enc;

        assert_int_equal(nghttp2_hd_inflate_new(&inflater), 0);
        gram_hpack_enc_init(&enc, pins);
        for (int b = 0; b < BLOCKS; b++) {
            static uint8_t block[ROOM];
            struct gram_hpack_out out = {.buf = block, .cap = sizeof block};
            struct lines want = {.len = 0}, got = {.len = 0};

            while (test_random_below(&rnd, 3) == 0) { /* their inflater insists on the updates that are due */
                uint32_t limit = test_random_below(&rnd, 3) == 0 ? 10000 : test_random_below(&rnd, 300);
                assert_int_equal(nghttp2_hd_inflate_change_table_size(inflater, limit), 0);
                gram_hpack_enc_limit(&enc, limit);
            }
            gram_hpack_enc_begin(&enc, &out);
            assert_true(out.len <= 6);
            for (uint32_t fields = 1 + test_random_below(&rnd, 10); fields > 0; fields--)
                write_field(&enc, &out, &want);
            assert_false(out.overflow);
            inflate(inflater, block, out.len, &got);
            assert_string_equal(got.text, want.text);
            assert_int_equal(nghttp2_hd_inflate_get_max_dynamic_table_size(inflater), enc.max);
            assert_int_equal(nghttp2_hd_inflate_get_num_table_entries(inflater) - 61, enc.inserted);
        }
        nghttp2_hd_inflate_del(inflater);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoder),
        cmocka_unit_test(test_encoder),
    };
    test_random_start(&rnd, "test_nghttp2_hpack");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
