/* A conversation of all four kinds of call that is broken at every point: at each byte that the client
 * sends, at each byte that the network takes or acknowledges, and with each pool of memory exhausted from
 * each step on. Always: every call that was entered is told its end once, nothing is still taken, and the
 * next client is served as if nothing had been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "grpc_internal.h"
#include "hpack_rfc.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS };

static struct blob session, block, message;

/* ---- what follows every break ---- */

static void ordinary_call(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    peer_call(p, 1, TINY, 7, "");
    expect_number(p, 1, 7);
    peer_lose(p);
    expect_usage(pair, 0, 0, 0);
    assert_int_equal(test_app.calls, test_app.closed);
    pair_renew(pair);
}

/* ---- the conversation as bytes, with header blocks as grpc-go writes them ---- */

static void put_huffman(const char *text)
{
    uint8_t code[256];
    size_t n = hpack_rfc_huffman_encode((const uint8_t *)text, strlen(text), code);

    put_integer(&block, 0x80, 7, (uint32_t)n);
    put(&block, code, n);
}

/* The first request inserts its fields; the others find all but the path again, behind the paths inserted
 * since. */
static void put_go_request(const char *path, unsigned earlier)
{
    static const struct {
        uint8_t index; /* of the name; 0: spelled out */
        const char *name, *value;
    } fields[] = {{1, NULL, "device:50051"},
                  {31, NULL, "application/grpc"},
                  {58, NULL, "grpc-go/1.59.0"},
                  {0, "te", "trailers"},
                  {0, "grpc-timeout", "9S"}};

    block.len = 0;
    put_index(&block, 3);
    put_index(&block, 6);
    put_integer(&block, 0x40, 6, 4);
    put_huffman(path);
    for (unsigned i = 0; i < 5; i++) {
        if (earlier > 0) {
            put_index(&block, 62 + earlier + 4 - i);
            continue;
        }
        put_integer(&block, 0x40, 6, fields[i].index);
        if (fields[i].index == 0)
            put_huffman(fields[i].name);
        put_huffman(fields[i].value);
    }
}

static void request(uint32_t id, const char *path)
{
    put_go_request(path, id / 2);
    put_frame(&session, GRAM_H2_HEADERS, EH, id, block.bytes, block.len);
}

static void data(uint32_t id, int32_t number, size_t pad, unsigned flags)
{
    message.len = 0;
    put_message(&message, number, "text", pad);
    put_frame(&session, GRAM_H2_DATA, flags, id, message.bytes, message.len);
}

static const char *const paths[] = {UNARY, STREAM, COLLECT, CHAT, TINY, LARGE};
enum { CALLS = sizeof paths / sizeof paths[0] };
static const unsigned replies[CALLS] = {1, 3, 1, 2, 1, 1};

