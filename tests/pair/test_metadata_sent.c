/* Metadata of responses (gram/metadata.h): fields that handlers and interceptors add to headers and
 * trailers, where they go, what may not be sent, and what has no room. Also in a configuration whose
 * transmit buffer has not a byte to spare ("tight"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "metadata_app.h"

#if GRAM_METADATA_SIZE > 0

enum { ES = GRAM_H2_FLAG_END_STREAM, COST = 6 /* of a field, beside its name and value */ };

static struct blob b;
static uint32_t id;
static struct peer *client;

static void begin(struct pair *pair)
{
    client = peer_ready(pair);
    id = 1;
    metadata_before = NULL;
    metadata_after = NULL;
}

static void answer(gram_status status, void (*hook)(gram_call *call))
{
    if (test_app.script_at == test_app.script_len) /* many calls in one test */
        test_app.script_at = test_app.script_len = 0;
    test_app_answer((struct test_answer){.status = status, .number = 7, .hook = hook});
}

/* The lines of a block behind those that every answer has. */
static void expect_lines(const char *fields, const char *lines)
{
    if (!strstr(fields, lines))
        fail_msg("not in order in: %s", fields);
}

static bool header(gram_call *call, const char *name, const char *value)
{
    return gram_call_header(call, name, value, strlen(value));
}

static bool trailer(gram_call *call, const char *name, const char *value)
{
    return gram_call_trailer(call, name, value, strlen(value));
}

/* ---- where they go ---- */

static void add_some(gram_call *call)
{
    assert_true(header(call, "x-a", "1"));
    assert_true(trailer(call, "t-a", "2"));
    assert_true(gram_call_header(call, "x-b-bin", "\0\1\xff", 3));
    assert_true(header(call, "x-a", ""));
    assert_true(gram_call_trailer(call, "t-bin", NULL, 0));
}

static void test_unary(struct pair *pair)
{
    begin(pair);
    for (unsigned i = 0; i < 3; i++, id += 2) {
        answer(GRAM_OK, add_some);
        peer_call(client, id, TINY, 1, "");
        expect_number(client, id, 7);
        const struct answer *a = peer_answer(client, id);
        assert_int_equal(a->blocks, 2);
        expect_lines(a->headers, "content-type: application/grpc\nx-a: 1\nx-b-bin: AAH/\nx-a: \n");
        expect_lines(a->trailers, "grpc-status: 0\nt-a: 2\nt-bin: \n");
        assert_null(answer_field(a->headers, "t-a"));
        assert_null(answer_field(a->trailers, "x-a"));
        expect_usage(pair, 0, 0, 0);
    }
    peer_call(client, id, TINY, 1, ""); /* the next call has none of it */
    expect_number(client, id, 1);
    assert_null(answer_field(peer_answer(client, id)->headers, "x-a"));
    assert_null(answer_field(peer_answer(client, id)->trailers, "t-a"));
}

/* Without a reply: clients take all that is in a Trailers-Only block for trailers, so headers have a block of
 * their own, and only trailers alone are one. */
static void add_trailers(gram_call *call)
{
    assert_true(trailer(call, "t-a", "2"));
    assert_true(gram_call_trailer(call, "t-bin", NULL, 0));
}

static void test_no_reply(struct pair *pair)
{
    begin(pair);
    test_app_answer((struct test_answer){.status = GRAM_NOT_FOUND, .text = "gone", .hook = add_some});
    peer_call(client, id, TINY, 1, "");
    expect_status(client, id, GRAM_NOT_FOUND, "gone");
    const struct answer *a = peer_answer(client, id);
    assert_int_equal(a->blocks, 2);
    assert_string_equal(a->headers,
                        ":status: 200\ncontent-type: application/grpc\nx-a: 1\nx-b-bin: AAH/\nx-a: \n");
    assert_string_equal(a->trailers, "grpc-status: 5\ngrpc-message: gone\nt-a: 2\nt-bin: \n");
    id += 2;
    test_app_answer((struct test_answer){.status = GRAM_NOT_FOUND, .text = "gone", .hook = add_trailers});
    peer_call(client, id, TINY, 1, "");
    expect_only_trailers(client, id, GRAM_NOT_FOUND, "gone");
    expect_lines(peer_answer(client, id)->headers,
                 "content-type: application/grpc\ngrpc-status: 5\ngrpc-message: gone\nt-a: 2\nt-bin: \n");
}

