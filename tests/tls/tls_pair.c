/* tls_pair.h: the loop, the wire and the clients. */
#include "tls_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mbedtls/error.h"
#include "psa/crypto.h"

char tls_log[4096];
const int tls_versions[2] = { MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3 };

static void log_line(enum gram_log_level level, const char *text)
{
    size_t used = strlen(tls_log);

    snprintf(tls_log + used, sizeof tls_log - used, "%s%s\n", level == GRAM_LOG_ERROR ? "ERROR " : "", text);
}

static const struct gram_log log_of_tls = { .line = log_line };

static uint32_t test_time(void)
{
    return TLS_NOW;
}

/* ---- the pair ---- */

struct gram_tls_config tls_config(enum gram_tls_client_auth auth)
{
    const struct tls_keys *k = tls_keys();

    return (struct gram_tls_config){
        .entropy = tls_entropy, .unix_time = test_time, .client_auth = auth,
        .credentials = { .certificate = k->server.crt, .certificate_len = k->server.crt_len, .key = k->server.key,
                         .key_len = k->server.key_len,
                         .client_ca = auth == GRAM_TLS_CLIENT_NONE ? NULL : k->ca.crt,
                         .client_ca_len = auth == GRAM_TLS_CLIENT_NONE ? 0 : k->ca.crt_len },
    };
}

const char *tls_open(struct tls_pair *pair, enum gram_tls_client_auth auth)
{
    struct gram_tls_config config = tls_config(auth);
    const char *problem;

    memset(pair, 0, sizeof *pair);
    tls_log[0] = '\0';
    test_app_reset();
    pair->now = 0xffff0000u; /* the clock wraps after a minute */
    pair->server = malloc(sizeof *pair->server);
    pair->tls = malloc(sizeof *pair->tls);
    memset(pair->server, 0xa5, sizeof *pair->server);
    memset(pair->tls, 0xa5, sizeof *pair->tls);
    gram_server_init(pair->server, &test_app_plain, &log_of_tls, pair->now);
    problem = gram_tls_init(pair->tls, pair->server, &config);
    pair->base = gram_tls_arena_use().used;
    return problem;
}

static void forget(struct tls_peer *p)
{
    tls_client_runs = true;
    if (!p->is.raw) {
        mbedtls_ssl_free(&p->ssl);
        mbedtls_ssl_config_free(&p->conf);
        mbedtls_x509_crt_free(&p->ca);
        mbedtls_x509_crt_free(&p->crt);
        mbedtls_pk_free(&p->key);
    }
    tls_client_runs = false;
    free(p->up);
    free(p->down);
    free(p->out);
    free(p->in);
    free(p);
}

void tls_close(struct tls_pair *pair)
{
    struct gram_usage usage;
    mbedtls_psa_stats_t keys;

    gram_tls_arena_fail_after(UINT32_MAX);
    for (unsigned i = 0; i < pair->peer_count; i++) {
        tls_lose(pair->peers[i]);
        forget(pair->peers[i]);
    }
    usage = gram_server_usage(pair->server);
    assert_int_equal(usage.connections + usage.calls + usage.message_bufs + usage.held_replies, 0);
    assert_int_equal(test_app.calls, test_app.closed);
    assert_int_equal(gram_tls_usage(pair->tls).connections, 0);
    for (uint8_t owner = 1; owner <= GRAM_TLS_CONNECTIONS; owner++)
        assert_int_equal(gram_tls_arena_of(owner), 0);
    assert_int_equal(gram_tls_arena_use().used, pair->base);
    mbedtls_psa_get_stats(&keys);
    assert_int_equal(keys.MBEDTLS_PRIVATE(volatile_slots), 0);
    gram_tls_end(pair->tls);
    assert_int_equal(gram_tls_arena_use().used, 0);
    free(pair->tls);
    free(pair->server);
    memset(pair, 0, sizeof *pair);
}

void tls_abandon(struct tls_pair *pair)
{
    tls_each_allocation = NULL;
    if (!pair->tls)
        return;
    tls_client_runs = false;
    gram_tls_arena_fail_after(UINT32_MAX);
    for (unsigned i = 0; i < pair->peer_count; i++)
        tls_lose(pair->peers[i]);
    gram_tls_end(pair->tls);
    memset(pair, 0, sizeof *pair);
}

int tls_after(void **pair)
{
    tls_abandon(*pair);
    return 0;
}

/* ---- a client ---- */

