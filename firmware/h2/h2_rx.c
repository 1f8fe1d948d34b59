/* The frame reader: a byte-exact state machine that keeps no frame (RFC 9113 4).
 *
 *     PREFACE -> HEAD -> (by frame type) -> ... -> HEAD
 *     HEADERS:       [FIXED: pad length, priority] -> FRAGMENT -> [SKIP: padding]
 *     CONTINUATION:  FRAGMENT
 *     DATA:          [FIXED: pad length] -> DATA -> [SKIP: padding]
 *     fixed frames:  FIXED (SETTINGS: once for each setting; GOAWAY: then SKIP)
 *     anything that is not wanted: SKIP
 *
 * Invariants: rx.left counts the payload bytes still to come, rx.pad <= rx.left except in SKIP. A frame is begun only when GRAM_H2_ANSWER bytes of the
 * transmit buffer are free, and its answers are written when it ends, at the latest. Every state either takes bytes, or ends the frame. */
#include "h2_internal.h"

#include <string.h>

#include "be.h"

bool gram_h2_rx_ready(const struct gram_h2_conn *conn)
{
    return conn->phase != GRAM_H2_ACTIVE || gram_h2_tx_free(&conn->tx) >= GRAM_H2_ANSWER;
}

static void want(struct gram_h2_rx *rx, enum gram_h2_rx_state state)
{
    rx->state = (uint8_t)state;
}

static void want_fixed(struct gram_h2_rx *rx, unsigned bytes)
{
    rx->state = GRAM_H2_RX_FIXED;
    rx->small_want = (uint8_t)bytes;
    rx->small_len = 0;
}

static gram_h2_ok frame_size_error(struct gram_h2_conn *conn)
{
    gram_h2_fail(conn, GRAM_H2_FRAME_SIZE_ERROR, "frame size");
    return false;
}

static gram_h2_ok protocol_error(struct gram_h2_conn *conn, const char *reason)
{
    gram_h2_fail(conn, GRAM_H2_PROTOCOL_ERROR, reason);
    return false;
}

/* A stream that has never been opened (5.1.1); even ones never are. Beyond our last GOAWAY it is not known, and does not matter. */
static bool is_idle(const struct gram_h2_conn *conn, uint32_t id)
{
    return (id > conn->last_id && conn->life != GRAM_H2_LEAVING) || id % 2 == 0;
}

/* ---- the head of each frame type: is it lawful here, and what of it is to be read? ---- */

/* DATA that brings neither bytes nor an end (CVE-2019-9518). */
static gram_h2_ok charge_if_empty(struct gram_h2_conn *conn)
{
    const struct gram_h2_rx *rx = &conn->rx;

    return rx->left > rx->pad || (rx->flags & GRAM_H2_FLAG_END_STREAM) || gram_h2_charge(conn, GRAM_H2_WORK_GLITCH);
}

/* DATA beyond a window is the peer's fault; on a stream that has ended it depends on how (5.1). */
static gram_h2_ok begin_data(struct gram_h2_conn *conn)
{
    struct gram_h2_rx *rx = &conn->rx;
    int slot = gram_h2_find(conn, rx->stream_id);

    if ((int32_t)rx->left > conn->recv_window) {
        gram_h2_fail(conn, GRAM_H2_FLOW_CONTROL_ERROR, "connection window");
        return false;
    }
    conn->recv_window -= (int32_t)rx->left;
    conn->credit += rx->left; /* streams back their own windows: the connection's is given back as it is used */
    conn->quiet_ping = false;
    if (!charge_if_empty(conn))
        return false;
    if (slot < 0 || conn->streams[slot].state == GRAM_H2_HALF_CLOSED_REMOTE) {
        int how = slot < 0 ? gram_h2_recall(conn, rx->stream_id) : GRAM_H2_ENDED;

        if (how < 0 || how == GRAM_H2_RESET_BY_US)
            return true; /* it was under way; of a stream long gone the best is thought */
        return gram_h2_stream_error(conn, rx->stream_id, GRAM_H2_STREAM_CLOSED);
    }
    struct gram_h2_stream *s = &conn->streams[slot];
    if ((int32_t)rx->left > s->recv_window && rx->left > 0 && !s->discards) /* the window may be below zero */
        return gram_h2_stream_error(conn, rx->stream_id, GRAM_H2_FLOW_CONTROL_ERROR);
    s->recv_window -= (int32_t)rx->left;
    rx->slot = (uint8_t)slot;
    if (!(rx->flags & GRAM_H2_FLAG_PADDED)) {
        want(rx, GRAM_H2_RX_DATA);
        return true;
    }
    if (rx->left == 0)
        return frame_size_error(conn);
    want_fixed(rx, 1);
    return true;
}

