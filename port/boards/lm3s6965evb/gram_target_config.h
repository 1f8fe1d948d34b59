/* gram's limits on 64 KB of RAM: two clients with four calls each, half of the memory left to the
 * application. What each costs: gram/config.h. */
#ifndef GRAM_TARGET_CONFIG_H
#define GRAM_TARGET_CONFIG_H

#ifndef GRAM_MAX_CONNECTIONS
#define GRAM_MAX_CONNECTIONS 2
#endif
#ifndef GRAM_MAX_CONCURRENT_STREAMS
#define GRAM_MAX_CONCURRENT_STREAMS 4
#endif
#ifndef GRAM_INITIAL_WINDOW_SIZE
#define GRAM_INITIAL_WINDOW_SIZE 256
#endif
/* The longest request, encoded: a question to reflection with all its names at their longest, and room to say of
 * a longer one which field is too long. */
#ifndef GRAM_MESSAGE_SIZE
#define GRAM_MESSAGE_SIZE 512
#endif
#ifndef GRAM_TX_SIZE
#define GRAM_TX_SIZE 1460
#endif

/* With TLS: one version, and the cipher that needs no hardware; under TLS 1.2 AES-GCM, too, since gRPC's C core (Python, C++, Ruby) offers
 * nothing else there. port/tls/gram_tls_config.h. */
#ifndef GRAM_TLS_1_3
#define GRAM_TLS_1_3 1
#endif
#ifndef GRAM_TLS_1_2
#define GRAM_TLS_1_2 0
#endif
#ifndef GRAM_TLS_AES_GCM
#define GRAM_TLS_AES_GCM GRAM_TLS_1_2
#endif
/* The server's own (824 bytes; 1,056 with a client CA), an open connection (7,440), another in its handshake (7,816; with a client's certificate
 * of 500 bytes 11,232, and 3.5 KB for a chain), and what lies between them. */
#ifndef GRAM_TLS_ARENA
#if defined(GRAM_TLS_CLIENT_AUTH) && GRAM_TLS_CLIENT_AUTH /* set where TLS is built */
#define GRAM_TLS_ARENA 23552
#else
#define GRAM_TLS_ARENA 17664
#endif
#endif

/* Nobody would read a line for each frame on the UART. */
#ifndef GRAM_TRACE
#define GRAM_TRACE 0
#endif

#endif
