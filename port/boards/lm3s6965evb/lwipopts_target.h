/* What this board gives lwIP: about 10 KB of its 64, for two clients. Common options: port/lwip/lwipopts.h.
 */
#ifndef GRAM_LWIPOPTS_TARGET_H
#define GRAM_LWIPOPTS_TARGET_H

/* IPv4 only by default: 15 KB of flash is a third of the image. */
#ifndef GRAM_IPV6
#define GRAM_IPV6 0
#endif

/* Full segments out: they point into gram's transmit buffer and take no memory of their own. */
#define TCP_MSS 1460
#define TCP_SND_BUF (2 * TCP_MSS)
/* In: less than two full segments. The server takes bytes as they come, so a larger window would be no
 * faster here. */
#define TCP_WND 2048

/* Small pieces, chained: a call's frame takes one, a full frame six. The two clients' windows and four
 * small frames besides. */
#define PBUF_POOL_BUFSIZE 256
#define PBUF_POOL_SIZE 20

#define MEMP_NUM_TCP_PCB 4
#define MEMP_NUM_TCP_SEG 12
#define TCP_SND_QUEUELEN 8
#define MEM_SIZE 2048

#define ARP_TABLE_SIZE 4

/* The texts of lwIP's assertions are 6 KB. */
#define LWIP_NOASSERT

#endif
