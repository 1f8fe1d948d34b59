/* The network under the transport: lwIP (NO_SYS) with one Ethernet interface, brought up and polled. The
 * same for boards and the simulator; only the driver differs. Main loop only, except where a driver's own
 * interrupt feeds its receive(). */
#ifndef GRAM_NET_H
#define GRAM_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/pbuf.h"

/* An Ethernet driver: three functions. */
struct gram_net_driver {
    /* Brings the hardware up and tells its address. False: no hardware. */
    bool (*start)(uint8_t mac[6]);
    /* Sends one frame (a chain, no FCS). The driver copies it or is done with it when it returns. False:
     * dropped, TCP will repeat it. */
    bool (*send)(const struct pbuf *frame);
    /* The next frame that has arrived, in a pbuf from pbuf_alloc(PBUF_RAW, ..), which the caller then owns;
     * NULL if there is none. */
    struct pbuf *(*receive)(void);
};

struct gram_net_config {
    const struct gram_net_driver *driver;
    const char *hostname;             /* for DHCP; must live on */
    bool dhcp;                        /* else the three below, dotted ("10.0.2.15") */
    const char *address, *netmask, *gateway;
};

/* Initialises lwIP, starts the driver, asks for addresses (IPv6 by router advertisement and link-local as
 * well). False: the driver found no hardware, or an address is not one. */
bool gram_net_start(const struct gram_net_config *config);

/* Takes in the frames that the driver has and runs lwIP's due timers. */
void gram_net_poll(void);

/* Milliseconds until lwIP's next timer, UINT32_MAX if none; 0 while frames are left that the last poll did
 * not take. */
uint32_t gram_net_sleep_ms(void);

/* Whether the IPv4 address is there (DHCP done, or static). */
bool gram_net_ready(void);
/* The same for a preferred global IPv6 address. */
bool gram_net_ready6(void);
/* The IPv4 address as text, and that IPv6 address ("" while there is none); static memory. */
const char *gram_net_address(void);
const char *gram_net_address6(void);

#endif
