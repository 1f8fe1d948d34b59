/* What passes between Mbed TLS and the transport: records of the client, which rx() has offered, and records of ours, in the ring.
 *
 * The ring `tx` holds tx_used bytes from tx_start on, the first tx_taken of them are with the network; all stay in place until they are
 * acknowledged. Mbed TLS may be given less room than it asks for in a handshake, where a step is blocked then; when open, a record is only made
 * where it fits whole.
 *
 * Each side is looked at as it passes, by the heads of its records (RFC 8446 5.1): what Mbed TLS does not tell about them. */
#include <string.h>

#include "tls_internal.h"

/* Looks at `n` bytes of a stream of records; true at the end of a record's head. *used says how far it has looked. */
static bool scan(struct gram_tls_scan *s, const uint8_t *p, size_t n, size_t *used)
{
    *used = 0;
    while (*used < n) {
        if (s->left > 0) {
            size_t skip = n - *used < s->left ? n - *used : s->left;

            s->left = (uint16_t)(s->left - skip);
            *used += skip;
            continue;
        }
        s->head[s->head_len++] = p[(*used)++];
        if (s->head_len < sizeof s->head)
            continue;
        s->head_len = 0;
        s->left = (uint16_t)(s->head[3] << 8 | s->head[4]);
        return true;
    }
    return false;
}

static void look_at_input(struct gram_tls_conn *conn, const uint8_t *p, size_t n)
{
    size_t used;

    while (scan(&conn->scan_in, p, n, &used)) {
        conn->large = conn->scan_in.left > GRAM_TLS_IN + 16;
        if (conn->records == 0 && conn->scan_in.head[0] != MBEDTLS_SSL_MSG_HANDSHAKE)
            conn->not_tls = true;
        conn->records = (uint16_t)(conn->records + (conn->records < UINT16_MAX));
        p += used;
        n -= used;
    }
}

/* Whether an alert has gone out: an encrypted one shows by its length (RFC 8446 5.2: 2 bytes, type, tag). */
static void look_at_output(struct gram_tls_conn *conn, const uint8_t *p, size_t n)
{
    size_t used;

    while (scan(&conn->scan_out, p, n, &used)) {
        uint8_t type = conn->scan_out.head[0];

        if (type == MBEDTLS_SSL_MSG_ALERT || (type == MBEDTLS_SSL_MSG_APPLICATION_DATA && conn->scan_out.left == 2 + 1 + 16))
            conn->alerted = true;
        p += used;
        n -= used;
    }
}

int gram_tls_recv(void *context, unsigned char *buf, size_t len)
{
    struct gram_tls_conn *conn = context;
    size_t n = len < conn->in_len ? len : conn->in_len;

    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(buf, conn->in, n);
    conn->in += n;
    conn->in_len -= n;
    conn->bytes += (uint32_t)n;
    conn->moved = true;
#if GRAM_TLS_CHOICE
    /* Mbed TLS asks for a record's head and its payload one after the other. */
    if (conn->state == GRAM_TLS_HANDSHAKE && conn->scan_in.left > 0 && conn->scan_in.head[0] == MBEDTLS_SSL_MSG_HANDSHAKE)
        gram_tls_hello_look(conn, buf, n);
#endif
    look_at_input(conn, buf, n);
    return (int)n;
}

/* ---- the ring ---- */

size_t gram_tls_ring_room(const struct gram_tls_conn *conn)
{
    return sizeof conn->tx - conn->tx_used;
}

int gram_tls_send(void *context, const unsigned char *buf, size_t len)
{
    struct gram_tls_conn *conn = context;
    size_t n = len < gram_tls_ring_room(conn) ? len : gram_tls_ring_room(conn);
    size_t at = (conn->tx_start + conn->tx_used) % sizeof conn->tx;
    size_t first = n < sizeof conn->tx - at ? n : sizeof conn->tx - at;

    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    memcpy(conn->tx + at, buf, first);
    memcpy(conn->tx, buf + first, n - first);
    conn->tx_used = (uint16_t)(conn->tx_used + n);
    look_at_output(conn, buf, n);
    return (int)n;
}

const uint8_t *gram_tls_ring_next(void *context, size_t *len)
{
    struct gram_tls_conn *conn = context;
    size_t at = (size_t)(conn->tx_start + conn->tx_taken) % sizeof conn->tx;
    size_t n = (size_t)(conn->tx_used - conn->tx_taken);

    *len = n < sizeof conn->tx - at ? n : sizeof conn->tx - at;
    return conn->tx + at;
}

void gram_tls_ring_taken(void *context, size_t len)
{
    struct gram_tls_conn *conn = context;

    conn->tx_taken = (uint16_t)(conn->tx_taken + len);
}

void gram_tls_ring_acked(struct gram_tls_conn *conn, size_t len)
{
    conn->tx_start = (uint16_t)((conn->tx_start + len) % sizeof conn->tx);
    conn->tx_used = (uint16_t)(conn->tx_used - len);
    conn->tx_taken = (uint16_t)(conn->tx_taken - len);
    conn->blocked = false;
}

/* ---- around Mbed TLS ---- */

void gram_tls_enter(struct gram_tls_conn *conn)
{
    conn->tls->running = conn;
    conn->tls->refused = gram_tls_arena_refused();
    gram_tls_arena_owner(conn->number);
}

void gram_tls_leave(struct gram_tls_conn *conn)
{
    conn->tls->running = NULL;
    gram_tls_arena_owner(0);
}
