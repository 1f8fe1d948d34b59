/* The model test: random clients against a server whose handlers answer at random, beside a reference model
 * that knows nothing of the core's insides and predicts what every call must come to.
 *
 * Files:  model.c          options, the main loop, what was covered, the report of a failure
 *         model_step.c     what clients do, one random action at a time
 *         model_connect.c  of these, what is about a connection as a whole
 *         model_drain.c    the end of an episode: every call must come to its end
 *         model_wire.c     a client's frames, within the server's windows
 *         model_hpack.c    its header blocks, in all shapes
 *         model_app.c      handlers that answer at random, and write down what they were asked and answered
 *         model_check.c    the reference: what may be asked of a handler, what must have happened by now, what
 *                          a client may see
 *
 * All of it runs on one seed and the virtual clock: the same seed gives the same run, step by step. The
 * bytes of the server are held against the protocol by support/peer.h, the core's own invariants by
 * support/pair_check.c. */
#ifndef MODEL_H
#define MODEL_H

#include "pair.h"
#include "test_messages.h"

enum {
    M_CLIENTS = GRAM_MAX_CONNECTIONS,
    M_MESSAGES = 6,               /* that one call sends at most */
    M_FILL = 6000,                /* the largest filler of a reply */
    M_FILL_STINGY = 24000,        /* to a client that is stingy with its connection's window */
    M_TEXT = 12,                  /* grpc-message; percent-encoded it still fits the smallest trailers */
    M_AMPLE = M_FILL_STINGY + 400 /* a window that any reply fits */
};

struct m_method {
    const char *path;
    uint8_t kind;
    bool text, fill; /* what its replies have beside a number */
};
enum { M_METHODS = 8, M_SHORT = 2 }; /* M_SHORT: takes requests of M_SHORT_MAX bytes at most */
enum { M_SHORT_MAX = 20 };
extern const struct m_method m_methods[M_METHODS];
extern const struct gram_app m_app;

/* What is wrong with a request, by the client's intention; each has one answer. */
enum m_flaw {
    M_SOUND,
    M_UNKNOWN_METHOD,
    M_BAD_TIMEOUT,
    M_BAD_ENCODING,
    M_NOT_GRPC,  /* no content-type: 415 */
    M_GET,       /* 405 */
    M_MALFORMED, /* RST_STREAM PROTOCOL_ERROR */
    M_MUCH_METADATA,
    M_WRONG_LENGTH, /* content-length: RST_STREAM PROTOCOL_ERROR */
    M_TOO_LONG,     /* these are a message's */
    M_BAD_FLAG,
    M_BAD_PROTOBUF,
    M_TEXT_LONG,
    M_CUT,
    M_NO_MESSAGE, /* these are of methods that take exactly one */
    M_TWO_MESSAGES,
    M_FLAWS
};

/* Where a call's handler stands. */
enum m_stand {
    M_NEW,     /* not entered */
    M_PENDING, /* it answered PENDING: RESUME is next */
    M_STREAM,
    M_FINAL /* it has answered for good, or another has for it */
};

struct m_message {
    int32_t number;
    size_t text_len;
    size_t end; /* in m_call.out */
};

struct m_client;

struct m_call {
    struct m_client *client;
    uint32_t serial; /* names it, in its messages too */
    uint32_t id;
    const struct m_method *method; /* NULL: the request names none that there is */
    enum m_flaw flaw;
    unsigned flaw_at; /* the message that has it */

    /* the request: what the client has written into `out`, and put into DATA frames of it */
    struct m_message messages[M_MESSAGES];
    unsigned message_count, message_goal;
    uint8_t *out;
    size_t out_len, out_room, out_at;
    int64_t window;     /* the server's, as the client sees it */
    bool finished;      /* END_STREAM is in the client's wire */
    bool reset;         /* RST_STREAM is */
    uint32_t queued_at; /* when its HEADERS were put there */
    bool arrived;       /* the server has all of the HEADERS, since `arrived_at` */
    uint32_t arrived_at;
    bool has_timeout;
    uint32_t timeout;     /* ms */
    bool beyond;          /* opened when as many as the server allows may have been open */
    bool eager;           /* it has been open while the client had not acknowledged the server's SETTINGS */
    uint32_t fault_since; /* the client has done its part until then */

    /* the handler */
    enum m_stand stand;
    bool before, entered, closed, after;
    gram_status closed_status;
    unsigned delivered;
    bool half_closed, message_waits, next_owed, next_due, resume_due;
    bool loose; /* a wake may have it asked once more than it needs */
    bool has_sleep;
    uint32_t sleep_at;
    bool slept; /* it had one that is over, at slept_at */
    uint32_t slept_at;
    gram_call_ref ref;
    uint8_t *expected; /* the replies, as they must come */
    size_t expected_len, expected_room, compared;
    gram_status final;
    char final_text[M_TEXT + 20];

    bool seen; /* the client has seen its end */
    bool over; /* for all sides */
};

