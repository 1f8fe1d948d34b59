/* grpc.reflection.v1.ServerReflection and v1alpha: see gram/reflection.h.
 *
 * An answer repeats its question, so the question must be kept until the answer has gone out: 200 bytes,
 * which every call of the server would pay for if they lay in a call's state. So there is one place for
 * all calls:
 *
 *     free -> asked (`message` has put a question there) -> answered (`next` has said what goes out) -> free
 *     (`next` is asked again: it has gone out)
 *
 * A question that finds it taken is not taken itself: GRAM_WAIT, and it comes again. Tools ask one
 * question and await its answer, so this is rare. Whoever takes the place gives it back at the latest in
 * `closed`, and the server ends a call whose client does not read its answer (GRAM_STALL_MS): nobody waits
 * for ever.
 *
 * v1alpha has the same messages in another package, so it is served with those of v1: only path and
 * descriptor are its own. */
#include "reflection_internal.h"

#include "gram/config.h"

#if GRAM_DESCRIPTORS
#include "grpc/reflection/v1alpha/reflection.gram.h"
#define V1ALPHA_FILE &grpc_reflection_v1alpha_reflection_gram_file
#else
#define V1ALPHA_FILE NULL
#endif

#define ASK_AGAIN_MS 10

/* A call's own state. */
struct talk {
    bool waits;       /* a question of it was not taken: it comes again */
    bool half_closed; /* no more questions */
};

static const struct gram_app *app_of(const gram_call *call)
{
    return gram_server_app(gram_call_server(call));
}

/* The memory that GRAM_REFLECTION has put beside v1alpha. */
static struct gram_reflection *memory_of(const gram_call *call)
{
    const struct gram_app *app = app_of(call);
    unsigned i = 0;

    while (app->bindings[i].service != &gram_reflection_v1alpha_service) {
        i++;
    }
    return (struct gram_reflection *)(uintptr_t)app->bindings[i].handlers;
}

static gram_status message(gram_call *call, const grpc_reflection_v1_ServerReflectionRequest *req)
{
    struct gram_reflection *memory = memory_of(call);

    if (req->which_message_request == 0) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "message_request is missing, or not known here");
    }
    GRAM_STATE(struct talk, call)->waits = memory->asker != NULL;
    if (memory->asker != NULL) {
        gram_call_sleep(call, ASK_AGAIN_MS);
        return GRAM_WAIT;
    }
    memory->asker = call;
    memory->answered = false;
    memory->question = *req;
    return GRAM_OK;
}

static gram_status half_close(gram_call *call)
{
    GRAM_STATE(struct talk, call)->half_closed = true;
    return GRAM_OK;
}

static gram_status next(gram_call *call, grpc_reflection_v1_ServerReflectionResponse *rep)
{
    const struct talk *talk = GRAM_STATE(struct talk, call);
    struct gram_reflection *memory = memory_of(call);

    if (memory->asker == call && !memory->answered) {
        memory->answered = true;
        gram_reflection_answer(app_of(call), &memory->question, rep);
        return GRAM_MORE;
    }
    if (memory->asker == call) {
        memory->asker = NULL;
    }
    if (talk->waits) {
        gram_call_sleep(call, ASK_AGAIN_MS); /* what `message` said held until this callback */
    }
    return talk->half_closed ? GRAM_DONE : GRAM_WAIT;
}

static void closed(gram_call *call, gram_status status)
{
    struct gram_reflection *memory = memory_of(call);

    (void)status;
    if (memory->asker == call) {
        memory->asker = NULL;
    }
}

const struct grpc_reflection_v1_ServerReflection_handlers gram_reflection_handlers = {
    .ServerReflectionInfo = {.message = message, .half_close = half_close, .next = next, .closed = closed},
};

static gram_status dispatch_v1alpha(const void *memory, gram_call *call, enum gram_event event,
                                    const void *req, void *rep, gram_status status)
{
    const struct gram_method *v1 = grpc_reflection_v1_ServerReflection_service.methods;

    (void)memory;
    return v1->dispatch(&gram_reflection_handlers, call, event, req, rep, status);
}

static const struct gram_method methods_v1alpha[] = {
    {
        .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        .dispatch = dispatch_v1alpha,
        .req = &grpc_reflection_v1_ServerReflectionRequest_msg,
        .rep = &grpc_reflection_v1_ServerReflectionResponse_msg,
        .req_max = UINT32_MAX,
        .rep_max = GRAM_UNBOUNDED,
        .req_size = sizeof(grpc_reflection_v1_ServerReflectionRequest),
        .rep_size = sizeof(grpc_reflection_v1_ServerReflectionResponse),
        .kind = GRAM_BIDI,
    },
};

const struct gram_service gram_reflection_v1alpha_service = {
    .name = "grpc.reflection.v1alpha.ServerReflection",
    .methods = methods_v1alpha,
    .file = V1ALPHA_FILE,
    .method_count = 1,
};
