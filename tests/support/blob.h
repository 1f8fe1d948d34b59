/* Bytes as a client writes them: frames, header blocks, gRPC messages, made by hand so that anything can
 * be wrong. */
#ifndef BLOB_H
#define BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "h2_protocol.h"

enum { BLOB_MAX = 80000 };

struct blob {
    size_t len;
    uint8_t bytes[BLOB_MAX];
};

void put(struct blob *b, const void *data, size_t len);
void put_byte(struct blob *b, unsigned byte);
void put_be32(struct blob *b, uint32_t v);

/* ---- frames ---- */

void put_head(struct blob *b, size_t len, unsigned type, unsigned flags, uint32_t id);
void put_frame(struct blob *b, unsigned type, unsigned flags, uint32_t id, const void *payload, size_t len);
void put_setting(struct blob *b, unsigned id, uint32_t value); /* of a SETTINGS payload */

/* ---- header blocks (RFC 7541 6) ---- */

void put_integer(struct blob *b, unsigned first, unsigned prefix, uint32_t value);
void put_index(struct blob *b, uint32_t index);
void put_field(struct blob *b, const char *name, const char *value);  /* literal, not indexed */
void put_insert(struct blob *b, const char *name, const char *value); /* literal, added to the table */
/* A gRPC request's fields, in the order of an ordinary client. */
void put_request(struct blob *b, const char *path);

/* ---- messages ---- */

/* Prefix and test_request{number, text}, with an unknown field that makes the message longer by `pad`
 * bytes (0, or 3 and more). */
void put_message(struct blob *b, int32_t number, const char *text, size_t pad);
/* The same without the prefix. */
void put_protobuf(struct blob *b, int32_t number, const char *text, size_t pad);
void put_prefix(struct blob *b, unsigned flag, uint32_t len);

#endif
