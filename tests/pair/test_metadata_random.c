/* Random requests against a model: of the client's HPACK table, of what the store has of it, and of what a
 * call must see. Blocks are cut anywhere, some are never read by a call, tables shrink and grow. Every
 * answer is the model's, whatever came before on the connection; the tight configuration has a store of a
 * few bytes. Interceptors add to each response as much as the model says there is room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "metadata_app.h"

#if GRAM_METADATA_SIZE > 0

#ifndef REQUESTS
#define REQUESTS 10000
#endif
enum { ES = GRAM_H2_FLAG_END_STREAM, CONNECTIONS = 40, VALUE_MAX = 340, NOBODY = METADATA_KEYS };

static struct test_random rnd;
static struct peer *client;
static struct pair *pair;
static uint32_t id;

static uint32_t below(uint32_t bound)
{
    return test_random_below(&rnd, bound);
}

/* ---- the model ---- */

struct value {
    unsigned key; /* NOBODY: a name that the application does not list */
    size_t len;
    char bytes[VALUE_MAX];
};

struct entry {
    struct value value;
    bool malformed;
    bool stored;
};

/* The client's table, the oldest first, and what the store holds of it. */
static struct {
    struct entry entry[128];
    unsigned count;
    size_t size, max;
    size_t stored;
} table;

/* What the call must come to. */
static struct {
    gram_status status;
    const char *reason;
    bool malformed;
    size_t used; /* of GRAM_METADATA_SIZE */
    char line[METADATA_KEYS][METADATA_SEEN];
} call;

static const char *name_of(const struct value *v)
{
    return v->key == NOBODY ? "x-nobody" : metadata_name[v->key];
}

static size_t size_of(const struct value *v)
{
    return 32 + strlen(name_of(v)) + v->len;
}

static bool goes_to_store(const struct value *v)
{
    return v->key != NOBODY && !metadata_key[v->key].judge;
}

static void evict(size_t room)
{
    unsigned n = 0;

    for (; table.size > room; n++) {
        const struct entry *e = &table.entry[n];
        table.size -= size_of(&e->value);
        table.stored -= e->stored ? 2 + e->value.len : 0;
    }
    table.count -= n;
    memmove(table.entry, table.entry + n, table.count * sizeof table.entry[0]);
}

static void insert(const struct value *v, bool malformed)
{
    size_t size = size_of(v);
    struct entry e = {.value = *v, .malformed = malformed};

    if (goes_to_store(v) && !malformed && size <= table.max)
        e.stored = 2 + v->len <= GRAM_HPACK_STORE - table.stored; /* before others are evicted */
    table.stored += e.stored ? 2 + v->len : 0;
    evict(size < table.max ? table.max - size : 0);
    if (size > table.max)
        return;
    table.entry[table.count++] = e;
    table.size += size;
}

static void fault(gram_status status, const char *reason)
{
    if (call.status != GRAM_OK)
        return;
    call.status = status;
    call.reason = reason;
}

