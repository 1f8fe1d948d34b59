/* What the files of grpc/ say to each other. */
#ifndef GRAM_GRPC_INTERNAL_H
#define GRAM_GRPC_INTERNAL_H

#include "grpc_server.h"

static inline struct gram_conn *gram_conn_of(struct gram_h2_conn *h2)
{
    return (struct gram_conn *)(void *)((char *)h2 - offsetof(struct gram_conn, h2));
}

static inline const struct gram_app *gram_app_of(const struct gram_h2_conn *h2)
{
    return ((const struct gram_conn *)(const void *)((const char *)h2 - offsetof(struct gram_conn, h2)))->server->app;
}

static inline struct gram_server *gram_server_of(const struct gram_call *call)
{
    return call->conn->server;
}

/* Whether `at` lies in the past or is now, on a clock that wraps. */
static inline bool gram_time_reached(uint32_t now, uint32_t at)
{
    return (int32_t)(now - at) >= 0;
}

/* ---- grpc_request.c: what the request's headers say ---- */

/* The application's keys are numbered from here on, in the order of its list, behind gRPC's own names. */
#define GRAM_REQUEST_NAME_KEYS (GRAM_H2_NAME_EXTRA + 2)
enum { GRAM_PATH_UNKNOWN = GRAM_HPACK_VALUE_FREE, GRAM_PATH_FIRST }; /* methods are numbered from GRAM_PATH_FIRST on */

/* The vocabulary that gRPC adds to HTTP/2's: see struct gram_h2_events. */
const char *gram_request_name(const struct gram_h2_conn *h2, unsigned i, uint8_t *number);
bool gram_request_value_begin(struct gram_h2_conn *h2, uint8_t name);
void gram_request_value_data(struct gram_h2_conn *h2, const uint8_t *data, size_t len);
uint16_t gram_request_value_end(struct gram_h2_conn *h2, bool kept);
void gram_request_evicted(struct gram_h2_conn *h2, uint8_t name, uint16_t value);
/* A field of the request's headers. */
void gram_request_field(struct gram_call *call, uint8_t name, uint16_t value);
/* They are complete: begins the call, or answers why not. */
void gram_request_judge(struct gram_call *call, const struct gram_h2_request *request);

/* ---- grpc_metadata.c, where GRAM_METADATA_SIZE > 0: the application's keys ---- */

enum gram_metadata_fault {
    GRAM_METADATA_GOOD,
    GRAM_METADATA_TOO_LONG,   /* beyond GRAM_METADATA_SIZE */
    GRAM_METADATA_NOT_STORED, /* the client refers to a value that had no room in GRAM_HPACK_STORE */
    GRAM_METADATA_NOT_BASE64,
    GRAM_METADATA_STALE       /* what a judge said of it holds no longer */
};
/* Key number `i` of the application: its name and *number; NULL past the last. */
const char *gram_metadata_name(const struct gram_app *app, unsigned i, uint8_t *number);
/* A value and what becomes of it: see struct gram_hpack_vocab. gram_metadata_begin() says false where the name is no key. */
bool gram_metadata_begin(struct gram_conn *conn, uint8_t name);
void gram_metadata_data(struct gram_conn *conn, const uint8_t *data, size_t len);
uint16_t gram_metadata_end(struct gram_conn *conn, bool kept);
void gram_metadata_evicted(struct gram_conn *conn, uint8_t name, uint16_t value);
void gram_metadata_field(struct gram_call *call, uint8_t name, uint16_t value);
/* Whether the call may begin, as far as its metadata goes; *reason in flash. */
gram_status gram_metadata_judge(const struct gram_call *call, const char **reason);
/* Appends the fields that are to be sent: GRAM_METADATA_SIZE bytes at most, which the caller has there. */
void gram_metadata_put(const struct gram_call *call, bool trailers, struct gram_hpack_out *out);

/* ---- grpc_store.c: values that the client has indexed ---- */

