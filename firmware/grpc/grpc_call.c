/* A call's life: from its headers to closed(). Its phases are drawn in grpc_server.h.
 *
 * Invariants: a handler runs only when there is room for whatever it answers. What a call has taken (message buffer, held reply) is given back at
 * the latest by the one function that ends it, gram_call_close(). closed() is told once to a handler that has been entered, whatever ended the call. */
#include "grpc_internal.h"

#include <string.h>

#include "gram/text.h"
#include "gram_assert.h"

/* ---- the beginning ---- */

static uint16_t next_generation(uint16_t generation)
{
    return (uint16_t)(generation == UINT16_MAX ? 1 : generation + 1);
}

void gram_call_begin(struct gram_conn *conn, unsigned slot)
{
    struct gram_call *call = &conn->calls[slot];
    uint16_t generation = next_generation(call->generation);

    gram_assert(call->phase == GRAM_CALL_FREE, "not free");
    memset(call, 0, offsetof(struct gram_call, gather));
    call->conn = conn;
    call->generation = generation;
    call->slot = (uint8_t)slot;
    call->phase = GRAM_CALL_HEADERS;
    call->started_at = call->progress_at = conn->server->now;
    call->promised = GRAM_INITIAL_WINDOW_SIZE;
    call->buffer = call->gather;
    call->message_buf = GRAM_NONE;
    call->held = GRAM_NONE;
}

void gram_call_start(struct gram_call *call)
{
    call->phase = GRAM_CALL_BEGIN;
    while (gram_call_step(call))
        ;
}

/* ---- the end ---- */

void gram_call_close(struct gram_call *call, gram_status status)
{
    if (call->entered)
        call->method->dispatch(call->handlers, call, GRAM_ON_CLOSED, NULL, NULL, status);
    gram_intercept_after(call, status);
    gram_receive_release(call);
    gram_reply_release(call);
    call->wants_held = false;
    call->phase = GRAM_CALL_FREE;
}

/* Tells the client; there is room. The text is in the server's `text`, percent-encoded. */
void gram_call_finish(struct gram_call *call, gram_status status)
{
#if GRAM_METADATA_SIZE > 0
    if (call->has_headers) /* in a block of their own: clients take all of a Trailers-Only for trailers */
        gram_reply_headers(call);
#endif
    gram_reply_trailers(call, status);
    gram_call_close(call, status);
}

void gram_call_reset(struct gram_call *call, enum gram_h2_error error, gram_status status)
{
    gram_h2_reset(&call->conn->h2, call->slot, error);
    gram_call_close(call, status);
}

/* RST_STREAM says it for trailers; clients make a status of its code (gRPC over HTTP/2, "Errors"). */
static enum gram_h2_error error_of(gram_status status)
{
    switch (status) {
    case GRAM_INTERNAL:
        return GRAM_H2_INTERNAL_ERROR;
    case GRAM_RESOURCE_EXHAUSTED:
        return GRAM_H2_ENHANCE_YOUR_CALM;
    default:
        return GRAM_H2_CANCEL;
    }
}

/* There is room. */
static void conclude(struct gram_call *call, gram_status status, const char *reason)
{
    if (call->cut)
        gram_call_reset(call, error_of(status), status);
    else
        gram_call_finish(call, gram_call_fail(call, status, reason));
}

void gram_call_end(struct gram_call *call, gram_status status, const char *reason)
{
    call->cut = call->cut || gram_reply_is_begun(call);
    if (gram_reply_room(call)) {
        conclude(call, status, reason);
        return;
    }
    gram_receive_release(call);
    gram_reply_release(call);
    call->phase = GRAM_CALL_END;
    call->status = (uint8_t)status;
    call->reason = reason;
    call->has_deadline = false;
    call->has_wake_at = false;
    call->starved = false;
    call->conn->pump_wanted = true;
}

gram_status gram_call_fail(gram_call *call, gram_status status, const char *text)
{
    struct gram_server *server = gram_server_of(call);

    server->text_len = (uint16_t)gram_percent_encode(server->text, sizeof server->text, text);
    return status;
}

/* ---- asking the handler ---- */

static gram_status ask(struct gram_call *call, enum gram_event event, const void *req, void *rep)
{
    call->entered = true;
    gram_server_of(call)->text_len = 0;
    return call->method->dispatch(call->handlers, call, event, req, rep, GRAM_OK);
}

static bool is_error(gram_status status)
{
    return status > GRAM_OK && status <= GRAM_UNAUTHENTICATED;
}

