/* The server's part of TLS: one configuration for all connections, made of credentials that can be replaced.
 *
 * A set is a generation of credentials with the Mbed TLS configuration built on it: present (`tls->set`: new connections take it), draining
 * (not present, has users) or empty. There are two; a set is emptied when its last connection has gone and it is not the present one. Blocks of a set
 * belong to owner 0 of the arena. */
#include <string.h>

#include "gram/config.h"
#include "mbedtls/asn1.h"
#include "tls_internal.h"

#if GRAM_TLS_1_3
#include "psa/crypto.h"
#endif

/* ---- rules between the limits ---- */

#if !GRAM_TLS_1_3 && !GRAM_TLS_1_2
#error "GRAM_TLS_1_3, GRAM_TLS_1_2: at least one must be 1"
#endif
#if !GRAM_TLS_CHACHA20 && !GRAM_TLS_AES_GCM
#error "GRAM_TLS_CHACHA20, GRAM_TLS_AES_GCM: at least one must be 1"
#endif
#if GRAM_TLS_IN < 2048 || GRAM_TLS_IN > 16384 || GRAM_TLS_OUT < 512 || GRAM_TLS_OUT > 16384
#error "GRAM_TLS_IN: 2048 (a ClientHello) to 16384; GRAM_TLS_OUT: 512 to 16384"
#endif
#if GRAM_TLS_CLIENT_AUTH && GRAM_TLS_IN < 4096
#error "GRAM_TLS_IN: at least 4096 with GRAM_TLS_CLIENT_AUTH 1, for a client's certificates"
#endif
/* A client puts frames of all its streams, and headers, into one record: all that the windows allow must fit, or a record that breaks no rule would
 * end its connection. 9 bytes a frame; 16384 is all that a record can hold (RFC 8446 5.1). */
#if GRAM_TLS_IN < 16384 && GRAM_MAX_CONCURRENT_STREAMS * (GRAM_INITIAL_WINDOW_SIZE + 9) + GRAM_TLS_HEADER_ALLOWANCE > GRAM_TLS_IN
#error "GRAM_TLS_IN: too small for GRAM_MAX_CONCURRENT_STREAMS x (GRAM_INITIAL_WINDOW_SIZE + 9) + GRAM_TLS_HEADER_ALLOWANCE: 4096 holds 4 streams of 512, 2048 holds 2 of 384"
#endif
#if GRAM_TLS_TX_SIZE < 512 || GRAM_TLS_TX_SIZE > 65535 || GRAM_TLS_PLAIN < 64 || GRAM_TLS_PLAIN > 16384
#error "GRAM_TLS_TX_SIZE: 512 to 65535; GRAM_TLS_PLAIN: 64 to 16384"
#endif
#if GRAM_TLS_NAME < 1 || GRAM_TLS_ALT_NAMES < 2
#error "GRAM_TLS_NAME: at least 1; GRAM_TLS_ALT_NAMES: at least 2 (none is kept then)"
#endif
_Static_assert(GRAM_TLS_CONNECTIONS >= GRAM_MAX_CONNECTIONS && GRAM_TLS_CONNECTIONS < 255,
               "GRAM_TLS_CONNECTIONS: at least GRAM_MAX_CONNECTIONS, at most 254");

const char GRAM_TLS_BUSY[] = "connections of the certificate before the present one are still open: try again later";

/* ---- what is offered ---- */

static const char *const protocols[] = { "h2", NULL };

static const uint16_t groups[] = { MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                   MBEDTLS_SSL_IANA_TLS_GROUP_NONE };

/* ---- certificates ---- */

