/* Base64 as -bin metadata has it (RFC 4648 4), padded and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "grpc_internal.h"
#include "guard_page.h"
#include "random.h"

#if GRAM_METADATA_SIZE > 0

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int32_t decode(const char *text, uint8_t out[64])
{
    return gram_base64_decode(out, 64, (const uint8_t *)text, strlen(text));
}

/* RFC 4648 10. */
static void test_vectors(void **state)
{
    static const struct {
        const char *plain, *text, *padded;
    } vectors[] = {
        {"", "", ""},
        {"f", "Zg", "Zg=="},
        {"fo", "Zm8", "Zm8="},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg", "Zm9vYg=="},
        {"fooba", "Zm9vYmE", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    };
    uint8_t out[64];
    (void)state;
    for (unsigned i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        size_t len = strlen(vectors[i].plain);
        assert_int_equal(gram_base64_encode(out, (const uint8_t *)vectors[i].plain, len),
                         strlen(vectors[i].text));
        assert_memory_equal(out, vectors[i].text, strlen(vectors[i].text));
        assert_int_equal(decode(vectors[i].text, out), len);
        assert_memory_equal(out, vectors[i].plain, len);
        assert_int_equal(decode(vectors[i].padded, out), len);
        assert_memory_equal(out, vectors[i].plain, len);
    }
}

static void test_all_digits(void **state)
{
    uint8_t out[64], text[64];
    (void)state;
    assert_int_equal(decode(digits, out), 48);
    assert_memory_equal(out, "\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f", 12);
    assert_int_equal(gram_base64_encode(text, out, 48), 64);
    assert_memory_equal(text, digits, 64);
}

/* Every byte at every place of a group: a digit or an error. */
static void test_bad(void **state)
{
    static const char *const bad[] = {"A",     "AAAAA", "=",        "==",     "A=",    "A==",  "A===",
                                      "====",  "AA=",   "AAA==",    "AAAA=",  "AAAA==", "AA=A", "A=AA",
                                      "=AAA",  "AA==AA", "AA==AAAA", "AAA=AAA", "AA AA", " AAA", "AAA ",
                                      "AA\nAA", "AA-_",  "AAAA===="};
    uint8_t out[64];
    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (decode(bad[i], out) != -1)
            fail_msg("%s was taken", bad[i]);
    for (unsigned at = 0; at < 7; at++) {
        for (unsigned c = 1; c < 256; c++) {
            char text[8] = "AAAAAAA";
            text[at] = (char)c;
            bool good = strchr(digits, (int)c) != NULL;
            assert_int_equal(decode(text, out), good ? 5 : -1);
        }
    }
}

/* Every length, padded and not: what is encoded comes back, and neither side leaves its bounds. */
static void test_round_trips(void **state)
{
    struct test_random rnd;
    struct guard_page in, out;
    (void)state;
    test_random_start(&rnd, "base64");
    guard_page_open(&in, 512);
    guard_page_open(&out, 512);
    for (size_t round = 0; round < 1200; round++) {
        size_t len = round % 300, text_len = (len * 4 + 2) / 3;
        uint8_t plain[300], text[408], *where;
        test_random_bytes(&rnd, plain, len);
        where = guard_page_end(&out, text_len);
        assert_int_equal(gram_base64_encode(where, guard_page_copy_to_end(&in, plain, len), len), text_len);
        memcpy(text, where, text_len);
        if (round % 2)
            while (text_len % 4 != 0)
                text[text_len++] = '=';
        where = guard_page_end(&out, len);
        assert_int_equal(
            gram_base64_decode(where, len, guard_page_copy_to_end(&in, text, text_len), text_len), len);
        assert_memory_equal(where, plain, len);
        /* less room: the beginning, and the whole length */
        size_t less = test_random_below(&rnd, (uint32_t)len + 1);
        where = guard_page_end(&out, less);
        assert_int_equal(gram_base64_decode(where, less, text, text_len), len);
        assert_memory_equal(where, plain, less);
        assert_int_equal(gram_base64_decode(NULL, 0, text, text_len), len);
    }
    guard_page_close(&in);
    guard_page_close(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_all_digits),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Without metadata there is none of it: a program that says so. */
static void test_left_out(void **state)
{
    (void)state;
    assert_int_equal(GRAM_HPACK_STORE, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
