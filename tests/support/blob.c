/* What a client writes. Nothing here judges: every byte is the test's. */
#include "blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void put(struct blob *b, const void *data, size_t len)
{
    if (len > sizeof b->bytes - b->len) {
        fprintf(stderr, "a test writes more than BLOB_MAX\n");
        abort();
    }
    if (len > 0)
        memcpy(b->bytes + b->len, data, len);
    b->len += len;
}

void put_byte(struct blob *b, unsigned byte)
{
    uint8_t c = (uint8_t)byte;
    put(b, &c, 1);
}

void put_be32(struct blob *b, uint32_t v)
{
    put_byte(b, v >> 24 & 255);
    put_byte(b, v >> 16 & 255);
    put_byte(b, v >> 8 & 255);
    put_byte(b, v & 255);
}

/* ---- frames ---- */

void put_head(struct blob *b, size_t len, unsigned type, unsigned flags, uint32_t id)
{
    put_byte(b, (unsigned)(len >> 16) & 255);
    put_byte(b, (unsigned)(len >> 8) & 255);
    put_byte(b, (unsigned)len & 255);
    put_byte(b, type);
    put_byte(b, flags);
    put_be32(b, id);
}

void put_frame(struct blob *b, unsigned type, unsigned flags, uint32_t id, const void *payload, size_t len)
{
    put_head(b, len, type, flags, id);
    put(b, payload, len);
}

void put_setting(struct blob *b, unsigned id, uint32_t value)
{
    put_byte(b, id >> 8);
    put_byte(b, id & 255);
    put_be32(b, value);
}

/* ---- header blocks ---- */

void put_integer(struct blob *b, unsigned first, unsigned prefix, uint32_t value)
{
    uint32_t max = (1u << prefix) - 1;

    if (value < max) {
        put_byte(b, first | value);
        return;
    }
    put_byte(b, first | max);
    for (value -= max; value >= 128; value >>= 7)
        put_byte(b, (value & 127) | 128);
    put_byte(b, value);
}

void put_index(struct blob *b, uint32_t index)
{
    put_integer(b, 0x80, 7, index);
}

static void put_string(struct blob *b, const char *s)
{
    put_integer(b, 0, 7, (uint32_t)strlen(s));
    put(b, s, strlen(s));
}

void put_field(struct blob *b, const char *name, const char *value)
{
    put_byte(b, 0);
    put_string(b, name);
    put_string(b, value);
}

void put_insert(struct blob *b, const char *name, const char *value)
{
    put_byte(b, 0x40);
    put_string(b, name);
    put_string(b, value);
}

void put_request(struct blob *b, const char *path)
{
    put_index(b, 3); /* :method POST */
    put_index(b, 6); /* :scheme http */
    put_field(b, ":path", path);
    put_field(b, ":authority", "device");
    put_field(b, "content-type", "application/grpc");
    put_field(b, "te", "trailers");
}

/* ---- messages ---- */

static void put_varint(struct blob *b, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        put_byte(b, (unsigned)(v & 127) | 128);
    put_byte(b, (unsigned)v);
}

void put_protobuf(struct blob *b, int32_t number, const char *text, size_t pad)
{
    if (number != 0) {
        put_byte(b, 1 << 3);
        put_varint(b, (uint64_t)(int64_t)number);
    }
    if (*text) {
        put_byte(b, 2 << 3 | 2);
        put_varint(b, strlen(text));
        put(b, text, strlen(text));
    }
    if (pad == 0)
        return;
    put_byte(b, 15 << 3 | 2); /* nobody knows field 15 */
    size_t len = pad - 2 < 128 ? pad - 2 : pad - 3;
    if (pad - 2 == 128) { /* 128 needs two bytes of length, 127 one: pad the length */
        put_byte(b, 0xff);
        put_byte(b, 0x00);
    } else {
        put_varint(b, len);
    }
    for (size_t i = 0; i < len; i++)
        put_byte(b, 'p');
}

void put_prefix(struct blob *b, unsigned flag, uint32_t len)
{
    put_byte(b, flag);
    put_be32(b, len);
}

void put_message(struct blob *b, int32_t number, const char *text, size_t pad)
{
    static struct blob message;

    message.len = 0;
    put_protobuf(&message, number, text, pad);
    put_prefix(b, 0, (uint32_t)message.len);
    put(b, message.bytes, message.len);
}
