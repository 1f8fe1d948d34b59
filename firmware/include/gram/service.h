/* What generated code and the core say to each other. Applications use the typed structs that protoc-gen-gram makes of
 * this; only generated code fills in a gram_method.
 *
 * Everything here is const and lives in flash. */
#ifndef GRAM_SERVICE_H
#define GRAM_SERVICE_H

#include <stdint.h>

#include "gram/call.h"
#include "gram/status.h"

struct pb_msgdesc_s; /* nanopb's description of a message */

enum gram_kind { GRAM_UNARY = 0, GRAM_SERVER_STREAM = 1, GRAM_CLIENT_STREAM = 2, GRAM_BIDI = 3 };
/* Bit 0: the server streams its replies. Bit 1: the client streams its requests. */

/* What a method is asked. `req` and `rep` are the method's nanopb structs, valid during the call of the function only:
 * they are scratch memory of the server (`rep` is set to the message's defaults before it is handed over).
 *
 *   event             kinds      req  rep   may answer
 *   GRAM_ON_OPEN      unary      yes  yes   a status (GRAM_OK: rep is the reply), GRAM_PENDING
 *                     server st. yes  -     GRAM_OK (then NEXT is asked), an error
 *                     client st. -    -     GRAM_OK, an error     (before the first message)
 *                     bidi       -    -     GRAM_OK, an error     (before the first message)
 *   GRAM_ON_RESUME    unary      -    yes   as OPEN of unary; after GRAM_PENDING and a wake
 *   GRAM_ON_MESSAGE   client st. yes  -     GRAM_OK, an error, GRAM_WAIT (see below)
 *                     bidi       yes  -     the same
 *   GRAM_ON_HALF_CLOSE client st. -   yes   a status (GRAM_OK: rep is the reply), GRAM_PENDING (then RESUME)
 *                     bidi       -    -     GRAM_OK (NEXT goes on until GRAM_DONE), an error
 *   GRAM_ON_NEXT      server st. -    yes   GRAM_MORE, GRAM_WAIT, GRAM_DONE, an error
 *                     bidi       -    yes   the same
 *   GRAM_ON_CLOSED    every      -    -     ignored; `status` is how the call ended
 *
 * On a bidirectional call NEXT is asked after OPEN, after each MESSAGE, after HALF_CLOSE and after a wake, until it answers GRAM_WAIT.
 * A MESSAGE that is answered GRAM_WAIT was not taken: the same message comes again after a wake (or, on a bidirectional call, after a
 * reply has gone out), and until then the client is held back by flow control. */
enum gram_event {
    GRAM_ON_OPEN,
    GRAM_ON_RESUME,
    GRAM_ON_MESSAGE,
    GRAM_ON_HALF_CLOSE,
    GRAM_ON_NEXT,
    GRAM_ON_CLOSED
};

/* Generated, one for each method: casts to the typed handler and calls it. A handler that is not set answers
 * GRAM_UNIMPLEMENTED. `handlers` is the application's struct of the service. */
typedef gram_status gram_dispatch_fn(const void *handlers, gram_call *call, enum gram_event event, const void *req,
                                     void *rep, gram_status status);

#define GRAM_UNBOUNDED UINT32_MAX /* rep_max of a reply with callback fields: sized when it is sent */

struct gram_method {
    const char *path; /* "/package.Service/Method" */
    gram_dispatch_fn *dispatch;
    const struct pb_msgdesc_s *req;
    const struct pb_msgdesc_s *rep;
    uint32_t req_max;  /* longest encoded request that is taken, bytes; longer ones: RESOURCE_EXHAUSTED */
    uint32_t rep_max;  /* longest encoded reply, bytes, or GRAM_UNBOUNDED */
    uint16_t req_size; /* sizeof the structs; checked against GRAM_REQUEST_SIZE and GRAM_REPLY_SIZE */
    uint16_t rep_size;
    uint8_t kind;      /* enum gram_kind */
};

/* A .proto file, as reflection hands it out: a serialized google.protobuf.FileDescriptorProto and the files it imports. */
struct gram_file {
    const char *name; /* "google/protobuf/timestamp.proto" */
    const uint8_t *bytes;
    uint16_t len;
    uint8_t dep_count;
    const struct gram_file *const *deps;
};

struct gram_service {
    const char *name; /* "package.Service" */
    const struct gram_method *methods;
    const struct gram_file *file; /* NULL where descriptors are left out (GRAM_DESCRIPTORS 0) */
    uint8_t method_count;
};

#endif
