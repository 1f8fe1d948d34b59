/* What a client makes of the server's bytes, and what it would not put up with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "be.h"
#include "pair.h"
#include "peer_internal.h"

/* ---- answers ---- */

struct answer *peer_answer(struct peer *p, uint32_t id)
{
    for (unsigned i = p->answer_count; i > 0; i--)
        if (p->answers[i - 1].id == id)
            return &p->answers[i - 1];
    return NULL;
}

struct answer *peer_add_answer(struct peer *p, uint32_t id)
{
    size_t room = p->answer_room;

    p->answers = peer_grow(p->answers, sizeof p->answers[0], &room, p->answer_count + 1u);
    p->answer_room = (unsigned)room;
    struct answer *a = &p->answers[p->answer_count++];
    memset(a, 0, sizeof *a);
    a->id = id;
    a->window = p->initial_window;
    return a;
}

static struct answer *answer_of(struct peer *p, const struct frame *f)
{
    struct answer *a = peer_answer(p, f->id);

    PAIR_MUST(a, "a frame for a stream that the client has not opened");
    return a;
}

/* ---- frames, one function for each type ---- */

static void on_data(struct peer *p, const struct frame *f)
{
    struct answer *a = answer_of(p, f);

    PAIR_MUST(a->blocks == 1 && !a->ended && !a->reset, "DATA comes between headers and the end");
    PAIR_MUST(!(f->flags & ~(unsigned)GRAM_H2_FLAG_END_STREAM), "DATA has no flag but END_STREAM");
    PAIR_MUST(f->len <= p->max_frame, "a frame longer than the client's MAX_FRAME_SIZE");
    a->window -= f->len;
    p->window -= f->len;
    PAIR_MUST(f->len == 0 || a->window >= 0, "DATA beyond the stream's window");
    PAIR_MUST(f->len == 0 || p->window >= 0, "DATA beyond the connection's window");
    a->body = peer_grow(a->body, 1, &a->body_room, a->body_len + f->len);
    memcpy(a->body + a->body_len, p->in + f->at, f->len);
    a->body_len += f->len;
}

static void on_headers(struct peer *p, const struct frame *f)
{
    struct answer *a = answer_of(p, f);
    bool last = (f->flags & GRAM_H2_FLAG_END_STREAM) != 0;
    char text[PEER_HPACK_TEXT];
    const char *why;

    PAIR_MUST(!a->ended && !a->reset, "HEADERS after the end of a stream");
    PAIR_MUST((f->flags & ~(unsigned)GRAM_H2_FLAG_END_STREAM) == GRAM_H2_FLAG_END_HEADERS,
              "HEADERS are one frame");
    PAIR_MUST(a->blocks < 2 && (a->blocks == 0 || last), "headers, then trailers");
    PAIR_MUST(f->len <= p->max_frame, "a frame longer than the client's MAX_FRAME_SIZE");
    if (!peer_hpack_decode(&p->hpack, p->in + f->at, f->len, text, &why)) {
        fprintf(stderr, "the client cannot decode the block: ");
        pair_fail(__FILE__, __LINE__, why);
    }
    PAIR_MUST(strlen(text) < PEER_HEADERS, "the test's client has room for the fields");
    a->blocks++;
    if (a->blocks == 1)
        strcpy(a->headers, text);
    if (last)
        strcpy(a->trailers, text);
}

static void end_answer(struct peer *p, const struct frame *f)
{
    struct answer *a = answer_of(p, f);

    if (!a->ended && !a->reset)
        a->ended_at = p->pair->now;
    if (f->type == GRAM_H2_RST_STREAM) {
        uint32_t code = gram_get_be32(p->in + f->at);
        PAIR_MUST(!a->ended || code == GRAM_H2_NO_ERROR || code == GRAM_H2_STREAM_CLOSED ||
                      code == GRAM_H2_PROTOCOL_ERROR || code == GRAM_H2_FRAME_SIZE_ERROR,
                  "a stream that has ended is reset with NO_ERROR, or over late frames");
        a->reset = true;
        a->reset_code = code;
    } else if (f->flags & GRAM_H2_FLAG_END_STREAM) {
        a->ended = true;
    }
}

