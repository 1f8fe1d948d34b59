/* HANDSHAKE: a step at a time, so that other connections' calls go on between them: rx() makes one when it brings what the step before missed
 * (`hungry`), poll() any other; none is made while output has to leave first (`blocked`).
 *
 * Mbed TLS does the protocol. What it does not decide is decided here after each step: whether the client's certificate, or its want of one, is good; and
 * whether the handshake keeps to its limits of bytes, records and time. It ends in OPEN, or by gram_tls_finish(). */
#include <string.h>

#include "mbedtls/platform.h"
#include "tls_internal.h"

#define CERTIFICATE_REQUIRED 116 /* RFC 8446 6.2 */

/* A client's certificate that is not good, or (RFC 8446 6.2, RFC 5246 7.4.6) is missing. */
static void refuse_certificate(struct gram_tls_conn *conn, uint32_t flags)
{
    bool missing = (flags & (MBEDTLS_X509_BADCERT_MISSING | MBEDTLS_X509_BADCERT_SKIP_VERIFY)) != 0;
    uint8_t description = mbedtls_ssl_get_version_number(&conn->ssl) == MBEDTLS_SSL_VERSION_TLS1_3 ? CERTIFICATE_REQUIRED
                                                                                                    : MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE;
    const char *text = missing ? "it shows no certificate" : gram_tls_verdict(flags, &description);

    gram_tls_say(conn, "the client is refused: ", text);
    gram_tls_alert(conn, description);
    gram_tls_finish(conn);
}

/* Mbed TLS lets every client through, with and without certificate, good or bad (tls_server.c); here it is decided. `identified` comes from a
 * certificate that was shown and whose key was proved, or from a ticket that the handshake has accepted. */
static bool certificate_is_good(struct gram_tls_conn *conn)
{
    bool required = conn->tls->client_auth == GRAM_TLS_CLIENT_REQUIRED;
    bool over = mbedtls_ssl_is_handshake_over(&conn->ssl);
    uint32_t flags;

    if (!GRAM_TLS_CLIENT_AUTH || conn->tls->client_auth == GRAM_TLS_CLIENT_NONE)
        return true;
    if (conn->resumed)
        return !over || !required || conn->identified;
    flags = mbedtls_ssl_get_verify_result(&conn->ssl);
    if (conn->identified) /* shown: before there is a ticket for it, it is judged */
        return flags == 0;
    return !required || (!over && flags != MBEDTLS_X509_BADCERT_MISSING);
}

/* Mbed TLS would keep the client's certificate, a kilobyte; what is needed of it has been taken. */
static void drop_certificate(struct gram_tls_conn *conn)
{
#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    mbedtls_ssl_session *session = conn->ssl.MBEDTLS_PRIVATE(session);

    gram_tls_enter(conn);
    if (session && session->MBEDTLS_PRIVATE(peer_cert)) {
        mbedtls_x509_crt_free(session->MBEDTLS_PRIVATE(peer_cert));
        mbedtls_free(session->MBEDTLS_PRIVATE(peer_cert));
        session->MBEDTLS_PRIVATE(peer_cert) = NULL;
    }
    gram_tls_leave(conn);
#else
    (void)conn;
#endif
}

static void establish(struct gram_tls_conn *conn)
{
    drop_certificate(conn);
    conn->tls->handshakes++;
    conn->tls->resumed += conn->resumed;
    if (conn->identified) {
        conn->identity.common_name = conn->name;
        conn->identity.alt_names = conn->alt_names;
        gram_conn_set_identity(conn->core, &conn->identity);
    }
    gram_tls_enter_state(conn, GRAM_TLS_OPEN);
    gram_tls_serve(conn);
}

/* What has to be true after each step. False: it has been refused. */
static bool within_limits(struct gram_tls_conn *conn)
{
    if (!certificate_is_good(conn))
        refuse_certificate(conn, conn->resumed ? MBEDTLS_X509_BADCERT_MISSING : mbedtls_ssl_get_verify_result(&conn->ssl));
    else if (conn->bytes > GRAM_TLS_HANDSHAKE_BYTES)
        gram_tls_refuse(conn, MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, "the handshake has more than GRAM_TLS_HANDSHAKE_BYTES");
    else if (conn->records > GRAM_TLS_HANDSHAKE_RECORDS)
        gram_tls_refuse(conn, MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, "the handshake has more than GRAM_TLS_HANDSHAKE_RECORDS");
    return conn->state == GRAM_TLS_HANDSHAKE;
}

