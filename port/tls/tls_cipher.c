/* Which ciphers are offered, and whose order counts: ours.
 *
 * In TLS 1.2 Mbed TLS goes by the server's list. In TLS 1.3 it takes the first of the client's that stands in the list, so the list is cut to what we
 * prefer as soon as a ClientHello is seen to have that: its bytes come by (tls_record.c) before Mbed TLS reads them.
 *
 *     HEAD -> SESSION_LEN -> SESSION -> SUITES_LEN -> SUITES -> OVER       RFC 8446 4.1.2; nothing else is looked at
 *
 * `left` bytes of a part are still to come; it is 0 in OVER only. Only the payload of handshake records is counted, so a message may lie in
 * several. What is no ClientHello, or a broken one, does no harm: Mbed TLS refuses it. The second ClientHello behind a
 * HelloRetryRequest must be like the first (4.1.2): what the first has shown holds.
 *
 * A ticket is bound to the cipher of its session (4.2.11, RFC 5246 7.4.1.3), which goes before any order: gram_tls_offer_only(). */
#include "tls_internal.h"

#if GRAM_TLS_1_3 && GRAM_TLS_CHACHA20
#define CHACHA20_1_3 MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
#else
#define CHACHA20_1_3
#endif
#if GRAM_TLS_1_2 && GRAM_TLS_CHACHA20
#define CHACHA20_1_2 \
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
#else
#define CHACHA20_1_2
#endif
#if GRAM_TLS_1_3 && GRAM_TLS_AES_GCM
#define AES_1_3 MBEDTLS_TLS1_3_AES_128_GCM_SHA256, MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
#else
#define AES_1_3
#endif
#if GRAM_TLS_1_2 && GRAM_TLS_AES_GCM
#define AES_1_2                                                                                                      \
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,                  \
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
#else
#define AES_1_2
#endif

/* Mbed TLS leaves out those that it was not compiled with. Of TLS 1.3 what is preferred stands last: the list from there on is the cut one. */
static const int ciphers[] = {
#if GRAM_TLS_PREFER_AES
    CHACHA20_1_3 AES_1_3 AES_1_2 CHACHA20_1_2
#else
    AES_1_3 CHACHA20_1_3 CHACHA20_1_2 AES_1_2
#endif
    0
};
#define NOT_PREFERRED (GRAM_TLS_PREFER_AES ? 1 : 2)

void gram_tls_offer_all(mbedtls_ssl_config *conf)
{
    mbedtls_ssl_conf_ciphersuites(conf, ciphers);
}

void gram_tls_offer(struct gram_tls_conn *conn)
{
#if GRAM_TLS_CHOICE
    if (conn->hello.preferred) {
        mbedtls_ssl_conf_ciphersuites(&conn->set->conf, ciphers + NOT_PREFERRED);
        return;
    }
#endif
    gram_tls_offer_all(&conn->set->conf);
}

void gram_tls_offer_only(struct gram_tls_conn *conn, int cipher)
{
    conn->only[0] = cipher;
    mbedtls_ssl_conf_ciphersuites(&conn->set->conf, conn->only);
}

#if GRAM_TLS_CHOICE

enum { HEAD, SESSION_LEN, SESSION, SUITES_LEN, SUITES, OVER };

static uint16_t length_of(uint8_t part, uint16_t said)
{
    switch (part) {
    case HEAD:
        return 1 + 3 + 2 + 32; /* type, length, version, random */
    case SESSION_LEN:
        return 1;
    case SESSION:
        return said & 0xff;
    case SUITES_LEN:
        return 2;
    case SUITES:
        return said;
    default:
        return 0;
    }
}

static bool is_preferred(unsigned suite)
{
    if (!GRAM_TLS_PREFER_AES)
        return suite == MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256;
    return suite == MBEDTLS_TLS1_3_AES_128_GCM_SHA256 || (GRAM_TLS_SHA384 && suite == MBEDTLS_TLS1_3_AES_256_GCM_SHA384);
}

static void look_at(struct gram_tls_hello *hello, uint8_t byte)
{
    hello->said = (uint16_t)(hello->said << 8 | byte);
    hello->left--;
    if (hello->part == SUITES && hello->left % 2 == 0 && is_preferred(hello->said))
        hello->preferred = true;
    while (hello->left == 0 && hello->part < OVER)
        hello->left = length_of(++hello->part, hello->said);
}

void gram_tls_hello_begin(struct gram_tls_conn *conn)
{
    conn->hello = (struct gram_tls_hello){ .part = HEAD, .left = length_of(HEAD, 0) };
}

void gram_tls_hello_look(struct gram_tls_conn *conn, const uint8_t *p, size_t n)
{
    if (conn->hello.part == OVER)
        return;
    while (n-- > 0 && conn->hello.left > 0)
        look_at(&conn->hello, *p++);
    gram_tls_offer(conn);
}

#endif
