/* How a connection ends: what the log says, what the client is told, what is given back.
 *
 * The place in the server and Mbed TLS's context, with its memory, exist in HANDSHAKE and OPEN and in no other state: gram_tls_release() is the one
 * way out of them. At most one alert is sent; where the ring has no room for it, none is. */
#include <string.h>

#include "gram/text.h"
#include "tls_internal.h"

void gram_tls_say(struct gram_tls_conn *conn, const char *text, const char *more)
{
    char line[160];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, conn->peer);
    gram_text_str(&t, ": TLS: ");
    gram_text_str(&t, text);
    gram_text_str(&t, more);
    gram_server_log(conn->tls->pipe.server, GRAM_LOG_INFO, line);
}

void gram_tls_enter_state(struct gram_tls_conn *conn, enum gram_tls_state state)
{
    conn->state = (uint8_t)state;
    conn->fresh = true;
}

void gram_tls_release(struct gram_tls_conn *conn)
{
    if (conn->state == GRAM_TLS_HANDSHAKE)
        conn->tls->failed++;
    if (conn->core)
        gram_conn_closed(conn->core);
    conn->core = NULL;
    if (!conn->set)
        return;
    gram_tls_enter(conn);
    mbedtls_ssl_free(&conn->ssl);
    gram_tls_leave(conn);
    gram_tls_arena_sweep(conn->number); /* where Mbed TLS 3.6 runs out of memory it may forget a cipher's context, with its key */
    gram_tls_set_leave(conn->tls, conn->set);
    conn->set = NULL;
    memset(conn->plain, 0, sizeof conn->plain);
    conn->plain_at = conn->plain_len = 0;
}

void gram_tls_finish(struct gram_tls_conn *conn)
{
    gram_tls_release(conn);
    gram_tls_enter_state(conn, conn->tx_used > 0 ? GRAM_TLS_CLOSING : GRAM_TLS_DEAD);
}

void gram_tls_alert(struct gram_tls_conn *conn, uint8_t description)
{
    if (conn->alerted || gram_tls_ring_room(conn) < GRAM_TLS_ALERT_ROOM)
        return;
    gram_tls_enter(conn);
    (void)mbedtls_ssl_send_alert_message(&conn->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, description);
    gram_tls_leave(conn);
}

void gram_tls_refuse(struct gram_tls_conn *conn, uint8_t description, const char *text)
{
    gram_tls_say(conn, text, "");
    gram_tls_alert(conn, description);
    gram_tls_finish(conn);
}

static void refuse_by_code(struct gram_tls_conn *conn, int error)
{
    char number[24];
    struct gram_text t = gram_text_in(number, sizeof number);

    gram_text_str(&t, "Mbed TLS says -0x");
    gram_text_hex(&t, (uint32_t)-error, 4);
    gram_tls_say(conn, conn->state == GRAM_TLS_HANDSHAKE ? "the handshake failed, " : "a record cannot be read, ", number);
    gram_tls_alert(conn, conn->state == GRAM_TLS_HANDSHAKE ? MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE : MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC);
    gram_tls_finish(conn);
}

/* An error that came of memory is reported in many ways, so the arena is asked, too. */
static bool out_of_memory(const struct gram_tls *tls, int error)
{
    return error == MBEDTLS_ERR_SSL_ALLOC_FAILED || gram_tls_arena_refused() != tls->refused;
}

void gram_tls_give_up(struct gram_tls_conn *conn, int error)
{
    if (conn->no_h2) {
        gram_tls_refuse(conn, MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL, "the client does not offer h2 by ALPN");
        return;
    }
    if (conn->not_tls) {
        gram_tls_refuse(conn, MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE, "the client does not speak TLS");
        return;
    }
    if (out_of_memory(conn->tls, error)) {
        gram_tls_refuse(conn, MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR, "out of memory: GRAM_TLS_ARENA is too small");
        return;
    }
    if (conn->large && (error == MBEDTLS_ERR_SSL_INVALID_RECORD || error == MBEDTLS_ERR_SSL_BAD_INPUT_DATA ||
                        error == MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL)) {
        gram_tls_refuse(conn, MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW, "the client sends records longer than GRAM_TLS_IN");
        return;
    }
    switch (error) {
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        conn->alerted = true; /* it has been said */
        gram_tls_refuse(conn, 0, "the client refuses us: does it know our CA, and our name?");
        return;
    case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
        gram_tls_refuse(conn, MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, "the client speaks no version of TLS that is offered");
        return;
    default:
        refuse_by_code(conn, error);
    }
}
