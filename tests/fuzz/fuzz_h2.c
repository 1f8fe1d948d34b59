/* Any bytes as HTTP/2, twice: one connection is fed in long segments, the other byte by byte. What they
 * tell the layer above, how they end, and what they send (but for WINDOW_UPDATE, whose moment is the
 * segment's) must be the same: the reader keeps no frame, and no cut may show. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "be.h"
#include "blob.h"
#include "h2_conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 18, LINE = 10 };

/* What one connection has told and sent. */
struct side {
    struct gram_h2_conn conn;
    size_t told_len, sent_len;
    unsigned open;   /* slots taken, as the layer above knows them: bits */
    uint8_t head[9]; /* of the frame that is being sent */
    uint32_t head_len, frame_left;
    uint8_t told[ROOM], sent[ROOM]; /* last: start() does not clear them */
};

static struct side sides[2];
static uint16_t values;

static void demand(int promise)
{
    if (!promise)
        abort();
}

static struct side *side_of(struct gram_h2_conn *conn)
{
    return (struct side *)(void *)conn; /* its first member */
}

static void tell(struct gram_h2_conn *conn, char what, unsigned slot, uint32_t a, uint32_t b)
{
    struct side *side = side_of(conn);
    uint8_t line[LINE] = {(uint8_t)what, (uint8_t)slot};

    gram_put_be32(line + 2, a);
    gram_put_be32(line + 6, b);
    demand(side->told_len + sizeof line <= ROOM);
    memcpy(side->told + side->told_len, line, sizeof line);
    side->told_len += sizeof line;
}

/* What was told of a stream's DATA before its end turned out to be wrong depends on the segments, and must. */
static void forget_data(struct side *side, unsigned slot)
{
    size_t kept = 0;

    for (size_t at = 0; at < side->told_len; at += LINE) {
        if (side->told[at] == 'd' && side->told[at + 1] == slot)
            continue;
        memmove(side->told + kept, side->told + at, LINE);
        kept += LINE;
    }
    side->told_len = kept;
}

/* ---- the layer above ---- */

static const char *name(const struct gram_h2_conn *conn, unsigned i, uint8_t *number)
{
    (void)conn;
    *number = GRAM_H2_NAME_EXTRA;
    return i == 0 ? "grpc-timeout" : NULL;
}

static bool value_begin(struct gram_h2_conn *conn, uint8_t which)
{
    (void)conn;
    values = which;
    return true;
}

static void value_data(struct gram_h2_conn *conn, const uint8_t *data, size_t len)
{
    (void)conn;
    for (size_t i = 0; i < len; i++)
        values = (uint16_t)(values * 31 + data[i]);
}

static uint16_t value_end(struct gram_h2_conn *conn, bool kept)
{
    (void)conn, (void)kept;
    return (uint16_t)(values % 60000 + GRAM_HPACK_VALUE_FREE);
}

static void evicted(struct gram_h2_conn *conn, uint8_t which, uint16_t value)
{
    (void)conn, (void)which, (void)value;
}

static void begin(struct gram_h2_conn *conn, unsigned slot)
{
    demand(!(side_of(conn)->open & 1u << slot));
    side_of(conn)->open |= 1u << slot;
    tell(conn, 'b', slot, conn->streams[slot].id, 0);
}

static void field(struct gram_h2_conn *conn, unsigned slot, uint8_t which, uint16_t value)
{
    demand(side_of(conn)->open & 1u << slot);
    tell(conn, 'f', slot, which, value);
}

/* Streams end in every way there is, by what they ask for. */
static void end_somehow(struct gram_h2_conn *conn, unsigned slot)
{
    switch (conn->streams[slot].id % 16) {
    case 1:
        side_of(conn)->open &= ~(1u << slot);
        gram_h2_send_headers(conn, slot, (const uint8_t *)"\x88", 1, true);
        return;
    case 3:
        side_of(conn)->open &= ~(1u << slot);
        forget_data(side_of(conn), slot);
        gram_h2_reset(conn, slot, GRAM_H2_INTERNAL_ERROR);
        return;
    case 5:
        gram_h2_send_headers(conn, slot, (const uint8_t *)"\x88", 1, false);
        return;
    default:
        return;
    }
}

