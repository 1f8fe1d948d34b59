/* What interop needs of the limits in gram/config.h. */
#ifndef GRAM_APP_CONFIG_H
#define GRAM_APP_CONFIG_H

/* A streaming call keeps sizes and intervals of the replies that it owes: 8 x 8 bytes, and where it is. */
#ifndef GRAM_CALL_STATE
#define GRAM_CALL_STATE 80
#endif

/* A StreamingOutputCallRequest with its 8 parameters and a status; an answer of reflection. */
#ifndef GRAM_REQUEST_SIZE
#define GRAM_REQUEST_SIZE 208
#endif
#ifndef GRAM_REPLY_SIZE
#define GRAM_REPLY_SIZE 80
#endif

/* What custom_metadata sends, and its echo, take 133 bytes. A client may index each value (RFC 7541): where there
 * is memory, the store holds all that a client can. */
#if GRAM_RAM_KB <= 64
#ifndef GRAM_METADATA_SIZE
#define GRAM_METADATA_SIZE 192
#endif
#ifndef GRAM_HPACK_STORE
#define GRAM_HPACK_STORE 256
#endif
#else
#ifndef GRAM_METADATA_SIZE
#define GRAM_METADATA_SIZE 1024
#endif
#ifndef GRAM_HPACK_STORE
#define GRAM_HPACK_STORE 8192
#endif
#endif

/* The official large request has a body of 271,828 bytes. Replies need no buffer, however long. Where there
 * is no megabyte, such requests are answered RESOURCE_EXHAUSTED. */
#if GRAM_RAM_KB >= 1024 && GRAM_RAM_KB < 65536
#ifndef GRAM_MESSAGE_SIZE
#define GRAM_MESSAGE_SIZE 278528
#endif
#ifndef GRAM_MESSAGE_BUFS
#define GRAM_MESSAGE_BUFS 4
#endif
#endif

/* A call to try, as grpcurl takes it (%s is the address): the simulator prints it when it is ready. */
#define GRAM_APP_TRY "-d '{\"response_size\": 9}' %s grpc.testing.TestService/UnaryCall"

#endif
