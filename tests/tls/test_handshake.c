/* Handshakes: versions, tickets, ALPN, client certificates; what the server answers to each, and to what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls_internal.h"
#include "tls_pair.h"

static struct tls_pair pair;

static void test_call(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v });
        tls_check_call(p, 1);
        tls_check_call(p, 3);
        assert_int_equal(mbedtls_ssl_get_version_number(&p->ssl), v);
        assert_int_equal(gram_tls_usage(pair.tls).handshakes, 1);
        assert_int_equal(gram_tls_usage(pair.tls).failed, 0);
        tls_close(&pair);
    }
}

/* Every cut of what the client sends, byte by byte, works. */
static void test_segments(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_REQUIRED));
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v, .segment = 1, .cert = &tls_keys()->client });
        tls_check_call(p, 1);
        tls_close(&pair);
    }
}

/* ---- ciphers ---- */

#define CHACHA20 MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256
#define AES_128 MBEDTLS_TLS1_3_AES_128_GCM_SHA256
#define PREFERRED (GRAM_TLS_PREFER_AES ? AES_128 : CHACHA20)
#define OTHER (GRAM_TLS_PREFER_AES ? CHACHA20 : AES_128)

static const int preferred_first[] = { PREFERRED, OTHER, 0 };
static const int preferred_last[] = { MBEDTLS_TLS1_3_AES_128_CCM_SHA256, OTHER, PREFERRED, 0 };
static const int only_other[] = { OTHER, 0 };
static const int only_preferred[] = { PREFERRED, 0 };
static const struct {
    const int *offered;
    int chosen;
} cipher_cases[] = { { preferred_first, PREFERRED }, { preferred_last, PREFERRED }, { only_other, OTHER }, { only_preferred, PREFERRED } };

static void check_cipher(struct tls_peer *p, int cipher)
{
    tls_check_call(p, 1);
    assert_int_equal(mbedtls_ssl_get_ciphersuite_id_from_ssl(&p->ssl), cipher);
}

/* The server's order counts, however the ClientHello comes, and for each client anew. */
static void test_cipher_order(void **state)
{
    static const struct tls_client ways[] = { { .segment = 0 }, { .segment = 1 }, { .segment = 50 }, { .fragment = 100 }, { .fragment = 20 } };

    (void)state;
    for (unsigned way = 0; way < 5; way++) {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        for (unsigned i = 0; i < 4; i++) {
            struct tls_client is = ways[way];

            is.version = MBEDTLS_SSL_VERSION_TLS1_3;
            is.ciphers = cipher_cases[i].offered;
            struct tls_peer *p = tls_connect(&pair, is);
            check_cipher(p, cipher_cases[i].chosen);
            tls_lose(p);
            tls_sleep(&pair, 1000); /* their rate is limited */
        }
        tls_close(&pair);
    }
}

/* The configuration is shared: what another handshake offers meanwhile (GRAM_TLS_HANDSHAKES 2) is not what this one does. */
static void test_cipher_order_shared(void **state)
{
    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *p = tls_dial(&pair, (struct tls_client){ .version = MBEDTLS_SSL_VERSION_TLS1_3, .ciphers = preferred_last, .cut = 150 });
    p->said_fin = true; /* the rest comes later */
    tls_run(&pair);
    mbedtls_ssl_conf_ciphersuites(&pair.tls->set->conf, only_other);
    p->is.cut = 0;
    tls_run(&pair);
    check_cipher(p, PREFERRED);
    tls_close(&pair);
}

/* In TLS 1.2 Mbed TLS sees to it; its ciphers are offered beside those of TLS 1.3, to whom it may concern. */
static void test_cipher_order_1_2(void **state)
{
    static const int chacha20 = MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, aes = MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    const int orders[][4] = { { PREFERRED, chacha20, aes, 0 }, { PREFERRED, aes, chacha20, 0 }, { OTHER, aes, chacha20, 0 } };

    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    for (unsigned i = 0; i < 3; i++) {
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = MBEDTLS_SSL_VERSION_TLS1_2, .ciphers = orders[i] });
        check_cipher(p, GRAM_TLS_PREFER_AES ? aes : chacha20);
        tls_lose(p);
    }
    tls_close(&pair);
}

