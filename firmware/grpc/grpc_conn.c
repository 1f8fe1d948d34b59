/* A connection between its transport (gram/transport.h) and HTTP/2: bytes in, bytes out, and whose turn it is. */
#include "grpc_internal.h"

#include <string.h>

#include "gram/text.h"

/* ---- what HTTP/2 tells: it names a stream's slot, and its call has the same ---- */

static struct gram_call *call_at(struct gram_h2_conn *h2, unsigned slot)
{
    return &gram_conn_of(h2)->calls[slot];
}

static void on_begin(struct gram_h2_conn *h2, unsigned slot)
{
    gram_call_begin(gram_conn_of(h2), slot);
#if GRAM_METADATA_SIZE > 0
    gram_conn_of(h2)->incoming.fresh = false; /* of a block that went nowhere */
#endif
}

static void on_field(struct gram_h2_conn *h2, unsigned slot, uint8_t name, uint16_t value)
{
    gram_request_field(call_at(h2, slot), name, value);
}

static void on_request(struct gram_h2_conn *h2, unsigned slot, const struct gram_h2_request *request)
{
    gram_request_judge(call_at(h2, slot), request);
}

static void on_data(struct gram_h2_conn *h2, unsigned slot, const uint8_t *data, size_t len, bool last)
{
    gram_call_data(call_at(h2, slot), data, len, last);
}

static void on_end(struct gram_h2_conn *h2, unsigned slot)
{
    gram_call_data(call_at(h2, slot), NULL, 0, true);
}

static void on_closed(struct gram_h2_conn *h2, unsigned slot)
{
    gram_call_close(call_at(h2, slot), GRAM_CANCELLED);
}

static void on_failed(struct gram_h2_conn *h2, const char *reason)
{
    struct gram_conn *conn = gram_conn_of(h2);

    gram_log_about(conn->server, GRAM_LOG_INFO, conn->peer, reason);
}

/* Time is up for the calls on it: those that can be told, are. */
static void on_overdue(struct gram_h2_conn *h2, const char *reason)
{
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        struct gram_call *call = call_at(h2, i);

        if (call->phase > GRAM_CALL_HEADERS && call->phase < GRAM_CALL_HTTP_WAIT)
            gram_call_end(call, GRAM_UNAVAILABLE, reason);
    }
}

const struct gram_h2_events gram_grpc_events = {
    .name = gram_request_name,
    .value_begin = gram_request_value_begin,
    .value_data = gram_request_value_data,
    .value_end = gram_request_value_end,
    .evicted = gram_request_evicted,
    .begin = on_begin,
    .field = on_field,
    .request = on_request,
    .data = on_data,
    .end = on_end,
    .closed = on_closed,
    .failed = on_failed,
    .overdue = on_overdue,
};

/* ---- the transport's side ---- */

/* Its times have changed: the next poll looks at it. */
static void look_again(struct gram_conn *conn)
{
    conn->has_due = true;
    conn->due = conn->server->now;
}

/* How long a connection has been of no use, ms; 0 if it is: it has calls, or something to send, or may be about to begin. */
static uint32_t useless_for(const struct gram_conn *conn)
{
    const struct gram_h2_conn *h2 = &conn->h2;
    uint32_t idle = conn->server->now - h2->idle_since;

    if (h2->phase != GRAM_H2_ACTIVE || h2->streams_open > 0 || h2->tx.used > 0)
        return 0;
    if (h2->last_id == 0) /* no call yet */
        return idle >= GRAM_GIVE_WAY_MS ? idle : 0;
    return idle + 1;
}

/* The connection that has been of no use longest, if any, is sent away. */
static void make_way(struct gram_server *server)
{
    struct gram_conn *longest = NULL;

    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        struct gram_conn *conn = &server->conns[i];

        if (useless_for(conn) > (longest ? useless_for(longest) : 0))
            longest = conn;
    }
    if (!longest)
        return;
    longest->h2.now = server->now; /* an idle one has not looked at the clock */
    gram_h2_fail(&longest->h2, GRAM_H2_NO_ERROR, "gave way to another");
    look_again(longest);
}

void gram_conn_go_away(struct gram_conn *conn, enum gram_h2_life step, const char *reason, uint32_t grace_ms)
{
    conn->h2.now = conn->server->now;
    gram_h2_go_away(&conn->h2, step, reason, grace_ms);
    look_again(conn);
}

gram_conn *gram_conn_open(gram_server *server, const char *peer)
{
    struct gram_conn *conn = server->conns;
    uint16_t number = 0;
    struct gram_text name;

    if (server->ending)
        return NULL;
    while (number < GRAM_MAX_CONNECTIONS && conn->in_use) {
        number++;
        conn++;
    }
    if (number == GRAM_MAX_CONNECTIONS) {
        make_way(server);
        return NULL;
    }
    memset(conn, 0, offsetof(struct gram_conn, h2)); /* the calls' slots keep their generations */
    conn->server = server;
    conn->in_use = true;
    look_again(conn);
    name = gram_text_in(conn->peer, sizeof conn->peer);
    gram_text_str(&name, peer);
    gram_h2_init(&conn->h2, &gram_grpc_events, gram_grpc_pins, server->log, number, server->now);
    return conn;
}

/* Round after round, one step for each call. The next round, now or when there is room again, begins behind the first call that could go on in this
 * one: no call starves another. It ends because every step uses up input, or room, or a wake. */
void gram_conn_pump(struct gram_conn *conn)
{
    bool moved = conn->pump_wanted && conn->h2.phase == GRAM_H2_ACTIVE;

    while (moved) {
        unsigned first = conn->turn;

        moved = false;
        conn->pump_wanted = false;
        for (unsigned i = first; i < first + GRAM_MAX_CONCURRENT_STREAMS; i++) {
            if (!gram_call_step(&conn->calls[i % GRAM_MAX_CONCURRENT_STREAMS]) || moved)
                continue;
            moved = true;
            conn->turn = (uint8_t)((i + 1) % GRAM_MAX_CONCURRENT_STREAMS);
        }
    }
    gram_h2_flush(&conn->h2);
    if (conn->h2.peer_going && conn->h2.streams_open == 0)
        gram_h2_finish(&conn->h2); /* the client has said goodbye, and its last call is answered */
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
