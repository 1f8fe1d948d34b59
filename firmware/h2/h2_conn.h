/* An HTTP/2 connection as a server keeps it (RFC 9113): bytes in, events up; calls down, bytes out.
 *
 * Three scopes of error stay apart. A connection error (gram_h2_fail) is sticky: GOAWAY, then the connection takes no more
 * input and ends. A stream error (gram_h2_reset) ends one stream with RST_STREAM. What a request's content means is the layer above's affair.
 *
 * Nothing enters the transmit buffer that the peer's windows do not allow already; what waits for a window waits as state above.
 * The answers to one frame need at most GRAM_H2_ANSWER bytes; a frame is only begun when so many are free. */
#ifndef GRAM_H2_CONN_H
#define GRAM_H2_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram/config.h"
#include "gram/log.h"
#include "h2_protocol.h"
#include "h2_tx.h"
#include "hpack.h"

#define GRAM_H2_ANSWER 64 /* GOAWAY with 30 bytes of reason is 47; RST_STREAM 13 + two WINDOW_UPDATE 26; PING 17 */

/* ---- flow control (RFC 9113 5.2, 6.9) ---- */

/* Adds to a window; false, and unchanged, if it would pass 2^31-1. Windows may be negative (6.9.2). */
bool gram_h2_window_add(int32_t *window, int32_t delta);

/* ---- streams ---- */

enum gram_h2_stream_state {
    GRAM_H2_FREE,              /* the slot is not taken */
    GRAM_H2_OPEN,              /* the peer may send more */
    GRAM_H2_HALF_CLOSED_REMOTE /* the request is complete */
    /* half-closed (local) does not last: who ends the response first resets the stream with NO_ERROR (RFC 9113 8.1) */
};

#define GRAM_H2_NO_LENGTH 65535

struct gram_h2_stream {
    uint32_t id;
    int32_t send_window; /* may be negative */
    int32_t recv_window; /* what the peer may still send, as it sees it */
    uint32_t credit;     /* consumed, not yet told by WINDOW_UPDATE */
    uint16_t content_length; /* modulo 65535, GRAM_H2_NO_LENGTH: not given */
    uint16_t received;   /* DATA without padding so far, modulo 65535 */
    uint8_t state;
    bool discards;       /* its DATA is not kept: bytes beyond the window do no harm */
};

/* How a stream that is no longer in a slot has ended: what may still come for it depends on it (RFC 9113 5.1). */
enum gram_h2_ending { GRAM_H2_ENDED, GRAM_H2_RESET_BY_PEER, GRAM_H2_RESET_BY_US };
/* So many are remembered: twice as many as can be open. */
#define GRAM_H2_CLOSED_KEPT (2 * GRAM_MAX_CONCURRENT_STREAMS)

/* ---- what the layer above gives ---- */

struct gram_h2_conn;

/* A request whose header block is complete and well-formed (RFC 9113 8.3.1). */
struct gram_h2_request {
    uint16_t method; /* GRAM_HPACK_VALUE_POST, GRAM_HPACK_VALUE_GET, GRAM_H2_VALUE_HEAD or GRAM_H2_VALUE_OTHER */
    uint16_t path;   /* what value_end() said of `:path` */
    bool too_large;  /* beyond GRAM_HEADER_LIST_MAX or GRAM_HEADER_FIELDS_MAX */
};

enum { GRAM_H2_VALUE_HEAD = GRAM_HPACK_VALUE_FREE, GRAM_H2_VALUE_OTHER };

/* Names outside the static table that HTTP/2 itself looks at; the layer above numbers its own from GRAM_H2_NAME_EXTRA on. */
enum {
    GRAM_H2_NAME_CONNECTION = GRAM_HPACK_EXTRA,
    GRAM_H2_NAME_KEEP_ALIVE,
    GRAM_H2_NAME_PROXY_CONNECTION,
    GRAM_H2_NAME_UPGRADE, /* up to here: never in HTTP/2 (RFC 9113 8.2.2) */
    GRAM_H2_NAME_TE,
    GRAM_H2_NAME_EXTRA
};

/* One vtable for all connections of a server, const. `slot` numbers a stream's slot, 0 .. GRAM_MAX_CONCURRENT_STREAMS - 1. A function that ends the
 * stream (by gram_h2_send_headers with END_STREAM, or gram_h2_reset) may do so at any time; nothing more is told of the stream then. */
