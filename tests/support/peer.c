/* The client: its transport, and what it does. What it receives is taken apart in peer_answer.c. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include "be.h"
#include "pair.h"
#include "peer_internal.h"

void *peer_grow(void *p, size_t size, size_t *room, size_t needed)
{
    if (needed <= *room)
        return p;
    *room = needed * 2 + 64;
    p = realloc(p, *room * size);
    PAIR_MUST(p, "memory");
    return p;
}

/* ---- what passes on its way to the server ---- */

/* The client's own settings count once the server has acknowledged them. */
static void sent_settings(struct peer *p, const uint8_t *payload, size_t len)
{
    struct peer_settings *s = &p->pending[p->pending_count];

    PAIR_MUST(p->pending_count < sizeof p->pending / sizeof p->pending[0],
              "too many SETTINGS at once for the test's client");
    *s = (struct peer_settings){0};
    p->pending_count++;
    for (; len >= 6; payload += 6, len -= 6) {
        uint32_t value = gram_get_be32(payload + 2);

        switch (gram_get_be16(payload)) {
        case GRAM_H2_SETTINGS_HEADER_TABLE_SIZE: /* twice in one frame: the lower one must be told as well */
            s->lowest_table = s->has_table && s->lowest_table < value ? s->lowest_table : value;
            s->has_table = true;
            s->table = value;
            break;
        case GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE:
            s->has_window = value <= INT32_MAX;
            s->window = value;
            break;
        case GRAM_H2_SETTINGS_MAX_FRAME_SIZE:
            s->has_frame = true;
            s->frame = value;
            break;
        default:
            break;
        }
    }
}

static void sent_frame(struct peer *p, const uint8_t *head, const uint8_t *payload, size_t len)
{
    uint32_t id = gram_get_be32(head + 5) & INT32_MAX;

    switch (head[3]) {
    case GRAM_H2_SETTINGS:
        if (!(head[4] & GRAM_H2_FLAG_ACK) && id == 0 && len % 6 == 0)
            sent_settings(p, payload, len);
        return;
    case GRAM_H2_WINDOW_UPDATE:
        if (len != 4)
            return;
        if (id == 0)
            p->window += gram_get_be32(payload) & INT32_MAX;
        else if (peer_answer(p, id))
            peer_answer(p, id)->window += gram_get_be32(payload) & INT32_MAX;
        return;
    default:
        return;
    }
}

/* Bytes that the server has taken. A frame's effects on the client count from its head on (HEADERS open a
 * stream) and from its end on. */
static void scan(struct peer *p, const uint8_t *data, size_t len)
{
    for (; len > 0; data++, len--) {
        if (p->scanned < sizeof p->scan)
            p->scan[p->scanned] = *data;
        p->scanned++;
        if (p->scanned < 9)
            continue;
        uint32_t frame = gram_get_be24(p->scan);
        uint32_t id = gram_get_be32(p->scan + 5) & INT32_MAX;
        if (p->scanned == 9 && p->scan[3] == GRAM_H2_HEADERS && id > p->last_id) {
            p->last_id = id;
            peer_add_answer(p, id);
        }
        if (p->scanned < 9 + (size_t)frame)
            continue;
        if (p->scanned <= sizeof p->scan)
            sent_frame(p, p->scan, p->scan + 9, frame);
        p->scanned = 0;
    }
}

static void took(struct peer *p, const uint8_t *data, size_t len)
{
    size_t preface = p->scan_left < len ? p->scan_left : len;

    p->scan_left -= preface;
    scan(p, data + preface, len - preface);
}

/* ---- the transport ---- */

static size_t next_segment(struct peer *p)
{
    size_t left = p->out_len - p->out_at;
    size_t n = p->segment;

    if (n == PEER_RANDOM)
        n = 1 + test_random_below(&p->pair->random, 1u << test_random_below(&p->pair->random, 11));
    return n == 0 || n > left ? left : n;
}

/* Each segment is an allocation of its own, so that the sanitizer sees a read beyond it. */
static bool deliver(struct peer *p)
{
    size_t n = next_segment(p);

    if (n == 0 || !gram_conn_rx_ready(p->conn))
        return false;
    uint8_t *segment = malloc(n);
    PAIR_MUST(segment, "memory");
    memcpy(segment, p->out + p->out_at, n);
    size_t taken = gram_conn_rx(p->conn, segment, n);
    memset(segment, 0xdd, n);
    free(segment);
    PAIR_MUST(taken <= n, "no more is taken than was given");
    took(p, p->out + p->out_at, taken);
    p->out_at += taken;
    return taken > 0;
}

