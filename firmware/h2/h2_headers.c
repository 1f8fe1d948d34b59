/* Header blocks: which stream they belong to, and whether what they say is a well-formed request (RFC 9113 8.1, 8.2, 8.3).
 *
 * Every block is decoded to its end, wanted or not: the HPACK tables must stay in step (RFC 9113 4.3). Its kind says what becomes of its
 * fields:
 *     REQUEST   a stream's first block; regular fields go up
 *     TRAILERS  a stream's last block; fields are checked, and go nowhere
 *     IGNORED   refused, late, beyond our GOAWAY, or for a stream that is gone */
#include "h2_internal.h"

/* `seen`: a pseudo-header comes once, and before all regular fields (8.3). One bit for each by the number of its name. */
#define SEEN(name) (1u << (name))
#define SEEN_REGULAR SEEN(0)

static void begin_block(struct gram_h2_conn *conn, enum gram_h2_block_kind kind, unsigned slot)
{
    struct gram_h2_block *b = &conn->block;

    *b = (struct gram_h2_block){
        .since = conn->now,
        .stream_id = conn->rx.stream_id,
        .content_length = GRAM_H2_NO_LENGTH,
        .kind = (uint8_t)kind,
        .slot = (uint8_t)slot,
        .end_stream = (conn->rx.flags & GRAM_H2_FLAG_END_STREAM) != 0,
    };
    gram_hpack_dec_begin(&conn->dec);
}

/* A second block on a stream (5.1, 8.1). */
static gram_h2_ok begin_trailers(struct gram_h2_conn *conn, unsigned slot)
{
    bool open = conn->streams[slot].state == GRAM_H2_OPEN;

    begin_block(conn, open ? GRAM_H2_BLOCK_TRAILERS : GRAM_H2_BLOCK_IGNORED, slot);
    if (!open)
        return gram_h2_stream_error(conn, conn->block.stream_id, GRAM_H2_STREAM_CLOSED);
    conn->block.malformed = !conn->block.end_stream;
    return true;
}

/* A block on a stream that has left its slot. */
static gram_h2_ok begin_late(struct gram_h2_conn *conn)
{
    uint32_t id = conn->rx.stream_id;

    switch (gram_h2_recall(conn, id)) {
    case GRAM_H2_RESET_BY_US: /* trailers that were under way */
        begin_block(conn, GRAM_H2_BLOCK_IGNORED, 0);
        return gram_h2_charge(conn, GRAM_H2_WORK_GLITCH);
    case GRAM_H2_RESET_BY_PEER:
        begin_block(conn, GRAM_H2_BLOCK_IGNORED, 0);
        return gram_h2_stream_error(conn, id, GRAM_H2_STREAM_CLOSED);
    case GRAM_H2_ENDED:
        gram_h2_fail(conn, GRAM_H2_STREAM_CLOSED, "stream is closed");
        return false;
    default:
        gram_h2_fail(conn, GRAM_H2_PROTOCOL_ERROR, "stream id");
        return false;
    }
}

gram_h2_ok gram_h2_on_headers(struct gram_h2_conn *conn)
{
    uint32_t id = conn->rx.stream_id;
    int slot = gram_h2_find(conn, id);

    if (id % 2 == 0) {
        gram_h2_fail(conn, GRAM_H2_PROTOCOL_ERROR, "even stream"); /* 5.1.1 */
        return false;
    }
    if (slot >= 0)
        return begin_trailers(conn, (unsigned)slot);
    if (id <= conn->last_id)
        return begin_late(conn);
    if (conn->life == GRAM_H2_LEAVING) { /* beyond our GOAWAY (6.8) */
        begin_block(conn, GRAM_H2_BLOCK_IGNORED, 0);
        return true;
    }
    conn->last_id = id;
    slot = gram_h2_claim(conn, id);
    if (slot < 0) { /* refused when the block is complete */
        begin_block(conn, GRAM_H2_BLOCK_IGNORED, GRAM_MAX_CONCURRENT_STREAMS);
        return true;
    }
    begin_block(conn, GRAM_H2_BLOCK_REQUEST, (unsigned)slot);
    conn->events->begin(conn, (unsigned)slot);
    return true;
}

/* ---- fields ---- */

/* Takes note of a pseudo-header; false where it is malformed: in trailers, `:status`, one that does not exist, repeated, late (8.3). */
static bool pseudo(struct gram_h2_block *b, uint8_t name, uint16_t value)
{
    if (b->kind == GRAM_H2_BLOCK_TRAILERS || name > GRAM_HPACK_SCHEME || (b->seen & (SEEN(name) | SEEN_REGULAR)))
        return false;
    b->seen = (uint8_t)(b->seen | SEEN(name));
    if (name == GRAM_HPACK_METHOD)
        b->method = value;
    if (name == GRAM_HPACK_PATH)
        b->path = value;
    return true;
}

/* Fields that HTTP/2 itself has rules for; false where one is broken. `te` other than trailers is a bad value already. */
static bool regular(struct gram_h2_block *b, uint8_t name, uint16_t value)
{
    b->seen |= SEEN_REGULAR;
    if (name == GRAM_HPACK_CONTENT_LENGTH) {
        if (b->content_length != GRAM_H2_NO_LENGTH && b->content_length != value)
            return false;
        b->content_length = value;
    }
    return name != GRAM_HPACK_NAME_BAD && name != GRAM_HPACK_TRANSFER_ENCODING &&
           (name < GRAM_H2_NAME_CONNECTION || name > GRAM_H2_NAME_UPGRADE); /* 8.2.2 */
}