/* Mbed TLS asks for what its buffer holds (RFC 8449 4); a client that holds less asks for that. Linked in between (tests.mk). */
static uint16_t asked_limit;
int __real_mbedtls_ssl_tls13_write_record_size_limit_ext(mbedtls_ssl_context *ssl, unsigned char *buf, const unsigned char *end, size_t *len);
int __wrap_mbedtls_ssl_tls13_write_record_size_limit_ext(mbedtls_ssl_context *ssl, unsigned char *buf, const unsigned char *end, size_t *len);
int __wrap_mbedtls_ssl_tls13_write_record_size_limit_ext(mbedtls_ssl_context *ssl, unsigned char *buf, const unsigned char *end, size_t *len)
{
    int error = __real_mbedtls_ssl_tls13_write_record_size_limit_ext(ssl, buf, end, len);

    if (error == 0 && tls_client_runs && asked_limit != 0) {
        buf[4] = (uint8_t)(asked_limit >> 8);
        buf[5] = (uint8_t)asked_limit;
    }
    return error;
}

static int client_recv(void *context, unsigned char *buf, size_t len)
{
    struct tls_peer *p = context;
    size_t n = p->down_len - p->down_at < len ? p->down_len - p->down_at : len;

    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(buf, p->down + p->down_at, n);
    p->down_at += n;
    return (int)n;
}

static void put_up(struct tls_peer *p, const void *buf, size_t len)
{
    assert_true(p->up_len + len <= TLS_BUFFER);
    memcpy(p->up + p->up_len, buf, len);
    p->up_len += len;
}

/* A record as several. */
static void put_fragments(struct tls_peer *p, const unsigned char *record, size_t len)
{
    for (size_t at = 5; at < len; at += p->is.fragment) {
        size_t n = len - at < p->is.fragment ? len - at : p->is.fragment;
        const uint8_t head[] = { record[0], record[1], record[2], (uint8_t)(n >> 8), (uint8_t)n };

        put_up(p, head, sizeof head);
        put_up(p, record + at, n);
    }
}

static int client_send(void *context, const unsigned char *buf, size_t len)
{
    struct tls_peer *p = context;

    if (p->is.fragment > 0 && p->up_len == 0)
        put_fragments(p, buf, len);
    else
        put_up(p, buf, len);
    return (int)len;
}

static int client_rng(void *unused, unsigned char *buf, size_t len)
{
    (void)unused;
    return tls_entropy(buf, len) ? 0 : -1;
}

static void set_up(struct tls_peer *p)
{
    static const char *const h2[] = { "h2", NULL };
    const struct tls_keys *k = tls_keys();
    mbedtls_ssl_config *conf = &p->conf;

    mbedtls_ssl_config_init(conf);
    mbedtls_ssl_init(&p->ssl);
    mbedtls_x509_crt_init(&p->ca);
    mbedtls_x509_crt_init(&p->crt);
    mbedtls_pk_init(&p->key);
    assert_int_equal(mbedtls_ssl_config_defaults(conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT), 0);
    mbedtls_ssl_conf_rng(conf, client_rng, NULL);
    assert_int_equal(mbedtls_x509_crt_parse_der(&p->ca, k->ca.crt, k->ca.crt_len), 0);
    mbedtls_ssl_conf_ca_chain(conf, &p->ca, NULL);
    if (p->is.cert) {
        assert_int_equal(mbedtls_x509_crt_parse_der(&p->crt, p->is.cert->crt, p->is.cert->crt_len), 0);
        assert_int_equal(mbedtls_pk_parse_key(&p->key, p->is.cert->key, p->is.cert->key_len, NULL, 0, client_rng, NULL), 0);
        assert_int_equal(mbedtls_ssl_conf_own_cert(conf, &p->crt, &p->key), 0);
    }
    if (p->is.version != 0) {
        mbedtls_ssl_conf_min_tls_version(conf, (mbedtls_ssl_protocol_version)p->is.version);
        mbedtls_ssl_conf_max_tls_version(conf, (mbedtls_ssl_protocol_version)p->is.version);
    }
    if (p->is.limit != 0)
        assert_int_equal(mbedtls_ssl_conf_max_frag_len(conf, p->is.limit == 512 ? MBEDTLS_SSL_MAX_FRAG_LEN_512 : MBEDTLS_SSL_MAX_FRAG_LEN_1024), 0);
    if (p->is.ciphers)
        mbedtls_ssl_conf_ciphersuites(conf, p->is.ciphers);
    if (!p->is.no_alpn)
        mbedtls_ssl_conf_alpn_protocols(conf, (const char **)(uintptr_t)(p->is.alpn ? p->is.alpn : h2));
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_tls13_key_exchange_modes(conf, p->is.modes ? p->is.modes : (int)MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_ALL);
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
    assert_int_equal(mbedtls_ssl_setup(&p->ssl, conf), 0);
    assert_int_equal(mbedtls_ssl_set_hostname(&p->ssl, "localhost"), 0);
    mbedtls_ssl_set_bio(&p->ssl, p, client_send, client_recv, NULL);
    if (p->is.session)
        assert_int_equal(mbedtls_ssl_set_session(&p->ssl, p->is.session), 0);
}

