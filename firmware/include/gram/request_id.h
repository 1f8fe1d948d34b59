// Request id: a name for each call that both sides can write into their logs. A client's own `x-request-id` is taken
// if it is well-formed (1 to 36 letters, digits, '-', '_', '.'), else one is made; the response's header
// `x-request-id` tells it to the client.
//
// To have it: `INTERCEPTORS := log request_id` in app.mk, GRAM_METADATA_SIZE with room for it twice (up to 39 and 56
// bytes of each call), GRAM_INTERCEPTOR_STATE with 8 bytes for it, and in the application:
//
//     static struct gram_request_ids ids;
//     static const struct gram_request_id request_id = GRAM_REQUEST_ID(&ids);
//     static const struct gram_interceptor *const interceptors[] = {&gram_log_interceptor, &request_id.hooks};
//     static const struct gram_key *const keys[] = {&gram_request_id_key};
//     ids.start = ..;      in gram_app.start: what tells this run of the device from others: a count of
//                          starts, a random number, the time
//
//     char id[GRAM_REQUEST_ID_SIZE];                   in a handler, an interceptor, or an audit line
//     gram_request_id_of(&request_id, call, id);
//
// One that is made is `start` and a count, in hexadecimal: "0000002a-00000007". It is no secret and proves nothing:
// who sees one can guess the next, and a client may send what it likes.
//
// Place it before what refuses calls, or the refused carry none.
//
// Cost, Cortex-M3 -Os: 315 bytes of flash, 24 for the interceptor; RAM: 8 bytes, 8 of each call beside its metadata.
#ifndef GRAM_REQUEST_ID_H
#define GRAM_REQUEST_ID_H

#include <stdint.h>

#include "gram/interceptor.h"
#include "gram/metadata.h"

#define GRAM_REQUEST_ID_SIZE 37 /* the longest, and its NUL */

struct gram_request_ids {
    uint32_t start;
    uint32_t count; /* of those made */
};

struct gram_request_id {
    struct gram_interceptor hooks; /* first */
    struct gram_request_ids *ids;
};

#define GRAM_REQUEST_ID(ids_)                                                                                \
    {                                                                                                        \
        .hooks = {.before = gram_request_id_before,                                                          \
                  .state_size = 4 + GRAM_NEEDS_METADATA("gram/request_id.h") +                               \
                                0 * sizeof(struct {                                                          \
                                    _Static_assert(GRAM_INTERCEPTOR_STATE >= 8,                              \
                                                   "gram/request_id.h keeps 8 bytes of each call: set "      \
                                                   "GRAM_INTERCEPTOR_STATE in gram_app_config.h");           \
                                    char unused;                                                             \
                                })},                                                                         \
        .ids = (ids_)                                                                                        \
    }

/* x-request-id, for the application's keys. */
extern const struct gram_key gram_request_id_key;

/* The call's id; "-" where request_id has not been asked yet, or skips its method. */
void gram_request_id_of(const struct gram_request_id *self, gram_call *call, char id[GRAM_REQUEST_ID_SIZE]);

gram_status gram_request_id_before(const struct gram_interceptor *self, gram_call *call);

#endif