/* Why the server may end a connection; a set. */
enum m_reason {
    M_BY_VIOLATION = 1,
    M_BY_FIN = 2,
    M_BY_GOAWAY = 4,
    M_BY_GIVING_WAY = 8,
    M_BY_STALL = 16,
    M_BY_PREFACE = 32,
    M_BY_SETTINGS = 64,
    M_BY_HEADERS = 128
};

struct m_entry {
    char name[40];
    char value[200];
};

struct m_client {
    struct peer *peer; /* NULL: this client is not connected */
    uint32_t opened_at;
    struct m_call *calls[64];
    unsigned call_count;
    uint32_t next_id;

    uint8_t *wire; /* frames that have not been handed to the transport, from wire_at on */
    size_t wire_len, wire_room, wire_at;
    int64_t window;      /* the server's, for the connection */
    bool knows_settings; /* has acknowledged the server's SETTINGS */
    bool hello_arrived, ack_arrived;
    bool going, fin;
    bool stingy;             /* it never gives much of its connection's window */
    bool unsent, obstructed; /* when m_check() looked last */
    int violated;            /* -1, or the error code that must come */
    bool way_asked;          /* another wanted a place while this one was idle */
    unsigned reasons;        /* of the end of the connection, once the server has ended it */
    uint32_t moved_at;       /* the transport took or acknowledged until then, at least */
    uint32_t unsent_since;   /* all that was written had arrived until then */
    uint32_t debt,
        debt_at; /* its abuse of the server, in points x 50 ms; never less than what the server counts */

    /* HPACK as an encoder keeps it; newest first */
    struct m_entry table[128];
    unsigned table_count;
    uint32_t table_size, table_max;
};

/* ---- what was covered: a run of 100,000 steps must have reached every line ---- */

/* clang-format off */
#define M_COUNTED(X) \
    X(CONNECT, "connect") \
    X(CONNECT_FULL, "connect when full") \
    X(GAVE_WAY, "gave way to another") \
    X(ACK_LATE, "SETTINGS acknowledged after calls") \
    X(OPEN, "call opened") \
    X(BEYOND, "call beyond the limit") \
    X(BLOCK_INDEXED, "field indexed") \
    X(BLOCK_INSERTED, "field inserted") \
    X(BLOCK_LITERAL, "field literal") \
    X(BLOCK_NEVER, "field never indexed") \
    X(BLOCK_HUFFMAN, "string in Huffman") \
    X(BLOCK_UPDATE, "table size update") \
    X(CONTINUED, "CONTINUATION") \
    X(PADDED, "padded HEADERS") \
    X(PRIORITY, "HEADERS with priority") \
    X(DATA, "DATA") \
    X(DATA_PADDED, "padded DATA") \
    X(DATA_EMPTY, "empty DATA") \
    X(FINISH_EMPTY, "END_STREAM alone") \
    X(TRAILERS, "request trailers") \
    X(WINDOW_USED_UP, "server's window used up") \
    X(RESET, "RST_STREAM") \
    X(WINDOW_CONN, "WINDOW_UPDATE on connection") \
    X(WINDOW_STREAM, "WINDOW_UPDATE on stream") \
    X(SET_WINDOW_UP, "INITIAL_WINDOW_SIZE up") \
    X(SET_WINDOW_DOWN, "INITIAL_WINDOW_SIZE down") \
    X(NEGATIVE, "a client's window below zero") \
    X(CONN_USED_UP, "a client's connection window used up") \
    X(SET_FRAME, "MAX_FRAME_SIZE") \
    X(SET_TABLE, "HEADER_TABLE_SIZE") \
    X(PING, "PING") \
    X(NOISE, "PRIORITY, unknown frame") \
    X(CUT_FRAME, "frame delivered in part") \
    X(TAKE_NOTHING, "network takes nothing") \
    X(TAKE_SOME, "network takes a few bytes") \
    X(ACK_NOTHING, "network acknowledges nothing") \
    X(ACK_SOME, "partial acknowledgement") \
    X(WAKE, "wake") \
    X(WAKE_STALE, "wake of a call that has ended") \
    X(WAKE_INSIDE, "wake inside a callback") \
    X(SLEPT, "asked after gram_call_sleep") \
    X(CLOCK_WRAPPED, "clock wrapped") \
    X(FIN, "FIN") \
    X(LOSS, "sudden loss") \
    X(GOAWAY, "client's GOAWAY") \
    X(VIOLATION, "violation") \
    X(DRAIN, "drained: nothing is still taken") \
    X(ASKED_OPEN, "OPEN") \
    X(ASKED_RESUME, "RESUME") \
    X(ASKED_MESSAGE, "MESSAGE") \
    X(ASKED_HALF_CLOSE, "HALF_CLOSE") \
    X(ASKED_NEXT, "NEXT") \
    X(MESSAGE_WAIT, "MESSAGE answered WAIT") \
    X(MESSAGE_LONG, "message longer than the window") \
    X(REPLY_HELD, "reply left in pieces") \
    X(REPLY_BROKEN, "reply that cannot be encoded") \
    X(ODD_ANSWER, "answer against the rules") \
    X(REFUSED, "refused by interceptor") \
    X(END_OK, "ended OK") \
    X(END_ERROR, "ended with handler's error") \
    X(END_DEADLINE, "ended by deadline") \
    X(END_DEADLINE_PIECES, "deadline within a reply") \
    X(END_FLAW, "ended for its flaw") \
    X(END_HTTP, "answered in HTTP") \
    X(END_STALL, "reset after GRAM_STALL_MS") \
    X(END_REFUSED, "REFUSED_STREAM") \
    X(END_EARLY, "ended before its request") \
    X(END_CANCELLED, "cancelled by the client") \
    X(END_LOST, "ended with its connection") \
    X(CONN_STALL, "connection: GRAM_STALL_MS") \
    X(CONN_PREFACE, "connection: GRAM_PREFACE_MS") \
    X(CONN_SETTINGS, "connection: GRAM_SETTINGS_MS") \
    X(CONN_HEADERS, "connection: GRAM_HEADERS_MS") \
    X(CONN_VIOLATION, "connection: GOAWAY for a violation") \
    X(CONN_GOING, "connection: ended after client's GOAWAY")
