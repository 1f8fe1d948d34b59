/* How long a connection lasts: keepalive, and the graceful end in two steps (RFC 9113 6.8).
 *
 *     STAYS --idle, old, server's wish--> WARN --room--> WARNED --PING's ACK--> LEAVE --room--> LEAVING
 *                                          WARN, WARNED --GRAM_GOAWAY_MS--> LEAVE
 *
 *     WARN     a GOAWAY that names no last stream, and a PING behind it, are to be written
 *     WARNED   they are: the peer learns that it should open no more streams; those it has opened meanwhile come before the ACK
 *     LEAVE    the GOAWAY with the last stream is to be written
 *     LEAVING  it is: streams beyond are ignored, those under way finish; with the last byte of the last of them, acknowledged, the connection ends
 *
 * Invariants: a step is never taken back, so last_id stands still from LEAVING on. Beyond STAYS the end comes `grace` after `leave_since` at the latest,
 * whatever the peer does; then overdue() tells the calls that are left. A frame that has no room waits, within GRAM_STALL_MS or that time. */
#include "h2_internal.h"

#include <string.h>

/* A PING's 8 bytes say what its ACK answers. */
static const char heartbeat[] = "gramlive", last_call[] = "gramleft";

/* For the largest GOAWAY, beside the answers to a frame that is being read. */
static bool has_room(const struct gram_h2_conn *conn)
{
    return gram_h2_tx_free(&conn->tx) >= 2 * GRAM_H2_ANSWER;
}

static void ping(struct gram_h2_conn *conn, const char *payload)
{
    gram_h2_write_frame(conn, GRAM_H2_PING, 0, 0, (const uint8_t *)payload, 8);
}

void gram_h2_on_ping_ack(struct gram_h2_conn *conn, const uint8_t *p)
{
    if (conn->life == GRAM_H2_WARNED && memcmp(p, last_call, 8) == 0)
        conn->life = GRAM_H2_LEAVE;
}

void gram_h2_go_away(struct gram_h2_conn *conn, enum gram_h2_life step, const char *reason, uint32_t grace)
{
    int32_t left = (int32_t)(conn->grace - (conn->now - conn->leave_since)); /* below 0: it is over, and the next poll ends it */

    if (conn->life == GRAM_H2_STAYS || (int32_t)grace < left) { /* each within half the clock's range */
        conn->leave_since = conn->now;
        conn->grace = grace;
        conn->leave_reason = reason;
    }
    if (conn->life < step)
        conn->life = (uint8_t)step;
}

/* After a long silence a PING; after another, shorter one the peer is gone, and nobody reads a GOAWAY. */
static void keep_alive(struct gram_h2_conn *conn, uint32_t *next)
{
    while (gram_h2_due(conn, conn->heard_at, conn->pinged ? GRAM_KEEPALIVE_TIMEOUT_MS : GRAM_KEEPALIVE_MS, next)) {
        if (conn->pinged) {
            conn->events->failed(conn, "GRAM_KEEPALIVE_TIMEOUT_MS");
            gram_h2_drop(conn);
            return;
        }
        if (!has_room(conn))
            return;
        ping(conn, heartbeat);
        conn->pinged = true;
        conn->heard_at = conn->now;
    }
}

/* A tenth more or less, so that connections that began together do not all come back together: the time and the number are chance enough. */
static uint32_t life_span(const struct gram_h2_conn *conn)
{
    const uint32_t tenth = GRAM_CONNECTION_AGE_MS / 10;

    return GRAM_CONNECTION_AGE_MS - tenth + tenth / 128 * (uint8_t)(conn->opened_at + conn->number * 97u);
}

static void leave_in_time(struct gram_h2_conn *conn, uint32_t *next)
{
    if (GRAM_IDLE_MS > 0 && conn->streams_open == 0 && gram_h2_due(conn, conn->idle_since, GRAM_IDLE_MS, next))
        gram_h2_go_away(conn, GRAM_H2_WARN, "GRAM_IDLE_MS", GRAM_CONNECTION_AGE_GRACE_MS);
    if (GRAM_CONNECTION_AGE_MS > 0 && gram_h2_due(conn, conn->opened_at, life_span(conn), next))
        gram_h2_go_away(conn, GRAM_H2_WARN, "GRAM_CONNECTION_AGE_MS", GRAM_CONNECTION_AGE_GRACE_MS);
}

/* One step, if one can be taken now. Where the time for the first is over, it is left out. */
static void leave(struct gram_h2_conn *conn, uint32_t *next)
{
    bool over = gram_h2_due(conn, conn->leave_since, conn->grace, next);

    if (over)
        conn->events->overdue(conn, conn->leave_reason);
    if (conn->life < GRAM_H2_LEAVE && (over || gram_h2_due(conn, conn->leave_since, GRAM_GOAWAY_MS, next)))
        conn->life = GRAM_H2_LEAVE;
    if (has_room(conn)) {
        if (conn->life == GRAM_H2_WARN) {
            gram_h2_write_goaway(conn, GRAM_H2_WINDOW_MAX, GRAM_H2_NO_ERROR, "");
            ping(conn, last_call);
            conn->life = GRAM_H2_WARNED;
        } else if (conn->life == GRAM_H2_LEAVE) {
            gram_h2_write_goaway(conn, conn->last_id, GRAM_H2_NO_ERROR, conn->leave_reason);
            conn->events->failed(conn, conn->leave_reason);
            conn->life = GRAM_H2_LEAVING;
        }
    }
    if (over || (conn->life == GRAM_H2_LEAVING && conn->streams_open == 0 && conn->tx.used == 0))
        gram_h2_finish(conn);
}

void gram_h2_live(struct gram_h2_conn *conn, uint32_t *next)
{
    if (GRAM_KEEPALIVE_MS > 0)
        keep_alive(conn, next);
    if (conn->phase != GRAM_H2_ACTIVE)
        return;
    if (conn->life == GRAM_H2_STAYS)
        leave_in_time(conn, next);
    if (conn->life != GRAM_H2_STAYS)
        leave(conn, next);
}
