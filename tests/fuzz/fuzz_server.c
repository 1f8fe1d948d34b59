/* A whole server and its clients, steered by any bytes: what is sent, in which segments, what the network
 * takes and acknowledges, what handlers answer, when they are woken, and how much time passes. The
 * clients' rules, the core's invariants and "nothing is still taken" (pair.h) must hold whatever comes.
 *
 * Input: steps of one byte each, with the arguments that the step reads; behind the end all is 0. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "grpc_internal.h"
#include "metadata_app.h"
#include "pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENTS = GRAM_MAX_CONNECTIONS, STEPS = 300 };

struct input {
    const uint8_t *at;
    size_t left;
};

static struct pair pair;
static struct peer *clients[CLIENTS];
static struct blob b, payload;

static unsigned byte(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static unsigned two(struct input *in)
{
    unsigned high = byte(in);
    return high << 8 | byte(in);
}

/* Numbers at which something changes, more often than others. */
static uint32_t number(struct input *in)
{
    static const uint32_t edges[] = {0,     1,     5,          63,         64,         512,
                                     16384, 65535, 0x7fffffff, 0x80000000, 0xffffffff, 4096};
    unsigned c = byte(in);
    return c < sizeof edges / sizeof edges[0] ? edges[c] : c < 200 ? c - 12 : two(in);
}

static const char *path(struct input *in)
{
    static const char *const paths[] = {UNARY,   TINY, LARGE,      SHORT,      STREAM, FLOOD,
                                        COLLECT, CHAT, SMALL_CHAT, "/no/such", "/"};
    return paths[byte(in) % (sizeof paths / sizeof paths[0])];
}

/* One of the client's streams, mostly the last ones. */
static uint32_t stream(const struct peer *p, struct input *in)
{
    unsigned c = byte(in);
    if (c >= 240)
        return c - 240;
    return p->last_id > 2 * (c % 5) ? p->last_id - 2 * (c % 5) : p->last_id;
}

static struct peer *client(struct input *in)
{
    unsigned i = byte(in) % CLIENTS;

    if (clients[i] && clients[i]->fate != PEER_HERE)
        clients[i] = NULL;
    if (!clients[i] && pair.peer_count < sizeof pair.peers / sizeof pair.peers[0])
        clients[i] = peer_open(&pair);
    if (clients[i] && clients[i]->out_len == 0 && byte(in) < 250)
        peer_hello(clients[i]);
    return clients[i];
}

/* ---- metadata ---- */

static char value[300];

/* Fields of keys of all kinds, in all forms, and what is in the table. */
static void put_metadata(struct input *in)
{
    static const size_t lens[] = {0, 1, 4, 8, GRAM_METADATA_SIZE - 3, GRAM_HPACK_STORE - 2, 299};

    for (unsigned n = byte(in) % 6; n > 0; n--) {
        unsigned c = byte(in), key = c % (METADATA_KEYS + 1);
        unsigned form = (c & 64 ? ADDED : c & 128 ? NEVER_ADDED : NOT_ADDED) | (byte(in) & 3);
        size_t len = byte(in);

        if (c >= 192) {
            put_index(&b, 62 + byte(in) % 8);
            continue;
        }
        len = len < sizeof lens / sizeof lens[0] ? lens[len] : len;
        memset(value, 'A' + (int)(len % 20), len);
        if (len > 0)
            value[byte(in) % len] = (char)byte(in);
        put_literal(&b, form, key == KEY_AUTH ? 23 : key == KEY_AGENT && c & 32 ? 58 : 0,
                    key == METADATA_KEYS ? "x-nobody" : metadata_name[key], value, len);
    }
}

/* Interceptors and handlers add as much as there is room for, and now and then refuse. */
static unsigned adding;

static gram_status add_metadata(gram_call *call)
{
    for (unsigned i = adding % 8; i > 0; i--) {
        gram_call_header(call, i % 2 ? "x-h" : "x-h-bin", value, adding);
        gram_call_trailer(call, i % 3 ? "x-t" : "x-t-bin", value, adding / 2);
    }
    return adding == 255 ? gram_call_fail(call, GRAM_UNAUTHENTICATED, "who?") : GRAM_OK;
}

static void add_late(gram_call *call)
{
    add_metadata(call);
}

/* ---- steps ---- */

static void send_request(struct peer *p, struct input *in)
{
    unsigned c = byte(in);
    uint32_t id = p->last_id + (p->last_id == 0 ? 1 : 2);
    char timeout[12] = "1S";

    b.len = 0;
    put_request(&b, path(in));
    if (c & 2) {
        timeout[0] = (char)('0' + byte(in) % 11);
        timeout[1] = "HMSmunx"[byte(in) % 7];
        put_insert(&b, "grpc-timeout", timeout);
    }
    if (c & 4)
        put_field(&b, "content-length", timeout);
    if (c & 8)
        put_index(&b, byte(in));
    if (c & 16)
        put_field(&b, "grpc-encoding", c & 32 ? "identity" : "gzip");
    if (c & 128)
        put_metadata(in);
    peer_block(p, id, &b, (c & 1) | (c & 64 ? GRAM_H2_FLAG_PRIORITY : 0));
}

