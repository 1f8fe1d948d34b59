/* Recorded from grpc-go 1.85 and h2load 1.52 with the sockets port (of grpc-go the first reflection call came
 * second on its connection; here it has the other headers' literals, too). Stream numbers are put in when a
 * frame is sent: 0 stands where they go. */
#include "bench_client.h"

#include <string.h>

#include "fault.h"
#include "gram/text.h"

#define HEADERS(len, flags) 0, 0, len, 1, flags, 0, 0, 0, 0
#define DATA(len, flags) 0, 0, len, 0, flags, 0, 0, 0, 0
#define GRAM_MESSAGE 0, 0, 0, 0, 6, 0x0a, 4, 'g', 'r', 'a', 'm'
#define LIST_MESSAGE 0, 0, 0, 0, 3, 0x3a, 1, '*'

#define GO_AUTHORITY 0x41, 0x8b, 0x08, 0x9d, 0x5c, 0x0b, 0x81, 0x70, 0xdc, 0x65, 0xf6, 0xd9, 0x6f
#define CONTENT_TYPE 0x5f, 0x8b, 0x1d, 0x75, 0xd0, 0x62, 0x0d, 0x26, 0x3d, 0x4c, 0x4d, 0x65, 0x64
#define GO_USER_AGENT 0x7a, 0x8a, 0x9a, 0xca, 0xc8, 0xb4, 0xc7, 0x60, 0x2b, 0xbc, 0xda, 0xe0
#define TE 0x40, 0x02, 0x74, 0x65, 0x86, 0x4d, 0x83, 0x35, 0x05, 0xb1, 0x1f
/* the value of :path; h2load's field has it as a literal that is not indexed */
#define SAY_HELLO 0x91, 0x62, 0x6b, 0x0a, 0x54, 0xaf, 0x8a, 0xc2, 0x95, 0x25, 0xb1, 0x8d, 0xc3, 0xf5, 0x8c, \
                  0xb4, 0x50, 0x7f
#define H2LOAD_SAY_HELLO 0x04, SAY_HELLO

static const uint8_t hello[] = {
    'P', 'R', 'I', ' ', '*', ' ', 'H', 'T', 'T', 'P', '/', '2', '.', '0', '\r', '\n', '\r', '\n',
    'S', 'M', '\r', '\n', '\r', '\n',
    0, 0, 0, 4, 0, 0, 0, 0, 0,                          /* SETTINGS */
    0, 0, 4, 8, 0, 0, 0, 0, 0, 0x3f, 0xff, 0x00, 0x00,  /* WINDOW_UPDATE */
};
static const uint8_t hello_ack[] = {0, 0, 0, 4, 1, 0, 0, 0, 0};
static const uint8_t go_first[] = {
    HEADERS(70, 4), 0x83, 0x86, 0x45, SAY_HELLO, GO_AUTHORITY, CONTENT_TYPE, GO_USER_AGENT, TE,
    DATA(11, 1), GRAM_MESSAGE,
};
static const uint8_t go_steady[] = {
    HEADERS(7, 4), 0x83, 0x86, 0xc2, 0xc1, 0xc0, 0xbf, 0xbe,
    DATA(11, 1), GRAM_MESSAGE,
};
static const uint8_t go_beside[] = {
    0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x11,                           /* WINDOW_UPDATE */
    0, 0, 8, 6, 0, 0, 0, 0, 0, 2, 4, 0x10, 0x10, 9, 0x0e, 7, 7,         /* PING: how wide is the way? */
};
static const uint8_t h2load_first[] = {
    HEADERS(80, 4), H2LOAD_SAY_HELLO, 0x86, GO_AUTHORITY, 0x83,
    0x7a, 0x8f, 0x9c, 0x54, 0x1c, 0x72, 0x29, 0x54, 0xd3, 0xa5, 0x35, 0x89, 0x80, 0xae, 0xd8, 0x97,
    0x07,
    CONTENT_TYPE, TE, 0x0f, 0x0d, 2, '1', '1',
    DATA(11, 1), GRAM_MESSAGE,
};
static const uint8_t h2load_steady[] = {
    HEADERS(30, 4), H2LOAD_SAY_HELLO, 0x86, 0xc1, 0x83, 0xc0, 0xbf, 0xbe, 0x0f, 0x0d, 2, '1', '1',
    DATA(11, 1), GRAM_MESSAGE,
};
static const uint8_t reflection_first[] = {
    HEADERS(94, 4),
    0x83, 0x86, 0x45, 0xa9, 0x62, 0x6b, 0x2b, 0x22, 0xf6, 0x16, 0x5a, 0x0a, 0x44, 0x98, 0xf5, 0x2f,
    0xdc, 0x2b, 0xee, 0x2d, 0x9d, 0xcb, 0x66, 0xd2, 0xcb, 0x41, 0x48, 0x93, 0x1e, 0xa6, 0x37, 0x16,
    0xce, 0xe5, 0xb3, 0x69, 0x65, 0xa0, 0xa4, 0x49, 0x8f, 0x56, 0x4a, 0xa5, 0x3f,
    GO_AUTHORITY, CONTENT_TYPE, GO_USER_AGENT, TE,
    DATA(8, 0), LIST_MESSAGE, DATA(0, 1),
};
static const uint8_t reflection_steady[] = {
    HEADERS(7, 4), 0x83, 0x86, 0xc2, 0xc1, 0xc0, 0xbf, 0xbe,
    DATA(8, 0), LIST_MESSAGE, DATA(0, 1),
};
static const uint8_t steady[] = {
    HEADERS(7, 4), 0x83, 0x86, 0xc2, 0xc1, 0xc0, 0xbf, 0xbe,
    DATA(5, 1), 0, 0, 0, 0, 0,
};

