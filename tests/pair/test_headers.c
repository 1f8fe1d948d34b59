/* Which header blocks are requests, and which are malformed (RFC 9113 8.1, 8.2, 8.3): malformed ones are
 * stream errors, the connection goes on. What is too large is in test_header_size.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS };

static struct blob b;
static uint32_t id;
static struct peer *client;

static void begin(struct pair *pair)
{
    client = peer_ready(pair);
    id = 1;
}

/* The block in `b` as a request: malformed. */
static void is_malformed(struct pair *pair)
{
    peer_block(client, id, &b, 0);
    expect_rst(client, id, GRAM_H2_PROTOCOL_ERROR);
    expect_usage(pair, 0, 0, 0);
    id += 2;
    pair_sleep(pair, 250); /* resets are counted */
}

/* The same: a request, which is answered. */
static void is_good(void)
{
    peer_block(client, id, &b, 0);
    peer_message(client, id, (int32_t)id, "", 0, ES);
    expect_number(client, id, (int32_t)id);
    expect_whatever(client);
    id += 2;
}

/* Four pseudo-headers, by bits of `which`. */
static void pseudo(unsigned which)
{
    b.len = 0;
    if (which & 1)
        put_index(&b, 3);
    if (which & 2)
        put_index(&b, 6);
    if (which & 4)
        put_field(&b, ":path", TINY);
    if (which & 8)
        put_field(&b, ":authority", "device");
}

static void rest(void)
{
    put_field(&b, "content-type", "application/grpc");
}

static void test_missing(struct pair *pair)
{
    begin(pair);
    for (unsigned which = 0; which < 16; which++) {
        pseudo(which);
        rest();
        if ((which & 7) == 7)
            is_good();
        else
            is_malformed(pair);
    }
    expect_alive(client);
}

static void twice(struct pair *pair, const char *name, const char *value)
{
    pseudo(7);
    if (strcmp(name, ":authority") == 0)
        put_field(&b, name, value);
    put_field(&b, name, value);
    rest();
    is_malformed(pair);
}

static void test_duplicate(struct pair *pair)
{
    begin(pair);
    twice(pair, ":method", "POST");
    twice(pair, ":scheme", "http");
    twice(pair, ":path", TINY);
    twice(pair, ":authority", "device");
    expect_alive(client);
}

static void test_late(struct pair *pair)
{
    begin(pair);
    for (unsigned late = 0; late < 4; late++) {
        static const char *const fields[4][2] = {
            {":method", "POST"}, {":scheme", "http"}, {":path", TINY}, {":authority", "device"}};
        pseudo(15u & ~(1u << late));
        rest();
        put_field(&b, fields[late][0], fields[late][1]);
        is_malformed(pair);
    }
    pseudo(7); /* after a name that nobody knows, too */
    put_field(&b, "x", "y");
    put_field(&b, ":authority", "device");
    rest();
    is_malformed(pair);
    expect_alive(client);
}

static void with(const char *name, const char *value)
{
    pseudo(15);
    rest();
    put_field(&b, name, value);
}

static void before(const char *name, const char *value)
{
    pseudo(15);
    put_field(&b, name, value);
    rest();
}

static void test_unknown_pseudo(struct pair *pair)
{
    begin(pair);
    before(":status", "200");
    is_malformed(pair);
    before(":protocol", "websocket");
    is_malformed(pair);
    before(":", "");
    is_malformed(pair);
    expect_alive(client);
}

static void test_names(struct pair *pair)
{
    static const char *const bad[] = {"X",     "Content-Type", "grpc-Timeout", "",    "a b",
                                      "a\x7f", "a\x80",        "a:b",          "\x01"};
    begin(pair);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        with(bad[i], "v");
        is_malformed(pair);
    }
    with("x-well.formed_name~", "v");
    is_good();
    expect_alive(client);
}

static void test_values(struct pair *pair)
{
    static const char *const bad[] = {" v", "v ", "\tv", "v\t", "a\nb", "a\rb", "\n", " "};
    begin(pair);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        with("x-any", bad[i]);
        is_malformed(pair);
        with("grpc-timeout", bad[i]);
        is_malformed(pair);
    }
    pseudo(15);
    rest();
    put(&b, "\0\1x\3a\0b", 7); /* NUL */
    is_malformed(pair);
    with("x-any", "");
    is_good();
    with("x-any", "a b\tc\x80\xff");
    is_good();
    expect_alive(client);
}

