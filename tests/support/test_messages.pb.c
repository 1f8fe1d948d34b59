/* nanopb's descriptions of the tests' messages. */
#include "test_messages.h"

#include <pb_encode.h>

#define request_FIELDLIST(X, a)                                                                              \
    X(a, STATIC, SINGULAR, INT32, number, 1)                                                                 \
    X(a, STATIC, SINGULAR, STRING, text, 2)
#define reply_FIELDLIST(X, a)                                                                                \
    X(a, STATIC, SINGULAR, INT32, number, 1)                                                                 \
    X(a, STATIC, SINGULAR, STRING, text, 2)                                                                  \
    X(a, CALLBACK, SINGULAR, BYTES, filler, 3)
#define reply_CALLBACK pb_default_field_callback

typedef struct test_request test_request;
typedef struct test_reply test_reply;
#define test_request_CALLBACK NULL
#define test_request_DEFAULT NULL
#define test_reply_CALLBACK pb_default_field_callback
#define test_reply_DEFAULT NULL
#define test_request_FIELDLIST request_FIELDLIST
#define test_reply_FIELDLIST reply_FIELDLIST

PB_BIND(test_request, test_request, 4)
PB_BIND(test_reply, test_reply, 4)

static bool fill(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    uint32_t len = (uint32_t)(uintptr_t)*arg;

    if (!pb_encode_tag_for_field(stream, field) || !pb_encode_varint(stream, len))
        return false;
    for (uint32_t at = 0, n; at < len; at += n) {
        pb_byte_t piece[64];

        n = 1 + at % sizeof piece; /* pieces of all lengths */
        n = n < len - at ? n : len - at;
        for (uint32_t i = at; i < at + n; i++)
            piece[i - at] = (pb_byte_t)(i * 7 + (i >> 8)); /* no two neighbouring kilobytes are alike */
        if (!pb_write(stream, piece, n))
            return false;
    }
    return true;
}

static bool fail(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    (void)field;
    (void)arg;
    PB_RETURN_ERROR(stream, "as the test wants it");
}

void test_reply_fill(struct test_reply *reply, uint32_t len)
{
    reply->filler.funcs.encode = fill;
    reply->filler.arg = (void *)(uintptr_t)len;
}

void test_reply_break(struct test_reply *reply)
{
    reply->filler.funcs.encode = fail;
}
