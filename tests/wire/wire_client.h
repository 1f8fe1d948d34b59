/* gRPC clients of the test: HTTP/2 by libnghttp2, thus by people who never saw gram, on raw lwIP
 * connections.
 *
 * A client makes calls of SayHello until it has made its share, CLIENT_CALLS at a time, and checks every
 * answer. When its connection is lost it makes a new one and the calls that had no answer again: a client's
 * right. How often that happened is told, for the test to judge. */
#ifndef WIRE_CLIENT_H
#define WIRE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#define CLIENT_CALLS 4 /* at a time; the server's GRAM_MAX_CONCURRENT_STREAMS allows so many */
#define CLIENT_CALLS_PER_CONNECTION 250 /* then it takes a new one */

enum client_state {
    CLIENT_NONE,       /* no connection */
    CLIENT_CONNECTING,
    CLIENT_OPEN,
    CLIENT_CLOSING,    /* it has hung up */
    CLIENT_VANISHED    /* its cable is cut, and it has forgotten all */
};

struct client {
    enum client_state state;
    uint32_t share;    /* calls to be made in all; may be raised at any time */
    uint32_t begun, answered;
    uint32_t reconnects;
    uint64_t latency;  /* of all answered calls together, ms */
    uint32_t spacing;  /* ms between the beginnings of two calls, 0: none */
    uint32_t begun_at; /* the last one */
    bool by_segments;  /* requests of more than 3 MSS, a segment at a time: the next when that one is acknowledged */
    struct client_link *link;
};

/* Before anything else; every client must be CLIENT_NONE. */
void client_reset(struct client *client, uint32_t share);
/* Sends and connects as far as possible: once in every round. Returns how many ms it can wait for the
 * next. */
uint32_t client_poll(struct client *client);
/* All of its share is answered. */
bool client_is_done(const struct client *client);
/* Ends the connection in good order; CLIENT_NONE when lwIP has let go. */
void client_close(struct client *client);
/* Is gone without a word: see world_cut(). */
void client_vanish(struct client *client);
/* Sends half of a request and holds the rest back. */
void client_send_half(struct client *client);

#endif