static gram_h2_ok begin_headers(struct gram_h2_conn *conn)
{
    struct gram_h2_rx *rx = &conn->rx;
    unsigned fixed = (rx->flags & GRAM_H2_FLAG_PADDED ? 1u : 0u) + (rx->flags & GRAM_H2_FLAG_PRIORITY ? 5u : 0u);

    if (rx->left < fixed)
        return frame_size_error(conn);
    conn->quiet_ping = false;
    if (!gram_h2_on_headers(conn))
        return false;
    if (fixed > 0)
        want_fixed(rx, fixed);
    else
        want(rx, GRAM_H2_RX_FRAGMENT);
    return true;
}

static gram_h2_ok begin_continuation(struct gram_h2_conn *conn)
{
    if (conn->block.kind == GRAM_H2_BLOCK_NONE)
        return protocol_error(conn, "CONTINUATION");
    if (++conn->block.continuations > GRAM_CONTINUATIONS_MAX) {
        gram_h2_fail(conn, GRAM_H2_ENHANCE_YOUR_CALM, "GRAM_CONTINUATIONS_MAX");
        return false;
    }
    if (conn->rx.left == 0 && !gram_h2_charge(conn, GRAM_H2_WORK_GLITCH))
        return false;
    want(&conn->rx, GRAM_H2_RX_FRAGMENT);
    return true;
}

static gram_h2_ok begin_settings(struct gram_h2_conn *conn)
{
    struct gram_h2_rx *rx = &conn->rx;
    bool ack = rx->flags & GRAM_H2_FLAG_ACK;

    if (ack ? rx->left != 0 : rx->left % 6 != 0)
        return frame_size_error(conn);
    if (rx->left > 6 * 32) { /* CVE-2020-11080; there are not that many settings */
        gram_h2_fail(conn, GRAM_H2_ENHANCE_YOUR_CALM, "too many settings");
        return false;
    }
    if (!ack && conn->preface_done && !gram_h2_charge(conn, GRAM_H2_WORK_SETTINGS))
        return false;
    if (ack)
        gram_h2_on_settings_ack(conn);
    else if (rx->left == 0)
        gram_h2_on_settings_end(conn);
    else
        want_fixed(rx, 6);
    return true;
}

/* What holds for each frame type: the length of its fixed part, which is all of it but for GOAWAY; and the streams it may be on. */
enum { ON_CONNECTION = 1, ON_STREAM = 2, ON_IDLE = 4 };

static const struct rule {
    uint8_t fixed;
    uint8_t streams;
} rules[] = {
    [GRAM_H2_DATA] = { 0, ON_STREAM },
    [GRAM_H2_HEADERS] = { 0, ON_STREAM | ON_IDLE },
    [GRAM_H2_PRIORITY] = { 5, ON_STREAM | ON_IDLE },
    [GRAM_H2_RST_STREAM] = { 4, ON_STREAM },
    [GRAM_H2_SETTINGS] = { 0, ON_CONNECTION },
    [GRAM_H2_PUSH_PROMISE] = { 0, 0 }, /* not from a client (8.4) */
    [GRAM_H2_PING] = { 8, ON_CONNECTION },
    [GRAM_H2_GOAWAY] = { 8, ON_CONNECTION },
    [GRAM_H2_WINDOW_UPDATE] = { 4, ON_CONNECTION | ON_STREAM },
    [GRAM_H2_CONTINUATION] = { 0, ON_STREAM },
};