/* What HPACK's table keeps of one is GRAM_HPACK_VALUE_FREE and where it begins, or that it had no room. */
enum { GRAM_STORE_LOST = 65532 };
struct gram_store;
/* A value comes, in pieces; it counts once it is committed. */
void gram_store_begin(struct gram_store *store);
void gram_store_add(struct gram_store *store, const uint8_t *data, size_t len);
uint16_t gram_store_commit(struct gram_store *store);
/* The oldest leaves. */
void gram_store_evict(struct gram_store *store);
/* Of one that is in it. */
size_t gram_store_len(const struct gram_store *store, uint16_t value);
void gram_store_get(const struct gram_store *store, uint16_t value, uint8_t *out, size_t len);

/* ---- grpc_base64.c ---- */

/* `out` holds (4 * len + 2) / 3 bytes; returns how many. No padding. */
size_t gram_base64_encode(uint8_t *out, const uint8_t *data, size_t len);
/* Writes at most `size` bytes; returns how many there are, or -1: it is no base64. */
int32_t gram_base64_decode(uint8_t *out, size_t size, const uint8_t *text, size_t len);

/* ---- grpc_intercept.c ---- */

/* The first refusal, or GRAM_OK; goes on where it was. */
gram_status gram_intercept_before(struct gram_call *call);
gram_status gram_intercept_message(struct gram_call *call, enum gram_direction direction, const void *message);
void gram_intercept_after(struct gram_call *call, gram_status status);
/* Bytes that the chain keeps of each call. */
size_t gram_intercept_state_size(const struct gram_app *app);

/* ---- grpc_timeout.c ---- */

/* A time of up to 2^31 ms in 16 bits: 11 bits times a power of two, rounded up. */
#define GRAM_TIMEOUT_NONE 65534
uint16_t gram_timeout_pack(uint32_t ms);
uint32_t gram_timeout_unpack(uint16_t packed); /* GRAM_FOREVER for NONE */
/* grpc-timeout's number and unit (H M S m u n) in milliseconds, rounded up; GRAM_FOREVER from 2^31 on. False: no such unit. */
bool gram_timeout_ms(uint32_t number, char unit, uint32_t *ms);

/* ---- grpc_percent.c ---- */

/* Percent-encodes UTF-8 as grpc-message wants it, cut at a character's boundary to `size` bytes. Returns the length; not terminated. */
size_t gram_percent_encode(char *out, size_t size, const char *text);

/* ---- grpc_call.c: a call's life ---- */

void gram_call_begin(struct gram_conn *conn, unsigned slot);
/* The headers are complete and acceptable: interceptors, then the handler's part. */
void gram_call_start(struct gram_call *call);
/* Does the next thing that can be done now. False: nothing can. May end the call. */
bool gram_call_step(struct gram_call *call);
/* Sends the trailers and closes the call; the room is there, and the text in the server's `text`. */
void gram_call_finish(struct gram_call *call, gram_status status);
/* Ends the stream by RST_STREAM; `status` is for our side. 13 bytes are free. */
void gram_call_reset(struct gram_call *call, enum gram_h2_error error, gram_status status);
/* Ends the call with a status of our own, now or as soon as there is room: by trailers, or by RST_STREAM where half a message has gone out (clients take
 * trailers behind it for a failure of another kind). `reason` in flash. */
void gram_call_end(struct gram_call *call, gram_status status, const char *reason);
/* The call is over, its stream is no longer there: closed() and after(), everything given back. */
void gram_call_close(struct gram_call *call, gram_status status);
/* The client has done its part by `bytes`: that buys time, all of GRAM_STALL_MS with 64 bytes. A trickle does not keep what others wait for. */
void gram_call_progress(struct gram_call *call, size_t bytes);
/* Time: deadline, sleep, a client that does not do its part. Lowers *left to the call's next time, if it has one. */
void gram_call_poll(struct gram_call *call, uint32_t *left);