/* The acknowledgement of SETTINGS comes last: until then a client may send a long message at once. */
static void record(void)
{
    session.len = 0;
    put(&session, GRAM_H2_PREFACE, GRAM_H2_PREFACE_LEN);
    put_frame(&session, GRAM_H2_SETTINGS, 0, 0, NULL, 0);
    request(1, UNARY);
    data(1, 2, 0, ES);
    request(3, STREAM);
    data(3, 3, 0, ES);
    request(5, COLLECT);
    data(5, 1, 0, 0);
    data(5, 2, 5, ES);
    request(7, CHAT);
    data(7, 4, 0, 0);
    data(7, 6, 0, ES);
    request(9, TINY);
    data(9, 8, GRAM_INITIAL_WINDOW_SIZE, ES);
    request(11, LARGE);
    data(11, 9, 0, ES);
    put_frame(&session, GRAM_H2_PING, 0, 0, "12345678", 8);
    put_frame(&session, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
}

static bool is_answered(struct peer *p, uint32_t id, unsigned n)
{
    const struct answer *a = peer_answer(p, id);

    return a && a->ended && !a->reset && strcmp(answer_field(a->trailers, "grpc-status"), "0") == 0 &&
           answer_replies(a) == n;
}

static void test_whole(struct pair *pair)
{
    struct peer *p = peer_open(pair);

    record();
    p->segment = 16; /* answers leave between them */
    peer_send(p, &session);
    for (unsigned i = 0; i < CALLS; i++)
        assert_true(is_answered(p, 2 * i + 1, replies[i]));
    assert_int_equal(p->ping_acks, 1);
    peer_lose(p);
    ordinary_call(pair);
}

static void at_each_byte(struct pair *pair, void (*end)(struct peer *p))
{
    record();
    for (size_t len = 0; len <= session.len; len++) {
        struct peer *p = peer_open(pair);
        p->segment = len % 2 ? 0 : PEER_RANDOM;
        peer_send_bytes(p, session.bytes, len);
        end(p);
        expect_usage(pair, 0, 0, 0);
        if (p->fate == PEER_HERE)
            peer_lose(p);
        ordinary_call(pair);
    }
}

static void test_lost(struct pair *pair)
{
    at_each_byte(pair, peer_lose);
}

static void test_fin(struct pair *pair)
{
    at_each_byte(pair, peer_fin);
}

/* ---- the network takes, or acknowledges, so many bytes of what the server says ---- */

static size_t length_of_answers(struct pair *pair)
{
    struct peer *p = peer_open(pair);
    size_t all;

    record();
    all = p->in_len; /* its SETTINGS have left before anything can be refused */
    p->segment = 16;
    peer_send(p, &session);
    all = p->in_len - all;
    peer_lose(p);
    assert_true(all > 200);
    return all;
}

/* Acknowledges up to the `n`-th byte. */
static void ack_up_to(struct peer *p, size_t n)
{
    size_t acked = p->in_len - p->unacked;

    if (p->fate == PEER_HERE && n > acked && p->unacked > 0)
        peer_ack(p, n - acked < p->unacked ? n - acked : p->unacked);
}

static struct peer *refusing(struct pair *pair, size_t n, bool takes)
{
    struct peer *p = peer_open(pair);
    size_t before = p->in_len;

    p->segment = 16;
    if (takes)
        p->ack = false;
    else
        p->take = n;
    peer_send(p, &session);
    for (unsigned i = 0; takes && i < 20; i++) /* what is acknowledged makes room for more */
        ack_up_to(p, before + n);
    return p;
}

/* Then it goes on: nothing is missing, and only what came while all streams were taken is refused. */
static void test_refuses_for_a_while(struct pair *pair)
{
    size_t all = length_of_answers(pair);

    for (size_t n = 0; n < 2 * all; n++) {
        struct peer *p = refusing(pair, n / 2, n % 2);
        pair_sleep(pair, GRAM_STALL_MS / 4);
        p->take = SIZE_MAX;
        p->ack = true;
        pair_run(pair);
        assert_int_equal(p->fate, PEER_HERE);
        for (unsigned i = 0; i < CALLS; i++) {
            const struct answer *a = peer_answer(p, 2 * i + 1);
            bool refused =
                a && a->reset && a->reset_code == GRAM_H2_REFUSED_STREAM && i >= GRAM_MAX_CONCURRENT_STREAMS;
            assert_true(refused || is_answered(p, 2 * i + 1, replies[i]));
        }
        expect_usage(pair, 0, 0, 0);
        peer_lose(p);
        ordinary_call(pair);
    }
}

/* And never again: the stall timer ends it. */
static void test_refuses_for_ever(struct pair *pair)
{
    size_t all = length_of_answers(pair);

    for (size_t n = 0; n < 2 * all; n++) {
        struct peer *p = refusing(pair, n / 2, n % 2);
        bool stalls =
            n % 2 == 0 || p->unacked > 0; /* with calls refused for want of streams there is less to say */
        pair_sleep(pair, GRAM_STALL_MS + GRAM_LINGER_MS);
        assert_int_equal(p->fate, stalls ? PEER_DROPPED : PEER_HERE);
        if (!stalls)
            peer_lose(p);
        expect_usage(pair, 0, 0, 0);
        ordinary_call(pair);
    }
}

/* ---- pools: somebody else has all that is left of one, from one step on ---- */

enum pool { MESSAGE_BUFS, HELD_REPLIES, STREAMS, POOLS };

/* Calls of no connection that own what they have been given. */
static struct gram_conn nowhere;
static struct gram_call robbers[GRAM_MESSAGE_BUFS + GRAM_HELD_REPLIES];

static void own_nothing(struct pair *pair)
{
    nowhere.server = pair->server;
    for (unsigned i = 0; i < sizeof robbers / sizeof robbers[0]; i++)
        robbers[i] = (struct gram_call){
            .conn = &nowhere, .phase = GRAM_CALL_STREAM, .message_buf = GRAM_NONE, .held = GRAM_NONE};
}

static void rob(struct pair *pair, enum pool pool)
{
    struct gram_server *server = pair->server;
    unsigned n = 0;

    for (uint8_t i = 0; pool == MESSAGE_BUFS && i < GRAM_MESSAGE_BUFS; i++) {
        if (server->message_bufs[i].owner)
            continue;
        robbers[n].message_buf = i;
        server->message_bufs[i].owner = &robbers[n++];
    }
    for (uint8_t i = 0; pool == HELD_REPLIES && i < GRAM_HELD_REPLIES; i++) {
        if (server->held[i].owner)
            continue;
        robbers[n].held = i;
        server->held[i].owner = &robbers[n++];
    }
}

static void give_back(struct pair *pair)
{
    for (unsigned i = 0; i < sizeof robbers / sizeof robbers[0]; i++) {
        gram_receive_release(&robbers[i]);
        gram_reply_release(&robbers[i]);
    }
    pair->has_due = true; /* as after input: whoever freed it is polled */
    pair->due = pair->now;
    pair_run(pair);
}

/* The conversation in steps, two calls at a time; what has been refused is left alone. */
struct talk {
    struct peer *p;
    uint32_t id[CALLS];
    uint32_t robber[GRAM_MAX_CONCURRENT_STREAMS];
};

static bool is_refused(const struct talk *t, unsigned i)
{
    const struct answer *a = peer_answer(t->p, t->id[i]);
    return a && a->reset && a->reset_code == GRAM_H2_REFUSED_STREAM;
}

static void open_call(struct talk *t, unsigned i)
{
    t->id[i] = t->p->last_id + 2;
    peer_headers(t->p, t->id[i], paths[i], 0);
}

static void say(struct talk *t, unsigned i, int32_t number, unsigned flags)
{
    if (!is_refused(t, i))
        peer_message(t->p, t->id[i], number, "text", 0, flags);
}

/* The first window of a long message; and the rest, once there is a window for it. */
static void say_long(struct talk *t, unsigned i, bool rest)
{
    const size_t window = GRAM_INITIAL_WINDOW_SIZE;

    message.len = 0;
    put_message(&message, 8, "", window);
    if (is_refused(t, i))
        return;
    if (!rest)
        peer_frame(t->p, GRAM_H2_DATA, 0, t->id[i], message.bytes, window);
    else if (peer_was_updated(t->p, t->id[i]) && !peer_answer(t->p, t->id[i])->ended)
        peer_frame(t->p, GRAM_H2_DATA, ES, t->id[i], message.bytes + window, message.len - window);
}

static void step(struct talk *t, unsigned n)
{
    switch (n) {
    case 0:
        open_call(t, 4);
        return;
    case 1:
        say_long(t, 4, false);
        return;
    case 2:
        say_long(t, 4, true);
        return;
    case 3:
        open_call(t, 5);
        return;
    case 4:
        say(t, 5, 9, ES);
        return;
    case 5:
        open_call(t, 2);
        return;
    case 6:
        say(t, 2, 1, 0);
        return;
    case 7:
        say(t, 2, 2, ES);
        return;
    case 8:
        peer_window(t->p, t->id[5], 60000);
        return;
    default:
        return;
    }
}
enum { STEPS = 9 };

/* Real streams of the same connection. */
static void rob_streams(struct talk *t)
{
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        t->robber[i] = t->p->last_id + 2;
        peer_headers(t->p, t->robber[i], COLLECT, 0);
    }
}

