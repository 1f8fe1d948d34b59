/* gram on a lossy wire: the application greeter behind the lwIP port, called by libnghttp2 over packets
 * that are lost, doubled, overtaken and damaged. A virtual clock, no sockets: hours of the device's time
 * pass in seconds.
 *
 *     wire [SEED [TIMES]]     every scenario with this seed (1), and with those that follow it (5 in all)
 *
 * Every scenario ends with "nothing is still taken": no connection, call or buffer of gram's, no pcb,
 * segment or packet buffer of lwIP's. */
#include <stdio.h>
#include <stdlib.h>

#include "gram/gram.h"
#include "gram_lwip.h"
#include "grpc_server.h"
#include "wire_client.h"
#include "wire_self.h"
#include "wire_world.h"

#define CLIENTS 4
#define HOUR_MS 3600000U
#define SETTLE_MS 120000U /* TIME_WAIT, and what lingers, are over by then */

static struct gram_server server;
static struct gram_pipe plain = GRAM_PIPE_PLAIN(&server);
static struct client clients[CLIENTS];
static uint32_t seed;

/* ---- rounds ---- */

static void one_round(uint32_t at_most_ms)
{
    uint32_t wait;

    world_deliver();
    for (int i = 0; i < CLIENTS; i++) {
        wait = client_poll(&clients[i]);
        at_most_ms = wait < at_most_ms ? wait : at_most_ms;
    }
    wait = gram_lwip_poll(&server);
    world_advance(wait < at_most_ms ? wait : at_most_ms);
}

static void run_for(uint32_t ms)
{
    uint32_t begin = world_now();

    while (world_now() - begin < ms) {
        one_round(ms - (world_now() - begin));
    }
}

static void run_until_answered(uint32_t limit_ms)
{
    uint32_t begin = world_now();

    for (;;) {
        bool done = true;

        for (int i = 0; i < CLIENTS; i++) {
            done = done && (clients[i].state == CLIENT_VANISHED || client_is_done(&clients[i]));
        }
        if (done) {
            return;
        }
        if (world_now() - begin > limit_ms) {
            world_fail("not all calls are answered: %u %u %u %u of %u %u %u %u",
                       (unsigned)clients[0].answered, (unsigned)clients[1].answered,
                       (unsigned)clients[2].answered, (unsigned)clients[3].answered,
                       (unsigned)clients[0].share, (unsigned)clients[1].share,
                       (unsigned)clients[2].share, (unsigned)clients[3].share);
        }
        one_round(1000);
    }
}

/* ---- what is expected at the end ---- */

static void expect_server_empty(void)
{
    struct gram_usage u = gram_server_usage(&server);

    if (u.connections != 0 || u.calls != 0 || u.message_bufs != 0 || u.held_replies != 0) {
        world_fail("still taken: %u connections, %u calls, %u message buffers, %u held replies",
                   u.connections, u.calls, u.message_bufs, u.held_replies);
    }
}

static void close_all_and_expect_nothing(const struct world_taken *before)
{
    for (int i = 0; i < CLIENTS; i++) {
        client_close(&clients[i]);
    }
    run_for(SETTLE_MS);
    expect_server_empty();
    world_expect_taken(before);
}

static uint32_t answered(void)
{
    uint32_t sum = 0;

    for (int i = 0; i < CLIENTS; i++) {
        sum += clients[i].answered;
    }
    return sum;
}

static uint32_t reconnects(void)
{
    uint32_t sum = 0;

    for (int i = 0; i < CLIENTS; i++) {
        sum += clients[i].reconnects;
    }
    return sum;
}

static void report(const char *name, uint32_t begin)
{
    const struct wire_counts *c = world_counts();

    printf("%-8s %5u calls answered right in %8.1f s of the device's time, %u reconnects; ", name,
           (unsigned)answered(), (world_now() - begin) / 1000.0, (unsigned)reconnects());
    printf("%u packets: %u lost, %u doubled, %u overtaken, %u damaged\n", (unsigned)c->sent,
           (unsigned)c->lost, (unsigned)c->duplicated, (unsigned)c->reordered, (unsigned)c->corrupted);
}

/* ---- scenarios ---- */

static void reset_clients(uint32_t share)
{
    for (int i = 0; i < CLIENTS; i++) {
        client_reset(&clients[i], share);
    }
}

/* A wire without faults, 5 ms each way, and calls that begin 3 ms apart: an answer takes one round trip, so
 * nobody waits for a timer (Nagle's, a delayed acknowledgement, a poll that comes late). */