/* An answer that ends the call without a reply: an error status, or one that the rules do not know. */
static void end_with_answer(struct gram_call *call, gram_status status)
{
    static const char broken[] = "no such answer";

    if (is_error(status)) {
        if (status == GRAM_UNIMPLEMENTED && gram_server_of(call)->text_len == 0)
            gram_call_fail(call, status, call->method->path); /* a handler that is not set has no words */
        gram_call_finish(call, status);
        return;
    }
    gram_log_about(gram_server_of(call), GRAM_LOG_ERROR, call->method->path, broken);
    gram_call_end(call, GRAM_INTERNAL, broken);
}

/* Decodes the request at the front into the server's scratch and shows it to the interceptors. False: it could not be, or was refused; the call has
 * ended. */
static bool decode(struct gram_call *call, const uint8_t *message, uint32_t len)
{
    const char *reason = NULL;
    void *request = gram_server_of(call)->request;
    gram_status status;

    memset(request, 0, call->method->req_size); /* nanopb leaves callback fields as they are: never another request's bytes */
    status = gram_decode(call->method->req, request, message + GRAM_PREFIX, len, &reason);
    if (status != GRAM_OK) {
        gram_call_end(call, status, reason);
        return false;
    }
    call->bytes_in += len;
    if (call->message_seen)
        return true;
    call->message_seen = true;
    status = gram_intercept_message(call, GRAM_MESSAGE_IN, request);
    if (status != GRAM_OK)
        end_with_answer(call, status);
    return status == GRAM_OK;
}

static void send_reply(struct gram_call *call, const void *reply, bool final)
{
    gram_status status = gram_intercept_message(call, GRAM_MESSAGE_OUT, reply);

    if (status == GRAM_OK)
        gram_reply_send(call, reply, final);
    else
        end_with_answer(call, status);
}

/* Asks for the reply that ends the call: OPEN of a unary call, RESUME, HALF_CLOSE of a client stream. `message` is the request or NULL. */
static bool ask_last_reply(struct gram_call *call, enum gram_event event, const uint8_t *message, uint32_t len)
{
    void *reply = gram_reply_place(call);
    gram_status status;

    if (!reply)
        return false;
    if (message && !decode(call, message, len))
        return true;
    status = ask(call, event, message ? gram_server_of(call)->request : NULL, reply);
    gram_receive_release(call);
    if (status == GRAM_OK) {
        send_reply(call, reply, true);
    } else if (status == GRAM_PENDING) {
        gram_reply_release(call);
        call->phase = GRAM_CALL_PENDING;
        call->awake = false;
    } else {
        end_with_answer(call, status);
    }
    return true;
}

/* Asks for one reply of a stream. */
static bool ask_next(struct gram_call *call)
{
    void *reply = gram_reply_place(call);
    gram_status status;

    if (!reply)
        return false;
    status = ask(call, GRAM_ON_NEXT, NULL, reply);
    call->next_owed = false;
    if (status == GRAM_MORE) {
        call->message_waits = false;
        send_reply(call, reply, false);
    } else if (status == GRAM_WAIT) {
        gram_reply_release(call);
        call->awake = false;
    } else if (status == GRAM_DONE) {
        gram_call_finish(call, GRAM_OK);
    } else {
        end_with_answer(call, status);
    }
    return true;
}

/* Asks a handler that answers with nothing but a status; GRAM_OK goes on in STREAM. */
static bool ask_status(struct gram_call *call, enum gram_event event, const void *req)
{
    gram_status status = ask(call, event, req, NULL);

    if (status != GRAM_OK) {
        end_with_answer(call, status);
        return true;
    }
    call->phase = GRAM_CALL_STREAM;
    call->awake = true;
    return true;
}

/* ---- the steps, by phase ---- */

static bool client_streams(const struct gram_call *call)
{
    return (call->method->kind & GRAM_CLIENT_STREAM) != 0;
}

static bool server_streams(const struct gram_call *call)
{
    return (call->method->kind & GRAM_SERVER_STREAM) != 0;
}

/* Interceptors in their order; the first refusal ends the call. */
static bool step_begin(struct gram_call *call)
{
    const char *reason = NULL;
    gram_status status = GRAM_METADATA_SIZE > 0 ? gram_metadata_judge(call, &reason) : GRAM_OK;

    if (status != GRAM_OK) { /* while it waited for room */
        gram_call_end(call, status, reason);
        return true;
    }
    status = gram_intercept_before(call);
    if (status != GRAM_OK) {
        end_with_answer(call, status);
        return true;
    }
    if (client_streams(call))
        return ask_status(call, GRAM_ON_OPEN, NULL);
    call->phase = GRAM_CALL_GATHER;
    return true;
}

