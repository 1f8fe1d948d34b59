/* The static table (RFC 7541 appendix A) as the decoder needs it: numbers and lengths, no strings. */
#ifndef HPACK_STATIC_H
#define HPACK_STATIC_H

#include <stdbool.h>
#include <stdint.h>

#define HPACK_STATIC_COUNT 61u

/* All functions take an index of 1..61. */

/* An entry's lengths in a byte: of its name in the low 5 bits; above, which of the values' lengths. */
extern const uint8_t gram_hpack_static_lengths[HPACK_STATIC_COUNT + 1];
extern const uint8_t gram_hpack_static_value_lengths[7];

/* The lowest index that has the same name: the name's number. */
unsigned gram_hpack_static_first(unsigned index);

/* Whether the entry has a value; it is its own number then. */
static inline bool gram_hpack_static_has_value(unsigned index)
{
    return gram_hpack_static_lengths[index] >> 5 != 0;
}

static inline unsigned gram_hpack_static_name_len(unsigned index)
{
    return gram_hpack_static_lengths[index] & 31u;
}

/* Of the whole entry (RFC 7541 4.1). */
static inline unsigned gram_hpack_static_size(unsigned index)
{
    unsigned value = gram_hpack_static_lengths[index] >> 5;
    return 32 + gram_hpack_static_name_len(index) + gram_hpack_static_value_lengths[value];
}

#endif
