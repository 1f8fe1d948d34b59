/* The tests of TLS: the memory of a small board, all algorithms. */
#ifndef GRAM_TARGET_CONFIG_H
#define GRAM_TARGET_CONFIG_H

#define GRAM_MAX_CONNECTIONS 2
#define GRAM_TLS_CONNECTIONS 4
#define GRAM_TLS_CRL 1
#define GRAM_TLS_HANDSHAKES_PER_SECOND 10
#define GRAM_TLS_HANDSHAKE_BURST 3
#define GRAM_TLS_ARENA 49152

#endif