static void add_late(gram_call *call)
{
    assert_false(header(call, "x-late", "1"));
    assert_true(trailer(call, "t-late", "2"));
}

static void test_stream(struct pair *pair)
{
    begin(pair);
    answer(GRAM_OK, add_some);   /* OPEN */
    answer(GRAM_MORE, NULL);     /* headers go */
    answer(GRAM_MORE, add_late);
    answer(GRAM_ABORTED, add_late);
    peer_call(client, id, STREAM, 5, "");
    const struct answer *a = peer_answer(client, id);
    expect_status(client, id, GRAM_ABORTED, NULL);
    assert_int_equal(answer_replies(a), 2);
    expect_lines(a->headers, "x-a: 1\nx-b-bin: AAH/\nx-a: \n");
    expect_lines(a->trailers, "grpc-status: 10\nt-a: 2\nt-bin: \nt-late: 2\nt-late: 2\n");
    id += 2;
    answer(GRAM_OK, add_some);
    answer(GRAM_DONE, NULL);
    peer_call(client, id, STREAM, 5, "");
    expect_status(client, id, GRAM_OK, NULL);
    expect_lines(peer_answer(client, id)->headers, "x-b-bin: AAH/\nx-a: \n");
    expect_lines(peer_answer(client, id)->trailers, "grpc-status: 0\nt-a: 2\n");
}

/* Interceptors: before the call, also with a refusal; the handler's come behind. */
static gram_status add_before(gram_call *call)
{
    assert_true(header(call, "x-first", "i"));
    assert_true(trailer(call, "t-first", "i"));
    return GRAM_OK;
}

static gram_status refuse(gram_call *call)
{
    add_before(call);
    return gram_call_fail(call, GRAM_UNAUTHENTICATED, "who?");
}

static void read_after(gram_call *call)
{
    char text[8];
    assert_true(gram_call_metadata_text(call, &metadata_key[KEY_TEXT], text, sizeof text));
    assert_string_equal(text, "v");
    trailer(call, "t-too-late", ""); /* of no use, and no harm */
}

static void test_interceptor(struct pair *pair)
{
    begin(pair);
    metadata_before = add_before;
    metadata_after = read_after;
    for (unsigned i = 0; i < 2; i++, id += 2) {
        b.len = 0;
        put_request(&b, TINY);
        put_literal(&b, ADDED, 0, "x-text", "v", 1);
        if (i == 0)
            answer(GRAM_OK, add_some);
        peer_block(client, id, &b, 0);
        peer_message(client, id, 1, "", 0, ES);
        if (i == 0) {
            expect_number(client, id, 7);
            expect_lines(peer_answer(client, id)->headers, "x-first: i\nx-a: 1\n");
            expect_lines(peer_answer(client, id)->trailers, "t-first: i\nt-a: 2\n");
            metadata_before = refuse;
        } else {
            expect_status(client, id, GRAM_UNAUTHENTICATED, "who?");
            expect_lines(peer_answer(client, id)->headers, "application/grpc\nx-first: i\n");
            expect_lines(peer_answer(client, id)->trailers, "grpc-status: 16\ngrpc-message: who?\nt-first: i\n");
        }
        assert_null(strstr(peer_answer(client, id)->trailers, "t-too-late"));
    }
}

/* ---- what may not be sent ---- */

