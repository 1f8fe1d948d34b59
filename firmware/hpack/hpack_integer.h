/* Integers of RFC 7541 5.1 and bytes, written into a gram_hpack_out. Reading is the decoder's own. */
#ifndef HPACK_INTEGER_H
#define HPACK_INTEGER_H

#include <stddef.h>
#include <stdint.h>

#include "hpack.h"

/* What an integer's first byte says: the bits above the prefix, which are its kind (RFC 7541 5.2, 6), and
 * in the low 3 bits how many bits the prefix has. */
enum hpack_form {
    HPACK_INDEXED = 0x80 | 7,
    HPACK_LITERAL_ADDED = 0x40 | 6,
    HPACK_SIZE_UPDATE = 0x20 | 5,
    HPACK_LITERAL = 0x00 | 4,
    HPACK_STRING = 0x00 | 7
};

void gram_hpack_put_bytes(struct gram_hpack_out *out, const void *bytes, size_t len);
void gram_hpack_put_integer(struct gram_hpack_out *out, enum hpack_form form, uint32_t value);

#endif
