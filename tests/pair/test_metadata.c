/* Metadata of requests (gram/metadata.h): which values a call sees, in every form that HPACK has for them;
 * and what becomes of those that are too many. Binary ones are in test_metadata_bin.c, what is indexed in
 * test_metadata_store.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "metadata_app.h"
#include "metadata_client.h"

#if GRAM_METADATA_SIZE > 0

enum { ES = GRAM_H2_FLAG_END_STREAM };

/* ---- forms ---- */

static void test_none(struct pair *pair)
{
    metadata_client(pair);
    next_request();
    expect_all_seen("");
    next_request();
    put_text(NOT_ADDED, "x-tex", "1");
    put_text(NOT_ADDED, "x-text-", "2");
    put_text(NOT_ADDED, "x-text-22", "3");
    put_text(ADDED, "x-text-bin", "!");
    put_literal(&block, NOT_ADDED, 37, NULL, "from", 4);
    expect_all_seen("");
}

static void test_forms(struct pair *pair)
{
    static const unsigned forms[] = {NOT_ADDED, NEVER_ADDED, ADDED};
    metadata_client(pair);
    for (unsigned i = 0; i < 12; i++) {
        unsigned form = forms[i % 3] | i / 3;
        next_request();
        put_text(form, "x-text", "hello, world");
        put_text(form, "x-data-bin", "AAEC/w");
        put_text(form, "x-text-2", "");
        put_text(form, "user-agent", "grpc-go/1.85.0");
        put_literal(&block, form, 58, NULL, "by its number", 13);
        expect_all_seen("x-text=hello, world\nx-data-bin=000102ff\nuser-agent=grpc-go/1.85.0\n"
                    "user-agent=by its number\nx-text-2=\n");
    }
    next_request(); /* an entry of the static table itself: empty */
    put_index(&block, 58);
    put_literal(&block, NOT_ADDED, 58, NULL, "more", 4);
    expect_all_seen("user-agent=\nuser-agent=more\n");
}

/* Names by the index of an entry, and the same values in another call. */
static void test_indexed(struct pair *pair)
{
    metadata_client(pair);
    next_request();
    put_text(ADDED, "x-text", "one");         /* 62 + 4 */
    put_text(ADDED, "x-data-bin", "Zm9v,Zg"); /* 62 + 3 */
    put_text(ADDED, "user-agent", "me");      /* 62 + 2 */
    put_text(ADDED, "x-text-2", "");          /* 62 + 1 */
    put_text(ADDED, "x-nobody", "asked");     /* 62 */
    expect_all_seen("x-text=one\nx-data-bin=666f6f\nx-data-bin=66\nuser-agent=me\nx-text-2=\n");
    for (unsigned i = 0; i < 3; i++) {
        next_request();
        for (unsigned index = 66; index >= 62; index--)
            put_index(&block, index);
        put_literal(&block, NOT_ADDED, 66, NULL, "two", 3);
        put_literal(&block, NEVER_ADDED, 65, NULL, "", 0);
        put_index(&block, 66);
        expect_all_seen("x-text=one\nx-text=two\nx-text=one\nx-data-bin=666f6f\nx-data-bin=66\nx-data-bin=\n"
                    "user-agent=me\nx-text-2=\n");
    }
    next_request(); /* a literal that is added, by the name of an entry; the others are one further */
    put_literal(&block, ADDED, 66, NULL, "three", 5);
    put_index(&block, 62);
    put_index(&block, 67);
    expect_all_seen("x-text=three\nx-text=three\nx-text=one\n");
}

static void test_repeated(struct pair *pair)
{
    metadata_client(pair);
    next_request();
    for (unsigned i = 0; i < 8; i++) {
        char value[4] = {(char)('a' + i)};
        put_text(i % 2 ? ADDED : NOT_ADDED, "x-text", value);
        put_text(NOT_ADDED, "x-text-2", i % 2 ? "odd" : "");
    }
    expect_all_seen("x-text=a\nx-text=b\nx-text=c\nx-text=d\nx-text=e\nx-text=f\nx-text=g\nx-text=h\n"
                "x-text-2=\nx-text-2=odd\nx-text-2=\nx-text-2=odd\nx-text-2=\nx-text-2=odd\nx-text-2=\n"
                "x-text-2=odd\n");
}

