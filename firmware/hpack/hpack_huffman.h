/* Huffman-coded strings (RFC 7541 5.2, appendix B), decoded as their bytes come. */
#ifndef HPACK_HUFFMAN_H
#define HPACK_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hpack.h"

/* No byte ends more than two symbols: codes have at least 5 bits, and at most 4 are left of the byte
 * before. */
#define HPACK_HUFF_MAX_OUT(len) (2 * (len))

void gram_hpack_huff_begin(struct gram_hpack_huff *huff);
/* Decodes `len` bytes into `out`, which has room for HPACK_HUFF_MAX_OUT(len). Returns how many bytes came
 * out, or GRAM_HPACK_E_HUFFMAN. */
int gram_hpack_huff_feed(struct gram_hpack_huff *huff, const uint8_t *data, size_t len, uint8_t *out);
/* The string is complete: whether what is left is lawful padding. */
bool gram_hpack_huff_end(const struct gram_hpack_huff *huff);

#endif