/* Exactly one message, then END_STREAM. */
static bool step_gather(struct gram_call *call)
{
    size_t n;
    uint32_t len = 0;
    const uint8_t *p = gram_receive_view(call, &n);

    if (n >= GRAM_PREFIX) {
        if (!gram_receive_prefix(call, p, &len))
            return true;
        if (n - GRAM_PREFIX > len) {
            gram_call_end(call, GRAM_UNIMPLEMENTED, "second request");
            return true;
        }
    }
    if (!call->remote_done)
        return false;
    if (n == 0) {
        gram_call_end(call, GRAM_UNIMPLEMENTED, "no request");
        return true;
    }
    if (n < GRAM_PREFIX || n - GRAM_PREFIX < len) {
        gram_call_end(call, GRAM_INTERNAL, "message cut");
        return true;
    }
    call->phase = GRAM_CALL_READY;
    return true;
}

static bool step_ready(struct gram_call *call)
{
    size_t n;
    const uint8_t *p = gram_receive_view(call, &n);
    uint32_t len = (uint32_t)n - GRAM_PREFIX;

    if (!server_streams(call))
        return ask_last_reply(call, GRAM_ON_OPEN, p, len);
    if (!decode(call, p, len))
        return true;
    ask_status(call, GRAM_ON_OPEN, gram_server_of(call)->request);
    if (call->phase == GRAM_CALL_STREAM)
        gram_receive_release(call);
    return true;
}

/* Hands the message at the front to the handler; false: there is no whole one. */
static bool deliver_message(struct gram_call *call)
{
    size_t n;
    uint32_t len;
    const uint8_t *p = gram_receive_view(call, &n);
    gram_status status;

    if (n < GRAM_PREFIX)
        return false;
    if (!gram_receive_prefix(call, p, &len))
        return true;
    if (n - GRAM_PREFIX < len)
        return false;
    if (!decode(call, p, len))
        return true;
    status = ask(call, GRAM_ON_MESSAGE, gram_server_of(call)->request, NULL);
    if (status == GRAM_OK) {
        gram_receive_consume(call, GRAM_PREFIX + len);
        call->message_seen = false;
        call->next_owed = server_streams(call);
        call->awake = true;
    } else if (status == GRAM_WAIT) {
        call->bytes_in -= len; /* it comes again */
        call->message_waits = true;
    } else {
        end_with_answer(call, status);
    }
    return true;
}

/* The client has sent its last message, and the handler has taken it. */
static bool tell_half_close(struct gram_call *call)
{
    size_t n;

    gram_receive_view(call, &n);
    if (n > 0) {
        gram_call_end(call, GRAM_INTERNAL, "message cut");
        return true;
    }
    if (!server_streams(call))
        return ask_last_reply(call, GRAM_ON_HALF_CLOSE, NULL, 0);
    call->half_closed_told = true;
    return ask_status(call, GRAM_ON_HALF_CLOSE, NULL);
}

static bool step_stream(struct gram_call *call)
{
    if (client_streams(call) && !call->message_waits && !call->next_owed && !call->half_closed_told) {
        if (deliver_message(call))
            return true;
        if (call->remote_done)
            return tell_half_close(call);
    }
    return server_streams(call) && call->awake && ask_next(call);
}

/* Phases in which a callback may run, or trailers are due, wait for room. */
static bool needs_room(const struct gram_call *call)
{
    switch ((enum gram_call_phase)call->phase) {
    case GRAM_CALL_BEGIN:
    case GRAM_CALL_GATHER:
    case GRAM_CALL_READY:
    case GRAM_CALL_STREAM:
    case GRAM_CALL_END:
        return true;
    default:
        return false;
    }
}

bool gram_call_step(struct gram_call *call)
{
    if (call->phase == GRAM_CALL_FREE)
        return false;
    call->wants_held = false;
    if (call->held != GRAM_NONE)
        return gram_reply_drain(call);
    if (needs_room(call) && !gram_reply_room(call)) {
        gram_reply_look(call);
        call->conn->pump_wanted = true;
        return false;
    }
    switch ((enum gram_call_phase)call->phase) {
    case GRAM_CALL_FREE:
    case GRAM_CALL_HEADERS:
        return false;
    case GRAM_CALL_BEGIN:
        return step_begin(call);
    case GRAM_CALL_GATHER:
        return step_gather(call);
    case GRAM_CALL_READY:
        return step_ready(call);
    case GRAM_CALL_PENDING:
        return call->awake && ask_last_reply(call, GRAM_ON_RESUME, NULL, 0);
    case GRAM_CALL_STREAM:
        return step_stream(call);
    case GRAM_CALL_END:
        conclude(call, (gram_status)call->status, call->reason);
        return true;
    case GRAM_CALL_HTTP_WAIT:
        if (call->remote_done)
            call->phase = GRAM_CALL_HTTP;
        return call->remote_done;
    case GRAM_CALL_HTTP:
        return gram_reply_http(call);
    }
    return false;
}
