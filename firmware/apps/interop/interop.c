/* interop: grpc.testing.TestService, which gRPC's official interoperability clients call. With it, every case
 * of theirs shows what the core does: sizes, all kinds of call, statuses, deadlines, cancellation.
 *
 * Bodies of requests and replies take no memory (interop_payload.c); a request as a whole does, so what is
 * longer than the target's message buffers is answered RESOURCE_EXHAUSTED. As the cases demand,
 * UnimplementedCall has no handler, and UnimplementedService no binding. */
#include "gram/gram.h"
#include "gram/health.h"
#include "gram/reflection.h"
#include "grpc/testing/test.gram.h"

#include <string.h>

#define PARAMETERS_MAX 8 /* as messages.options has it */

/* ---- what all calls share ---- */

/* The status that the client wishes the call to end with: GRAM_OK to go on. */
static gram_status wished(gram_call *call, bool has_status, const grpc_testing_EchoStatus *wish)
{
    if (!has_status || wish->code == 0) {
        return GRAM_OK;
    }
    if (wish->code < 0 || wish->code > GRAM_UNAUTHENTICATED) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "response_status.code must be 0 to 16");
    }
    return gram_call_fail(call, (gram_status)wish->code, wish->message);
}

static gram_status check_type(gram_call *call, grpc_testing_PayloadType type)
{
    if (type != grpc_testing_PayloadType_COMPRESSABLE) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "response_type must be COMPRESSABLE");
    }
    return GRAM_OK;
}

static gram_status check_size(gram_call *call, int32_t size)
{
    if (size < 0) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "the size of a reply must not be negative");
    }
    return GRAM_OK;
}

/* ---- metadata ---- */

static const struct gram_key echo_initial = GRAM_KEY("x-grpc-test-echo-initial");
static const struct gram_key echo_trailing = GRAM_KEY("x-grpc-test-echo-trailing-bin");

/* UnaryCall and FullDuplexCall send back what comes under these names, all values in their order: the one in
 * the response's headers, the other in its trailers. */
static gram_status echo_metadata(gram_call *call)
{
    char value[GRAM_METADATA_SIZE];
    bool fits = true;
    int32_t len;

    for (unsigned n = 0; fits && (len = gram_call_metadata(call, &echo_initial, n, value, sizeof value)) >= 0; n++) {
        fits = gram_call_header(call, echo_initial.name, value, (size_t)len);
    }
    for (unsigned n = 0; fits && (len = gram_call_metadata(call, &echo_trailing, n, value, sizeof value)) >= 0; n++) {
        fits = gram_call_trailer(call, echo_trailing.name, value, (size_t)len);
    }
    return fits ? GRAM_OK : gram_call_fail(call, GRAM_RESOURCE_EXHAUSTED, "no room to echo: GRAM_METADATA_SIZE");
}

/* ---- unary ---- */

static gram_status empty_call(gram_call *call, const grpc_testing_Empty *req, grpc_testing_Empty *rep)
{
    (void)call;
    (void)req;
    (void)rep;
    return GRAM_OK;
}

static gram_status unary_call(gram_call *call, const grpc_testing_SimpleRequest *req,
                              grpc_testing_SimpleResponse *rep)
{
    gram_status status = echo_metadata(call);

    if (status == GRAM_OK) {
        status = wished(call, req->has_response_status, &req->response_status);
    }
    if (status == GRAM_OK) {
        status = check_type(call, req->response_type);
    }
    if (status == GRAM_OK) {
        status = check_size(call, req->response_size);
    }
    rep->has_payload = true;
    rep->payload.body = (uint32_t)req->response_size;
    return status;
}

/* ---- StreamingInputCall ---- */

struct input {
    uint32_t bytes;
};

static gram_status input_message(gram_call *call, const grpc_testing_StreamingInputCallRequest *req)
{
    GRAM_STATE(struct input, call)->bytes += req->has_payload ? req->payload.body : 0;
    return GRAM_OK;
}

static gram_status input_half_close(gram_call *call, grpc_testing_StreamingInputCallResponse *rep)
{
    rep->aggregated_payload_size = (int32_t)GRAM_STATE(struct input, call)->bytes;
    return GRAM_OK;
}

/* ---- StreamingOutputCall, FullDuplexCall, HalfDuplexCall ---- */

/* Their state: the replies that are owed, each with the pause before it. Those before `sent` have gone out.
 * A pause begins when a reply becomes the next one. */
struct output {
    grpc_testing_ResponseParameters owed[PARAMETERS_MAX];
    uint32_t due; /* when the next one may go out */
    uint8_t count;
    uint8_t sent;
    bool last_request;
};