/* What the server keeps for the network must not have changed (CVE-2024-11407). */
static void check_kept(struct peer *p, size_t len)
{
    size_t at = p->in_len - p->unacked;

    while (len > 0) {
        size_t n = p->chunk_len[0] < len ? p->chunk_len[0] : len;

        PAIR_MUST(memcmp(p->chunk[0], p->in + at, n) == 0, "bytes handed to the network have changed");
        at += n;
        len -= n;
        p->chunk[0] += n;
        p->chunk_len[0] -= n;
        if (p->chunk_len[0] > 0)
            break;
        p->chunks--;
        memmove(p->chunk, p->chunk + 1, p->chunks * sizeof p->chunk[0]);
        memmove(p->chunk_len, p->chunk_len + 1, p->chunks * sizeof p->chunk_len[0]);
    }
}

static void acknowledge(struct peer *p, size_t len)
{
    check_kept(p, len);
    p->unacked -= len;
    gram_conn_tx_acked(p->conn, len);
}

static bool collect(struct peer *p)
{
    size_t n;
    const uint8_t *data = gram_conn_tx_buf(p->conn, &n);

    n = n < p->take ? n : p->take;
    if (n == 0 || p->chunks == sizeof p->chunk / sizeof p->chunk[0])
        return false;
    p->in = peer_grow(p->in, 1, &p->in_room, p->in_len + n);
    memcpy(p->in + p->in_len, data, n);
    p->in_len += n;
    p->take -= p->take == SIZE_MAX ? 0 : n;
    p->chunk[p->chunks] = data;
    p->chunk_len[p->chunks++] = n;
    p->unacked += n;
    gram_conn_tx_taken(p->conn, n);
    return true;
}

static void leave(struct peer *p, enum peer_fate fate)
{
    gram_conn_closed(p->conn);
    p->fate = fate;
    p->conn = NULL;
}

static bool end_if_over(struct peer *p)
{
    size_t unsent;

    switch (gram_conn_phase(p->conn)) {
    case GRAM_CONN_OPEN:
        return false;
    case GRAM_CONN_DONE:
        gram_conn_tx_buf(p->conn, &unsent);
        if (unsent > 0 || p->unacked > 0)
            return false;
        leave(p, PEER_DONE);
        return true;
    default:
        leave(p, PEER_DROPPED);
        return true;
    }
}

bool peer_transport(struct peer *p)
{
    bool any = false, moved = true;

    gram_server_set_time(p->pair->server, p->pair->now);
    while (moved) {
        moved = false;
        while (collect(p))
            moved = true;
        peer_parse(p);
        if (p->ack && p->unacked > 0) {
            acknowledge(p, p->unacked);
            moved = true;
        }
        moved |= deliver(p);
        any |= moved;
        if (end_if_over(p))
            return true;
    }
    return any;
}

/* ---- actions ---- */

struct peer *peer_open(struct pair *pair)
{
    struct peer *p = calloc(1, sizeof *p);

    PAIR_MUST(p && pair->peer_count < sizeof pair->peers / sizeof pair->peers[0], "memory");
    gram_server_set_time(pair->server, pair->now);
    p->conn = gram_conn_open(pair->server, "10.0.2.2:50000");
    if (!p->conn) {
        free(p);
        pair_run(pair); /* another may have been told to make room */
        return NULL;
    }
    p->pair = pair;
    p->take = SIZE_MAX;
    p->ack = true;
    p->scan_left = GRAM_H2_PREFACE_LEN;
    p->window = p->initial_window = GRAM_H2_WINDOW_DEFAULT;
    p->max_frame = GRAM_H2_FRAME_MAX;
    peer_hpack_init(&p->hpack);
    pair->peers[pair->peer_count++] = p;
    pair_run(pair);
    return p;
}

