/* Messages out of DATA: gRPC's length-prefixed framing over boundaries that mean nothing ("Length-Prefixed-Message").
 *
 * Bytes that cannot be used at once are kept in the call's own buffer of GRAM_INITIAL_WINDOW_SIZE bytes. A message longer than that keeps its
 * first bytes there until a large buffer of the server's pool is free, and only then is the client given the window for the whole of it. So a client
 * can never send what we cannot hold, and no connection's input ever stops for want of memory.
 *
 * Invariant: bytes held + window the client has left + credit not yet told == promised, and promised <= the buffer's size; except for what a client sends
 * before it has read our SETTINGS, which is held if it fits, and refused if not. */
#include "grpc_internal.h"

#include <string.h>

#include "be.h"
#include "gram_assert.h"

/* ---- the buffer: the call's own, or one of the pool ---- */

#if GRAM_MESSAGE_BUFS > 0
#define LONGEST GRAM_MESSAGE_SIZE

/* Moves the message's first bytes into a pool buffer, and gives the client the window for the rest; or waits for one. */
static void claim_buf(struct gram_call *call, uint32_t whole)
{
    struct gram_message_buf *bufs = gram_server_of(call)->message_bufs;
    uint8_t i = 0;

    while (i < GRAM_MESSAGE_BUFS && bufs[i].owner)
        i++;
    call->wants_buf = i == GRAM_MESSAGE_BUFS;
    if (call->wants_buf)
        return;
    memcpy(bufs[i].bytes, call->gather, call->have);
    bufs[i].owner = call;
    call->message_buf = i;
    call->buffer = bufs[i].bytes;
    call->progress_at = gram_server_of(call)->now;
    gram_h2_credit(&call->conn->h2, call->slot, whole - call->promised);
    call->promised = whole;
}

/* A buffer has come free: the next call in turn that waits for one gets it, whatever its connection. */
static void hand_on_buf(struct gram_server *server)
{
    const unsigned all = GRAM_MAX_CONNECTIONS * GRAM_MAX_CONCURRENT_STREAMS;

    for (unsigned i = 0; i < all; i++) {
        unsigned n = (server->buf_turn + i) % all;
        struct gram_call *call = &server->conns[n / GRAM_MAX_CONCURRENT_STREAMS].calls[n % GRAM_MAX_CONCURRENT_STREAMS];

        if (!call->wants_buf)
            continue;
        server->buf_turn = (uint16_t)((n + 1) % all);
        server->shared_freed = true; /* its connection has a WINDOW_UPDATE to send */
        claim_buf(call, GRAM_PREFIX + gram_get_be32(call->gather + 1));
        return;
    }
}

static void free_buf(struct gram_call *call)
{
    struct gram_server *server = gram_server_of(call);

    server->message_bufs[call->message_buf].owner = NULL;
    call->message_buf = GRAM_NONE;
    call->buffer = call->gather;
    hand_on_buf(server);
}
#else
#define LONGEST GRAM_INITIAL_WINDOW_SIZE

static void claim_buf(struct gram_call *call, uint32_t whole)
{
    (void)call;
    (void)whole;
    gram_assert(false, "message longer than LONGEST");
}

static void free_buf(struct gram_call *call)
{
    (void)call;
}
#endif

void gram_receive_release(struct gram_call *call)
{
    call->have = 0;
    call->chunk_len = 0;
    call->wants_buf = false;
    if (call->message_buf != GRAM_NONE)
        free_buf(call);
}

/* ---- what is at hand ---- */

const uint8_t *gram_receive_view(const struct gram_call *call, size_t *len)
{
    *len = call->have > 0 ? call->have : call->chunk_len;
    return call->have > 0 ? call->buffer : call->chunk;
}

bool gram_receive_prefix(struct gram_call *call, const uint8_t *p, uint32_t *len)
{
    *len = gram_get_be32(p + 1);
    if (p[0] != 0) { /* 1 is compressed, which identity is not; others do not exist */
        gram_call_end(call, GRAM_INTERNAL, "message flag not 0");
        return false;
    }
    if (*len > call->method->req_max || *len > LONGEST - GRAM_PREFIX) {
        gram_call_end(call, GRAM_RESOURCE_EXHAUSTED, "message too long");
        return false;
    }
    return true;
}

