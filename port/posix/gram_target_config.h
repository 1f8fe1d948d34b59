/* The sockets port's limits: a process on embedded Linux. */
#ifndef GRAM_TARGET_CONFIG_H
#define GRAM_TARGET_CONFIG_H

#ifndef GRAM_MAX_CONNECTIONS
#define GRAM_MAX_CONNECTIONS 128
#endif
#ifndef GRAM_MAX_CONCURRENT_STREAMS
#define GRAM_MAX_CONCURRENT_STREAMS 32
#endif
#ifndef GRAM_INITIAL_WINDOW_SIZE
#define GRAM_INITIAL_WINDOW_SIZE 8192
#endif
#ifndef GRAM_MESSAGE_BUFS
#define GRAM_MESSAGE_BUFS 16
#endif
#ifndef GRAM_MESSAGE_SIZE
#define GRAM_MESSAGE_SIZE 1048576
#endif
#ifndef GRAM_TX_SIZE
#define GRAM_TX_SIZE 32768
#endif
#ifndef GRAM_TRAILERS_MAX
#define GRAM_TRAILERS_MAX 1024
#endif
#ifndef GRAM_HELD_REPLIES
#define GRAM_HELD_REPLIES 128
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

#endif