static void add_bad(gram_call *call)
{
    static const char *const names[] = {"",     "X-A",    "x a",  "x:a", ":path",       "x-\x80",
                                        "x\ta", "x-\x7f", "x/a",  "x,a", "grpc-status", "grpc-message",
                                        "grpc-anything", "grpc-status-details-bin", "x-\n"};
    static const char *const values[] = {" a", "a ", " ", "a\nb", "a\rb", "\x7f", "\x1f", "\xc3\xbc", "a\tb"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (header(call, names[i], "1"))
            fail_msg("header %s", names[i]);
        if (trailer(call, names[i], "1") != (strcmp(names[i], "grpc-status-details-bin") == 0))
            fail_msg("trailer %s", names[i]);
    }
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (header(call, "x-a", values[i]) || trailer(call, "x-a", values[i]))
            fail_msg("value %s", values[i]);
    }
    assert_false(gram_call_header(call, "x-a", "a\0b", 3));
    assert_true(header(call, "0_9.z-a", "a ~!"));
    assert_true(gram_call_trailer(call, "x-bin", " \n", 2)); /* any bytes */
}

static void test_bad(struct pair *pair)
{
    begin(pair);
    answer(GRAM_OK, add_bad);
    peer_call(client, id, TINY, 1, "");
    expect_number(client, id, 7);
    const struct answer *a = peer_answer(client, id);
    expect_lines(a->headers, "content-type: application/grpc\n0_9.z-a: a ~!\n");
    expect_lines(a->trailers, "grpc-status: 0\ngrpc-status-details-bin: MQ\nx-bin: IAo\n");
}

/* ---- room ---- */

static size_t try_len; /* of the value */
static bool try_bin;
static bool try_fits;

static void add_sized(gram_call *call)
{
    static char value[GRAM_METADATA_SIZE + 3];
    const char *name = try_bin ? "v-bin" : "v-txt";

    memset(value, 'v', sizeof value);
    assert_true(header(call, "k", "kept"));
    try_fits = gram_call_header(call, name, value, try_len);
    if (!try_fits)
        assert_true(trailer(call, "n", "no")); /* whatever did not fit has left the rest as it was */
}

/* The last length that fits is the one that the header names; nothing is added of one that does not. */
static void test_room(struct pair *pair)
{
    begin(pair);
    for (unsigned bin = 0; bin < 2; bin++) {
        for (size_t len = GRAM_METADATA_SIZE / 2; len <= GRAM_METADATA_SIZE + 3; len++, id += 2) {
            size_t text = bin ? (len * 4 + 2) / 3 : len;
            size_t cost = 5 + COST + 5 + text + COST + (text >= 127); /* the length takes another byte from 127 on */
            try_len = len;
            try_bin = bin;
            answer(GRAM_OK, add_sized);
            peer_call(client, id, TINY, 1, "");
            expect_number(client, id, 7);
            const struct answer *a = peer_answer(client, id);
            if (try_fits != (cost <= GRAM_METADATA_SIZE))
                fail_msg("%zu bytes cost %zu", len, cost);
            assert_string_equal(answer_field(a->headers, "k"), "kept");
            const char *value = answer_field(a->headers, bin ? "v-bin" : "v-txt");
            assert_int_equal(try_fits, value != NULL);
            assert_true(!value || strlen(value) == text);
            value = answer_field(a->trailers, "n");
            assert_int_equal(try_fits, value == NULL);
        }
    }
}

static unsigned added;

/* As many as there is room for, half to the headers, half to the trailers. */
static void add_until_full(gram_call *call)
{
    added = 0;
    while (added % 2 ? header(call, "x", "y") : trailer(call, "t", "y"))
        added++;
}

/* What the request has brought takes its part. */
static void test_shared(struct pair *pair)
{
    begin(pair);
    for (size_t len = 0; len <= GRAM_METADATA_SIZE - 3; len += 7, id += 2) {
        char value[GRAM_METADATA_SIZE];
        memset(value, 'v', sizeof value);
        b.len = 0;
        put_request(&b, TINY);
        put_literal(&b, NOT_ADDED, 0, "x-text", value, len);
        answer(GRAM_OK, add_until_full);
        peer_block(client, id, &b, 0);
        peer_message(client, id, 1, "", 0, ES);
        expect_number(client, id, 7);
        assert_int_equal(added, (GRAM_METADATA_SIZE - 3 - len) / (2 + COST));
    }
}