static void test_connection_specific(struct pair *pair)
{
    static const char *const bad[][2] = {
        {"connection", "close"},
        {"connection", ""},
        {"keep-alive", "timeout=5"},
        {"proxy-connection", "keep-alive"},
        {"upgrade", "h2c"},
        {"transfer-encoding", "chunked"},
        {"te", "gzip"},
        {"te", "trailers, gzip"},
        {"te", ""},
        {"te", "Trailers"},
        {"te", "trailer"},
    };
    begin(pair);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        with(bad[i][0], bad[i][1]);
        is_malformed(pair);
    }
    with("te", "trailers");
    is_good();
    pseudo(15); /* te is not needed */
    rest();
    is_good();
    expect_alive(client);
}

/* A field that was malformed when it was inserted still is when its index is used (CVE-2024-7246). */
static void test_malformed_in_table(struct pair *pair)
{
    begin(pair);
    pseudo(15);
    rest();
    put_insert(&b, "te", "gzip");
    is_malformed(pair);
    pseudo(15);
    rest();
    put_index(&b, 62);
    is_malformed(pair);
    pseudo(15);
    rest();
    put_insert(&b, "X-Upper", "v");
    is_malformed(pair);
    pseudo(15);
    rest();
    put_index(&b, 62);
    is_malformed(pair);
    pseudo(15);
    rest();
    put_insert(&b, "x-mine", " v");
    is_malformed(pair);
    pseudo(15);
    rest();
    put_index(&b, 62);
    is_malformed(pair);
    expect_alive(client);
}

static void test_empty_path(struct pair *pair)
{
    begin(pair);
    pseudo(11);
    put_field(&b, ":path", "");
    rest();
    is_malformed(pair);
    b.len = 0;
    put_field(&b, ":method", "");
    put_index(&b, 6);
    put_field(&b, ":path", TINY);
    rest();
    is_malformed(pair);
    pseudo(13);
    put_field(&b, ":scheme", "");
    rest();
    is_malformed(pair);
    pseudo(13); /* any scheme is one */
    put_field(&b, ":scheme", "coap");
    rest();
    is_good();
}

/* HPACK errors are the connection's (4.3). */
static void test_compression_error(struct pair *pair)
{
    struct peer *p;
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x80", 1},                         /* index 0 */
        {"\xbe", 1},                         /* index 62 of an empty table */
        {"\x83\x86\x3f", 3},                 /* a size update after a field */
        {"\x3f\xe2\x1f", 3},                 /* above 4096 */
        {"\x83\x86\x00", 3},                 /* cut short */
        {"\x83\xff\xff\xff\xff\xff\xff", 7}, /* an integer without end */
        {"\x00\x01x\x81\xff", 5},            /* Huffman: EOS in it */
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        p = peer_ready(pair);
        peer_frame(p, GRAM_H2_HEADERS, EH, 1, bad[i].bytes, bad[i].len);
        expect_goaway(p, GRAM_H2_COMPRESSION_ERROR, NULL);
    }
    p = peer_ready(pair); /* on a stream that nobody wants, too */
    peer_headers(p, 1, "/no/such", 0);
    expect_whatever(p);
    peer_frame(p, GRAM_H2_HEADERS, EH | ES, 1, "\x80", 1);
    expect_goaway(p, GRAM_H2_COMPRESSION_ERROR, NULL);
}

/* HEADERS whose priority depends on its own stream. */
static void test_self_dependency(struct pair *pair)
{
    begin(pair);
    b.len = 0;
    put(&b, "\x80\0\0\1\xff", 5);
    put_request(&b, TINY);
    peer_block(client, 1, &b, GRAM_H2_FLAG_PRIORITY);
    expect_rst(client, 1, GRAM_H2_PROTOCOL_ERROR);
    b.len = 0;
    put(&b, "\x80\0\0\1\xff", 5);
    put_request(&b, TINY);
    peer_block(client, 3, &b, GRAM_H2_FLAG_PRIORITY);
    peer_message(client, 3, 4, "", 0, ES);
    expect_number(client, 3, 4);
}

/* ---- content-length (8.1.1) ---- */

static void length_is(const char *length, bool good, struct pair *pair)
{
    with("content-length", length);
    peer_block(client, id, &b, 0);
    peer_message(client, id, (int32_t)id, "", 0, 0);
    if (good || client->looked == client->frame_count)
        peer_frame(client, GRAM_H2_DATA, ES, id, NULL, 0);
    if (good)
        expect_number(client, id, (int32_t)id);
    else
        expect_rst(client, id, GRAM_H2_PROTOCOL_ERROR);
    expect_whatever(client);
    id += 2;
    pair_sleep(pair, 250);
}

