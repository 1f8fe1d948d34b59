/* TLS, as a filter between a transport and the server: ciphertext in, plaintext to gram_conn_rx(); what the server sends, records out.
 * Mbed TLS 3.6 does the protocol. Main loop only.
 *
 * A gram_tls is a pipe (port/pipe/gram_pipe.h): a transport takes it where it takes plaintext.
 *
 *     static struct gram_server server;
 *     static struct gram_tls tls;
 *     static const struct gram_tls_config config = {
 *         .entropy = board_entropy,
 *         .credentials = { .certificate = server_crt, .certificate_len = sizeof server_crt,
 *                          .key = server_key, .key_len = sizeof server_key },
 *     };
 *
 *     gram_server_init(&server, &gram_app, &log, now);
 *     const char *problem = gram_tls_init(&tls, &server, &config);
 *     if (problem) ...say it, do not go on: there is no way back to plaintext
 *     gram_lwip_listen(&tls.pipe, 50051);
 *
 * What it keeps to: TLS 1.3 and 1.2, whichever are compiled in; ECDHE with X25519 or P-256; AEAD ciphers; ALPN `h2`, which a client must offer; no
 * renegotiation, no early data, no compression. Limits, algorithms and memory: gram_tls_config.h.
 *
 * One handshake goes on at a time (GRAM_TLS_HANDSHAKES), in steps, other connections' calls between them; other clients wait, with their
 * bytes unread. All that Mbed TLS allocates comes from one arena of fixed size (tls_arena.h). There is one such arena, and one random
 * generator, for the program; each gram_tls has its own keys and connections. */
#ifndef GRAM_TLS_H
#define GRAM_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram/peer.h"
#include "gram_pipe.h"
#include "gram_tls_config.h"
#include "mbedtls/ssl.h"
#include "tls_arena.h"

struct gram_tls;

enum gram_tls_client_auth {
    GRAM_TLS_CLIENT_NONE,     /* clients are not asked */
    GRAM_TLS_CLIENT_OPTIONAL, /* one that shows a certificate must show a good one; others are let in without an identity */
    GRAM_TLS_CLIENT_REQUIRED  /* mutual TLS: a client without a good certificate is refused in the handshake */
};

/* What can be replaced while the server runs. All in DER: PEM is for files on a host. Only read during the call that takes it, so it may come from a
 * secure store through a buffer. */
struct gram_tls_credentials {
    /* The server's certificate, and behind it, without a gap, those between it and the root, if any. */
    const uint8_t *certificate;
    size_t certificate_len;
    /* Its key: PKCS#8, SEC1 (EC) or PKCS#1 (RSA), not encrypted. */
    const uint8_t *key;
    size_t key_len;
    /* Who may sign clients' certificates: one or more, behind each other. A self-signed client certificate may stand here itself. */
    const uint8_t *client_ca;
    size_t client_ca_len;
    /* Revoked client certificates (GRAM_TLS_CRL); NULL: none. */
    const uint8_t *client_crl;
    size_t client_crl_len;
    /* The certificates stay where they are, unchanged, as long as the server runs (in flash): then they are not copied into the arena. */
    bool lasting;
};

struct gram_tls_config {
    /* Random bytes from hardware or the host's kernel; false: it failed. Checked when TLS starts (tls_random.c says how), which does not go on without. */
    bool (*entropy)(uint8_t *buf, size_t len);
    /* Seconds since 1970, for the validity of client certificates. NULL: the device knows no time, and certificates count as valid whatever
     * their dates say; 0 as an answer: not yet known, then none is valid. */
    uint32_t (*unix_time)(void);
    enum gram_tls_client_auth client_auth;
    struct gram_tls_credentials credentials;
};

/* Checks the entropy source, the certificate and its key, and makes ready. NULL, or what is wrong, in words for people; static memory. */
const char *gram_tls_init(struct gram_tls *tls, gram_server *server, const struct gram_tls_config *config);

/* From now on, new connections see these; those that are there go on as they began. Tickets of before are no longer taken. NULL, or what is
 * wrong; then nothing has changed. Connections of two generations may live, not of three: while some of the generation before the
 * present one are left it answers GRAM_TLS_BUSY; try again later. */
const char *gram_tls_replace(struct gram_tls *tls, const struct gram_tls_credentials *credentials);
extern const char GRAM_TLS_BUSY[];

/* Gives back what gram_tls_init() took, be it that it failed; every connection has been closed. Behind the last one's, the arena is empty. */
void gram_tls_end(struct gram_tls *tls);

/* What is taken, and what has been. For tests, for an application's own figures, and to size GRAM_TLS_ARENA. */
struct gram_tls_usage {
    uint32_t connections; /* now: with those that wait */
    uint32_t handshaking; /* now */
    uint32_t handshakes;  /* finished well */
    uint32_t resumed;     /* of these, by ticket */
    uint32_t failed;      /* handshakes that were not */
    uint32_t truncated;   /* connections that ended without close_notify */
    struct gram_tls_arena_use arena;
};
struct gram_tls_usage gram_tls_usage(const struct gram_tls *tls);

