/* A client's half of the protocol, written for the model alone: HPACK blocks in every lawful shape, DATA
 * within the windows that the server has given, and its own account of what it costs the server.
 *
 * Invariants: whole frames are appended to `wire`, which reaches the server in pieces of any length; the
 * client never sends beyond a window, nor more work than the server forgives. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "be.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS };

/* ---- the wire ---- */

bool m_flushed(const struct m_client *k)
{
    return k->wire_at == k->wire_len && k->peer->out_at == k->peer->out_len;
}

void m_flush(struct m_client *k, size_t len)
{
    size_t left = k->wire_len - k->wire_at;

    if (k->peer->fate != PEER_HERE || k->fin)
        return;
    len = len < left ? len : left;
    peer_queue(k->peer, k->wire + k->wire_at, len);
    k->wire_at += len;
    if (k->wire_at == k->wire_len)
        k->wire_at = k->wire_len = 0;
}

static void write_wire(struct m_client *k, const void *data, size_t len)
{
    if (k->violated >= 0)
        return; /* what comes after it is not looked at */
    k->wire = m_grow(k->wire, &k->wire_room, k->wire_len + len);
    if (len > 0)
        memcpy(k->wire + k->wire_len, data, len);
    k->wire_len += len;
}

void m_frame(struct m_client *k, unsigned type, unsigned flags, uint32_t id, const void *payload, size_t len)
{
    uint8_t head[9];

    gram_put_be24(head, (uint32_t)len);
    head[3] = (uint8_t)type;
    head[4] = (uint8_t)flags;
    gram_put_be32(head + 5, id);
    write_wire(k, head, sizeof head);
    write_wire(k, payload, len);
}

void m_frame32(struct m_client *k, unsigned type, uint32_t id, uint32_t value)
{
    uint8_t payload[4];

    gram_put_be32(payload, value);
    m_frame(k, type, 0, id, payload, sizeof payload);
}

/* A point is forgiven in 1000 / GRAM_ABUSE_PER_SECOND ms; m_check() lets them pass. A second is left to the
 * server's own resets. */
bool m_may(struct m_client *k, unsigned points)
{
    uint32_t cost = points * 1000u / GRAM_ABUSE_PER_SECOND;

    if (k->debt + cost > 1000u * GRAM_ABUSE_BURST / GRAM_ABUSE_PER_SECOND - 1000)
        return false;
    k->debt += cost;
    return true;
}

void m_hello(struct m_client *k)
{
    static const uint8_t window[] = {0, 4, 0, 15, 0, 0};

    write_wire(k, GRAM_H2_PREFACE, GRAM_H2_PREFACE_LEN);
    m_frame(k, GRAM_H2_SETTINGS, 0, 0, window, m_chance(50) ? sizeof window : 0);
}

void m_ack_settings(struct m_client *k)
{
    for (unsigned i = 0; i < k->call_count; i++)
        k->calls[i]->window += (int64_t)k->peer->server_window - GRAM_H2_WINDOW_DEFAULT;
    if (k->call_count > 0)
        m_count(M_ACK_LATE);
    k->knows_settings = true;
    m_frame(k, GRAM_H2_SETTINGS, GRAM_H2_FLAG_ACK, 0, NULL, 0);
}

/* The block as HEADERS and CONTINUATIONs. */
static void write_block(struct m_client *k, uint32_t id, unsigned flags)
{
    static uint8_t payload[BLOB_MAX];
    unsigned pieces =
        m_chance(70) ? 1 : 2 + m_below(GRAM_CONTINUATIONS_MAX < 6 ? GRAM_CONTINUATIONS_MAX - 1 : 5);
    size_t at = 0, n = 0, pad = 0;

    if (m_chance(10)) {
        pad = m_below(256);
        payload[n++] = (uint8_t)pad;
        flags |= GRAM_H2_FLAG_PADDED;
        m_count(M_PADDED);
    }
    if (m_chance(10)) {
        memcpy(payload + n, "\0\0\0\0\x10", 5);
        n += 5;
        flags |= GRAM_H2_FLAG_PRIORITY;
        m_count(M_PRIORITY);
    }
    for (unsigned i = 1; i <= pieces && (i == 1 || at < m_block.len); i++) {
        size_t piece = i == pieces || m_block.len - at < 2 ? m_block.len - at
                                                           : 1 + m_below((uint32_t)(m_block.len - at));
        bool last = at + piece == m_block.len;

        memcpy(payload + n, m_block.bytes + at, piece);
        at += piece;
        memset(payload + n + piece, 0, i == 1 ? pad : 0);
        m_frame(k, i == 1 ? GRAM_H2_HEADERS : GRAM_H2_CONTINUATION, (i == 1 ? flags : 0) | (last ? EH : 0),
                id, payload, n + piece + (i == 1 ? pad : 0));
        n = 0;
        if (i > 1)
            m_count(M_CONTINUED);
    }
}

