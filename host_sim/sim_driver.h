/* The simulated board's Ethernet card: between lwIP and a way out (sim_net.h), with the lossy wire and the
 * recording in between. */
#ifndef SIM_DRIVER_H
#define SIM_DRIVER_H

#include "gram_net.h"
#include "sim_net.h"

extern const struct gram_net_driver sim_driver;

/* Before gram_net_start(). `wire` is NULL for a perfect one. */
void sim_driver_init(const struct sim_net *net, struct wire *wire);

/* Milliseconds until a frame on the wire arrives at either end. */
uint32_t sim_driver_wait(void);

#endif