/* Trailers, or a block for a stream that is gone or full; or nothing but a size update before it. */
static void send_metadata(struct peer *p, struct input *in)
{
    uint32_t id = stream(p, in);

    b.len = 0;
    if (byte(in) & 1)
        put_integer(&b, 0x20, 5, number(in) % 5000);
    put_metadata(in);
    adding = byte(in);
    if (adding == 254)
        gram_server_forget_verdicts(pair.server);
    peer_block(p, id, &b, byte(in) & 1);
}

static void send_message(struct peer *p, struct input *in)
{
    uint32_t id = stream(p, in);
    unsigned c = byte(in);
    size_t pad = c & 2 ? 0 : 3 + two(in) % 1500;
    size_t at = 0;

    payload.len = 0;
    put_message(&payload, (int32_t)number(in), c & 4 ? "text" : "", pad);
    size_t piece = 1 + (c & 8 ? byte(in) : payload.len);
    while (at < payload.len && p->fate == PEER_HERE) {
        size_t n = payload.len - at < piece ? payload.len - at : piece;
        peer_frame(p, GRAM_H2_DATA, at + n == payload.len ? c & 1 : 0, id, payload.bytes + at, n);
        at += n;
    }
}

static void send_any_frame(struct peer *p, struct input *in)
{
    unsigned type = byte(in) % 12, flags = byte(in);
    uint32_t id = stream(p, in);
    size_t len = byte(in) % 64;

    payload.len = 0;
    for (size_t i = 0; i < len; i++)
        put_byte(&payload, byte(in));
    peer_frame(p, type, flags, id, payload.bytes, len);
}

static void send_any_bytes(struct peer *p, struct input *in)
{
    size_t len = byte(in);

    len = len < in->left ? len : in->left;
    const uint8_t *bytes = in->at;
    in->at += len;
    in->left -= len;
    if (len > 0)
        peer_send_bytes(p, bytes, len);
}

static void answer(struct input *in)
{
    static gram_call_ref kept;
    struct test_answer a = {.status = (gram_status)((int)(byte(in) % 22) - 4)};
    unsigned c = byte(in);

    if (c & 1)
        a.fill = number(in) % 100000;
    if (c & 2)
        a.sleep = number(in);
    if (c & 4)
        a.text = "a text with 100% of \xc3\xbc and \xf0\x9f\x98\x88";
    a.broken = (c & 56) == 56;
    if (c & 8)
        a.hook = add_late;
    a.number = (int32_t)c;
    if (test_app.script_len < TEST_SCRIPT)
        test_app_answer(a);
    if (c & 64)
        kept = test_app.ref;
    if (c & 128 && kept.server == pair.server)
        gram_call_wake(kept);
}

static void transport(struct peer *p, struct input *in)
{
    unsigned c = byte(in);

    if (c & 1)
        p->take = c & 2 ? SIZE_MAX : two(in) % 2048;
    if (c & 4)
        p->ack = (c & 8) != 0;
    if (c & 16)
        p->segment = c & 32 ? PEER_RANDOM : byte(in) % 32;
    if (c & 64)
        peer_ack(p, two(in) % (p->unacked + 1));
    else
        pair_run(&pair);
}

/* Either side leaves, at once or in steps. */
static void end(struct peer *p, struct input *in)
{
    unsigned c = byte(in);

    if (c < 100) {
        peer_lose(p);
    } else if (c < 150) {
        peer_fin(p);
    } else if (c < 200) {
        gram_server_set_time(pair.server, pair.now);
        gram_conn_go_away(p->conn, c & 1 ? GRAM_H2_WARN : GRAM_H2_LEAVE, "fuzzed", number(in));
        pair_run(&pair);
    } else {
        peer_ping_ack(p);
    }
}

static void step(struct input *in)
{
    unsigned what = byte(in) % 16;
    struct peer *p;

    if (what == 0) {
        pair_sleep(&pair, byte(in) < 200 ? byte(in) : two(in));
        return;
    }
    if (what == 1) {
        answer(in);
        return;
    }
    if (what == 2) {
        if (test_app.ref.server == pair.server)
            gram_call_wake(test_app.ref);
        pair_run(&pair);
        return;
    }
    p = client(in);
    if (!p || p->fate != PEER_HERE)
        return;
    switch (what) {
    case 3:
    case 4:
        send_request(p, in);
        return;
    case 5:
    case 6:
    case 7:
        send_message(p, in);
        return;
    case 8:
        peer_window(p, byte(in) & 1 ? 0 : stream(p, in), number(in));
        return;
    case 9:
        peer_setting(p, byte(in) % 8, number(in));
        return;
    case 10:
        peer_rst(p, stream(p, in), byte(in));
        return;
    case 11:
        send_any_frame(p, in);
        return;
    case 12:
        send_any_bytes(p, in);
        return;
    case 13:
        end(p, in);
        return;
    case 14:
        send_metadata(p, in);
        return;
    default:
        transport(p, in);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    unsigned c = byte(&in);

    memset(clients, 0, sizeof clients);
    test_app_reset();
    metadata_app_init();
    metadata_before = add_metadata;
    metadata_after = add_late;
    adding = 0;
    pair_open(&pair, c & 2 ? &metadata_app : c & 1 ? &test_app_intercepted : &test_app_plain);
    for (unsigned i = 0; i < STEPS && in.left > 0; i++)
        step(&in);
    pair_close(&pair);
    return 0;
}
