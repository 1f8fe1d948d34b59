/* Rich errors: what a client's program can act on, beside the status and its text for people. They travel as the trailer
 * grpc-status-details-bin, a google.rpc.Status with google.rpc's standard details; Go has them by status.Details(), Python
 * by grpc_status.rpc_status, Java by StatusProto.
 *
 *     static const struct gram_violation violations[] = {{.field = "name", .description = "must not be empty"}};
 *     const struct gram_detail details[] = {GRAM_DETAIL_BAD_REQUEST(violations, 1)};
 *     return gram_call_fail_with(call, GRAM_INVALID_ARGUMENT, "no name", details, 1);
 *
 * To have it: `SERVICES := .. details` in app.mk, and GRAM_METADATA_SIZE with room for it.
 *
 * Everything is encoded at once into the call's metadata (gram/metadata.h): texts and structs may live on the handler's
 * stack. It costs 4/3 of the encoding and 32 there. The encoding: the status' text and 4, and for each detail about 45
 * bytes (its type's name), its texts, and 2 for each of these (RetryInfo: up to 17; a violation or a pair: 2 more). So 256
 * hold a BadRequest of two fields, 160 a RetryInfo.
 *
 * Return what gram_call_fail_with() returns, and ask it once for a call: the details say the status and its text, too, and
 * clients take no others. A reply cannot have details.
 *
 * Cost, Cortex-M3 -Os: 1,075 bytes of flash; GRAM_DETAILS_MAX and 160 of stack while it runs. From the main loop, where
 * gram_call_fail() may be called. */
#ifndef GRAM_DETAILS_H
#define GRAM_DETAILS_H

#include <stdint.h>

#include "gram/call.h"

/* The longest google.rpc.Status that is built, bytes before base64. It lies on the stack for the moment. */
#ifndef GRAM_DETAILS_MAX
#define GRAM_DETAILS_MAX 256
#endif

enum gram_detail_kind { GRAM_BAD_REQUEST, GRAM_RETRY_INFO, GRAM_ERROR_INFO, GRAM_RESOURCE_INFO };

struct gram_violation { /* google.rpc.BadRequest.FieldViolation */
    const char *field;
    const char *description;
};

struct gram_pair { /* of ErrorInfo.metadata */
    const char *key;
    const char *value;
};

/* One detail. Texts are UTF-8; NULL is as good as "". */
struct gram_detail {
    enum gram_detail_kind kind;
    uint8_t count; /* of violations or pairs */
    union {
        const struct gram_violation *violations;
        uint32_t retry_ms;
        struct {
            const char *reason; /* UPPER_SNAKE_CASE */
            const char *domain; /* who says so: "device.example.com" */
            const struct gram_pair *metadata;
        } error;
        struct {
            const char *type; /* "file" */
            const char *name;
            const char *owner;
            const char *description;
        } resource;
    } of;
};

#define GRAM_DETAIL_BAD_REQUEST(list, n) {.kind = GRAM_BAD_REQUEST, .count = (n), .of.violations = (list)}
#define GRAM_DETAIL_RETRY_INFO(ms) {.kind = GRAM_RETRY_INFO, .of.retry_ms = (ms)}
#define GRAM_DETAIL_ERROR_INFO(why, who) {.kind = GRAM_ERROR_INFO, .of.error = {.reason = (why), .domain = (who)}}
#define GRAM_DETAIL_RESOURCE_INFO(what, which) \
    {.kind = GRAM_RESOURCE_INFO, .of.resource = {.type = (what), .name = (which)}}

/* As gram_call_fail(), with details. Where they do not fit (GRAM_DETAILS_MAX, or what is left of
 * GRAM_METADATA_SIZE) the client gets the status and its text alone, and a line is logged, naming the limit. */
gram_status gram_call_fail_with(gram_call *call, gram_status status, const char *text, const struct gram_detail *details,
                                unsigned count);

/* The same with a RetryInfo and nothing else. */
gram_status gram_call_retry_after(gram_call *call, gram_status status, const char *text, uint32_t retry_ms);

#endif
