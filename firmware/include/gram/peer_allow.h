// Who may call: only clients whose certificate is on a list (mutual TLS, gram/peer.h); all others, and those without a
// certificate, end with PERMISSION_DENIED and the text "not allowed for this client: /user.UserService/DeleteUser",
// before the handler runs.
//
// To have it: `INTERCEPTORS := log peer_allow` in app.mk, and in the application:
//
//     static const struct gram_peer_rule rules[] = {
//         {.name = "operator-7", .methods = GRAM_PATHS("*")},                        the subject's common name
//         {.name = "uri:spiffe://plant/display", .methods = GRAM_PATHS("/sensor.Sensor/*")},  an alternative name
//         {.sha256 = display_crt_sha256, .methods = GRAM_PATHS("/sensor.Sensor/Watch")},      one certificate, pinned
//     };
//     static const struct gram_path_list always = GRAM_PATHS("/grpc.health.v1.Health/*");
//     static const struct gram_peer_allow peers = {
//         .hooks = GRAM_PEER_ALLOW_HOOKS,
//         .hooks.skip = &always,
//         .rules = rules,
//         .rule_count = sizeof rules / sizeof rules[0],
//     };
//     static const struct gram_interceptor *const interceptors[] = {&gram_log_interceptor, &peers.hooks};
//
// A call is let through by the first rule that names its client and its method. Names are compared whole and with their
// case; a name with ':' is an alternative name with its kind ("dns:", "uri:", "email:"). What a CA signs with a name, that
// name is: a CA that signs for others, too, wants pinned certificates.
//
// Place it where allow would stand (gram/interceptor.h says why).
//
// Cost, Cortex-M3 -Os: 250 bytes of flash, 28 for the interceptor, 16 a rule and its texts; no RAM.
#ifndef GRAM_PEER_ALLOW_H
#define GRAM_PEER_ALLOW_H

#include "gram/interceptor.h"
#include "gram/peer.h"

struct gram_peer_rule {
    const char *name;      /* NULL: by sha256 */
    const uint8_t *sha256; /* 32 bytes; NULL: by name */
    struct gram_path_list methods;
};

struct gram_peer_allow {
    struct gram_interceptor hooks; /* first: GRAM_PEER_ALLOW_HOOKS */
    const struct gram_peer_rule *rules;
    uint8_t rule_count;
};

#define GRAM_PEER_ALLOW_HOOKS {.before = gram_peer_allow_before, .after = NULL}

gram_status gram_peer_allow_before(const struct gram_interceptor *self, gram_call *call);

/* Whether a client has a name, or the certificate: for an application's own rules. */
bool gram_peer_is(const struct gram_peer_identity *identity, const char *name, const uint8_t *sha256);

#endif
