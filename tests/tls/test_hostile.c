/* What TLS must survive: clients that stop (test_every.c: at every byte), garbage, floods, silence; and what the others see of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "tls_pair.h"

static struct tls_pair pair;
static struct test_random randoms;

/* Nothing more comes, and no FIN: time ends it. */
static void test_half_open(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        static const size_t stops[] = { 1, 5, 100, 200, 300 };

        for (unsigned i = 0; i < 5; i++) {
            assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
            struct tls_peer *p = tls_dial(&pair, (struct tls_client){ .version = (int)v, .cut = stops[i] });
            p->said_fin = true; /* no FIN */
            tls_run(&pair);
            tls_sleep(&pair, GRAM_TLS_HANDSHAKE_MS - 1);
            assert_int_equal(p->fate, TLS_HERE);
            tls_sleep(&pair, GRAM_LINGER_MS + 1); /* TLS 1.2 may be through with 300 bytes: then it is the preface that is missing */
            assert_int_not_equal(p->fate, TLS_HERE);
            tls_close(&pair);
        }
    }
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *mute = tls_connect(&pair, (struct tls_client){ .raw = true });
    tls_sleep(&pair, GRAM_TLS_HANDSHAKE_MS - 1);
    assert_int_equal(mute->fate, TLS_HERE);
    tls_sleep(&pair, 1);
    assert_int_equal(mute->fate, TLS_DROPPED);
    tls_close(&pair);
}

/* Bytes of a good client, changed at random. */
static void test_garbage(void **state)
{
    static uint8_t good[4096];

    (void)state;
    EACH_VERSION(v)
    {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v });
        size_t len = p->up_len < sizeof good ? p->up_len : sizeof good;
        memcpy(good, p->up, len);
        tls_close(&pair);
        for (unsigned i = 0; i < 200; i++) {
            uint8_t bad[sizeof good];

            assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
            p = tls_dial(&pair, (struct tls_client){ .raw = true, .segment = 1 + test_random_below(&randoms, 400) });
            memcpy(bad, good, len);
            for (unsigned j = 0; j <= i % 4; j++)
                bad[test_random_below(&randoms, (uint32_t)len)] ^= (uint8_t)(1u << test_random_below(&randoms, 8));
            tls_queue(p, bad, len);
            tls_run(&pair);
            tls_sleep(&pair, GRAM_TLS_HANDSHAKE_MS + GRAM_LINGER_MS);
            assert_int_not_equal(p->fate, TLS_HERE);
            tls_close(&pair);
        }
    }
}

/* A client that sends records without end in its handshake. */
static void test_endless_handshake(void **state)
{
    static const uint8_t change_cipher_spec[] = { 20, 3, 3, 0, 1, 1 };

    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_REQUIRED));
    struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = MBEDTLS_SSL_VERSION_TLS1_3, .cut = 300 });
    tls_lose(p);
    p = tls_dial(&pair, (struct tls_client){ .version = MBEDTLS_SSL_VERSION_TLS1_3, .cert = &tls_keys()->client });
    tls_round(&pair);
    for (unsigned i = 0; i < 200; i++) { /* behind its ClientHello; compatibility mode lets them through (RFC 8446 D.4) */
        memcpy(p->up + p->up_len, change_cipher_spec, sizeof change_cipher_spec);
        p->up_len += sizeof change_cipher_spec;
    }
    tls_run(&pair);
    assert_int_not_equal(p->fate, TLS_HERE);
    assert_true(strstr(tls_log, "GRAM_TLS_HANDSHAKE_RECORDS") || strstr(tls_log, "the handshake failed"));
    tls_close(&pair);
}

/* ---- whose turn it is ---- */

/* One handshake at a time, in the order of connecting; a call of another connection goes on between its steps. */
static void test_turns(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        unsigned rounds = 0, answered = 0;

        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *a = tls_connect(&pair, (struct tls_client){ .version = (int)v });
        tls_check_call(a, 1);
        struct tls_peer *b = tls_dial(&pair, (struct tls_client){ .version = (int)v });
        struct tls_peer *c = tls_dial(&pair, (struct tls_client){ .version = (int)v });
        while (!b->open) {
            uint32_t id = 3 + 2 * rounds;
            char text[16];

            snprintf(text, sizeof text, "during %u", (unsigned)rounds);
            tls_call(a, id, UNARY, 7, text);
            tls_round(&pair);
            assert_true(rounds++ < 100);
            snprintf(text, sizeof text, "during %u", (unsigned)rounds - 2);
            answered += rounds > 1 && tls_has(a, text);
            assert_true(gram_tls_usage(pair.tls).handshaking <= 1);
            assert_false(c->open);
        }
        assert_true(rounds > 5); /* it went step by step */
        assert_int_equal(answered + 1, rounds);
        tls_run(&pair);
        assert_int_equal(gram_server_usage(pair.server).connections, 2);
        tls_close(&pair);
    }
}

