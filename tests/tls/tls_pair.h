/* A server behind TLS and its clients (Mbed TLS, too) in one process, without a network, under a clock of their own.
 *
 * tls_run() is the main loop of a board: transports, server, transports, until nothing moves. tls_close() ends with "nothing is still taken": neither of the
 * server nor, but for the server's own keys, of the arena. */
#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#include "blob.h"
#include "grpc_server.h"
#include "test_app.h"
#include "tls_keys.h"

enum { TLS_BUFFER = 1 << 18, TLS_PEERS = 16 };

enum tls_fate { TLS_HERE, TLS_DONE, TLS_DROPPED, TLS_LEFT };

struct tls_peer;

/* What a client is like. */
struct tls_client {
    int version;                     /* MBEDTLS_SSL_VERSION_TLS1_2, .._3; 0: both */
    const char *const *alpn;         /* NULL: h2 */
    bool no_alpn;
    bool raw;                        /* no TLS: bytes as the test sends them */
    const struct tls_cert *cert;     /* NULL: none */
    const int *ciphers;              /* NULL: all */
    uint16_t limit;                  /* 512 or 1024: of the records that it takes, by max_fragment_length (1.2) or record_size_limit (1.3); 0: none */
    size_t fragment;                 /* its first message comes in records of so many bytes; 0: in one */
    mbedtls_ssl_session *session;    /* to be resumed */
    int modes;                       /* TLS 1.3: how; 0: every one */
    size_t segment;                  /* bytes delivered at once; 0: all */
    void (*each_segment)(struct tls_peer *p); /* when one has been taken; NULL: nothing */
    size_t cut;                      /* so many bytes are delivered, then FIN; 0: all */
};

struct tls_peer {
    struct tls_pair *pair;
    struct tls_client is;
    void *conn;                      /* NULL: the server had no place */
    enum tls_fate fate;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
    mbedtls_x509_crt ca, crt;
    mbedtls_pk_context key;
    bool open;                       /* its handshake is over */
    bool deaf;                       /* takes nothing from the server */
    int error;                       /* Mbed TLS's, that ended it */
    int alert;                       /* the server's, that ended it; 0: none (close_notify) */
    bool notified;                   /* the server's close_notify has come */
    bool ticket;                     /* a ticket has come (1.3) */
    bool offered;                    /* the server has been shown bytes */
    bool said_fin, said_ending;
    uint8_t *up, *down, *out, *in;   /* records each way, plaintext each way */
    size_t up_len, up_at, down_len, down_at, out_len, out_at, in_len;
};

struct tls_pair {
    struct gram_server *server;
    struct gram_tls *tls;
    uint32_t now;
    uint32_t due;                    /* when the server or TLS wants to be polled */
    bool has_due;
    size_t base;                     /* of the arena, without connections */
    struct tls_peer *peers[TLS_PEERS];
    unsigned peer_count;
};

extern char tls_log[4096];

extern const int tls_versions[2];
#define EACH_VERSION(v) for (unsigned v_ = 0, v; v_ < 2 && (v = (unsigned)tls_versions[v_], 1); v_++)

/* `auth` none: without a client CA. NULL, or what gram_tls_init() said. */
const char *tls_open(struct tls_pair *pair, enum gram_tls_client_auth auth);
struct gram_tls_config tls_config(enum gram_tls_client_auth auth);
void tls_close(struct tls_pair *pair);
/* After a test that has failed: so that the next does not fail, too. */
void tls_abandon(struct tls_pair *pair);

/* An entry of cmocka's list whose test has the file's `pair`, and leaves nothing of it to the next, however it ended. */
int tls_after(void **pair);
#define TEST(f) cmocka_unit_test_prestate_setup_teardown(f, NULL, tls_after, &pair)
void tls_run(struct tls_pair *pair);
/* One round; false: nothing moved. */
bool tls_round(struct tls_pair *pair);
void tls_sleep(struct tls_pair *pair, uint32_t ms);

/* Connects, and lets it run. */
struct tls_peer *tls_connect(struct tls_pair *pair, struct tls_client client);
/* The same without letting it run. */
struct tls_peer *tls_dial(struct tls_pair *pair, struct tls_client client);
/* Plaintext to be sent (raw: bytes), without letting it run. */
void tls_queue(struct tls_peer *p, const void *data, size_t len);
/* Preface and SETTINGS, then a call; without letting it run. */
void tls_hello(struct tls_peer *p);
void tls_call(struct tls_peer *p, uint32_t id, const char *path, int32_t number, const char *text);
/* A call (1: the first, with its preface) that is answered. */
void tls_check_call(struct tls_peer *p, uint32_t id);
/* Whether a text stands in what has come. */
bool tls_has(const struct tls_peer *p, const char *text);
void tls_fin(struct tls_peer *p);
void tls_notify(struct tls_peer *p);
void tls_lose(struct tls_peer *p);
/* The session, for another connection (its memory is the caller's). */
void tls_session(struct tls_peer *p, mbedtls_ssl_session *session);

#endif
