/* Header blocks that are too large, by their bytes or their number of fields: the call alone is refused, and
 * at four times the limit the connection ends (CVE-2016-6581, CVE-2026-49975). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS };
/* What put_request() makes, as RFC 7541 4.1 counts it: 32 for each field, its name, its value. */
enum { FIELDS = 6, USUAL = FIELDS * 32 + 7 + 4 + 7 + 4 + 5 + sizeof TINY - 1 + 10 + 6 + 12 + 16 + 2 + 8 };

static struct blob b;

static void begin_request(void)
{
    b.len = 0;
    put_request(&b, TINY);
}

static void is_served(struct peer *p, uint32_t id)
{
    peer_block(p, id, &b, 0);
    peer_message(p, id, (int32_t)id, "", 0, ES);
    expect_number(p, id, (int32_t)id);
    expect_whatever(p);
}

static void is_refused(struct peer *p, uint32_t id)
{
    expect_only_trailers(p, id, GRAM_RESOURCE_EXHAUSTED, "*");
    expect_whatever(p);
}

/* ---- bytes ---- */

/* The block in HEADERS and as many CONTINUATIONs as it takes. */
static void send_long(struct peer *p, uint32_t id, unsigned flags)
{
    static struct blob frames;
    size_t at = 0;
    frames.len = 0;
    do {
        size_t n = b.len - at < 16384 ? b.len - at : 16384;
        unsigned last = at + n == b.len ? EH : 0;
        put_frame(&frames, at == 0 ? GRAM_H2_HEADERS : GRAM_H2_CONTINUATION, last | (at == 0 ? flags : 0), id,
                  b.bytes + at, n);
        at += n;
    } while (at < b.len);
    peer_send(p, &frames);
}

/* A field of `size` bytes in the list. */
static void put_long(size_t size)
{
    static char value[65536];
    memset(value, 'v', size - 32 - 6);
    value[size - 32 - 6] = '\0';
    put_field(&b, "x-long", value);
}

static void test_list_size(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    begin_request();
    put_long(GRAM_HEADER_LIST_MAX - USUAL);
    is_served(p, 1);
    begin_request();
    put_long(GRAM_HEADER_LIST_MAX - USUAL + 1);
    peer_block(p, 3, &b, 0);
    is_refused(p, 3);
    assert_true(peer_answer(p, 3)->reset);
    expect_alive(p);
}

/* As C-core sends it where its application has 30 KB of metadata: refused, and the tables stay in step. */
static void test_list_beyond(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    begin_request();
    put_long(4 * GRAM_HEADER_LIST_MAX - USUAL - 40);
    put_insert(&b, "x-after", "1"); /* 40 */
    send_long(p, 1, ES);
    is_refused(p, 1);
    begin_request();
    put_index(&b, 62);
    is_served(p, 3);
    begin_request();
    put_long(4 * GRAM_HEADER_LIST_MAX - USUAL + 1);
    send_long(p, 5, 0);
    expect_goaway(p, GRAM_H2_ENHANCE_YOUR_CALM, "GRAM_HEADER_LIST_MAX");
}

/* ---- fields: they cost nothing on the wire once they are in the table, so they are counted ---- */

static void put_fields(unsigned count)
{
    put_insert(&b, "x", "");
    while (--count > 0)
        put_index(&b, 62);
}

static void request_of(unsigned fields)
{
    begin_request();
    put_fields(fields - FIELDS);
}

static void test_field_count(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    request_of(GRAM_HEADER_FIELDS_MAX);
    is_served(p, 1);
    request_of(GRAM_HEADER_FIELDS_MAX + 1);
    peer_block(p, 3, &b, 0);
    is_refused(p, 3);
    request_of(4 * GRAM_HEADER_FIELDS_MAX);
    peer_block(p, 5, &b, 0);
    is_refused(p, 5);
    expect_alive(p);
    request_of(4 * GRAM_HEADER_FIELDS_MAX + 1);
    peer_block(p, p->last_id + 2, &b, 0);
    expect_goaway(p, GRAM_H2_ENHANCE_YOUR_CALM, "GRAM_HEADER_LIST_MAX");
}

/* In trailers as well. */
static void test_large_trailers(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    peer_headers(p, 1, TINY, 0);
    peer_message(p, 1, 6, "", 0, 0);
    b.len = 0;
    put_fields(4 * GRAM_HEADER_FIELDS_MAX + 1);
    peer_block(p, 1, &b, ES);
    expect_goaway(p, GRAM_H2_ENHANCE_YOUR_CALM, NULL);
}

/* Too large, and not gRPC at all. */
static void test_large_http(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    b.len = 0;
    put_index(&b, 3);
    put_index(&b, 6);
    put_index(&b, 4);
    put_long(GRAM_HEADER_LIST_MAX);
    peer_block(p, 1, &b, ES);
    expect_http(p, 1, "431");
    expect_whatever(p);
    expect_alive(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_list_size),      PAIR_TEST(test_list_beyond), PAIR_TEST(test_field_count),
        PAIR_TEST(test_large_trailers), PAIR_TEST(test_large_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
