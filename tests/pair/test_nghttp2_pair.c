/* nghttp2's client, written by people who never saw gram, over the same in-memory transport: calls of all
 * kinds, ordinary flow control, windows and tables of any size, segments cut anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>

#include "expect.h"

enum { CALLS = 8 };

struct call {
    int32_t id;       /* 0: not begun */
    struct blob body; /* what is to be uploaded, and how much has been */
    size_t sent;
    uint8_t *got;
    size_t got_len;
    char status[8], grpc_status[8], grpc_message[128];
    uint32_t code; /* of its end */
    bool closed;
};

struct client {
    struct peer *peer; /* its transport only */
    nghttp2_session *session;
    size_t seen; /* of peer->in */
    struct call calls[CALLS];
    bool goaway;
};

static struct client client;

static struct call *call_of(int32_t id)
{
    for (unsigned i = 0; i < CALLS; i++)
        if (client.calls[i].id == id)
            return &client.calls[i];
    fail_msg("nghttp2 speaks of stream %d", id);
    return NULL;
}

/* ---- what nghttp2 tells ---- */

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    struct call *c = call_of(frame->hd.stream_id);
    (void)session;
    (void)flags;
    (void)user;
    (void)name_len;
    (void)value_len;
    if (strcmp((const char *)name, ":status") == 0)
        snprintf(c->status, sizeof c->status, "%s", (const char *)value);
    else if (strcmp((const char *)name, "grpc-status") == 0)
        snprintf(c->grpc_status, sizeof c->grpc_status, "%s", (const char *)value);
    else if (strcmp((const char *)name, "grpc-message") == 0)
        snprintf(c->grpc_message, sizeof c->grpc_message, "%s", (const char *)value);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
                   void *user)
{
    struct call *c = call_of(id);
    (void)session;
    (void)flags;
    (void)user;
    c->got = realloc(c->got, c->got_len + len + 1);
    assert_non_null(c->got);
    memcpy(c->got + c->got_len, data, len);
    c->got_len += len;
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    struct call *c = call_of(id);
    (void)session;
    (void)user;
    c->closed = true;
    c->code = code;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    (void)session;
    (void)user;
    client.goaway |= frame->hd.type == NGHTTP2_GOAWAY;
    return 0;
}

static int on_invalid(nghttp2_session *session, const nghttp2_frame *frame, int error, void *user)
{
    (void)session;
    (void)user;
    fail_msg("nghttp2 finds a frame of type %d invalid: %s", frame->hd.type, nghttp2_strerror(error));
    return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
                         nghttp2_data_source *source, void *user)
{
    struct call *c = source->ptr;
    size_t left = c->body.len - c->sent;
    (void)session;
    (void)id;
    (void)user;
    len = len < left ? len : left;
    memcpy(buf, c->body.bytes + c->sent, len);
    c->sent += len;
    if (c->sent == c->body.len)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

/* ---- the session ---- */

static void open_client(struct pair *pair, const nghttp2_settings_entry *settings, size_t count)
{
    nghttp2_session_callbacks *callbacks;

    memset(&client, 0, sizeof client);
    client.peer = peer_open(pair);
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid);
    assert_int_equal(nghttp2_session_client_new(&client.session, callbacks, NULL), 0);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(client.session, NGHTTP2_FLAG_NONE, settings, count), 0);
}

static void close_client(void)
{
    nghttp2_session_del(client.session);
    for (unsigned i = 0; i < CALLS; i++)
        free(client.calls[i].got);
}

/* Until neither side has anything to say. */
static void run(struct pair *pair)
{
    for (;;) {
        const uint8_t *data;
        ssize_t n = nghttp2_session_mem_send(client.session, &data);
        assert_true(n >= 0);
        if (n > 0)
            peer_queue(client.peer, data, (size_t)n);
        size_t before = client.peer->in_len;
        pair_run(pair);
        size_t fresh = client.peer->in_len - client.seen;
        if (fresh > 0) {
            ssize_t taken = nghttp2_session_mem_recv(client.session, client.peer->in + client.seen, fresh);
            assert_int_equal(taken, (ssize_t)fresh);
            client.seen += fresh;
        }
        if (n == 0 && fresh == 0 && before == client.peer->in_len)
            return;
    }
}

#define NV(name_, value_)                                                                                    \
    {                                                                                                        \
        (uint8_t *)(uintptr_t)(name_), (uint8_t *)(uintptr_t)(value_), strlen(name_), strlen(value_),        \
            NGHTTP2_NV_FLAG_NONE                                                                             \
    }

/* Begins a call whose body is in its blob. */
static struct call *begin(unsigned i, const char *path)
{
    struct call *c = &client.calls[i];
    const nghttp2_nv fields[] = {
        NV(":method", "POST"),
        NV(":scheme", "http"),
        NV(":path", path),
        NV(":authority", "device"),
        NV("content-type", "application/grpc+proto"),
        NV("te", "trailers"),
        NV("user-agent", "test/1.0"),
        NV("grpc-timeout", "1H"),
        NV("grpc-accept-encoding", "identity, gzip"),
    };
    nghttp2_data_provider body = {.source = {.ptr = c}, .read_callback = read_body};
    c->id =
        nghttp2_submit_request(client.session, NULL, fields, sizeof fields / sizeof fields[0], &body, NULL);
    assert_true(c->id > 0);
    return c;
}

static void forget(struct call *c)
{
    free(c->got);
    memset(c, 0, sizeof *c);
}

/* Its answer as the other tests' client sees it. */
static void is_answered(struct call *c, const char *status, unsigned replies)
{
    struct answer a = {.body = c->got, .body_len = c->got_len};
    assert_true(c->closed);
    assert_int_equal(c->code, NGHTTP2_NO_ERROR);
    assert_string_equal(c->status, "200");
    assert_string_equal(c->grpc_status, status);
    assert_int_equal(answer_replies(&a), replies);
}

