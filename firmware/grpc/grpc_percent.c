/* grpc-message: UTF-8, percent-encoded outside of 0x20..0x7e and for '%' itself (gRPC over HTTP/2, "Status-Message"). */
#include "grpc_internal.h"

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c <= 0x7e && c != '%';
}

size_t gram_percent_encode(char *out, size_t size, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t len = 0;
    size_t whole = 0; /* up to the last character that is complete */

    for (; *text; text++) {
        uint8_t c = (uint8_t)*text;
        size_t needed = is_plain(c) ? 1 : 3;

        if ((c & 0xc0) != 0x80) /* not within a UTF-8 sequence */
            whole = len;
        if (size - len < needed)
            return whole;
        if (needed == 3) {
            out[len] = '%';
            out[len + 1] = hex[c >> 4];
            c = (uint8_t)hex[c & 15];
        }
        len += needed;
        out[len - 1] = (char)c;
    }
    return len;
}
