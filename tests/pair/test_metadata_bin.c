/* Binary metadata: lists of values, base64 with and without padding, what is no base64, and buffers of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "metadata_app.h"
#include "metadata_client.h"

#if GRAM_METADATA_SIZE > 0

static void test_bin_lists(struct pair *pair)
{
    static const struct {
        const char *value, *seen;
    } lists[] = {
        {"", "x-data-bin=\n"},
        {"Zg", "x-data-bin=66\n"},
        {"Zg==", "x-data-bin=66\n"},
        {"Zg,Zm8,Zm9v", "x-data-bin=66\nx-data-bin=666f\nx-data-bin=666f6f\n"},
        {"Zg==,Zm8=,Zm9v", "x-data-bin=66\nx-data-bin=666f\nx-data-bin=666f6f\n"},
        {"Zg== , Zm8 ,  Zm9v", "x-data-bin=66\nx-data-bin=666f\nx-data-bin=666f6f\n"},
        {",", "x-data-bin=\nx-data-bin=\n"},
        {",,Zg, ,", "x-data-bin=\nx-data-bin=\nx-data-bin=66\nx-data-bin=\nx-data-bin=\n"},
    };
    metadata_client(pair);
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        next_request();
        put_text(NOT_ADDED, "x-data-bin", lists[i].value);
        expect_all_seen(lists[i].seen);
    }
    next_request(); /* lists and repetition together */
    put_text(ADDED, "x-data-bin", "Zg,Zw");
    put_text(NOT_ADDED, "x-text", "Zg,Zw"); /* text is no list */
    put_text(NOT_ADDED, "x-data-bin", "aA");
    put_index(&block, 62);
    expect_all_seen("x-text=Zg,Zw\nx-data-bin=66\nx-data-bin=67\nx-data-bin=68\nx-data-bin=66\nx-data-bin=67\n");
}

static void test_bad_base64(struct pair *pair)
{
    static const char *const bad[] = {"Z", "Zg=", "Zg,Z", "Z,Zg", "Zg;Zw", "Zg Zw", "Zg,\tZw", "===", "Zg==Zg"};
    metadata_client(pair);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        next_request();
        put_text(NOT_ADDED, "x-text", "before");
        put_text(i % 2 ? NOT_ADDED : NEVER_ADDED, "x-data-bin", bad[i]);
        put_text(NOT_ADDED, "x-text", "behind");
        expect_refused(GRAM_INTERNAL, "metadata is no base64");
    }
    next_request(); /* a value that is no base64 stays so where it is referred to (CVE-2024-7246) */
    put_text(ADDED, "x-data-bin", "Z");
    expect_refused(GRAM_INTERNAL, "metadata is no base64");
    for (unsigned i = 0; i < 3; i++) {
        next_request();
        put_index(&block, 62);
        expect_refused(GRAM_INTERNAL, "metadata is no base64");
    }
}

/* Every size of buffer, and none: the length is always the whole value's, and nothing is written behind `size`. */
static gram_status read_sizes(gram_call *call)
{
    static const char *const values[] = {"\0\1\2\xff", "", "foobar"};
    static const int32_t lens[] = {4, 0, 6};
    const struct gram_key *key = &metadata_key[KEY_BIN];

    for (unsigned nth = 0; nth < 3; nth++) {
        for (size_t size = 0; size < 9; size++) {
            size_t copied = size < (size_t)lens[nth] ? size : (size_t)lens[nth];
            char buf[9];
            memset(buf, '#', sizeof buf);
            assert_int_equal(gram_call_metadata(call, key, nth, buf, size), lens[nth]);
            assert_memory_equal(buf, values[nth], copied);
            assert_memory_equal(buf + copied, "#########", sizeof buf - copied);
            assert_int_equal(gram_call_metadata(call, key, nth, NULL, size), lens[nth]);
        }
        assert_int_equal(gram_call_metadata(call, key, nth, NULL, SIZE_MAX), lens[nth]);
    }
    assert_int_equal(gram_call_metadata(call, key, 3, NULL, 0), -1);
    assert_int_equal(gram_call_metadata(call, key, 3, NULL, 9), -1);
    assert_int_equal(gram_call_metadata(call, &metadata_key[KEY_TEXT], 0, NULL, SIZE_MAX), 5); /* as of text */
    return GRAM_OK;
}

static void test_bin_sizes(struct pair *pair)
{
    metadata_client(pair);
    metadata_before = read_sizes;
    next_request();
    put_text(NOT_ADDED, "x-data-bin", "AAEC/w,,Zm9vYmFy");
    put_text(NOT_ADDED, "x-text", "hello");
    expect_all_seen("x-text=hello\nx-data-bin=000102ff\nx-data-bin=\nx-data-bin=666f6f626172\n");
    metadata_before = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_OF(test_bin_lists, metadata_app),     PAIR_TEST_OF(test_bad_base64, metadata_app),
        PAIR_TEST_OF(test_bin_sizes, metadata_app),
    };
    metadata_app_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_left_out(struct pair *pair)
{
    expect_alive(peer_ready(pair));
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST(test_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
