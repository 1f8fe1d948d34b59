/* A connection between its transport (gram/transport.h) and HTTP/2: bytes in, bytes out, and whose turn it is. */
#include "grpc_internal.h"

#include "gram/text.h"

gram_conn *gram_conn_open(gram_server *server, const char *peer)
{
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        struct gram_conn *conn = &server->conns[i];

        if (conn->in_use)
            continue;
        conn->server = server;
        conn->in_use = true;
        conn->has_due = true;
        conn->due = server->now;
        conn->pump_wanted = false;
        conn->turn = 0;
        struct gram_text name = gram_text_in(conn->peer, sizeof conn->peer);
        gram_text_str(&name, peer);
        gram_h2_init(&conn->h2, &gram_grpc_events, gram_grpc_pins, server->log, (uint8_t)i, server->now);
        return conn;
    }
    return NULL;
}

/* Round after round, one step for each call, beginning with another one each time: no call starves another. It ends because every step
 * uses up input, or room, or a wake. */
void gram_conn_pump(struct gram_conn *conn)
{
    bool moved = conn->pump_wanted && conn->h2.phase == GRAM_H2_ACTIVE;

    while (moved) {
        moved = false;
        conn->pump_wanted = false;
        for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
            moved |= gram_call_step(&conn->calls[(conn->turn + i) % GRAM_MAX_CONCURRENT_STREAMS]);
        conn->turn = (uint8_t)((conn->turn + 1) % GRAM_MAX_CONCURRENT_STREAMS);
    }
    gram_h2_flush(&conn->h2);
    if (conn->h2.peer_going && conn->h2.streams_open == 0)
        gram_h2_finish(&conn->h2); /* the client has said goodbye, and its last call is answered */
}

static void look_again(struct gram_conn *conn)
{
    conn->has_due = true;
    conn->due = conn->server->now;
}

size_t gram_conn_rx(gram_conn *conn, const uint8_t *data, size_t len)
{
    size_t taken;

    conn->h2.now = conn->server->now;
    taken = gram_h2_rx(&conn->h2, data, len);
    gram_conn_pump(conn);
    look_again(conn);
    return taken;
}

bool gram_conn_rx_ready(const gram_conn *conn)
{
    return gram_h2_rx_ready(&conn->h2);
}

/* A client that sends no more has left: no gRPC client closes one direction alone. What was answered already still goes out. */
void gram_conn_rx_end(gram_conn *conn)
{
    conn->h2.now = conn->server->now;
    gram_h2_finish(&conn->h2);
}

const uint8_t *gram_conn_tx_buf(gram_conn *conn, size_t *len)
{
    return gram_h2_tx_unsent(&conn->h2.tx, len);
}

void gram_conn_tx_taken(gram_conn *conn, size_t len)
{
    gram_h2_tx_taken(&conn->h2.tx, len);
}

void gram_conn_tx_acked(gram_conn *conn, size_t len)
{
    conn->h2.now = conn->server->now;
    gram_h2_tx_progress(&conn->h2, len);
    gram_conn_pump(conn);
    look_again(conn);
}

enum gram_conn_phase gram_conn_phase(const gram_conn *conn)
{
    switch ((enum gram_h2_phase)conn->h2.phase) {
    case GRAM_H2_ACTIVE:
        return GRAM_CONN_OPEN;
    case GRAM_H2_ENDING:
        return GRAM_CONN_DONE;
    default:
        return GRAM_CONN_DEAD;
    }
}

void gram_conn_closed(gram_conn *conn)
{
    gram_h2_drop(&conn->h2);
    conn->in_use = false;
}
