/* lwIP's configuration, the same for every board and the simulator: what gram needs of lwIP, and why.
 *
 * A target says how much memory it gives in its lwipopts_target.h, which is read first; the sizes here are
 * for a device with 64 KB of RAM and two clients. All of lwIP's memory is static: a heap of MEM_SIZE and
 * fixed pools.
 *
 * What a target provides besides (arch/cc.h): sys_now(), gram_target_random(), gram_target_fail(). */
#ifndef GRAM_LWIPOPTS_H
#define GRAM_LWIPOPTS_H

#include "lwipopts_target.h"

/* IPv6 beside IPv4. 0 saves about 15 KB of flash and 1 KB of RAM. */
#ifndef GRAM_IPV6
#define GRAM_IPV6 1
#endif

/* ---- no operating system, raw (callback) API only ---- */

#define NO_SYS 1
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
/* lwIP is entered from the main loop alone: a driver's interrupt notes that a frame is there, and its
 * receive(), which allocates, runs in the main loop. So nothing needs locking. */
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_RAW 0

/* ---- memory ---- */

/* Never the C library's heap. */
#define MEM_LIBC_MALLOC 0
#define MEMP_MEM_MALLOC 0
#ifndef MEM_ALIGNMENT
#define MEM_ALIGNMENT 4
#endif

/* The heap: headers of outgoing segments (about 80 bytes each, the payload stays in gram's transmit
 * buffer), SYN, ACK and RST segments, ARP and ND messages, one DHCP message (350) and DHCP's state. */
#ifndef MEM_SIZE
#define MEM_SIZE 3072
#endif
/* A client takes one pcb; so does a SYN that is never followed up, and a connection in TIME_WAIT. lwIP
 * takes the place of the oldest in TIME_WAIT first, then of one with a lower priority. */
#ifndef MEMP_NUM_TCP_PCB
#define MEMP_NUM_TCP_PCB 5
#endif
#ifndef MEMP_NUM_TCP_PCB_LISTEN
#define MEMP_NUM_TCP_PCB_LISTEN 1
#endif
/* Segments sent and not yet acknowledged, of all connections together. */
#ifndef MEMP_NUM_TCP_SEG
#define MEMP_NUM_TCP_SEG (2 * TCP_SND_QUEUELEN)
#endif
/* Their payloads: each points into a transmit buffer. One more for a queue of each kind that lwIP may
 * keep. */
#ifndef MEMP_NUM_PBUF
#define MEMP_NUM_PBUF (MEMP_NUM_TCP_SEG + 2)
#endif
/* Receive buffers. The pool must hold what the receive windows of the clients allow, or TCP repeats what
 * was dropped. */
#ifndef PBUF_POOL_SIZE
#define PBUF_POOL_SIZE 8
#endif
#ifndef PBUF_POOL_BUFSIZE
#define PBUF_POOL_BUFSIZE LWIP_MEM_ALIGN_SIZE(TCP_MSS + 40 + PBUF_LINK_ENCAPSULATION_HLEN + PBUF_LINK_HLEN)
#endif

/* ---- Ethernet, ARP ---- */

/* A driver's frame begins at the pbuf's first byte. */
#define ETH_PAD_SIZE 0
/* Neighbours on the link: a router and a few clients. */
#ifndef ARP_TABLE_SIZE
#define ARP_TABLE_SIZE 6
#endif
/* One packet waits for an address, not a queue of them; TCP repeats the rest. */
#define ARP_QUEUEING 0
/* One interface: routing and the ARP table need not tell several apart. A test that joins two sets it to
 * 0. */
#ifndef LWIP_SINGLE_NETIF
#define LWIP_SINGLE_NETIF 1
#endif
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_HAVE_LOOPIF 0
#define LWIP_NETIF_HOSTNAME 1

/* ---- IPv4 ---- */

#define LWIP_IPV4 1
#define IP_FORWARD 0
/* TCP never needs fragments (path MTU by MSS), and half-received datagrams are memory that any stranger
 * could pin. */
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define IP_DEFAULT_TTL 64
#define LWIP_ICMP 1
#define LWIP_IGMP 0
#define LWIP_AUTOIP 0
#define LWIP_DNS 0

/* UDP is for DHCP alone. */
#define LWIP_UDP 1
#ifndef MEMP_NUM_UDP_PCB
#define MEMP_NUM_UDP_PCB 1
#endif
#ifndef LWIP_DHCP
#define LWIP_DHCP 1
#endif
/* Probing the offered address for conflicts would make every start 7 s longer; DHCP servers probe it
 * themselves. */
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_ACD 0
#define LWIP_DHCP_GET_NTP_SRV 0
#define LWIP_DHCP_MAX_DNS_SERVERS 0

/* ---- IPv6 ---- */

#define LWIP_IPV6 GRAM_IPV6
#if GRAM_IPV6
#define LWIP_ICMP6 1
/* Addresses: link-local, and what the router advertises (an address needs no further server). */
#define LWIP_IPV6_AUTOCONFIG 1
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 1
#define LWIP_IPV6_NUM_ADDRESSES 3
#define LWIP_IPV6_DHCP6 0
#define LWIP_IPV6_FORWARD 0
/* As for IPv4. */
#define LWIP_IPV6_FRAG 0
#define LWIP_IPV6_REASS 0
/* Switches that snoop multicast forward neighbour solicitations only to those who joined the group. A group
 * for each address, and all-nodes. */
