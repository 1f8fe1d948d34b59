/* sim_trace.h: one line a frame (RFC 9113 4.1), such as
 *
 *     [0] <- HEADERS       stream 1   87 bytes  END_HEADERS
 *     [0] -> WINDOW_UPDATE stream 0    4 bytes  +20000
 *
 * The arrow points the way the bytes go: <- into the server. */
#include "sim_trace.h"

#include <stdio.h>
#include <string.h>

enum frame_type {
    DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION
};

static const char *const type_names[] = {
    "DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY",
    "WINDOW_UPDATE", "CONTINUATION"};

/* RFC 9113 7. */
static const char *const error_names[] = {
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"};

/* RFC 9113 6.5.2, by number. */
static const char *const setting_names[] = {"?", "HEADER_TABLE_SIZE", "ENABLE_PUSH", "MAX_CONCURRENT_STREAMS",
                                            "INITIAL_WINDOW_SIZE", "MAX_FRAME_SIZE", "MAX_HEADER_LIST_SIZE"};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void print_flags(uint8_t type, uint8_t flags)
{
    bool ends = type == DATA || type == HEADERS;
    bool block = type == HEADERS || type == PUSH_PROMISE || type == CONTINUATION;

    if ((type == SETTINGS || type == PING) && (flags & 0x1) != 0) {
        printf("  ACK");
    }
    if (ends && (flags & 0x1) != 0) {
        printf("  END_STREAM");
    }
    if (block && (flags & 0x4) != 0) {
        printf("  END_HEADERS");
    }
    if ((ends || type == PUSH_PROMISE) && (flags & 0x8) != 0) {
        printf("  PADDED");
    }
    if (type == HEADERS && (flags & 0x20) != 0) {
        printf("  PRIORITY");
    }
}

static void print_error(uint32_t code)
{
    if (code < COUNT(error_names)) {
        printf("  %s", error_names[code]);
    } else {
        printf("  error 0x%x", (unsigned)code);
    }
}

static void print_settings(const uint8_t *payload, size_t len)
{
    for (; len >= 6; payload += 6, len -= 6) {
        unsigned id = (unsigned)payload[0] << 8 | payload[1];

        if (id > 0 && id < COUNT(setting_names)) {
            printf("  %s=%u", setting_names[id], (unsigned)be32(payload + 2));
        } else {
            printf("  0x%x=%u", id, (unsigned)be32(payload + 2));
        }
    }
}

/* What the first bytes of a control frame say, as far as they are at hand. */
static void print_payload(uint8_t type, const uint8_t *payload, size_t len)
{
    switch (type) {
    case SETTINGS:
        print_settings(payload, len);
        break;
    case WINDOW_UPDATE:
        if (len >= 4) {
            printf("  +%u", (unsigned)(be32(payload) & 0x7FFFFFFF));
        }
        break;
    case RST_STREAM:
        if (len >= 4) {
            print_error(be32(payload));
        }
        break;
    case GOAWAY:
        if (len >= 8) {
            printf("  last stream %u", (unsigned)(be32(payload) & 0x7FFFFFFF));
            print_error(be32(payload + 4));
        }
        for (size_t i = 8; i < len; i++) {
            printf("%s%c", i == 8 ? "  " : "", payload[i] >= 0x20 && payload[i] < 0x7F ? payload[i] : '.');
        }
        break;
    default:
        break;
    }
}

void sim_trace_frame(unsigned conn, bool in, const uint8_t header[9], const uint8_t *payload, size_t len)
{
    uint32_t length = (uint32_t)header[0] << 16 | (uint32_t)header[1] << 8 | header[2];
    uint8_t type = header[3];
    char unknown[16];
    const char *name = unknown;

    if (type < COUNT(type_names)) {
        name = type_names[type];
    } else {
        snprintf(unknown, sizeof unknown, "type 0x%02x", type);
    }
    printf("[%u] %s %-13s stream %u  %4u bytes", conn, in ? "<-" : "->", name,
           (unsigned)(be32(header + 5) & 0x7FFFFFFF), (unsigned)length);
    print_flags(type, header[4]);
    if (payload != NULL) {
        print_payload(type, payload, len < length ? len : length);
    }
    putchar('\n');
}