/* ---- little room to send ---- */

/* All of it in the headers, or in the trailers, or half in each, or beside a long text: the transmit
 * buffer takes it, however slowly the client does, and with replies that leave in pieces. */
static unsigned where;

static void add_all(gram_call *call)
{
    static const char name[] = "name";
    char value[GRAM_METADATA_SIZE];
    size_t len = GRAM_METADATA_SIZE - 4 - COST;

    len -= len >= 127;
    memset(value, 'v', sizeof value);
    if (where == 2) {
        len = len / 2 - 4 - COST;
        assert_true(gram_call_header(call, name, value, len));
        assert_true(gram_call_trailer(call, name, value, len));
        return;
    }
    assert_true(where ? gram_call_trailer(call, name, value, len) : gram_call_header(call, name, value, len));
    assert_false(trailer(call, "n", ""));
}

static void crawl(struct pair *pair, const struct answer *a)
{
    for (unsigned i = 0; i < 20000 && !a->ended; i++) {
        client->take = 1;
        pair_run(pair);
        if (client->unacked > 0)
            peer_ack(client, 1);
        if (a->window == 0 && i % 4 == 0)
            peer_window(client, a->id, 3);
    }
    client->take = SIZE_MAX;
    client->ack = true;
    pair_run(pair);
}

