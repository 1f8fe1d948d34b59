/* RFC 7541 appendix C.2 - C.6: every example, whole, byte by byte and cut at random, flush against a guard
 * page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hpack.h"
#include "hpack_feed.h"
#include "hpack_record.h"
#include "random.h"

/* A block, the header list it means, and the dynamic table's size afterwards. */
struct block {
    const char *hex;
    const char *fields[8];
    unsigned table_size;
    unsigned table_count;
};

struct example {
    unsigned table_max; /* 4096, or what a size update sets first */
    struct block blocks[4];
};

static const char *const extra[] = {"custom-key", "password", NULL};

static const struct example c21 = {4096, {{
    "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", {"custom-key: custom-header"},
    55, 1}}};
static const struct example c22 = {4096, {{
    "040c 2f73 616d 706c 652f 7061 7468", {":path: /sample/path"}, 0, 0}}};
static const struct example c23 = {4096, {{
    "1008 7061 7373 776f 7264 0673 6563 7265 74", {"password: secret"}, 0, 0}}};
static const struct example c24 = {4096, {{"82", {":method: GET"}, 0, 0}}};

#define REQUEST_1 {":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"}
#define REQUEST_2 {":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", \
                   "cache-control: no-cache"}
#define REQUEST_3 {":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", \
                   "custom-key: custom-value"}

static const struct example c3 = {4096, {
    {"8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", REQUEST_1, 57, 1},
    {"8286 84be 5808 6e6f 2d63 6163 6865", REQUEST_2, 110, 2},
    {"8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65", REQUEST_3, 164, 3}}};

static const struct example c4 = {4096, {
    {"8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", REQUEST_1, 57, 1},
    {"8286 84be 5886 a8eb 1064 9cbf", REQUEST_2, 110, 2},
    {"8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", REQUEST_3, 164, 3}}};

#define RESPONSE_1 {":status: 302", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", \
                    "location: https://www.example.com"}
#define RESPONSE_2 {":status: 307", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", \
                    "location: https://www.example.com"}
#define RESPONSE_3 {":status: 200", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:22 GMT", \
                    "location: https://www.example.com", "content-encoding: gzip", \
                    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"}

static const struct example c5 = {256, {
    {"4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032"
     "3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d"
     "546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", RESPONSE_1, 222, 4},
    {"4803 3330 37c1 c0bf", RESPONSE_2, 222, 4},
    {"88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032"
     "303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f"
     "6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541"
     "5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b"
     "2076 6572 7369 6f6e 3d31", RESPONSE_3, 215, 3}}};

static const struct example c6 = {256, {
    {"4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8"
     "2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7"
     "8f0b 97c8 e9ae 82ae 43d3", RESPONSE_1, 222, 4},
    {"4883 640e ffc1 c0bf", RESPONSE_2, 222, 4},
    {"88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084"
     "a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335"
     "dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5"
     "291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07", RESPONSE_3, 215, 3}}};

static struct hpack_record record;
static struct test_random rnd;

static void feed(struct gram_hpack_dec *dec, const uint8_t *data, size_t len, enum hpack_cut how)
{
    assert_int_equal(hpack_feed(dec, &record, data, len, how, &rnd), GRAM_HPACK_OK);
}

static void decode(const struct example *example, enum hpack_cut how)
{
    struct gram_hpack_dec dec;
    uint8_t bytes[HPACK_HEX_MAX];

    hpack_record_init(&record, extra);
    gram_hpack_dec_init(&dec);
    for (int b = 0; b < 4 && example->blocks[b].hex != NULL; b++) {
        const struct block *block = &example->blocks[b];
        gram_hpack_dec_begin(&dec);
        if (b == 0 && example->table_max == 256) /* said by a size update */
            feed(&dec, (const uint8_t *)"\x3f\xe1\x01", 3, how);
        hpack_record_begin(&record);
        feed(&dec, bytes, hpack_hex(block->hex, bytes), how);
        assert_int_equal(gram_hpack_dec_end(&dec), GRAM_HPACK_OK);
        size_t count = 0;
        for (; count < 8 && block->fields[count] != NULL; count++) {
            assert_true(count < record.count);
            assert_string_equal(hpack_record_text(&record, count), block->fields[count]);
            assert_int_equal(record.field[count].size, strlen(block->fields[count]) - 2 + 32);
        }
        assert_int_equal(record.count, count);
        assert_int_equal(dec.table.size, block->table_size);
        assert_int_equal(dec.table.count, block->table_count);
        assert_int_equal(dec.table.max, example->table_max);
    }
}

static void test_example(void **state)
{
    const struct example *example = *state;
    decode(example, HPACK_WHOLE);
    decode(example, HPACK_BYTES);
    for (int i = 0; i < 200; i++)
        decode(example, HPACK_CUT);
}

/* The table's contents as the RFC prints them, newest first: an index for each entry, in one more block. */
static void test_table_contents(void **state)
{
    static const struct block contents[] = {
        {"be bf c0",
         {"custom-key: custom-value", "cache-control: no-cache", ":authority: www.example.com"}, 0, 0},
        {"be bf c0", {"set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
                      "content-encoding: gzip", "date: Mon, 21 Oct 2013 20:13:22 GMT"}, 0, 0},
    };
    (void)state;
    for (int i = 0; i < 4; i++) {
        static const struct example *const of[] = {&c3, &c4, &c5, &c6};
        struct example longer = *of[i];
        longer.blocks[3] = contents[i / 2];
        longer.blocks[3].table_size = longer.blocks[2].table_size;
        longer.blocks[3].table_count = longer.blocks[2].table_count;
        decode(&longer, HPACK_WHOLE);
    }
}

#define EXAMPLE(e) {.name = #e, .test_func = test_example, .initial_state = (void *)(uintptr_t)&(e)}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXAMPLE(c21), EXAMPLE(c22), EXAMPLE(c23), EXAMPLE(c24),
        EXAMPLE(c3),  EXAMPLE(c4),  EXAMPLE(c5),  EXAMPLE(c6),
        cmocka_unit_test(test_table_contents),
    };
    test_random_start(&rnd, "test_hpack_rfc7541");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
