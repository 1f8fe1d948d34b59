/* Values that a client indexes (RFC 7541 2.3.2) and the connection's store of them: pair_check.c sees after
 * every step that the store holds the table's values in the table's order, and nothing else. Here are the
 * ways in which an entry can come and go, and a store that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "metadata_app.h"
#include "metadata_client.h"

#if GRAM_METADATA_SIZE > 0

enum { ES = GRAM_H2_FLAG_END_STREAM, ENTRY = 32 + 6 /* "x-text" */ };

/* The next request, behind a size update. */
static void request_with_table(uint32_t size)
{
    id += 2;
    block.len = 0;
    put_integer(&block, 0x20, 5, size);
    put_request(&block, TINY);
}

/* `len` bytes that begin with `first`. */
static void add_long(char first, size_t len)
{
    char value[4096];

    memset(value, '.', sizeof value);
    value[0] = first;
    put_literal(&block, ADDED, 0, "x-text", value, len);
}

static void expect_lost(void)
{
    send_request();
    expect_only_trailers(client, id, GRAM_RESOURCE_EXHAUSTED, "GRAM_HPACK_STORE");
}

static size_t used(void)
{
    return ((const struct gram_conn *)client->conn)->store.used;
}

static void empty_table(void)
{
    request_with_table(0);
    expect_seen("");
    assert_int_equal(used(), 0);
}

/* ---- entries that come and go ---- */

/* To nothing and back, to less, and by ever new entries: the oldest goes, those behind it stay. */
static void test_eviction(struct pair *pair)
{
    metadata_client(pair);
    next_request();
    put_text(ADDED, "x-text", "a");
    put_text(ADDED, "x-data-bin", "Zg");
    put_text(ADDED, "user-agent", "u");
    expect_seen("x-text=a\nx-data-bin=66\nuser-agent=u\n");
    assert_int_equal(used(), 3 + 4 + 3);
    empty_table();
    request_with_table(3 * (ENTRY + 1));
    for (char c = 'a'; c <= 'z'; c++) {
        char value[2] = {c}, seen[METADATA_SEEN] = "";
        put_text(ADDED, "x-text", value);
        metadata_line(seen, KEY_TEXT, value, 1);
        expect_seen(seen);
        assert_int_equal(used(), c == 'a' ? 3 : c == 'b' ? 6 : 9);
        next_request();
    }
    put_index(&block, 64);
    put_index(&block, 63);
    put_index(&block, 62);
    expect_seen("x-text=x\nx-text=y\nx-text=z\n");
    request_with_table(2 * (ENTRY + 1));
    put_index(&block, 63);
    put_index(&block, 62);
    expect_seen("x-text=y\nx-text=z\n");
    request_with_table(ENTRY + 2);
    put_index(&block, 62);
    expect_seen("x-text=z\n");
    empty_table();
}

/* An entry larger than the table empties it, and is none (RFC 7541 4.4). */
static void test_larger_than_table(struct pair *pair)
{
    metadata_client(pair);
    request_with_table(200);
    put_text(ADDED, "x-text", "a");
    put_text(ADDED, "x-text", "b");
    expect_seen("x-text=a\nx-text=b\n");
    next_request();
    add_long('L', 200 - ENTRY + 1);
    send_request();
    expect_number(client, id, 3);
    assert_int_equal(used(), 0);
    next_request();
    add_long('M', 200 - ENTRY); /* exactly */
    send_request();
    expect_number(client, id, 3);
    assert_int_equal(used(), 2 + 200 - ENTRY);
    next_request();
    put_text(ADDED, "x-text", "c");
    put_index(&block, 62);
    expect_seen("x-text=c\nx-text=c\n");
    assert_int_equal(used(), 3);
}

/* Values of all sorts between each other, evicted in every order: those without a place in the store must
 * not take another's with them. */
static void test_mixed_eviction(struct pair *pair)
{
    static const char *const sorts[][2] = {
        {"x-text", "1"},     {"authorization", "Bearer"}, {"x-nobody", "?"}, {"user-agent", ""},
        {"grpc-timeout", "1S"}, {"x-data-bin", "Zg"},     {":authority", "a"}};
    enum { SORTS = sizeof sorts / sizeof sorts[0] };
    metadata_client(pair);
    for (unsigned first = 0; first < SORTS; first++) {
        for (unsigned step = 1; step < SORTS; step++) {
            id += 2;
            block.len = 0;
            put_integer(&block, 0x20, 5, 4096);
            put_index(&block, 3);
            put_index(&block, 6);
            put_field(&block, ":path", TINY);
            put_field(&block, "content-type", "application/grpc");
            for (unsigned i = 0; i < SORTS; i++) {
                const char *const *sort = sorts[(first + i * step) % SORTS];
                if (sort[0][0] != ':')
                    put_text(ADDED, sort[0], sort[1]);
            }
            send_request();
            expect_number(client, id, 3);
            for (uint32_t size = 400; size > 0; size -= size < 32 ? size : 32) {
                request_with_table(size);
                send_request();
                expect_number(client, id, 3);
            }
            assert_int_equal(used(), 0);
        }
    }
}