static void request(struct gram_h2_conn *conn, unsigned slot, const struct gram_h2_request *r)
{
    demand(side_of(conn)->open & 1u << slot);
    tell(conn, 'r', slot, (uint32_t)r->method << 16 | r->path, r->too_large);
    end_somehow(conn, slot);
}

/* Pieces are told byte by byte, so that cuts do not show. */
static void data_in(struct gram_h2_conn *conn, unsigned slot, const uint8_t *data, size_t len, bool last)
{
    demand(side_of(conn)->open & 1u << slot);
    demand(len > 0);
    for (size_t i = 0; i < len; i++)
        tell(conn, 'd', slot, data[i], last && i + 1 == len);
    gram_h2_credit(conn, slot, len);
    if (last)
        end_somehow(conn, slot);
}

static void end(struct gram_h2_conn *conn, unsigned slot)
{
    demand(side_of(conn)->open & 1u << slot);
    tell(conn, 'e', slot, 0, 0);
    end_somehow(conn, slot);
}

static void closed(struct gram_h2_conn *conn, unsigned slot)
{
    forget_data(side_of(conn), slot);
    demand(side_of(conn)->open & 1u << slot);
    side_of(conn)->open &= ~(1u << slot);
    tell(conn, 'c', slot, 0, 0);
}

static void failed(struct gram_h2_conn *conn, const char *reason)
{
    tell(conn, '!', 0, (uint32_t)strlen(reason), 0);
}

static const struct gram_h2_events events = {
    .name = name,
    .value_begin = value_begin,
    .value_data = value_data,
    .value_end = value_end,
    .evicted = evicted,
    .begin = begin,
    .field = field,
    .request = request,
    .data = data_in,
    .end = end,
    .closed = closed,
    .failed = failed,
};
static const struct gram_hpack_pin pins[GRAM_HPACK_PINS] = {{"content-type", "x", 31},
                                                            {"grpc-status", "0", 0}};

/* ---- the transport: takes and acknowledges all at once, and leaves out WINDOW_UPDATE ---- */

static void keep(struct side *side, const uint8_t *data, size_t len)
{
    demand(side->sent_len + len <= ROOM);
    memcpy(side->sent + side->sent_len, data, len);
    side->sent_len += len;
}

static void sent_byte(struct side *side, uint8_t byte)
{
    if (side->head_len < sizeof side->head) {
        side->head[side->head_len++] = byte;
        if (side->head_len < sizeof side->head)
            return;
        side->frame_left = gram_get_be24(side->head);
        if (side->head[3] != GRAM_H2_WINDOW_UPDATE)
            keep(side, side->head, sizeof side->head);
    } else {
        side->frame_left--;
        if (side->head[3] != GRAM_H2_WINDOW_UPDATE)
            keep(side, &byte, 1);
    }
    if (side->frame_left == 0)
        side->head_len = 0;
}

static void drain(struct side *side)
{
    for (;;) {
        size_t n;
        const uint8_t *p = gram_h2_tx_unsent(&side->conn.tx, &n);
        if (n == 0)
            return;
        for (size_t i = 0; i < n; i++)
            sent_byte(side, p[i]);
        gram_h2_tx_taken(&side->conn.tx, n);
        gram_h2_tx_progress(&side->conn, n);
    }
}

static void feed(struct side *side, const uint8_t *data, size_t size, size_t segment)
{
    while (size > 0) {
        size_t n = size < segment ? size : segment;
        uint8_t *copy = malloc(n); /* so that the sanitizer sees a read beyond it */
        demand(copy != NULL);
        memcpy(copy, data, n);
        size_t taken = gram_h2_rx(&side->conn, copy, n);
        free(copy);
        demand(taken <= n);
        data += taken;
        size -= taken;
        drain(side);
        demand(taken > 0 || gram_h2_rx_ready(&side->conn));
    }
}

static void start(struct side *side)
{
    memset(side, 0, offsetof(struct side, told));
    gram_h2_init(&side->conn, &events, pins, NULL, 0, 1000);
    drain(side);
}

/* ---- what the client sends: frames that mostly mean something, and any bytes ---- */

struct input {
    const uint8_t *at;
    size_t left;
};

static struct blob stream, payload;
static uint32_t last_id;

