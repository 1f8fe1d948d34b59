/* A client in memory: bytes that real clients have sent, on one connection at a time. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "gram/transport.h"

/* Frames as they were recorded; what belongs to a stream gets the next stream's number when it is sent. */
struct bench_bytes {
    const uint8_t *data;
    size_t len;
};

extern const struct bench_bytes bench_hello;      /* preface, SETTINGS, a large connection window */
extern const struct bench_bytes bench_hello_ack;
extern const struct bench_bytes bench_go_first;   /* greet.Greeter/SayHello "gram", as grpc-go begins... */
extern const struct bench_bytes bench_go_steady;  /* ...and goes on */
extern const struct bench_bytes bench_go_beside;  /* what it sends beside each call */
extern const struct bench_bytes bench_h2load_first;
extern const struct bench_bytes bench_h2load_steady;
extern const struct bench_bytes bench_reflection_first; /* list_services, on a connection of its own */
extern const struct bench_bytes bench_reflection_steady;
extern const struct bench_bytes bench_steady; /* a message without fields to bench_first()'s method */

/* What the server has sent since this was last set to 0. */
extern uint32_t bench_answered;

void bench_connect(gram_server *server);
void bench_disconnect(void);
/* Sends on the open connection, and takes what comes as lwIP would: sent, later acknowledged. */
void bench_send(const struct bench_bytes *bytes);
/* Takes what comes. */
void bench_receive(void);
/* The first call of a method on the connection, its headers as literals that are to be indexed. */
void bench_first(const char *path);

#endif
