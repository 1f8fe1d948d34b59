/* bench.Bench: a method whose messages have no fields, which leaves the core's own work and little else, and
 * one that streams. Written by hand in the form that the generator gives to a service, with messages that are
 * there anyway. */
#include "bench_app.h"

#include <string.h>

#include "greet.pb.h"
#include "grpc/health/v1/health.pb.h"

unsigned bench_messages;

static gram_call_ref endless;
static bool woken;

struct stream {
    uint16_t left;
};

static gram_status empty_dispatch(const void *handlers, gram_call *call, enum gram_event event,
                                  const void *req, void *rep, gram_status status)
{
    (void)handlers, (void)call, (void)event, (void)req, (void)rep, (void)status;
    return GRAM_OK;
}

static gram_status next(gram_call *call, greet_HelloReply *rep)
{
    struct stream *stream = GRAM_STATE(struct stream, call);

    if (bench_messages != BENCH_ENDLESS && stream->left-- == 0) {
        return GRAM_DONE;
    }
    if (bench_messages == BENCH_ENDLESS && !woken) {
        return GRAM_WAIT;
    }
    woken = false;
    memcpy(rep->message, "Hello gram", sizeof "Hello gram");
    return GRAM_MORE;
}

static gram_status stream_dispatch(const void *handlers, gram_call *call, enum gram_event event,
                                   const void *req, void *rep, gram_status status)
{
    (void)handlers, (void)req, (void)status;
    switch (event) {
    case GRAM_ON_OPEN:
        GRAM_STATE(struct stream, call)->left = (uint16_t)bench_messages;
        endless = gram_call_ref_of(call);
        woken = true;
        return GRAM_OK;
    case GRAM_ON_NEXT:
        return next(call, rep);
    default:
        return GRAM_OK;
    }
}

void bench_wake(void)
{
    woken = true;
    gram_call_wake(endless);
}

static const struct gram_method methods[] = {
    {
        .path = BENCH_EMPTY,
        .dispatch = empty_dispatch,
        .req = &grpc_health_v1_HealthListRequest_msg,
        .rep = &grpc_health_v1_HealthListRequest_msg,
        .req_size = sizeof(grpc_health_v1_HealthListRequest),
        .rep_size = sizeof(grpc_health_v1_HealthListRequest),
        .kind = GRAM_UNARY,
    },
    {
        .path = BENCH_STREAM,
        .dispatch = stream_dispatch,
        .req = &grpc_health_v1_HealthListRequest_msg,
        .rep = &greet_HelloReply_msg,
        .req_size = sizeof(grpc_health_v1_HealthListRequest),
        .rep_size = sizeof(greet_HelloReply),
        .rep_max = greet_HelloReply_size,
        .kind = GRAM_SERVER_STREAM,
    },
};

static const struct gram_service service = {
    .name = "bench.Bench",
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};

static const struct gram_binding bindings[] = {{&service, ""}};

const struct gram_app bench_app = {
    .name = "bench",
    .bindings = bindings,
    .binding_count = sizeof bindings / sizeof bindings[0],
};
