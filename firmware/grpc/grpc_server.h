/* The server's memory: one object, sized by gram/config.h, that main() defines. Applications and transports see it only by
 * name (gram/server.h); what is in here is for the files of grpc/, for main.c and for tests. */
#ifndef GRAM_GRPC_SERVER_H
#define GRAM_GRPC_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram/call.h"
#include "gram/server.h"
#include "gram/transport.h"
#include "h2_conn.h"

/* Where a call stands.
 *
 *     FREE -> HEADERS -> BEGIN --unary, server streaming--> GATHER -> READY --server streaming--> STREAM -> END -> FREE
 *                          |                                            \--unary: PENDING (asked again after a wake)
 *                          |--client streaming, bidirectional--> STREAM (-> PENDING)
 *                          \--not gRPC--> HTTP_WAIT -> HTTP -> FREE
 *
 * Every phase may go to END (a status is to be told) and to FREE (the stream or the connection is gone). Beside its phase a call may hold
 * a reply that goes out piece by piece (`held`); then nothing else of it runs. */
enum gram_call_phase {
    GRAM_CALL_FREE,
    GRAM_CALL_HEADERS,   /* the header block is being read */
    GRAM_CALL_BEGIN,     /* it is complete; interceptors are to be asked, when there is room for a refusal */
    GRAM_CALL_GATHER,    /* the one request message is awaited, to its END_STREAM */
    GRAM_CALL_READY,     /* it is here; the handler runs when there is room for its reply */
    GRAM_CALL_PENDING,   /* the handler will answer later: RESUME */
    GRAM_CALL_STREAM,    /* messages in, replies out, until one side ends it */
    GRAM_CALL_END,       /* only trailers are missing, for want of room */
    GRAM_CALL_HTTP_WAIT, /* the answer is plain HTTP; it waits for the end of the request */
    GRAM_CALL_HTTP       /* it is going out */
};

enum { GRAM_NONE = 255 }; /* no buffer, no slot */

struct gram_call { /* small things first: it makes shorter code */
    uint8_t phase;
    uint8_t slot;           /* of the stream */
    uint8_t status;         /* END: what the trailers say */
    uint8_t message_buf;    /* of the server's pool, or GRAM_NONE */
    uint8_t held;           /* of the server's held replies, or GRAM_NONE */
    uint8_t intercepted;    /* how many interceptors were asked before the call */
    uint8_t http_sent;      /* bytes of the body */
    volatile uint8_t wake;  /* set by gram_call_wake(), from interrupts too */
    uint16_t generation;    /* of the slot; never 0 while a call is in it */
    bool has_deadline;
    bool has_wake_at;
    bool is_grpc;           /* content-type */
    bool bad_timeout;
    bool bad_encoding;
    bool entered;           /* a handler has run: closed() is owed */
    bool headers_sent;
    bool remote_done;       /* END_STREAM received */
    bool half_closed_told;
    bool awake;             /* NEXT or RESUME is to be asked */
    bool message_waits;     /* MESSAGE was answered WAIT */
    bool next_owed;         /* bidirectional: NEXT comes before another MESSAGE */
    bool final;             /* the held reply is the last: trailers follow */
    bool cut;               /* END: half a message has gone out: RST_STREAM takes the place of trailers */
    bool wants_buf;         /* its message is longer than its window: waits for a message buffer */
    bool message_seen;      /* interceptors were asked about the message at the front */
    bool wants_held;        /* it waits for a held slot, as far as is known: it was so when it was last asked */
    bool starved;           /* its reply waits for the client's windows, and not in a held slot */
    struct gram_conn *conn;
    const struct gram_method *method;
    const void *handlers;
    const char *reason;     /* END: text of the trailers; HTTP: status and body. In flash */
    uint8_t *buffer;        /* gather, or a message buffer of the pool */
    const uint8_t *chunk;   /* bytes of the segment being read that are not in a buffer; only inside gram_call_data() */
    size_t chunk_len;
    uint32_t have;          /* bytes in the receive buffer, prefixes included */
    uint32_t promised;      /* bytes that the peer may have sent or may still send, and the buffer holds (grpc_receive.c) */
    uint32_t started_at;
    uint32_t deadline;      /* if has_deadline */
    uint32_t wake_at;       /* if has_wake_at */
    uint32_t progress_at;   /* when the client last did what the call waits for, if it waits for the client (grpc_call_time.c) */
    uint32_t bytes_in;
    uint32_t bytes_out;
#if GRAM_METADATA_SIZE > 0
    uint16_t metadata_len;
    uint8_t metadata_fault; /* enum gram_metadata_fault */
    bool has_headers;       /* items that go out with the response's headers */
#endif
    _Alignas(8) uint8_t state[GRAM_CALL_STATE];
#if GRAM_INTERCEPTOR_STATE > 0
    _Alignas(8) uint8_t interceptor_state[GRAM_INTERCEPTOR_STATE];
#endif
    uint8_t gather[GRAM_INITIAL_WINDOW_SIZE]; /* this and what follows is not cleared when a call begins */
#if GRAM_METADATA_SIZE > 0
    uint8_t metadata[GRAM_METADATA_SIZE]; /* items (grpc_metadata.c) */
#endif
};

