/* Building a line of text in the caller's own buffer: what printf would do, in a few hundred bytes of flash.
 *
 *     char line[48];
 *     struct gram_text t = gram_text_in(line, sizeof line);
 *     gram_text_str(&t, "no user with id ");
 *     gram_text_i32(&t, id);
 *     return gram_call_fail(call, GRAM_NOT_FOUND, line);
 *
 * What does not fit is cut; the buffer always holds a terminated string. No function here keeps a pointer
 * beyond the call, and each may be called from any context on a buffer of its own. */
#ifndef GRAM_TEXT_H
#define GRAM_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct gram_text {
    char *buf;
    size_t size; /* of buf, the terminating NUL included; at least 1 */
    size_t len;  /* characters so far, always < size */
};

struct gram_text gram_text_in(char *buf, size_t size);
void gram_text_str(struct gram_text *t, const char *s);
void gram_text_bytes(struct gram_text *t, const char *s, size_t len);
void gram_text_char(struct gram_text *t, char c);
void gram_text_u32(struct gram_text *t, uint32_t v);
void gram_text_i32(struct gram_text *t, int32_t v);
void gram_text_hex(struct gram_text *t, uint32_t v, unsigned digits); /* exactly `digits` (1..8) lower-case digits */

#endif