/* ---- judges ---- */

static void test_judged(struct pair *pair)
{
    char seen[METADATA_SEEN] = "";
    metadata_client(pair);
    next_request();
    put_text(ADDED, "authorization", "Bearer one");                  /* 62 + 1 */
    put_text(ADDED | HUFFMAN_VALUE, "x-judged", "a");                /* 62 */
    put_literal(&block, NEVER_ADDED, 23, NULL, "Bearer two", 10);
    put_index(&block, 23); /* empty */
    put_literal(&block, NOT_ADDED, 62, NULL, "", 0);
    metadata_line(seen, KEY_AUTH, "Bearer one", 10);
    metadata_line(seen, KEY_AUTH, "Bearer two", 10);
    metadata_line(seen, KEY_AUTH, "", 0);
    metadata_line(seen, KEY_JUDGED, "a", 1);
    metadata_line(seen, KEY_JUDGED, "", 0);
    expect_all_seen(seen);
    for (unsigned i = 0; i < 3; i++) {
        next_request();
        put_index(&block, 62);
        put_index(&block, 63);
        put_index(&block, 62);
        seen[0] = '\0';
        metadata_line(seen, KEY_AUTH, "Bearer one", 10);
        metadata_line(seen, KEY_JUDGED, "a", 1);
        metadata_line(seen, KEY_JUDGED, "a", 1);
        expect_all_seen(seen);
    }
}

/* Long secrets, and verdicts of every size: what is larger than the largest comes as that. */
static void test_verdicts(struct pair *pair)
{
    unsigned capped = 0;
    metadata_client(pair);
    for (unsigned i = 0; i < 200; i++) {
        char value[4000], seen[METADATA_SEEN] = "";
        size_t len = i < 190 ? i : 4000;
        memset(value, 'a' + (int)(i % 26), len);
        next_request();
        put_literal(&block, i % 2 ? ADDED : NOT_ADDED, 0, "x-judged", value, len);
        metadata_line(seen, KEY_JUDGED, value, len);
        expect_all_seen(seen);
        capped += strstr(seen, "=60000\n") != NULL;
    }
    assert_true(capped > 0);
}

/* ---- cuts ---- */

/* Every field over every cut of segments and of CONTINUATION. */
static void test_cuts(struct pair *pair)
{
    static struct blob all;
    static const char expected[] = "x-text=hello\nx-text=again\nx-data-bin=666f6f\nx-data-bin=67\n"
                                   "user-agent=me\nx-text-2=\n";
    metadata_client(pair);
    for (size_t cut = 0;; cut++) {
        next_request();
        put_text(cut % 2 ? ADDED : NOT_ADDED, "x-text", "hello");
        put_text(NOT_ADDED | HUFFMAN_NAME | HUFFMAN_VALUE, "x-text", "again");
        put_text(cut % 2 ? NOT_ADDED : ADDED | HUFFMAN_VALUE, "x-data-bin", "Zm9v,Zw==");
        put_literal(&block, ADDED, 58, NULL, "me", 2);
        put_text(NEVER_ADDED, "x-text-2", "");
        if (cut > block.len)
            break;
        all.len = 0;
        put_frame(&all, GRAM_H2_HEADERS, 0, id, block.bytes, cut);
        put_frame(&all, GRAM_H2_CONTINUATION, GRAM_H2_FLAG_END_HEADERS, id, block.bytes + cut, block.len - cut);
        metadata_seen[0] = '\0';
        client->segment = cut % 3 == 0 ? 1 : cut % 3 == 1 ? 9 + cut : PEER_RANDOM;
        peer_send(client, &all);
        peer_message(client, id, 3, "", 0, ES);
        expect_number(client, id, 3);
        assert_string_equal(metadata_seen, expected);
    }
}

/* ---- room ---- */

/* A value of `len` bytes, `used` bytes being taken already, fills the call's memory to the last byte or
 * passes it by one. */