/* ---- calls ---- */

static void calls(struct pair *pair)
{
    struct call *c = &client.calls[0];
    for (int i = 0; i < 40; i++) {
        forget(c);
        put_message(&c->body, i, "unary", 0);
        begin(0, UNARY);
        run(pair);
        is_answered(c, "0", 1);
        forget(c);
        put_message(&c->body, i, "", 0);
        begin(0, STREAM);
        run(pair);
        is_answered(c, "0", (unsigned)i);
        forget(c);
        for (int n = 0; n < i; n++)
            put_message(&c->body, n, "chat", 0);
        begin(0, CHAT);
        run(pair);
        is_answered(c, "0", (unsigned)i);
        forget(c);
        put_message(&c->body, 1, "nobody", 0);
        begin(0, "/no/such");
        run(pair);
        assert_string_equal(c->grpc_status, "12");
    }
    forget(c); /* the longest request */
    put_message(&c->body, 6, "", GRAM_MESSAGE_SIZE - 7);
    begin(0, TINY);
    run(pair);
    is_answered(c, "0", 1);
    forget(c); /* a stream of them */
    for (unsigned i = 0; i < 30; i++)
        put_message(&c->body, 6, "", GRAM_MESSAGE_SIZE - 7);
    begin(0, COLLECT);
    run(pair);
    is_answered(c, "0", 1);
    forget(c); /* a reply that is larger than anything here */
    test_app_reset();
    test_app_answer((struct test_answer){.status = GRAM_OK, .fill = 30000});
    put_message(&c->body, 6, "", 0);
    begin(0, LARGE);
    run(pair);
    is_answered(c, "0", 1);
    assert_int_equal(c->got_len, 5 + 4 + 30000);
    forget(c);
    test_app_reset();
    test_app_status(GRAM_NOT_FOUND, "no");
    put_message(&c->body, 6, "", 0);
    begin(0, TINY);
    run(pair);
    is_answered(c, "5", 0);
    assert_string_equal(c->grpc_message, "no");
    assert_false(client.goaway);
}

static void test_default(struct pair *pair)
{
    open_client(pair, NULL, 0);
    calls(pair);
    close_client();
}

static void test_segments(struct pair *pair)
{
    test_random_start(&pair->random, "nghttp2_pair");
    open_client(pair, NULL, 0);
    client.peer->segment = PEER_RANDOM;
    calls(pair);
    close_client();
    peer_lose(client.peer);
    test_app_reset();
    open_client(pair, NULL, 0);
    client.peer->segment = 1;
    calls(pair);
    close_client();
}

/* As C-core, as tonic, and as nobody. */
static void test_settings(struct pair *pair)
{
    static const nghttp2_settings_entry sets[][4] = {
        {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 4194303},
         {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 4194303},
         {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 8192}},
        {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2097152},
         {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 16384},
         {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 16384}},
        {{NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 0},
         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 65535},
         {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0},
         {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}},
        {{NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 103},
         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 100},
         {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1},
         {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}},
    };
    for (unsigned i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        test_app_reset();
        open_client(pair, sets[i], 4);
        calls(pair);
        close_client();
        peer_lose(client.peer);
    }
}

/* As many as there may be, beside each other, each kind of them. */
static void test_beside(struct pair *pair)
{
    static const char *const paths[] = {UNARY, CHAT, COLLECT, STREAM};
    open_client(pair, NULL, 0);
    run(pair);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < CALLS; i++) { /* those beyond the limit nghttp2 keeps back */
            struct call *c = &client.calls[i];
            forget(c);
            put_message(&c->body, 10, "beside", 0);
            begin(i, paths[i % 4]);
        }
        run(pair);
        for (unsigned i = 0; i < CALLS; i++)
            is_answered(&client.calls[i], "0", i % 4 == 3 ? 10 : 1);
    }
    close_client();
}

/* The table's size changes while calls go on. */
static void test_table_changes(struct pair *pair)
{
    static const uint32_t sizes[] = {0, 4096, 103, 104, 50, 65536, 0, 200};
    open_client(pair, NULL, 0);
    for (unsigned i = 0; i < 64; i++) {
        struct call *c = &client.calls[0];
        nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, sizes[i % 8]};
        forget(c);
        put_message(&c->body, 10, "table", 0);
        if (i % 3 != 0)
            assert_int_equal(nghttp2_submit_settings(client.session, NGHTTP2_FLAG_NONE, &entry, 1), 0);
        begin(0, UNARY);
        run(pair);
        is_answered(c, "0", 1);
        pair_sleep(pair, 100);
    }
    close_client();
}

/* A client that gives up, and one that says goodbye. */
static void test_ends(struct pair *pair)
{
    struct call *c = &client.calls[0];
    open_client(pair, NULL, 0);
    test_app_status(GRAM_PENDING, NULL);
    put_message(&c->body, 10, "", 0);
    begin(0, TINY);
    run(pair);
    nghttp2_submit_rst_stream(client.session, NGHTTP2_FLAG_NONE, c->id, NGHTTP2_CANCEL);
    run(pair);
    assert_true(c->closed);
    expect_usage(pair, 0, 0, 0);
    nghttp2_session_terminate_session(client.session, NGHTTP2_NO_ERROR);
    run(pair);
    assert_int_equal(client.peer->fate, PEER_DONE);
    close_client();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_default), PAIR_TEST(test_segments),      PAIR_TEST(test_settings),
        PAIR_TEST(test_beside),  PAIR_TEST(test_table_changes), PAIR_TEST(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
