/* The application's chain of interceptors around a call (gram/interceptor.h).
 *
 * Invariant: `intercepted` counts the first ones of the chain, whose `before` has been asked or would have been if they did not skip the method;
 * they and no others are asked about messages and told of the end. */
#include "grpc_internal.h"

#include "gram_assert.h"

static const struct gram_interceptor *at(const struct gram_call *call, unsigned i)
{
    return gram_server_of(call)->app->interceptors[i];
}

static bool skips(const struct gram_interceptor *one, const struct gram_call *call)
{
    return one->skip && gram_path_in(call->method->path, one->skip);
}

gram_status gram_intercept_before(struct gram_call *call)
{
    struct gram_server *server = gram_server_of(call);

    while (call->intercepted < server->app->interceptor_count) {
        const struct gram_interceptor *one = at(call, call->intercepted++);
        gram_status status;

        server->text_len = 0;
        status = one->before && !skips(one, call) ? one->before(one, call) : GRAM_OK;
        if (status != GRAM_OK)
            return status;
    }
    return GRAM_OK;
}

gram_status gram_intercept_message(struct gram_call *call, enum gram_direction direction, const void *message)
{
    unsigned count = call->intercepted;

    for (unsigned i = 0; i < count; i++) {
        const struct gram_interceptor *one = at(call, direction == GRAM_MESSAGE_IN ? i : count - 1 - i);
        gram_status status;

        gram_server_of(call)->text_len = 0;
        status = one->message && !skips(one, call) ? one->message(one, call, direction, message) : GRAM_OK;
        if (status != GRAM_OK)
            return status;
    }
    return GRAM_OK;
}

void gram_intercept_after(struct gram_call *call, gram_status status)
{
    while (call->intercepted > 0) {
        const struct gram_interceptor *one = at(call, --call->intercepted);

        if (one->after && !skips(one, call))
            one->after(one, call, status);
    }
}

/* ---- what they keep of a call: each its bytes, in the order of the chain ---- */

static size_t rounded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

size_t gram_intercept_state_size(const struct gram_app *app)
{
    size_t size = 0;

    for (unsigned i = 0; i < app->interceptor_count; i++)
        size += rounded(app->interceptors[i]->state_size);
    return size;
}

#if GRAM_INTERCEPTOR_STATE > 0
void *gram_interceptor_state(const struct gram_interceptor *self, gram_call *call)
{
    const struct gram_app *app = gram_server_of(call)->app;
    size_t offset = 0;

    for (unsigned i = 0; i < app->interceptor_count && app->interceptors[i] != self; i++)
        offset += rounded(app->interceptors[i]->state_size);
    gram_assert(offset + self->state_size <= GRAM_INTERCEPTOR_STATE, "not of this chain");
    return call->interceptor_state + offset;
}
#endif
