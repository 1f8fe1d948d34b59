// Allow-list: only the methods that are listed can be called; all others end with PERMISSION_DENIED and the
// text "not allowed: /user.UserService/DeleteUser", before their handler runs.
//
// To have it: `INTERCEPTORS := log allow` in app.mk, and in the application:
//
//     static const struct gram_path_list always = GRAM_PATHS("/grpc.health.v1.Health/*");
//     static const struct gram_allow allow = {
//         .hooks = GRAM_ALLOW_HOOKS,
//         .hooks.skip = &always,
//         .allowed = GRAM_PATHS("/user.UserService/GetUser", "/sensor.Sensor/*"),
//     };
//     static const struct gram_interceptor *const interceptors[] = {&gram_log_interceptor, &allow.hooks};
//
// `skip` is for what must work always: it is let through without another question, so health checks go on
// whatever `choose` answers. grpcurl needs reflection, too: "/grpc.reflection.v1.ServerReflection/*".
//
// Who may do what, by role: `choose` names the list of this call; `allowed` then has no effect. It may go by
// the caller's token (gram/auth.h has an example), by a switch on the device (a service mode) or by
// gram_call_peer(), which is no proof of identity: addresses can be forged, and are shared behind NAT.
//
//     static const struct gram_path_list everyday = GRAM_PATHS("/sensor.Sensor/*"), service = GRAM_PATHS("*");
//     static const struct gram_path_list *choose(gram_call *call)
//     {
//         (void)call;
//         return service_key_is_turned() ? &service : &everyday;
//     }
//
// Place it behind log and metrics, which then see what was refused, and before rate_limit (gram/interceptor.h
// says why).
//
// Cost, Cortex-M3 -Os: 106 bytes of flash, 32 for the interceptor, 4 a pattern and its text; no RAM.
#ifndef GRAM_ALLOW_H
#define GRAM_ALLOW_H

#include "gram/interceptor.h"

struct gram_allow {
    struct gram_interceptor hooks; /* first: GRAM_ALLOW_HOOKS */
    struct gram_path_list allowed;
    /* NULL: `allowed` is the list of every call. It may answer NULL: nothing. */
    const struct gram_path_list *(*choose)(gram_call *call);
};

#define GRAM_ALLOW_HOOKS {.before = gram_allow_before, .after = NULL}

gram_status gram_allow_before(const struct gram_interceptor *self, gram_call *call);

#endif
