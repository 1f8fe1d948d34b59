/* Requests and replies of SayHello, as bytes. */
#include "wire_call.h"

#include <string.h>

#include "wire_world.h"

static uint32_t mix(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7FEB352DU;
    x ^= x >> 15;
    x *= 0x846CA68BU;
    return x ^ x >> 16;
}

/* Most names fit; one in 50 is a byte or more too long, and must be refused alone. */
static size_t name_of(uint32_t number, char name[NAME_MAX_LEN + 8])
{
    uint32_t chance = mix(number);
    size_t len = chance % 50 == 0 ? NAME_MAX_LEN + 1 + chance / 50 % 4 : chance / 50 % (NAME_MAX_LEN + 1);

    for (size_t i = 0; i < len; i++) {
        name[i] = (char)('a' + mix(number * 100 + (uint32_t)i) % 26);
    }
    return len;
}

const char *call_path(const struct call *call)
{
    return mix(call->number) / 7919 % 2 == 0 ? "/greet.Greeter/SayHello" : "/proto.Greeter/SayHello";
}

void call_ask(struct call *call)
{
    char name[NAME_MAX_LEN + 8];
    size_t len = name_of(call->number, name);
    size_t message = len > 0 ? 2 + len : 0; /* proto3: an empty string is left out */

    memset(call->request, 0, 5);
    call->request[4] = (uint8_t)message;
    if (len > 0) {
        call->request[5] = 0x0A; /* field 1, length-delimited */
        call->request[6] = (uint8_t)len;
        memcpy(call->request + 7, name, len);
    }
    call->request_len = 5 + message;
    call->request_sent = 0;
    call->reply_len = 0;
    call->http_status = call->grpc_status = -1;
}

void call_check(const struct call *call)
{
    char expected[6 + NAME_MAX_LEN + 8] = "Hello ";
    size_t len = 6 + name_of(call->number, expected + 6);
    const uint8_t *r = call->reply;

    if (call->http_status != 200) {
        world_fail("call %u: HTTP status %d", (unsigned)call->number, call->http_status);
    }
    if (len > 6 + NAME_MAX_LEN) {
        if (call->grpc_status != 3 || call->reply_len != 0) {
            world_fail("call %u: a name too long was answered with status %d", (unsigned)call->number,
                       call->grpc_status);
        }
        return;
    }
    if (call->grpc_status != 0 || call->reply_len != 5 + 2 + len || r[0] != 0 || r[4] != 2 + len ||
        r[5] != 0x0A || r[6] != len || memcmp(r + 7, expected, len) != 0) {
        world_fail("call %u: wrong answer: status %d, %u bytes", (unsigned)call->number, call->grpc_status,
                   (unsigned)call->reply_len);
    }
}