_Static_assert(sizeof(((grpc_testing_StreamingOutputCallRequest *)0)->response_parameters) ==
                   sizeof(((struct output *)0)->owed),
               "PARAMETERS_MAX must be what proto/grpc/testing/messages.options says");

static void begin_pause(gram_call *call, struct output *output)
{
    if (output->sent < output->count) {
        int32_t us = output->owed[output->sent].interval_us;

        output->due = gram_call_now(call) + (us > 0 ? ((uint32_t)us + 999) / 1000 : 0);
    }
}

/* Adds a request's replies to those that are owed. */
static gram_status owe(gram_call *call, const grpc_testing_StreamingOutputCallRequest *req)
{
    struct output *output = GRAM_STATE(struct output, call);
    bool idle = output->sent == output->count;
    gram_status status = wished(call, req->has_response_status, &req->response_status);

    if (status == GRAM_OK) {
        status = check_type(call, req->response_type);
    }
    for (pb_size_t i = 0; i < req->response_parameters_count && status == GRAM_OK; i++) {
        status = check_size(call, req->response_parameters[i].size);
    }
    if (status != GRAM_OK) {
        return status;
    }
    if (req->response_parameters_count > PARAMETERS_MAX - output->count) {
        return gram_call_fail(call, GRAM_RESOURCE_EXHAUSTED, "8 replies at a time can be owed");
    }
    memcpy(&output->owed[output->count], req->response_parameters,
           req->response_parameters_count * sizeof output->owed[0]);
    output->count = (uint8_t)(output->count + req->response_parameters_count);
    if (idle) {
        begin_pause(call, output);
    }
    return GRAM_OK;
}

static gram_status next_owed(gram_call *call, grpc_testing_StreamingOutputCallResponse *rep)
{
    struct output *output = GRAM_STATE(struct output, call);
    uint32_t now = gram_call_now(call);

    if (output->sent == output->count) {
        return output->last_request ? GRAM_DONE : GRAM_WAIT;
    }
    if ((int32_t)(now - output->due) < 0) {
        gram_call_sleep(call, output->due - now);
        return GRAM_WAIT;
    }
    rep->has_payload = true;
    rep->payload.body = (uint32_t)output->owed[output->sent++].size;
    begin_pause(call, output);
    return GRAM_MORE;
}

static gram_status last_request(gram_call *call)
{
    GRAM_STATE(struct output, call)->last_request = true;
    return GRAM_OK;
}

static gram_status output_open(gram_call *call, const grpc_testing_StreamingOutputCallRequest *req)
{
    last_request(call);
    return owe(call, req);
}

/* A request is taken when the replies to the one before have gone out; until then flow control holds its
 * client back. */
static gram_status full_duplex_message(gram_call *call, const grpc_testing_StreamingOutputCallRequest *req)
{
    struct output *output = GRAM_STATE(struct output, call);

    if (output->sent < output->count) {
        return GRAM_WAIT;
    }
    output->sent = output->count = 0;
    return owe(call, req);
}

static gram_status half_duplex_next(gram_call *call, grpc_testing_StreamingOutputCallResponse *rep)
{
    return GRAM_STATE(struct output, call)->last_request ? next_owed(call, rep) : GRAM_WAIT;
}

/* Pauses count from here: before the last request, none of the replies could go. */
static gram_status half_duplex_half_close(gram_call *call)
{
    begin_pause(call, GRAM_STATE(struct output, call));
    return last_request(call);
}

/* ---- the application ---- */

static const struct grpc_testing_TestService_handlers test_service = {
    .EmptyCall = {.handle = empty_call},
    .UnaryCall = {.handle = unary_call},
    .CacheableUnaryCall = {.handle = unary_call},
    .StreamingOutputCall = {.open = output_open, .next = next_owed},
    .StreamingInputCall = {.message = input_message, .half_close = input_half_close},
    .FullDuplexCall = {.open = echo_metadata,
                       .message = full_duplex_message,
                       .half_close = last_request,
                       .next = next_owed},
    .HalfDuplexCall = {.message = owe, .half_close = half_duplex_half_close, .next = half_duplex_next},
};

static const struct gram_binding bindings[] = {
    {&grpc_testing_TestService_service, &test_service},
    GRAM_HEALTH,
    GRAM_REFLECTION,
};

static const struct gram_interceptor *const interceptors[] = {
    &gram_log_interceptor,
};

static const struct gram_key *const keys[] = {&echo_initial, &echo_trailing};

const struct gram_app gram_app = {
    .name = "interop",
    .bindings = bindings,
    .binding_count = sizeof bindings / sizeof bindings[0],
    .interceptors = interceptors,
    .interceptor_count = sizeof interceptors / sizeof interceptors[0],
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
};
