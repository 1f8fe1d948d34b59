/* Any bytes as HTTP/2, twice: one connection is fed in long segments, the other byte by byte. What they
 * tell the layer above, how they end, and what they send (but for WINDOW_UPDATE, whose moment is the
 * segment's) must be the same: the reader keeps no frame, and no cut may show. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "be.h"
#include "h2_conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 18 };

/* What one connection has told and sent. */
struct side {
    struct gram_h2_conn conn;
    uint8_t told[ROOM];
    size_t told_len;
    uint8_t sent[ROOM];
    size_t sent_len;
    unsigned open;   /* slots taken, as the layer above knows them: bits */
    uint8_t head[9]; /* of the frame that is being sent */
    uint32_t head_len, frame_left;
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
    uint8_t line[10] = {(uint8_t)what, (uint8_t)slot};

    gram_put_be32(line + 2, a);
    gram_put_be32(line + 6, b);
    demand(side->told_len + sizeof line <= ROOM);
    memcpy(side->told + side->told_len, line, sizeof line);
    side->told_len += sizeof line;
}

/* ---- the layer above ---- */

static const struct gram_hpack_name *name(const struct gram_h2_conn *conn, unsigned i)
{
    static const struct gram_hpack_name timeout = {"grpc-timeout", GRAM_H2_NAME_EXTRA};

    (void)conn;
    return i == 0 ? &timeout : NULL;
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

static uint16_t value_end(struct gram_h2_conn *conn)
{
    (void)conn;
    return (uint16_t)(values % 60000 + GRAM_HPACK_VALUE_FREE);
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

static void closed(struct gram_h2_conn *conn, unsigned slot, uint32_t error)
{
    demand(side_of(conn)->open & 1u << slot);
    side_of(conn)->open &= ~(1u << slot);
    tell(conn, 'c', slot, error, 0);
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
    side->told_len = side->sent_len = 0;
    side->open = side->head_len = side->frame_left = 0;
    gram_h2_init(&side->conn, &events, pins, NULL, 0, 1000);
    drain(side);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t hello[] = GRAM_H2_PREFACE "\0\0\0\4\0\0\0\0\0";
    size_t segment;

    if (size < 2 || size > 4096)
        return 0;
    segment = data[0] == 0 ? size : data[0];
    for (unsigned i = 0; i < 2; i++) {
        start(&sides[i]);
        if (data[1] % 8 != 0)
            feed(&sides[i], hello, sizeof hello - 1, i == 0 ? segment : 1);
        feed(&sides[i], data + 2, size - 2, i == 0 ? segment : 1);
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
