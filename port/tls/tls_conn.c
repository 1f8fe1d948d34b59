/* A connection under TLS, as the transport sees it: the pipe's calls, and what each means in each state.
 *
 *     WAIT -> HANDSHAKE -> OPEN -> CLOSING -> (closed)          DEAD from anywhere
 *
 *     WAIT       for its turn; nothing is read                                     tls_turn.c
 *     HANDSHAKE  a step at a time                                                  tls_handshake.c
 *     OPEN       plaintext up, records down                                        tls_open.c
 *     CLOSING    close_notify or an alert lies in the ring: the transport sends it and closes. Only the ring is left.
 *
 * Records in and out: tls_record.c; the way out of every state: tls_end.c. Every call of Mbed TLS stands between gram_tls_enter() and
 * gram_tls_leave(), so that the arena knows whose blocks are whose. Time passes in poll() only. */
#include <string.h>

#include "gram/config.h"
#include "gram/text.h"
#include "tls_internal.h"

static uint32_t poll_closing(struct gram_tls_conn *conn)
{
    uint32_t left = gram_tls_left_of(conn->tls->now, conn->begun, GRAM_LINGER_MS);

    if (left == 0)
        gram_tls_enter_state(conn, GRAM_TLS_DEAD);
    return left;
}

static void *tls_open(struct gram_pipe *pipe, const char *peer)
{
    struct gram_tls *tls = (struct gram_tls *)pipe;

    for (uint8_t i = 0; i < GRAM_TLS_CONNECTIONS; i++) {
        struct gram_tls_conn *conn = &tls->conns[i];
        struct gram_text t;

        if (conn->tls)
            continue;
        memset(conn, 0, sizeof *conn);
        conn->tls = tls;
        conn->number = (uint8_t)(i + 1);
        conn->turn = tls->turn++;
        t = gram_text_in(conn->peer, sizeof conn->peer);
        gram_text_str(&t, peer);
        gram_tls_enter_state(conn, GRAM_TLS_WAIT);
        return conn;
    }
    return NULL;
}

static size_t tls_rx(void *context, const uint8_t *data, size_t len)
{
    struct gram_tls_conn *conn = context;
    size_t taken;

    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_WAIT:
        conn->offered = conn->offered || len > 0;
        return 0;
    case GRAM_TLS_HANDSHAKE:
    case GRAM_TLS_OPEN:
        break;
    default:
        return len;
    }
    conn->in = data;
    conn->in_len = len;
    if (conn->state == GRAM_TLS_OPEN)
        gram_tls_serve(conn);
    else if (conn->hungry)
        gram_tls_handshake_step(conn);
    taken = len - conn->in_len;
    conn->in = NULL;
    conn->in_len = 0;
    return taken;
}

static bool tls_rx_ready(const void *context)
{
    const struct gram_tls_conn *conn = context;

    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_WAIT:
        return false;
    case GRAM_TLS_HANDSHAKE:
        return conn->hungry;
    case GRAM_TLS_OPEN:
        return conn->plain_at == conn->plain_len && gram_conn_rx_ready(conn->core);
    default:
        return true;
    }
}

/* Without an answer from the client no handshake ends: one that has left before its turn needs none. */
static void tls_rx_ending(void *context)
{
    struct gram_tls_conn *conn = context;

    if (conn->state == GRAM_TLS_WAIT)
        gram_tls_enter_state(conn, GRAM_TLS_DEAD);
}

static void tls_rx_end(void *context)
{
    struct gram_tls_conn *conn = context;

    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_WAIT:
        tls_rx_ending(conn);
        return;
    case GRAM_TLS_HANDSHAKE:
        gram_tls_say(conn, "the client left in its handshake", "");
        gram_tls_finish(conn);
        return;
    case GRAM_TLS_OPEN:
        gram_tls_cut_off(conn);
        return;
    default:
        return;
    }
}

static void tls_tx_acked(void *context, size_t len)
{
    struct gram_tls_conn *conn = context;

    gram_tls_ring_acked(conn, len);
    if (conn->state == GRAM_TLS_OPEN)
        gram_tls_serve(conn);
}

static enum gram_conn_phase tls_phase(const void *context)
{
    const struct gram_tls_conn *conn = context;

    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_CLOSING:
        return GRAM_CONN_DONE;
    case GRAM_TLS_DEAD:
        return GRAM_CONN_DEAD;
    default:
        return GRAM_CONN_OPEN;
    }
}

static void tls_closed(void *context)
{
    struct gram_tls_conn *conn = context;

    if (conn->state == GRAM_TLS_HANDSHAKE) /* lost: nobody has ended it */
        gram_tls_say(conn, "the client left in its handshake", "");
    gram_tls_release(conn);
    memset(conn, 0, sizeof *conn);
}

static uint32_t tls_poll(void *context, uint32_t now_ms)
{
    struct gram_tls_conn *conn = context;
    struct gram_tls *tls = conn->tls;

    tls->now = now_ms;
#if GRAM_TLS_TICKETS
    gram_tls_tickets_poll(tls);
#endif
    if (conn->fresh)
        conn->begun = conn->since = now_ms;
    conn->fresh = false;
    if (conn->moved)
        conn->since = now_ms;
    conn->moved = false;
    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_WAIT:
        return gram_tls_turn_poll(conn);
    case GRAM_TLS_HANDSHAKE:
        return gram_tls_handshake_poll(conn);
    case GRAM_TLS_OPEN:
        gram_tls_serve(conn);
        return GRAM_FOREVER;
    case GRAM_TLS_CLOSING:
        return poll_closing(conn);
    default:
        return GRAM_FOREVER;
    }
}

const struct gram_pipe_calls gram_tls_calls = {
    .open = tls_open,
    .rx = tls_rx,
    .rx_ready = tls_rx_ready,
    .rx_end = tls_rx_end,
    .rx_ending = tls_rx_ending,
    .tx_buf = gram_tls_ring_next,
    .tx_taken = gram_tls_ring_taken,
    .tx_acked = tls_tx_acked,
    .phase = tls_phase,
    .closed = tls_closed,
    .poll = tls_poll,
};
