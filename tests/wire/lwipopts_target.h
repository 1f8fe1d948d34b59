/* lwIP for the test on the lossy wire: both ends in one stack, and what is taken is counted. All else is as
 * on a board. */
#ifndef GRAM_LWIPOPTS_TARGET_H
#define GRAM_LWIPOPTS_TARGET_H

#define MEM_ALIGNMENT 8
#define MEM_SIZE 65536
#define MEMP_NUM_TCP_PCB 16
#define MEMP_NUM_TCP_SEG 256
#define PBUF_POOL_SIZE 128

/* IP packets go straight onto the wire, between two interfaces told apart by address. */
#define GRAM_IPV6 0
#define LWIP_DHCP 0
#define LWIP_SINGLE_NETIF 0
#define LWIP_HOOK_FILENAME "wire_hooks.h"
#define LWIP_HOOK_IP4_ROUTE_SRC(src, dest) wire_route(src)

#define LWIP_STATS 1
#define MEM_STATS 1
#define MEMP_STATS 1

#endif
