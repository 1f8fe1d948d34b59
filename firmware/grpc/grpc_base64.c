/* Base64 as gRPC's -bin metadata has it (RFC 4648 4; gRPC over HTTP/2, "Custom-Metadata"): sent without padding, taken with and without. */
#include "grpc_internal.h"

#if GRAM_METADATA_SIZE > 0

size_t gram_base64_encode(uint8_t *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *p = out;
    uint32_t bits = 0;
    unsigned count = 0; /* of bits that are not written yet */

    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | data[i];
        for (count += 8; count >= 6; count -= 6)
            *p++ = (uint8_t)digits[bits >> (count - 6) & 63];
    }
    if (count > 0)
        *p++ = (uint8_t)digits[bits << (6 - count) & 63];
    return (size_t)(p - out);
}

/* Its number, or -1. */
static int digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int32_t gram_base64_decode(uint8_t *out, size_t size, const uint8_t *text, size_t len)
{
    uint32_t bits = 0;
    size_t n = 0;

    if (len % 4 == 0)
        for (unsigned i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++)
            len--;
    if (len % 4 == 1)
        return -1;
    for (size_t i = 0; i < len; i++) {
        int d = digit(text[i]);

        if (d < 0)
            return -1;
        bits = bits << 6 | (uint32_t)d;
        if (i % 4 == 0)
            continue;
        if (n < size)
            out[n] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
        n++;
    }
    return (int32_t)n;
}

#endif
