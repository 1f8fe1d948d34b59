/* Interceptors: a static chain around every call of an application, the same for all four kinds.
 *
 * `before` runs when the request's headers are complete, in the order of the chain; the first refusal ends the call and
 * no later one is asked. `message` runs for each message: of the client's, in the order of the chain, before the handler
 * sees it; of the handler's, in the opposite order, before it is encoded. `after` runs once the call has ended, in the
 * opposite order, for those whose `before` was asked. An interceptor is left out of a call whose method is in its `skip`.
 *
 * All hooks run in the main loop and must not block. Each pointer may be NULL. Hooks may read metadata and add to the
 * response's (gram/metadata.h). The chain is const; what an interceptor remembers of a call lies in the call. */
#ifndef GRAM_INTERCEPTOR_H
#define GRAM_INTERCEPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "gram/call.h"

struct gram_path_list;

enum gram_direction { GRAM_MESSAGE_IN, GRAM_MESSAGE_OUT };

struct gram_interceptor {
    /* GRAM_OK lets the call go on; an error status ends it, its text by gram_call_fail(). */
    gram_status (*before)(const struct gram_interceptor *self, gram_call *call);
    /* The same for a message: the method's nanopb struct (gram_call_path() says which), valid during the hook. One that
     * the handler answered GRAM_WAIT is not shown again when it comes again. */
    gram_status (*message)(const struct gram_interceptor *self, gram_call *call, enum gram_direction direction,
                           const void *message);
    /* `status` is what the client was told, or why it was told nothing: GRAM_CANCELLED, or in the middle of a reply what would have been said. */
    void (*after)(const struct gram_interceptor *self, gram_call *call, gram_status status);
    const struct gram_path_list *skip; /* methods that it has nothing to do with; NULL: none */
    uint8_t state_size; /* bytes that it keeps of each call; of all interceptors together, each rounded up to 8, at most
                           GRAM_INTERCEPTOR_STATE */
};

/* The bytes of this interceptor in a call: zero when the call begins, aligned for any type, kept until `after` has returned. */
void *gram_interceptor_state(const struct gram_interceptor *self, gram_call *call);

/* ---- which methods: for ready-made interceptors and for an application's own ---- */

/* Whether a call's path fits a pattern: "/user.UserService/GetUser" that method, "/user.UserService/" and a star at the end
 * whatever begins so, "*" every one. */
bool gram_path_matches(const char *path, const char *pattern);

struct gram_path_list {
    const char *const *patterns;
    uint8_t count;
};
// At file scope only: static const struct gram_path_list to_all = GRAM_PATHS("/grpc.health.v1.Health/*", "/user.UserService/GetUser");
#define GRAM_PATHS(...)                                                                                      \
    {                                                                                                        \
        .patterns = (const char *const[]){__VA_ARGS__},                                                      \
        .count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)                           \
    }
bool gram_path_in(const char *path, const struct gram_path_list *list);

/* ---- ready-made ones: `INTERCEPTORS := log` in app.mk links one, an entry of gram_app.interceptors turns it on ----
 *
 *     log             below
 *     metrics         gram/metrics.h         counts calls, errors, bytes; how long calls take
 *     audit           gram/audit.h           who did what
 *     request_id      gram/request_id.h      a name for each call, in both sides' logs
 *     server_version  gram/server_version.h  a response header
 *     auth            gram/auth.h            bearer tokens
 *     allow           gram/allow.h           which methods may be called, by whom
 *     peer_allow      gram/peer_allow.h      which clients may, by their certificates
 *     rate_limit      gram/rate_limit.h      how often
 *
 * Order matters, and this is the one to begin with: the order of the list.
 * - What observes comes first: a refusal ends the chain, so an observer sees only the refusals of those behind it. (Their order
 *   among themselves is that of their lines, backwards: `after` runs from the last to the first.)
 * - What adds headers comes before what refuses, so that the refused get them, too.
 * - auth comes before allow, which may ask whose call it is; allow before rate_limit, or calls that may not be made at all use
 *   up the calls of those that may.
 *
 * An interceptor that is to leave some methods alone names them: `.hooks = GRAM_ALLOW_HOOKS, .hooks.skip = &these`. */

/* log: one line for each call that has ended, `/user.UserService/GetUser OK 0 ms in 2 out 45 10.0.2.2:51234`: status, milliseconds
 * since its headers came, bytes of messages each way, client. */
extern const struct gram_interceptor gram_log_interceptor;

#endif