static void test_size(struct pair *pair)
{
    char value[GRAM_METADATA_SIZE + 1];
    metadata_client(pair);
    memset(value, 'v', sizeof value);
    for (unsigned twice = 0; twice < 2; twice++) {
        for (size_t last = GRAM_METADATA_SIZE - 5; last <= GRAM_METADATA_SIZE + 1; last++) {
            size_t used = twice ? 3 + 40 : 0;
            if (last < used + 3 || last - used - 3 > sizeof value)
                continue;
            char seen[METADATA_SEEN] = "";
            size_t len = last - used - 3;
            next_request();
            if (twice)
                put_literal(&block, NOT_ADDED, 0, "x-text", value, 40);
            put_literal(&block, last % 2 ? ADDED : NOT_ADDED | HUFFMAN_VALUE, 0, "x-text", value, len);
            if (last > GRAM_METADATA_SIZE) {
                expect_refused(GRAM_RESOURCE_EXHAUSTED, "GRAM_METADATA_SIZE");
                continue;
            }
            if (twice)
                metadata_line(seen, KEY_TEXT, value, 40);
            metadata_line(seen, KEY_TEXT, value, len);
            expect_all_seen(seen);
        }
    }
}

/* The same with empty values, with verdicts, and with values that are referred to: each form has its own
 * check of the room. */
static void test_size_of_others(struct pair *pair)
{
    static const struct {
        const char *name, *value;
        size_t costs;
    } last[] = {{"x-text-2", "", 3}, {"x-judged", "a", 5}, {"x-text-2", "12345", 8}, {"x-data-bin", "Zg==", 7}};
    char value[GRAM_METADATA_SIZE];
    metadata_client(pair);
    memset(value, 'v', sizeof value);
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned indexed = 0; indexed < 2; indexed++) {
            for (size_t left = 0; left <= last[i].costs; left++) {
                next_request(); /* table: nothing but that value */
                block.len = 0;
                put_integer(&block, 0x20, 5, 0);
                put_integer(&block, 0x20, 5, 4096);
                put_request(&block, TINY);
                put_text(ADDED, last[i].name, last[i].value);
                send_request();
                expect_number(client, id, 3);
                next_request();
                put_literal(&block, NOT_ADDED, 0, "x-text", value, GRAM_METADATA_SIZE - 3 - left);
                if (indexed)
                    put_index(&block, 62);
                else
                    put_text(NOT_ADDED, last[i].name, last[i].value);
                if (left < last[i].costs) {
                    expect_refused(GRAM_RESOURCE_EXHAUSTED, "GRAM_METADATA_SIZE");
                } else {
                    send_request();
                    expect_number(client, id, 3);
                    assert_non_null(strstr(metadata_seen, last[i].name));
                }
            }
        }
    }
}

/* Far too much, of many values and in one; what nobody asks for costs nothing. */
static void test_flood(struct pair *pair)
{
    char value[3000];
    metadata_client(pair);
    memset(value, 'v', sizeof value);
    next_request();
    put_literal(&block, ADDED, 0, "x-text", value, sizeof value);
    expect_refused(GRAM_RESOURCE_EXHAUSTED, "GRAM_METADATA_SIZE");
    next_request();
    for (unsigned i = 0; i < 50; i++)
        put_literal(&block, NOT_ADDED, 0, i % 2 ? "x-text" : "x-data-bin", value, 8);
    expect_refused(GRAM_RESOURCE_EXHAUSTED, "GRAM_METADATA_SIZE");
    next_request();
    put_literal(&block, ADDED, 0, "x-nobody", value, sizeof value);
    put_literal(&block, NOT_ADDED, 0, "x-text", "small", 5);
    put_literal(&block, NOT_ADDED, 0, "x-nobody-bin", value, sizeof value);
    expect_all_seen("x-text=small\n");
    next_request(); /* the first fault is told */
    put_text(NOT_ADDED, "x-data-bin", "Z");
    put_literal(&block, NOT_ADDED, 0, "x-text", value, sizeof value);
    expect_refused(GRAM_INTERNAL, "metadata is no base64");
    next_request();
    put_literal(&block, NOT_ADDED, 0, "x-text", value, sizeof value);
    put_text(NOT_ADDED, "x-data-bin", "Z");
    expect_refused(GRAM_RESOURCE_EXHAUSTED, "GRAM_METADATA_SIZE");
}

/* ---- whose metadata it is ---- */

