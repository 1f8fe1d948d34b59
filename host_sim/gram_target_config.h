/* The simulator's limits: about 20 MB in all. */
#ifndef GRAM_TARGET_CONFIG_H
#define GRAM_TARGET_CONFIG_H

#ifndef GRAM_MAX_CONNECTIONS
#define GRAM_MAX_CONNECTIONS 32
#endif
#ifndef GRAM_MAX_CONCURRENT_STREAMS
#define GRAM_MAX_CONCURRENT_STREAMS 16
#endif
/* Several at a time: clients try 8 calls of 20 KB. */
#ifndef GRAM_MESSAGE_BUFS
#define GRAM_MESSAGE_BUFS 8
#endif
#ifndef GRAM_TX_SIZE
#define GRAM_TX_SIZE 16384
#endif
#ifndef GRAM_HELD_REPLIES
#define GRAM_HELD_REPLIES 32
#endif

#ifndef GRAM_TLS_CONNECTIONS
#define GRAM_TLS_CONNECTIONS (GRAM_MAX_CONNECTIONS + 1)
#endif
#ifndef GRAM_TLS_TX_SIZE
#define GRAM_TLS_TX_SIZE 16384
#endif
#ifndef GRAM_TLS_HANDSHAKES_PER_SECOND
#define GRAM_TLS_HANDSHAKES_PER_SECOND 100
#endif
#ifndef GRAM_TLS_HANDSHAKE_BURST
#define GRAM_TLS_HANDSHAKE_BURST 100
#endif

#include "gram_host_limits.h"

#endif
