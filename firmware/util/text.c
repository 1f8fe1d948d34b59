/* Lines of text in the caller's buffer. Invariant after every function: len < size and buf[len] is NUL. */
#include "gram/text.h"

#include <string.h>

struct gram_text gram_text_in(char *buf, size_t size)
{
    buf[0] = '\0';
    return (struct gram_text){.buf = buf, .size = size, .len = 0};
}

void gram_text_bytes(struct gram_text *t, const char *s, size_t len)
{
    for (size_t i = 0; i < len && t->len < t->size - 1; i++)
        t->buf[t->len++] = s[i];
    t->buf[t->len] = '\0';
}

void gram_text_str(struct gram_text *t, const char *s)
{
    gram_text_bytes(t, s, strlen(s));
}

void gram_text_char(struct gram_text *t, char c)
{
    gram_text_bytes(t, &c, 1);
}

void gram_text_u32(struct gram_text *t, uint32_t v)
{
    char digits[10]; /* of UINT32_MAX */
    size_t first = sizeof digits;

    do {
        digits[--first] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    gram_text_bytes(t, digits + first, sizeof digits - first);
}

void gram_text_i32(struct gram_text *t, int32_t v)
{
    uint32_t magnitude = (uint32_t)v;

    if (v < 0) {
        gram_text_char(t, '-');
        magnitude = 0 - magnitude; /* INT32_MIN has no positive twin of its own type */
    }
    gram_text_u32(t, magnitude);
}

void gram_text_hex(struct gram_text *t, uint32_t v, unsigned digits)
{
    while (digits > 0) {
        digits--;
        gram_text_char(t, "0123456789abcdef"[v >> 4 * digits & 0xf]);
    }
}