/* ---- a request's headers ---- */

/* A time with its unit; ms as gRPC has it, rounded up. */
static void choose_timeout(struct m_call *c, char text[12])
{
    uint32_t value;

    switch (m_below(6)) {
    case 0:
        value = m_below(100000000);
        c->timeout = (value + 999999) / 1000000;
        snprintf(text, 12, "%un", value);
        break;
    case 1:
        value = m_below(10000000);
        c->timeout = (value + 999) / 1000;
        snprintf(text, 12, "%uu", value);
        break;
    case 2:
        value = m_below(60);
        c->timeout = value * 1000;
        snprintf(text, 12, "%uS", value);
        break;
    case 3:
        c->timeout = 3600000;
        snprintf(text, 12, "%s", m_chance(50) ? "1H" : "60M");
        break;
    default:
        c->timeout = M_ONE_OF(0, m_below(50), m_below(500), m_below(20000));
        snprintf(text, 12, "%08um", c->timeout);
        break;
    }
    c->has_timeout = true;
}

static void put_extras(struct m_client *k, const struct m_call *c)
{
    static const char *const names[] = {"user-agent", "x-request-id", "x-trace-bin", "grpc-accept-encoding",
                                        "accept-encoding"};
    unsigned many = c->flaw == M_MUCH_METADATA ? GRAM_HEADER_FIELDS_MAX + m_below(4) : m_below(3);

    for (unsigned i = 0; i < many; i++) {
        const char *name = names[m_below(5)];
        char value[80];

        snprintf(value, sizeof value, "%s%u", m_text((int32_t)m_below(5), m_chance(10) ? 60 : m_below(8)),
                 m_below(3));
        m_put_header(k, name, value, true);
    }
}

static void put_headers(struct m_client *k, struct m_call *c)
{
    char text[16];

    m_begin_block(k);
    m_put_header(k, ":method", c->flaw == M_GET ? "GET" : "POST", true);
    m_put_header(k, ":scheme", m_chance(90) ? "http" : "https", true);
    m_put_header(
        k, ":path",
        c->flaw == M_UNKNOWN_METHOD ? (m_chance(50) ? "/" : "/model.Service/unary") : c->method->path, true);
    m_put_header(k, ":authority", m_chance(80) ? "device" : "device:50051", true);
    if (c->flaw != M_NOT_GRPC)
        m_put_header(k, "content-type", m_chance(70) ? "application/grpc" : "application/grpc+proto", true);
    if (m_chance(90))
        m_put_header(k, "te", "trailers", true);
    if (c->flaw == M_BAD_TIMEOUT) {
        m_put_header(k, "grpc-timeout", m_chance(50) ? "123456789m" : "5x", true);
    } else if (m_chance(35)) {
        choose_timeout(c, text);
        m_put_header(k, "grpc-timeout", text, m_chance(50));
    }
    if (c->flaw == M_BAD_ENCODING || m_chance(10))
        m_put_header(k, "grpc-encoding", c->flaw == M_BAD_ENCODING ? "gzip" : "identity", true);
    if (c->flaw == M_MALFORMED)
        m_put_header(k, m_chance(50) ? "X-Upper" : "connection", "close", false);
    if (c->message_count == c->message_goal && c->out_len > 0 &&
        (c->flaw == M_WRONG_LENGTH || m_chance(20))) {
        snprintf(text, sizeof text, "%u", (unsigned)c->out_len + (c->flaw == M_WRONG_LENGTH));
        m_put_header(k, "content-length", text, true);
    }
    put_extras(k, c);
}

/* ---- calls ---- */