static uint8_t kind_of_stream(const struct gram_h2_conn *conn, uint32_t id)
{
    if (id == 0)
        return ON_CONNECTION;
    return is_idle(conn, id) ? ON_IDLE : ON_STREAM;
}

static gram_h2_ok begin_fixed(struct gram_h2_conn *conn, unsigned bytes)
{
    struct gram_h2_rx *rx = &conn->rx;

    if (rx->type == GRAM_H2_GOAWAY ? rx->left >= bytes : rx->left == bytes) {
        want_fixed(rx, bytes);
        return true;
    }
    if (rx->type != GRAM_H2_PRIORITY)
        return frame_size_error(conn);
    return gram_h2_stream_error(conn, rx->stream_id, GRAM_H2_FRAME_SIZE_ERROR); /* a stream's affair (6.3) */
}

static gram_h2_ok begin_frame(struct gram_h2_conn *conn)
{
    struct gram_h2_rx *rx = &conn->rx;

    rx->left = gram_get_be24(rx->small);
    rx->type = rx->small[3];
    rx->flags = rx->small[4];
    rx->stream_id = gram_get_be32(rx->small + 5) & GRAM_H2_WINDOW_MAX;
    rx->pad = 0;
    want(rx, GRAM_H2_RX_SKIP);
    gram_h2_trace(conn, true, rx->small, NULL, 0);
    if (rx->left > GRAM_H2_FRAME_MAX)
        return frame_size_error(conn);
    if (!conn->preface_done && (rx->type != GRAM_H2_SETTINGS || (rx->flags & GRAM_H2_FLAG_ACK)))
        return protocol_error(conn, "no SETTINGS");
    if (conn->block.kind != GRAM_H2_BLOCK_NONE &&
        (rx->type != GRAM_H2_CONTINUATION || rx->stream_id != conn->block.stream_id))
        return protocol_error(conn, "no CONTINUATION"); /* 6.10 */
    if (rx->type > GRAM_H2_CONTINUATION) /* unknown types are ignored (4.1) */
        return gram_h2_charge(conn, GRAM_H2_WORK_GLITCH);
    if (!(rules[rx->type].streams & kind_of_stream(conn, rx->stream_id)))
        return protocol_error(conn, "wrong stream");
    switch (rx->type) {
    case GRAM_H2_DATA:
        return begin_data(conn);
    case GRAM_H2_HEADERS:
        return begin_headers(conn);
    case GRAM_H2_CONTINUATION:
        return begin_continuation(conn);
    case GRAM_H2_SETTINGS:
        return begin_settings(conn);
    default:
        if (rx->type == GRAM_H2_PRIORITY && !gram_h2_charge(conn, GRAM_H2_WORK_GLITCH))
            return false;
        return begin_fixed(conn, rules[rx->type].fixed);
    }
}

/* ---- the ends of frames ---- */

/* HEADERS and DATA: pad length and priority, whichever there are, stand before the rest. */
static void prefix_done(struct gram_h2_conn *conn)
{
    struct gram_h2_rx *rx = &conn->rx;
    const uint8_t *p = rx->small;

    if (rx->flags & GRAM_H2_FLAG_PADDED)
        rx->pad = *p++;
    if (rx->pad > rx->left) {
        protocol_error(conn, "padding"); /* 6.1, 6.2 */
    } else if (rx->type == GRAM_H2_DATA) {
        gram_h2_credit(conn, rx->slot, 1u + rx->pad); /* padding counts, and is consumed as it comes */
        want(rx, GRAM_H2_RX_DATA);
        charge_if_empty(conn);
    } else {
        /* of priorities nothing matters but a dependency on itself (RFC 7540 5.3.1) */
        if ((rx->flags & GRAM_H2_FLAG_PRIORITY) && (gram_get_be32(p) & GRAM_H2_WINDOW_MAX) == rx->stream_id)
            conn->block.malformed = true;
        want(rx, GRAM_H2_RX_FRAGMENT);
    }
}