/* HelloRetryRequest: the client's first key share is of a group that the server does not have. */
static void test_cipher_order_retry(void **state)
{
    static const uint16_t only_p256[] = { MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE };

    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    mbedtls_ssl_conf_groups(&pair.tls->set->conf, only_p256);
    for (unsigned i = 0; i < 4; i++) {
        struct tls_peer *p =
            tls_connect(&pair, (struct tls_client){ .version = MBEDTLS_SSL_VERSION_TLS1_3, .ciphers = cipher_cases[i].offered });
        check_cipher(p, cipher_cases[i].chosen);
        assert_int_equal(p->down[0], 22);
        assert_memory_equal(p->down + 11, "\xcf\x21\xad\x74", 4); /* its random is that of a HelloRetryRequest (RFC 8446 4.1.3) */
        tls_lose(p);
        tls_sleep(&pair, 1000);
    }
    tls_close(&pair);
}

/* A ticket goes on with its session's cipher, whatever the client offers beside it. */
static void test_cipher_of_ticket(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 4; first++) {
        mbedtls_ssl_session session;
        struct tls_client is = { .version = MBEDTLS_SSL_VERSION_TLS1_3, .ciphers = cipher_cases[first].offered };

        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *p = tls_connect(&pair, is);
        tls_check_call(p, 1);
        tls_session(p, &session);
        tls_lose(p);
        is.ciphers = preferred_last;
        is.session = &session;
        p = tls_connect(&pair, is);
        check_cipher(p, cipher_cases[first].chosen);
        assert_int_equal(gram_tls_usage(pair.tls).resumed, 1);
        tls_lose(p);
        is.session = NULL; /* nothing of it stays */
        check_cipher(tls_connect(&pair, is), PREFERRED);
        tls_client_runs = true;
        mbedtls_ssl_session_free(&session);
        tls_client_runs = false;
        tls_close(&pair);
    }
}

/* In TLS 1.2, too: Mbed TLS by itself would choose anew, which clients refuse. */
static void test_cipher_of_ticket_1_2(void **state)
{
    static const int chacha20 = MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, aes = MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    const int first[] = { GRAM_TLS_PREFER_AES ? chacha20 : aes, 0 }, both[] = { aes, chacha20, 0 };
    mbedtls_ssl_session session;
    struct tls_client is = { .version = MBEDTLS_SSL_VERSION_TLS1_2, .ciphers = first };

    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *p = tls_connect(&pair, is);
    tls_check_call(p, 1);
    tls_session(p, &session);
    tls_lose(p);
    is.ciphers = both;
    is.session = &session;
    p = tls_connect(&pair, is);
    check_cipher(p, first[0]);
    assert_int_equal(gram_tls_usage(pair.tls).resumed, 1);
    tls_lose(p);
    is.session = NULL; /* nothing of it stays */
    check_cipher(tls_connect(&pair, is), GRAM_TLS_PREFER_AES ? aes : chacha20);
    tls_client_runs = true;
    mbedtls_ssl_session_free(&session);
    tls_client_runs = false;
    tls_close(&pair);
}

/* ---- tickets ---- */

static char seen_name[64], seen_alt[128];
static bool seen;

static void look_at_identity(gram_call *call)
{
    const struct gram_peer_identity *who = gram_call_identity(call);

    seen = who != NULL;
    snprintf(seen_name, sizeof seen_name, "%s", who ? who->common_name : "");
    memset(seen_alt, 0, sizeof seen_alt);
    if (who)
        memcpy(seen_alt, who->alt_names, GRAM_TLS_ALT_NAMES);
}

/* A call whose handler looks at who the client is; whether it is known. */
static bool who(struct tls_peer *p)
{
    seen = false;
    test_app_answer((struct test_answer){ .status = GRAM_OK, .number = 1, .text = "answered", .hook = look_at_identity });
    tls_hello(p);
    tls_call(p, 1, UNARY, 7, "who");
    tls_run(&pair);
    assert_true(tls_has(p, "answered"));
    return seen;
}

