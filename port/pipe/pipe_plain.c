/* The pipe without a filter: gram/transport.h as it is. */
#include "gram_pipe.h"

static void *plain_open(struct gram_pipe *pipe, const char *peer)
{
    return gram_conn_open(pipe->server, peer);
}

static size_t plain_rx(void *conn, const uint8_t *data, size_t len)
{
    return gram_conn_rx(conn, data, len);
}

static bool plain_rx_ready(const void *conn)
{
    return gram_conn_rx_ready(conn);
}

static void plain_rx_end(void *conn)
{
    gram_conn_rx_end(conn);
}

static void plain_rx_ending(void *conn)
{
    (void)conn;
}

static const uint8_t *plain_tx_buf(void *conn, size_t *len)
{
    return gram_conn_tx_buf(conn, len);
}

static void plain_tx_taken(void *conn, size_t len)
{
    gram_conn_tx_taken(conn, len);
}

static void plain_tx_acked(void *conn, size_t len)
{
    gram_conn_tx_acked(conn, len);
}

static enum gram_conn_phase plain_phase(const void *conn)
{
    return gram_conn_phase(conn);
}

static void plain_closed(void *conn)
{
    gram_conn_closed(conn);
}

static uint32_t plain_poll(void *conn, uint32_t now_ms)
{
    (void)conn;
    (void)now_ms;
    return GRAM_FOREVER; /* gram_server_poll() has done it */
}

const struct gram_pipe_calls gram_pipe_plain = {
    .open = plain_open,
    .rx = plain_rx,
    .rx_ready = plain_rx_ready,
    .rx_end = plain_rx_end,
    .rx_ending = plain_rx_ending,
    .tx_buf = plain_tx_buf,
    .tx_taken = plain_tx_taken,
    .tx_acked = plain_tx_acked,
    .phase = plain_phase,
    .closed = plain_closed,
    .poll = plain_poll,
};
