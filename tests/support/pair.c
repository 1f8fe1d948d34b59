/* The main loop and its clock. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "be.h"

char pair_log[4096];
unsigned pair_traced[2];

_Noreturn void pair_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    fflush(NULL);
    abort();
}

static void log_line(enum gram_log_level level, const char *text)
{
    size_t used = strlen(pair_log);

    snprintf(pair_log + used, sizeof pair_log - used, "%s%s\n", level == GRAM_LOG_ERROR ? "ERROR " : "",
             text);
}

static void log_frame(unsigned conn, bool in, const uint8_t header[9], const uint8_t *payload, size_t len)
{
    (void)conn;
    PAIR_MUST(len == 0 || payload, "a traced payload is there");
    PAIR_MUST(len <= gram_get_be24(header), "no more of a payload is traced than the frame has");
    pair_traced[in ? 0 : 1]++;
}

static const struct gram_log log_of_pair = {.line = log_line, .frame = log_frame};

void pair_open(struct pair *pair, const struct gram_app *app)
{
    memset(pair, 0, sizeof *pair);
    pair_log[0] = '\0';
    pair_traced[0] = pair_traced[1] = 0;
    pair->server = malloc(sizeof *pair->server);
    PAIR_MUST(pair->server, "memory");
    memset(pair->server, 0xa5, sizeof *pair->server); /* whoever counts on zeroes must say so */
    pair->app = app;
    pair->now = PAIR_START;
    test_random_seed(&pair->random, 1);
    gram_server_init(pair->server, app, &log_of_pair, pair->now);
}

void pair_close(struct pair *pair)
{
    for (unsigned i = 0; i < pair->peer_count; i++)
        if (pair->peers[i]->fate == PEER_HERE)
            peer_lose(pair->peers[i]);
    for (unsigned i = 0; i < pair->peer_count; i++)
        peer_free(pair->peers[i]);
    struct gram_usage usage = gram_server_usage(pair->server);
    PAIR_MUST(usage.connections == 0, "a connection is still taken");
    PAIR_MUST(usage.calls == 0, "a call is still taken");
    PAIR_MUST(usage.message_bufs == 0, "a message buffer is still taken");
    PAIR_MUST(usage.held_replies == 0, "a held reply is still taken");
    PAIR_MUST(test_app.calls == test_app.closed, "each call that was entered is told its end, once");
    free(pair->server);
}

void pair_renew(struct pair *pair)
{
    enum { A_ROUND = 50 }; /* no test has more clients between two */

    if (pair->peer_count + A_ROUND < sizeof pair->peers / sizeof pair->peers[0])
        return;
    pair_close(pair);
    test_app_reset();
    pair_open(pair, pair->app);
}

static bool is_due(const struct pair *pair)
{
    return gram_server_awake(pair->server) || (pair->has_due && (int32_t)(pair->now - pair->due) >= 0);
}

static void poll_server(struct pair *pair)
{
    uint32_t left = gram_server_poll(pair->server, pair->now);

    PAIR_MUST(!gram_server_awake(pair->server) || left == 0,
              "a server that is awake asks to be polled at once");
    pair->has_due = left != GRAM_FOREVER;
    pair->due = pair->now + left;
}

static bool transports(struct pair *pair)
{
    bool moved = false;

    for (unsigned i = 0; i < pair->peer_count; i++)
        moved |= pair->peers[i]->fate == PEER_HERE && peer_transport(pair->peers[i]);
    return moved;
}

void pair_run(struct pair *pair)
{
    enum { ENOUGH = 1000 };
    unsigned rounds = 0;
    bool moved = true;

    gram_server_set_time(pair->server, pair->now);
    while (moved || is_due(pair)) {
        PAIR_MUST(rounds++ < ENOUGH, "the server is awake for ever");
        moved = transports(pair);
        pair_check(pair);
        poll_server(pair);
        pair_check(pair);
        moved |= transports(pair);
    }
}

void pair_sleep(struct pair *pair, uint32_t ms)
{
    uint32_t end = pair->now + ms;

    while (pair->has_due && pair->due - pair->now <= end - pair->now) {
        pair->now = pair->due;
        pair_run(pair);
    }
    pair->now = end;
    gram_server_set_time(pair->server, pair->now);
}