static void calls_on_a_good_wire(const struct world_taken *before)
{
    struct wire_config config = {.seed = seed, .delay_ms = 5};
    uint32_t begin = world_now();

    world_wire(&config);
    reset_clients(0);
    clients[0].share = 400;
    clients[0].spacing = 3;
    run_until_answered(HOUR_MS);
    report("good", begin);
    if (clients[0].latency > 400 * 11) {
        world_fail("400 calls took %.1f ms each; a round trip is 10", (double)clients[0].latency / 400);
    }
    close_all_and_expect_nothing(before);
}

/* Clients with one small segment under way at a time: behind each they wait for its acknowledgement, one round trip. A delayed
 * one (RFC 1122 4.2.3.2) would take 250 ms. */
static void requests_by_segments(const struct world_taken *before)
{
    struct wire_config config = {.seed = seed, .delay_ms = 5};
    uint32_t begin = world_now();

    world_wire(&config);
    reset_clients(1);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].by_segments = true;
    }
    run_until_answered(HOUR_MS);
    report("segments", begin);
    for (int i = 0; i < CLIENTS; i++) {
        if (clients[i].latency > 100) {
            world_fail("a request of several segments took %u ms: an acknowledgement came late",
                       (unsigned)clients[i].latency);
        }
    }
    close_all_and_expect_nothing(before);
}

static void calls_on_a_bad_wire(const char *name, uint32_t share, uint32_t corrupt,
                                const struct world_taken *before)
{
    struct wire_config config = {.seed = seed,
                                 .loss = WIRE_PERCENT(5),
                                 .duplicate = WIRE_PERCENT(5),
                                 .reorder = WIRE_PERCENT(5),
                                 .corrupt = corrupt,
                                 .delay_ms = 5,
                                 .jitter_ms = 20};
    uint32_t begin = world_now();

    world_wire(&config);
    reset_clients(share);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        clients[i].spacing = 3 * i; /* from calls in bunches to calls one by one */
    }
    run_until_answered(10 * HOUR_MS);
    report(name, begin);
    /* Six repeats of one packet lost in a row end a connection: that may happen, seldom. */
    if (reconnects() > 1 + share / 500) {
        world_fail("%u connections were lost", (unsigned)reconnects());
    }
    close_all_and_expect_nothing(before);
}

/* Three clients vanish, at rest, in mid-request and while answers are on their way; the fourth notices
 * nothing, and an hour later the server has forgotten them. */
static void clients_that_vanish(const struct world_taken *before)
{
    struct wire_config config = {.seed = seed, .delay_ms = 5};
    uint32_t begin = world_now();
    uint64_t latency;

    world_wire(&config);
    reset_clients(20);
    run_until_answered(HOUR_MS);
    run_for(1000); /* all is acknowledged */
    client_vanish(&clients[0]);
    client_send_half(&clients[1]);
    clients[2].share += CLIENT_CALLS;
    run_for(8); /* the requests have arrived, the answers have not */
    client_vanish(&clients[1]);
    client_vanish(&clients[2]);
    latency = clients[3].latency;
    clients[3].share += 1000;
    run_until_answered(HOUR_MS);
    if (clients[3].latency - latency > 1000 * 11) {
        world_fail("the client that stayed waited %.1f ms for an answer",
                   (double)(clients[3].latency - latency) / 1000);
    }
    report("vanish", begin);
    client_close(&clients[3]);
    run_for(HOUR_MS);
    expect_server_empty();
    world_expect_taken(before);
}

/* The server's log goes nowhere, unless it tells of an error. */
static void on_line(enum gram_log_level level, const char *text)
{
    if (level == GRAM_LOG_ERROR) {
        world_fail("the server logs an error: %s", text);
    }
}

static void run_all(uint32_t with_seed, const struct world_taken *before)
{
    seed = with_seed;
    printf("seed %u (wire %u 1 repeats this)\n", (unsigned)seed, (unsigned)seed);
    world_seed(seed);
    calls_on_a_good_wire(before);
    requests_by_segments(before);
    calls_on_a_bad_wire("lossy", 10000 / CLIENTS, 0, before);
    calls_on_a_bad_wire("damaged", 2000 / CLIENTS, WIRE_PERCENT(1), before);
    clients_that_vanish(before);
}

int main(int argc, char **argv)
{
    static const struct gram_log log = {.line = on_line};
    uint32_t first = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
    uint32_t times = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 5;
    struct world_taken before;

    wire_self();
    world_init();
    gram_server_init(&server, &gram_app, &log, world_now());
    if (!gram_lwip_listen(&plain, WORLD_PORT)) {
        world_fail("gram_lwip_listen");
    }
    world_taken(&before);
    for (uint32_t i = 0; i < times; i++) {
        run_all(first + i, &before);
    }
    printf("passed: nothing is still taken\n");
    return 0;
}
