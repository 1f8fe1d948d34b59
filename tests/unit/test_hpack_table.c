/* The dynamic table: order, eviction, sizes, and a long random life beside a simple list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hpack_table.h"
#include "random.h"

struct entry {
    uint32_t size;
    uint16_t value;
    uint8_t name;
};

static struct test_random rnd;

static bool get(const struct gram_hpack_table *table, uint32_t age, struct entry *entry)
{
    int slot = gram_hpack_table_slot(table, age);
    if (slot < 0)
        return false;
    assert_true(slot < GRAM_HPACK_ENTRIES);
    entry->size = table->entry_size[slot];
    entry->name = table->entry_name[slot];
    entry->value = table->entry_value[slot];
    return true;
}

static void add(struct gram_hpack_table *table, uint32_t size, uint16_t value)
{
    gram_hpack_table_add(table, (uint8_t)(value % 251), value, size);
}

static void holds(const struct gram_hpack_table *table, const uint16_t *values, unsigned count)
{
    struct entry entry;
    assert_int_equal(table->count, count);
    for (unsigned i = 0; i < count; i++) {
        assert_true(get(table, i, &entry));
        assert_int_equal(entry.value, values[i]);
        assert_int_equal(entry.name, values[i] % 251);
    }
    assert_false(get(table, count, &entry));
    assert_false(get(table, UINT32_MAX, &entry));
}

#define HOLDS(table, ...) \
    holds(table, (const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static void test_order(void **state)
{
    struct gram_hpack_table table;
    (void)state;
    gram_hpack_table_init(&table);
    holds(&table, NULL, 0);
    assert_int_equal(table.max, 4096);
    add(&table, 100, 1);
    add(&table, 50, 2);
    add(&table, 60, 3);
    HOLDS(&table, 3, 2, 1);
    assert_int_equal(table.size, 210);
}

/* The oldest go, and no more of them than must (RFC 7541 4.4). */
static void test_eviction(void **state)
{
    struct gram_hpack_table table;
    (void)state;
    gram_hpack_table_init(&table);
    gram_hpack_table_resize(&table, 210);
    add(&table, 100, 1);
    add(&table, 50, 2);
    add(&table, 60, 3);
    HOLDS(&table, 3, 2, 1);
    add(&table, 32, 4);
    HOLDS(&table, 4, 3, 2);
    add(&table, 68, 5);
    HOLDS(&table, 5, 4, 3, 2);
    assert_int_equal(table.size, 210);
    add(&table, 51, 6);
    HOLDS(&table, 6, 5, 4);
    add(&table, 210, 7);
    HOLDS(&table, 7);
    add(&table, 211, 8); /* larger than the table: empties it, and is no error */
    holds(&table, NULL, 0);
    assert_int_equal(table.size, 0);
    add(&table, UINT32_MAX, 9);
    holds(&table, NULL, 0);
}

static void test_resize(void **state)
{
    struct gram_hpack_table table;
    (void)state;
    gram_hpack_table_init(&table);
    add(&table, 100, 1);
    add(&table, 50, 2);
    add(&table, 60, 3);
    gram_hpack_table_resize(&table, 210);
    HOLDS(&table, 3, 2, 1);
    gram_hpack_table_resize(&table, 209);
    HOLDS(&table, 3, 2);
    gram_hpack_table_resize(&table, 4096);
    HOLDS(&table, 3, 2);
    gram_hpack_table_resize(&table, 0);
    holds(&table, NULL, 0);
    add(&table, 32, 4);
    holds(&table, NULL, 0);
    gram_hpack_table_resize(&table, 32);
    add(&table, 32, 5);
    HOLDS(&table, 5);
}

/* 128 empty fields fill the table; it is full by size before the slots run out. */
static void test_full(void **state)
{
    struct gram_hpack_table table;
    struct entry entry;
    (void)state;
    gram_hpack_table_init(&table);
    for (uint16_t i = 0; i < 1000; i++)
        add(&table, 32, i);
    assert_int_equal(table.count, 128);
    assert_int_equal(table.size, 4096);
    for (unsigned i = 0; i < 128; i++) {
        assert_true(get(&table, i, &entry));
        assert_int_equal(entry.value, 999 - i);
    }
}

static void test_random_life(void **state)
{
    static struct { uint32_t size; uint16_t value; } list[20000];
    unsigned first = 0, last = 0, size = 0, max = 4096; /* entries first..last-1, oldest first */
    struct gram_hpack_table table;
    (void)state;

    gram_hpack_table_init(&table);
    while (last < 20000) {
        if (test_random_below(&rnd, 50) == 0) {
            max = test_random_below(&rnd, 4097);
            gram_hpack_table_resize(&table, (uint16_t)max);
        } else {
            list[last].size = 32 + test_random_below(&rnd, test_random_below(&rnd, 10) == 0 ? 5000 : 80);
            list[last].value = (uint16_t)test_random_next(&rnd);
            add(&table, list[last].size, list[last].value);
            size += list[last++].size;
        }
        while (size > max)
            size -= list[first++].size;
        assert_int_equal(table.size, size);
        assert_int_equal(table.count, last - first);
        unsigned age = test_random_below(&rnd, 130);
        struct entry entry;
        assert_int_equal(get(&table, age, &entry), age < last - first);
        if (age < last - first) {
            assert_int_equal(entry.value, list[last - 1 - age].value);
            assert_int_equal(entry.size, list[last - 1 - age].size);
        }
    }
}

/* What an entry keeps of a name without meaning. */
static void test_keep(void **state)
{
    (void)state;
    static const uint16_t values[] = {GRAM_HPACK_VALUE_NONE, GRAM_HPACK_VALUE_BAD};
    for (int i = 0; i < 2; i++)
        for (uint32_t len = 0; len <= 4064; len++) {
            uint16_t kept = gram_hpack_entry_keep(len, values[i]);
            assert_int_equal(gram_hpack_entry_name_len(kept), len);
            assert_int_equal(gram_hpack_entry_value(kept), values[i]);
        }
    assert_true(gram_hpack_name_known(1));
    assert_true(gram_hpack_name_known(252));
    assert_false(gram_hpack_name_known(GRAM_HPACK_NAME_OTHER));
    assert_false(gram_hpack_name_known(GRAM_HPACK_NAME_PSEUDO));
    assert_false(gram_hpack_name_known(GRAM_HPACK_NAME_BAD));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order), cmocka_unit_test(test_eviction),    cmocka_unit_test(test_resize),
        cmocka_unit_test(test_full),  cmocka_unit_test(test_random_life), cmocka_unit_test(test_keep),
    };
    test_random_start(&rnd, "test_hpack_table");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
