/* What lwIP asks of the test: which interface a packet from this address leaves by. */
#ifndef WIRE_HOOKS_H
#define WIRE_HOOKS_H

#include "lwip/ip4_addr.h"

struct netif;
struct netif *wire_route(const ip4_addr_t *source);

#endif