static void test_slow_client(struct pair *pair)
{
    static const char *const paths[] = {TINY, UNARY, LARGE, FLOOD};
    begin(pair);
    for (unsigned i = 0; i < 4; i++) {
        for (where = 0; where < 3; where++) {
            for (unsigned tiny = 0; tiny < 2; tiny++, id += 2) {
                unsigned fill = i >= 2 ? 700 : 0;
                peer_setting(client, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, tiny ? 2 : 65535);
                test_app_answer((struct test_answer){
                    .status = GRAM_OK, .number = 7, .hook = add_all, .fill = i == 3 ? 0 : fill});
                if (i == 3) {
                    test_app_answer((struct test_answer){.status = GRAM_MORE, .number = 7, .fill = fill});
                    test_app_answer((struct test_answer){.status = GRAM_DONE});
                }
                client->ack = false;
                client->take = 0;
                peer_call(client, id, paths[i], 1, "");
                crawl(pair, peer_answer(client, id));
                expect_number(client, id, 7);
                const struct answer *a = peer_answer(client, id);
                assert_int_equal(answer_field(a->headers, "name") != NULL, where != 1);
                assert_int_equal(answer_field(a->trailers, "name") != NULL, where != 0);
                expect_usage(pair, 0, 0, 0);
            }
        }
    }
    for (where = 0; where < 3; where++, id += 2) { /* no reply, but the longest text */
        char text[300];
        memset(text, 'm', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        test_app_answer((struct test_answer){.status = GRAM_ABORTED, .text = text, .hook = add_all});
        client->ack = false;
        client->take = 0;
        peer_call(client, id, TINY, 1, "");
        crawl(pair, peer_answer(client, id));
        expect_status(client, id, GRAM_ABORTED, text);
        assert_int_equal(peer_answer(client, id)->blocks, where == 1 ? 1 : 2);
        assert_int_equal(answer_field(peer_answer(client, id)->trailers, "name") != NULL, where != 0);
    }
}

/* grpc_reply.c: what may be in use at most, and what must be free for a call to begin. */
enum { ROOM = GRAM_TX_SIZE - GRAM_TX_CONTROL, AROUND = GRAM_METADATA_SIZE + GRAM_TRAILERS_MAX + 63 };

/* Behind a reply that leaves ever less of the buffer: no byte more is counted on than is there. */
static void test_behind_another(struct pair *pair)
{
    begin(pair);
    for (size_t fill = ROOM > AROUND + 300 ? ROOM - AROUND - 300 : 1; fill < ROOM - 60; fill++) {
        for (where = 0; where < 3; where++, id += 4) {
            test_app_answer((struct test_answer){.status = GRAM_OK, .number = 7, .fill = (uint32_t)fill});
            answer(fill % 2 ? GRAM_OK : GRAM_ABORTED, add_all);
            peer_window(client, 0, (uint32_t)fill + 100);
            client->take = 0;
            peer_call(client, id, LARGE, 1, "");
            peer_call(client, id + 2, TINY, 1, "");
            client->take = SIZE_MAX;
            pair_run(pair);
            expect_number(client, id, 7);
            expect_status(client, id + 2, fill % 2 ? GRAM_OK : GRAM_ABORTED, NULL);
            const struct answer *a = peer_answer(client, id + 2);
            assert_int_equal(answer_field(a->headers, "name") != NULL, where != 1 || a->blocks == 1);
            assert_int_equal(answer_field(a->trailers, "name") != NULL, where != 0);
            if (test_app.script_at == test_app.script_len)
                test_app.script_at = test_app.script_len = 0;
        }
    }
}

/* A call that waits for room before it begins: trailers that come meanwhile are none of its metadata. */
static void test_trailers_meanwhile(struct pair *pair)
{
    char value[GRAM_METADATA_SIZE + 1];
    const struct gram_call *call = &pair->server->conns[0].calls[0]; /* the first is free again */
    begin(pair);
    memset(value, 'v', sizeof value);
    client->take = 0;
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 7, .fill = ROOM - AROUND - 20});
    peer_call(client, id, LARGE, 1, "");
    id += 2;
    b.len = 0;
    put_request(&b, TINY);
    put_literal(&b, NOT_ADDED, 0, "x-text", "mine", 4);
    peer_block(client, id, &b, 0);
    assert_int_equal(call->phase, GRAM_CALL_BEGIN);
    peer_message(client, id, 5, "", 0, 0);
    b.len = 0;
    put_literal(&b, NOT_ADDED, 0, "x-text", value, sizeof value);
    peer_block(client, id, &b, ES);
    metadata_seen[0] = '\0';
    client->take = SIZE_MAX;
    pair_run(pair);
    expect_number(client, id, 5);
    assert_string_equal(metadata_seen, "x-text=mine\n");
}

/* Calls that wait for room, at their beginning too, keep what they have; whoever gives up gives it back. */
static void test_waiting(struct pair *pair)
{
    begin(pair);
    where = 2;
    client->take = 0;
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        answer(GRAM_OK, add_all);
        b.len = 0;
        put_request(&b, TINY);
        put_literal(&b, ADDED, 0, "x-text-2", "", 0);
        put_literal(&b, NOT_ADDED, 0, "x-judged", "", 0);
        peer_block(client, id + 2 * i, &b, 0);
        peer_message(client, id + 2 * i, 1, "", 0, ES);
    }
    assert_int_equal(peer_answer(client, id)->blocks, 0);
    client->take = SIZE_MAX;
    pair_run(pair);
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        expect_number(client, id + 2 * i, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_OF(test_unary, metadata_app),       PAIR_TEST_OF(test_no_reply, metadata_app),
        PAIR_TEST_OF(test_stream, metadata_app),      PAIR_TEST_OF(test_interceptor, metadata_app),
        PAIR_TEST_OF(test_bad, metadata_app),         PAIR_TEST_OF(test_room, metadata_app),
        PAIR_TEST_OF(test_shared, metadata_app),      PAIR_TEST_OF(test_slow_client, metadata_app),
        PAIR_TEST_OF(test_behind_another, metadata_app),
        PAIR_TEST_OF(test_trailers_meanwhile, metadata_app),
        PAIR_TEST_OF(test_waiting, metadata_app),
    };
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
