/* gram's limits where memory is no concern: eight clients with eight calls each. What each costs:
 * gram/config.h. */
#ifndef GRAM_TARGET_CONFIG_H
#define GRAM_TARGET_CONFIG_H

#ifndef GRAM_MAX_CONNECTIONS
#define GRAM_MAX_CONNECTIONS 8
#endif
#ifndef GRAM_MAX_CONCURRENT_STREAMS
#define GRAM_MAX_CONCURRENT_STREAMS 8
#endif
#ifndef GRAM_INITIAL_WINDOW_SIZE
#define GRAM_INITIAL_WINDOW_SIZE 4096
#endif
#ifndef GRAM_MESSAGE_BUFS
#define GRAM_MESSAGE_BUFS 8
#endif
#ifndef GRAM_MESSAGE_SIZE
#define GRAM_MESSAGE_SIZE 32768
#endif
#ifndef GRAM_TX_SIZE
#define GRAM_TX_SIZE 8192
#endif
#ifndef GRAM_HELD_REPLIES
#define GRAM_HELD_REPLIES 8
#endif

/* One of each for the whole server: room for any application's messages. */
#ifndef GRAM_REQUEST_SIZE
#define GRAM_REQUEST_SIZE 8192
#endif
#ifndef GRAM_REPLY_SIZE
#define GRAM_REPLY_SIZE 8192
#endif

/* With TLS: everything that there is. port/tls/gram_tls_config.h. */
#ifndef GRAM_TLS_RSA
#define GRAM_TLS_RSA 1
#endif
#ifndef GRAM_TLS_SHA384
#define GRAM_TLS_SHA384 1
#endif
#ifndef GRAM_TLS_FAST
#define GRAM_TLS_FAST 1
#endif
#ifndef GRAM_TLS_IN
#define GRAM_TLS_IN 16384
#endif
#ifndef GRAM_TLS_OUT
#define GRAM_TLS_OUT 4096
#endif
#ifndef GRAM_TLS_TX_SIZE
#define GRAM_TLS_TX_SIZE 8192
#endif
#ifndef GRAM_TLS_PLAIN
#define GRAM_TLS_PLAIN 1024
#endif
/* 25,776 bytes a connection; the handshake in progress, certificates */
#ifndef GRAM_TLS_ARENA
#define GRAM_TLS_ARENA (26624 * GRAM_TLS_CONNECTIONS + 65536)
#endif

/* Nobody would read a line for each frame on the UART. */
#ifndef GRAM_TRACE
#define GRAM_TRACE 0
#endif

#endif