/* ---- what it is made of: for sizeof ---- */

/* Which record of a stream of them a byte belongs to. */
struct gram_tls_scan {
    uint8_t head[5];
    uint8_t head_len;
    uint16_t left; /* bytes of the record that are still to come */
};

/* Where TLS 1.3 has ciphers to choose from: the part of a ClientHello that is coming by; tls_cipher.c. */
#define GRAM_TLS_CHOICE (GRAM_TLS_1_3 && GRAM_TLS_CHACHA20 && GRAM_TLS_AES_GCM)
struct gram_tls_hello {
    uint8_t part;
    bool preferred; /* it has a cipher that we prefer */
    uint16_t left;  /* bytes of the part that are still to come */
    uint16_t said;  /* the last two bytes */
};

enum gram_tls_state {
    GRAM_TLS_WAIT,      /* for its turn; nothing is read */
    GRAM_TLS_HANDSHAKE,
    GRAM_TLS_OPEN,
    GRAM_TLS_CLOSING,   /* its last records leave; what comes is thrown away */
    GRAM_TLS_DEAD       /* the transport is to drop it */
};

/* A connection: WAIT -> HANDSHAKE -> OPEN -> CLOSING, or DEAD from anywhere; tls_conn.c has the rules. */
struct gram_tls_conn {
    struct gram_tls *tls; /* NULL: free */
    gram_conn *core;      /* from its turn on, until it begins to close */
    struct gram_tls_set *set;
    uint8_t state;
    uint8_t number;       /* owner of its blocks in the arena */
    bool fresh;           /* `begun` is not set yet: only poll knows the time */
    bool moved;           /* the client has done something since `since` was set */
    bool offered;         /* WAIT: the client has sent something */
    bool hungry;          /* HANDSHAKE: nothing can be done before more input comes */
    bool blocked;         /* HANDSHAKE: nothing can be done before output has left */
    bool not_tls;         /* its first record is none */
    bool large;           /* its last record may be longer than GRAM_TLS_IN */
    bool alerted;         /* we have sent an alert */
    bool peer_closed;     /* its close_notify or FIN has come */
    bool no_h2;           /* its ALPN has not h2 */
    bool resumed;         /* by a ticket */
    bool identified;      /* `identity` is its own: nothing is told before the handshake has ended well */
    struct gram_tls_scan scan_in, scan_out;
#if GRAM_TLS_CHOICE
    struct gram_tls_hello hello;
#endif
    int only[2];          /* the cipher of the session that goes on, and the 0 that ends the list */
    uint16_t records;     /* that the client has sent, up to 65535 */
    uint32_t bytes;
    uint32_t turn;        /* WAIT: its place in the queue */
    uint32_t begun;       /* of the state that has a limit */
    uint32_t since;       /* of the client's silence */
    const uint8_t *in;    /* what rx() was offered; only during it */
    size_t in_len;
    mbedtls_ssl_context ssl;
    struct gram_peer_identity identity;
    char peer[GRAM_PEER_NAME];
    char name[GRAM_TLS_NAME];
    char alt_names[GRAM_TLS_ALT_NAMES];
    uint16_t plain_at, plain_len;           /* of `plain`: what the core has not taken yet */
    uint16_t tx_start, tx_used, tx_taken;   /* of the ring `tx`: oldest byte, bytes, of these handed to the network */
    uint8_t plain[GRAM_TLS_PLAIN];
    uint8_t tx[GRAM_TLS_TX_SIZE];
};

/* A generation of credentials, and the connections that use it. */
struct gram_tls_set {
    mbedtls_ssl_config conf;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
    mbedtls_x509_crt client_ca;
#if GRAM_TLS_CRL
    mbedtls_x509_crl client_crl;
#endif
    uint32_t users;
    bool ready;
};

#define GRAM_TLS_TICKET_KEY 32
struct gram_tls_ticket_key {
    uint8_t name[4];
    uint8_t key[GRAM_TLS_TICKET_KEY];
    bool valid;
};

struct gram_tls {
    struct gram_pipe pipe; /* first: what a transport is given */
    bool (*entropy)(uint8_t *buf, size_t len);
    uint32_t (*unix_time)(void);
    enum gram_tls_client_auth client_auth;
    struct gram_tls_set sets[2];
    struct gram_tls_set *set;      /* of new connections */
    struct gram_tls_conn *running; /* inside a call of Mbed TLS: whose */
    uint32_t refused;              /* allocations, before that call */
    uint32_t now;
    uint32_t tickets_since;
    bool tickets_begun;
    struct gram_tls_ticket_key ticket_keys[2]; /* the present one, the one before */
    uint32_t turn;                 /* given to the next that waits */
    uint32_t tokens;               /* thousandths of a handshake that may begin */
    uint32_t tokens_at;
    uint32_t handshakes, resumed, failed, truncated;
    struct gram_tls_conn conns[GRAM_TLS_CONNECTIONS];
};

#endif
