/* WAIT: whose turn a handshake is.
 *
 * The client is connected; its bytes stay with the transport until its turn comes: it is the longest waiting that has sent
 * something, no other handshake goes on (GRAM_TLS_HANDSHAKES), the rate allows one (tokens, thousandths of a handshake), and the server has a place
 * (gram_conn_open()). One that has sent nothing is in nobody's way. */
#include "tls_internal.h"

#define SOON_MS 10u

static void refill(struct gram_tls *tls)
{
    uint32_t most = GRAM_TLS_HANDSHAKE_BURST * 1000u;
    uint32_t ms = tls->now - tls->tokens_at;

    tls->tokens_at = tls->now;
    ms = ms < 60000 ? ms : 60000;
    tls->tokens += ms * GRAM_TLS_HANDSHAKES_PER_SECOND;
    tls->tokens = tls->tokens < most ? tls->tokens : most;
}

/* Whether it is the next, and a handshake may begin. */
static bool is_next(const struct gram_tls_conn *conn)
{
    unsigned handshaking = 0;

    for (unsigned i = 0; i < GRAM_TLS_CONNECTIONS; i++) {
        const struct gram_tls_conn *other = &conn->tls->conns[i];

        if (!other->tls)
            continue;
        handshaking += other->state == GRAM_TLS_HANDSHAKE;
        if (other->state == GRAM_TLS_WAIT && other->offered && (int32_t)(other->turn - conn->turn) < 0)
            return false;
    }
    return conn->offered && handshaking < GRAM_TLS_HANDSHAKES;
}

bool gram_tls_others_wait(const struct gram_tls *tls)
{
    for (unsigned i = 0; i < GRAM_TLS_CONNECTIONS; i++)
        if (tls->conns[i].tls && tls->conns[i].state == GRAM_TLS_WAIT && tls->conns[i].offered)
            return true;
    return false;
}

static bool is_full(const struct gram_tls *tls)
{
    for (unsigned i = 0; i < GRAM_TLS_CONNECTIONS; i++)
        if (!tls->conns[i].tls)
            return false;
    return true;
}

uint32_t gram_tls_turn_poll(struct gram_tls_conn *conn)
{
    struct gram_tls *tls = conn->tls;
    uint32_t limit = conn->offered ? GRAM_TLS_WAIT_MS : is_full(tls) ? GRAM_TLS_SILENCE_MS : GRAM_TLS_HANDSHAKE_MS;
    uint32_t left = gram_tls_left_of(tls->now, conn->begun, limit);

    if (left == 0 || gram_server_is_ending(tls->pipe.server)) {
        if (left == 0 && conn->offered)
            gram_tls_say(conn, "its turn did not come: all connections are busy, or too many clients come", "");
        gram_tls_enter_state(conn, GRAM_TLS_DEAD);
        return 0;
    }
    if (!is_next(conn))
        return left;
    refill(tls);
    if (tls->tokens < 1000)
        return SOON_MS;
    conn->core = gram_conn_open(tls->pipe.server, conn->peer);
    if (!conn->core)
        return SOON_MS; /* one that is idle may be giving way */
    tls->tokens -= 1000;
    gram_tls_enter_state(conn, GRAM_TLS_HANDSHAKE);
    if (!gram_tls_handshake_begin(conn)) {
        gram_tls_say(conn, "out of memory: GRAM_TLS_ARENA is too small", "");
        gram_tls_finish(conn);
    }
    return 0;
}
