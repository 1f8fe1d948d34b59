/* The arena: what is freed is zero, neighbours join, whose is whose, what a sweep takes, and a random run against a plain record of what is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gram_tls_config.h"
#include "random.h"
#include "tls_arena.h"

static void check_empty(void)
{
    struct gram_tls_arena_use use = gram_tls_arena_use();

    assert_int_equal(use.used, 0);
    assert_int_equal(use.blocks, 0);
    assert_int_equal(use.largest, use.size - 8); /* one block again */
}

static void test_zero(void **state)
{
    const struct gram_tls_arena_use use = gram_tls_arena_use();
    uint8_t *p, *all;

    (void)state;
    p = gram_tls_calloc(1, 1000);
    memset(p, 0xa5, 1000);
    gram_tls_free(p);
    for (unsigned i = 0; i < 1000; i++) /* overwritten at once, not when it is given away again */
        assert_int_equal(p[i], 0);
    for (unsigned i = 0; i < 10; i++) /* heads in the middle */
        gram_tls_free(gram_tls_calloc(3, 100 + i));
    all = gram_tls_calloc(1, use.size - 8);
    assert_non_null(all);
    for (size_t i = 0; i < use.size - 8; i++)
        assert_int_equal(all[i], 0);
    assert_null(gram_tls_calloc(1, 1));
    gram_tls_free(all);
    check_empty();
}

static void test_sizes(void **state)
{
    uint32_t refused = gram_tls_arena_refused();

    (void)state;
    assert_null(gram_tls_calloc(0, 8));
    assert_null(gram_tls_calloc(8, 0));
    assert_null(gram_tls_calloc(SIZE_MAX, 2));
    assert_null(gram_tls_calloc(2, SIZE_MAX / 2 + 2));
    assert_null(gram_tls_calloc(1, gram_tls_arena_use().size));
    assert_int_equal(gram_tls_arena_refused(), refused); /* beyond any arena: not counted as too small a one */
    gram_tls_free(NULL);
    check_empty();
}

static void test_owners(void **state)
{
    (void)state;
    gram_tls_arena_owner(3);
    void *a = gram_tls_calloc(1, 16);
    gram_tls_arena_owner(4);
    void *b = gram_tls_calloc(1, 24);
    gram_tls_arena_owner(0);
    assert_int_equal(gram_tls_arena_of(3), 16);
    assert_int_equal(gram_tls_arena_of(4), 24);
    gram_tls_free(a);
    assert_int_equal(gram_tls_arena_of(3), 0);
    gram_tls_free(b);
    gram_tls_arena_fail_after(1);
    a = gram_tls_calloc(1, 8);
    assert_non_null(a);
    assert_null(gram_tls_calloc(1, 8));
    b = gram_tls_calloc(1, 8); /* once */
    assert_non_null(b);
    gram_tls_free(a);
    gram_tls_free(b);
    assert_int_equal(gram_tls_arena_fail_after(UINT32_MAX), 3);
    check_empty();
}

static void *block_of(uint8_t owner, size_t len)
{
    uint8_t *p;

    gram_tls_arena_owner(owner);
    p = gram_tls_calloc(1, len);
    assert_non_null(p);
    memset(p, 0x50 + owner, len);
    gram_tls_arena_owner(0);
    return p;
}

static void check_filled(const uint8_t *p, uint8_t byte, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert_int_equal(p[i], byte);
}

/* All blocks of an owner, and no other's: alone, side by side, beside free ones, before and behind another's. */
static void test_sweep(void **state)
{
    /* whose each block of the row is; 5: freed before the sweep */
    static const uint8_t row[] = { 3, 3, 4, 3, 5, 3, 3, 0, 3, 5, 4, 3, 3, 3 };
    enum { ROW = sizeof row, LEN = 40 };
    size_t swept = 0, used = gram_tls_arena_use().used;
    uint8_t *blocks[ROW];

    (void)state;
    for (unsigned i = 0; i < ROW; i++)
        blocks[i] = block_of(row[i], LEN);
    for (unsigned i = 0; i < ROW; i++) {
        assert_ptr_equal(blocks[i], blocks[0] + i * (LEN + 8)); /* a row, indeed */
        swept += row[i] == 3 ? LEN + 8 : 0;
        if (row[i] == 5)
            gram_tls_free(blocks[i]);
    }
    assert_int_equal(gram_tls_arena_sweep(9), 0); /* has none */
    assert_int_equal(gram_tls_arena_sweep(3), swept);
    assert_int_equal(gram_tls_arena_of(3), 0);
    assert_int_equal(gram_tls_arena_of(4), 2 * LEN);
    assert_int_equal(gram_tls_arena_use().blocks, 3);
    for (unsigned i = 0; i < ROW; i++)
        check_filled(blocks[i], row[i] == 4 || row[i] == 0 ? 0x50 + row[i] : 0, LEN);
    uint8_t *joined = gram_tls_calloc(1, 4 * LEN + 3 * 8); /* blocks 3 to 6 are one */
    assert_ptr_equal(joined, blocks[3]);
    check_filled(joined, 0, 4 * LEN + 3 * 8); /* the heads between them, too */
    gram_tls_free(joined);
    assert_int_equal(gram_tls_arena_sweep(4), 2 * (LEN + 8));
    gram_tls_free(blocks[7]);
    assert_int_equal(gram_tls_arena_use().used, used);
    check_empty();
}

static void test_random_use(void **state)
{
    struct {
        uint8_t *p;
        size_t len;
        uint8_t fill;
    } blocks[64] = { { 0 } };
    struct test_random random;

    (void)state;
    test_random_start(&random, "test_arena");
    for (unsigned i = 0; i < 20000; i++) {
        unsigned n = test_random_below(&random, 64);

        if (blocks[n].p) {
            for (size_t j = 0; j < blocks[n].len; j++)
                assert_int_equal(blocks[n].p[j], blocks[n].fill);
            gram_tls_free(blocks[n].p);
            blocks[n].p = NULL;
            continue;
        }
        blocks[n].len = 1 + test_random_below(&random, test_random_below(&random, 8) == 0 ? 4000 : 200);
        blocks[n].fill = (uint8_t)(1 + n);
        blocks[n].p = gram_tls_calloc(1, blocks[n].len);
        if (!blocks[n].p)
            continue;
        assert_true(gram_tls_arena_has(blocks[n].p));
        assert_int_equal((uintptr_t)blocks[n].p % 8, 0);
        for (size_t j = 0; j < blocks[n].len; j++)
            assert_int_equal(blocks[n].p[j], 0);
        memset(blocks[n].p, blocks[n].fill, blocks[n].len);
    }
    assert_true(gram_tls_arena_use().peak >= gram_tls_arena_use().used);
    for (unsigned n = 0; n < 64; n++)
        gram_tls_free(blocks[n].p);
    check_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_random_use),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