/* A fixed part of a frame is complete in rx.small. */
static void fixed_done(struct gram_h2_conn *conn)
{
    struct gram_h2_rx *rx = &conn->rx;

    want(rx, GRAM_H2_RX_SKIP);
    switch (rx->type) {
    case GRAM_H2_DATA:
    case GRAM_H2_HEADERS:
        prefix_done(conn);
        return;
    case GRAM_H2_SETTINGS:
        if (!gram_h2_on_setting(conn, rx->small))
            return;
        if (rx->left == 0)
            gram_h2_on_settings_end(conn);
        else
            want_fixed(rx, 6);
        return;
    case GRAM_H2_PRIORITY:
        if ((gram_get_be32(rx->small) & GRAM_H2_WINDOW_MAX) == rx->stream_id)
            gram_h2_stream_error(conn, rx->stream_id, GRAM_H2_PROTOCOL_ERROR);
        return;
    case GRAM_H2_RST_STREAM:
        gram_h2_on_rst_stream(conn);
        return;
    case GRAM_H2_PING:
        gram_h2_on_ping(conn, rx->small);
        return;
    case GRAM_H2_GOAWAY:
        gram_h2_on_goaway(conn);
        return;
    default:
        gram_h2_on_window_update(conn, rx->small);
        return;
    }
}

/* A length that was promised must have come when the request ends (8.1.1). */
static bool length_is_wrong(const struct gram_h2_stream *s)
{
    return s->content_length != GRAM_H2_NO_LENGTH && s->content_length != s->received;
}

/* The frame's last byte has been read. */
static void frame_done(struct gram_h2_conn *conn)
{
    struct gram_h2_rx *rx = &conn->rx;

    want(rx, GRAM_H2_RX_HEAD);
    rx->small_len = 0;
    if ((rx->type == GRAM_H2_HEADERS || rx->type == GRAM_H2_CONTINUATION) && (rx->flags & GRAM_H2_FLAG_END_HEADERS))
        gram_h2_block_end(conn);
}

/* ---- payloads that stream through ---- */

/* DATA is handed up as it comes. The end of the request is told with its last byte, not after: so a whole request can be decoded where it lies. */
static void data(struct gram_h2_conn *conn, const uint8_t *p, size_t n)
{
    struct gram_h2_rx *rx = &conn->rx;
    struct gram_h2_stream *s = &conn->streams[rx->slot];
    bool complete = n == rx->left - rx->pad;
    bool last = complete && (rx->flags & GRAM_H2_FLAG_END_STREAM);

    rx->left -= (uint32_t)n;
    if (complete)
        want(rx, GRAM_H2_RX_SKIP);
    if (s->id != rx->stream_id || s->state == GRAM_H2_FREE) /* it has ended since the frame began */
        return;
    s->received = (uint16_t)((s->received + n) % GRAM_H2_NO_LENGTH);
    if (last && length_is_wrong(s)) {
        gram_h2_stream_error(conn, rx->stream_id, GRAM_H2_PROTOCOL_ERROR);
        return;
    }
    if (last)
        s->state = GRAM_H2_HALF_CLOSED_REMOTE;
    if (n > 0)
        conn->events->data(conn, rx->slot, p, n, last);
    else if (last)
        conn->events->end(conn, rx->slot);
}

static void fragment(struct gram_h2_conn *conn, const uint8_t *p, size_t n)
{
    struct gram_h2_rx *rx = &conn->rx;

    rx->left -= (uint32_t)n;
    if (rx->left == rx->pad)
        want(rx, GRAM_H2_RX_SKIP);
    if (gram_hpack_dec_feed(&conn->dec, &gram_h2_vocab, conn, p, n) != GRAM_HPACK_OK)
        gram_h2_fail(conn, GRAM_H2_COMPRESSION_ERROR, "header block");
}

