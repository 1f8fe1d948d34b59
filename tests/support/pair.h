/* A gram server and its clients in one process, without a network, under a clock of their own.
 *
 * pair_run() is the main loop of a board: transports, server, transports, until nothing moves. It checks
 * the core's invariants after every round (pair_check.c), and that the server never asks to be polled
 * again and again for nothing. pair_close() ends with "nothing is still taken". Several pairs may exist.
 * Not for cmocka alone: a fuzzer uses it as well, so a broken promise aborts, saying which. */
#ifndef PAIR_H
#define PAIR_H

#include "gram/server.h"
#include "grpc_server.h"
#include "peer.h"
#include "random.h"
#include "test_app.h"

struct pair {
    struct gram_server *server;
    const struct gram_app *app;
    uint32_t now;
    bool has_due;
    uint32_t due; /* when the server wants to be polled */
    struct test_random random;
    struct peer *peers[256]; /* all there ever were */
    unsigned peer_count;
};

/* Log lines of all pairs, cut where it is full; emptied by pair_open(). */
extern char pair_log[4096];
/* Frames that were traced: read, written. */
extern unsigned pair_traced[2];

#define PAIR_START 0xffff0000u /* the clock wraps after a minute */

void pair_open(struct pair *pair, const struct gram_app *app);
/* Loses the connections that are left, and sees that nothing is taken and that every call was told its
 * end. */
void pair_close(struct pair *pair);

/* A new pair of the same application in its place, when it has had nearly all the clients it can. */
void pair_renew(struct pair *pair);

void pair_run(struct pair *pair);
/* Time passes; the server is polled exactly when it has asked for it. */
void pair_sleep(struct pair *pair, uint32_t ms);

/* Ends the test. */
_Noreturn void pair_fail(const char *file, int line, const char *what);
#define PAIR_MUST(condition, what) ((condition) ? (void)0 : pair_fail(__FILE__, __LINE__, what))

/* pair_check.c: what must hold whenever the core is not running. */
void pair_check(const struct pair *pair);

#endif
