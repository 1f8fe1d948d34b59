/* The transport on lwIP's raw (callback) API, NO_SYS. Main loop only.
 *
 * A main loop is:
 *     for (;;) {
 *         gram_net_poll();                                   input: lwIP's callbacks feed the server
 *         uint32_t a = gram_lwip_poll(server);               time, wakes, output
 *         sleep for the least of a and gram_net_sleep_ms(), or until an interrupt
 *     } */
#ifndef GRAM_LWIP_H
#define GRAM_LWIP_H

#include <stdbool.h>
#include <stdint.h>

#include "gram_pipe.h"

/* Listens on every address, IPv4 and IPv6. One server may listen on several ports, in plaintext and under TLS; `pipe` stays. False: the port is
 * taken, or no pcb is free. */
bool gram_lwip_listen(struct gram_pipe *pipe, uint16_t port);

/* Polls the server (gram_server_poll with lwIP's sys_now) and sends what it has for each connection. Returns the milliseconds that may pass until the next call. */
uint32_t gram_lwip_poll(gram_server *server);

#endif