/* The length of the DER element at `p`; 0: it does not fit in `left`. */
static size_t der_len(const uint8_t *p, size_t left)
{
    unsigned char *at = (unsigned char *)p; /* Mbed TLS reads only */
    size_t len;

    if (mbedtls_asn1_get_tag(&at, p + left, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0)
        return 0;
    return (size_t)(at - p) + len;
}

static bool read_certificates(mbedtls_x509_crt *chain, const uint8_t *der, size_t len, bool lasting)
{
    while (len > 0) {
        size_t n = der_len(der, len);
        int error = n == 0    ? MBEDTLS_ERR_X509_INVALID_FORMAT
                    : lasting ? mbedtls_x509_crt_parse_der_nocopy(chain, der, n)
                              : mbedtls_x509_crt_parse_der(chain, der, n);

        if (error != 0)
            return false;
        der += n;
        len -= n;
    }
    return true;
}

static const char *read_own(struct gram_tls_set *set, const struct gram_tls_credentials *credentials)
{
    if (!credentials->certificate || credentials->certificate_len == 0)
        return "there is no certificate: TLS needs one, with its key";
    if (!read_certificates(&set->certificate, credentials->certificate, credentials->certificate_len, credentials->lasting))
        return "the certificate cannot be read: is it DER, with an ECDSA P-256 key (or RSA, with GRAM_TLS_RSA 1)?";
    if (!credentials->key || mbedtls_pk_parse_key(&set->key, credentials->key, credentials->key_len, NULL, 0, gram_tls_random, NULL) != 0)
        return "the key cannot be read: is it DER, not encrypted, ECDSA P-256 (or RSA, with GRAM_TLS_RSA 1)?";
    if (mbedtls_pk_check_pair(&set->certificate.pk, &set->key, gram_tls_random, NULL) != 0)
        return "the key does not belong to the certificate";
    return NULL;
}

/* The first time that an RSA key verifies, Mbed TLS keeps a value beside it (mbedtls_rsa_public(): RN). That is to be now, while it is the server's: as a
 * connection's it would go with that (gram_tls_arena_sweep()). False: no memory. */
#if GRAM_TLS_RSA
static bool used_once(mbedtls_x509_crt *chain)
{
    uint8_t one[MBEDTLS_MPI_MAX_SIZE] = { 0 };

    for (; chain && mbedtls_pk_get_type(&chain->pk) != MBEDTLS_PK_NONE; chain = chain->next) {
        size_t len = mbedtls_pk_get_len(&chain->pk);

        if (mbedtls_pk_get_type(&chain->pk) != MBEDTLS_PK_RSA)
            continue;
        memset(one, 0, sizeof one);
        one[len - 1] = 1;
        if (mbedtls_rsa_public(mbedtls_pk_rsa(chain->pk), one, one) != 0)
            return false;
    }
    return true;
}
#else
static bool used_once(const mbedtls_x509_crt *chain)
{
    (void)chain;
    return true;
}
#endif

static const char *read_clients(struct gram_tls_set *set, const struct gram_tls_credentials *credentials)
{
    if (!read_certificates(&set->client_ca, credentials->client_ca, credentials->client_ca_len, credentials->lasting))
        return "the client CA's certificate cannot be read: is it DER, with an ECDSA P-256 key (or RSA, with GRAM_TLS_RSA 1)?";
    if (!used_once(&set->client_ca))
        return "no memory for the client CA's key: GRAM_TLS_ARENA is too small";
#if GRAM_TLS_CRL
    if (credentials->client_crl && mbedtls_x509_crl_parse_der(&set->client_crl, credentials->client_crl, credentials->client_crl_len) != 0)
        return "the list of revoked certificates cannot be read: is it an X.509 CRL in DER?";
#else
    if (credentials->client_crl)
        return "a list of revoked certificates is not in this build: GRAM_TLS_CRL 1";
#endif
    return NULL;
}

/* ---- a set ---- */

static void empty(struct gram_tls_set *set)
{
    mbedtls_ssl_config_free(&set->conf);
    mbedtls_x509_crt_free(&set->certificate);
    mbedtls_pk_free(&set->key);
    mbedtls_x509_crt_free(&set->client_ca);
#if GRAM_TLS_CRL
    mbedtls_x509_crl_free(&set->client_crl);
#endif
    memset(set, 0, sizeof *set);
}

/* ALPN is known now, nothing has been answered: the moment to refuse. RFC 9113 3.2: without `h2` there is no HTTP/2 over TLS. */
static int on_client_hello(mbedtls_ssl_context *ssl)
{
    struct gram_tls_conn *conn = mbedtls_ssl_get_user_data_p(ssl);

    conn->no_h2 = mbedtls_ssl_get_alpn_protocol(ssl) == NULL;
    return conn->no_h2 ? MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL : 0;
}

static const char *configure(struct gram_tls *tls, struct gram_tls_set *set)
{
    mbedtls_ssl_config *conf = &set->conf;
    /* Optional for Mbed TLS: whether a certificate is good, and whether there has to be one, tls_handshake.c looks at itself, for the alerts. */
    int auth = tls->client_auth == GRAM_TLS_CLIENT_NONE ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_OPTIONAL;

    if (mbedtls_ssl_config_defaults(conf, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_own_cert(conf, &set->certificate, &set->key) != 0)
        return "no memory for the TLS configuration: GRAM_TLS_ARENA is too small";
    mbedtls_ssl_conf_min_tls_version(conf, GRAM_TLS_1_2 ? MBEDTLS_SSL_VERSION_TLS1_2 : MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_max_tls_version(conf, GRAM_TLS_1_3 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2);
#if GRAM_TLS_1_3
    /* With tickets, too, each connection has keys of its own (RFC 8446 2.2: psk_dhe_ke). */
    mbedtls_ssl_conf_tls13_key_exchange_modes(conf, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL |
                                                        MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL);
#endif
    mbedtls_ssl_conf_rng(conf, gram_tls_random, NULL);
    mbedtls_ssl_conf_groups(conf, groups);
    gram_tls_offer_all(conf);
    mbedtls_ssl_conf_alpn_protocols(conf, (const char **)(uintptr_t)protocols);
    mbedtls_ssl_conf_cert_cb(conf, on_client_hello);
    mbedtls_ssl_conf_authmode(conf, auth);
#if GRAM_TLS_CLIENT_AUTH
    if (auth != MBEDTLS_SSL_VERIFY_NONE) {
#if GRAM_TLS_CRL
        mbedtls_ssl_conf_ca_chain(conf, &set->client_ca, set->client_crl.version != 0 ? &set->client_crl : NULL);
#else
        mbedtls_ssl_conf_ca_chain(conf, &set->client_ca, NULL);
#endif
        mbedtls_ssl_conf_verify(conf, gram_tls_verify, tls);
    }
#endif
#if GRAM_TLS_TICKETS
    mbedtls_ssl_conf_session_tickets_cb(conf, gram_tls_ticket_write, gram_tls_ticket_parse, tls);
#endif
    return NULL;
}

/* Fills an empty set. What is wrong leaves it empty. */
static const char *fill(struct gram_tls *tls, struct gram_tls_set *set, const struct gram_tls_credentials *credentials)
{
    const char *problem;

    mbedtls_ssl_config_init(&set->conf);
    mbedtls_x509_crt_init(&set->certificate);
    mbedtls_pk_init(&set->key);
    mbedtls_x509_crt_init(&set->client_ca);
#if GRAM_TLS_CRL
    mbedtls_x509_crl_init(&set->client_crl);
#endif
    set->ready = true;
    problem = read_own(set, credentials);
    if (!problem && tls->client_auth != GRAM_TLS_CLIENT_NONE)
        problem = credentials->client_ca_len == 0 ? "there is no client CA: without one no client certificate can be checked"
                                                  : read_clients(set, credentials);
    if (!problem)
        problem = configure(tls, set);
    if (problem)
        empty(set);
    return problem;
}

struct gram_tls_set *gram_tls_set_use(struct gram_tls *tls)
{
    tls->set->users++;
    return tls->set;
}

void gram_tls_set_leave(struct gram_tls *tls, struct gram_tls_set *set)
{
    if (--set->users == 0 && set != tls->set)
        empty(set);
}

/* ---- for main() ---- */

const char *gram_tls_replace(struct gram_tls *tls, const struct gram_tls_credentials *credentials)
{
    struct gram_tls_set *set = tls->set == &tls->sets[0] ? &tls->sets[1] : &tls->sets[0];
    struct gram_tls_set *before = tls->set;
    const char *problem;

    if (set->ready)
        return GRAM_TLS_BUSY;
    problem = fill(tls, set, credentials);
#if GRAM_TLS_TICKETS
    if (!problem && !gram_tls_tickets_rotate(tls, true)) {
        empty(set);
        problem = "no random bytes for the ticket keys";
    }
#endif
    if (!problem) {
        tls->set = set;
        if (before && before->users == 0)
            empty(before);
    }
    return problem;
}

const char *gram_tls_init(struct gram_tls *tls, gram_server *server, const struct gram_tls_config *config)
{
    const char *problem;

    memset(tls, 0, sizeof *tls);
    tls->entropy = config->entropy;
    tls->unix_time = config->unix_time;
    tls->client_auth = config->client_auth;
    tls->tokens = GRAM_TLS_HANDSHAKE_BURST * 1000u;
#if !GRAM_TLS_CLIENT_AUTH
    if (config->client_auth != GRAM_TLS_CLIENT_NONE)
        return "client certificates are not in this build: GRAM_TLS_CLIENT_AUTH 1";
#endif
    tls->pipe.calls = &gram_tls_calls;
    tls->pipe.server = server;
    problem = gram_tls_random_init(config->entropy);
#if GRAM_TLS_1_3
    if (!problem && psa_crypto_init() != PSA_SUCCESS)
        problem = "the cryptography of TLS 1.3 does not start: GRAM_TLS_ARENA is too small";
#endif
    return problem ? problem : gram_tls_replace(tls, &config->credentials);
}

void gram_tls_end(struct gram_tls *tls)
{
    for (unsigned i = 0; i < 2; i++)
        if (tls->sets[i].ready)
            empty(&tls->sets[i]);
    if (tls->pipe.server)
        gram_tls_random_end();
    memset(tls, 0, sizeof *tls);
}

struct gram_tls_usage gram_tls_usage(const struct gram_tls *tls)
{
    struct gram_tls_usage usage = { .handshakes = tls->handshakes, .resumed = tls->resumed, .failed = tls->failed,
                                    .truncated = tls->truncated, .arena = gram_tls_arena_use() };

    for (unsigned i = 0; i < GRAM_TLS_CONNECTIONS; i++) {
        usage.connections += tls->conns[i].tls != NULL;
        usage.handshaking += tls->conns[i].tls != NULL && tls->conns[i].state == GRAM_TLS_HANDSHAKE;
    }
    return usage;
}
