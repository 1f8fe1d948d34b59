/* The dynamic table, in one state: `count` entries from slot `first` (the newest) upwards, around the end
 * of the arrays.
 *
 * Invariants: size is the sum of entry_size of those entries, size <= max <= GRAM_HPACK_TABLE_SIZE. Every
 * size is at least 32, so count never exceeds GRAM_HPACK_TABLE_SIZE / 32 <= GRAM_HPACK_ENTRIES: the slots
 * cannot run out before the sizes do. */
#include "hpack_table.h"

/* Drops the oldest entries until the rest takes `room` bytes at most. */
static void evict(struct gram_hpack_table *table, uint32_t room)
{
    while (table->size > room) {
        int oldest = gram_hpack_table_slot(table, table->count - 1u);
        table->size = (uint16_t)(table->size - table->entry_size[oldest]);
        table->count--;
    }
}

void gram_hpack_table_resize(struct gram_hpack_table *table, uint16_t max)
{
    table->max = max;
    evict(table, max);
}

void gram_hpack_table_add(struct gram_hpack_table *table, uint8_t name, uint16_t value, uint32_t size)
{
    if (size > table->max) {
        evict(table, 0);
        return;
    }
    evict(table, table->max - size);
    table->first = (uint8_t)(table->first > 0 ? table->first - 1 : GRAM_HPACK_ENTRIES - 1);
    table->count++;
    table->size = (uint16_t)(table->size + size);
    table->entry_size[table->first] = (uint16_t)size;
    table->entry_name[table->first] = name;
    table->entry_value[table->first] = value;
}