static void apply_settings(struct peer *p)
{
    const struct peer_settings s = p->pending[0];

    PAIR_MUST(p->pending_count > 0, "an acknowledgement of SETTINGS that were not sent");
    p->pending_count--;
    memmove(p->pending, p->pending + 1, p->pending_count * sizeof p->pending[0]);
    p->settings_acks++;
    if (s.has_table) {
        peer_hpack_limit(&p->hpack, s.lowest_table);
        peer_hpack_limit(&p->hpack, s.table);
    }
    if (s.has_frame)
        p->max_frame = s.frame;
    if (!s.has_window)
        return;
    for (unsigned i = 0; i < p->answer_count; i++)
        p->answers[i].window += (int64_t)s.window - p->initial_window;
    p->initial_window = s.window;
}

static void on_settings(struct peer *p, const struct frame *f)
{
    const uint8_t *payload = p->in + f->at;

    PAIR_MUST(f->id == 0, "SETTINGS on a stream");
    if (f->flags & GRAM_H2_FLAG_ACK) {
        PAIR_MUST(f->len == 0, "an acknowledgement with a payload");
        apply_settings(p);
        return;
    }
    PAIR_MUST(f->len % 6 == 0 && !p->server_settings, "the server's SETTINGS come once");
    p->server_settings = true;
    for (uint32_t i = 0; i < f->len; i += 6) {
        uint32_t value = gram_get_be32(payload + i + 2);
        switch (gram_get_be16(payload + i)) {
        case GRAM_H2_SETTINGS_MAX_CONCURRENT_STREAMS:
            p->server_streams = value;
            break;
        case GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE:
            p->server_window = value;
            break;
        case GRAM_H2_SETTINGS_MAX_HEADER_LIST_SIZE:
            p->server_list = value;
            break;
        default:
            PAIR_MUST(false, "a setting that this server does not send");
        }
    }
}

static void on_goaway(struct peer *p, const struct frame *f)
{
    size_t n = f->len - 8;
    uint32_t last = gram_get_be32(p->in + f->at);

    PAIR_MUST(f->id == 0 && f->len >= 8, "GOAWAY");
    PAIR_MUST(!p->goaway || last <= p->goaway_last, "a last stream is not raised (RFC 9113 6.8)");
    p->goaway = true;
    p->goaway_last = last;
    p->goaway_code = gram_get_be32(p->in + f->at + 4);
    PAIR_MUST(n < sizeof p->goaway_reason, "debug data is short");
    memcpy(p->goaway_reason, p->in + f->at + 8, n);
    p->goaway_reason[n] = '\0';
}

/* The server's own, or the answer to the client's. */
static void on_ping(struct peer *p, const struct frame *f)
{
    static struct blob b;

    PAIR_MUST(f->len == 8 && f->id == 0 && !(f->flags & ~(unsigned)GRAM_H2_FLAG_ACK), "PING");
    if (f->flags & GRAM_H2_FLAG_ACK) {
        p->ping_acks++;
        return;
    }
    p->pings++;
    memcpy(p->pinged, p->in + f->at, 8);
    if (!p->answers_pings)
        return;
    b.len = 0;
    put_frame(&b, GRAM_H2_PING, GRAM_H2_FLAG_ACK, 0, p->pinged, 8);
    peer_queue(p, b.bytes, b.len);
}

static void on_frame(struct peer *p, const struct frame *f)
{
    PAIR_MUST(p->server_settings || (f->type == GRAM_H2_SETTINGS && !(f->flags & GRAM_H2_FLAG_ACK)),
              "the server's first frame is SETTINGS");
    PAIR_MUST(!p->goaway || p->goaway_code == GRAM_H2_NO_ERROR, "nothing follows an error's GOAWAY");
    PAIR_MUST(!p->goaway || f->id <= p->goaway_last, "streams beyond the last one are ignored");
    switch (f->type) {
    case GRAM_H2_DATA:
        on_data(p, f);
        end_answer(p, f);
        return;
    case GRAM_H2_HEADERS:
        on_headers(p, f);
        end_answer(p, f);
        return;
    case GRAM_H2_RST_STREAM:
        PAIR_MUST(f->len == 4, "RST_STREAM");
        if (peer_answer(p, f->id)) /* the other ones answer broken PRIORITY frames */
            end_answer(p, f);
        return;
    case GRAM_H2_SETTINGS:
        on_settings(p, f);
        return;
    case GRAM_H2_PING:
        on_ping(p, f);
        return;
    case GRAM_H2_GOAWAY:
        on_goaway(p, f);
        return;
    case GRAM_H2_WINDOW_UPDATE:
        PAIR_MUST(f->len == 4 && gram_get_be32(p->in + f->at) > 0, "WINDOW_UPDATE");
        return;
    default:
        PAIR_MUST(false, "a frame type that no server sends");
    }
}