static void release_streams(struct talk *t)
{
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        if (!peer_answer(t->p, t->robber[i])->reset)
            peer_rst(t->p, t->robber[i], GRAM_H2_CANCEL);
}

static struct talk talk_robbed(struct pair *pair, enum pool pool, unsigned from)
{
    struct talk t = {.p = peer_ready(pair)};

    own_nothing(pair);
    t.p->last_id = 1; /* as some clients begin, with 3 */
    peer_setting(t.p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 3);
    for (unsigned n = 0; n < STEPS; n++) {
        if (n == from && pool == STREAMS)
            rob_streams(&t);
        else if (n == from)
            rob(pair, pool);
        step(&t, n);
    }
    return t;
}

/* It is given back, and the client does its part: what was not refused is answered. */
static void test_pools(struct pair *pair)
{
    for (unsigned pool = 0; pool < POOLS; pool++) {
        for (unsigned from = 0; from <= STEPS; from++) {
            struct talk t = talk_robbed(pair, pool, from);
            if (pool == STREAMS && from < STEPS)
                release_streams(&t);
            give_back(pair);
            peer_setting(t.p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65535);
            say_long(&t, 4, true);
            for (unsigned i = 0; i < CALLS; i++)
                if (t.id[i] != 0)
                    assert_true(is_answered(t.p, t.id[i], replies[i]) ||
                                (is_refused(&t, i) && (pool == STREAMS || i == 2)));
            expect_usage(pair, 0, 0, 0);
            expect_alive(t.p);
            peer_lose(t.p);
            ordinary_call(pair);
        }
    }
}

