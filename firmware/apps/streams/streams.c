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

/* RouteList has nothing to keep of what it takes. */
static gram_status route_list_message(gram_call *call, const proto_StreamRequest *req)
{
    (void)call;
    (void)req;
    return GRAM_OK;
}

static gram_status route_list_half_close(gram_call *call, proto_SimpleResponse *rep)
{
    struct gram_text t = gram_text_in(rep->value, sizeof rep->value);

    (void)call;
    gram_text_str(&t, "ok");
    return GRAM_OK;
}

/* Conversations' state: one question, until its answer has gone out. A client that asks faster than it
 * listens is held back by flow control. */
struct conversation {
    uint32_t number; /* of the question, from 1 */
    proto_ConversationRequest question;
    bool unanswered;
    bool client_done;
};

static gram_status conversation_message(gram_call *call, const proto_ConversationRequest *req)
{
    struct conversation *state = GRAM_STATE(struct conversation, call);

    if (state->unanswered) {
        return GRAM_WAIT; /* the same question comes again after the answer */
    }
    state->question = *req;
    state->number++;
    state->unanswered = true;
    return GRAM_OK;
}

static gram_status conversation_half_close(gram_call *call)
{
    GRAM_STATE(struct conversation, call)->client_done = true;
    return GRAM_OK;
}

static gram_status conversation_next(gram_call *call, proto_ConversationResponse *rep)
{
    struct conversation *state = GRAM_STATE(struct conversation, call);
    struct gram_text t = gram_text_in(rep->answer, sizeof rep->answer);

    if (!state->unanswered) {
        return state->client_done ? GRAM_DONE : GRAM_WAIT;
    }
    gram_text_str(&t, "from stream server answer: the ");
    gram_text_u32(&t, state->number);
    gram_text_str(&t, " question is ");
    gram_text_str(&t, state->question.question);
    state->unanswered = false;
    return GRAM_MORE;
}

static const struct proto_StreamServer_handlers stream_server = {
    .ListValue = {.open = list_value_open, .next = list_value_next},
};

static const struct proto_StreamClient_handlers stream_client = {
    .RouteList = {.message = route_list_message, .half_close = route_list_half_close},
};

static const struct proto_Stream_handlers stream = {
    .Conversations = {.message = conversation_message,
                      .half_close = conversation_half_close,
                      .next = conversation_next},
};

static const struct gram_binding bindings[] = {
    {&proto_StreamServer_service, &stream_server},
    {&proto_StreamClient_service, &stream_client},
    {&proto_Stream_service, &stream},
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
