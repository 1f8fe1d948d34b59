/* How bytes get in and out: the core's side of a transport. A transport owns sockets, pcbs or a wire; the core owns
 * connections. Nothing calls back: the transport pushes what has arrived and pulls what is to go out.
 *
 * A transport's round, for each connection, after input, after acknowledgements and after every gram_server_poll():
 *
 *     while ((p = gram_conn_tx_buf(conn, &n)) && n > 0) { n = send(p, n); if (n == 0) break;
 *         gram_conn_tx_taken(conn, n); gram_conn_tx_acked(conn, n); }     the second later, if the network sends from this memory
 *     if (gram_conn_rx_ready(conn)) offer again the input that was not taken
 *     switch (gram_conn_phase(conn)) { ...DONE: close in order... DEAD: drop at once }
 *
 * Input and acknowledgements let calls go on: what gram_server_poll() returned before them says no longer how long to sleep. Poll again
 * first.
 *
 * All functions are for the main loop. */
#ifndef GRAM_TRANSPORT_H
#define GRAM_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram/server.h"

typedef struct gram_conn gram_conn;

/* A client has connected. `peer` names it in logs; it is copied (GRAM_PEER_NAME bytes, cut). The connection is the transport's until
 * gram_conn_closed(). NULL if all GRAM_MAX_CONNECTIONS are taken. Then the one that has been idle longest, if any is, has been given a GOAWAY and is DONE:
 * send what it has, close it, and ask once more; if that is NULL too, send the client away. NULL at once while gram_server_is_ending(). */
gram_conn *gram_conn_open(gram_server *server, const char *peer);

/* Bytes have arrived. Returns how many were taken, from the front; the rest must be kept and offered again once gram_conn_rx_ready() is
 * true: nothing is taken while the peer does not read our answers. What was taken may be acknowledged to the peer
 * (tcp_recved). `data` is only read during the call. */
size_t gram_conn_rx(gram_conn *conn, const uint8_t *data, size_t len);
bool gram_conn_rx_ready(const gram_conn *conn);

/* The peer has said that it sends no more (FIN). Its calls end: no gRPC client closes one direction alone. What lies in the
 * transmit buffer may still go out. */
void gram_conn_rx_end(gram_conn *conn);

/* What is to be sent next: the oldest bytes not yet taken, contiguous; *len 0 if there are none now. Changes nothing. The bytes stay in place and
 * unchanged until they are acknowledged by gram_conn_tx_acked(): they may be handed to a network stack without a copy. */
const uint8_t *gram_conn_tx_buf(gram_conn *conn, size_t *len);
/* `len` bytes of that buffer have been handed to the network. */
void gram_conn_tx_taken(gram_conn *conn, size_t len);
/* `len` of the bytes taken so far need not be kept any longer (acknowledged by the peer, or copied). */
void gram_conn_tx_acked(gram_conn *conn, size_t len);

enum gram_conn_phase {
    GRAM_CONN_OPEN, /* goes on */
    GRAM_CONN_DONE, /* nothing more will be read or written once tx_buf is empty and acknowledged: close it in order */
    GRAM_CONN_DEAD  /* drop it now, whatever is still unsent */
};
enum gram_conn_phase gram_conn_phase(const gram_conn *conn);

/* The connection is gone (closed by either side, reset, lost). Ends its calls, gives everything back; `conn` is invalid afterwards. */
void gram_conn_closed(gram_conn *conn);

#endif
