/* The status of a call: RFC-less but fixed by gRPC (grpc/grpc, doc/statuscodes.md), sent as `grpc-status`. */
#ifndef GRAM_STATUS_H
#define GRAM_STATUS_H

typedef enum gram_status {
    GRAM_OK = 0,
    GRAM_CANCELLED = 1,           /* the client went away or said so */
    GRAM_UNKNOWN = 2,
    GRAM_INVALID_ARGUMENT = 3,    /* wrong whatever the state of the device */
    GRAM_DEADLINE_EXCEEDED = 4,
    GRAM_NOT_FOUND = 5,
    GRAM_ALREADY_EXISTS = 6,
    GRAM_PERMISSION_DENIED = 7,   /* the caller is known, and may not */
    GRAM_RESOURCE_EXHAUSTED = 8,  /* a table, a buffer or a quota is full */
    GRAM_FAILED_PRECONDITION = 9, /* wrong in the state that the device is in */
    GRAM_ABORTED = 10,
    GRAM_OUT_OF_RANGE = 11,
    GRAM_UNIMPLEMENTED = 12,
    GRAM_INTERNAL = 13,           /* a rule is broken: ours, or the protocol's */
    GRAM_UNAVAILABLE = 14,        /* try again */
    GRAM_DATA_LOSS = 15,
    GRAM_UNAUTHENTICATED = 16,    /* the caller is not known */

    /* Not statuses: what a handler answers when the call does not end here. */
    GRAM_MORE = -1,         /* `next` only: the reply is filled in, ask again when it has gone out */
    GRAM_WAIT = -2,         /* nothing yet: ask again after gram_call_wake() or gram_call_sleep() */
    GRAM_PENDING = GRAM_WAIT, /* the same, as a unary handler says it */
    GRAM_DONE = GRAM_OK     /* `next` only: there are no more replies, the call ends with OK */
} gram_status;

/* The name of a status as the gRPC specification spells it, "NOT_FOUND"; "?" outside 0..16. Static memory. */
const char *gram_status_name(gram_status status);

#endif
