/* What a handler or an interceptor may ask of its call (gram/call.h). Nothing here changes one. */
#include "grpc_internal.h"

void *gram_call_state(gram_call *call)
{
    return call->state;
}

gram_call_ref gram_call_ref_of(const gram_call *call)
{
    struct gram_server *server = gram_server_of(call);

    return (gram_call_ref){ .server = server,
                            .slot = (uint16_t)(call->conn->h2.number * GRAM_MAX_CONCURRENT_STREAMS + call->slot),
                            .generation = call->generation };
}

uint32_t gram_call_now(const gram_call *call)
{
    return gram_server_of(call)->now;
}

uint32_t gram_call_age(const gram_call *call)
{
    return gram_call_now(call) - call->started_at;
}

uint32_t gram_call_time_left(const gram_call *call)
{
    if (!call->has_deadline)
        return GRAM_FOREVER;
    return gram_time_reached(gram_call_now(call), call->deadline) ? 0 : call->deadline - gram_call_now(call);
}

const char *gram_call_path(const gram_call *call)
{
    return call->method ? call->method->path : "?";
}

uint32_t gram_call_bytes_in(const gram_call *call)
{
    return call->bytes_in;
}

uint32_t gram_call_bytes_out(const gram_call *call)
{
    return call->bytes_out;
}

const char *gram_call_peer(const gram_call *call)
{
    return call->conn->peer;
}

unsigned gram_call_connection(const gram_call *call)
{
    return call->conn->h2.number;
}

gram_server *gram_call_server(const gram_call *call)
{
    return gram_server_of(call);
}