static void test_content_length(struct pair *pair)
{
    begin(pair);
    length_is("7", true, pair); /* prefix, tag, a number of one byte */
    length_is("07", true, pair);
    length_is("8", false, pair);
    length_is("6", false, pair);
    length_is("0", false, pair);
    length_is("", false, pair);
    length_is("-7", false, pair);
    length_is("7a", false, pair);
    length_is("a", false, pair);
    length_is("4294967303", false, pair); /* 2^32 + 7 */
    expect_alive(client);
}

static void test_content_length_at_end(struct pair *pair)
{
    begin(pair);
    with("content-length", "0");
    peer_block(client, id, &b, ES);
    expect_only_trailers(client, id, GRAM_UNIMPLEMENTED, "*");
    expect_whatever(client);
    id += 2;
    with("content-length", "1");
    peer_block(client, id, &b, ES);
    expect_rst(client, id, GRAM_H2_PROTOCOL_ERROR);
    id += 2;
    with("content-length", "7"); /* twice the same */
    put_field(&b, "content-length", "7");
    peer_block(client, id, &b, 0);
    peer_message(client, id, 5, "", 0, ES);
    expect_number(client, id, 5);
    expect_whatever(client);
    id += 2;
    with("content-length", "7");
    put_field(&b, "content-length", "8");
    is_malformed(pair);
    with("content-length", "9"); /* the end comes with trailers */
    peer_block(client, id, &b, 0);
    peer_message(client, id, 5, "", 0, 0);
    b.len = 0;
    peer_block(client, id, &b, ES);
    expect_rst(client, id, GRAM_H2_PROTOCOL_ERROR);
    pseudo(15); /* out of the static table: without a value */
    rest();
    put_index(&b, 28);
    id += 2;
    is_malformed(pair);
    expect_alive(client);
}

/* ---- trailers of the request (8.1) ---- */

static void open_stream(void)
{
    pseudo(15);
    rest();
    peer_block(client, id, &b, 0);
    b.len = 0;
}

static void trailers_are_bad(struct pair *pair, unsigned flags)
{
    peer_block(client, id, &b, flags);
    expect_rst(client, id, GRAM_H2_PROTOCOL_ERROR);
    expect_usage(pair, 0, 0, 0);
    id += 2;
    pair_sleep(pair, 250);
}

static void test_bad_trailers(struct pair *pair)
{
    begin(pair);
    open_stream();
    trailers_are_bad(pair, 0); /* without END_STREAM */
    open_stream();
    put_field(&b, ":path", TINY);
    trailers_are_bad(pair, ES);
    open_stream();
    put_index(&b, 3);
    trailers_are_bad(pair, ES);
    open_stream();
    put_field(&b, ":unknown", "x");
    trailers_are_bad(pair, ES);
    open_stream();
    put_field(&b, "connection", "close");
    trailers_are_bad(pair, ES);
    open_stream();
    put_field(&b, "Upper", "x");
    trailers_are_bad(pair, ES);
    open_stream();
    put_field(&b, "x-mine", "x ");
    trailers_are_bad(pair, ES);
    expect_alive(client);
}

static void test_good_trailers(struct pair *pair)
{
    begin(pair);
    open_stream();
    peer_message(client, id, 6, "", 0, 0);
    put_insert(&b, "x-checksum", "17");
    peer_block(client, id, &b, ES);
    expect_number(client, id, 6);
    id += 2;
    open_stream();
    peer_message(client, id, 7, "", 0, 0);
    put_index(&b, 62);
    peer_block(client, id, &b, ES);
    expect_number(client, id, 7);
    expect_whatever(client);
    expect_alive(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_missing),
        PAIR_TEST(test_duplicate),
        PAIR_TEST(test_late),
        PAIR_TEST(test_unknown_pseudo),
        PAIR_TEST(test_names),
        PAIR_TEST(test_values),
        PAIR_TEST(test_connection_specific),
        PAIR_TEST(test_malformed_in_table),
        PAIR_TEST(test_empty_path),
        PAIR_TEST(test_compression_error),
        PAIR_TEST(test_self_dependency),
        PAIR_TEST(test_content_length),
        PAIR_TEST(test_content_length_at_end),
        PAIR_TEST(test_bad_trailers),
        PAIR_TEST(test_good_trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
