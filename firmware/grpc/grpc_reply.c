/* What goes out: response headers, messages, trailers (gRPC over HTTP/2, "Responses").
 *
 * A reply is built where it can be sent from. Mostly that is the server's scratch struct, when headers, the method's largest reply and
 * trailers have room in the transmit buffer and the client's windows: then it is encoded once, straight into the buffer, and
 * gone. A reply that may be too large for that, ever, is built in a held slot and encoded anew for each piece that the client can take. */
#include "grpc_internal.h"

#include <string.h>

#include "be.h"
#include "gram_assert.h"

enum { PIN_CONTENT_TYPE, PIN_STATUS_OK }; /* the two insertions into the client's table: 104 bytes of it */

const struct gram_hpack_pin gram_grpc_pins[GRAM_HPACK_PINS] = {
    [PIN_CONTENT_TYPE] = { "content-type", "application/grpc", GRAM_HPACK_CONTENT_TYPE },
    [PIN_STATUS_OK] = { "grpc-status", "0", 0 },
};

#define INDEX_STATUS_200 8 /* of the static table */
#define INDEX_ALLOW 22
#define HEADERS_MAX (32 + GRAM_METADATA_SIZE) /* block: 6 size updates, 1 :status, 19 content-type; metadata */
#define TRAILERS_MAX (GRAM_TRAILERS_MAX + GRAM_METADATA_SIZE)
#define DATA_HEAD (GRAM_H2_FRAME_HEAD + GRAM_PREFIX)
/* Headers, trailers, and the RST_STREAM that may follow them. Metadata is in one of them: it lies in one memory. */
#define AROUND (GRAM_H2_FRAME_HEAD + HEADERS_MAX + GRAM_H2_FRAME_HEAD + GRAM_TRAILERS_MAX + GRAM_H2_FRAME_HEAD + 4)
/* The longest message that goes out in one frame, with headers and trailers, out of an empty buffer. */
#define IN_BUFFER (GRAM_TX_SIZE - GRAM_TX_CONTROL - AROUND - DATA_HEAD)
#define AT_ONCE_MAX (IN_BUFFER < GRAM_H2_FRAME_MAX - GRAM_PREFIX ? IN_BUFFER : GRAM_H2_FRAME_MAX - GRAM_PREFIX)

static struct gram_h2_tx *tx_of(const struct gram_call *call)
{
    return &call->conn->h2.tx;
}

bool gram_reply_room(const struct gram_call *call)
{
    return gram_h2_tx_room(tx_of(call)) >= AROUND;
}

/* ---- where a reply is built ---- */

/* Whether a call waits for a held slot on a connection whose turn comes before this one's. */
static bool another_is_first(const struct gram_conn *conn)
{
    const struct gram_server *server = conn->server;

    for (unsigned i = server->held_turn;; i++) {
        const struct gram_conn *other = &server->conns[i % GRAM_MAX_CONNECTIONS];

        if (other == conn)
            return false;
        for (unsigned j = 0; j < GRAM_MAX_CONCURRENT_STREAMS; j++)
            if (other->calls[j].wants_held)
                return true;
    }
}

/* Connections take turns: whoever gave a slot back last comes last, so neither one client nor two that pass it to each other have it again and again. The
 * others are asked at the next poll, at once; if they want it no longer, that is known then (gram_call_step), and this call gets it. */
static void *claim_held(struct gram_call *call)
{
    struct gram_server *server = gram_server_of(call);

    call->wants_held = true;
    for (uint8_t i = 0; i < GRAM_HELD_REPLIES; i++) {
        struct gram_held *held = &server->held[i];

        if (held->owner)
            continue;
        if (another_is_first(call->conn)) {
            server->shared_freed = true;
            return NULL;
        }
        call->wants_held = false;
        held->owner = call;
        held->total = 0;
        held->sent = 0;
        call->held = i;
        return held->reply;
    }
    return NULL;
}

void *gram_reply_place(struct gram_call *call)
{
    const struct gram_h2_conn *h2 = &call->conn->h2;
    uint32_t whole = GRAM_PREFIX + call->method->rep_max;
    bool bounded = call->method->rep_max <= AT_ONCE_MAX;
    bool in_windows = gram_h2_window(h2, call->slot) >= whole;
    bool starved = false; /* for want of the client's windows, and nothing else */
    void *place = NULL;

    if (bounded && in_windows && gram_h2_tx_room(&h2->tx) >= AROUND + GRAM_H2_FRAME_HEAD + whole)
        place = gram_server_of(call)->reply;
    else if (bounded && whole <= (uint32_t)h2->peer_initial_window / 2) /* it will, once the client has read: windows come back by halves */
        starved = !in_windows;
    else if (gram_reply_room(call))
        place = claim_held(call);
    if (!call->starved)
        call->progress_at = gram_server_of(call)->now;
    call->starved = starved;
    if (place)
        memset(place, 0, call->method->rep_size);
    else
        call->conn->pump_wanted = true;
    return place;
}