#define BYTES(name) const struct bench_bytes bench_##name = {name, sizeof name}
BYTES(hello);
BYTES(hello_ack);
BYTES(go_first);
BYTES(go_steady);
BYTES(go_beside);
BYTES(h2load_first);
BYTES(h2load_steady);
BYTES(reflection_first);
BYTES(reflection_steady);
BYTES(steady);

uint32_t bench_answered;

static gram_conn *conn;
static uint32_t stream;

void bench_connect(gram_server *server)
{
    conn = gram_conn_open(server, "10.0.2.2:50000");
    if (conn == NULL) {
        fault_stop("no connection in the benchmark");
    }
    stream = 1;
    bench_send(&bench_hello);
    bench_send(&bench_hello_ack);
}

void bench_disconnect(void)
{
    gram_conn_closed(conn);
}

void bench_receive(void)
{
    size_t taken = 0;
    size_t n;

    while (gram_conn_tx_buf(conn, &n), n > 0) {
        gram_conn_tx_taken(conn, n);
        taken += n;
    }
    if (taken > 0) {
        gram_conn_tx_acked(conn, taken);
        bench_answered += taken;
    }
}

static void send_bytes(const uint8_t *data, size_t len)
{
    if (gram_conn_rx(conn, data, len) != len) {
        fault_stop("the core did not take all of the benchmark's bytes");
    }
    bench_receive();
}

/* Stream numbers go where a HEADERS or a DATA frame has them. */
static void number(uint8_t *frames, size_t len)
{
    for (size_t at = 0; at < len; at += 9u + frames[at + 2]) {
        frames[at + 6] = (uint8_t)(stream >> 16);
        frames[at + 7] = (uint8_t)(stream >> 8);
        frames[at + 8] = (uint8_t)stream;
    }
    stream += 2;
}

void bench_send(const struct bench_bytes *bytes)
{
    static uint8_t segment[160];

    if (bytes->data[3] != 1) { /* nothing of a stream's */
        send_bytes(bytes->data, bytes->len);
        return;
    }
    memcpy(segment, bytes->data, bytes->len);
    number(segment, bytes->len);
    send_bytes(segment, bytes->len);
}

void bench_first(const char *path)
{
    static const uint8_t rest[] = {0x41, 1, 'x', CONTENT_TYPE, GO_USER_AGENT, TE, DATA(5, 1), 0, 0, 0, 0, 0};
    uint8_t segment[160] = {HEADERS(0, 4), 0x83, 0x86, 0x44};
    size_t len = strlen(path);

    segment[12] = (uint8_t)len;
    memcpy(segment + 13, path, len);
    memcpy(segment + 13 + len, rest, sizeof rest);
    len += 13 + sizeof rest;
    segment[2] = (uint8_t)(len - 9 - 14);
    number(segment, len);
    send_bytes(segment, len);
}