static void test_resumed(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        mbedtls_ssl_session session;

        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_REQUIRED));
        struct tls_client is = { .version = (int)v, .cert = &tls_keys()->client };
        struct tls_peer *p = tls_connect(&pair, is);
        assert_true(who(p));
        assert_string_equal(seen_name, "operator-7");
        assert_memory_equal(seen_alt, "uri:spiffe://a/b\0dns:client.example\0", 37);
        tls_session(p, &session);
        tls_lose(p);

        is.session = &session;
        is.cert = NULL; /* the ticket is enough */
        p = tls_connect(&pair, is);
        assert_true(p->open);
        assert_int_equal(gram_tls_usage(pair.tls).resumed, 1);
        assert_true(who(p));
        assert_string_equal(seen_name, "operator-7");
        assert_memory_equal(seen_alt, "uri:spiffe://a/b\0dns:client.example\0", 37);
        tls_lose(p);

        /* the keys are replaced: the ticket is worth nothing, and without a certificate the client is refused */
        struct gram_tls_config config = tls_config(GRAM_TLS_CLIENT_REQUIRED);
        assert_null(gram_tls_replace(pair.tls, &config.credentials));
        p = tls_connect(&pair, is);
        assert_int_equal(p->alert, v == MBEDTLS_SSL_VERSION_TLS1_3 ? 116 : 40);
        assert_int_equal(gram_tls_usage(pair.tls).resumed, 1);
        tls_client_runs = true;
        mbedtls_ssl_session_free(&session);
        tls_client_runs = false;
        pair.base = gram_tls_arena_use().used;
        tls_close(&pair);
    }
}

/* Where certificates are optional: whoever has seen a ticket go by offers it for a way of resuming that the server does not do (psk_ke), shows no
 * certificate, and is let in without an identity. Mbed TLS opens the ticket before it sees that, and checks no binder. */
static void test_ticket_not_taken(void **state)
{
    const int psk_only = MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK | MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL;
    mbedtls_ssl_session session;

    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_OPTIONAL));
    struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = MBEDTLS_SSL_VERSION_TLS1_3, .cert = &tls_keys()->client });
    assert_true(who(p));
    tls_session(p, &session);
    tls_lose(p);
    session.MBEDTLS_PRIVATE(ticket_flags) = 0xff; /* the client may offer it for anything */
    p = tls_connect(&pair, (struct tls_client){ .version = MBEDTLS_SSL_VERSION_TLS1_3, .session = &session, .modes = psk_only });
    assert_true(p->open);
    assert_int_equal(gram_tls_usage(pair.tls).resumed, 0);
    assert_false(who(p));
    tls_client_runs = true;
    mbedtls_ssl_session_free(&session);
    tls_client_runs = false;
    tls_close(&pair);
}

/* A ticket is for its version alone: whoever has seen one of TLS 1.3 go by offers it in TLS 1.2, where its session would have a master secret of
 * zeros. */
static void test_ticket_of_other_version(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        mbedtls_ssl_session session;
        struct tls_client is = { .version = (int)v, .cert = &tls_keys()->client };

        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_OPTIONAL));
        struct tls_peer *p = tls_connect(&pair, is);
        assert_true(who(p));
        tls_session(p, &session);
        tls_lose(p);
        is.version = MBEDTLS_SSL_VERSION_TLS1_2 + MBEDTLS_SSL_VERSION_TLS1_3 - is.version;
        is.cert = NULL;
        is.session = &session;
        memset(session.MBEDTLS_PRIVATE(master), 0, 48);
        session.MBEDTLS_PRIVATE(tls_version) = (mbedtls_ssl_protocol_version)is.version;
        session.MBEDTLS_PRIVATE(ciphersuite) = v == MBEDTLS_SSL_VERSION_TLS1_2 ? PREFERRED
                                               : GRAM_TLS_PREFER_AES           ? MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                                                                               : MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256;
        p = tls_connect(&pair, is);
        assert_int_equal(gram_tls_usage(pair.tls).resumed, 0);
        if (p->open)
            assert_false(who(p));
        tls_client_runs = true;
        mbedtls_ssl_session_free(&session);
        tls_client_runs = false;
        tls_close(&pair);
    }
}