struct tls_peer *tls_dial(struct tls_pair *pair, struct tls_client client)
{
    struct tls_peer *p = calloc(1, sizeof *p);
    const struct gram_pipe_calls *calls = pair->tls->pipe.calls;

    assert_true(pair->peer_count < TLS_PEERS);
    p->pair = pair;
    p->is = client;
    p->up = malloc(TLS_BUFFER);
    p->down = malloc(TLS_BUFFER);
    p->out = malloc(TLS_BUFFER);
    p->in = malloc(TLS_BUFFER);
    pair->peers[pair->peer_count++] = p;
    tls_client_runs = true;
    if (!client.raw)
        set_up(p);
    tls_client_runs = false;
    gram_server_set_time(pair->server, pair->now);
    p->conn = calls->open(&pair->tls->pipe, "10.0.2.2:50000");
    p->fate = p->conn ? TLS_HERE : TLS_DROPPED;
    return p;
}

struct tls_peer *tls_connect(struct tls_pair *pair, struct tls_client client)
{
    struct tls_peer *p = tls_dial(pair, client);

    tls_run(pair);
    return p;
}

static void client_failed(struct tls_peer *p, int error)
{
    p->error = error;
    if (error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
        p->alert = p->ssl.MBEDTLS_PRIVATE(in_msg)[1];
    if (error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        p->notified = true;
}

static void client_reads(struct tls_peer *p)
{
    while (p->error == 0) {
        int n = mbedtls_ssl_read(&p->ssl, p->in + p->in_len, TLS_BUFFER - p->in_len);

        if (n > 0) {
            p->in_len += (size_t)n;
        } else if (n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
            p->ticket = true;
        } else if (n != MBEDTLS_ERR_SSL_WANT_READ || p->down_at == p->down_len) { /* it also says so between two records */
            if (n != MBEDTLS_ERR_SSL_WANT_READ)
                client_failed(p, n);
            return;
        }
    }
}

/* The client does what it can. */
static void client_moves(struct tls_peer *p)
{
    if (p->is.raw) {
        client_send(p, p->out + p->out_at, p->out_len - p->out_at);
        p->out_at = p->out_len;
        memcpy(p->in + p->in_len, p->down + p->down_at, p->down_len - p->down_at);
        p->in_len += p->down_len - p->down_at;
        p->down_at = p->down_len;
        return;
    }
    tls_client_runs = true;
    if (!p->open && p->error == 0) {
        int error;

        asked_limit = p->is.limit;
        error = mbedtls_ssl_handshake(&p->ssl);

        p->open = error == 0;
        if (error != 0 && error != MBEDTLS_ERR_SSL_WANT_READ)
            client_failed(p, error);
    }
    while (p->open && p->error == 0 && p->out_at < p->out_len) {
        int n = mbedtls_ssl_write(&p->ssl, p->out + p->out_at, p->out_len - p->out_at);

        if (n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
            p->ticket = true;
            continue;
        }
        if (n < 0) {
            client_failed(p, n);
            break;
        }
        p->out_at += (size_t)n;
    }
    if (p->open)
        client_reads(p);
    tls_client_runs = false;
}

/* ---- the transport's round ---- */

/* How far the client's bytes are delivered. */
static size_t end_of(const struct tls_peer *p)
{
    return p->is.cut > 0 && p->is.cut < p->up_len ? p->is.cut : p->up_len;
}

static bool deliver(struct tls_peer *p)
{
    const struct gram_pipe_calls *calls = p->pair->tls->pipe.calls;
    size_t end = end_of(p);
    bool moved = false;

    while (p->up_at < end && (calls->rx_ready(p->conn) || !p->offered)) {
        size_t n = p->is.segment > 0 && p->is.segment < end - p->up_at ? p->is.segment : end - p->up_at;
        uint8_t *exact = malloc(n); /* the sanitizer sees who reads beyond */
        size_t taken;

        memcpy(exact, p->up + p->up_at, n);
        taken = calls->rx(p->conn, exact, n);
        free(exact);
        assert_true(taken <= n);
        moved |= !p->offered; /* its turn may come by that */
        p->offered = true;
        p->up_at += taken;
        moved |= taken > 0;
        if (taken > 0 && p->is.each_segment) {
            p->is.each_segment(p);
            end = end_of(p);
        }
        if (taken < n)
            break;
    }
    if (!p->said_fin && p->is.cut > 0 && p->up_at < end && !p->said_ending) {
        p->said_ending = true;
        calls->rx_ending(p->conn);
        moved = true;
    }
    if (!p->said_fin && p->is.cut > 0 && p->up_at == p->is.cut) {
        p->said_fin = true;
        calls->rx_end(p->conn);
        moved = true;
    }
    return moved;
}

static bool collect(struct tls_peer *p)
{
    const struct gram_pipe_calls *calls = p->pair->tls->pipe.calls;
    const uint8_t *bytes;
    bool moved = false;
    size_t n;

    while (!p->deaf && (bytes = calls->tx_buf(p->conn, &n)) != NULL && n > 0) {
        assert_true(p->down_len + n <= TLS_BUFFER);
        memcpy(p->down + p->down_len, bytes, n);
        p->down_len += n;
        calls->tx_taken(p->conn, n);
        calls->tx_acked(p->conn, n);
        moved = true;
    }
    return moved;
}

static bool serve(struct tls_peer *p)
{
    const struct gram_pipe_calls *calls = p->pair->tls->pipe.calls;
    bool moved;
    size_t unsent;

    moved = deliver(p);
    moved |= collect(p);
    calls->tx_buf(p->conn, &unsent);
    if (calls->phase(p->conn) == GRAM_CONN_OPEN || (calls->phase(p->conn) == GRAM_CONN_DONE && unsent > 0))
        return moved;
    p->fate = calls->phase(p->conn) == GRAM_CONN_DONE ? TLS_DONE : TLS_DROPPED;
    calls->closed(p->conn);
    client_moves(p);
    return true;
}

bool tls_round(struct tls_pair *pair)
{
    uint32_t left = gram_server_poll(pair->server, pair->now);
    bool moved = false;

    for (unsigned i = 0; i < pair->peer_count; i++) {
        struct tls_peer *p = pair->peers[i];
        uint32_t ms;

        if (p->fate != TLS_HERE)
            continue;
        client_moves(p);
        ms = pair->tls->pipe.calls->poll(p->conn, pair->now);
        left = ms < left ? ms : left;
        moved |= serve(p);
    }
    pair->has_due = left != GRAM_FOREVER;
    pair->due = pair->now + left;
    return moved || left == 0;
}

void tls_run(struct tls_pair *pair)
{
    unsigned rounds = 0;

    gram_server_set_time(pair->server, pair->now);
    while (tls_round(pair))
        assert_true(rounds++ < 100000);
}

void tls_sleep(struct tls_pair *pair, uint32_t ms)
{
    uint32_t end = pair->now + ms;

    while (pair->has_due && (int32_t)(pair->due - end) <= 0) {
        pair->now = pair->due;
        tls_run(pair);
    }
    pair->now = end;
    tls_run(pair);
}

/* ---- what a client says ---- */

void tls_queue(struct tls_peer *p, const void *data, size_t len)
{
    assert_true(p->out_len + len <= TLS_BUFFER);
    memcpy(p->out + p->out_len, data, len);
    p->out_len += len;
}

void tls_hello(struct tls_peer *p)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\0\4\1\0\0\0";

    tls_queue(p, preface, sizeof preface); /* SETTINGS, the acknowledgement of the server's, its last 0 byte */
}

void tls_call(struct tls_peer *p, uint32_t id, const char *path, int32_t number, const char *text)
{
    static struct blob fields, message, frames;

    fields.len = message.len = frames.len = 0;
    put_request(&fields, path);
    put_message(&message, number, text, 0);
    put_frame(&frames, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS, id, fields.bytes, fields.len);
    put_frame(&frames, GRAM_H2_DATA, GRAM_H2_FLAG_END_STREAM, id, message.bytes, message.len);
    tls_queue(p, frames.bytes, frames.len);
}

void tls_check_call(struct tls_peer *p, uint32_t id)
{
    char text[16];

    assert_true(p->open);
    snprintf(text, sizeof text, "text %u", (unsigned)id);
    if (id == 1)
        tls_hello(p);
    tls_call(p, id, UNARY, 7, text);
    tls_run(p->pair);
    assert_int_equal(p->error, 0);
    assert_true(tls_has(p, text));
}

bool tls_has(const struct tls_peer *p, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i + n <= p->in_len; i++)
        if (memcmp(p->in + i, text, n) == 0)
            return true;
    return false;
}

void tls_fin(struct tls_peer *p)
{
    client_moves(p);
    p->is.cut = p->up_len > 0 ? p->up_len : 1;
    tls_run(p->pair);
}

void tls_notify(struct tls_peer *p)
{
    tls_client_runs = true;
    assert_int_equal(mbedtls_ssl_close_notify(&p->ssl), 0);
    tls_client_runs = false;
    tls_run(p->pair);
}

void tls_lose(struct tls_peer *p)
{
    if (p->fate != TLS_HERE)
        return;
    p->pair->tls->pipe.calls->closed(p->conn);
    p->fate = TLS_LEFT;
}

void tls_session(struct tls_peer *p, mbedtls_ssl_session *session)
{
    tls_client_runs = true;
    mbedtls_ssl_session_init(session);
    assert_int_equal(mbedtls_ssl_get_session(&p->ssl, session), 0);
    tls_client_runs = false;
}
