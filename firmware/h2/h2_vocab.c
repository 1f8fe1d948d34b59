/* What header fields mean to HTTP/2: its own names come first, then those of the layer above; and the values of the few that it
 * judges itself. One value is read at a time; its state is in conn->value. */
#include "h2_internal.h"

static const char *name_at(const void *ctx, unsigned i, uint8_t *number)
{
    static const struct gram_hpack_name own[] = {
        { "te", GRAM_H2_NAME_TE },
        { "content-length", GRAM_HPACK_CONTENT_LENGTH },
        { "transfer-encoding", GRAM_HPACK_TRANSFER_ENCODING },
        { "connection", GRAM_H2_NAME_CONNECTION },
        { "keep-alive", GRAM_H2_NAME_KEEP_ALIVE },
        { "proxy-connection", GRAM_H2_NAME_PROXY_CONNECTION },
        { "upgrade", GRAM_H2_NAME_UPGRADE },
    };
    const struct gram_h2_conn *conn = ctx;

    if (i >= sizeof own / sizeof own[0])
        return conn->events->name(conn, i - (unsigned)(sizeof own / sizeof own[0]), number);
    *number = own[i].number;
    return own[i].name;
}

static const char *method_at(const void *ctx, unsigned i)
{
    static const char *const methods[] = { "POST", "GET", "HEAD" };

    (void)ctx;
    return i < 3 ? methods[i] : NULL;
}

static const char *te_at(const void *ctx, unsigned i)
{
    (void)ctx;
    return i == 0 ? "trailers" : NULL;
}

static bool value_begin(void *ctx, uint8_t name)
{
    struct gram_h2_conn *conn = ctx;
    struct gram_h2_value *v = &conn->value;

    v->name = name;
    v->own = name == GRAM_HPACK_METHOD || name == GRAM_H2_NAME_TE || name == GRAM_HPACK_CONTENT_LENGTH ||
             name == GRAM_HPACK_SCHEME;
    if (!v->own)
        return conn->events->value_begin(conn, name);
    v->number = 0;
    v->len = 0;
    gram_hpack_match_begin(&v->match);
    return true;
}

/* A content-length is kept modulo 65535: 16 bits are enough to notice a wrong one, and it is used for nothing else. */
static void feed_number(struct gram_h2_value *v, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] < '0' || data[i] > '9')
            v->number = UINT32_MAX;
        else if (v->number != UINT32_MAX)
            v->number = (v->number * 10 + (data[i] - '0')) % GRAM_H2_NO_LENGTH;
    }
}

static void value_data(void *ctx, const uint8_t *data, size_t len)
{
    struct gram_h2_conn *conn = ctx;
    struct gram_h2_value *v = &conn->value;

    if (!v->own) {
        conn->events->value_data(conn, data, len);
        return;
    }
    if (len > 0)
        v->len = 1; /* not empty is all that matters */
    if (v->name == GRAM_HPACK_CONTENT_LENGTH)
        feed_number(v, data, len);
    else if (v->name == GRAM_HPACK_METHOD)
        gram_hpack_match_feed(&v->match, method_at, NULL, data, len);
    else if (v->name == GRAM_H2_NAME_TE)
        gram_hpack_match_feed(&v->match, te_at, NULL, data, len);
}

static uint16_t value_end(void *ctx, bool kept)
{
    struct gram_h2_conn *conn = ctx;
    struct gram_h2_value *v = &conn->value;

    if (!v->own)
        return conn->events->value_end(conn, kept);
    if (v->len == 0)
        return GRAM_HPACK_VALUE_BAD;
    switch (v->name) {
    case GRAM_HPACK_CONTENT_LENGTH:
        return v->number == UINT32_MAX ? GRAM_HPACK_VALUE_BAD : (uint16_t)v->number;
    case GRAM_HPACK_METHOD: {
        static const uint16_t meaning[] = { GRAM_HPACK_VALUE_POST, GRAM_HPACK_VALUE_GET, GRAM_H2_VALUE_HEAD };
        unsigned i = gram_hpack_match_end(&v->match, method_at, NULL);
        return i < 3 ? meaning[i] : GRAM_H2_VALUE_OTHER;
    }
    case GRAM_H2_NAME_TE: /* nothing but "trailers" (8.2.2) */
        return gram_hpack_match_end(&v->match, te_at, NULL) == 0 ? GRAM_HPACK_VALUE_FREE : GRAM_HPACK_VALUE_BAD;
    default: /* `:scheme`: which one is the transport's affair */
        return GRAM_HPACK_VALUE_HTTP;
    }
}

static void evicted(void *ctx, uint8_t name, uint16_t value)
{
    struct gram_h2_conn *conn = ctx;

    conn->events->evicted(conn, name, value);
}

const struct gram_hpack_vocab gram_h2_vocab = {
    .name = name_at,
    .value_begin = value_begin,
    .value_data = value_data,
    .value_end = value_end,
    .evicted = evicted,
    .field = gram_h2_on_field,
};
