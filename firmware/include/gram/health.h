/* Health checking: grpc.health.v1.Health, which load balancers, orchestrators and `grpcurl` ask whether a
 * device, or one service of it, does its work.
 *
 * To have it: `SERVICES := health` in app.mk, and GRAM_HEALTH in the table of bindings. Everything that is
 * bound is then SERVING until the application says otherwise:
 *
 *     gram_health_set(server, "greet.Greeter", GRAM_HEALTH_NOT_SERVING);
 */
#ifndef GRAM_HEALTH_H
#define GRAM_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "gram/call.h"
#include "gram/config.h"
#include "grpc/health/v1/health.gram.h" /* SERVICES := health in app.mk makes it */

/* Bindings whose state can be set, from the front of the application's table; a byte each. Those behind
 * are always SERVING. */
#ifndef GRAM_HEALTH_SERVICES
#define GRAM_HEALTH_SERVICES 16
#endif

/* Clients that watch a service and are told of a change at once; a reference each. Those beyond are told
 * within a second. */
#ifndef GRAM_HEALTH_WATCHERS
#define GRAM_HEALTH_WATCHERS GRAM_MAX_CONNECTIONS
#endif

enum gram_health_status { GRAM_HEALTH_SERVING, GRAM_HEALTH_NOT_SERVING, GRAM_HEALTH_UNKNOWN };

/* Says how a service is from now on, by its name ("greet.Greeter"), or the whole server, by "". Tells
 * those who watch it. False: the application has no such service, or no GRAM_HEALTH. From the main loop. */
bool gram_health_set(gram_server *server, const char *service, enum gram_health_status status);

/* For the table of bindings. */
#define GRAM_HEALTH                                                                                          \
    {&grpc_health_v1_Health_service,                                                                         \
     &(const struct gram_health){.handlers = {.Check = {.handle = gram_health_check},                        \
                                              .List = {.handle = gram_health_list},                          \
                                              .Watch = {.open = gram_health_watch,                           \
                                                        .next = gram_health_next,                            \
                                                        .closed = gram_health_closed}},                      \
                                 .state = &(struct gram_health_state){.server = 0}}}

/* ---- what GRAM_HEALTH is made of ---- */

struct gram_health_state {
    uint8_t server; /* enum gram_health_status */
    uint8_t services[GRAM_HEALTH_SERVICES];
    gram_call_ref watchers[GRAM_HEALTH_WATCHERS]; /* generation 0: free */
};

/* A service with memory of its own: the handlers first, so that it can be bound, the memory beside them. */
struct gram_health {
    struct grpc_health_v1_Health_handlers handlers;
    struct gram_health_state *state;
};

gram_status gram_health_check(gram_call *call, const grpc_health_v1_HealthCheckRequest *req,
                              grpc_health_v1_HealthCheckResponse *rep);
gram_status gram_health_list(gram_call *call, const grpc_health_v1_HealthListRequest *req,
                             grpc_health_v1_HealthListResponse *rep);
gram_status gram_health_watch(gram_call *call, const grpc_health_v1_HealthCheckRequest *req);
gram_status gram_health_next(gram_call *call, grpc_health_v1_HealthCheckResponse *rep);
void gram_health_closed(gram_call *call, gram_status status);

#endif
