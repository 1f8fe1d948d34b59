/* Session tickets (RFC 5077, RFC 8446 4.6.1): what a client brings back to skip certificates and signatures.
 *
 *     ticket = name of the key (4) | nonce (12) | sealed: whether identified (1), identity, Mbed TLS's session | tag (16)
 *
 * The client's identity travels in the ticket, since a resumed handshake shows no certificate. Two keys: the present one, and the one before, whose
 * tickets are still taken; they live in RAM only, change every GRAM_TLS_TICKET_MINUTES, and are forgotten when the credentials
 * are replaced: no ticket outlives what it was given for. */
#include "tls_internal.h"

#if GRAM_TLS_TICKETS

#include <string.h>

#if GRAM_TLS_CHACHA20
#include "mbedtls/chachapoly.h"
#else
#include "mbedtls/gcm.h"
#endif

#define NAME 4u
#define NONCE 12u
#define TAG 16u
#define IDENTITY (1u + 32u + GRAM_TLS_NAME + GRAM_TLS_ALT_NAMES)
#define PERIOD_MS ((uint32_t)GRAM_TLS_TICKET_MINUTES * 60000u)

#if GRAM_TLS_TICKET_MINUTES < 1 || GRAM_TLS_TICKET_MINUTES > 10080
#error "GRAM_TLS_TICKET_MINUTES: 1 to 10080 (a week: RFC 8446 4.6.1)"
#endif

/* ---- keys ---- */

bool gram_tls_tickets_rotate(struct gram_tls *tls, bool forget)
{
    struct gram_tls_ticket_key *key = &tls->ticket_keys[0];

    tls->ticket_keys[1] = *key;
    tls->ticket_keys[1].valid = key->valid && !forget;
    key->valid = gram_tls_random(NULL, key->name, sizeof key->name) == 0 && gram_tls_random(NULL, key->key, sizeof key->key) == 0;
    tls->tickets_begun = false;
    return key->valid;
}

void gram_tls_tickets_poll(struct gram_tls *tls)
{
    if (!tls->tickets_begun) {
        tls->tickets_begun = true;
        tls->tickets_since = tls->now;
    }
    if (tls->now - tls->tickets_since < PERIOD_MS)
        return;
    gram_tls_tickets_rotate(tls, tls->now - tls->tickets_since >= 2 * PERIOD_MS);
}

static const struct gram_tls_ticket_key *key_named(const struct gram_tls *tls, const uint8_t *name)
{
    for (unsigned i = 0; i < 2; i++)
        if (tls->ticket_keys[i].valid && memcmp(tls->ticket_keys[i].name, name, NAME) == 0)
            return &tls->ticket_keys[i];
    return NULL;
}

/* ---- sealing and opening, in place; the head is authenticated, too ---- */

#if GRAM_TLS_CHACHA20
static int transform(const struct gram_tls_ticket_key *key, unsigned char *ticket, size_t len, bool seals)
{
    mbedtls_chachapoly_context aead;
    unsigned char *text = ticket + NAME + NONCE;
    int error;

    mbedtls_chachapoly_init(&aead);
    error = mbedtls_chachapoly_setkey(&aead, key->key);
    if (error == 0)
        error = seals ? mbedtls_chachapoly_encrypt_and_tag(&aead, len, ticket + NAME, ticket, NAME, text, text, text + len)
                      : mbedtls_chachapoly_auth_decrypt(&aead, len, ticket + NAME, ticket, NAME, text + len, text, text);
    mbedtls_chachapoly_free(&aead);
    return error;
}
#else
static int transform(const struct gram_tls_ticket_key *key, unsigned char *ticket, size_t len, bool seals)
{
    mbedtls_gcm_context aead;
    unsigned char *text = ticket + NAME + NONCE;
    int error;

    mbedtls_gcm_init(&aead);
    error = mbedtls_gcm_setkey(&aead, MBEDTLS_CIPHER_ID_AES, key->key, 256);
    if (error == 0)
        error = seals ? mbedtls_gcm_crypt_and_tag(&aead, MBEDTLS_GCM_ENCRYPT, len, ticket + NAME, NONCE, ticket, NAME, text, text, TAG, text + len)
                      : mbedtls_gcm_auth_decrypt(&aead, len, ticket + NAME, NONCE, ticket, NAME, text + len, TAG, text, text);
    mbedtls_gcm_free(&aead);
    return error;
}
#endif