/* The client is lost while it waits for what others have; they have it still. */
static void test_pools_lost(struct pair *pair)
{
    for (unsigned pool = 0; pool < POOLS; pool++) {
        for (unsigned from = 0; from <= STEPS; from++) {
            struct talk t = talk_robbed(pair, pool, from);
            if (from % 2)
                peer_lose(t.p);
            else
                peer_fin(t.p);
            assert_int_equal(test_app.calls, test_app.closed);
            give_back(pair);
            if (t.p->fate == PEER_HERE)
                peer_lose(t.p);
            ordinary_call(pair);
        }
    }
}

/* No place for a connection while all are at work, and one as soon as any of them leaves. */
static void test_places(struct pair *pair)
{
    for (unsigned leaves = 0; leaves < GRAM_MAX_CONNECTIONS; leaves++) {
        struct peer *busy[GRAM_MAX_CONNECTIONS];
        for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
            busy[i] = peer_ready(pair);
            peer_headers(busy[i], 1, COLLECT, 0);
        }
        assert_null(peer_open(pair));
        peer_lose(busy[leaves]);
        struct peer *p = peer_ready(pair);
        peer_call(p, 1, TINY, 7, "");
        expect_number(p, 1, 7);
        peer_lose(p);
        for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++)
            if (i != leaves)
                peer_lose(busy[i]);
        ordinary_call(pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_whole),
        PAIR_TEST_OF(test_lost, test_app_intercepted),
        PAIR_TEST_OF(test_fin, test_app_intercepted),
        PAIR_TEST(test_refuses_for_a_while),
        PAIR_TEST(test_refuses_for_ever),
        PAIR_TEST(test_pools),
        PAIR_TEST(test_pools_lost),
        PAIR_TEST(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
