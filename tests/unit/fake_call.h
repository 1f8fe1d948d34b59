/* A server and calls of no network, for testing a service by its dispatch functions alone: what a handler
 * asks of its call (gram/call.h) is answered from plain memory, what it says is noted. A test that
 * includes this does not use the core's own calls. */
#ifndef FAKE_CALL_H
#define FAKE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gram/call.h"
#include "gram/server.h"

struct gram_server {
    const struct gram_app *app;
};

struct gram_call {
    _Alignas(8) uint8_t state[GRAM_CALL_STATE];
    gram_server *server;
    uint16_t slot;
    uint16_t generation;
    unsigned wakes;
    uint32_t sleep_ms; /* 0: it did not ask to sleep */
    char text[200];    /* of gram_call_fail() */
    const char *path;
    uint32_t now, age, bytes_in, bytes_out;
    unsigned connection;
};

enum { FAKE_CALLS = 8 };
static gram_server fake_server;
static gram_call fake_calls[FAKE_CALLS];

/* A new call, in a slot that may have served another. */
static gram_call *fake_call(uint16_t slot)
{
    static uint16_t generation;

    fake_calls[slot] = (gram_call){.server = &fake_server, .slot = slot, .generation = ++generation};
    return &fake_calls[slot];
}

static inline gram_status ask(const struct gram_binding *binding, unsigned method, gram_call *call,
                              enum gram_event event, const void *req, void *rep)
{
    const struct gram_method *asked = &binding->service->methods[method];

    return asked->dispatch(binding->handlers, call, event, req, rep, GRAM_CANCELLED);
}

void *gram_call_state(gram_call *call)
{
    return call->state;
}

gram_call_ref gram_call_ref_of(const gram_call *call)
{
    return (gram_call_ref){call->server, call->slot, call->generation};
}

void gram_call_wake(gram_call_ref ref)
{
    if (ref.generation != 0 && fake_calls[ref.slot].generation == ref.generation) {
        fake_calls[ref.slot].wakes++;
    }
}

void gram_call_sleep(gram_call *call, uint32_t ms)
{
    call->sleep_ms = ms;
}

gram_status gram_call_fail(gram_call *call, gram_status status, const char *text)
{
    size_t len = strlen(text) < sizeof call->text ? strlen(text) : sizeof call->text - 1;

    memcpy(call->text, text, len);
    call->text[len] = '\0';
    return status;
}

const char *gram_call_path(const gram_call *call)
{
    return call->path;
}

uint32_t gram_call_now(const gram_call *call)
{
    return call->now;
}

uint32_t gram_call_age(const gram_call *call)
{
    return call->age;
}

uint32_t gram_call_bytes_in(const gram_call *call)
{
    return call->bytes_in;
}

uint32_t gram_call_bytes_out(const gram_call *call)
{
    return call->bytes_out;
}

unsigned gram_call_connection(const gram_call *call)
{
    return call->connection;
}

gram_server *gram_call_server(const gram_call *call)
{
    return call->server;
}

const struct gram_app *gram_server_app(const gram_server *server)
{
    return server->app;
}

#endif
