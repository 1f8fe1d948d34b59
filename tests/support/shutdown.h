/* How tests of a connection's end bring it about, and what they demand of it (RFC 9113 6.8). */
#ifndef SHUTDOWN_H
#define SHUTDOWN_H

#include "expect.h"

enum { ANY_STREAM = GRAM_H2_WINDOW_MAX };
#define DOWN "server is shutting down"

void shut_down(struct pair *pair, uint32_t grace);
/* Wakes the call that was asked last, which answers 7. */
void answer_now(struct peer *p, uint32_t id);
/* Fills the transmit buffer with answers, which the network does not take; and takes them after all. */
void fill_up(struct peer *p);
void let_go(struct peer *p);

/* The next frame is a GOAWAY without an error. */
void goaway_is(struct peer *p, uint32_t last, const char *reason);
/* The first step has come, and nothing else. */
void expect_first_step(struct peer *p);

#endif
