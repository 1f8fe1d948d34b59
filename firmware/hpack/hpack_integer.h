/* Integers of RFC 7541 5.1 and bytes, written into a gram_hpack_out. Reading is the decoder's own. */
#ifndef HPACK_INTEGER_H
#define HPACK_INTEGER_H

#include <stddef.h>
#include <stdint.h>

#include "hpack.h"

void gram_hpack_put_bytes(struct gram_hpack_out *out, const void *bytes, size_t len);
/* `value` with a prefix of `prefix` bits (1..8); `first` has the bits above the prefix. */
void gram_hpack_put_integer(struct gram_hpack_out *out, uint8_t first, unsigned prefix, uint32_t value);

#endif
