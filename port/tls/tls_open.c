/* OPEN: plaintext goes up as far as the core takes it, and comes down as far as the ring has room.
 *
 * In: a record is decrypted only when the core has taken all of what came before (`plain`), so that what a client sends waits with the transport, and
 * TCP holds it back. Out: a record is made only where it fits whole, so that mbedtls_ssl_write() never has half of one left. */
#include "tls_internal.h"

#define RECORD_MORE 40u /* what a record is longer than its plaintext: head 5, nonce 8, type 1, tag 16; rounded up */
#define LEAST_PIECE 128u /* shorter pieces wait for more room */

/* ---- in ---- */

/* Hands plaintext to the core; false: it does not take all of it now. */
static bool deliver(struct gram_tls_conn *conn)
{
    size_t left = (size_t)(conn->plain_len - conn->plain_at);

    if (left > 0)
        conn->plain_at = (uint16_t)(conn->plain_at + gram_conn_rx(conn->core, conn->plain + conn->plain_at, left));
    return conn->plain_at == conn->plain_len && gram_conn_rx_ready(conn->core);
}

static void client_ends(struct gram_tls_conn *conn)
{
    conn->peer_closed = true;
    gram_conn_rx_end(conn->core);
}

/* Decrypts what was offered, record by record, as far as the core takes it. */
static void read_records(struct gram_tls_conn *conn)
{
    while (!conn->peer_closed && gram_conn_phase(conn->core) == GRAM_CONN_OPEN && deliver(conn)) {
        size_t offered = conn->in_len;
        int n;

        gram_tls_enter(conn);
        n = mbedtls_ssl_read(&conn->ssl, conn->plain, sizeof conn->plain);
        gram_tls_leave(conn);
        conn->plain_at = 0;
        conn->plain_len = n > 0 ? (uint16_t)n : 0;
        if (n > 0 || (n == MBEDTLS_ERR_SSL_WANT_READ && conn->in_len < offered && conn->in_len > 0)) /* it may say so between records */
            continue;
        if (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE)
            return;
        if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
            client_ends(conn);
        else
            gram_tls_give_up(conn, n);
        return;
    }
}

/* ---- out ---- */

/* How much of `n` bytes becomes a record now; 0: it waits for room. */
static size_t piece_of(const struct gram_tls_conn *conn, size_t n)
{
    size_t room = gram_tls_ring_room(conn) < RECORD_MORE ? 0 : gram_tls_ring_room(conn) - RECORD_MORE;

    if (room < n && room < LEAST_PIECE)
        return 0;
    n = n < room ? n : room;
    return n < GRAM_TLS_OUT ? n : GRAM_TLS_OUT;
}

/* The core has said its last word: so do we. */
static void close_in_order(struct gram_tls_conn *conn)
{
    if (gram_tls_ring_room(conn) < GRAM_TLS_ALERT_ROOM)
        return;
    gram_tls_enter(conn);
    (void)mbedtls_ssl_close_notify(&conn->ssl);
    gram_tls_leave(conn);
    gram_tls_finish(conn);
}

/* Makes records of what the core has to send. */
static void write_records(struct gram_tls_conn *conn)
{
    const uint8_t *p;
    size_t n = 0;

    while ((p = gram_conn_tx_buf(conn->core, &n)) != NULL && n > 0) {
        size_t piece = piece_of(conn, n);
        int written;

        if (piece == 0)
            break;
        gram_tls_enter(conn);
        written = mbedtls_ssl_write(&conn->ssl, p, piece);
        gram_tls_leave(conn);
        if (written <= 0) {
            gram_tls_give_up(conn, written);
            return;
        }
        gram_conn_tx_taken(conn->core, (size_t)written);
        gram_conn_tx_acked(conn->core, (size_t)written);
    }
    switch (gram_conn_phase(conn->core)) {
    case GRAM_CONN_OPEN:
        return;
    case GRAM_CONN_DONE:
        if (n == 0)
            close_in_order(conn);
        return;
    case GRAM_CONN_DEAD:
        gram_tls_release(conn);
        gram_tls_enter_state(conn, GRAM_TLS_DEAD);
    }
}

/* Without a close_notify before its FIN, somebody may have cut the client's last words off (RFC 8446 6.1): noted; HTTP/2 itself knows which
 * requests are whole. */
void gram_tls_cut_off(struct gram_tls_conn *conn)
{
    if (conn->peer_closed)
        return;
    conn->tls->truncated++;
    gram_tls_say(conn, "the client closed without close_notify", "");
    client_ends(conn);
    write_records(conn);
}

void gram_tls_serve(struct gram_tls_conn *conn)
{
    read_records(conn);
    if (conn->state == GRAM_TLS_OPEN)
        write_records(conn);
}
