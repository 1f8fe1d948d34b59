/* The life of a connection: its beginning, its limits in time, its end.
 *
 *     ACTIVE --error, or nothing left to do (h2_lifetime.c)--> ENDING --transmit buffer empty, or GRAM_LINGER_MS--> closed by the transport
 *        any --the transport has lost it, or it takes nothing--> DEAD
 *
 * In ENDING and DEAD all input is ignored, no stream is open, and nothing is written any more. */
#include "h2_internal.h"

#include <string.h>

#include "be.h"

/* Our settings, as they go out. */
#define SETTING(id, value) 0, (id), (uint8_t)((value) >> 24), (uint8_t)((value) >> 16), (uint8_t)((value) >> 8), (uint8_t)(value)

static const uint8_t settings[] = {
    SETTING(GRAM_H2_SETTINGS_MAX_CONCURRENT_STREAMS, GRAM_MAX_CONCURRENT_STREAMS),
    SETTING(GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, GRAM_INITIAL_WINDOW_SIZE),
    SETTING(GRAM_H2_SETTINGS_MAX_HEADER_LIST_SIZE, GRAM_HEADER_LIST_MAX),
};

void gram_h2_init(struct gram_h2_conn *conn, const struct gram_h2_events *events, const struct gram_hpack_pin *pins,
                  const struct gram_log *log, uint16_t number, uint32_t now)
{
    memset(conn, 0, offsetof(struct gram_h2_conn, tx));
    conn->events = events;
    conn->log = log;
    conn->number = number;
    conn->now = now;
    conn->opened_at = now;
    conn->idle_since = now;
    conn->heard_at = now;
    conn->forgiven_at = now;
    conn->send_window = GRAM_H2_WINDOW_DEFAULT;
    conn->recv_window = GRAM_H2_WINDOW_DEFAULT;
    conn->peer_initial_window = GRAM_H2_WINDOW_DEFAULT;
    conn->peer_max_frame = GRAM_H2_FRAME_MAX;
    gram_hpack_dec_init(&conn->dec);
    gram_hpack_enc_init(&conn->enc, pins);
    gram_h2_tx_init(&conn->tx);
    gram_h2_write_frame(conn, GRAM_H2_SETTINGS, 0, 0, settings, sizeof settings);
}

/* ---- the end ---- */

static void close_streams(struct gram_h2_conn *conn)
{
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        if (conn->streams[i].state == GRAM_H2_FREE)
            continue;
        gram_h2_release(conn, i, GRAM_H2_RESET_BY_US);
        conn->events->closed(conn, i);
    }
}

void gram_h2_write_goaway(struct gram_h2_conn *conn, uint32_t last_id, enum gram_h2_error error, const char *reason)
{
    uint8_t payload[8 + 30];
    size_t n = strlen(reason);
    size_t room = gram_h2_tx_free(&conn->tx);

    if (room < GRAM_H2_FRAME_HEAD + 8)
        return; /* it would not be read either */
    room -= GRAM_H2_FRAME_HEAD + 8;
    n = n < sizeof payload - 8 ? n : sizeof payload - 8;
    n = n < room ? n : room;
    gram_put_be32(payload, last_id);
    gram_put_be32(payload + 4, error);
    memcpy(payload + 8, reason, n);
    gram_h2_write_frame(conn, GRAM_H2_GOAWAY, 0, 0, payload, 8 + n);
}

static void end(struct gram_h2_conn *conn)
{
    conn->phase = GRAM_H2_ENDING;
    conn->ended_at = conn->now;
    close_streams(conn);
}

void gram_h2_fail(struct gram_h2_conn *conn, enum gram_h2_error error, const char *reason)
{
    if (conn->phase != GRAM_H2_ACTIVE)
        return; /* the first error wins */
    gram_h2_write_goaway(conn, conn->last_id, error, reason);
    conn->events->failed(conn, reason);
    end(conn);
}

void gram_h2_finish(struct gram_h2_conn *conn)
{
    if (conn->phase == GRAM_H2_ACTIVE)
        end(conn);
}

void gram_h2_drop(struct gram_h2_conn *conn)
{
    conn->phase = GRAM_H2_DEAD;
    close_streams(conn);
}

/* ---- time ---- */

void gram_h2_tx_progress(struct gram_h2_conn *conn, size_t acked)
{
    gram_h2_tx_acked(&conn->tx, acked);
    conn->progress_at = conn->now;
}

bool gram_h2_due(const struct gram_h2_conn *conn, uint32_t since, uint32_t ms, uint32_t *next)
{
    uint32_t passed = conn->now - since;

    if (passed >= ms)
        return true;
    if (ms - passed < *next)
        *next = ms - passed;
    return false;
}

/* Looks at one limit: lowers *next to what is left of it, or ends the connection. */
static void limit(struct gram_h2_conn *conn, uint32_t since, uint32_t ms, enum gram_h2_error error, const char *name,
                  uint32_t *next)
{
    if (gram_h2_due(conn, since, ms, next))
        gram_h2_fail(conn, error, name);
}

uint32_t gram_h2_poll(struct gram_h2_conn *conn, uint32_t now)
{
    uint32_t next = UINT32_MAX;

    conn->now = now;
    if (conn->phase == GRAM_H2_ACTIVE)
        gram_h2_live(conn, &next);
    if (!conn->preface_done)
        limit(conn, conn->opened_at, GRAM_PREFACE_MS, GRAM_H2_PROTOCOL_ERROR, "GRAM_PREFACE_MS", &next);
    else if (!conn->settings_acked)
        limit(conn, conn->opened_at, GRAM_PREFACE_MS + GRAM_SETTINGS_MS, GRAM_H2_SETTINGS_TIMEOUT, "GRAM_SETTINGS_MS",
              &next);
    if (conn->block.kind != GRAM_H2_BLOCK_NONE)
        limit(conn, conn->block.since, GRAM_HEADERS_MS, GRAM_H2_ENHANCE_YOUR_CALM, "GRAM_HEADERS_MS", &next);
    if (conn->tx.used > 0)
        limit(conn, conn->progress_at, GRAM_STALL_MS, GRAM_H2_ENHANCE_YOUR_CALM, "GRAM_STALL_MS", &next);
    if (conn->phase == GRAM_H2_ACTIVE)
        return next;
    if (now - conn->ended_at >= GRAM_LINGER_MS)
        conn->phase = GRAM_H2_DEAD;
    return conn->phase == GRAM_H2_DEAD ? UINT32_MAX : GRAM_LINGER_MS - (now - conn->ended_at);
}
