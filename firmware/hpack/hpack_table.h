/* The dynamic table (RFC 7541 2.3.2, 4): a ring of what fields mean. */
#ifndef HPACK_TABLE_H
#define HPACK_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "hpack.h"

/* A name that nobody knows (OTHER, PSEUDO, BAD) may still be used by a later literal, whose size counts the
 * name's length. Its value means nothing to anyone but that it may be BAD: so the entry keeps the name's
 * length in the value's place, and BAD as a bit. */
static inline bool gram_hpack_name_known(uint8_t name)
{
    return name < GRAM_HPACK_NAME_OTHER;
}

/* `value` is GRAM_HPACK_VALUE_NONE or GRAM_HPACK_VALUE_BAD. */
static inline uint16_t gram_hpack_entry_keep(uint32_t name_len, uint16_t value)
{
    /* 15 bits are enough: a longer name never gets an entry. */
    return (uint16_t)((name_len & 0x7fffu) | (value & 0x8000u));
}

static inline uint16_t gram_hpack_entry_name_len(uint16_t kept)
{
    return kept & 0x7fffu;
}

static inline uint16_t gram_hpack_entry_value(uint16_t kept)
{
    return (kept & 0x8000u) != 0 ? GRAM_HPACK_VALUE_BAD : GRAM_HPACK_VALUE_NONE;
}

static inline void gram_hpack_table_init(struct gram_hpack_table *table)
{
    table->size = 0;
    table->max = GRAM_HPACK_TABLE_SIZE;
    table->first = 0;
    table->count = 0;
}

/* Sets the size that may be used, at most GRAM_HPACK_TABLE_SIZE, and evicts at once what is beyond (RFC
 * 7541 4.3). */
void gram_hpack_table_resize(struct gram_hpack_table *table, uint16_t max);
/* Evicts until it fits, then adds; an entry larger than the table empties it (RFC 7541 4.4). */
void gram_hpack_table_add(struct gram_hpack_table *table, uint8_t name, uint16_t value, uint32_t size);
/* The slot of the entry `age` places after the newest (0): where it is in the table's arrays. Negative if
 * there is none. */
static inline int gram_hpack_table_slot(const struct gram_hpack_table *table, uint32_t age)
{
    if (age >= table->count)
        return -1;
    int slot = table->first + (int)age;
    return slot < GRAM_HPACK_ENTRIES ? slot : slot - GRAM_HPACK_ENTRIES;
}

#endif
