/* What a server sends: frames into the transmit buffer.
 *
 * Every function here writes whole frames and has been promised the room: by GRAM_H2_ANSWER for control frames, by the caller for HEADERS
 * and DATA. */
#include "h2_internal.h"

#include "be.h"
#include "gram_assert.h"

void gram_h2_write_frame(struct gram_h2_conn *conn, uint8_t type, uint8_t flags, uint32_t id, const uint8_t *payload,
                         size_t len)
{
    uint8_t head[GRAM_H2_FRAME_HEAD];

    gram_put_be24(head, (uint32_t)len);
    head[3] = type;
    head[4] = flags;
    gram_put_be32(head + 5, id);
    gram_h2_tx_put(&conn->tx, 0, head, sizeof head);
    if (payload)
        gram_h2_tx_put(&conn->tx, sizeof head, payload, len);
    gram_h2_trace(conn, false, head, payload, payload ? len : 0);
    if (conn->tx.used == 0) /* it begins to wait for the peer */
        conn->progress_at = conn->now;
    gram_h2_tx_commit(&conn->tx, sizeof head + len);
}

void gram_h2_write_rst(struct gram_h2_conn *conn, uint32_t id, enum gram_h2_error error)
{
    uint8_t payload[4];

    gram_put_be32(payload, error);
    gram_h2_write_frame(conn, GRAM_H2_RST_STREAM, 0, id, payload, sizeof payload);
}

size_t gram_h2_window(const struct gram_h2_conn *conn, unsigned slot)
{
    int32_t n = conn->streams[slot].send_window;

    if (conn->send_window < n)
        n = conn->send_window;
    if (n <= 0)
        return 0;
    return (uint32_t)n < conn->peer_max_frame ? (size_t)n : conn->peer_max_frame;
}

/* We are done with the stream. Where the peer is not, it is told to stop: the answer is complete (RFC 9113 8.1). */
static void end_stream(struct gram_h2_conn *conn, unsigned slot)
{
    struct gram_h2_stream *s = &conn->streams[slot];

    if (s->state == GRAM_H2_OPEN) {
        gram_h2_write_rst(conn, s->id, GRAM_H2_NO_ERROR);
        gram_h2_release(conn, slot, GRAM_H2_RESET_BY_US);
    } else {
        gram_h2_release(conn, slot, GRAM_H2_ENDED);
    }
}

void gram_h2_send_headers(struct gram_h2_conn *conn, unsigned slot, const uint8_t *block, size_t len, bool end)
{
    uint8_t flags = (uint8_t)(GRAM_H2_FLAG_END_HEADERS | (end ? GRAM_H2_FLAG_END_STREAM : 0));

    gram_assert(len <= GRAM_H2_FRAME_MAX, "block too long");
    gram_h2_write_frame(conn, GRAM_H2_HEADERS, flags, conn->streams[slot].id, block, len);
    if (end)
        end_stream(conn, slot);
}

void gram_h2_send_data(struct gram_h2_conn *conn, unsigned slot, size_t len, bool end)
{
    struct gram_h2_stream *s = &conn->streams[slot];

    gram_assert(len <= gram_h2_window(conn, slot), "no window");
    s->send_window -= (int32_t)len;
    conn->send_window -= (int32_t)len;
    conn->quiet_ping = false; /* a client that receives measures bandwidth, too */
    gram_h2_write_frame(conn, GRAM_H2_DATA, end ? GRAM_H2_FLAG_END_STREAM : 0, s->id, NULL, len);
    if (end)
        end_stream(conn, slot);
}

void gram_h2_reset(struct gram_h2_conn *conn, unsigned slot, enum gram_h2_error error)
{
    gram_h2_write_rst(conn, conn->streams[slot].id, error);
    gram_h2_release(conn, slot, GRAM_H2_RESET_BY_US);
}

gram_h2_ok gram_h2_stream_error(struct gram_h2_conn *conn, uint32_t id, enum gram_h2_error error)
{
    int slot = gram_h2_find(conn, id);

    if (!gram_h2_charge(conn, GRAM_H2_WORK_RESET))
        return false;
    if (slot >= 0) {
        gram_h2_reset(conn, (unsigned)slot, error);
        conn->events->closed(conn, (unsigned)slot);
        return true;
    }
    gram_h2_write_rst(conn, id, error);
    return true;
}

/* ---- flow control of what we receive ---- */

void gram_h2_credit(struct gram_h2_conn *conn, unsigned slot, size_t len)
{
    conn->streams[slot].credit += (uint32_t)len;
}

void gram_h2_discard(struct gram_h2_conn *conn, unsigned slot)
{
    conn->streams[slot].discards = true;
}

static void write_window_update(struct gram_h2_conn *conn, uint32_t id, uint32_t *credit, int32_t *window)
{
    uint8_t payload[4];

    gram_put_be32(payload, *credit);
    gram_h2_write_frame(conn, GRAM_H2_WINDOW_UPDATE, 0, id, payload, sizeof payload);
    *window += (int32_t)*credit;
    *credit = 0;
}

/* What is no answer leaves room for those of a frame that is being read. */
static bool has_room(const struct gram_h2_conn *conn)
{
    return gram_h2_tx_free(&conn->tx) >= GRAM_H2_FRAME_HEAD + 4 + GRAM_H2_ANSWER;
}

/* An update is worth its 13 bytes when the peer has less left than we have to give: a peer that has used up its window never waits, and
 * one that streams is told once every half window. */
static bool update_is_due(uint32_t credit, int32_t window)
{
    return credit > 0 && (int32_t)credit >= window;
}

void gram_h2_flush(struct gram_h2_conn *conn)
{
    if (conn->phase != GRAM_H2_ACTIVE)
        return;
    if (update_is_due(conn->credit, conn->recv_window) && has_room(conn))
        write_window_update(conn, 0, &conn->credit, &conn->recv_window);
    if (conn->streams_open == 0)
        return;
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        struct gram_h2_stream *s = &conn->streams[i];

        if (s->state != GRAM_H2_OPEN || !update_is_due(s->credit, s->recv_window))
            continue;
        if (!has_room(conn))
            return;
        write_window_update(conn, s->id, &s->credit, &s->recv_window);
    }
}