static void choose_flaw(struct m_client *k, struct m_call *c)
{
    bool one = !(c->method->kind & GRAM_CLIENT_STREAM);

    if (m_chance(70))
        return;
    c->flaw = (enum m_flaw)m_below(M_FLAWS);
    if ((c->flaw >= M_NO_MESSAGE || c->flaw == M_WRONG_LENGTH) && !one)
        c->flaw = M_SOUND;
    if ((c->flaw == M_MALFORMED || c->flaw == M_WRONG_LENGTH) && !m_may(k, 5))
        c->flaw = M_SOUND;
    if (c->flaw == M_TEXT_LONG && c->method == &m_methods[M_SHORT])
        c->flaw = M_SOUND;
}

/* Calls that the server may still have open. */
static unsigned maybe_open(const struct m_client *k)
{
    unsigned n = 0;

    for (unsigned i = 0; i < k->call_count; i++)
        n += !k->calls[i]->seen;
    return n;
}

struct m_call *m_open(struct m_client *k)
{
    bool beyond = maybe_open(k) >= GRAM_MAX_CONCURRENT_STREAMS;

    if (k->going || k->violated >= 0 || k->call_count == sizeof k->calls / sizeof k->calls[0])
        return NULL;
    if (beyond && (!m_chance(10) || !m_may(k, 4)))
        return NULL;
    struct m_call *c = calloc(1, sizeof *c);
    PAIR_MUST(c, "memory");
    c->client = k;
    c->serial = ++model.serial;
    c->method = &m_methods[m_below(M_METHODS)];
    c->id = k->next_id;
    k->next_id += m_chance(95) ? 2 : 2 + 2 * m_below(5);
    c->beyond = beyond;
    c->eager = !k->knows_settings;
    c->window = k->knows_settings ? k->peer->server_window : GRAM_H2_WINDOW_DEFAULT;
    c->queued_at = c->fault_since = model.pair.now;
    choose_flaw(k, c);
    if (c->method->kind & GRAM_CLIENT_STREAM)
        c->message_goal = (c->flaw >= M_TOO_LONG) + m_below(M_MESSAGES - 1);
    else
        c->message_goal = c->flaw == M_NO_MESSAGE ? 0 : c->flaw == M_TWO_MESSAGES ? 2 : 1;
    if (c->flaw == M_CUT) /* nothing follows it */
        c->flaw_at = c->message_goal - 1;
    else
        c->flaw_at = c->message_goal > 0 ? m_below(c->message_goal) : 0;
    while (!(c->method->kind & GRAM_CLIENT_STREAM) && c->message_count < c->message_goal)
        m_write_message(c);
    put_headers(k, c);
    c->finished = c->message_goal == 0 && m_chance(50);
    write_block(k, c->id, c->finished ? ES : 0);
    k->calls[k->call_count++] = c;
    m_count(M_OPEN);
    if (beyond)
        m_count(M_BEYOND);
    return c;
}

bool m_all_written(const struct m_call *c)
{
    return c->message_count == c->message_goal;
}

/* Lengths at which something changes. */
static size_t choose_length(const struct m_call *c)
{
    size_t window = GRAM_INITIAL_WINDOW_SIZE - 5, buffer = GRAM_MESSAGE_SIZE - 5;

    if (c->method == &m_methods[M_SHORT])
        return m_below(M_SHORT_MAX + 1);
    if (c->flaw ==
        M_TWO_MESSAGES) /* behind a first message that fills the window a second cannot be sent, nor judged */
        return m_below(20);
    return M_ONE_OF(0, m_below(20), m_below(20), m_below(100), (uint32_t)window - 2 + m_below(5),
                    (uint32_t)buffer - m_below(3), m_below((uint32_t)buffer));
}

