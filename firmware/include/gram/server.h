/* The server: what an application hands it, and what a main loop does with it.
 *
 * The server is one object of fixed size that main() owns: `static struct gram_server server;` with the definition from grpc/grpc_server.h
 * (a main.c may see it; nothing else needs to). It allocates nothing, ever. Several may live in one program. A server
 * belongs to the context that runs its main loop: nothing here may be called from an interrupt but
 * gram_server_awake() (and gram_call_wake() of gram/call.h). */
#ifndef GRAM_SERVER_H
#define GRAM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "gram/config.h"
#include "gram/interceptor.h"
#include "gram/log.h"
#include "gram/metadata.h"
#include "gram/service.h"

/* A service and the handlers that the application gives it. */
struct gram_binding {
    const struct gram_service *service; /* generated: &greet_Greeter_service */
    const void *handlers;               /* generated type: struct greet_Greeter_handlers */
};

/* An application: what firmware/apps/<app>/ defines, once, as `gram_app`. Const, in flash. */
struct gram_app {
    const char *name;
    const struct gram_binding *bindings;
    const struct gram_interceptor *const *interceptors;
    const struct gram_key *const *keys; /* the metadata that is wanted, each key once (gram/metadata.h) */
    /* Called once by gram_server_init(), before any call; may be NULL. */
    void (*start)(gram_server *server);
    uint8_t binding_count;
    uint8_t interceptor_count;
    uint8_t key_count; /* at most 184 */
};

extern const struct gram_app gram_app;

/* Puts the server into its first state. `app` and `log` must outlive it; `log` may be NULL. Built from sources with different
 * limits (gram/config.h), it fails to link: the limits are part of its name. */
#define gram_server_init GRAM_CONFIG_NAME(gram_server_init)
void gram_server_init(gram_server *server, const struct gram_app *app, const struct gram_log *log, uint32_t now_ms);

/* Tells the server what time it is, in milliseconds from any start, wrapping freely. Before input that comes after a sleep; a transport
 * of gram's does it itself. */
void gram_server_set_time(gram_server *server, uint32_t now_ms);

/* Does all that time and wakes have made due: deadlines, time-outs, calls that were woken. Returns the milliseconds until it has to be
 * called again at the latest, GRAM_FOREVER if only input can change anything. Afterwards the transport must be given a chance to
 * send (gram/transport.h). */
uint32_t gram_server_poll(gram_server *server, uint32_t now_ms);

/* Whether a wake has come since the last poll: a main loop looks, interrupts masked, before it sleeps. From any context. */
bool gram_server_awake(const gram_server *server);

/* Ends the server in order. No client is let in any more. Those that are connected learn that they should begin no more calls (GOAWAY, in two
 * steps: calls that are on their way still count), calls under way go on, and a connection without any is closed. What is left after `grace_ms` ends with
 * UNAVAILABLE "server is shutting down" (in the middle of a reply by RST_STREAM), and its handlers are told closed(). Go on polling, and serving the transport, until
 * gram_server_is_down(). Again: does no harm, and a shorter grace counts. There is no way back but gram_server_init(). From the main loop, or a handler. */
void gram_server_shutdown(gram_server *server, uint32_t grace_ms);
/* Whether that has begun, for a transport: it need not listen any longer. */
bool gram_server_is_ending(const gram_server *server);
/* Whether that is over: nothing is connected. */
bool gram_server_is_down(const gram_server *server);

/* What is taken at this moment: all 0 when nothing is going on. For tests and for an application's own figures. */
struct gram_usage {
    uint32_t connections, calls, message_bufs, held_replies;
};
struct gram_usage gram_server_usage(const gram_server *server);

/* A line, without newline, for the application's log; main() decides where that goes. From the main loop. */
void gram_server_log(gram_server *server, enum gram_log_level level, const char *line);

/* The application's services, for reflection and health. */
const struct gram_app *gram_server_app(const gram_server *server);

#endif
