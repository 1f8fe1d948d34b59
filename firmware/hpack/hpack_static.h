/* The static table (RFC 7541 appendix A) as the decoder needs it: names, their numbers, sizes. */
#ifndef HPACK_STATIC_H
#define HPACK_STATIC_H

#include <stdbool.h>

#define HPACK_STATIC_COUNT 61u

/* All take an index of 1..61. */

/* The lowest index that has the same name: the name's number. */
static inline unsigned gram_hpack_static_first(unsigned index)
{
    /* Only :method (2, 3), :path (4, 5), :scheme (6, 7) and :status (8..14) have more than one. */
    if (index < 2 || index > 14)
        return index;
    return index < 8 ? index & ~1u : 8;
}

/* Whether the entry has a value; it is its own number then. */
static inline bool gram_hpack_static_has_value(unsigned index)
{
    return (index >= 2 && index <= 14) || index == 16;
}

const char *gram_hpack_static_name(unsigned index);
/* Of the whole entry (RFC 7541 4.1). */
unsigned gram_hpack_static_size(unsigned index);

#endif
