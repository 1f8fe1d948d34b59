/* Rich errors: google.rpc.Status and its standard details (gram/details.h; google/rpc/status.proto, error_details.proto).
 *
 * It is encoded from its end to its beginning: when a message's length is due, what it counts has been written. Invariant: what has been
 * written are the bytes from `at` on; once something did not fit, `full` stays true and the rest is not sent. */
#include "gram/details.h"

#include <string.h>

#include "gram/metadata.h"
#include "gram/server.h"
#include "gram/text.h"

#if GRAM_METADATA_SIZE == 0
#error "the service details needs metadata: set GRAM_METADATA_SIZE in gram_app_config.h (gram/details.h says how much)"
#endif

struct back {
    size_t at;
    bool full;
    uint8_t bytes[GRAM_DETAILS_MAX];
};

static void put_bytes(struct back *b, const void *data, size_t len)
{
    b->full |= len > b->at;
    if (b->full)
        return;
    b->at -= len;
    memcpy(b->bytes + b->at, data, len);
}

static void put_varint(struct back *b, uint32_t v)
{
    uint8_t groups[5];
    unsigned n = 0;

    for (; v >= 128; v >>= 7)
        groups[n++] = (uint8_t)(v | 128);
    groups[n++] = (uint8_t)v;
    put_bytes(b, groups, n);
}

/* Fields are numbered below 16: a tag is one byte. */
static void put_number(struct back *b, unsigned field, uint32_t v)
{
    if (v == 0)
        return;
    put_varint(b, v);
    put_varint(b, field << 3);
}

/* Closes what has been written since `end`: a message, or text. */
static void put_length(struct back *b, unsigned field, size_t end)
{
    put_varint(b, (uint32_t)(end - b->at));
    put_varint(b, field << 3 | 2);
}

static void put_text_of(struct back *b, unsigned field, const char *text, size_t len)
{
    size_t end = b->at;

    if (len == 0)
        return;
    put_bytes(b, text, len);
    put_length(b, field, end);
}

static void put_text(struct back *b, unsigned field, const char *text)
{
    if (text)
        put_text_of(b, field, text, strlen(text));
}

/* ---- the details: google/rpc/error_details.proto ---- */

/* BadRequest.field_violations: field = 1, description = 2. */
static void put_bad_request(struct back *b, const struct gram_detail *detail)
{
    for (unsigned i = detail->count; i-- > 0;) {
        size_t end = b->at;

        put_text(b, 2, detail->of.violations[i].description);
        put_text(b, 1, detail->of.violations[i].field);
        put_length(b, 1, end);
    }
}

/* RetryInfo.retry_delay, a google.protobuf.Duration: seconds = 1, nanos = 2. */
static void put_retry_info(struct back *b, uint32_t ms)
{
    size_t end = b->at;

    put_number(b, 2, ms % 1000 * 1000000);
    put_number(b, 1, ms / 1000);
    put_length(b, 1, end);
}

/* ErrorInfo: reason = 1, domain = 2, metadata = 3, a map: key = 1, value = 2. */
static void put_error_info(struct back *b, const struct gram_detail *detail)
{
    for (unsigned i = detail->count; i-- > 0;) {
        size_t end = b->at;

        put_text(b, 2, detail->of.error.metadata[i].value);
        put_text(b, 1, detail->of.error.metadata[i].key);
        put_length(b, 3, end);
    }
    put_text(b, 2, detail->of.error.domain);
    put_text(b, 1, detail->of.error.reason);
}

/* ResourceInfo: resource_type = 1, resource_name = 2, owner = 3, description = 4. */
static void put_resource_info(struct back *b, const struct gram_detail *detail)
{
    put_text(b, 4, detail->of.resource.description);
    put_text(b, 3, detail->of.resource.owner);
    put_text(b, 2, detail->of.resource.name);
    put_text(b, 1, detail->of.resource.type);
}

/* Status.details, a google.protobuf.Any: type_url = 1, value = 2. */
static void put_detail(struct back *b, const struct gram_detail *detail)
{
    static const char prefix[] = "type.googleapis.com/google.rpc.";
    const char *name = "";
    size_t end = b->at, type_end;

    switch (detail->kind) {
    case GRAM_BAD_REQUEST:
        name = "BadRequest";
        put_bad_request(b, detail);
        break;
    case GRAM_RETRY_INFO:
        name = "RetryInfo";
        put_retry_info(b, detail->of.retry_ms);
        break;
    case GRAM_ERROR_INFO:
        name = "ErrorInfo";
        put_error_info(b, detail);
        break;
    case GRAM_RESOURCE_INFO:
        name = "ResourceInfo";
        put_resource_info(b, detail);
        break;
    }
    put_length(b, 2, end);
    type_end = b->at;
    put_bytes(b, name, strlen(name));
    put_bytes(b, prefix, sizeof prefix - 1);
    put_length(b, 1, type_end);
    put_length(b, 3, end);
}

/* ---- the status: code = 1, message = 2, details = 3 ---- */

/* How much of a text gram_call_fail() sends: clients (Python's rpc_status) refuse details whose message is not the same. */
static size_t message_len(const char *text)
{
    size_t cost = 0, whole = 0;

    for (size_t i = 0;; i++) {
        uint8_t c = (uint8_t)text[i];

        if ((c & 0xc0) != 0x80) /* not within a UTF-8 sequence */
            whole = i;
        if (c == '\0')
            return i;
        cost += c >= 0x20 && c <= 0x7e && c != '%' ? 1 : 3;
        if (cost > GRAM_STATUS_TEXT_MAX)
            return whole;
    }
}

static void log_left_out(gram_call *call, const char *limit)
{
    char line[128];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, limit);
    gram_text_str(&t, " is too small for details: ");
    gram_text_str(&t, gram_call_path(call));
    gram_server_log(gram_call_server(call), GRAM_LOG_ERROR, line);
}

gram_status gram_call_fail_with(gram_call *call, gram_status status, const char *text, const struct gram_detail *details,
                                unsigned count)
{
    struct back b = { .at = sizeof b.bytes };

    for (unsigned i = count; i-- > 0;)
        put_detail(&b, &details[i]);
    put_text_of(&b, 2, text, message_len(text));
    put_number(&b, 1, (uint32_t)status);
    if (b.full)
        log_left_out(call, "GRAM_DETAILS_MAX");
    else if (!gram_call_trailer(call, "grpc-status-details-bin", b.bytes + b.at, sizeof b.bytes - b.at))
        log_left_out(call, "GRAM_METADATA_SIZE");
    return gram_call_fail(call, status, text);
}

gram_status gram_call_retry_after(gram_call *call, gram_status status, const char *text, uint32_t retry_ms)
{
    const struct gram_detail retry = GRAM_DETAIL_RETRY_INFO(retry_ms);

    return gram_call_fail_with(call, status, text, &retry, 1);
}
