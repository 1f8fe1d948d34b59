/* Streaming matches: prefixes of each other, every cut, and random words against plain comparison. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard_page.h"
#include "hpack.h"
#include "random.h"

static struct test_random rnd;
static struct guard_page guard;

static const char *at(const void *ctx, unsigned i)
{
    const char *const *list = ctx;
    for (; *list != NULL && i > 0; i--)
        list++;
    return *list;
}

/* In pieces of `piece` bytes; 0: random. */
static unsigned match(const char *const *list, const void *text, size_t len, size_t piece)
{
    struct gram_hpack_match m;
    gram_hpack_match_begin(&m);
    for (size_t from = 0; from < len;) {
        size_t n = piece > 0 ? piece : test_random_below(&rnd, 4);
        if (n > len - from)
            n = len - from;
        const uint8_t *data = guard_page_copy_to_end(&guard, (const char *)text + from, n);
        gram_hpack_match_feed(&m, at, list, data, n);
        from += n;
    }
    return gram_hpack_match_end(&m, at, list);
}

static void gives(const char *const *list, const void *text, size_t len, unsigned want)
{
    assert_int_equal(match(list, text, len, len > 0 ? len : 1), want);
    assert_int_equal(match(list, text, len, 1), want);
    assert_int_equal(match(list, text, len, 0), want);
}

static void test_prefixes(void **state)
{
    static const char *const list[] = {"accept-charset", "accept-encoding", "accept", "ab", "a",
                                       "abc",            "b",               "ab",     NULL};
    (void)state;
    for (unsigned i = 0; i < 7; i++)
        gives(list, list[i], strlen(list[i]), i);
    gives(list, "ab", 2, 3); /* twice there: the first */
    gives(list, "", 0, GRAM_HPACK_NO_MATCH);
    gives(list, "acc", 3, GRAM_HPACK_NO_MATCH);
    gives(list, "accepted", 8, GRAM_HPACK_NO_MATCH);
    gives(list, "accept-", 7, GRAM_HPACK_NO_MATCH);
    gives(list, "c", 1, GRAM_HPACK_NO_MATCH);
    gives(list, "A", 1, GRAM_HPACK_NO_MATCH);
    gives(list, "a\0", 2, GRAM_HPACK_NO_MATCH); /* NUL is no end */
    gives(list, "\0", 1, GRAM_HPACK_NO_MATCH);
    gives(list, "ab\0c", 4, GRAM_HPACK_NO_MATCH);
    static const char *const beyond[] = {"q\0r", NULL};
    gives(beyond, "q\0r", 3, GRAM_HPACK_NO_MATCH); /* nor is what lies behind it the candidate's */
    gives(list, "\xff", 1, GRAM_HPACK_NO_MATCH);
}

static void test_no_candidates(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const empty[] = {"x", "", NULL};
    (void)state;
    gives(none, "", 0, GRAM_HPACK_NO_MATCH);
    gives(none, "a", 1, GRAM_HPACK_NO_MATCH);
    gives(empty, "", 0, 1);
    gives(empty, "x", 1, 0);
}

static void test_words(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        char words[12][8];
        const char *list[13] = {NULL};
        unsigned count = test_random_below(&rnd, 13);
        for (unsigned i = 0; i < count; i++) {
            size_t len = 1 + test_random_below(&rnd, 6);
            for (size_t k = 0; k < len; k++)
                words[i][k] = (char)('a' + test_random_below(&rnd, 2));
            words[i][len] = '\0';
            list[i] = words[i];
        }
        char text[8];
        size_t len = test_random_below(&rnd, 7);
        for (size_t k = 0; k < len; k++)
            text[k] = (char)('a' + test_random_below(&rnd, 2));
        text[len] = '\0';
        unsigned want = GRAM_HPACK_NO_MATCH;
        for (unsigned i = count; i-- > 0;)
            if (strcmp(words[i], text) == 0)
                want = i;
        gives(list, text, len, want);
    }
}

/* However long the string, the candidates are walked once. */
static unsigned asked;

static const char *counted(const void *ctx, unsigned i)
{
    (void)ctx;
    asked++;
    return i < 100 ? "xyz" : NULL;
}

static void test_work(void **state)
{
    struct gram_hpack_match m;
    uint8_t text[1000];
    (void)state;
    memset(text, 'x', sizeof text);
    asked = 0;
    gram_hpack_match_begin(&m);
    gram_hpack_match_feed(&m, counted, NULL, text, sizeof text);
    assert_int_equal(gram_hpack_match_end(&m, counted, NULL), GRAM_HPACK_NO_MATCH);
    assert_in_range(asked, 100, 110);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_no_candidates),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_work),
    };
    test_random_start(&rnd, "test_hpack_match");
    guard_page_open(&guard, 64);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