/* One that leaves before its turn does not keep its place, though its bytes are unread. */
static void test_left_before_its_turn(void **state)
{
    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *first = tls_dial(&pair, (struct tls_client){ .cut = 100 });
    first->said_fin = true;
    tls_run(&pair);
    struct tls_peer *second = tls_dial(&pair, (struct tls_client){ 0 });
    tls_run(&pair);
    assert_int_equal(gram_tls_usage(pair.tls).connections, 2);
    tls_fin(second);
    assert_int_equal(second->fate, TLS_DROPPED);
    assert_int_equal(gram_tls_usage(pair.tls).connections, 1);
    first->is.cut = 0;
    tls_run(&pair);
    tls_check_call(first, 1);
    tls_close(&pair);
}

/* A client that is silent in its handshake gives way to those that wait. */
static void test_silence(void **state)
{
    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *mute = tls_dial(&pair, (struct tls_client){ .cut = 100 });
    mute->said_fin = true;
    tls_run(&pair);
    tls_sleep(&pair, GRAM_TLS_SILENCE_MS + 1); /* nobody waits: it may think */
    assert_int_equal(mute->fate, TLS_HERE);
    struct tls_peer *p = tls_connect(&pair, (struct tls_client){ 0 });
    assert_int_equal(mute->fate, TLS_DROPPED);
    tls_check_call(p, 1);
    assert_non_null(strstr(tls_log, "silent"));
    tls_close(&pair);
}

/* Handshakes are rationed; connections that are open do not notice. */
static void test_rate(void **state)
{
    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *p = tls_connect(&pair, (struct tls_client){ 0 });
    tls_check_call(p, 1);
    for (unsigned i = 1; i < GRAM_TLS_HANDSHAKE_BURST; i++)
        tls_lose(tls_connect(&pair, (struct tls_client){ 0 }));
    struct tls_peer *late = tls_dial(&pair, (struct tls_client){ 0 });
    for (unsigned i = 0; i < 20; i++)
        tls_round(&pair);
    assert_false(late->open);
    tls_check_call(p, 3);
    tls_sleep(&pair, 1000 / GRAM_TLS_HANDSHAKES_PER_SECOND + 20);
    tls_check_call(late, 1);
    tls_close(&pair);
}

/* All places taken and busy: the client waits, then is sent away; idle ones give way. */
static void test_places(void **state)
{
    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *a = tls_connect(&pair, (struct tls_client){ 0 });
    struct tls_peer *b = tls_connect(&pair, (struct tls_client){ 0 });
    tls_check_call(a, 1);
    tls_check_call(b, 1);
    tls_sleep(&pair, 1);
    tls_check_call(b, 3);
    struct tls_peer *c = tls_dial(&pair, (struct tls_client){ 0 });
    tls_run(&pair);
    tls_sleep(&pair, 1000); /* a, idle the longest, gives way: GOAWAY, close_notify */
    assert_int_equal(a->fate, TLS_DONE);
    assert_true(a->notified);
    tls_check_call(c, 1);
    tls_close(&pair);
}

/* ---- data ---- */

/* More than any buffer holds, each way, in segments of all lengths. */
static void test_much(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        static const size_t segments[] = { 0, 1460, 100, 17 };

        for (unsigned i = 0; i < 4; i++) {
            assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
            struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v, .segment = segments[i] });
            tls_hello(p);
            test_app_answer((struct test_answer){ .status = GRAM_OK, .number = 1, .fill = 20000, .text = "long" });
            tls_call(p, 1, LARGE, 7, "text");
            tls_run(&pair);
            assert_int_equal(p->error, 0);
            assert_true(p->in_len > 20000);
            for (uint32_t id = 3; id < 63; id += 2)
                tls_check_call(p, id);
            tls_close(&pair);
        }
    }
}

/* A client that does not read: nothing grows, and it is ended by the server's stall timer. */
static void test_deaf(void **state)
{
    (void)state;
    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
    struct tls_peer *p = tls_connect(&pair, (struct tls_client){ 0 });
    tls_check_call(p, 1);
    p->deaf = true;
    test_app_answer((struct test_answer){ .status = GRAM_OK, .number = 1, .fill = 20000, .text = "long" });
    tls_call(p, 3, LARGE, 7, "text");
    tls_run(&pair);
    size_t used = gram_tls_arena_use().used;
    for (unsigned i = 0; i < 100; i++)
        tls_call(p, 5 + 2 * i, UNARY, 7, "text");
    tls_run(&pair);
    assert_int_equal(gram_tls_arena_use().used, used);
    tls_sleep(&pair, GRAM_STALL_MS + GRAM_LINGER_MS + 1000);
    assert_int_equal(p->fate, TLS_DROPPED);
    tls_close(&pair);
}

/* ---- the end ---- */

static void test_close(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v });
        tls_check_call(p, 1);
        tls_notify(p); /* in order: ours comes back */
        assert_int_equal(p->fate, TLS_DONE);
        assert_true(p->notified);
        assert_int_equal(gram_tls_usage(pair.tls).truncated, 0);
        p = tls_connect(&pair, (struct tls_client){ .version = (int)v });
        tls_check_call(p, 1);
        tls_fin(p); /* cut off */
        assert_int_equal(gram_tls_usage(pair.tls).truncated, 1);
        assert_int_equal(p->fate, TLS_DONE);
        p = tls_connect(&pair, (struct tls_client){ .version = (int)v });
        tls_queue(p, "GET / HTTP/1.1\r\n\r\n....", 22); /* the server ends it */
        tls_run(&pair);
        assert_int_equal(p->fate, TLS_DONE);
        assert_true(p->notified);
        tls_close(&pair);
    }
}

