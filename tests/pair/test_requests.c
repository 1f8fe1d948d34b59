/* What gRPC asks of a request: method, path, content-type, encoding, timeout (gRPC over HTTP/2,
 * "Requests"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM };

static struct blob b;
static uint32_t id;
static struct peer *client;

static void begin(struct pair *pair)
{
    client = peer_ready(pair);
    id = 1;
}

/* A request whose fields are these where they are not NULL, in `b`. */
static void fields(const char *method, const char *path, const char *content_type)
{
    b.len = 0;
    put_field(&b, ":method", method);
    put_index(&b, 6);
    put_field(&b, ":path", path);
    if (content_type)
        put_field(&b, "content-type", content_type);
}

/* Sends it with a message, and its end. */
static void send_all(void)
{
    peer_block(client, id, &b, 0);
    peer_message(client, id, 3, "", 0, ES);
}

static void next(struct pair *pair)
{
    expect_whatever(client);
    expect_usage(pair, 0, 0, 0);
    id += 2;
}

/* ---- content-type ---- */

static void test_content_type(struct pair *pair)
{
    static const char *const good[] = {"application/grpc", "application/grpc+proto", "application/grpc+json",
                                       "application/grpc;charset=utf-8", "application/grpc+"};
    static const char *const bad[] = {
        "application/grp",  "application/grpcx", "application/grpc-web", "text/plain",       "",
        "application/json", "application/grpc ", "Application/grpc",     "xapplication/grpc"};
    begin(pair);
    for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++, next(pair)) {
        fields("POST", TINY, good[i]);
        send_all();
        expect_number(client, id, 3);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++, next(pair)) {
        fields("POST", TINY, bad[i]);
        if (bad[i][0] && bad[i][strlen(bad[i]) - 1] == ' ')
            continue; /* not a value at all */
        peer_block(client, id, &b, 0);
        expect_pending(client, id); /* not before the request has ended */
        peer_message(client, id, 3, "", 0, 0);
        expect_pending(client, id);
        peer_frame(client, GRAM_H2_DATA, ES, id, NULL, 0);
        expect_http(client, id, "415");
        assert_true(peer_answer(client, id)->body_len >= 5);
    }
    fields("POST", TINY, NULL);
    send_all();
    expect_http(client, id, "415");
    next(pair);
    fields("POST", TINY, NULL);
    put_index(&b, 31); /* without a value */
    send_all();
    expect_http(client, id, "415");
    next(pair);
    expect_alive(client);
}

/* A deadline is gRPC's: no gRPC status would be understood here. */
static void test_http_deadline(struct pair *pair)
{
    begin(pair);
    fields("POST", TINY, "text/plain");
    put_field(&b, "grpc-timeout", "5m");
    peer_block(client, id, &b, 0);
    pair_sleep(pair, 100);
    expect_pending(client, id);
    peer_frame(client, GRAM_H2_DATA, ES, id, NULL, 0);
    expect_http(client, id, "415");
    next(pair);
    expect_alive(client);
}

/* ---- method ---- */

static void test_method(struct pair *pair)
{
    static const char *const others[] = {"GET", "PUT", "post", "POSTS", "POS", "OPTIONS", "CONNECT"};
    begin(pair);
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++, next(pair)) {
        fields(others[i], TINY, "application/grpc");
        peer_block(client, id, &b, 0);
        expect_pending(client, id);
        peer_message(client, id, 3, "", 0, ES);
        expect_http(client, id, "405");
        assert_string_equal(answer_field(peer_answer(client, id)->headers, "allow"), "POST");
        assert_true(peer_answer(client, id)->body_len >= 5);
    }
    fields("HEAD", "/", NULL);
    peer_block(client, id, &b, ES);
    expect_http(client, id, "405");
    assert_int_equal(peer_answer(client, id)->body_len, 0); /* RFC 9110 9.3.2 */
    next(pair);
    b.len = 0; /* as a browser would ask, all out of the static table */
    put_index(&b, 2);
    put_index(&b, 7);
    put_index(&b, 4);
    peer_block(client, id, &b, ES);
    expect_http(client, id, "405");
    next(pair);
    expect_alive(client);
}

