/* The world of the test: a clock that jumps from event to event, and one lwIP stack with two interfaces
 * that a lossy wire joins. The server is at 10.0.0.1, the client at 10.0.0.2. */
#ifndef WIRE_WORLD_H
#define WIRE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/ip_addr.h"
#include "wire.h"

#define WORLD_PORT 50051

extern ip_addr_t world_server, world_client; /* their addresses */

/* Once. */
void world_init(void);
/* The wire from now on; packets that are on their way are lost, and what was cut is whole again. */
void world_wire(const struct wire_config *config);
const struct wire_counts *world_counts(void);

uint32_t world_now(void); /* ms, virtual */

/* Delivers what has arrived at both ends by now and runs lwIP's due timers. */
void world_deliver(void);
/* Jumps to the next event: a packet's arrival, a timer of lwIP's, or `wait_ms` from now. Ends the test if
 * time stands still. */
void world_advance(uint32_t wait_ms);

/* From now on nothing comes from or goes to this port of the client's, as if its cable were cut. */
void world_cut(uint16_t client_port);

/* Ends the test: prints the reason, and the virtual time. */
_Noreturn void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What lwIP has taken of its heap and its pools. */
struct world_taken {
    uint32_t heap; /* bytes */
    uint32_t pools[16];
};
void world_taken(struct world_taken *taken);
/* Ends the test if more is taken than `before`, naming the pool. */
void world_expect_taken(const struct world_taken *before);

/* A random number below `limit`, from the test's seed. */
void world_seed(uint32_t seed);
uint32_t world_random(uint32_t limit);

#endif
