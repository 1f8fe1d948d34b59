/* What the files of port/tls say to each other. */
#ifndef GRAM_TLS_INTERNAL_H
#define GRAM_TLS_INTERNAL_H

#include "gram_tls.h"

/* ---- tls_conn.c ---- */

extern const struct gram_pipe_calls gram_tls_calls;

/* ---- tls_random.c ---- */

/* Checks the source and seeds the generator from it. NULL, or what is wrong. */
const char *gram_tls_random_init(bool (*entropy)(uint8_t *buf, size_t len));
/* Random bytes, as Mbed TLS asks for them; 0, or its error. */
int gram_tls_random(void *unused, unsigned char *buf, size_t len);

/* ---- tls_identity.c ---- */

/* For mbedtls_ssl_conf_verify(); `tls` is the server, its running connection gets the identity. */
int gram_tls_verify(void *tls, mbedtls_x509_crt *crt, int depth, uint32_t *flags);
/* What is wrong with a client's certificate, for people, and the alert that says so. */
const char *gram_tls_verdict(uint32_t flags, uint8_t *alert);

/* ---- tls_ticket.c ---- */

#if GRAM_TLS_TICKETS
/* For mbedtls_ssl_conf_session_tickets_cb(). */
int gram_tls_ticket_write(void *tls, const mbedtls_ssl_session *session, unsigned char *start, const unsigned char *end,
                          size_t *len, uint32_t *lifetime);
int gram_tls_ticket_parse(void *tls, mbedtls_ssl_session *session, unsigned char *buf, size_t len);
/* New keys; the present ones become those before, or (forget) are no longer known either. False: no random bytes. */
bool gram_tls_tickets_rotate(struct gram_tls *tls, bool forget);
/* Rotates when it is time. */
void gram_tls_tickets_poll(struct gram_tls *tls);
#endif

/* ---- tls_server.c ---- */

/* A connection of the present generation begins: NULL if Mbed TLS has no memory for it. */
struct gram_tls_set *gram_tls_set_use(struct gram_tls *tls);
void gram_tls_set_leave(struct gram_tls *tls, struct gram_tls_set *set);

#endif
