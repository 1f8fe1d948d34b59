/* Interceptors: a static chain around every call of an application, the same for all four kinds.
 *
 * `before` runs when the request's headers are complete, in the order of the chain, the first refusal ends the call and
 * no later one is asked; `after` runs once the call has ended, in the opposite order, for those whose `before` was asked.
 * All hooks run in the main loop and must not block. Each pointer may be NULL. */
#ifndef GRAM_INTERCEPTOR_H
#define GRAM_INTERCEPTOR_H

#include "gram/call.h"

struct gram_interceptor {
    /* GRAM_OK lets the call go on; an error status ends it, its text by gram_call_fail(). */
    gram_status (*before)(const struct gram_interceptor *self, gram_call *call);
    /* `status` is what the client was told, or GRAM_CANCELLED where it was told nothing. */
    void (*after)(const struct gram_interceptor *self, gram_call *call, gram_status status);
};

/* ---- ready-made ones: `INTERCEPTORS := log` in app.mk links one, an entry of gram_app.interceptors turns it on ---- */

/* log: one line for each call that has ended, `/user.UserService/GetUser OK 0 ms in 2 out 45 10.0.2.2:51234`: status, milliseconds
 * since its headers came, bytes of messages each way, client. */
extern const struct gram_interceptor gram_log_interceptor;

#endif
