/* TLS: what is in it, and its limits, with defaults and costs. Mbed TLS itself is configured by these (gram_mbedtls_config.h), once
 * for a target, so they are the target's to set, in its gram_target_config.h, with #ifndef around each line; or on the compiler's
 * command line. tls_server.c checks them against the limits of gram/config.h. */
#ifndef GRAM_TLS_CONFIG_H
#define GRAM_TLS_CONFIG_H

#include "gram_target_config.h"

/* ---- versions, algorithms (flash) ---- */

/* Which versions are compiled in. Flash of Mbed TLS in an image, Cortex-M3 -Os: docs/security.md. */
#ifndef GRAM_TLS_1_3
#define GRAM_TLS_1_3 1
#endif
#ifndef GRAM_TLS_1_2
#define GRAM_TLS_1_2 1
#endif

/* Ciphers. Where both are in, GRAM_TLS_PREFER_AES says which comes first; a core without AES hardware is two to three times faster with
 * ChaCha20-Poly1305, and does not leak by cache timing. */
#ifndef GRAM_TLS_CHACHA20
#define GRAM_TLS_CHACHA20 1
#endif
#ifndef GRAM_TLS_AES_GCM
#define GRAM_TLS_AES_GCM 1
#endif
#ifndef GRAM_TLS_PREFER_AES
#define GRAM_TLS_PREFER_AES 0
#endif

/* SHA-384: AES-256-GCM, and client certificates that are signed with it. */
#ifndef GRAM_TLS_SHA384
#define GRAM_TLS_SHA384 0
#endif

/* RSA keys (2048 to 4096 bits): the server's own, and client certificates. Without: ECDSA with P-256 only. */
#ifndef GRAM_TLS_RSA
#define GRAM_TLS_RSA 0
#endif

/* Client certificates: mutual TLS. */
#ifndef GRAM_TLS_CLIENT_AUTH
#define GRAM_TLS_CLIENT_AUTH 1
#endif

/* A list of revoked client certificates (an X.509 CRL). */
#ifndef GRAM_TLS_CRL
#define GRAM_TLS_CRL 0
#endif

/* Session tickets: a client that comes back needs no signature and, under mutual TLS, no certificate. */
#ifndef GRAM_TLS_TICKETS
#define GRAM_TLS_TICKETS 1
#endif

/* Fast and large, or small: tables of curve points, unrolled hashes. */
#ifndef GRAM_TLS_FAST
#define GRAM_TLS_FAST 0
#endif

/* ---- memory ---- */

/* The largest record that is taken, bytes of plaintext. A client may put frames of all its streams into one, so it must hold all the
 * windows that are offered (tls_server.c checks it); 2048 is the least, 4096 with client certificates: a client's chain comes in
 * one. Part of the arena. */
#ifndef GRAM_TLS_IN
#define GRAM_TLS_IN 4096
#endif
/* The largest record that is sent. Part of the arena. */
#ifndef GRAM_TLS_OUT
#define GRAM_TLS_OUT 1024
#endif
/* Records that wait for their acknowledgement, bytes for each connection. At least one whole record. */
#ifndef GRAM_TLS_TX_SIZE
#define GRAM_TLS_TX_SIZE 1460
#endif
/* Plaintext on its way to the core, bytes for each connection: what a step hands over at once. */
#ifndef GRAM_TLS_PLAIN
#define GRAM_TLS_PLAIN 256
#endif
/* Of a request's headers, so many bytes may come in one record with full windows. A client that sends more ends its connection with
 * record_overflow. */
#ifndef GRAM_TLS_HEADER_ALLOWANCE
#define GRAM_TLS_HEADER_ALLOWANCE 1024
#endif
/* What Mbed TLS allocates from: all of it, since there is no heap. docs/security.md has the peaks that were measured; gram_tls_usage() tells
 * what a build of your own needs. */
#ifndef GRAM_TLS_ARENA
#define GRAM_TLS_ARENA 28672
#endif
/* Clients that have a connection or wait for their handshake. Each costs GRAM_TLS_TX_SIZE + GRAM_TLS_PLAIN + about 300 bytes. */
#ifndef GRAM_TLS_CONNECTIONS
#define GRAM_TLS_CONNECTIONS (GRAM_MAX_CONNECTIONS + 1)
#endif

/* What is kept of a client's certificate: its common name, and its alternative names ("dns:", "uri:", "email:") together; longer
 * ones are left out whole, never cut. For each connection. */
#ifndef GRAM_TLS_NAME
#define GRAM_TLS_NAME 32
#endif
#ifndef GRAM_TLS_ALT_NAMES
#define GRAM_TLS_ALT_NAMES 64
#endif

/* ---- limits that cost no memory ---- */

/* Handshakes at a time, begun per second, and begun at once after a pause. Others wait, unread. One handshake costs 27 to 53 million
 * instructions on a Cortex-M3. */
#ifndef GRAM_TLS_HANDSHAKES
#define GRAM_TLS_HANDSHAKES 1
#endif
#ifndef GRAM_TLS_HANDSHAKES_PER_SECOND
#define GRAM_TLS_HANDSHAKES_PER_SECOND 10
#endif
#ifndef GRAM_TLS_HANDSHAKE_BURST
#define GRAM_TLS_HANDSHAKE_BURST 10
#endif

/* Milliseconds: for a whole handshake; without a byte from the client in one, while others wait; for its turn to come. */
#ifndef GRAM_TLS_HANDSHAKE_MS
#define GRAM_TLS_HANDSHAKE_MS 10000
#endif
#ifndef GRAM_TLS_SILENCE_MS
#define GRAM_TLS_SILENCE_MS 2000
#endif
#ifndef GRAM_TLS_WAIT_MS
#define GRAM_TLS_WAIT_MS 20000
#endif

/* What a client may send in a handshake: bytes and records. A ClientHello with post-quantum key shares has 1,500, a chain of three RSA
 * certificates 5,000. */
#ifndef GRAM_TLS_HANDSHAKE_BYTES
#define GRAM_TLS_HANDSHAKE_BYTES 16384
#endif
#ifndef GRAM_TLS_HANDSHAKE_RECORDS
#define GRAM_TLS_HANDSHAKE_RECORDS 24
#endif

/* How long a ticket key is used, minutes; its tickets are taken for as long again. */
#ifndef GRAM_TLS_TICKET_MINUTES
#define GRAM_TLS_TICKET_MINUTES 720
#endif

#endif
