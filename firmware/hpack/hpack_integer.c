/* Writes integers of RFC 7541 5.1. No states. What does not fit is lost as a whole, and so is all that
 * follows it. */
#include "hpack_integer.h"

#include <string.h>

void gram_hpack_put_bytes(struct gram_hpack_out *out, const void *bytes, size_t len)
{
    if (out->overflow || len > out->cap - out->len) {
        out->overflow = true;
        return;
    }
    if (len > 0)
        memmove(out->buf + out->len, bytes, len);
    out->len += len;
}

void gram_hpack_put_integer(struct gram_hpack_out *out, enum hpack_form form, uint32_t value)
{
    uint8_t bytes[6]; /* a prefix and 32 bits by seven */
    uint8_t *end = bytes;
    uint32_t full = (1u << (form & 7)) - 1;
    uint32_t prefix = value < full ? value : full;

    *end++ = (uint8_t)((form & ~7u) | prefix);
    if (prefix == full) {
        for (value -= full; value > 0x7f; value >>= 7)
            *end++ = (uint8_t)(0x80 | value);
        *end++ = (uint8_t)value;
    }
    gram_hpack_put_bytes(out, bytes, (size_t)(end - bytes));
}