/* One of the client's records comes changed: its connection ends. */
static void change_a_record(struct tls_peer *p)
{
    p->is.cut = p->up_len; /* hold what follows back */
    p->said_fin = true;
    tls_call(p, 3, UNARY, 7, "text");
    tls_run(&pair);
    p->up[p->up_len - 1] ^= 1;
    p->is.cut = 0;
    tls_run(&pair);
}

/* A record that has been changed on its way ends the connection with bad_record_mac. */
static void test_changed(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v });
        tls_check_call(p, 1);
        change_a_record(p);
        assert_int_equal(p->fate, TLS_DONE);
        assert_int_equal(p->alert, MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC);
        tls_close(&pair);
    }
}

/* ---- memory ---- */

/* When memory has ended once, what goes wrong later is not put down to it. */
static void test_memory_ended_once(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *p = tls_dial(&pair, (struct tls_client){ .version = (int)v });
        while (gram_tls_usage(pair.tls).handshaking == 0)
            tls_round(&pair);
        gram_tls_arena_fail_after(0);
        tls_run(&pair);
        assert_int_not_equal(p->fate, TLS_HERE);
        assert_non_null(strstr(tls_log, "out of memory: GRAM_TLS_ARENA"));
        tls_log[0] = '\0';
        p = tls_connect(&pair, (struct tls_client){ .version = (int)v });
        tls_check_call(p, 1);
        change_a_record(p);
        assert_int_equal(p->alert, MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC);
        assert_non_null(strstr(tls_log, "a record cannot be read"));
        assert_null(strstr(tls_log, "out of memory"));
        tls_close(&pair);
    }
}

static bool is_zero(const void *p, size_t len)
{
    const uint8_t *bytes = p;

    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* No plaintext stays where it was decrypted: neither while the last words are on their way, nor behind the end. */
static void test_plaintext_is_wiped(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        assert_null(tls_open(&pair, GRAM_TLS_CLIENT_NONE));
        struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v });
        const struct gram_tls_conn *conn = p->conn;
        tls_check_call(p, 1);
        assert_false(is_zero(conn->plain, sizeof conn->plain));
        p->deaf = true;
        tls_notify(p);
        assert_int_equal(p->fate, TLS_HERE); /* our close_notify lies in the ring */
        assert_true(is_zero(conn->plain, sizeof conn->plain));
        p->deaf = false;
        tls_run(&pair);
        assert_int_equal(p->fate, TLS_DONE);
        assert_true(is_zero(conn, sizeof *conn));
        tls_close(&pair);
    }
}

/* ---- figures ---- */

static void test_figures(void **state)
{
    static const int chacha20[] = { MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0 };
    const struct tls_cert *certs[] = { NULL, &tls_keys()->client };
    size_t plain[2] = { 0 };

    (void)state;
    for (unsigned mutual = 0; mutual < 2; mutual++) {
        EACH_VERSION(v)
        {
            size_t base, open;

            assert_null(tls_open(&pair, mutual ? GRAM_TLS_CLIENT_REQUIRED : GRAM_TLS_CLIENT_NONE));
            base = gram_tls_arena_use().used;
            gram_tls_arena_reset_peak();
            struct tls_peer *p = tls_connect(&pair, (struct tls_client){ .version = (int)v, .cert = certs[mutual], .ciphers = chacha20 });
            tls_check_call(p, 1);
            open = gram_tls_arena_use().used - base;
            if (!mutual)
                plain[v_] = open;
            assert_true(open <= plain[v_]); /* a client's certificate is not kept */
            print_message("arena, version 0x%03x%s, records %u/%u: keys %zu, peak %zu more, open %zu in %zu blocks\n", v,
                          mutual ? ", mutual" : "", GRAM_TLS_IN, GRAM_TLS_OUT, base, gram_tls_arena_use().peak - base, open,
                          gram_tls_arena_use().blocks);
            tls_close(&pair);
        }
    }
    print_message("gram_tls_conn %zu, gram_tls without connections %zu\n", sizeof(struct gram_tls_conn),
                  sizeof(struct gram_tls) - sizeof(struct gram_tls_conn) * GRAM_TLS_CONNECTIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_half_open),
        TEST(test_garbage),  TEST(test_endless_handshake), TEST(test_turns),
        TEST(test_silence),  TEST(test_left_before_its_turn),  TEST(test_rate),      TEST(test_places),
        TEST(test_much),     TEST(test_deaf),
        TEST(test_close),    TEST(test_changed),   TEST(test_memory_ended_once), TEST(test_plaintext_is_wiped), TEST(test_figures),
    };

    test_random_start(&randoms, "test_hostile");
    cmocka_set_test_filter(getenv("GRAM_TEST")); /* a name, to run one alone */
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
