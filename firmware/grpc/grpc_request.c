/* What a request's headers say: which method, by when, and whether it is gRPC at all (gRPC over HTTP/2, "Requests").
 *
 * Values are judged while their bytes stream past, and kept in the HPACK table as the judgement: a method's number, a packed time, a verdict. A
 * request whose fields are all indexed costs no string at all. */
#include "grpc_internal.h"

#include <string.h>

/* ---- names that gRPC asks for ---- */

enum { NAME_TIMEOUT = GRAM_H2_NAME_EXTRA, NAME_ENCODING, OWN_NAMES = 3 };
_Static_assert(NAME_ENCODING < GRAM_REQUEST_NAME_KEYS, "two names of one number");

/* Whether other names are the application's keys (grpc_metadata.c). */
#define WITH_METADATA (GRAM_METADATA_SIZE > 0)

const char *gram_request_name(const struct gram_h2_conn *h2, unsigned i, uint8_t *number)
{
    static const struct gram_hpack_name names[OWN_NAMES] = {
        { "grpc-timeout", NAME_TIMEOUT },
        { "content-type", GRAM_HPACK_CONTENT_TYPE },
        { "grpc-encoding", NAME_ENCODING },
    };

    if (i < OWN_NAMES) {
        *number = names[i].number;
        return names[i].name;
    }
    if (WITH_METADATA)
        return gram_metadata_name(gram_app_of(h2), i - OWN_NAMES, number);
    return NULL;
}

/* ---- values ---- */

enum { VERDICT_YES = GRAM_HPACK_VALUE_FREE, VERDICT_NO };

/* All methods of all services, numbered in the order of the bindings. */
static const struct gram_method *method_at(const struct gram_app *app, unsigned i, const void **handlers)
{
    for (unsigned b = 0; b < app->binding_count; b++) {
        const struct gram_service *service = app->bindings[b].service;

        if (i < service->method_count) {
            *handlers = app->bindings[b].handlers;
            return &service->methods[i];
        }
        i -= service->method_count;
    }
    return NULL;
}

static const struct gram_method *method_of(const struct gram_app *app, uint16_t path, const void **handlers)
{
    return path < GRAM_PATH_FIRST ? NULL : method_at(app, path - (unsigned)GRAM_PATH_FIRST, handlers);
}

static const char *path_at(const void *ctx, unsigned i)
{
    const void *handlers;
    const struct gram_method *method = method_at(ctx, i, &handlers);

    return method ? method->path : NULL;
}

static const char *identity_at(const void *ctx, unsigned i)
{
    (void)ctx;
    return i == 0 ? "identity" : NULL;
}

bool gram_request_value_begin(struct gram_h2_conn *h2, uint8_t name)
{
    struct gram_value *v = &gram_conn_of(h2)->value;

    *v = (struct gram_value){ .name = name };
    if (name != GRAM_HPACK_PATH && name != GRAM_HPACK_CONTENT_TYPE && name != NAME_TIMEOUT && name != NAME_ENCODING)
        return WITH_METADATA && gram_metadata_begin(gram_conn_of(h2), name);
    gram_hpack_match_begin(&v->match);
    return true;
}

/* "application/grpc", then nothing, '+' or ';'. */
static void feed_content_type(struct gram_value *v, const uint8_t *data, size_t len)
{
    static const char wanted[] = "application/grpc";

    for (size_t i = 0; i < len && v->len < sizeof wanted; i++, v->len++) {
        if (v->len < sizeof wanted - 1 ? data[i] != (uint8_t)wanted[v->len] : data[i] != '+' && data[i] != ';')
            v->bad = true;
    }
}

static bool content_type_is_grpc(const struct gram_value *v)
{
    return !v->bad && v->len >= sizeof "application/grpc" - 1;
}

/* 1 to 8 digits and a unit. */
static void feed_timeout(struct gram_value *v, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool digit = data[i] >= '0' && data[i] <= '9';

        if (v->unit != 0 || v->len > 8 || (digit && v->len == 8) || (!digit && v->len == 0)) {
            v->bad = true;
            return;
        }
        if (digit)
            v->number = v->number * 10 + (data[i] - '0');
        else
            v->unit = data[i];
        v->len++;
    }
}

void gram_request_value_data(struct gram_h2_conn *h2, const uint8_t *data, size_t len)
{
    struct gram_conn *conn = gram_conn_of(h2);
    struct gram_value *v = &conn->value;

    switch (v->name) {
    case GRAM_HPACK_PATH:
        gram_hpack_match_feed(&v->match, path_at, conn->server->app, data, len);
        if (len > 0)
            v->len = 1;
        return;
    case GRAM_HPACK_CONTENT_TYPE:
        feed_content_type(v, data, len);
        return;
    case NAME_TIMEOUT:
        feed_timeout(v, data, len);
        return;
    case NAME_ENCODING:
        gram_hpack_match_feed(&v->match, identity_at, NULL, data, len);
        return;
    default:
        if (WITH_METADATA)
            gram_metadata_data(conn, data, len);
        return;
    }
}