struct gram_h2_events {
    /* Vocabulary of the layer above: see struct gram_hpack_vocab. `:path` is asked of it too. */
    const char *(*name)(const struct gram_h2_conn *conn, unsigned i, uint8_t *number);
    bool (*value_begin)(struct gram_h2_conn *conn, uint8_t name);
    void (*value_data)(struct gram_h2_conn *conn, const uint8_t *data, size_t len);
    uint16_t (*value_end)(struct gram_h2_conn *conn, bool kept);
    void (*evicted)(struct gram_h2_conn *conn, uint8_t name, uint16_t value);
    /* A stream has begun; its slot is taken. Its regular fields follow, then request(). */
    void (*begin)(struct gram_h2_conn *conn, unsigned slot);
    void (*field)(struct gram_h2_conn *conn, unsigned slot, uint8_t name, uint16_t value);
    void (*request)(struct gram_h2_conn *conn, unsigned slot, const struct gram_h2_request *request);
    /* DATA without padding. `last`: the request ends with it, end() does not follow. The layer above owns its flow control: it gives back what
     * it has consumed by gram_h2_credit(). */
    void (*data)(struct gram_h2_conn *conn, unsigned slot, const uint8_t *data, size_t len, bool last);
    /* The request has ended (END_STREAM), its last bytes were told before. */
    void (*end)(struct gram_h2_conn *conn, unsigned slot);
    /* The stream has ended other than by the layer above: reset by the peer, by us for what the peer did, or with the connection. The slot is free when
     * this returns. */
    void (*closed)(struct gram_h2_conn *conn, unsigned slot);
    /* The connection ends; `reason` is in flash. For a line in a log. */
    void (*failed)(struct gram_h2_conn *conn, const char *reason);
    /* The connection has been leaving for all of its grace: streams that can be answered now are, the others are closed() next. */
    void (*overdue)(struct gram_h2_conn *conn, const char *reason);
};

/* ---- the connection ---- */

enum gram_h2_phase {
    GRAM_H2_ACTIVE,
    GRAM_H2_ENDING, /* GOAWAY is written, input is ignored; over when the transmit buffer is empty or GRAM_LINGER_MS have passed */
    GRAM_H2_DEAD    /* not even that: drop it */
};

/* How a connection that is ACTIVE goes on (h2_lifetime.c). */
enum gram_h2_life {
    GRAM_H2_STAYS,
    GRAM_H2_WARN,   /* it is to end: a first GOAWAY waits for room */
    GRAM_H2_WARNED,
    GRAM_H2_LEAVE,  /* the GOAWAY with the last stream waits for room */
    GRAM_H2_LEAVING /* streams beyond it are ignored */
};

/* Where the reader stands in the byte stream (h2_rx.c). */
enum gram_h2_rx_state {
    GRAM_H2_RX_PREFACE,
    GRAM_H2_RX_HEAD,       /* the 9 bytes of a frame head */
    GRAM_H2_RX_FIXED,      /* a fixed part of `small_want` bytes, then its handler */
    GRAM_H2_RX_FRAGMENT,   /* header block bytes */
    GRAM_H2_RX_DATA,
    GRAM_H2_RX_SKIP        /* padding, unknown frames, debug data, frames of streams that are gone */
};

/* The frame being read. `left` counts payload bytes still to come, of them `pad` padding at the end. */
struct gram_h2_rx {
    uint32_t left;
    uint32_t stream_id;
    uint8_t state;
    uint8_t type;
    uint8_t flags;
    uint8_t pad;
    uint8_t slot;       /* DATA: the stream's */
    uint8_t small_len;
    uint8_t small_want;
    uint8_t small[GRAM_H2_FRAME_HEAD];
    uint8_t count;      /* preface bytes matched; then settings in this frame */
};

/* The header block being read: one at a time (RFC 9113 4.3). */
enum gram_h2_block_kind { GRAM_H2_BLOCK_NONE, GRAM_H2_BLOCK_REQUEST, GRAM_H2_BLOCK_TRAILERS, GRAM_H2_BLOCK_IGNORED };

struct gram_h2_block {
    uint32_t list_size; /* RFC 7541 4.1 */
    uint32_t since;     /* when it began */
    uint32_t stream_id;
    uint16_t fields;
    uint16_t method, path;
    uint16_t content_length;
    uint8_t kind;
    uint8_t slot;
    uint8_t seen;       /* which pseudo-headers, and whether a regular field has come (h2_headers.c) */
    uint8_t continuations;
    bool end_stream;
    bool malformed;
};

/* The value being read, for names that are HTTP/2's own (h2_vocab.c). */
struct gram_h2_value {
    struct gram_hpack_match match;
    uint32_t number;
    uint16_t len;
    uint8_t name;
    bool own;
};

/* What is small and often at hand comes first: it makes shorter code. */
struct gram_h2_conn {
    uint8_t phase;
    uint8_t streams_open;
    uint16_t closed_next;
    bool preface_done;       /* preface and first SETTINGS are here */
    bool settings_acked;
    bool quiet_ping;         /* the last frame that mattered was a PING */
    bool peer_going;         /* GOAWAY received */
    uint8_t life;
    bool pinged;             /* a PING of ours, and silence since */
    uint16_t number;         /* of the connection slot */
    struct gram_h2_rx rx;