/* RSA keeps values beside the key that it signs with: they are the server's, as the key is, and outlive the connection. */
static bool signs(const struct gram_tls_conn *conn)
{
    int state = conn->ssl.MBEDTLS_PRIVATE(state);

    return state == MBEDTLS_SSL_SERVER_KEY_EXCHANGE || state == MBEDTLS_SSL_CERTIFICATE_VERIFY;
}

/* A handshake that goes on to certificates is not a resumed one, whatever tickets were offered: nothing of theirs counts. */
static void forget_ticket(struct gram_tls_conn *conn)
{
    int state = conn->ssl.MBEDTLS_PRIVATE(state);

    if (!conn->resumed || (state != MBEDTLS_SSL_SERVER_CERTIFICATE && state != MBEDTLS_SSL_CERTIFICATE_REQUEST))
        return;
    conn->resumed = false;
    conn->identified = false;
}

#if GRAM_TLS_1_3
/* RFC 8446 A.2: behind its Finished the server seals with the application keys. Mbed TLS changes to them at the end of the handshake; an alert that
 * comes before (about the client's certificate) would be one that no client can read. The change at the end finds nothing sent since. */
static void change_keys(struct gram_tls_conn *conn)
{
    mbedtls_ssl_context *ssl = &conn->ssl;

    if (mbedtls_ssl_get_version_number(ssl) != MBEDTLS_SSL_VERSION_TLS1_3 || !ssl->MBEDTLS_PRIVATE(transform_application))
        return;
    ssl->MBEDTLS_PRIVATE(transform_out) = ssl->MBEDTLS_PRIVATE(transform_application);
    memset(ssl->MBEDTLS_PRIVATE(cur_out_ctr), 0, sizeof ssl->MBEDTLS_PRIVATE(cur_out_ctr));
}
#endif

void gram_tls_handshake_step(struct gram_tls_conn *conn)
{
    int error;

    gram_tls_enter(conn);
    if (GRAM_TLS_RSA && signs(conn))
        gram_tls_arena_owner(0);
    forget_ticket(conn);
    gram_tls_offer(conn);
#if GRAM_TLS_1_3
    bool finished = conn->ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_SERVER_FINISHED;
#endif
    error = mbedtls_ssl_handshake_step(&conn->ssl);
#if GRAM_TLS_1_3
    if (finished && error == 0)
        change_keys(conn);
#endif
    gram_tls_leave(conn);
    conn->hungry = error == MBEDTLS_ERR_SSL_WANT_READ;
    conn->blocked = error == MBEDTLS_ERR_SSL_WANT_WRITE;
    if (error != 0 && !conn->hungry && !conn->blocked)
        gram_tls_give_up(conn, error);
    else if (within_limits(conn) && conn->ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_HANDSHAKE_OVER)
        establish(conn); /* not before the tickets of TLS 1.3 have gone, too: from now on only records that fit are written */
}

bool gram_tls_handshake_begin(struct gram_tls_conn *conn)
{
    int error;

    gram_tls_enter(conn);
    mbedtls_ssl_init(&conn->ssl);
    conn->set = gram_tls_set_use(conn->tls);
#if GRAM_TLS_CHOICE
    gram_tls_hello_begin(conn);
#endif
    error = mbedtls_ssl_setup(&conn->ssl, &conn->set->conf);
    gram_tls_leave(conn);
    if (error != 0)
        return false;
    mbedtls_ssl_set_user_data_p(&conn->ssl, conn);
    mbedtls_ssl_set_bio(&conn->ssl, conn, gram_tls_send, gram_tls_recv, NULL);
    return true;
}

uint32_t gram_tls_handshake_poll(struct gram_tls_conn *conn)
{
    const struct gram_tls *tls = conn->tls;
    uint32_t left = gram_tls_left_of(tls->now, conn->begun, GRAM_TLS_HANDSHAKE_MS);
    uint32_t silence = gram_tls_left_of(tls->now, conn->since, GRAM_TLS_SILENCE_MS);

    if (gram_conn_phase(conn->core) != GRAM_CONN_OPEN) { /* the server has given it up, and said so */
        gram_tls_finish(conn);
        return 0;
    }
    if (left == 0 || (silence == 0 && gram_tls_others_wait(tls))) {
        gram_tls_say(conn, left == 0 ? "the handshake took longer than GRAM_TLS_HANDSHAKE_MS" : "the client is silent in its handshake, others wait", "");
        gram_tls_finish(conn);
        return 0;
    }
    if (!conn->hungry && !conn->blocked) {
        gram_tls_handshake_step(conn);
        return 0;
    }
    if (silence > 0 && silence < left)
        return silence;
    return left;
}
