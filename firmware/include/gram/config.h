/* The limits: every size, count and time that an application or a board may set, with its default and its cost.
 *
 * An application sets what it needs in firmware/apps/<app>/gram_app_config.h, a board what its memory allows in
 * port/boards/<board>/gram_target_config.h; both with #ifndef around each line, the application's is read first. GRAM_RAM_KB (the
 * target's RAM, from the build) lets an application choose by size. Values of the first part must be plain decimal integers, without brackets or
 * sums ("pasting ... does not give a valid preprocessing token" means one that is not): they become part of a symbol's name, so that objects built
 * with different limits do not link. config_check.h holds every rule between them. */
#ifndef GRAM_CONFIG_H
#define GRAM_CONFIG_H

#include "gram_app_config.h"
#include "gram_target_config.h"

/* ---- part one: what decides the layout of memory ---- */

/* Clients at a time. Each costs its HPACK table (5 bytes x GRAM_HPACK_ENTRIES), its streams, its transmit buffer and about 270 bytes. */
#ifndef GRAM_MAX_CONNECTIONS
#define GRAM_MAX_CONNECTIONS 2
#endif

/* Calls at a time on one connection (SETTINGS_MAX_CONCURRENT_STREAMS), at least 2: grpcurl keeps its reflection stream open beside the
 * call. Each costs GRAM_INITIAL_WINDOW_SIZE + GRAM_CALL_STATE + about 120 bytes. */
#ifndef GRAM_MAX_CONCURRENT_STREAMS
#define GRAM_MAX_CONCURRENT_STREAMS 4
#endif

/* Bytes a client may send on a stream before it hears from us (SETTINGS_INITIAL_WINDOW_SIZE); every stream owns a buffer of this size. */
#ifndef GRAM_INITIAL_WINDOW_SIZE
#define GRAM_INITIAL_WINDOW_SIZE 512
#endif

/* Messages longer than that are gathered in one of so many larger buffers, of so many bytes: the longest request
 * that any method takes, and 5 for its prefix. 0 buffers: no request may be longer than GRAM_INITIAL_WINDOW_SIZE - 5. */
#ifndef GRAM_MESSAGE_BUFS
#define GRAM_MESSAGE_BUFS 1
#endif
#ifndef GRAM_MESSAGE_SIZE
#define GRAM_MESSAGE_SIZE 1024
#endif

/* A connection's transmit buffer, bytes. A reply whose headers, largest encoding and trailers fit is sent without being held. */
#ifndef GRAM_TX_SIZE
#define GRAM_TX_SIZE 1460
#endif

/* Bytes of it that only control frames may use (acknowledgements, WINDOW_UPDATE, RST_STREAM, GOAWAY); input is not read while they are
 * taken. The answers to one frame are at most 64 bytes. */
#ifndef GRAM_TX_CONTROL
#define GRAM_TX_CONTROL 128
#endif

/* Largest trailers, bytes of header block: status, message, metadata. A longer message is cut. */
#ifndef GRAM_TRAILERS_MAX
#define GRAM_TRAILERS_MAX 192
#endif
/* Percent-encoded grpc-message: what GRAM_TRAILERS_MAX leaves beside the largest other fields (6 size updates, 1 :status, 19 content-type,
 * 16 grpc-status, 31 grpc-accept-encoding, 17 name and lengths). */
#define GRAM_STATUS_TEXT_MAX (GRAM_TRAILERS_MAX - 90)

/* Replies held while the peer's window or the transmit buffer is too small for them; each costs GRAM_REPLY_SIZE + 16. */
#ifndef GRAM_HELD_REPLIES
#define GRAM_HELD_REPLIES 1
#endif

/* The largest request and reply struct, bytes: one scratch of each serves the whole server. Generated code says which value is too small, and
 * what would do. */
#ifndef GRAM_REQUEST_SIZE
#define GRAM_REQUEST_SIZE 256
#endif
#ifndef GRAM_REPLY_SIZE
#define GRAM_REPLY_SIZE 256
#endif

/* A handler's own bytes in each call. */
#ifndef GRAM_CALL_STATE
#define GRAM_CALL_STATE 16
#endif

/* Interceptors' own bytes in each call, of all together (gram/interceptor.h). */
#ifndef GRAM_INTERCEPTOR_STATE
#define GRAM_INTERCEPTOR_STATE 0
#endif

/* Metadata of a call, bytes in each: what the application asks for of the request's, and what it adds to the response's (gram/metadata.h says what a
 * value costs). The transmit buffer needs as much more, the stack about twice as much. 0: none, and none of its code (about 2,700 bytes of flash). */
#ifndef GRAM_METADATA_SIZE
#define GRAM_METADATA_SIZE 0
#endif
/* Values of metadata that a client has indexed and may refer to, bytes in each connection: their length and 2 each. One for which there is no room
 * fails each call that refers to it, until it has left the client's table: about 4,096 bytes of other fields later. Room is needed for what clients send
 * again and again, and beside it for new values while the old ones are still in the table; 8192 hold whatever can come. */
#ifndef GRAM_HPACK_STORE
#define GRAM_HPACK_STORE GRAM_METADATA_SIZE
#endif

/* Entries of the HPACK receive table: 128 is what 4,096 bytes of accounting can hold at most (RFC 7541 4.1: 32 + name + value, and both may be
 * empty). */
#ifndef GRAM_HPACK_ENTRIES
#define GRAM_HPACK_ENTRIES 128
#endif

/* Bytes kept of what the transport calls a client. */
#ifndef GRAM_PEER_NAME
#define GRAM_PEER_NAME 24
#endif