/* ---- what is malformed, and what nobody reads ---- */

/* Malformed values get an entry, but no place in the store. When they are evicted, the values of others
 * must stay. */
static void test_malformed(struct pair *pair)
{
    static const struct {
        const char *value;
        size_t len;
    } bad[] = {{" a", 2}, {"a ", 2}, {"a\tb\t", 4}, {"a\0b", 3}, {"a\nb", 3}, {"\r", 1}};
    metadata_client(pair);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        empty_table();
        request_with_table(3 * (ENTRY + 4));
        put_literal(&block, i % 2 ? ADDED : ADDED | HUFFMAN_VALUE, 0, "x-text", bad[i].value, bad[i].len);
        expect_whatever(client);
        peer_block(client, id, &block, 0);
        expect_rst(client, id, GRAM_H2_PROTOCOL_ERROR);
        next_request();
        put_text(ADDED, "x-text", "good");
        put_text(ADDED, "x-text", "also");
        expect_seen("x-text=good\nx-text=also\n");
        next_request(); /* referred to, it stays malformed */
        put_index(&block, 64);
        expect_whatever(client);
        peer_block(client, id, &block, 0);
        expect_rst(client, id, GRAM_H2_PROTOCOL_ERROR);
        next_request(); /* evicts the malformed one, and nothing else */
        put_text(ADDED, "x-text", "more");
        put_index(&block, 64);
        put_index(&block, 63);
        put_index(&block, 62);
        expect_seen("x-text=more\nx-text=good\nx-text=also\nx-text=more\n");
        assert_int_equal(used(), 18);
        pair_sleep(pair, 5000); /* the resets are forgiven */
    }
}

/* Streams beyond the limit, trailers, and blocks for streams that are gone: decoded for the table's sake. */
static void test_unread_blocks(struct pair *pair)
{
    metadata_client(pair);
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        next_request();
        peer_block(client, id, &block, 0);
    }
    uint32_t last = id;
    expect_whatever(client);
    next_request();
    put_text(ADDED, "x-text", "refused");
    peer_block(client, id, &block, ES);
    expect_rst(client, id, GRAM_H2_REFUSED_STREAM);
    block.len = 0;
    put_text(ADDED, "x-text", "trailer");
    peer_message(client, last, 5, "", 0, 0);
    peer_block(client, last, &block, ES);
    expect_number(client, last, 5);
    peer_rst(client, last - 2, GRAM_H2_CANCEL);
    block.len = 0;
    put_text(ADDED, "x-text", "late");
    expect_whatever(client);
    peer_block(client, last - 2, &block, ES);
    expect_rst(client, last - 2, GRAM_H2_STREAM_CLOSED);
    next_request();
    put_index(&block, 62);
    put_index(&block, 63);
    put_index(&block, 64);
    expect_seen("x-text=late\nx-text=trailer\nx-text=refused\n");
    peer_rst(client, last - 4, GRAM_H2_CANCEL);
    if (GRAM_MAX_CONCURRENT_STREAMS > 3)
        peer_rst(client, last - 6, GRAM_H2_CANCEL);
}

/* ---- a store that is full ---- */

static void test_full(struct pair *pair)
{
    metadata_client(pair);
    for (size_t more = 0; more < 2; more++) { /* to the last byte; one more */
        for (size_t first = 2; first < 30; first += 9) {
            empty_table(); /* the ring's beginning moves on: next time it is elsewhere */
            request_with_table(4096);
            add_long('a', first);
            add_long('b', 20);
            send_request();
            expect_number(client, id, 3);
            next_request(); /* alone in its call, that the call's own memory is enough */
            add_long('c', GRAM_HPACK_STORE - (2 + first) - (2 + 20) - 2 + more);
            send_request();
            expect_number(client, id, 3);
            assert_int_equal(used(), more ? 2 + first + 2 + 20 : GRAM_HPACK_STORE);
            for (unsigned i = 0; i < 2; i++) {
                next_request();
                put_index(&block, 62);
                if (more) {
                    expect_lost();
                } else {
                    send_request();
                    expect_number(client, id, 3);
                    assert_int_equal(metadata_seen[strlen("x-text=")], 'c');
                }
                next_request(); /* the others are as they were */
                put_index(&block, 63);
                put_index(&block, 64);
                send_request();
                expect_number(client, id, 3);
                assert_int_equal(strlen(metadata_seen), 2 * strlen("x-text=\n") + 20 + first);
            }
        }
    }
}