/* ---- the machine ---- */

static size_t preface(struct gram_h2_conn *conn, const uint8_t *p, size_t len)
{
    struct gram_h2_rx *rx = &conn->rx;
    size_t n = GRAM_H2_PREFACE_LEN - rx->count;

    n = len < n ? len : n;
    if (memcmp(p, GRAM_H2_PREFACE + rx->count, n) != 0) {
        gram_h2_fail(conn, GRAM_H2_PROTOCOL_ERROR, "not HTTP/2");
        return n;
    }
    rx->count = (uint8_t)(rx->count + n);
    if (rx->count == GRAM_H2_PREFACE_LEN)
        want(rx, GRAM_H2_RX_HEAD);
    return n;
}

/* Collects bytes of a head or a fixed part; true when it is complete. */
static bool collect(struct gram_h2_rx *rx, const uint8_t *p, size_t len, size_t wanted, size_t *taken)
{
    size_t n = wanted - rx->small_len;

    n = len < n ? len : n;
    memcpy(rx->small + rx->small_len, p, n);
    rx->small_len = (uint8_t)(rx->small_len + n);
    *taken = n;
    return rx->small_len == wanted;
}

/* One step: takes bytes, or nothing where a payload is empty. */
static size_t step(struct gram_h2_conn *conn, const uint8_t *p, size_t len)
{
    struct gram_h2_rx *rx = &conn->rx;
    size_t n = rx->left - rx->pad; /* of FRAGMENT and DATA */

    n = len < n ? len : n;
    switch ((enum gram_h2_rx_state)rx->state) {
    case GRAM_H2_RX_PREFACE:
        return preface(conn, p, len);
    case GRAM_H2_RX_HEAD:
        if (collect(rx, p, len, GRAM_H2_FRAME_HEAD, &n))
            begin_frame(conn);
        return n;
    case GRAM_H2_RX_FIXED: {
        bool complete = collect(rx, p, len, rx->small_want, &n);
        rx->left -= (uint32_t)n;
        if (complete)
            fixed_done(conn);
        return n;
    }
    case GRAM_H2_RX_FRAGMENT:
        fragment(conn, p, n);
        return n;
    case GRAM_H2_RX_DATA:
        data(conn, p, n);
        return n;
    case GRAM_H2_RX_SKIP:
        n = len < rx->left ? len : rx->left;
        rx->left -= (uint32_t)n;
        return n;
    }
    return len;
}

/* States in which an empty payload, or an end of one, is acted on without a further byte. */
static bool needs_no_byte(const struct gram_h2_rx *rx)
{
    switch ((enum gram_h2_rx_state)rx->state) {
    case GRAM_H2_RX_FRAGMENT:
    case GRAM_H2_RX_DATA:
        return rx->left == rx->pad;
    default:
        return false;
    }
}

size_t gram_h2_rx(struct gram_h2_conn *conn, const uint8_t *data_in, size_t len)
{
    struct gram_h2_rx *rx = &conn->rx;
    size_t taken = 0;

    conn->heard_at = conn->now;
    conn->pinged = false;
    while (conn->phase == GRAM_H2_ACTIVE) {
        if (rx->state == GRAM_H2_RX_SKIP && rx->left == 0) {
            frame_done(conn);
            continue;
        }
        if (taken == len && !needs_no_byte(rx))
            break;
        if (rx->state == GRAM_H2_RX_HEAD && rx->small_len == 0 && !gram_h2_rx_ready(conn))
            return taken;
        taken += step(conn, data_in + taken, len - taken);
    }
    if (conn->phase != GRAM_H2_ACTIVE)
        return len; /* a dead connection ignores all that still comes */
    gram_h2_flush(conn);
    return taken;
}
