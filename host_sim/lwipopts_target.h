/* What the simulator gives lwIP: plenty, so that gram's own limits are the ones a client meets. */
#ifndef GRAM_LWIPOPTS_TARGET_H
#define GRAM_LWIPOPTS_TARGET_H

#define MEM_ALIGNMENT 8
#define MEM_SIZE (1024 * 1024)

/* 32 clients (gram_target_config.h), those that are just closing, and a SYN or two. */
#define MEMP_NUM_TCP_PCB 64
#define MEMP_NUM_TCP_PCB_LISTEN 4
#define TCP_DEFAULT_LISTEN_BACKLOG 32

/* Full frames, and the largest window there is without scaling. */
#define TCP_MSS 1460
#define TCP_WND (44 * TCP_MSS)
#define TCP_SND_BUF (44 * TCP_MSS)
#define MEMP_NUM_TCP_SEG 4096
#define TCP_QUEUE_OOSEQ 1

/* 3 MB: the windows of all clients together. */
#define PBUF_POOL_SIZE 2048
#define PBUF_POOL_BUFSIZE 1536

#define ARP_TABLE_SIZE 32
#define LWIP_ND6_NUM_NEIGHBORS 32
#define LWIP_ND6_NUM_DESTINATIONS 32

/* Nobody else is on this link, so an IPv6 address is used at once: the simulator is ready a second or two
 * earlier. */
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0

#endif