    const struct gram_h2_events *events;
    const struct gram_log *log; /* may be NULL */
    uint32_t now;
    int32_t send_window;
    int32_t recv_window;
    uint32_t credit;
    int32_t peer_initial_window;
    uint32_t peer_max_frame;
    uint32_t last_id;        /* highest stream the peer has opened */
    struct gram_h2_block block;

    uint32_t opened_at;
    uint32_t progress_at;    /* when the transmit buffer last moved, or began to hold something */
    uint32_t ended_at;
    uint32_t idle_since;     /* when it had its last stream, or began */
    uint32_t heard_at;       /* when something came last, or since then our PING went out */
    uint32_t leave_since;    /* with `grace`, ms, and the reason (in flash): beyond GRAM_H2_STAYS */
    uint32_t grace;
    const char *leave_reason;
    uint32_t forgiven_at;    /* when the work it has caused beyond calls is forgotten (h2_abuse.c) */
    struct gram_h2_value value;
    struct gram_hpack_enc enc;
    uint32_t closed[GRAM_H2_CLOSED_KEPT]; /* ids, and how each ended (h2_stream.c) */
    struct gram_h2_stream streams[GRAM_MAX_CONCURRENT_STREAMS];
    struct gram_hpack_dec dec;
    struct gram_h2_tx tx;
};

/* Begins: writes our SETTINGS (always the first frame, RFC 9113 3.4). `pins` as gram_hpack_enc_init(). */
void gram_h2_init(struct gram_h2_conn *conn, const struct gram_h2_events *events, const struct gram_hpack_pin *pins,
                  const struct gram_log *log, uint16_t number, uint32_t now);

/* Input. Returns how many bytes were taken: fewer when the answers to the next frame would not fit the transmit buffer. */
size_t gram_h2_rx(struct gram_h2_conn *conn, const uint8_t *data, size_t len);
bool gram_h2_rx_ready(const struct gram_h2_conn *conn);

/* Writes WINDOW_UPDATEs that are due and have room. After input, after acknowledgements, and after credit was given. */
void gram_h2_flush(struct gram_h2_conn *conn);

/* Time: ends the connection if something is overdue. Returns the milliseconds to the next limit. */
uint32_t gram_h2_poll(struct gram_h2_conn *conn, uint32_t now);

/* The transport took or acknowledged bytes. */
void gram_h2_tx_progress(struct gram_h2_conn *conn, size_t acked);

/* Ends the connection with GOAWAY; `reason` is its debug data (at most 30 bytes) and the log's. All streams are told closed(). */
void gram_h2_fail(struct gram_h2_conn *conn, enum gram_h2_error error, const char *reason);
/* Begins the end of the connection in order; streams under way may go on for `grace` ms. `step`: GRAM_H2_WARN, or GRAM_H2_LEAVE if no stream that begins
 * from now on is wanted. `reason` as above. Again: goes on, and a shorter grace counts. The next poll does it. */
void gram_h2_go_away(struct gram_h2_conn *conn, enum gram_h2_life step, const char *reason, uint32_t grace);
/* Ends the connection without a word: the peer has left, and what is written already may still go out. Streams are told closed(). */
void gram_h2_finish(struct gram_h2_conn *conn);
/* The transport is gone, or is to be dropped: no GOAWAY. All streams are told closed(). */
void gram_h2_drop(struct gram_h2_conn *conn);

/* ---- sending (h2_send.c) ---- */

/* Bytes of DATA that the windows and the peer's frame size allow on this stream now, whatever the transmit buffer holds. */
size_t gram_h2_window(const struct gram_h2_conn *conn, unsigned slot);

/* Writes a HEADERS frame (with CONTINUATION never: the block is below every peer's frame size). The caller has checked that
 * 9 + len bytes are free. END_STREAM ends the stream: its slot is free afterwards, closed() is not told. If the request has not ended by
 * then, RST_STREAM NO_ERROR follows (13 more bytes). */
void gram_h2_send_headers(struct gram_h2_conn *conn, unsigned slot, const uint8_t *block, size_t len, bool end_stream);

/* Writes a DATA frame whose payload of `len` bytes has already been put into the transmit buffer at GRAM_H2_FRAME_HEAD. Without END_STREAM, unless
 * `end_stream` (then as above). */
void gram_h2_send_data(struct gram_h2_conn *conn, unsigned slot, size_t len, bool end_stream);

/* Ends one stream with RST_STREAM: its slot is free afterwards, closed() is not told. 13 bytes are free. */
void gram_h2_reset(struct gram_h2_conn *conn, unsigned slot, enum gram_h2_error error);

/* The stream's DATA will not be kept from now on: what was sent beyond its window is let pass. */
void gram_h2_discard(struct gram_h2_conn *conn, unsigned slot);

/* The layer above has consumed `len` bytes of the stream's DATA, or has made room for so many more. */
void gram_h2_credit(struct gram_h2_conn *conn, unsigned slot, size_t len);

#endif
