/* grpc-message: UTF-8, percent-encoded outside of 0x20..0x7e and for '%' itself (gRPC over HTTP/2, "Status-Message"). */
#include "grpc_internal.h"

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c <= 0x7e && c != '%';
}

/* Bytes of the character that begins with `c`; a stray continuation byte stands for itself. */
static size_t utf8_len(uint8_t c)
{
    return c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
}

size_t gram_percent_encode(char *out, size_t size, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t len = 0;

    while (*text) {
        size_t character = utf8_len((uint8_t)*text);

        if (is_plain((uint8_t)*text)) {
            if (len == size)
                break;
            out[len++] = *text++;
            continue;
        }
        if (size - len < 3 * character)
            break; /* a character is never cut */
        for (size_t i = 0; i < character && *text; i++, text++) {
            out[len++] = '%';
            out[len++] = hex[(uint8_t)*text >> 4];
            out[len++] = hex[(uint8_t)*text & 15];
        }
    }
    return len;
}