#if GRAM_METADATA_SIZE > 0
/* The value being read, of a key that the application asks for (grpc_metadata.c). */
struct gram_incoming {
    const struct gram_key *key;
    uint16_t len; /* of it in the call, behind the items */
    bool fresh;   /* it is complete, and the field that is told next is this one */
    uint32_t state[4]; /* the judge's */
};

/* Values that the client has indexed: a ring (grpc_store.c). */
struct gram_store {
    uint16_t head;    /* where the oldest begins */
    uint16_t used;
    uint16_t pending; /* of the value being read, behind those in use */
    bool lost;        /* it had no room */
    uint8_t bytes[GRAM_HPACK_STORE];
};
#endif

/* The value being read, of names that gRPC knows (grpc_request.c). */
struct gram_value {
    struct gram_hpack_match match;
    uint32_t number;
    uint8_t name;
    uint8_t len;
    uint8_t unit;
    bool bad;
};

struct gram_conn {
    struct gram_server *server;
    const struct gram_peer_identity *identity; /* NULL: the client has proved none */
    uint32_t due;       /* when poll must look at it again, if has_due */
    bool has_due;
    bool in_use;
    bool pump_wanted;   /* some call could not go on for want of room */
    uint8_t turn;       /* the stream that is first in the next round */
    struct gram_value value;
    char peer[GRAM_PEER_NAME];
#if GRAM_METADATA_SIZE > 0
    bool judged; /* a judge has been asked on this connection */
    bool stale;  /* and what it said holds no longer */
    struct gram_incoming incoming;
    struct gram_store store;
#endif
    struct gram_h2_conn h2; /* h2's events find the connection around it: gram_conn_of() */
    struct gram_call calls[GRAM_MAX_CONCURRENT_STREAMS];
};

/* A reply that does not fit what the peer can take now: its struct, encoded anew for each piece. */
struct gram_held {
    struct gram_call *owner; /* NULL: free */
    uint32_t total;          /* prefix and message, bytes; 0 while the handler fills the struct in */
    uint32_t sent;
    _Alignas(8) uint8_t reply[GRAM_REPLY_SIZE];
};

#if GRAM_MESSAGE_BUFS > 0
struct gram_message_buf {
    struct gram_call *owner; /* NULL: free */
    uint8_t bytes[GRAM_MESSAGE_SIZE];
};
#endif

struct gram_server {
    const struct gram_app *app;
    const struct gram_log *log;
    uint32_t now;
    volatile uint8_t woken;
    bool ending;          /* no connection is let in any more */
    bool shared_freed;    /* a message buffer or a held reply came free: whoever waits for one may go on */
    uint16_t held_turn;   /* the connection after the one that gave back a held slot last (may be past the last) */
    uint16_t buf_turn;    /* the call after the one that was given a message buffer last */
    uint16_t text_len;
    char text[GRAM_STATUS_TEXT_MAX]; /* gram_call_fail()'s, percent-encoded; of the callback that is running */
    _Alignas(8) uint8_t request[GRAM_REQUEST_SIZE];
    _Alignas(8) uint8_t reply[GRAM_REPLY_SIZE];
    struct gram_held held[GRAM_HELD_REPLIES];
#if GRAM_MESSAGE_BUFS > 0
    struct gram_message_buf message_bufs[GRAM_MESSAGE_BUFS];
#endif
    struct gram_conn conns[GRAM_MAX_CONNECTIONS];
};

#endif