static bool is_pseudo(uint8_t name)
{
    return (name >= GRAM_HPACK_AUTHORITY && name <= GRAM_HPACK_STATUS) || name == GRAM_HPACK_NAME_PSEUDO;
}

static bool too_large(const struct gram_h2_block *b)
{
    return b->list_size > GRAM_HEADER_LIST_MAX || b->fields > GRAM_HEADER_FIELDS_MAX;
}

/* MAX_HEADER_LIST_SIZE binds nobody: beyond it the call is refused, far beyond it the connection (CVE-2016-6581, CVE-2026-49975). */
static void count_field(struct gram_h2_conn *conn, uint32_t size)
{
    struct gram_h2_block *b = &conn->block;

    b->list_size += size < 4u * GRAM_HEADER_LIST_MAX ? size : 4u * GRAM_HEADER_LIST_MAX + 1;
    b->fields++;
    if (b->list_size > 4u * GRAM_HEADER_LIST_MAX || b->fields > 4u * GRAM_HEADER_FIELDS_MAX)
        gram_h2_fail(conn, GRAM_H2_ENHANCE_YOUR_CALM, "GRAM_HEADER_LIST_MAX");
}

void gram_h2_on_field(void *ctx, uint8_t name, uint16_t value, uint32_t size)
{
    struct gram_h2_conn *conn = ctx;
    struct gram_h2_block *b = &conn->block;

    if (conn->phase != GRAM_H2_ACTIVE)
        return;
    count_field(conn, size);
    if (value == GRAM_HPACK_VALUE_BAD)
        b->malformed = true;
    if (!(is_pseudo(name) ? pseudo(b, name, value) : regular(b, name, value)))
        b->malformed = true;
    if (b->kind == GRAM_H2_BLOCK_REQUEST && (b->seen & SEEN_REGULAR) && !b->malformed && conn->phase == GRAM_H2_ACTIVE)
        conn->events->field(conn, b->slot, name, value);
}

/* ---- the block is complete ---- */

/* 8.3.1: a request has method, scheme and path, once each; 8.1.1: what has no body has no length but 0. */
static bool is_request(const struct gram_h2_block *b)
{
    const uint8_t needed = SEEN(GRAM_HPACK_METHOD) | SEEN(GRAM_HPACK_SCHEME) | SEEN(GRAM_HPACK_PATH);
    bool no_length = b->content_length == GRAM_H2_NO_LENGTH || b->content_length == 0;

    return !b->malformed && (b->seen & needed) == needed && (no_length || !b->end_stream);
}

static void request_done(struct gram_h2_conn *conn, const struct gram_h2_block *b)
{
    struct gram_h2_stream *s = &conn->streams[b->slot];
    const struct gram_h2_request request = { .method = b->method, .path = b->path, .too_large = too_large(b) };

    if (!is_request(b)) {
        gram_h2_stream_error(conn, b->stream_id, GRAM_H2_PROTOCOL_ERROR);
        return;
    }
    s->content_length = b->content_length;
    if (b->end_stream)
        s->state = GRAM_H2_HALF_CLOSED_REMOTE;
    conn->events->request(conn, b->slot, &request);
    if (b->end_stream && conn->phase == GRAM_H2_ACTIVE && s->state != GRAM_H2_FREE)
        conn->events->end(conn, b->slot);
}

static void trailers_done(struct gram_h2_conn *conn, const struct gram_h2_block *b)
{
    struct gram_h2_stream *s = &conn->streams[b->slot];

    if (b->malformed || (s->content_length != GRAM_H2_NO_LENGTH && s->content_length != s->received)) {
        gram_h2_stream_error(conn, b->stream_id, GRAM_H2_PROTOCOL_ERROR);
        return;
    }
    s->state = GRAM_H2_HALF_CLOSED_REMOTE;
    conn->events->end(conn, b->slot);
}

/* A stream beyond the limit. Lawful, and free, until the peer has read our SETTINGS, for which GRAM_SETTINGS_MS gives it time: it tries again. */
static void refused(struct gram_h2_conn *conn, uint32_t id)
{
    if (conn->settings_acked && !gram_h2_charge(conn, GRAM_H2_WORK_REFUSED))
        return;
    gram_h2_write_rst(conn, id, GRAM_H2_REFUSED_STREAM);
    gram_h2_remember(conn, id, GRAM_H2_RESET_BY_US);
}

void gram_h2_block_end(struct gram_h2_conn *conn)
{
    const struct gram_h2_block *b = &conn->block;
    uint8_t kind = b->kind;

    conn->block.kind = GRAM_H2_BLOCK_NONE;
    if (gram_hpack_dec_end(&conn->dec) != GRAM_HPACK_OK)
        gram_h2_fail(conn, GRAM_H2_COMPRESSION_ERROR, "header block");
    else if (kind == GRAM_H2_BLOCK_IGNORED && b->slot == GRAM_MAX_CONCURRENT_STREAMS)
        refused(conn, b->stream_id);
    else if (kind == GRAM_H2_BLOCK_IGNORED || gram_h2_find(conn, b->stream_id) < 0)
        return; /* or it has ended since the block began */
    else if (kind == GRAM_H2_BLOCK_REQUEST)
        request_done(conn, b);
    else
        trailers_done(conn, b);
}
