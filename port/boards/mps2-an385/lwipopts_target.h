/* What this board gives lwIP: about 100 KB of its 4 MB, for eight clients. Common options:
 * port/lwip/lwipopts.h. */
#ifndef GRAM_LWIPOPTS_TARGET_H
#define GRAM_LWIPOPTS_TARGET_H

#define TCP_MSS 1460
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (8 * TCP_MSS)

/* The windows of eight clients, and as much again: small segments take a whole buffer each. */
#define PBUF_POOL_SIZE 64
#define PBUF_POOL_BUFSIZE 1536

#define MEMP_NUM_TCP_PCB 16
#define TCP_DEFAULT_LISTEN_BACKLOG 8
#define MEMP_NUM_TCP_SEG 96
#define MEM_SIZE (24 * 1024)
#define TCP_QUEUE_OOSEQ 1
#define ARP_TABLE_SIZE 10

#endif
