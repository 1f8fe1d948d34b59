/* Every rule between the limits of config.h, in one place. Included by grpc/grpc_server.c alone. */
#ifndef GRAM_CONFIG_CHECK_H
#define GRAM_CONFIG_CHECK_H

#include "gram/config.h"

#if GRAM_MAX_CONNECTIONS < 1 || GRAM_MAX_CONNECTIONS > 65535 / GRAM_MAX_CONCURRENT_STREAMS
#error "GRAM_MAX_CONNECTIONS: at least 1, and together with GRAM_MAX_CONCURRENT_STREAMS at most 65535 calls"
#endif
#if GRAM_MAX_CONCURRENT_STREAMS < 2 || GRAM_MAX_CONCURRENT_STREAMS > 255
#error "GRAM_MAX_CONCURRENT_STREAMS: 2 to 255 (grpcurl's reflection stream stays open beside its call)"
#endif
#if GRAM_INITIAL_WINDOW_SIZE < 64 || GRAM_INITIAL_WINDOW_SIZE > 65535
#error "GRAM_INITIAL_WINDOW_SIZE: 64 to 65535"
#endif
#if GRAM_MESSAGE_BUFS > 0 && GRAM_MESSAGE_SIZE < GRAM_INITIAL_WINDOW_SIZE
#error "GRAM_MESSAGE_SIZE must be at least GRAM_INITIAL_WINDOW_SIZE, or GRAM_MESSAGE_BUFS 0"
#endif
#if GRAM_MESSAGE_BUFS > 255 || GRAM_MESSAGE_SIZE > 16777216
#error "GRAM_MESSAGE_BUFS: at most 255; GRAM_MESSAGE_SIZE: at most 16 MiB"
#endif
#if GRAM_HELD_REPLIES < 1 || GRAM_HELD_REPLIES > 254
#error "GRAM_HELD_REPLIES: 1 to 254 (without one, a reply larger than a client's window could never leave)"
#endif
#if GRAM_TRAILERS_MAX < 128 || GRAM_TRAILERS_MAX > 8192
#error "GRAM_TRAILERS_MAX: 128 (90 of them for other fields than the message) to 8192"
#endif
#if GRAM_TX_CONTROL < 128
#error "GRAM_TX_CONTROL: at least 128: the answers to one frame (64), our SETTINGS and a GOAWAY with its reason"
#endif
#if GRAM_TX_SIZE < GRAM_TX_CONTROL + GRAM_TRAILERS_MAX + GRAM_METADATA_SIZE + 128 || GRAM_TX_SIZE > 1048576
#error "GRAM_TX_SIZE: at least GRAM_TX_CONTROL + GRAM_TRAILERS_MAX + GRAM_METADATA_SIZE + 128 (headers and a piece of a message), at most 1 MiB"
#endif
#if GRAM_HPACK_ENTRIES < 128 || GRAM_HPACK_ENTRIES > 255
#error "GRAM_HPACK_ENTRIES: 128 to 255 (128 fill the 4096 bytes that every client may count on)"
#endif
#if GRAM_METADATA_SIZE > 16383 || GRAM_METADATA_SIZE > 0 && (GRAM_METADATA_SIZE < 16 || GRAM_HPACK_STORE < 16 || GRAM_HPACK_STORE > 60000)
#error "GRAM_METADATA_SIZE: 16 to 16383, or 0 for none; GRAM_HPACK_STORE: 16 to 60000 where there is any"
#endif
#if GRAM_TRAILERS_MAX + GRAM_METADATA_SIZE > 16384
#error "GRAM_TRAILERS_MAX + GRAM_METADATA_SIZE: at most 16384, the smallest frame that every client takes"
#endif
#if GRAM_INTERCEPTOR_STATE % 8 != 0
#error "GRAM_INTERCEPTOR_STATE: a multiple of 8 (it holds structs)"
#endif
#if GRAM_PEER_NAME < 8
#error "GRAM_PEER_NAME: at least 8"
#endif
#if GRAM_CALL_STATE % 8 != 0 || GRAM_REQUEST_SIZE % 8 != 0 || GRAM_REPLY_SIZE % 8 != 0
#error "GRAM_CALL_STATE, GRAM_REQUEST_SIZE and GRAM_REPLY_SIZE: multiples of 8 (they hold structs)"
#endif
#if GRAM_IDLE_MS > 1900000000 || GRAM_CONNECTION_AGE_MS > 1900000000 || GRAM_CONNECTION_AGE_GRACE_MS > 1900000000 || \
    GRAM_GOAWAY_MS > 1900000000 || GRAM_KEEPALIVE_MS > 1900000000 || GRAM_KEEPALIVE_TIMEOUT_MS > 1900000000
#error "GRAM_IDLE_MS, GRAM_CONNECTION_AGE_MS, .._AGE_GRACE_MS, GRAM_GOAWAY_MS, GRAM_KEEPALIVE_MS, .._TIMEOUT_MS: at most 1900000000"
#endif
#if GRAM_KEEPALIVE_MS > 0 && GRAM_KEEPALIVE_TIMEOUT_MS < 1
#error "GRAM_KEEPALIVE_TIMEOUT_MS: at least 1, or GRAM_KEEPALIVE_MS 0"
#endif
#if GRAM_HEADER_LIST_MAX < 1024 || GRAM_HEADER_LIST_MAX > 1048576 || GRAM_HEADER_FIELDS_MAX < 16 || GRAM_HEADER_FIELDS_MAX > 4096
#error "GRAM_HEADER_LIST_MAX: 1024 bytes to 1 MiB; GRAM_HEADER_FIELDS_MAX: 16 to 4096 (an ordinary gRPC request has 10)"
#endif

#endif