/* Not even the length of an empty value fits; what is not indexed needs none of it; and when the oldest
 * are gone, there is room again. */
static void test_no_room_at_all(struct pair *pair)
{
    metadata_client(pair);
    next_request();
    add_long('a', GRAM_HPACK_STORE - 2 - 2 - 1 - 1);
    send_request();
    expect_number(client, id, 3);
    next_request();
    put_text(ADDED, "x-text", "b");
    put_text(ADDED, "x-text", "");
    put_literal(&block, NOT_ADDED, 0, "x-text", "c", 1);
    expect_seen("x-text=b\nx-text=\nx-text=c\n");
    assert_int_equal(used(), GRAM_HPACK_STORE - 1);
    next_request();
    put_index(&block, 62);
    expect_lost();
    next_request();
    put_index(&block, 63);
    expect_seen("x-text=b\n");
    request_with_table(2 * ENTRY + 1); /* only the first goes */
    put_index(&block, 63);
    expect_seen("x-text=b\n");
    assert_int_equal(used(), 3);
    request_with_table(4096);
    put_text(ADDED, "x-text", "d");
    put_text(ADDED, "x-text", "");
    put_index(&block, 62);
    put_index(&block, 63);
    put_index(&block, 65);
    expect_seen("x-text=d\nx-text=\nx-text=\nx-text=d\nx-text=b\n");
    next_request();
    put_index(&block, 64); /* what had no room never gets it */
    expect_lost();
}

/* A judged value needs no room. */
static void test_judged_needs_none(struct pair *pair)
{
    char seen[METADATA_SEEN] = "";
    metadata_client(pair);
    next_request();
    add_long('a', GRAM_HPACK_STORE - 5);
    send_request();
    expect_number(client, id, 3);
    next_request();
    put_text(ADDED, "authorization", "Bearer of a long, long token that is not kept at all");
    put_index(&block, 62);
    for (unsigned i = 0; i < 2; i++)
        metadata_line(seen, KEY_AUTH, "Bearer of a long, long token that is not kept at all", 52);
    expect_seen(seen);
}

/* A connection begins with an empty store, whatever the one before has left. */
static void test_next_connection(struct pair *pair)
{
    metadata_client(pair);
    next_request();
    add_long('a', 100);
    send_request();
    expect_number(client, id, 3);
    assert_int_equal(used(), 102);
    peer_lose(client);
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        metadata_client(pair);
        assert_int_equal(used(), 0);
        next_request();
        put_text(ADDED, "x-text", "b");
        put_index(&block, 62);
        expect_seen("x-text=b\nx-text=b\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_OF(test_eviction, metadata_app),       PAIR_TEST_OF(test_larger_than_table, metadata_app),
        PAIR_TEST_OF(test_mixed_eviction, metadata_app), PAIR_TEST_OF(test_malformed, metadata_app),
        PAIR_TEST_OF(test_unread_blocks, metadata_app),  PAIR_TEST_OF(test_full, metadata_app),
        PAIR_TEST_OF(test_no_room_at_all, metadata_app), PAIR_TEST_OF(test_judged_needs_none, metadata_app),
        PAIR_TEST_OF(test_next_connection, metadata_app),
    };
    metadata_app_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* The table holds names and verdicts as ever where values have no store. */
static void test_left_out(struct pair *pair)
{
    static struct blob b;
    struct peer *client = peer_ready(pair);
    for (uint32_t id = 1; id < 200; id += 2) {
        b.len = 0;
        put_request(&b, TINY);
        put_literal(&b, ADDED, 0, "x-text", "a value that is evicted", 23);
        put_literal(&b, ADDED, 0, "grpc-timeout", "1S", 2);
        peer_block(client, id, &b, 0);
        peer_message(client, id, 3, "", 0, GRAM_H2_FLAG_END_STREAM);
        expect_number(client, id, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST(test_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