static unsigned next(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static uint32_t some_id(struct input *in)
{
    unsigned c = next(in);

    return c >= 248 ? c - 248 : last_id > 2 * (c % 4) ? last_id - 2 * (c % 4) : last_id;
}

static void any_payload(struct input *in, size_t len)
{
    while (len-- > 0)
        put_byte(&payload, next(in));
}

/* Pad length in front and padding behind, mostly as they should be. */
static void put_padded(unsigned type, unsigned flags, uint32_t id, unsigned pad)
{
    static struct blob inner;

    inner.len = 0;
    if (flags & GRAM_H2_FLAG_PADDED)
        put_byte(&inner, pad);
    if (type == GRAM_H2_HEADERS && flags & GRAM_H2_FLAG_PRIORITY)
        put(&inner, "\0\0\0\0\1", 5);
    put(&inner, payload.bytes, payload.len);
    for (unsigned i = 0; flags & GRAM_H2_FLAG_PADDED && i < pad % 32; i++)
        put_byte(&inner, 0);
    put_frame(&stream, type, flags, id, inner.bytes, inner.len);
}

static void put_headers(struct input *in)
{
    unsigned flags = next(in), c = next(in);

    last_id += last_id == 0 ? 1 : 2;
    put_index(&payload, 3);
    put_index(&payload, 6);
    put_field(&payload, ":path", c & 1 ? "/" : "/a");
    if (c & 2)
        put_insert(&payload, "grpc-timeout", "1S");
    if (c & 4)
        put_index(&payload, next(in));
    if (c & 8)
        put_field(&payload, "content-length", "5");
    if (c & 16)
        put_field(&payload, "te", c & 32 ? "trailers" : "gzip");
    if (c & 64)
        any_payload(in, c % 8);
    put_padded(GRAM_H2_HEADERS, flags | (c & 128 ? 0 : GRAM_H2_FLAG_END_HEADERS), last_id, c % 16);
}

static void put_step(struct input *in)
{
    unsigned what = next(in) % 8, flags;
    uint32_t id;

    payload.len = 0;
    switch (what) {
    case 0:
        put_headers(in);
        return;
    case 1:
    case 2:
        flags = next(in);
        id = some_id(in);
        any_payload(in, next(in) % 40);
        put_padded(GRAM_H2_DATA, flags, id, next(in) % 40);
        return;
    case 3: /* trailers, or any block */
        flags = next(in);
        id = some_id(in);
        any_payload(in, next(in) % 8);
        put_padded(GRAM_H2_HEADERS, flags, id, 3);
        return;
    case 4:
        id = some_id(in);
        any_payload(in, next(in) % 8);
        put_frame(&stream, GRAM_H2_CONTINUATION, next(in), id, payload.bytes, payload.len);
        return;
    case 5:
        put_setting(&payload, next(in) % 8, next(in) * 0x01010101u);
        put_frame(&stream, GRAM_H2_SETTINGS, next(in) & 1, 0, payload.bytes,
                  next(in) < 250 ? payload.len : 5);
        return;
    case 6: { /* any frame */
        unsigned type = next(in) % 12;
        flags = next(in);
        id = some_id(in);
        any_payload(in, next(in) % 16);
        put_frame(&stream, type, flags, id, payload.bytes, payload.len);
        return;
    }
    default:
        any_payload(in, next(in) % 16);
        put(&stream, payload.bytes, payload.len);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    size_t segment = next(&in);

    stream.len = 0;
    last_id = 0;
    if (next(&in) < 250) {
        put(&stream, GRAM_H2_PREFACE, GRAM_H2_PREFACE_LEN);
        put_frame(&stream, GRAM_H2_SETTINGS, 0, 0, NULL, 0);
    }
    while (in.left > 0 && stream.len < 8000)
        put_step(&in);
    for (unsigned i = 0; i < 2; i++) {
        start(&sides[i]);
        feed(&sides[i], stream.bytes, stream.len, i == 1 ? 1 : segment == 0 ? stream.len : segment);
    }
    demand(sides[0].conn.phase == sides[1].conn.phase);
    demand(sides[0].told_len == sides[1].told_len);
    demand(memcmp(sides[0].told, sides[1].told, sides[0].told_len) == 0);
    demand(sides[0].sent_len == sides[1].sent_len);
    demand(memcmp(sides[0].sent, sides[1].sent, sides[0].sent_len) == 0);
    for (unsigned i = 0; i < 2; i++) {
        gram_h2_drop(&sides[i].conn);
        demand(sides[i].open == 0);
    }
    return 0;
}
