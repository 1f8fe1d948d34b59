/* A client on the other end of a connection in memory: what it sends goes through as bytes, what it
 * receives is taken apart into frames and answers, and held against the rules that a client relies on (RFC
 * 9113, HPACK, its own windows). A broken rule ends the test. */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blob.h"
#include "gram/transport.h"
#include "peer_hpack.h"

enum { PEER_HEADERS = 1024 };

struct frame {
    uint8_t type;
    uint8_t flags;
    uint32_t id;
    uint32_t len;
    size_t at; /* of the payload in peer.in */
    uint32_t time;
};

/* What has come for one stream. */
struct answer {
    uint32_t id;
    int64_t window; /* DATA that the server may still send */
    unsigned blocks;
    char headers[PEER_HEADERS];  /* "name: value\n" lines */
    char trailers[PEER_HEADERS]; /* Trailers-Only: the same as headers */
    uint8_t *body;
    size_t body_len, body_room;
    bool ended; /* END_STREAM */
    bool reset;
    uint32_t reset_code;
    uint32_t ended_at; /* when either came first */
};

enum peer_fate {
    PEER_HERE,
    PEER_DONE,    /* the server ended the connection in order */
    PEER_DROPPED, /* the server had it dropped */
    PEER_LEFT     /* the test ended it */
};

struct peer_settings { /* sent, not acknowledged yet */
    bool has_window, has_table, has_frame;
    uint32_t window, table, lowest_table, frame;
};

struct pair;

struct peer {
    struct pair *pair;
    gram_conn *conn;
    enum peer_fate fate;

    /* what the transport does; the test sets these at any time */
    size_t take;    /* bytes that it will still take from the server; SIZE_MAX at first */
    bool ack;       /* whether it acknowledges what it took at once; true at first */
    size_t segment; /* the length of the segments it delivers; 0: as long as can be; PEER_RANDOM */

    /* from the client to the server */
    uint8_t *out;
    size_t out_len, out_room, out_at;
    uint8_t scan[9 + 6 * 32]; /* the frame that is passing */
    size_t scanned;
    size_t scan_left;

    /* from the server to the client */
    uint8_t *in;
    size_t in_len, in_room, parsed;
    size_t unacked;
    const uint8_t *chunk[256]; /* where the server keeps what was taken and not acknowledged */
    size_t chunk_len[256];
    unsigned chunks;
    struct frame *frames;
    unsigned frame_count, frame_room, looked; /* `looked`: frames that the test has seen */
    struct answer *answers;
    unsigned answer_count, answer_room;

    /* the client's protocol */
    struct peer_hpack hpack;
    int64_t window;
    int64_t initial_window;
    uint32_t max_frame;
    uint32_t last_id;
    struct peer_settings pending[512]; /* more acknowledgements than the transmit buffer holds */
    unsigned pending_count;
    bool server_settings;
    uint32_t server_streams, server_window, server_list;
    bool goaway; /* one or more have come; what follows is of the last */
    uint32_t goaway_code, goaway_last;
    char goaway_reason[64];
    unsigned settings_acks, ping_acks;
    unsigned pings;     /* the server's own */
    uint8_t pinged[8];  /* with these bytes, the last of them */
    bool answers_pings; /* at once; the test sets it, while it sends nothing but whole frames */
};

#define PEER_RANDOM SIZE_MAX

/* ---- the client's actions; each lets the pair run until nothing moves ---- */

/* Connects; nothing is sent. NULL if the server has no place. */
struct peer *peer_open(struct pair *pair);
/* Preface, empty SETTINGS, and the acknowledgement of the server's. */
void peer_hello(struct peer *p);
/* Connects; preface and empty SETTINGS, but the server's are not read yet. */
struct peer *peer_early(struct pair *pair);
/* Connects and says hello. Where the server is full, the oldest of its clients leaves. */
struct peer *peer_ready(struct pair *pair);
void peer_send(struct peer *p, const struct blob *b);
void peer_send_bytes(struct peer *p, const void *data, size_t len);
/* The same without letting it run. */
void peer_queue(struct peer *p, const void *data, size_t len);
/* The connection is lost; or the client sends FIN. */
void peer_lose(struct peer *p);
void peer_fin(struct peer *p);
/* Acknowledges `len` bytes of what was taken, where `ack` is false. */
void peer_ack(struct peer *p, size_t len);

void peer_frame(struct peer *p, unsigned type, unsigned flags, uint32_t id, const void *payload, size_t len);
void peer_setting(struct peer *p, unsigned id, uint32_t value);
void peer_window(struct peer *p, uint32_t id, uint32_t increment);
void peer_rst(struct peer *p, uint32_t id, uint32_t code);
void peer_ping(struct peer *p);
/* Acknowledges the server's last PING. */
void peer_ping_ack(struct peer *p);
/* A request's headers: put_request() and END_HEADERS. */
void peer_headers(struct peer *p, uint32_t id, const char *path, unsigned flags);
/* A block of the test's own in one HEADERS frame. */
void peer_block(struct peer *p, uint32_t id, const struct blob *block, unsigned flags);
/* One message in one DATA frame. */
void peer_message(struct peer *p, uint32_t id, int32_t number, const char *text, size_t pad, unsigned flags);
/* A whole unary request in one segment. */
void peer_call(struct peer *p, uint32_t id, const char *path, int32_t number, const char *text);
/* A request with grpc-timeout, and its message with these flags. */
void peer_call_within(struct peer *p, uint32_t id, const char *path, const char *timeout, unsigned flags);

/* ---- what has come ---- */

/* NULL: nothing was sent or received on that stream. */
struct answer *peer_answer(struct peer *p, uint32_t id);
/* A WINDOW_UPDATE has come for that stream. */
bool peer_was_updated(const struct peer *p, uint32_t id);
/* The value of a header or trailer, or NULL; in static memory until the next call. */
const char *answer_field(const char *fields, const char *name);

struct reply {
    int32_t number;
    char text[200];
    uint32_t fill; /* bytes of filler, whose content has been checked */
};
/* The n-th message of the answer; false: there are not so many. A message that is not a test_reply ends
 * the test. */
bool answer_reply(const struct answer *a, unsigned n, struct reply *reply);
unsigned answer_replies(const struct answer *a);
/* The last message has come in part. */
bool answer_is_cut(const struct answer *a);

/* ---- of pair.c ---- */

/* One round of the transport (gram/transport.h). True: something has moved. */
bool peer_transport(struct peer *p);
void peer_free(struct peer *p);

#endif