/* ---- part two: limits that cost no memory ---- */

/* One request's header block: decoded bytes (names, values, 32 a field; SETTINGS_MAX_HEADER_LIST_SIZE) and fields. Beyond, the call is answered
 * RESOURCE_EXHAUSTED; beyond 4 times either, the connection ends (ENHANCE_YOUR_CALM). C-core sends up to 30 KB where its
 * application has so much metadata. */
#ifndef GRAM_HEADER_LIST_MAX
#define GRAM_HEADER_LIST_MAX 8192
#endif
#ifndef GRAM_HEADER_FIELDS_MAX
#define GRAM_HEADER_FIELDS_MAX 64
#endif
/* CONTINUATION frames a header block may take: 30 KB need 2. */
#ifndef GRAM_CONTINUATIONS_MAX
#define GRAM_CONTINUATIONS_MAX 8
#endif

/* Work that a peer may cause beyond calls, in points, at once and per second (h2_abuse.h says what costs how many). A desktop server allows 1000 resets and
 * 10000 glitches; a device a fiftieth. */
#ifndef GRAM_ABUSE_BURST
#define GRAM_ABUSE_BURST 200
#endif
#ifndef GRAM_ABUSE_PER_SECOND
#define GRAM_ABUSE_PER_SECOND 20
#endif

/* Milliseconds: from connection to the client's preface and SETTINGS; for a header block; for our SETTINGS to be acknowledged; with bytes
 * to send and none leaving, or a call waiting for the client's windows or the rest of its request; for a
 * connection that has ended to take its last bytes. */
#ifndef GRAM_PREFACE_MS
#define GRAM_PREFACE_MS 10000
#endif
#ifndef GRAM_HEADERS_MS
#define GRAM_HEADERS_MS 10000
#endif
#ifndef GRAM_SETTINGS_MS
#define GRAM_SETTINGS_MS 10000
#endif
#ifndef GRAM_STALL_MS
#define GRAM_STALL_MS 20000
#endif
#ifndef GRAM_LINGER_MS
#define GRAM_LINGER_MS 2000
#endif

/* How long a client may take to its first call before it gives way to another, when all GRAM_MAX_CONNECTIONS are taken. One that has had
 * its calls gives way at once, the longest idle first: some clients open a connection for every call, and close none. */
#ifndef GRAM_GIVE_WAY_MS
#define GRAM_GIVE_WAY_MS 1000
#endif

/* How long a connection lasts, milliseconds; 0: no limit, and no code for it. A connection's end is announced to the client (GOAWAY), which opens another for its next
 * calls; calls under way may go on for GRAM_CONNECTION_AGE_GRACE_MS. Each at most 1,900,000,000 (22 days). */
/* Without a call for so long, it ends. Idle ones give way to new clients without that. */
#ifndef GRAM_IDLE_MS
#define GRAM_IDLE_MS 0
#endif
/* After so long, give or take a tenth, it ends: clients spread over several servers anew. */
#ifndef GRAM_CONNECTION_AGE_MS
#define GRAM_CONNECTION_AGE_MS 0
#endif
#ifndef GRAM_CONNECTION_AGE_GRACE_MS
#define GRAM_CONNECTION_AGE_GRACE_MS 10000
#endif
/* How long the announcement may take to a client and back, before what it sends behind it is not counted any more. 0: it is not announced first. */
#ifndef GRAM_GOAWAY_MS
#define GRAM_GOAWAY_MS 2000
#endif
/* After so long a silence the client gets a PING; when nothing comes for GRAM_KEEPALIVE_TIMEOUT_MS then, it is gone: the connection is
 * dropped, its calls are told closed(). (The stall timer sees a client that takes nothing; this one sees one that says nothing.) */
#ifndef GRAM_KEEPALIVE_MS
#define GRAM_KEEPALIVE_MS 7200000
#endif
#ifndef GRAM_KEEPALIVE_TIMEOUT_MS
#define GRAM_KEEPALIVE_TIMEOUT_MS 20000
#endif

/* Whether every frame can be shown (gram_log.frame): about 50 bytes of flash. */
#ifndef GRAM_TRACE
#define GRAM_TRACE 1
#endif

/* Whether file descriptors for reflection go into flash. */
#ifndef GRAM_DESCRIPTORS
#define GRAM_DESCRIPTORS 1
#endif

/* ---- the fingerprint ---- */

#define GRAM_CONFIG_PASTE_(f, a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r) \
    f##_c##a##_s##b##_w##c##_m##d##x##e##_t##g##_##h##_##i##_h##j##_r##k##_##l##_u##m##_e##n##_p##o##_i##p##_d##q##_k##r
#define GRAM_CONFIG_PASTE(f, a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r) \
    GRAM_CONFIG_PASTE_(f, a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r)
#define GRAM_CONFIG_NAME(f)                                                                                          \
    GRAM_CONFIG_PASTE(f, GRAM_MAX_CONNECTIONS, GRAM_MAX_CONCURRENT_STREAMS, GRAM_INITIAL_WINDOW_SIZE, GRAM_MESSAGE_BUFS, \
                      GRAM_MESSAGE_SIZE, GRAM_TX_SIZE, GRAM_TX_CONTROL, GRAM_TRAILERS_MAX, GRAM_HELD_REPLIES,        \
                      GRAM_REQUEST_SIZE, GRAM_REPLY_SIZE, GRAM_CALL_STATE, GRAM_HPACK_ENTRIES, GRAM_PEER_NAME,       \
                      GRAM_INTERCEPTOR_STATE, GRAM_METADATA_SIZE, GRAM_HPACK_STORE)

#endif