/* What a malformed grpc-timeout means is gRPC's affair, not HTTP's: it must not read as a malformed field. */
#define TIMEOUT_BAD 65533

static uint16_t timeout_value(const struct gram_value *v)
{
    uint32_t ms;

    if (v->bad || !gram_timeout_ms(v->number, (char)v->unit, &ms))
        return TIMEOUT_BAD;
    return gram_timeout_pack(ms);
}

uint16_t gram_request_value_end(struct gram_h2_conn *h2, bool kept)
{
    struct gram_conn *conn = gram_conn_of(h2);
    struct gram_value *v = &conn->value;
    unsigned i;

    switch (v->name) {
    case GRAM_HPACK_PATH:
        if (v->len == 0) /* RFC 9113 8.3.1 */
            return GRAM_HPACK_VALUE_BAD;
        i = gram_hpack_match_end(&v->match, path_at, conn->server->app);
        return (uint16_t)(i == GRAM_HPACK_NO_MATCH ? GRAM_PATH_UNKNOWN : GRAM_PATH_FIRST + i);
    case GRAM_HPACK_CONTENT_TYPE:
        return content_type_is_grpc(v) ? VERDICT_YES : VERDICT_NO;
    case NAME_TIMEOUT:
        return timeout_value(v);
    case NAME_ENCODING:
        return gram_hpack_match_end(&v->match, identity_at, NULL) == 0 ? VERDICT_YES : VERDICT_NO;
    default:
        return WITH_METADATA ? gram_metadata_end(conn, kept) : GRAM_HPACK_VALUE_NONE;
    }
}

void gram_request_evicted(struct gram_h2_conn *h2, uint8_t name, uint16_t value)
{
    if (WITH_METADATA)
        gram_metadata_evicted(gram_conn_of(h2), name, value);
}

/* ---- fields ---- */

void gram_request_field(struct gram_call *call, uint8_t name, uint16_t value)
{
    switch (name) {
    case GRAM_HPACK_CONTENT_TYPE:
        call->is_grpc = value == VERDICT_YES;
        return;
    case NAME_ENCODING:
        call->bad_encoding = value == VERDICT_NO;
        return;
    case NAME_TIMEOUT:
        call->bad_timeout = value == TIMEOUT_BAD;
        call->has_deadline = !call->bad_timeout && value != GRAM_TIMEOUT_NONE;
        if (call->has_deadline)
            call->deadline = call->started_at + gram_timeout_unpack(value);
        return;
    default:
        if (WITH_METADATA)
            gram_metadata_field(call, name, value);
        return;
    }
}

/* ---- the request as a whole ---- */

/* `body` begins with the status code. */
static void answer_http(struct gram_call *call, const char *body)
{
    call->reason = body;
    call->has_deadline = false; /* grpc-timeout means nothing here: no gRPC status would be understood */
    gram_h2_discard(&call->conn->h2, call->slot);
    call->phase = GRAM_CALL_HTTP_WAIT; /* a client that is still sending would take an early answer for a failure */
}

/* Why the call cannot begin; GRAM_OK where it can. */
static gram_status judge_call(const struct gram_call *call, bool too_large, const char **reason)
{
    *reason = "too much metadata";
    if (too_large)
        return GRAM_RESOURCE_EXHAUSTED;
    *reason = "bad grpc-timeout";
    if (call->bad_timeout)
        return GRAM_INTERNAL;
    *reason = "unknown method";
    if (!call->method)
        return GRAM_UNIMPLEMENTED;
    *reason = "identity only";
    if (call->bad_encoding)
        return GRAM_UNIMPLEMENTED;
    return GRAM_OK; /* its metadata is judged when it begins (gram_call_step) */
}

void gram_request_judge(struct gram_call *call, const struct gram_h2_request *request)
{
    const char *reason;
    gram_status status;

    if (request->method != GRAM_HPACK_VALUE_POST) {
        answer_http(call, "405 POST only");
        if (request->method == GRAM_H2_VALUE_HEAD) /* its answer has no body (RFC 9110 9.3.2) */
            call->http_sent = (uint8_t)strlen(call->reason);
        return;
    }
    if (request->too_large && !call->is_grpc) {
        answer_http(call, "431 too much metadata");
        return;
    }
    if (!call->is_grpc) {
        answer_http(call, "415 application/grpc only");
        return;
    }
    call->method = method_of(gram_server_of(call)->app, request->path, &call->handlers);
    status = judge_call(call, request->too_large, &reason);
    if (status == GRAM_OK)
        gram_call_start(call);
    else
        gram_call_end(call, status, reason);
}
