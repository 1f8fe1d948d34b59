/* streams: calls that carry more than one message.
 *
 * A streaming handler holds no queue: it is asked for its next message when the client can take one. What
 * it has to remember between two messages lies in the call's state. */
#include "gram/gram.h"
#include "gram/health.h"
#include "gram/reflection.h"
#include "streams.gram.h"

#define VALUE_COUNT 5

/* ListValue's state. `data` is a copy: the request is gone when `open` returns. */
struct list_value {
    proto_SimpleRequest request;
    uint8_t sent;
};

static gram_status list_value_open(gram_call *call, const proto_SimpleRequest *req)
{
    GRAM_STATE(struct list_value, call)->request = *req;
    return GRAM_OK;
}

static gram_status list_value_next(gram_call *call, proto_StreamResponse *rep)
{
    struct list_value *state = GRAM_STATE(struct list_value, call);
    struct gram_text t = gram_text_in(rep->stream_value, sizeof rep->stream_value);

    if (state->sent == VALUE_COUNT) {
        return GRAM_DONE;
    }
    gram_text_str(&t, state->request.data);
    gram_text_u32(&t, state->sent++);
    return GRAM_MORE;
}

static const struct proto_StreamServer_handlers stream_server = {
    .ListValue = {.open = list_value_open, .next = list_value_next},
};

static const struct gram_binding bindings[] = {
    {&proto_StreamServer_service, &stream_server},
    GRAM_HEALTH,
    GRAM_REFLECTION,
};

static const struct gram_interceptor *const interceptors[] = {
    &gram_log_interceptor,
};

const struct gram_app gram_app = {
    .name = "streams",
    .bindings = bindings,
    .binding_count = sizeof bindings / sizeof bindings[0],
    .interceptors = interceptors,
    .interceptor_count = sizeof interceptors / sizeof interceptors[0],
};