#define LWIP_IPV6_MLD 1
#ifndef MEMP_NUM_MLD6_GROUP
#define MEMP_NUM_MLD6_GROUP 4
#endif
/* One packet waits for an address, as for ARP. */
#define LWIP_ND6_QUEUEING 0
#ifndef LWIP_ND6_NUM_NEIGHBORS
#define LWIP_ND6_NUM_NEIGHBORS 6
#endif
#ifndef LWIP_ND6_NUM_DESTINATIONS
#define LWIP_ND6_NUM_DESTINATIONS 6
#endif
#ifndef LWIP_ND6_NUM_PREFIXES
#define LWIP_ND6_NUM_PREFIXES 2
#endif
#ifndef LWIP_ND6_NUM_ROUTERS
#define LWIP_ND6_NUM_ROUTERS 2
#endif
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 0
/* Where a pointer has 8 bytes, lwIP's notes on a fragment do not fit into the fragment's own header. */
#define IPV6_FRAG_COPYHEADER 1
#endif

/* ---- TCP ---- */

#define LWIP_TCP 1
/* The largest segment to receive and to send. 536 is what every host takes; 1460 is a full Ethernet frame
 * and wants receive buffers of that size. */
#ifndef TCP_MSS
#define TCP_MSS 536
#endif
/* What a client may send before it hears from us. Bytes are acknowledged as gram consumes them, so this
 * bounds what one client can pin in the receive pool. */
#ifndef TCP_WND
#define TCP_WND (4 * TCP_MSS)
#endif
/* How much may be in flight to a client; no memory of its own, the bytes lie in gram's transmit buffer
 * (GRAM_TX_SIZE). lwIP wants at least two segments. */
#ifndef TCP_SND_BUF
#define TCP_SND_BUF (4 * TCP_MSS)
#endif
/* Small replies each take a segment while earlier ones are on the way: twice what full segments would
 * need. */
#ifndef TCP_SND_QUEUELEN
#define TCP_SND_QUEUELEN ((2 * (TCP_SND_BUF) + TCP_MSS - 1) / TCP_MSS)
#endif
/* Nothing is written with a copy, so lwIP need not allocate for more than it is given. */
#define TCP_OVERSIZE 0
/* Keeping what arrives behind a gap spares repeats on a lossy link, and pins receive buffers that others
 * need. */
#ifndef TCP_QUEUE_OOSEQ
#define TCP_QUEUE_OOSEQ 0
#endif
/* A SYN flood takes a few pcbs, not all: connections not yet accepted are counted. */
#define TCP_LISTEN_BACKLOG 1
#ifndef TCP_DEFAULT_LISTEN_BACKLOG
#define TCP_DEFAULT_LISTEN_BACKLOG 4
#endif
/* TIME_WAIT takes a pcb for twice this. Two minutes are for the Internet of 1981 (RFC 9293 3.4.1 leaves the
 * choice); a link's stray segments are gone within seconds. */
#ifndef TCP_MSL
#define TCP_MSL 2000UL
#endif
/* First retransmission after a second (RFC 6298 2.1), not three. */
#define LWIP_TCP_RTO_TIME 1000
/* Repeats before a peer counts as gone: about a minute and a half, with waits that double. It bounds how long
 * a connection that gram has closed still takes a pcb; while gram has it, its own stall timer is shorter. */
#define TCP_MAXRTX 6
/* A client that vanished while nothing was on its way is found by probes, on connections that have
 * SOF_KEEPALIVE: after a minute of silence, six probes 10 s apart. */
#define TCP_KEEPIDLE_DEFAULT 60000UL
#define TCP_KEEPINTVL_DEFAULT 10000UL
#define TCP_KEEPCNT_DEFAULT 6U
#define LWIP_TCP_TIMESTAMPS 0
#define LWIP_TCP_SACK_OUT 0
#define LWIP_WND_SCALE 0

/* lwIP's own initial sequence numbers can be guessed (RFC 6528). The place for better ones, which the
 * target's header or a later version of this one fills: LWIP_HOOK_FILENAME and LWIP_HOOK_TCP_ISN. */

/* ---- checksums: all of them, unless a target's hardware does it ---- */

#ifndef CHECKSUM_BY_HARDWARE
#define CHECKSUM_GEN_IP 1
#define CHECKSUM_GEN_UDP 1
#define CHECKSUM_GEN_TCP 1
#define CHECKSUM_GEN_ICMP 1
#define CHECKSUM_GEN_ICMP6 1
#define CHECKSUM_CHECK_IP 1
#define CHECKSUM_CHECK_UDP 1
#define CHECKSUM_CHECK_TCP 1
#define CHECKSUM_CHECK_ICMP 1
#define CHECKSUM_CHECK_ICMP6 1
#endif

/* ---- for tests ---- */

/* Counters and high-water marks of the heap and the pools. */
#ifndef LWIP_STATS
#define LWIP_STATS 0
#endif

#endif
