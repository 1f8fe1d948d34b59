/* Certificates and keys for the tests, made when they run: none is in the repository. */
#ifndef TLS_KEYS_H
#define TLS_KEYS_H

#include "gram_tls.h"

struct tls_cert {
    uint8_t crt[1024];
    size_t crt_len;
    uint8_t key[512];
    size_t key_len;
    mbedtls_pk_context pk;
    const char *subject;
};

struct tls_wish {
    const char *subject;          /* "CN=client" */
    const struct tls_cert *signer; /* NULL: itself */
    const char *dns;              /* an alternative name, or NULL */
    const char *uri;
    const char *from, *to;        /* "20240101000000"; NULL: 2020 to 2040 */
    bool ca;
};
void tls_make(struct tls_cert *cert, struct tls_wish wish);

/* A CA of ours, certificates that it has signed, and those of a stranger. Made once. */
struct tls_keys {
    struct tls_cert ca, server, other_server, client, expired, future;
    struct tls_cert stranger_ca, stranger;
};
const struct tls_keys *tls_keys(void);
#define TLS_NOW 1735689600u /* 2025-01-01 */

/* A test double: bytes that look random and are the same in every run. Which of its reads misbehaves is up to the test. */
enum tls_entropy { TLS_ENTROPY_GOOD, TLS_ENTROPY_ZERO, TLS_ENTROPY_SAME, TLS_ENTROPY_BIASED, TLS_ENTROPY_NONE };
extern enum tls_entropy tls_entropy_is;
bool tls_entropy(uint8_t *buf, size_t len);

/* Called before each allocation of the server's; NULL: nothing is. */
extern void (*tls_each_allocation)(void);
/* The client's memory is malloc's, the server's the arena: whoever runs now. */
extern bool tls_client_runs;

#endif