/* Where the message in front is longer than the call's own buffer, it needs a large one. */
static void reserve(struct gram_call *call)
{
    uint32_t whole;

    if (call->have < GRAM_PREFIX || call->wants_buf)
        return;
    whole = gram_get_be32(call->buffer + 1);
    if (whole > LONGEST - GRAM_PREFIX || whole > call->method->req_max) /* refused by gram_receive_prefix() */
        return;
    whole += GRAM_PREFIX;
    if (whole <= call->promised)
        return;
    if (call->message_buf == GRAM_NONE) {
        claim_buf(call, whole);
    } else {
        gram_h2_credit(&call->conn->h2, call->slot, whole - call->promised);
        call->promised = whole;
    }
}

/* Buffered bytes are done with. A large buffer is kept only while the rest needs it. */
static void consume_buffered(struct gram_call *call, uint32_t n)
{
    const uint8_t *rest = call->buffer + n;

    call->have -= n;
    call->promised -= n;
    if (call->message_buf != GRAM_NONE && call->have <= GRAM_INITIAL_WINDOW_SIZE) {
        memcpy(call->gather, rest, call->have);
        free_buf(call);
    } else {
        memmove(call->buffer, rest, call->have);
    }
    if (call->promised < GRAM_INITIAL_WINDOW_SIZE) {
        gram_h2_credit(&call->conn->h2, call->slot, GRAM_INITIAL_WINDOW_SIZE - call->promised);
        call->promised = GRAM_INITIAL_WINDOW_SIZE;
    }
    reserve(call);
}

void gram_receive_consume(struct gram_call *call, size_t len)
{
    if (call->have > 0) {
        consume_buffered(call, (uint32_t)len);
        return;
    }
    call->chunk += len;
    call->chunk_len -= len;
    gram_h2_credit(&call->conn->h2, call->slot, len);
}

/* ---- keeping what cannot be used yet ---- */

/* More than was promised: lawful only from a client that has not read our SETTINGS. It may try again, unless its call has had effects. */
static void refuse(struct gram_call *call)
{
    if (call->entered || call->intercepted > 0)
        gram_call_end(call, GRAM_RESOURCE_EXHAUSTED, "too much data");
    else
        gram_call_reset(call, GRAM_H2_REFUSED_STREAM, GRAM_CANCELLED);
}

/* Appends to the buffer; false when the call has ended over it. */
static bool append(struct gram_call *call, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t n = (call->message_buf == GRAM_NONE ? GRAM_INITIAL_WINDOW_SIZE : LONGEST) - call->have;

        if (call->have < GRAM_PREFIX && n > GRAM_PREFIX - call->have)
            n = GRAM_PREFIX - call->have; /* so much tells which buffer it is to be */
        n = len < n ? len : n;
        if (n == 0) {
            refuse(call);
            return false;
        }
        memcpy(call->buffer + call->have, data, n);
        call->have += (uint32_t)n;
        data += n;
        len -= n;
        reserve(call);
    }
    return true;
}

/* ---- DATA ---- */

/* Bytes that nobody will use: the answer is known already. */
static bool is_discarding(const struct gram_call *call)
{
    return call->phase == GRAM_CALL_END || call->phase == GRAM_CALL_HTTP_WAIT || call->phase == GRAM_CALL_HTTP;
}

static void step_all(struct gram_call *call)
{
    while (gram_call_step(call))
        ;
}

/* Bytes go to the front of what waits, or are used where they lie and only the rest is kept. */
static void feed(struct gram_call *call, const uint8_t *data, size_t len)
{
    if (call->have == 0) {
        call->chunk = data;
        call->chunk_len = len;
        step_all(call);
        data = call->chunk;
        len = call->chunk_len;
        call->chunk_len = 0;
        if (len == 0 || call->phase == GRAM_CALL_FREE || is_discarding(call))
            return;
    }
    if (append(call, data, len))
        step_all(call);
}

void gram_call_data(struct gram_call *call, const uint8_t *data, size_t len, bool last)
{
    if (call->held == GRAM_NONE) /* else it is the windows that are waited for */
        gram_call_progress(call, len);
    /* a prefix that comes in pieces is judged before what follows is kept: it may be more than can be */
    if (call->have > 0 && call->have < GRAM_PREFIX && len > GRAM_PREFIX - call->have) {
        size_t n = GRAM_PREFIX - call->have;

        feed(call, data, n);
        if (call->phase == GRAM_CALL_FREE)
            return;
        data += n;
        len -= n;
    }
    if (last)
        call->remote_done = true;
    if (is_discarding(call)) {
        gram_h2_credit(&call->conn->h2, call->slot, len);
        step_all(call);
        return;
    }
    feed(call, data, len);
}