/* Ticket keys grow old: one period later a ticket is taken, two later it is not. */
static void test_ticket_age(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        mbedtls_ssl_session session;

        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_client is = { .version = (int)v };
        struct tls_peer *p = tls_connect(&pair, is);
        tls_run(&pair);
        tls_session(p, &session);
        tls_lose(p);
        is.session = &session;
        pair.now += GRAM_TLS_TICKET_MINUTES * 60000u + 1;
        p = tls_connect(&pair, is);
        assert_int_equal(gram_tls_usage(pair.tls).resumed, 1);
        tls_lose(p);
        pair.now += GRAM_TLS_TICKET_MINUTES * 60000u + 1;
        p = tls_connect(&pair, is);
        assert_true(p->open);
        assert_int_equal(gram_tls_usage(pair.tls).resumed, 1);
        tls_client_runs = true;
        mbedtls_ssl_session_free(&session);
        tls_client_runs = false;
        tls_close(&pair);
    }
}

/* ---- ALPN, and what is no TLS ---- */

static void test_alpn(void **state)
{
    static const char *const http11[] = { "http/1.1", NULL };
    static const char *const both[] = { "http/1.1", "h2", NULL };

    (void)state;
    EACH_VERSION(v)
    {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *none = tls_connect(&pair, (struct tls_client){ .version = (int)v, .no_alpn = true });
        struct tls_peer *wrong = tls_connect(&pair, (struct tls_client){ .version = (int)v, .alpn = http11 });
        assert_int_equal(none->alert, MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL);
        assert_int_equal(wrong->alert, MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL);
        assert_int_equal(none->fate, TLS_DONE);
        assert_non_null(strstr(tls_log, "does not offer h2"));
        tls_check_call(tls_connect(&pair, (struct tls_client){ .version = (int)v, .alpn = both }), 1);
        tls_close(&pair);
    }
}

static void test_plaintext(void **state)
{
    static const char *const sent[] = { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x80\x2e\x01\x03\x01" };

    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    for (unsigned i = 0; i < 3; i++) {
        struct tls_peer *p = tls_dial(&pair, (struct tls_client){ .raw = true });

        tls_queue(p, sent[i], strlen(sent[i]));
        tls_run(&pair);
        assert_int_equal(p->fate, TLS_DONE);
        assert_int_equal(p->in_len, 7);
        assert_memory_equal(p->in, "\x15\x03\x03\x00\x02\x02\x0a", 7); /* fatal, unexpected_message */
        assert_non_null(strstr(tls_log, "does not speak TLS"));
    }
    tls_close(&pair);
}

/* A version that is not compiled in, or too old, is refused with protocol_version (RFC 8446 4.1.2, D.2). */
static void test_old_version(void **state)
{
    static const uint8_t hello[] = {
        22, 3, 1, 0, 47, 1, 0, 0, 43, 3, 2, /* TLS 1.1 */
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
        0, 0, 4, 0xc0, 0x2b, 0xcc, 0xa9, 1, 0,
    };

    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *p = tls_dial(&pair, (struct tls_client){ .raw = true });
    tls_queue(p, hello, sizeof hello);
    tls_run(&pair);
    assert_int_equal(p->fate, TLS_DONE);
    assert_true(p->in_len >= 7);
    assert_int_equal(p->in[0], 21);
    assert_int_equal(p->in[6], 70);
    tls_close(&pair);
}

/* ---- client certificates ---- */

struct client_case {
    enum gram_tls_client_auth auth;
    const struct tls_cert *cert;
    int alert_2, alert_3; /* 0: let in */
    bool known;           /* then: with an identity */
};

static void check_client(const struct client_case *c)
{
    EACH_VERSION(v)
    {
        assert_null(tls_open(&pair, c->auth));
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v, .cert = c->cert });
        int alert = v == MBEDTLS_SSL_VERSION_TLS1_3 ? c->alert_3 : c->alert_2;

        assert_int_equal(p->alert, alert);
        assert_int_equal(p->fate, alert == 0 ? TLS_HERE : TLS_DONE);
        assert_int_equal(gram_tls_usage(pair.tls).handshakes, alert == 0);
        if (alert == 0)
            assert_int_equal(who(p), c->known);
        tls_close(&pair);
    }
}

