/* How long records may be, each way: what the client can take (RFC 6066 4, RFC 8449), what we can (GRAM_TLS_IN). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls_pair.h"

static struct tls_pair pair;

/* ---- too long for us: record_overflow, and the log names the setting ---- */

/* A record's head, and as much behind it as it says. */
static void put_long_record(struct tls_peer *p, uint8_t type, size_t len)
{
    const uint8_t head[] = { type, 3, 3, (uint8_t)(len >> 8), (uint8_t)len };

    assert_true(p->up_len + len + sizeof head <= TLS_BUFFER);
    memcpy(p->up + p->up_len, head, sizeof head);
    memset(p->up + p->up_len + sizeof head, 0x55, len);
    p->up_len += sizeof head + len;
}

static void check_overflow(struct tls_peer *p)
{
    tls_run(&pair);
    assert_int_equal(p->fate, TLS_DONE);
    assert_int_equal(p->alert, MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW);
    assert_non_null(strstr(tls_log, "longer than GRAM_TLS_IN"));
    tls_close(&pair);
}

static const size_t lengths[] = { GRAM_TLS_IN + 300, 3 * GRAM_TLS_IN, 16384 + 256 };
#define EACH_LENGTH(len) for (unsigned l_ = 0, len; l_ < 3 && (len = (unsigned)lengths[l_], 1); l_++)

/* In place of a ClientHello; whatever the version. */
static void test_overflow_at_once(void **state)
{
    (void)state;
    EACH_LENGTH(len)
    {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *p = tls_dial(&pair, (struct tls_client){ .raw = true });
        put_long_record(p, 22, len);
        tls_run(&pair);
        assert_memory_equal(p->in, "\x15\x03\x03\x00\x02\x02\x16", 7);
        assert_non_null(strstr(tls_log, "longer than GRAM_TLS_IN"));
        tls_close(&pair);
    }
}

/* In place of what follows the ServerHello. */
static void test_overflow_in_handshake(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        EACH_LENGTH(len)
        {
            assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
            struct tls_peer *p = tls_dial(&pair, (struct tls_client){ .version = (int)v, .cut = 1 });
            p->said_fin = true; /* no FIN: the rest comes later */
            tls_round(&pair);
            p->is.cut = p->up_len; /* its ClientHello, whole */
            tls_run(&pair);
            assert_int_equal(gram_tls_usage(pair.tls).handshaking, 1);
            p->up_len = p->up_at;
            p->is.cut = 0;
            put_long_record(p, v == MBEDTLS_SSL_VERSION_TLS1_3 ? 23 : 22, len);
            check_overflow(p);
        }
    }
}

static void test_overflow_when_open(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        EACH_LENGTH(len)
        {
            assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
            struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v });
            tls_check_call(p, 1);
            put_long_record(p, 23, len);
            check_overflow(p);
        }
    }
}

/* ---- what the client asks for ---- */

/* The longest record of a type that the server has sent. */
static size_t longest(const struct tls_peer *p, uint8_t type)
{
    size_t most = 0;

    for (size_t at = 0; at + 5 <= p->down_len; at += 5 + (size_t)(p->down[at + 3] << 8 | p->down[at + 4])) {
        size_t len = (size_t)(p->down[at + 3] << 8 | p->down[at + 4]);

        if (p->down[at] == type && len > most)
            most = len;
    }
    return most;
}

static void test_limits(void **state)
{
    static const uint16_t limits[] = { 512, 1024, 0 };

    (void)state;
    EACH_VERSION(v)
    {
        for (unsigned i = 0; i < 3; i++) {
            size_t limit = limits[i] ? limits[i] : GRAM_TLS_OUT;
            size_t more = v == MBEDTLS_SSL_VERSION_TLS1_3 ? 16 : 8 + 16; /* a tag; AES-GCM in TLS 1.2 has a nonce in front */

            assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
            struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v, .limit = limits[i] });
            assert_true(p->open);
            tls_hello(p);
            test_app_answer((struct test_answer){ .status = GRAM_OK, .number = 1, .fill = 20000, .text = "long" });
            p->down_len = p->down_at = 0;
            tls_call(p, 1, LARGE, 7, "text");
            tls_run(&pair);
            assert_true(p->in_len > 20000);
            assert_in_range(longest(p, 23), limit - 100, limit + more);
            tls_check_call(p, 3);
            tls_close(&pair);
        }
    }
}

/* Messages of the handshake are not cut: Mbed TLS 3.6 sends each in one record, whatever the client can take. docs/security.md says so; should this
 * fail one day, it has learnt it. */
static void test_limit_of_certificate(void **state)
{
    static struct tls_cert cert;
    char name[500];

    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    tls_make(&cert, (struct tls_wish){ .subject = "CN=localhost", .signer = &tls_keys()->ca, .dns = "localhost", .uri = name });
    EACH_VERSION(v)
    {
        struct gram_tls_credentials long_one = { .certificate = cert.crt, .certificate_len = cert.crt_len, .key = cert.key, .key_len = cert.key_len };

        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        assert_null(gram_tls_replace(pair.tls, &long_one));
        pair.base = gram_tls_arena_use().used;
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v, .limit = 512 });
        assert_true(p->open);
        assert_true(longest(p, v == MBEDTLS_SSL_VERSION_TLS1_3 ? 23 : 22) > 512 + 24);
        tls_close(&pair);
    }
    tls_client_runs = true;
    mbedtls_pk_free(&cert.pk);
    tls_client_runs = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_overflow_at_once),
        TEST(test_overflow_in_handshake),
        TEST(test_overflow_when_open),
        TEST(test_limits),
        TEST(test_limit_of_certificate),
    };

    cmocka_set_test_filter(getenv("GRAM_TEST")); /* a name, to run one alone */
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
