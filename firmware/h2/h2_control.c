/* Control frames, once they are complete: SETTINGS, PING, WINDOW_UPDATE, RST_STREAM, GOAWAY (RFC 9113 6.4 - 6.9). */
#include "h2_internal.h"

#include "be.h"

/* ---- SETTINGS (6.5) ---- */

/* A new initial window moves every open stream's, below zero too (6.9.2). */
static gram_h2_ok set_initial_window(struct gram_h2_conn *conn, uint32_t value)
{
    int32_t delta = (int32_t)(value & GRAM_H2_WINDOW_MAX) - conn->peer_initial_window;
    bool ok = value <= GRAM_H2_WINDOW_MAX;

    conn->peer_initial_window += delta;
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        if (conn->streams[i].state != GRAM_H2_FREE)
            ok &= gram_h2_window_add(&conn->streams[i].send_window, delta);
    if (!ok)
        gram_h2_fail(conn, GRAM_H2_FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE");
    return ok;
}

gram_h2_ok gram_h2_on_setting(struct gram_h2_conn *conn, const uint8_t *p)
{
    uint32_t value = gram_get_be32(p + 2);

    switch (gram_get_be16(p)) {
    case GRAM_H2_SETTINGS_HEADER_TABLE_SIZE:
        gram_hpack_enc_limit(&conn->enc, value);
        return true;
    case GRAM_H2_SETTINGS_ENABLE_PUSH:
        if (value <= 1)
            return true;
        gram_h2_fail(conn, GRAM_H2_PROTOCOL_ERROR, "ENABLE_PUSH");
        return false;
    case GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE:
        return set_initial_window(conn, value);
    case GRAM_H2_SETTINGS_MAX_FRAME_SIZE:
        if (value < GRAM_H2_FRAME_MAX || value > 0xffffff) {
            gram_h2_fail(conn, GRAM_H2_PROTOCOL_ERROR, "MAX_FRAME_SIZE");
            return false;
        }
        conn->peer_max_frame = value;
        return true;
    default: /* MAX_CONCURRENT_STREAMS and MAX_HEADER_LIST_SIZE bind pushes and large headers: we send neither; others are ignored */
        return true;
    }
}

void gram_h2_on_settings_end(struct gram_h2_conn *conn)
{
    conn->preface_done = true;
    gram_h2_write_frame(conn, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
}

/* From now on the peer counts with our initial window: streams that it opened before move (6.9.2), possibly below zero. */
void gram_h2_on_settings_ack(struct gram_h2_conn *conn)
{
    if (conn->settings_acked)
        return;
    conn->settings_acked = true;
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        conn->streams[i].recv_window += GRAM_INITIAL_WINDOW_SIZE - GRAM_H2_WINDOW_DEFAULT;
}

/* ---- PING (6.7) ---- */

void gram_h2_on_ping(struct gram_h2_conn *conn, const uint8_t *p)
{
    if (conn->rx.flags & GRAM_H2_FLAG_ACK) {
        gram_h2_on_ping_ack(conn, p);
        return;
    }
    /* Clients measure bandwidth with a PING beside their data, as often as data flows: only PINGs without anything else are charged. */
    if (conn->quiet_ping && !gram_h2_charge(conn, GRAM_H2_WORK_PING))
        return;
    conn->quiet_ping = true;
    gram_h2_write_frame(conn, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0, p, 8);
}

/* ---- WINDOW_UPDATE (6.9) ---- */

void gram_h2_on_window_update(struct gram_h2_conn *conn, const uint8_t *p)
{
    uint32_t id = conn->rx.stream_id;
    uint32_t increment = gram_get_be32(p) & GRAM_H2_WINDOW_MAX;

    if (id == 0) {
        if (increment == 0)
            gram_h2_fail(conn, GRAM_H2_PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
        else if (!gram_h2_window_add(&conn->send_window, (int32_t)increment))
            gram_h2_fail(conn, GRAM_H2_FLOW_CONTROL_ERROR, "window overflow");
        return;
    }
    int slot = gram_h2_find(conn, id);
    if (slot < 0) /* it may have crossed our end of the stream (5.1) */
        return;
    if (increment == 0)
        gram_h2_stream_error(conn, id, GRAM_H2_PROTOCOL_ERROR);
    else if (!gram_h2_window_add(&conn->streams[slot].send_window, (int32_t)increment))
        gram_h2_stream_error(conn, id, GRAM_H2_FLOW_CONTROL_ERROR);
}

/* ---- RST_STREAM (6.4), GOAWAY (6.8) ---- */

void gram_h2_on_rst_stream(struct gram_h2_conn *conn)
{
    int slot = gram_h2_find(conn, conn->rx.stream_id);

    if (slot < 0) /* the end of a stream that we ended too: clients answer our RST_STREAM with theirs */
        return;
    gram_h2_release(conn, (unsigned)slot, GRAM_H2_RESET_BY_PEER);
    conn->events->closed(conn, (unsigned)slot);
    gram_h2_charge(conn, GRAM_H2_WORK_RESET);
}

void gram_h2_on_goaway(struct gram_h2_conn *conn)
{
    conn->peer_going = true;
}
