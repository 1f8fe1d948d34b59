/* Metadata: the header fields of a request that an application asks for, and what it adds to the response's headers and
 * trailers.
 *
 * A server that keeps whatever a client sends needs memory that the client decides about. Here an application names the
 * keys that it wants, and so does each ready-made interceptor; all other fields pass by and cost nothing:
 *
 *     static const struct gram_key language = GRAM_KEY("x-language");
 *     static const struct gram_key *const keys[] = {&language, &gram_audit_user};
 *     const struct gram_app gram_app = {.name = "users", .keys = keys, .key_count = 2, ..};
 *
 * Each call has GRAM_METADATA_SIZE bytes for both directions: a value costs its length (base64 of a -bin key, as it came)
 * and 3; a header or trailer that is sent the length of its name and value (base64) and 6 (7 and more from 127 bytes on). What the client sends beyond
 * that ends its call with RESOURCE_EXHAUSTED, naming the limit. Clients that index a value (RFC 7541) send it once and
 * refer to it from then on: for these each connection has GRAM_HPACK_STORE bytes.
 *
 * All functions are for the main loop, from inside a callback of the call that is given or from an interceptor's hook,
 * also from `closed` and `after`. GRAM_METADATA_SIZE 0 leaves all of it out: what calls one of them does not link then. */
#ifndef GRAM_METADATA_H
#define GRAM_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram/call.h"

/* ---- keys ---- */

/* Judges a value while its bytes stream past, so that it is never stored: what is kept is a number below
 * GRAM_VERDICT_MAX. For secrets (gram/auth.h), and for values with few meanings. One value at a time is judged on a
 * connection; `state` is its memory, 16 bytes. */
#define GRAM_VERDICT_MAX 60000
struct gram_judge {
    void (*begin)(const struct gram_judge *self, uint32_t state[4]);
    void (*data)(const struct gram_judge *self, uint32_t state[4], const uint8_t *data, size_t len);
    uint16_t (*end)(const struct gram_judge *self, uint32_t state[4]);
};

struct gram_key {
    const char *name;               /* lower case; "-bin" at its end: binary (gRPC over HTTP/2, "Custom-Metadata") */
    const struct gram_judge *judge; /* NULL: the value itself is kept */
    uint8_t number;                 /* of a name in HPACK's static table, else 0 */
};

/* A key by its name. Names that HTTP itself has (RFC 7541 appendix A) must be given by their own macro: clients send
 * these by number, and are not recognised otherwise. Names that begin with "grpc-" or ":", and content-type,
 * content-length, te, connection are the library's. At most 184; each name once: of two keys of one name, the second has no values. */
#define GRAM_KEY(text) {.name = (text)}
#define GRAM_KEY_AUTHORIZATION {.name = "authorization", .number = 23}
#define GRAM_KEY_COOKIE {.name = "cookie", .number = 32}
#define GRAM_KEY_FROM {.name = "from", .number = 37}
#define GRAM_KEY_HOST {.name = "host", .number = 38}
#define GRAM_KEY_REFERER {.name = "referer", .number = 51}
#define GRAM_KEY_USER_AGENT {.name = "user-agent", .number = 58}
#define GRAM_KEY_VIA {.name = "via", .number = 60}

/* 0, in the initializer of what does not work without metadata: an application that has set none of it aside does not compile. */
#define GRAM_NEEDS_METADATA(who)                                                                                       \
    (0 * sizeof(struct {                                                                                               \
         _Static_assert(GRAM_METADATA_SIZE > 0, who " needs metadata: set GRAM_METADATA_SIZE in gram_app_config.h");   \
         char unused;                                                                                                  \
     }))

/* ---- reading ---- */

/* Of a call's values of `key`, in the order that they came, number `nth` (from 0): copies its first `size` bytes to
 * `buf` (none if it is NULL). Returns its whole length, or -1 if there are no more. Of a -bin key the bytes are decoded, and the values of a
 * comma-joined list are counted one by one. `key` must be one that the application lists; of others there are none. */
int32_t gram_call_metadata(const gram_call *call, const struct gram_key *key, unsigned nth, void *buf, size_t size);

/* The first value as a string, cut to `size` - 1 bytes, terminated; `size` is at least 1. False: there is none; `buf` is "" then. */
bool gram_call_metadata_text(const gram_call *call, const struct gram_key *key, char *buf, size_t size);

/* What a key's judge said of value number `nth`; -1 if there are no more. */
int32_t gram_call_verdict(const gram_call *call, const struct gram_key *key, unsigned nth);

/* What judges said so far holds no longer (tokens were changed). Connections on which a judge has spoken end with GOAWAY; their calls may finish, for
 * GRAM_CONNECTION_AGE_GRACE_MS, but for those whose interceptors have not been asked yet: these end UNAVAILABLE. Clients connect anew and are judged anew. */
void gram_server_forget_verdicts(gram_server *server);

/* ---- sending ---- */

/* Adds a field to the response's headers, or to its trailers. Text is ASCII of 0x20 to 0x7e, without a
 * space at either end; the bytes of a -bin name are base64-encoded. Name and value are copied. Headers go out with the first reply, or, where there is none, before
 * the trailers: until then they can be added.
 * False, and nothing is added: no room in GRAM_METADATA_SIZE; headers have been sent; or the name or value is none that
 * may be sent (upper case, "grpc-"; grpc-status-details-bin is allowed, see gram/details.h). */
bool gram_call_header(gram_call *call, const char *name, const void *value, size_t len);
bool gram_call_trailer(gram_call *call, const char *name, const void *value, size_t len);

#endif