/* ---- values of KEY_BIN ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* How many bytes one part of a list is, plain or padded; -1: it is no base64. */
static int decode_part(const char *text, size_t len, uint8_t *out)
{
    uint32_t bits = 0;
    int n = 0;

    if (len % 4 == 0)
        for (unsigned i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++)
            len--;
    if (len % 4 == 1)
        return -1;
    for (size_t i = 0; i < len; i++) {
        const char *d = text[i] ? strchr(digits, text[i]) : NULL;
        if (!d)
            return -1;
        bits = bits << 6 | (uint32_t)(d - digits);
        if (i % 4 != 0)
            out[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    return n;
}

/* Adds what each part of a list comes to; false: one of them is no base64. */
static bool add_bin(char lines[METADATA_SEEN], const struct value *v)
{
    size_t at = 0;

    for (;;) {
        uint8_t out[VALUE_MAX];
        size_t end = at;
        while (end < v->len && v->bytes[end] != ',')
            end++;
        int n = decode_part(v->bytes + at, end - at, out);
        if (n < 0)
            return false;
        metadata_line(lines, KEY_BIN, out, (size_t)n);
        if (end == v->len)
            return true;
        at = end + 1;
    }
}

/* A field that the call sees. */
static void saw(const struct value *v, bool malformed, bool lost)
{
    if (malformed)
        call.malformed = true;
    if (call.malformed || v->key == NOBODY || call.status != GRAM_OK)
        return;
    size_t costs = 3 + (metadata_key[v->key].judge ? 2 : v->len);
    if (lost)
        fault(GRAM_RESOURCE_EXHAUSTED, "GRAM_HPACK_STORE");
    else if (costs > GRAM_METADATA_SIZE - call.used)
        fault(GRAM_RESOURCE_EXHAUSTED, "GRAM_METADATA_SIZE");
    else if (v->key != KEY_BIN)
        metadata_line(call.line[v->key], v->key, v->bytes, v->len);
    else if (!add_bin(call.line[v->key], v))
        fault(GRAM_INTERNAL, "metadata is no base64");
    call.used += costs;
}

/* ---- fields ---- */

static void random_value(struct value *v)
{
    static const unsigned longest[] = {1, 2, 4, 4, 12, 12, 12, 60, GRAM_HPACK_STORE, VALUE_MAX - 1};

    v->key = below(METADATA_KEYS + 1);
    v->len = below(longest[below(sizeof longest / sizeof longest[0])] + 1);
    v->len = v->len < VALUE_MAX ? v->len : VALUE_MAX - 1;
    for (size_t i = 0; i < v->len; i++)
        v->bytes[i] = v->key == KEY_BIN ? digits[below(64)] : (char)(0x21 + below(0x5e));
    if (v->key != KEY_BIN || v->len == 0)
        return;
    if (v->len % 4 == 1)
        v->len--;
    for (unsigned i = below(3); i > 0 && v->len > 8; i--)
        v->bytes[4 * below((uint32_t)v->len / 4)] = ','; /* mostly it is a list then, or bad */
    while (v->len % 4 > 1 && v->len < VALUE_MAX && below(2))
        v->bytes[v->len++] = '=';
}

static void literal(struct blob *b, bool read)
{
    static const unsigned forms[] = {NOT_ADDED, NEVER_ADDED, ADDED, ADDED, ADDED};
    static struct value v;
    unsigned form = forms[below(5)], index = 0;
    bool malformed = false;

    random_value(&v);
    if (v.len > 0 && below(400) == 0) {
        v.bytes[below(2) ? 0 : v.len - 1] = ' ';
        malformed = true;
    }
    if (v.key < NOBODY && below(3) == 0)
        index = metadata_key[v.key].number;
    for (unsigned i = table.count; i > 0 && index == 0 && below(20) != 0; i--)
        if (table.entry[i - 1].value.key == v.key && below(3) == 0)
            index = 62 + table.count - i;
    put_literal(b, form | below(4), index, name_of(&v), v.bytes, v.len);
    if (read)
        saw(&v, malformed, false);
    if (form == ADDED)
        insert(&v, malformed);
}

static void some_fields(struct blob *b, bool read)
{
    for (unsigned n = below(5); n > 0; n--) {
        if (table.count > 0 && below(2)) {
            unsigned i = table.count - 1 - below(below(table.count) + 1);
            const struct entry *e = &table.entry[i];
            put_index(b, 62 + table.count - 1 - i);
            if (read)
                saw(&e->value, e->malformed, goes_to_store(&e->value) && !e->stored);
        } else {
            literal(b, read);
        }
    }
}

static void block_begin(struct blob *b)
{
    static const uint16_t sizes[] = {0, 40, 50, 100, 200, 500, 1000, 4096, 4096};

    b->len = 0;
    while (below(25) == 0) {
        uint32_t max = sizes[below(sizeof sizes / sizeof sizes[0])];
        put_integer(b, 0x20, 5, max);
        evict(max);
        table.max = max;
    }
}

static void put_block(struct blob *all, const struct blob *block, unsigned flags)
{
    size_t cut = below(3) ? block->len : below((uint32_t)block->len + 1);
    unsigned end = GRAM_H2_FLAG_END_HEADERS;

    if (cut == block->len) {
        put_frame(all, GRAM_H2_HEADERS, flags | end, id, block->bytes, cut);
        return;
    }
    put_frame(all, GRAM_H2_HEADERS, flags, id, block->bytes, cut);
    put_frame(all, GRAM_H2_CONTINUATION, end, id, block->bytes + cut, block->len - cut);
}

/* ---- the response ---- */

static char sent_header[VALUE_MAX * 2], sent_trailer[VALUE_MAX * 2];

/* Adds a field, which has room if the model says so; its line, or "". */
static void add_one(gram_call *c, bool trailer, char line[VALUE_MAX * 2])
{
    char value[VALUE_MAX];
    size_t len = below(below(4) ? 20 : GRAM_METADATA_SIZE);
    size_t costs = 3 + 3 + strlen("x-e") + len + (len >= 127);

    len = len < VALUE_MAX ? len : VALUE_MAX - 1;
    memset(value, 'a' + (int)below(26), len);
    line[0] = '\0';
    bool fits = costs <= GRAM_METADATA_SIZE - call.used;
    assert_int_equal(trailer ? gram_call_trailer(c, "x-e", value, len) : gram_call_header(c, "x-e", value, len),
                     fits);
    if (!fits)
        return;
    call.used += costs;
    snprintf(line, VALUE_MAX * 2, "x-e: %.*s\n", (int)len, value);
}

static gram_status add_to_response(gram_call *c)
{
    add_one(c, false, sent_header);
    add_one(c, true, sent_trailer);
    return GRAM_OK;
}

static void expect_line(const char *block, const char *line)
{
    const char *found = strstr(block, "x-e: ");

    assert_int_equal(found != NULL, line[0] != '\0');
    if (found)
        assert_memory_equal(found, line, strlen(line));
}

/* ---- calls ---- */

static void connect(void)
{
    if (client)
        peer_lose(client);
    client = peer_ready(pair);
    client->segment = below(3) ? 0 : PEER_RANDOM;
    id = UINT32_MAX;
    memset(&table, 0, sizeof table);
    table.max = 4096;
}

static void expect_as_modelled(void)
{
    char seen[METADATA_SEEN] = "";

    if (call.malformed) {
        assert_true(peer_answer(client, id)->reset);
        pair_sleep(pair, 2000); /* so that resets are forgiven */
        return;
    }
    if (call.status != GRAM_OK) {
        expect_only_trailers(client, id, call.status, call.reason);
        assert_string_equal(metadata_seen, "");
        return;
    }
    for (unsigned key = 0; key < METADATA_KEYS; key++)
        strcat(seen, call.line[key]);
    expect_number(client, id, 3);
    assert_string_equal(metadata_seen, seen);
    expect_line(peer_answer(client, id)->headers, sent_header);
    expect_line(peer_answer(client, id)->trailers, sent_trailer);
}

static void random_call(void)
{
    static struct blob all, block;
    bool trailers = below(20) == 0;

    memset(&call, 0, offsetof(__typeof__(call), line));
    for (unsigned key = 0; key < METADATA_KEYS; key++)
        call.line[key][0] = '\0';
    metadata_seen[0] = '\0';
    id += 2;
    all.len = 0;
    block_begin(&block);
    put_request(&block, TINY);
    some_fields(&block, true);
    put_block(&all, &block, 0);
    if (!call.malformed) {
        static struct blob message;
        message.len = 0;
        put_message(&message, 3, "", 0);
        put_frame(&all, GRAM_H2_DATA, trailers ? 0 : ES, id, message.bytes, message.len);
    }
    peer_send(client, &all);
    if (trailers && !call.malformed && call.status == GRAM_OK) {
        all.len = 0;
        block_begin(&block);
        do
            some_fields(&block, false);
        while (block.len == 0);
        put_block(&all, &block, ES);
        peer_send(client, &all);
        if (peer_answer(client, id)->reset) { /* malformed trailers */
            pair_sleep(pair, 2000);
            return;
        }
    }
    expect_as_modelled();
}

/* Blocks that no call reads: of a stream beyond the limit. */
static void refused_call(void)
{
    static struct blob all, block;
    uint32_t first = id + 2;

    metadata_before = NULL;
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        peer_headers(client, id += 2, TINY, 0);
    id += 2;
    all.len = 0;
    block_begin(&block);
    put_request(&block, TINY);
    some_fields(&block, false);
    put_block(&all, &block, ES);
    peer_send(client, &all);
    assert_true(peer_answer(client, id)->reset);
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        peer_message(client, first + 2 * i, 1, "", 0, ES);
        expect_number(client, first + 2 * i, 1);
    }
    metadata_before = add_to_response;
    pair_sleep(pair, 2000);
}

static void test_random(struct pair *pair_)
{
    unsigned ok = 0, lost = 0, faults = 0, malformed = 0;
    pair = pair_;
    client = NULL;
    metadata_before = add_to_response;
    test_random_start(&rnd, "metadata");
    for (unsigned i = 0; i < REQUESTS; i++) {
        if (i % (REQUESTS / CONNECTIONS) == 0)
            connect();
        if (below(100) == 0)
            refused_call();
        random_call();
        ok += call.status == GRAM_OK && !call.malformed;
        lost += call.reason && strcmp(call.reason, "GRAM_HPACK_STORE") == 0;
        faults += call.status != GRAM_OK;
        malformed += call.malformed;
        assert_int_equal(((const struct gram_conn *)client->conn)->store.used, table.stored);
        assert_int_equal(((const struct gram_conn *)client->conn)->h2.dec.table.size, table.size);
    }
    printf("metadata: %u requests, %u good, %u with a lost value, %u with another fault, %u malformed\n",
           REQUESTS, ok, lost, faults - lost, malformed);
    assert_true(ok > REQUESTS / 10 && lost > REQUESTS / 100 && faults - lost > REQUESTS / 100 && malformed > 0);
    metadata_before = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST_OF(test_random, metadata_app)};
    metadata_app_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_left_out(struct pair *pair)
{
    struct peer *client = peer_ready(pair);
    peer_call(client, 1, TINY, 3, "");
    expect_number(client, 1, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST(test_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
