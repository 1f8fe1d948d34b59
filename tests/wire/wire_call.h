/* What a call asks, and what must come back: its number alone decides it (of which Greeter, with what name), so
 * its answer can be checked, and the call be made again. */
#ifndef WIRE_CALL_H
#define WIRE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_MAX_LEN 64 /* proto/greeter.options */
#define REQUEST_MAX (5 + 2 + NAME_MAX_LEN + 8)
#define REPLY_MAX 256

struct call {
    bool active;
    int32_t stream_id;
    uint32_t number;
    uint32_t begun_at;
    uint8_t request[REQUEST_MAX];
    size_t request_len, request_sent, request_limit;
    uint8_t reply[REPLY_MAX];
    size_t reply_len;
    int http_status, grpc_status;
};

const char *call_path(const struct call *call);
/* Makes the request; nothing of it is sent, and nothing of the answer is there. */
void call_ask(struct call *call);
/* The whole answer is here: ends the test if it is not the right one. */
void call_check(const struct call *call);

#endif