/* ---- the identity in it ---- */

static void put_identity(const struct gram_tls_conn *conn, unsigned char *p)
{
    *p++ = conn->identified;
    memcpy(p, conn->identity.sha256, 32);
    memcpy(p + 32, conn->name, GRAM_TLS_NAME);
    memcpy(p + 32 + GRAM_TLS_NAME, conn->alt_names, GRAM_TLS_ALT_NAMES);
}

static void get_identity(struct gram_tls_conn *conn, const unsigned char *p)
{
    conn->identified = *p++ != 0;
    memcpy(conn->identity.sha256, p, 32);
    memcpy(conn->name, p + 32, GRAM_TLS_NAME);
    memcpy(conn->alt_names, p + 32 + GRAM_TLS_NAME, GRAM_TLS_ALT_NAMES);
}

/* ---- what Mbed TLS asks ---- */

/* The session without the client's certificate: its identity is kept, and tickets stay short. */
static int save(const mbedtls_ssl_session *session, unsigned char *buf, size_t size, size_t *len)
{
    mbedtls_ssl_session lean = *session;

#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    lean.MBEDTLS_PRIVATE(peer_cert) = NULL;
#endif
    return mbedtls_ssl_session_save(&lean, buf, size, len);
}

int gram_tls_ticket_write(void *context, const mbedtls_ssl_session *session, unsigned char *start, const unsigned char *end,
                          size_t *len, uint32_t *lifetime)
{
    const struct gram_tls *tls = context;
    const struct gram_tls_ticket_key *key = &tls->ticket_keys[0];
    size_t room = (size_t)(end - start), saved;
    int error;

    *len = 0;
    if (!key->valid || room < NAME + NONCE + IDENTITY + TAG)
        return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
    memcpy(start, key->name, NAME);
    error = gram_tls_random(NULL, start + NAME, NONCE);
    if (error != 0)
        return error;
    put_identity(tls->running, start + NAME + NONCE);
    error = save(session, start + NAME + NONCE + IDENTITY, room - (NAME + NONCE + IDENTITY + TAG), &saved);
    if (error != 0)
        return error;
    *len = NAME + NONCE + IDENTITY + saved + TAG;
    *lifetime = PERIOD_MS / 1000;
    return transform(key, start, IDENTITY + saved, true);
}

int gram_tls_ticket_parse(void *context, mbedtls_ssl_session *session, unsigned char *buf, size_t len)
{
    const struct gram_tls *tls = context;
    struct gram_tls_conn *conn = tls->running;
    const struct gram_tls_ticket_key *key = len > NAME + NONCE + IDENTITY + TAG ? key_named(tls, buf) : NULL;
    unsigned char *text = buf + NAME + NONCE;
    int error;

    if (!key)
        return MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
    len -= NAME + NONCE + TAG;
    if (transform(key, buf, len, false) != 0)
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    error = mbedtls_ssl_session_load(session, text + IDENTITY, len - IDENTITY);
    if (error != 0)
        return error;
    /* Mbed TLS 3.6 does not look in TLS 1.2: a session of TLS 1.3 has a master secret of zeros there, which everybody knows. */
    if (session->MBEDTLS_PRIVATE(tls_version) != mbedtls_ssl_get_version_number(&conn->ssl)) {
        mbedtls_ssl_session_free(session);
        return MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
    }
    get_identity(conn, text);
    conn->resumed = true;
    gram_tls_offer_only(conn, session->MBEDTLS_PRIVATE(ciphersuite));
    return 0;
}

#endif