static void say_hello(struct peer *p, bool ack)
{
    static struct blob b;

    b.len = 0;
    put(&b, GRAM_H2_PREFACE, GRAM_H2_PREFACE_LEN);
    put_frame(&b, GRAM_H2_SETTINGS, 0, 0, NULL, 0);
    if (ack)
        put_frame(&b, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
    peer_send(p, &b);
    p->looked = p->frame_count;
}

void peer_hello(struct peer *p)
{
    say_hello(p, true);
}

struct peer *peer_early(struct pair *pair)
{
    struct peer *p = peer_open(pair);

    PAIR_MUST(p, "the server has a place");
    say_hello(p, false);
    return p;
}

struct peer *peer_ready(struct pair *pair)
{
    struct peer *p = peer_open(pair);

    for (unsigned i = 0; !p && i < pair->peer_count; i++) {
        if (pair->peers[i]->fate == PEER_HERE)
            peer_lose(pair->peers[i]);
        p = peer_open(pair);
    }
    PAIR_MUST(p, "the server has a place");
    peer_hello(p);
    return p;
}

void peer_queue(struct peer *p, const void *data, size_t len)
{
    p->out = peer_grow(p->out, 1, &p->out_room, p->out_len + len);
    if (len > 0)
        memcpy(p->out + p->out_len, data, len);
    p->out_len += len;
}

void peer_send_bytes(struct peer *p, const void *data, size_t len)
{
    peer_queue(p, data, len);
    pair_run(p->pair);
}

void peer_send(struct peer *p, const struct blob *b)
{
    peer_send_bytes(p, b->bytes, b->len);
}

void peer_lose(struct peer *p)
{
    gram_server_set_time(p->pair->server, p->pair->now);
    leave(p, PEER_LEFT);
    pair_check(p->pair);
    pair_run(p->pair);
}

void peer_fin(struct peer *p)
{
    gram_server_set_time(p->pair->server, p->pair->now);
    gram_conn_rx_end(p->conn);
    pair_run(p->pair);
}

void peer_ack(struct peer *p, size_t len)
{
    PAIR_MUST(len <= p->unacked, "the test acknowledges what was taken");
    gram_server_set_time(p->pair->server, p->pair->now);
    acknowledge(p, len);
    pair_run(p->pair);
}

void peer_frame(struct peer *p, unsigned type, unsigned flags, uint32_t id, const void *payload, size_t len)
{
    static struct blob b;

    b.len = 0;
    put_frame(&b, type, flags, id, payload, len);
    peer_send(p, &b);
}

void peer_setting(struct peer *p, unsigned id, uint32_t value)
{
    static struct blob b;

    b.len = 0;
    put_setting(&b, id, value);
    peer_frame(p, GRAM_H2_SETTINGS, 0, 0, b.bytes, b.len);
}

static void send_be32(struct peer *p, unsigned type, uint32_t id, uint32_t value)
{
    uint8_t payload[4];

    gram_put_be32(payload, value);
    peer_frame(p, type, 0, id, payload, sizeof payload);
}

void peer_window(struct peer *p, uint32_t id, uint32_t increment)
{
    send_be32(p, GRAM_H2_WINDOW_UPDATE, id, increment);
}

void peer_rst(struct peer *p, uint32_t id, uint32_t code)
{
    send_be32(p, GRAM_H2_RST_STREAM, id, code);
}

void peer_ping(struct peer *p)
{
    peer_frame(p, GRAM_H2_PING, 0, 0, "12345678", 8);
}

void peer_ping_ack(struct peer *p)
{
    peer_frame(p, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0, p->pinged, 8);
}

void peer_block(struct peer *p, uint32_t id, const struct blob *block, unsigned flags)
{
    peer_frame(p, GRAM_H2_HEADERS, flags | GRAM_H2_FLAG_END_HEADERS, id, block->bytes, block->len);
}

void peer_headers(struct peer *p, uint32_t id, const char *path, unsigned flags)
{
    static struct blob b;

    b.len = 0;
    put_request(&b, path);
    peer_block(p, id, &b, flags);
}

void peer_message(struct peer *p, uint32_t id, int32_t number, const char *text, size_t pad, unsigned flags)
{
    static struct blob b;

    b.len = 0;
    put_message(&b, number, text, pad);
    peer_frame(p, GRAM_H2_DATA, flags, id, b.bytes, b.len);
}

void peer_call(struct peer *p, uint32_t id, const char *path, int32_t number, const char *text)
{
    static struct blob b, fields, message;

    b.len = fields.len = message.len = 0;
    put_request(&fields, path);
    put_message(&message, number, text, 0);
    put_frame(&b, GRAM_H2_HEADERS, GRAM_H2_FLAG_END_HEADERS, id, fields.bytes, fields.len);
    put_frame(&b, GRAM_H2_DATA, GRAM_H2_FLAG_END_STREAM, id, message.bytes, message.len);
    peer_send(p, &b);
}

void peer_call_within(struct peer *p, uint32_t id, const char *path, const char *timeout, unsigned flags)
{
    static struct blob b;

    b.len = 0;
    put_request(&b, path);
    put_field(&b, "grpc-timeout", timeout);
    peer_block(p, id, &b, 0);
    peer_message(p, id, 1, "", 0, flags);
}

void peer_free(struct peer *p)
{
    for (unsigned i = 0; i < p->answer_count; i++)
        free(p->answers[i].body);
    free(p->answers);
    free(p->frames);
    free(p->in);
    free(p->out);
    free(p);
}