void gram_reply_look(struct gram_call *call)
{
    if (call->starved && gram_h2_window(&call->conn->h2, call->slot) >= GRAM_PREFIX + call->method->rep_max)
        call->starved = false;
}

void gram_reply_release(struct gram_call *call)
{
    if (call->held == GRAM_NONE)
        return;
    gram_server_of(call)->held[call->held].owner = NULL;
    gram_server_of(call)->held_turn = (uint16_t)(call->conn->h2.number + 1);
    gram_server_of(call)->shared_freed = true;
    call->held = GRAM_NONE;
}

bool gram_reply_is_begun(const struct gram_call *call)
{
    return call->held != GRAM_NONE && gram_server_of(call)->held[call->held].sent > 0;
}

/* ---- headers and trailers ---- */

void gram_reply_headers(struct gram_call *call)
{
    uint8_t block[HEADERS_MAX];
    struct gram_hpack_out out = { .buf = block, .cap = sizeof block };
    struct gram_h2_conn *h2 = &call->conn->h2;

    if (call->headers_sent)
        return;
    call->headers_sent = true;
    gram_hpack_enc_begin(&h2->enc, &out);
    gram_hpack_enc_index(&out, INDEX_STATUS_200);
    gram_hpack_enc_pin(&h2->enc, &out, PIN_CONTENT_TYPE);
    if (GRAM_METADATA_SIZE > 0)
        gram_metadata_put(call, false, &out);
    gram_assert(!out.overflow, "block too long");
    gram_h2_send_headers(h2, call->slot, block, out.len, false);
}

static void put_status(struct gram_h2_conn *h2, struct gram_hpack_out *out, gram_status status)
{
    uint8_t digits[2] = { (uint8_t)('0' + status / 10), (uint8_t)('0' + status % 10) };

    if (status == GRAM_OK)
        gram_hpack_enc_pin(&h2->enc, out, PIN_STATUS_OK);
    else if (status < 10)
        gram_hpack_enc_pin_name(&h2->enc, out, PIN_STATUS_OK, digits + 1, 1);
    else
        gram_hpack_enc_pin_name(&h2->enc, out, PIN_STATUS_OK, digits, 2);
}

void gram_reply_trailers(struct gram_call *call, gram_status status)
{
    const struct gram_server *server = gram_server_of(call);
    uint8_t block[TRAILERS_MAX];
    struct gram_hpack_out out = { .buf = block, .cap = sizeof block };
    struct gram_h2_conn *h2 = &call->conn->h2;

    gram_hpack_enc_begin(&h2->enc, &out);
    if (!call->headers_sent) { /* Trailers-Only */
        gram_hpack_enc_index(&out, INDEX_STATUS_200);
        gram_hpack_enc_pin(&h2->enc, &out, PIN_CONTENT_TYPE);
    }
    put_status(h2, &out, status);
    if (status != GRAM_OK && server->text_len > 0)
        gram_hpack_enc_literal(&out, 0, "grpc-message", (const uint8_t *)server->text, server->text_len);
    if (call->bad_encoding)
        gram_hpack_enc_literal(&out, 0, "grpc-accept-encoding", (const uint8_t *)"identity", 8);
    if (GRAM_METADATA_SIZE > 0)
        gram_metadata_put(call, true, &out);
    gram_assert(!out.overflow, "block too long");
    gram_h2_send_headers(h2, call->slot, block, out.len, true);
}

/* ---- messages ---- */

static void put_prefix(struct gram_call *call, size_t at, size_t len)
{
    uint8_t prefix[GRAM_PREFIX] = { 0 };

    gram_put_be32(prefix + 1, (uint32_t)len);
    gram_h2_tx_put(tx_of(call), at, prefix, sizeof prefix);
}

static void unencodable(struct gram_call *call)
{
    static const char reason[] = "reply";

    gram_log_about(gram_server_of(call), GRAM_LOG_ERROR, call->method->path, reason);
    gram_call_end(call, GRAM_INTERNAL, reason);
}