static void test_clients(void **state)
{
    const struct tls_keys *k = tls_keys();
    const struct client_case cases[] = {
        { GRAM_TLS_CLIENT_REQUIRED, &k->client, 0, 0, true },
        { GRAM_TLS_CLIENT_REQUIRED, NULL, 40, 116, false },
        { GRAM_TLS_CLIENT_REQUIRED, &k->stranger, 48, 48, false },
        { GRAM_TLS_CLIENT_REQUIRED, &k->stranger_ca, 48, 48, false },
        { GRAM_TLS_CLIENT_REQUIRED, &k->expired, 45, 45, false },
        { GRAM_TLS_CLIENT_REQUIRED, &k->future, 45, 45, false },
        { GRAM_TLS_CLIENT_OPTIONAL, &k->client, 0, 0, true },
        { GRAM_TLS_CLIENT_OPTIONAL, NULL, 0, 0, false },
        { GRAM_TLS_CLIENT_OPTIONAL, &k->stranger, 48, 48, false },
        { GRAM_TLS_CLIENT_OPTIONAL, &k->expired, 45, 45, false },
        { GRAM_TLS_CLIENT_NONE, &k->stranger, 0, 0, false },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_client(&cases[i]);
}

/* Names that do not fit, or lie, are left out whole. */
static void test_names(void **state)
{
    static struct tls_cert cert;
    static const char *const subjects[] = { "CN=a-name-that-is-exactly-31-chars", "CN=a-name-that-is-exactly-32-chars.", "O=nobody" };
    static const char *const seen_as[] = { "a-name-that-is-exactly-31-chars", "", "" };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_REQUIRED));
        tls_make(&cert, (struct tls_wish){ .subject = subjects[i], .signer = &tls_keys()->ca,
                                           .dns = "a-name-of-61-characters-that-does-not-fit-in-64-with-its-kind", .uri = "urn:fits" });
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .cert = &cert });
        assert_true(who(p));
        assert_string_equal(seen_name, seen_as[i]);
        assert_memory_equal(seen_alt, "uri:urn:fits\0", 14);
        tls_client_runs = true;
        mbedtls_pk_free(&cert.pk);
        tls_client_runs = false;
        tls_close(&pair);
    }
}

/* ---- credentials and entropy ---- */

static const char *init_with(const struct gram_tls_config *config)
{
    static struct gram_tls tls;
    static struct gram_server server;
    const char *problem;

    gram_server_init(&server, &test_app_plain, NULL, 0);
    problem = gram_tls_init(&tls, &server, config);
    gram_tls_end(&tls);
    assert_int_equal(gram_tls_arena_use().used, 0);
    return problem;
}

static void test_refusals(void **state)
{
    const struct tls_keys *k = tls_keys();
    struct gram_tls_config config = tls_config(GRAM_TLS_CLIENT_REQUIRED);
    uint8_t broken[1024];

    (void)state;
    assert_null(init_with(&config));
    config.credentials.key = k->client.key;
    config.credentials.key_len = k->client.key_len;
    assert_non_null(strstr(init_with(&config), "does not belong"));
    config.credentials.key_len -= 1;
    assert_non_null(strstr(init_with(&config), "key cannot be read"));
    config = tls_config(GRAM_TLS_CLIENT_REQUIRED);
    config.credentials.client_ca = NULL;
    config.credentials.client_ca_len = 0;
    assert_non_null(strstr(init_with(&config), "no client CA"));
    config = tls_config(GRAM_TLS_CLIENT_NONE);
    config.credentials.certificate = NULL;
    assert_non_null(strstr(init_with(&config), "no certificate"));
    /* cut at each byte: it is said, and nothing is read beyond */
    for (size_t len = 1; len < k->server.crt_len; len++) {
        uint8_t *exact = malloc(len);

        memcpy(exact, k->server.crt, len);
        config.credentials.certificate = exact;
        config.credentials.certificate_len = len;
        assert_non_null(init_with(&config));
        free(exact);
    }
    memcpy(broken, k->server.crt, k->server.crt_len);
    broken[20] ^= 0x40;
    config.credentials.certificate = broken;
    config.credentials.certificate_len = k->server.crt_len;
    init_with(&config);
}