/* Calls that are open at once keep their own, and a slot's next call has none of the one before. */
static void test_own(struct pair *pair)
{
    metadata_client(pair);
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        char value[3] = {(char)('a' + i)}, seen[METADATA_SEEN] = "";
        next_request();
        put_text(i == 0 ? ADDED : NOT_ADDED, "x-text", value);
        if (i > 0)
            put_index(&block, 62);
        metadata_seen[0] = '\0';
        peer_block(client, id, &block, 0);
        metadata_line(seen, KEY_TEXT, value, 1);
        if (i > 0)
            metadata_line(seen, KEY_TEXT, "a", 1);
        assert_string_equal(metadata_seen, seen);
    }
    for (uint32_t i = id; i != UINT32_MAX; i -= 2) {
        peer_message(client, i, (int32_t)i, "", 0, ES);
        expect_number(client, i, (int32_t)i);
    }
    next_request();
    expect_all_seen("");
}

/* A handler can read it in each of its callbacks, whatever other calls have sent since. */
static char later[100];

static void read_later(gram_call *call)
{
    gram_call_metadata_text(call, &metadata_key[KEY_TEXT], later, sizeof later);
}

static void test_later(struct pair *pair)
{
    metadata_client(pair);
    test_app_answer((struct test_answer){.status = GRAM_PENDING});
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 1}); /* the call between */
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 2, .hook = read_later});
    next_request();
    put_text(ADDED, "x-text", "the first");
    send_request();
    gram_call_ref first = test_app.ref;
    next_request();
    put_text(NOT_ADDED, "x-text", "the second");
    send_request();
    expect_number(client, id, 1);
    gram_call_wake(first);
    pair_run(pair);
    expect_number(client, id - 2, 2);
    assert_string_equal(later, "the first");
}

/* What never becomes a call: its values are in the table all the same. */
static void test_no_call(struct pair *pair)
{
    metadata_client(pair);
    id += 2;
    block.len = 0; /* not gRPC */
    put_index(&block, 3);
    put_index(&block, 6);
    put_field(&block, ":path", TINY);
    put_text(ADDED, "x-text", "of http");
    peer_block(client, id, &block, ES);
    expect_http(client, id, "415");
    id += 2;
    block.len = 0; /* no such method */
    put_request(&block, "/no/such");
    put_text(ADDED, "x-text", "of no method");
    peer_block(client, id, &block, ES);
    expect_only_trailers(client, id, GRAM_UNIMPLEMENTED, "unknown method");
    next_request(); /* malformed behind the value: the stream is reset */
    put_text(ADDED, "x-text", "of the malformed");
    put_text(NOT_ADDED, "X-Upper", "");
    expect_whatever(client);
    peer_block(client, id, &block, ES);
    expect_rst(client, id, GRAM_H2_PROTOCOL_ERROR);
    next_request();
    put_index(&block, 62);
    put_index(&block, 63);
    put_index(&block, 64);
    expect_all_seen("x-text=of the malformed\nx-text=of no method\nx-text=of http\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_OF(test_none, metadata_app),          PAIR_TEST_OF(test_forms, metadata_app),
        PAIR_TEST_OF(test_indexed, metadata_app),       PAIR_TEST_OF(test_repeated, metadata_app),
        PAIR_TEST_OF(test_judged, metadata_app),        PAIR_TEST_OF(test_verdicts, metadata_app),
        PAIR_TEST_OF(test_cuts, metadata_app),          PAIR_TEST_OF(test_size, metadata_app),
        PAIR_TEST_OF(test_size_of_others, metadata_app),PAIR_TEST_OF(test_flood, metadata_app),
        PAIR_TEST_OF(test_own, metadata_app),           PAIR_TEST_OF(test_later, metadata_app),
        PAIR_TEST_OF(test_no_call, metadata_app),
    };
    metadata_app_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Without room for metadata a request's passes by, whatever it is. */
static void test_left_out(struct pair *pair)
{
    static struct blob b;
    struct peer *client = peer_ready(pair);
    for (uint32_t id = 1; id < 9; id += 2) {
        b.len = 0;
        put_request(&b, TINY);
        put_literal(&b, ADDED, 0, "x-data-bin", "!", 1);
        put_literal(&b, ADDED, 23, NULL, "Bearer", 6);
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
