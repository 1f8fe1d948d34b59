/* grpc-message's percent encoding, and where a text that is too long is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "grpc_internal.h"
#include "random.h"

static void encodes(const char *text, size_t size, const char *expected)
{
    char out[256];

    memset(out, '!', sizeof out);
    size_t len = gram_percent_encode(out, size, text);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(out, expected, len);
    for (size_t i = size; i < sizeof out; i++)
        assert_int_equal(out[i], '!');
}

static void test_plain(void **state)
{
    (void)state;
    encodes("", 100, "");
    encodes("no user with id 7", 100, "no user with id 7");
    encodes(" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~", 100, " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~");
}

static void test_encoded(void **state)
{
    (void)state;
    encodes("100%", 100, "100%25");
    encodes("a\tb\r\nc", 100, "a%09b%0D%0Ac");
    encodes("\x7f\x1f", 100, "%7F%1F");
    encodes("gr\xc3\xbc\xc3\x9f", 100, "gr%C3%BC%C3%9F");
    encodes("\xe2\x82\xac", 100, "%E2%82%AC");
    encodes("\xf0\x9f\x98\x88", 100, "%F0%9F%98%88"); /* beyond the basic plane */
}

/* Cut where a character ends. */
static void test_cut(void **state)
{
    (void)state;
    encodes("abc", 2, "ab");
    encodes("abc", 0, "");
    encodes("a%", 3, "a");
    encodes("a%", 4, "a%25");
    encodes("a\xc3\xbc", 6, "a");
    encodes("a\xc3\xbcz", 7, "a%C3%BC");
    encodes("\xe2\x82\xac", 8, "");
    encodes("\xe2\x82\xac", 9, "%E2%82%AC");
    encodes("\xf0\x9f\x98\x88", 11, "");
    encodes("\xf0\x9f\x98\x88", 12, "%F0%9F%98%88");
}

/* Not UTF-8 at all: nothing is read behind the end, and every byte that goes out is encoded. */
static void test_broken(void **state)
{
    (void)state;
    encodes("\xbf\x80", 100, "%BF%80");
    encodes("\xc3", 100, "%C3");
    encodes("\xe2\x82", 100, "%E2%82");
    encodes("\xf0", 100, "%F0");
    encodes("\xff", 100, "%FF");
}

/* Whatever the text: only characters that may stand in a field value, and decoding gives the text's
 * beginning. */
static void test_random(void **state)
{
    struct test_random rnd;
    (void)state;
    test_random_start(&rnd, "percent");
    for (unsigned round = 0; round < 3000; round++) {
        char text[40] = {0}, out[200];
        size_t len = test_random_below(&rnd, sizeof text - 1);
        size_t size = test_random_below(&rnd, 130), back = 0;
        for (size_t i = 0; i < len; i++)
            text[i] = (char)(1 + test_random_below(&rnd, 255));
        size_t n = gram_percent_encode(out, size, text);
        assert_true(n <= size);
        for (size_t i = 0; i < n; back++) {
            unsigned c = (uint8_t)out[i];
            assert_in_range(c, 0x20, 0x7e);
            if (c == '%') {
                assert_int_equal(sscanf(out + i + 1, "%2x", &c), 1);
                i += 2;
            }
            i++;
            assert_int_equal(c, (uint8_t)text[back]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),  cmocka_unit_test(test_encoded), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_broken), cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