/* A body goes out as the client's windows allow. */
static void test_http_windows(struct pair *pair)
{
    begin(pair);
    peer_setting(client, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    fields("GET", "/", NULL);
    peer_block(client, id, &b, ES);
    assert_int_equal(peer_answer(client, id)->blocks, 1);
    assert_false(peer_answer(client, id)->ended);
    for (unsigned i = 0; i < 200 && !peer_answer(client, id)->ended; i++) {
        size_t before = peer_answer(client, id)->body_len;
        peer_window(client, id, 1);
        assert_int_equal(peer_answer(client, id)->body_len, before + 1);
    }
    expect_http(client, id, "405");
    assert_true(peer_answer(client, id)->body_len >= 5);
    next(pair);
    peer_setting(client, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65535);
    expect_whatever(client);
    expect_alive(client);
}

/* A body that nobody keeps may be longer than any window: such clients do not wait for updates that they
 * were told to wait for. */
static void test_http_body(struct pair *pair)
{
    static const uint8_t zero[3 * GRAM_INITIAL_WINDOW_SIZE];
    begin(pair);
    for (unsigned i = 0; i < 20; i++, next(pair)) {
        fields("PUT", "/file", "text/plain");
        peer_block(client, id, &b, 0);
        for (unsigned n = 0; n < 5; n++)
            peer_frame(client, GRAM_H2_DATA, n == 4 ? ES : 0, id, zero, sizeof zero);
        expect_http(client, id, "405");
    }
    expect_alive(client);
}

/* ---- path ---- */

static void test_path(struct pair *pair)
{
    static const char *const bad[] = {"/",
                                      "/index.html",
                                      "test.Service/Tiny",
                                      "/test.Service/tiny",
                                      "/test.Service/Tin",
                                      "/test.Service/Tiny/",
                                      "/test.Service/Tiny?x",
                                      "//test.Service/Tiny",
                                      "*",
                                      "/test.service/Tiny",
                                      "/test.Service",
                                      "/test.Service/",
                                      "/test.Service/Tinyy"};
    begin(pair);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++, next(pair)) {
        fields("POST", bad[i], "application/grpc");
        send_all();
        expect_only_trailers(client, id, GRAM_UNIMPLEMENTED, "*");
    }
    assert_int_equal(test_app.asked_len, 0);
    b.len = 0; /* "/" by index */
    put_index(&b, 3);
    put_index(&b, 6);
    put_index(&b, 4);
    put_field(&b, "content-type", "application/grpc");
    send_all();
    expect_only_trailers(client, id, GRAM_UNIMPLEMENTED, "*");
    next(pair);
    expect_alive(client);
}

/* Every method of every service is found, the last one too. */
static void test_all_paths(struct pair *pair)
{
    static const char *const paths[] = {UNARY, TINY, LARGE, SHORT, STREAM, FLOOD, COLLECT, CHAT, SMALL_CHAT};
    begin(pair);
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++, next(pair)) {
        fields("POST", paths[i], "application/grpc");
        send_all();
        expect_status(client, id, GRAM_OK, NULL);
        assert_string_equal(test_app_asked(-1)->path, paths[i]);
    }
}

/* A steady-state request: every field an index. */
static void test_indexed(struct pair *pair)
{
    begin(pair);
    b.len = 0;
    put_index(&b, 3);
    put_index(&b, 6);
    put_insert(&b, ":path", TINY);
    put_insert(&b, "content-type", "application/grpc");
    put_insert(&b, "te", "trailers");
    put_insert(&b, "grpc-timeout", "5S");
    put_insert(&b, "grpc-encoding", "identity");
    send_all();
    expect_number(client, id, 3);
    next(pair);
    for (unsigned i = 0; i < 20; i++, next(pair)) {
        b.len = 0;
        put_index(&b, 3);
        put_index(&b, 6);
        for (uint32_t index = 66; index >= 62; index--)
            put_index(&b, index);
        send_all();
        expect_number(client, id, 3);
    }
    b.len = 0; /* a bad verdict is kept as well */
    put_index(&b, 3);
    put_index(&b, 6);
    put_insert(&b, ":path", "/no/such");
    put_insert(&b, "content-type", "text/html");
    send_all();
    expect_http(client, id, "415");
    next(pair);
    b.len = 0;
    put_index(&b, 3);
    put_index(&b, 6);
    put_index(&b, 63);
    put_index(&b, 65 + 2);
    put_index(&b, 64 + 3);
    send_all();
    expect_only_trailers(client, id, GRAM_UNIMPLEMENTED, "*");
}