/* ---- grpc_receive.c: messages out of DATA ---- */

void gram_call_data(struct gram_call *call, const uint8_t *data, size_t len, bool last);
/* The bytes at hand, from the front: buffered ones, or those of the segment being read. */
const uint8_t *gram_receive_view(const struct gram_call *call, size_t *len);
/* The length of the message that begins at `p`, where 5 bytes are at hand; false: it is not acceptable, the call has been ended. */
bool gram_receive_prefix(struct gram_call *call, const uint8_t *p, uint32_t *len);
/* `len` bytes of the view are done with. */
void gram_receive_consume(struct gram_call *call, size_t len);
/* Gives back the buffers. */
void gram_receive_release(struct gram_call *call);
#define GRAM_PREFIX 5 /* flag and length */

/* ---- grpc_reply.c: what goes out ---- */

extern const struct gram_hpack_pin gram_grpc_pins[GRAM_HPACK_PINS];

/* Room for headers and trailers, which every callback that may answer with a status needs. */
bool gram_reply_room(const struct gram_call *call);
/* Where a reply is to be built: the server's scratch, when whatever it becomes can go out at once; or a held slot, which the call then
 * owns. NULL: neither, wait. */
void *gram_reply_place(struct gram_call *call);
/* Without room: whether the client has opened its windows meanwhile, and so done its part. */
void gram_reply_look(struct gram_call *call);
/* Sends the reply that lies in that place, or begins to. `final`: trailers with OK follow. */
void gram_reply_send(struct gram_call *call, const void *reply, bool final);
/* The next piece of a held reply. False: no room now. */
bool gram_reply_drain(struct gram_call *call);
/* A held slot that is not needed after all. */
void gram_reply_release(struct gram_call *call);
/* Whether a message has gone out in part. */
bool gram_reply_is_begun(const struct gram_call *call);
/* Response headers, where the first reply has not sent them. */
void gram_reply_headers(struct gram_call *call);
/* Trailers, or Trailers-Only, with the server's `text`; the room was there. Ends the stream. */
void gram_reply_trailers(struct gram_call *call, gram_status status);
/* Plain HTTP: headers and the first piece of the body; then the rest. False: no room now. Ends the stream at the end. */
bool gram_reply_http(struct gram_call *call);

/* ---- grpc_codec.c: nanopb ---- */

struct pb_msgdesc_s;
/* GRAM_OK, GRAM_INVALID_ARGUMENT (a bound of the .options was passed) or GRAM_INTERNAL; *reason then says why, in flash. */
gram_status gram_decode(const struct pb_msgdesc_s *desc, void *message, const uint8_t *data, size_t len,
                        const char **reason);
bool gram_encoded_size(const struct pb_msgdesc_s *desc, const void *message, size_t *len);
/* Of a message with its prefix, `len` bytes long without it: puts the `n` bytes from `skip` on into the transmit buffer, `at` bytes behind what is
 * in use. */
bool gram_encode_piece(const struct pb_msgdesc_s *desc, const void *message, uint32_t len, struct gram_h2_tx *tx,
                       size_t at, size_t skip, size_t n);
/* Encodes all of it, where up to `max` bytes are free; *len is its length. */
bool gram_encode_whole(const struct pb_msgdesc_s *desc, const void *message, struct gram_h2_tx *tx, size_t at,
                       size_t max, size_t *len);

/* ---- grpc_server.c ---- */

extern const struct gram_h2_events gram_grpc_events; /* grpc_conn.c */
/* gram_h2_go_away(), and its times from now on. */
void gram_conn_go_away(struct gram_conn *conn, enum gram_h2_life step, const char *reason, uint32_t grace_ms);
/* A call waits for want of room, of a held slot or of a message buffer: it is stepped again when any of these changes. */
void gram_conn_pump(struct gram_conn *conn);
/* Lines for the application's log. */
void gram_log_about(struct gram_server *server, enum gram_log_level level, const char *what, const char *text);

#endif
