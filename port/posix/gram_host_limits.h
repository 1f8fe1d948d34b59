/* What the two targets on a host, the simulator and the sockets port, have in common of the limits: those of a larger
 * device, so that ordinary clients meet none of them, and one that ignores flow control or sends too much is told so
 * as a board would. How many clients and calls at a time, and what grows with them, each says itself. */
#ifndef GRAM_HOST_LIMITS_H
#define GRAM_HOST_LIMITS_H

#ifndef GRAM_INITIAL_WINDOW_SIZE
#define GRAM_INITIAL_WINDOW_SIZE 8192
#endif
/* A quarter of what other servers take by default (4 MB). */
#ifndef GRAM_MESSAGE_SIZE
#define GRAM_MESSAGE_SIZE 1048576
#endif
#ifndef GRAM_TRAILERS_MAX
#define GRAM_TRAILERS_MAX 1024
#endif
#ifndef GRAM_REQUEST_SIZE
#define GRAM_REQUEST_SIZE 65536
#endif
#ifndef GRAM_REPLY_SIZE
#define GRAM_REPLY_SIZE 65536
#endif
#ifndef GRAM_CALL_STATE
#define GRAM_CALL_STATE 64
#endif
#ifndef GRAM_PEER_NAME
#define GRAM_PEER_NAME 56
#endif

/* TLS: everything that there is, on a machine that has room. gram_tls_config.h. */
#ifndef GRAM_TLS_RSA
#define GRAM_TLS_RSA 1
#endif
#ifndef GRAM_TLS_SHA384
#define GRAM_TLS_SHA384 1
#endif
#ifndef GRAM_TLS_CRL
#define GRAM_TLS_CRL 1
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
#ifndef GRAM_TLS_PLAIN
#define GRAM_TLS_PLAIN 4096
#endif
/* 32 KB a connection, and a megabyte for handshakes and certificates */
#ifndef GRAM_TLS_ARENA
#define GRAM_TLS_ARENA (32768 * GRAM_MAX_CONNECTIONS + 1048576)
#endif
#ifndef GRAM_TLS_NAME
#define GRAM_TLS_NAME 64
#endif
#ifndef GRAM_TLS_ALT_NAMES
#define GRAM_TLS_ALT_NAMES 256
#endif

#endif