void peer_parse(struct peer *p)
{
    while (p->in_len - p->parsed >= 9) {
        const uint8_t *head = p->in + p->parsed;
        struct frame f = {.len = gram_get_be24(head),
                          .type = head[3],
                          .flags = head[4],
                          .id = gram_get_be32(head + 5),
                          .at = p->parsed + 9,
                          .time = p->pair->now};
        if (p->in_len - f.at < f.len)
            return;
        size_t room = p->frame_room;
        p->frames = peer_grow(p->frames, sizeof p->frames[0], &room, p->frame_count + 1u);
        p->frame_room = (unsigned)room;
        p->frames[p->frame_count++] = f;
        p->parsed = f.at + f.len;
        on_frame(p, &f);
    }
}

/* ---- fields and messages ---- */

const char *answer_field(const char *fields, const char *name)
{
    static char value[PEER_HEADERS];
    size_t len = strlen(name);

    for (const char *line = fields; *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, len) != 0 || strncmp(line + len, ": ", 2) != 0)
            continue;
        size_t n = (size_t)(strchr(line, '\n') - line) - len - 2;
        memcpy(value, line + len + 2, n);
        value[n] = '\0';
        return value;
    }
    return NULL;
}

static uint32_t varint(const uint8_t **p, const uint8_t *end)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        PAIR_MUST(*p < end, "a message ends inside a number");
        uint8_t c = *(*p)++;
        v |= shift < 64 ? (uint64_t)(c & 127) << shift : 0;
        if (c < 128)
            break;
    }
    return (uint32_t)v;
}

static void read_reply(const uint8_t *p, const uint8_t *end, struct reply *r)
{
    memset(r, 0, sizeof *r);
    while (p < end) {
        uint32_t tag = varint(&p, end);
        uint32_t value = varint(&p, end);

        if (tag == (1 << 3 | 0)) {
            r->number = (int32_t)value;
            continue;
        }
        PAIR_MUST(value <= (size_t)(end - p), "a field longer than its message");
        if (tag == (2 << 3 | 2)) {
            PAIR_MUST(value < sizeof r->text, "a text longer than its bound");
            memcpy(r->text, p, value);
        } else {
            PAIR_MUST(tag == (3 << 3 | 2), "a field that a test_reply does not have");
            for (uint32_t i = 0; i < value; i++)
                PAIR_MUST(p[i] == (uint8_t)(i * 7 + (i >> 8)), "filler comes as it was written");
            r->fill = value;
        }
        p += value;
    }
}

bool peer_was_updated(const struct peer *p, uint32_t id)
{
    for (unsigned i = 0; i < p->frame_count; i++)
        if (p->frames[i].type == GRAM_H2_WINDOW_UPDATE && p->frames[i].id == id)
            return true;
    return false;
}

/* The message that begins at `at`, which moves behind it. False: there is none that is whole. */
static bool next_message(const struct answer *a, size_t *at, const uint8_t **message, uint32_t *len)
{
    size_t left = a->body_len - *at;
    const uint8_t *p = a->body + *at;

    if (left < 5)
        return false;
    PAIR_MUST(p[0] == 0, "no message is compressed");
    *len = gram_get_be32(p + 1);
    if (*len > left - 5)
        return false;
    *message = p + 5;
    *at += 5 + *len;
    return true;
}

bool answer_reply(const struct answer *a, unsigned n, struct reply *reply)
{
    const uint8_t *message;
    size_t at = 0;
    uint32_t len;

    do {
        if (!next_message(a, &at, &message, &len))
            return false;
    } while (n-- > 0);
    read_reply(message, message + len, reply);
    return true;
}

unsigned answer_replies(const struct answer *a)
{
    struct reply unused;
    const uint8_t *message;
    unsigned n = 0;
    size_t at = 0;
    uint32_t len;

    for (; next_message(a, &at, &message, &len); n++)
        read_reply(message, message + len, &unused);
    return n;
}

bool answer_is_cut(const struct answer *a)
{
    const uint8_t *message;
    size_t at = 0;
    uint32_t len;

    while (next_message(a, &at, &message, &len))
        ;
    return at != a->body_len;
}