/* clang-format on */
enum m_counter {
#define X(name, text) M_##name,
    M_COUNTED(X)
#undef X
        M_COUNTERS
};

struct model {
    struct pair pair;
    struct test_random random;
    uint64_t seed, step;
    struct m_client clients[M_CLIENTS];
    gram_call_ref stale[32]; /* of calls that have ended */
    unsigned stale_count;
    uint32_t serial;
    bool draining; /* handlers end their calls */
    uint64_t count[M_COUNTERS];
};
extern struct model model;

static inline uint32_t m_below(uint32_t n)
{
    return test_random_below(&model.random, n);
}
static inline bool m_chance(uint32_t per_cent)
{
    return m_below(100) < per_cent;
}
/* One of the arguments. */
#define M_ONE_OF(...)                                                                                        \
    ((const uint32_t[]){__VA_ARGS__}[m_below(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))])

static inline void m_count(enum m_counter what)
{
    model.count[what]++;
}
/* A line about this step, for the report of a failure. */
__attribute__((format(printf, 1, 2))) void m_note(const char *format, ...);
/* Ends the run. */
__attribute__((format(printf, 2, 3))) _Noreturn void m_fail(const struct m_call *c, const char *format, ...);
void *m_grow(void *p, size_t *room, size_t needed);

/* ---- model_step.c, model_drain.c ---- */

void m_step(void);
void m_drain(void);
unsigned m_number_of(const struct m_client *k);
/* A client that is connected and still speaks; NULL: there is none. */
struct m_client *m_some_client(void);
/* What is written leaves now, mostly. */
void m_send_mostly(struct m_client *k);

/* ---- model_connect.c: actions; false: this one makes no sense now ---- */

bool m_step_connect(void);
bool m_step_lose(void);
bool m_step_fin(void);
bool m_step_goaway(void);
bool m_step_ack_settings(void);
bool m_step_violate(void);
void m_fin(struct m_client *k);

/* ---- model_hpack.c ---- */

extern struct blob m_block; /* the header block that is being written */
void m_begin_block(struct m_client *k);
/* `lasting`: it may go into the table. */
void m_put_header(struct m_client *k, const char *name, const char *value, bool lasting);

/* ---- model_wire.c ---- */

/* Everything that the client has written is with the server. */
bool m_flushed(const struct m_client *k);
/* Hands `len` bytes of the wire to the transport. */
void m_flush(struct m_client *k, size_t len);
void m_frame(struct m_client *k, unsigned type, unsigned flags, uint32_t id, const void *payload, size_t len);
void m_frame32(struct m_client *k, unsigned type, uint32_t id, uint32_t value);
/* Whether the client may cause so much more work beyond calls. If so it counts as caused. */
bool m_may(struct m_client *k, unsigned points);
void m_hello(struct m_client *k);
void m_ack_settings(struct m_client *k);
struct m_call *m_open(struct m_client *k);
void m_write_message(struct m_call *c);
/* A DATA frame of what is written, within the windows; `most` bytes. False: there is nothing to send, or no
 * window. */
bool m_data(struct m_call *c, size_t most);
/* Whether the client has the window for more. */
bool m_can_send(const struct m_call *c);
bool m_all_written(const struct m_call *c);
void m_trailers(struct m_call *c);
/* What the server has said since. */
void m_read(struct m_client *k);

/* ---- model_app.c ---- */

void m_wake(struct m_call *c);
int32_t m_number(const struct m_call *c, unsigned message);
/* The text of a message. */
const char *m_text(int32_t number, size_t len);

/* ---- model_check.c ---- */

struct m_call *m_call_of(const gram_call *call);
/* Sleeps that are over are a cause to be asked. */
void m_clock(struct m_call *c);
/* After each step, when nothing moves. */
void m_check(void);
/* The transport is open and all that the client wrote has arrived. */
bool m_open_wide(const struct m_client *k);
/* The server has ended the connection, or it is gone. */
bool m_is_ended(const struct m_client *k);
/* The connection is gone; its calls with it. */
void m_forget(struct m_client *k);
struct answer *m_answer(const struct m_call *c);

#endif