void m_write_message(struct m_call *c)
{
    static struct blob b, protobuf;
    struct m_message *m = &c->messages[c->message_count];
    enum m_flaw flaw = c->message_count == c->flaw_at ? c->flaw : M_SOUND;
    size_t goal = choose_length(c),
           limit = c->method == &m_methods[M_SHORT] ? M_SHORT_MAX : GRAM_MESSAGE_SIZE - 5;

    b.len = protobuf.len = 0;
    if (flaw != M_SOUND && goal > limit - 3) /* a little is added below */
        goal = limit - 3;
    m->number = m_number(c, c->message_count);
    m->text_len = flaw == M_TEXT_LONG ? TEST_TEXT
                  : goal < 20         ? 0
                                      : m_below(goal < TEST_TEXT ? (uint32_t)goal - 10 : TEST_TEXT - 10);
    put_protobuf(&protobuf, m->number, m_text(m->number, m->text_len), 0);
    if (goal > protobuf.len + 3) {
        size_t pad = goal - protobuf.len;
        protobuf.len = 0;
        put_protobuf(&protobuf, m->number, m_text(m->number, m->text_len), pad);
    }
    if (flaw == M_BAD_PROTOBUF)
        put(&protobuf, "\x12\x05", 2); /* a text that ends beyond the message */
    if (flaw == M_SOUND && protobuf.len + 5 > GRAM_INITIAL_WINDOW_SIZE)
        m_count(M_MESSAGE_LONG);
    size_t len = flaw == M_TOO_LONG ? limit + 1 + m_below(3) * 70000
                 : flaw == M_CUT    ? protobuf.len + 1 + m_below(3)
                                    : protobuf.len;
    put_prefix(&b, flaw == M_BAD_FLAG ? 1 + m_below(2) : 0, (uint32_t)len);
    put(&b, protobuf.bytes, protobuf.len);
    if (flaw == M_CUT && m_chance(50)) /* within its prefix */
        b.len = 1 + m_below(4);
    c->out = m_grow(c->out, &c->out_room, c->out_len + b.len);
    memcpy(c->out + c->out_len, b.bytes, b.len);
    c->out_len += b.len;
    m->end = c->out_len;
    c->message_count++;
}

static int64_t window_of(const struct m_call *c)
{
    return c->window < c->client->window ? c->window : c->client->window;
}

bool m_can_send(const struct m_call *c)
{
    return window_of(c) > 0;
}

bool m_data(struct m_call *c, size_t most)
{
    static uint8_t payload[256 + GRAM_H2_FRAME_MAX];
    int64_t window = window_of(c);
    size_t left = c->out_len - c->out_at, n = left < most ? left : most, pad = 0, head = 0;
    unsigned flags = 0;

    if (c->finished || c->reset)
        return false;
    if (n > 0 && window <= 0)
        return false;
    if (n > 0 && (int64_t)n > window)
        n = (size_t)window;
    n = n < GRAM_H2_FRAME_MAX ? n : GRAM_H2_FRAME_MAX;
    if (n > 0 && m_chance(10) && window - (int64_t)n > 0 && n < 8000) {
        pad = m_below((uint32_t)(window - (int64_t)n > 256 ? 256 : window - (int64_t)n));
        payload[head++] = (uint8_t)pad;
        flags |= GRAM_H2_FLAG_PADDED;
        m_count(M_DATA_PADDED);
    }
    if (n == left && m_all_written(c) && (n == 0 || m_chance(70)))
        flags |= ES;
    if (n == 0 && !(flags & ES)) {
        if (most > INT32_MAX || !m_chance(10) ||
            !m_may(c->client, 2)) /* who sends all there is, sends nothing else */
            return false;
        m_count(M_DATA_EMPTY);
    }
    if (n == 0 && (flags & ES))
        m_count(M_FINISH_EMPTY);
    if (n > 0)
        memcpy(payload + head, c->out + c->out_at, n);
    memset(payload + head + n, 0, pad);
    m_frame(c->client, GRAM_H2_DATA, flags, c->id, payload, head + n + pad);
    c->out_at += n;
    c->window -= (int64_t)(head + n + pad);
    c->client->window -= (int64_t)(head + n + pad);
    if (window_of(c) == 0 && n > 0)
        m_count(M_WINDOW_USED_UP);
    c->finished = (flags & ES) != 0;
    m_count(M_DATA);
    return true;
}

void m_trailers(struct m_call *c)
{
    m_begin_block(c->client);
    m_put_header(c->client, "x-trailer", "bye", true);
    write_block(c->client, c->id, ES);
    c->finished = true;
    m_count(M_TRAILERS);
}

/* ---- what the server says of its windows ---- */

void m_read(struct m_client *k)
{
    struct peer *p = k->peer;

    for (; p->looked < p->frame_count; p->looked++) {
        const struct frame *f = &p->frames[p->looked];
        uint32_t n = f->type == GRAM_H2_WINDOW_UPDATE ? gram_get_be32(p->in + f->at) : 0;

        if (n == 0)
            continue;
        if (f->id == 0)
            k->window += n;
        for (unsigned i = 0; i < k->call_count; i++)
            if (k->calls[i]->id == f->id)
                k->calls[i]->window += n;
    }
}
