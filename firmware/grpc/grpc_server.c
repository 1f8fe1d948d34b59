/* The server: its beginning, its time, and what is taken of it. */
#include "grpc_internal.h"

#include <string.h>

#include "gram/config_check.h"
#include "gram/text.h"
#include "gram_assert.h"

void gram_server_init(gram_server *server, const struct gram_app *app, const struct gram_log *log, uint32_t now_ms)
{
    memset(server, 0, sizeof *server);
    server->app = app;
    server->log = log;
    server->now = now_ms;
    gram_assert(app->key_count <= GRAM_HPACK_NAME_OTHER - GRAM_REQUEST_NAME_KEYS, "too many keys");
    gram_assert(GRAM_METADATA_SIZE > 0 || app->key_count == 0, "GRAM_METADATA_SIZE is 0, and the application lists keys");
    gram_assert(gram_intercept_state_size(app) <= GRAM_INTERCEPTOR_STATE, "GRAM_INTERCEPTOR_STATE is too small");
    if (app->start)
        app->start(server);
}

void gram_server_set_time(gram_server *server, uint32_t now_ms)
{
    server->now = now_ms;
}

/* ---- time ---- */

static void poll_calls(struct gram_conn *conn, uint32_t *left)
{
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        if (conn->calls[i].phase > GRAM_CALL_HEADERS)
            gram_call_poll(&conn->calls[i], left);
}

/* All that time and wakes have made due on one connection; sets when it is due again: what goes out here has its own times. */
static void poll_conn(struct gram_conn *conn)
{
    uint32_t left = GRAM_FOREVER;

    conn->h2.now = conn->server->now;
    poll_calls(conn, &left);
    gram_conn_pump(conn);
    left = gram_h2_poll(&conn->h2, conn->server->now);
    poll_calls(conn, &left);
    conn->has_due = left != GRAM_FOREVER;
    conn->due = conn->server->now + left;
}

static uint32_t until_due(const struct gram_conn *conn)
{
    if (!conn->in_use || !conn->has_due)
        return GRAM_FOREVER;
    return gram_time_reached(conn->server->now, conn->due) ? 0 : conn->due - conn->server->now;
}

static void poll_all(gram_server *server, bool all)
{
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        struct gram_conn *conn = &server->conns[i];

        if (conn->in_use && (all || until_due(conn) == 0))
            poll_conn(conn);
    }
}

/* When all have been looked at: what one does may make another due (gram_server_shutdown() by a handler). */
static uint32_t next_due(const gram_server *server)
{
    uint32_t next = GRAM_FOREVER;

    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        uint32_t left = until_due(&server->conns[i]);
        next = left < next ? left : next;
    }
    return next;
}

uint32_t gram_server_poll(gram_server *server, uint32_t now_ms)
{
    bool all = server->shared_freed;

    server->now = now_ms;
    server->shared_freed = false;
    if (server->woken) { /* cleared only where it is set, and before the calls are looked at: no wake is lost in between */
        server->woken = 0;
        all = true;
    }
    poll_all(server, all);
    if (server->shared_freed) { /* what came free may be what another call waits for */
        server->shared_freed = false;
        poll_all(server, true);
    }
    return server->woken || server->shared_freed ? 0 : next_due(server);
}

bool gram_server_awake(const gram_server *server)
{
    return server->woken != 0;
}

/* ---- its end ---- */

void gram_server_shutdown(gram_server *server, uint32_t grace_ms)
{
    grace_ms = grace_ms < INT32_MAX ? grace_ms : INT32_MAX; /* a time must lie within half the clock's range */
    server->ending = true;
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++)
        if (server->conns[i].in_use)
            gram_conn_go_away(&server->conns[i], GRAM_H2_WARN, "server is shutting down", grace_ms);
}

bool gram_server_is_ending(const gram_server *server)
{
    return server->ending;
}

bool gram_server_is_down(const gram_server *server)
{
    return server->ending && gram_server_usage(server).connections == 0;
}

/* ---- what is known of it ---- */

struct gram_usage gram_server_usage(const gram_server *server)
{
    struct gram_usage usage = { 0 };

    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        usage.connections += server->conns[i].in_use;
        for (unsigned j = 0; j < GRAM_MAX_CONCURRENT_STREAMS; j++)
            usage.calls += server->conns[i].calls[j].phase != GRAM_CALL_FREE;
    }
    for (unsigned i = 0; i < GRAM_HELD_REPLIES; i++)
        usage.held_replies += server->held[i].owner != NULL;
#if GRAM_MESSAGE_BUFS > 0
    for (unsigned i = 0; i < GRAM_MESSAGE_BUFS; i++)
        usage.message_bufs += server->message_bufs[i].owner != NULL;
#endif
    return usage;
}

const struct gram_app *gram_server_app(const gram_server *server)
{
    return server->app;
}

/* ---- log ---- */

void gram_server_log(gram_server *server, enum gram_log_level level, const char *line)
{
    if (server->log && server->log->line)
        server->log->line(level, line);
}

void gram_log_about(struct gram_server *server, enum gram_log_level level, const char *what, const char *text)
{
    char line[128];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, what);
    gram_text_str(&t, ": ");
    gram_text_str(&t, text);
    gram_server_log(server, level, line);
}
