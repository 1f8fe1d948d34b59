/* A call, as its handler sees it.
 *
 * All functions here are for the main loop, from inside a callback of the call that is given, except
 * gram_call_wake(), which may be called from an interrupt or a signal handler. A `gram_call *` is valid until the
 * call's `closed` callback returns, and not to be kept: keep a gram_call_ref. */
#ifndef GRAM_CALL_H
#define GRAM_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram/config.h"
#include "gram/status.h"

typedef struct gram_server gram_server;
typedef struct gram_call gram_call;

#define GRAM_FOREVER UINT32_MAX /* a time that does not come */

/* ---- what a handler may keep of a call ---- */

/* The call's own memory: GRAM_CALL_STATE bytes, aligned for any type, zero when the call begins, kept until
 * `closed` has returned. */
void *gram_call_state(gram_call *call);

/* The same as a pointer to a type of the handler's own; one that is too large does not compile:
 *
 *     struct progress { uint32_t sent; };
 *     struct progress *p = GRAM_STATE(struct progress, call); */
#define GRAM_STATE(type, call)                                                                                       \
    ((type *)gram_call_state(call) + 0 * sizeof(struct {                                                             \
         _Static_assert(sizeof(type) <= GRAM_CALL_STATE,                                                             \
                        #type " does not fit: set a larger GRAM_CALL_STATE in gram_app_config.h");                   \
         char unused;                                                                                                \
     }))

/* Names a call beyond its callbacks. A plain value: copy it, keep it in a driver. A generation of 0 means none; compare nothing else. */
typedef struct gram_call_ref {
    gram_server *server;
    uint16_t slot; /* 0 to GRAM_MAX_CONNECTIONS x GRAM_MAX_CONCURRENT_STREAMS - 1: may number a table of the handler's */
    uint16_t generation; /* never 0 for a call; a zeroed reference names no call */
} gram_call_ref;

gram_call_ref gram_call_ref_of(const gram_call *call);

/* Has a call that answered GRAM_WAIT asked again. Does nothing when the call has ended, when its slot serves another
 * call by now, or when it is not waiting (then the wake is kept until it does). Safe from an interrupt: it stores
 * one aligned half-word and one byte; after it the main loop must run, so a port whose sleep is not ended by every interrupt
 * must end it here. */
void gram_call_wake(gram_call_ref ref);

/* Has this call woken in `ms` milliseconds, once. The last call wins; being woken or asked for another reason in the meantime changes nothing. */
void gram_call_sleep(gram_call *call, uint32_t ms);

/* ---- how a call ends ---- */

/* Sets the text that goes with a status (`grpc-message`) and returns `status`, so that a handler can write
 * `return gram_call_fail(call, GRAM_NOT_FOUND, "no such pin");`. The text is UTF-8, percent-encoded at once (it may live
 * on the handler's stack) and cut at a character's boundary to what GRAM_TRAILERS_MAX leaves. The last call wins. It may only be
 * called from inside a callback that answers with a status (not from `closed`), and has no effect on a callback that answers GRAM_OK. */
gram_status gram_call_fail(gram_call *call, gram_status status, const char *text);

/* ---- what is known of a call ---- */

/* Milliseconds until its deadline, 0 when it is past, GRAM_FOREVER without one (`grpc-timeout`). */
uint32_t gram_call_time_left(const gram_call *call);
/* "/package.Service/Method", in flash. */
const char *gram_call_path(const gram_call *call);
/* The server's clock in milliseconds, as of the last input or poll; wraps after 49 days. */
uint32_t gram_call_now(const gram_call *call);
/* Milliseconds since its request headers came. */
uint32_t gram_call_age(const gram_call *call);
/* Bytes of messages so far, their 5-byte prefixes not included. */
uint32_t gram_call_bytes_in(const gram_call *call);
uint32_t gram_call_bytes_out(const gram_call *call);
/* What the transport calls the client, such as "10.0.2.2:51234"; lives as long as the connection. */
const char *gram_call_peer(const gram_call *call);
/* Its connection's number, 0 to GRAM_MAX_CONNECTIONS - 1; another client has it later. */
unsigned gram_call_connection(const gram_call *call);
/* The server that the call runs on. */
gram_server *gram_call_server(const gram_call *call);

#endif