/* ---- grpc-encoding ---- */

static void test_encoding(struct pair *pair)
{
    static const char *const bad[] = {"gzip", "deflate", "snappy", "identity,gzip", "Identity", ""};
    begin(pair);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++, next(pair)) {
        fields("POST", TINY, "application/grpc");
        put_field(&b, "grpc-encoding", bad[i]);
        send_all();
        expect_status(client, id, GRAM_UNIMPLEMENTED, "*");
        assert_string_equal(answer_field(peer_answer(client, id)->trailers, "grpc-accept-encoding"),
                            "identity");
    }
    fields("POST", TINY, "application/grpc");
    put_field(&b, "grpc-encoding", "identity");
    put_field(&b, "grpc-accept-encoding", "gzip, deflate");
    send_all();
    expect_number(client, id, 3);
    assert_null(answer_field(peer_answer(client, id)->trailers, "grpc-accept-encoding"));
    /* with a table of no size, where the block is longest */
    next(pair);
    peer_setting(client, GRAM_H2_SETTINGS_HEADER_TABLE_SIZE, 0);
    expect_whatever(client);
    fields("POST", TINY, "application/grpc");
    put_field(&b, "grpc-encoding", "gzip");
    send_all();
    expect_status(client, id, GRAM_UNIMPLEMENTED, "*");
    next(pair);
    expect_alive(client);
}

/* ---- grpc-timeout ---- */

static void test_bad_timeout(struct pair *pair)
{
    static const char *const bad[] = {"",    "S",          "1",    "1s", "1SS", "1 S", "-1S",
                                      "+1S", "123456789S", "1.5S", "S1", "1S1", "0x1S"};
    begin(pair);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++, next(pair)) {
        fields("POST", TINY, "application/grpc");
        put_field(&b, "grpc-timeout", bad[i]);
        send_all();
        expect_only_trailers(client, id, GRAM_INTERNAL, "*");
    }
    expect_alive(client);
}

static uint32_t left;

static void look_at_time_left(gram_call *call)
{
    left = gram_call_time_left(call);
}

static void test_good_timeout(struct pair *pair)
{
    static const struct {
        const char *value;
        uint32_t ms;
    } good[] = {
        {"1H", 3600000},
        {"2M", 120000},
        {"3S", 3000},
        {"04S", 4000},
        {"1500m", 1500},
        {"2000u", 2},
        {"1u", 1},
        {"5000000n", 5},
        {"1n", 1},
        {"99999999m", 99999999},
        {"99999999H", GRAM_FOREVER},
        {"0000001S", 1000},
    };
    begin(pair);
    for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++, next(pair)) {
        test_app_answer((struct test_answer){.status = GRAM_OK, .hook = look_at_time_left});
        fields("POST", TINY, "application/grpc");
        put_field(&b, "grpc-timeout", good[i].value);
        send_all();
        expect_status(client, id, GRAM_OK, NULL);
        if (left < good[i].ms || (good[i].ms < GRAM_FOREVER && left > good[i].ms + good[i].ms / 1000))
            fail_msg("%s leaves %u ms", good[i].value, left);
    }
    test_app_answer((struct test_answer){.status = GRAM_OK, .hook = look_at_time_left});
    peer_call(client, id, TINY, 0, "");
    assert_int_equal(left, GRAM_FOREVER);
}

/* An error that comes before the request has ended: trailers, then the client is told to stop. */
static void test_early_error(struct pair *pair)
{
    begin(pair);
    fields("POST", TINY, "application/grpc");
    put_field(&b, "grpc-timeout", "soon");
    peer_block(client, id, &b, 0);
    expect_frame(client, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS | ES, id);
    expect_rst(client, id, GRAM_H2_NO_ERROR);
    expect_only_trailers(client, id, GRAM_INTERNAL, "*");
    next(pair);
    expect_alive(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_content_type), PAIR_TEST(test_method),      PAIR_TEST(test_http_windows),
        PAIR_TEST(test_http_body),    PAIR_TEST(test_path),        PAIR_TEST(test_all_paths),
        PAIR_TEST(test_indexed),      PAIR_TEST(test_encoding),    PAIR_TEST(test_bad_timeout),
        PAIR_TEST(test_good_timeout), PAIR_TEST(test_early_error), PAIR_TEST(test_http_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
