/* The sockets port's limits: a process on embedded Linux. */
#ifndef GRAM_TARGET_CONFIG_H
#define GRAM_TARGET_CONFIG_H

#ifndef GRAM_MAX_CONNECTIONS
#define GRAM_MAX_CONNECTIONS 128
#endif
#ifndef GRAM_MAX_CONCURRENT_STREAMS
#define GRAM_MAX_CONCURRENT_STREAMS 32
#endif
#ifndef GRAM_MESSAGE_BUFS
#define GRAM_MESSAGE_BUFS 16
#endif
#ifndef GRAM_TX_SIZE
#define GRAM_TX_SIZE 32768
#endif
#ifndef GRAM_HELD_REPLIES
#define GRAM_HELD_REPLIES 128
#endif

#ifndef GRAM_TLS_CONNECTIONS
#define GRAM_TLS_CONNECTIONS (GRAM_MAX_CONNECTIONS + 16)
#endif
#ifndef GRAM_TLS_TX_SIZE
#define GRAM_TLS_TX_SIZE 32768
#endif
#ifndef GRAM_TLS_HANDSHAKES_PER_SECOND
#define GRAM_TLS_HANDSHAKES_PER_SECOND 500
#endif
#ifndef GRAM_TLS_HANDSHAKE_BURST
#define GRAM_TLS_HANDSHAKE_BURST 500
#endif

#include "gram_host_limits.h"

#endif