static void send_now(struct gram_call *call, const void *reply, bool final)
{
    const struct gram_method *method = call->method;
    size_t len;

    gram_reply_headers(call);
    if (!gram_encode_whole(method->rep, reply, tx_of(call), DATA_HEAD, method->rep_max, &len)) {
        unencodable(call);
        return;
    }
    put_prefix(call, GRAM_H2_FRAME_HEAD, len);
    call->bytes_out += (uint32_t)len;
    gram_h2_send_data(&call->conn->h2, call->slot, GRAM_PREFIX + len, false);
    if (final)
        gram_call_finish(call, GRAM_OK);
}

void gram_reply_send(struct gram_call *call, const void *reply, bool final)
{
    size_t len;

    if (call->held == GRAM_NONE) {
        send_now(call, reply, final);
        return;
    }
    if (!gram_encoded_size(call->method->rep, reply, &len) || len > INT32_MAX) {
        unencodable(call);
        return;
    }
    gram_server_of(call)->held[call->held].total = GRAM_PREFIX + (uint32_t)len;
    call->final = final;
    call->bytes_out += (uint32_t)len;
    gram_reply_drain(call);
}

/* How much of a held reply may go now: what the windows allow, but no crumbs while it is only the transmit buffer that is full. */
static size_t piece_size(const struct gram_call *call, size_t left)
{
    size_t window = gram_h2_window(&call->conn->h2, call->slot);
    size_t room = gram_h2_tx_room(tx_of(call));
    size_t n = left < window ? left : window;

    if (room < AROUND + 64)
        return 0;
    room -= AROUND;
    return n < room ? n : room;
}

bool gram_reply_drain(struct gram_call *call)
{
    struct gram_held *held = &gram_server_of(call)->held[call->held];
    size_t n = piece_size(call, held->total - held->sent);

    if (n == 0) {
        call->conn->pump_wanted = true;
        return false;
    }
    gram_reply_headers(call);
    if (!gram_encode_piece(call->method->rep, held->reply, held->total - GRAM_PREFIX, tx_of(call), GRAM_H2_FRAME_HEAD,
                           held->sent, n)) {
        unencodable(call);
        return true;
    }
    gram_h2_send_data(&call->conn->h2, call->slot, n, false);
    held->sent += (uint32_t)n;
    gram_call_progress(call, n);
    if (held->sent < held->total)
        return true;
    gram_reply_release(call);
    if (call->final) /* there was room for trailers beside every piece */
        gram_call_finish(call, GRAM_OK);
    return true;
}

/* ---- what is not gRPC (RFC 9110 15.5) ---- */

/* The text begins with its status code: "405 POST only". */
static void send_http_headers(struct gram_call *call, bool end)
{
    uint8_t block[64];
    struct gram_hpack_out out = { .buf = block, .cap = sizeof block };
    struct gram_h2_conn *h2 = &call->conn->h2;

    gram_hpack_enc_begin(&h2->enc, &out);
    gram_hpack_enc_literal(&out, INDEX_STATUS_200, NULL, (const uint8_t *)call->reason, 3);
    gram_hpack_enc_literal(&out, GRAM_HPACK_CONTENT_TYPE, NULL, (const uint8_t *)"text/plain", 10);
    gram_hpack_enc_literal(&out, INDEX_ALLOW, NULL, (const uint8_t *)"POST", 4); /* 405 must say so */
    gram_assert(!out.overflow, "block too long");
    call->headers_sent = true;
    gram_h2_send_headers(h2, call->slot, block, out.len, end);
}

bool gram_reply_http(struct gram_call *call)
{
    struct gram_h2_conn *h2 = &call->conn->h2;
    size_t left = strlen(call->reason) - call->http_sent;
    size_t n = gram_h2_window(h2, call->slot);

    call->conn->pump_wanted = true;
    if (!gram_reply_room(call))
        return false;
    if (!call->headers_sent)
        send_http_headers(call, left == 0);
    n = n < left ? n : left;
    if (n > 0) {
        gram_h2_tx_put(tx_of(call), GRAM_H2_FRAME_HEAD, call->reason + call->http_sent, n);
        call->http_sent = (uint8_t)(call->http_sent + n);
        gram_h2_send_data(h2, call->slot, n, n == left);
    }
    if (n == left)
        gram_call_close(call, GRAM_UNIMPLEMENTED);
    return n > 0 || left == 0;
}
