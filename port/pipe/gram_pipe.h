/* What a transport serves: a server, bare or behind a filter such as TLS.
 *
 * A pipe has the calls of gram/transport.h under the same names and with the same contract, one level down: bytes of the network in, bytes for
 * the network out. A transport calls through it and need not know what lies behind:
 *
 *     static struct gram_pipe plain = GRAM_PIPE_PLAIN(&server);      plaintext: the server itself (pipe_plain.c)
 *     gram_lwip_listen(&plain, 50051);
 *
 *     static struct gram_tls tls;                                    port/tls/gram_tls.h
 *     gram_tls_init(&tls, &server, &config);
 *     gram_lwip_listen(&tls.pipe, 50051);
 *
 * Both may serve the same server, on two ports. */
#ifndef GRAM_PIPE_H
#define GRAM_PIPE_H

#include "gram/transport.h"

struct gram_pipe_calls;

struct gram_pipe {
    const struct gram_pipe_calls *calls;
    gram_server *server;
};

/* `conn` is what open() answered. */
struct gram_pipe_calls {
    void *(*open)(struct gram_pipe *pipe, const char *peer);
    size_t (*rx)(void *conn, const uint8_t *data, size_t len);
    bool (*rx_ready)(const void *conn);
    void (*rx_end)(void *conn);
    /* FIN has come behind bytes that are not taken yet: rx_end() follows when they are, unless it is not worth it. */
    void (*rx_ending)(void *conn);
    const uint8_t *(*tx_buf)(void *conn, size_t *len);
    void (*tx_taken)(void *conn, size_t len);
    void (*tx_acked)(void *conn, size_t len);
    enum gram_conn_phase (*phase)(const void *conn);
    void (*closed)(void *conn);
    /* Once in each round, after gram_server_poll() and before the other calls: time, and what the server has to say. Returns the milliseconds
     * until it has to be called again at the latest. */
    uint32_t (*poll)(void *conn, uint32_t now_ms);
};

extern const struct gram_pipe_calls gram_pipe_plain;
#define GRAM_PIPE_PLAIN(the_server)                                                                                  \
    {                                                                                                                \
        .calls = &gram_pipe_plain, .server = (the_server)                                                            \
    }

#endif