/* The random generator and PSA's memory are the program's: they go with the last that uses them. */
static void test_two(void **state)
{
    static struct gram_tls two[2];
    static struct gram_server server;
    const struct gram_tls_config config = tls_config(GRAM_TLS_CLIENT_NONE);
    uint8_t byte;

    (void)state;
    gram_server_init(&server, &test_app_plain, NULL, 0);
    assert_null(gram_tls_init(&two[0], &server, &config));
    assert_null(gram_tls_init(&two[1], &server, &config));
    gram_tls_end(&two[0]);
    assert_int_equal(gram_tls_random(NULL, &byte, 1), 0);
    gram_tls_end(&two[0]); /* nothing */
    assert_int_equal(gram_tls_random(NULL, &byte, 1), 0);
    gram_tls_end(&two[1]);
    assert_int_equal(gram_tls_arena_use().used, 0);
    assert_int_not_equal(gram_tls_random(NULL, &byte, 1), 0);
}

static void test_entropy(void **state)
{
    struct gram_tls_config config = tls_config(GRAM_TLS_CLIENT_NONE);

    (void)state;
    for (tls_entropy_is = TLS_ENTROPY_ZERO; tls_entropy_is <= TLS_ENTROPY_NONE; tls_entropy_is++) {
        const char *problem = init_with(&config);

        assert_non_null(problem);
        assert_non_null(strstr(problem, "entropy source"));
    }
    tls_entropy_is = TLS_ENTROPY_GOOD;
    config.entropy = NULL;
    assert_non_null(strstr(init_with(&config), "no entropy source"));
}

/* ---- replacing ---- */

static void test_replace(void **state)
{
    const struct tls_keys *k = tls_keys();
    struct gram_tls_credentials other = { .certificate = k->other_server.crt, .certificate_len = k->other_server.crt_len,
                                          .key = k->other_server.key, .key_len = k->other_server.key_len };
    struct gram_tls_credentials wrong = other;

    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *old = tls_connect(&pair, (struct tls_client){ 0 });
    tls_check_call(old, 1);
    wrong.key = k->server.key;
    wrong.key_len = k->server.key_len;
    assert_non_null(strstr(gram_tls_replace(pair.tls, &wrong), "does not belong"));
    assert_null(gram_tls_replace(pair.tls, &other));
    struct tls_peer *new = tls_connect(&pair, (struct tls_client){ 0 });
    tls_check_call(new, 1);
    tls_check_call(old, 3); /* lives on */
    assert_int_equal(mbedtls_ssl_get_peer_cert(&old->ssl)->raw.len, k->server.crt_len);
    assert_memory_equal(mbedtls_ssl_get_peer_cert(&new->ssl)->raw.p, k->other_server.crt, k->other_server.crt_len);
    assert_ptr_equal(gram_tls_replace(pair.tls, &other), GRAM_TLS_BUSY);
    tls_lose(old);
    assert_null(gram_tls_replace(pair.tls, &other));
    tls_lose(new);
    pair.base = gram_tls_arena_use().used;
    tls_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cipher_order), TEST(test_cipher_order_shared), TEST(test_cipher_order_1_2), TEST(test_cipher_order_retry), TEST(test_cipher_of_ticket),
        TEST(test_cipher_of_ticket_1_2),
        TEST(test_call),     TEST(test_segments),         TEST(test_resumed),
        TEST(test_ticket_age), TEST(test_ticket_not_taken), TEST(test_ticket_of_other_version), TEST(test_alpn),
        TEST(test_plaintext), TEST(test_old_version),      TEST(test_clients),
        TEST(test_names),    TEST(test_refusals),         TEST(test_entropy), TEST(test_two),
        TEST(test_replace),
    };

    cmocka_set_test_filter(getenv("GRAM_TEST")); /* a name, to run one alone */
    return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
