/* What the files of port/tls say to each other. */
#ifndef GRAM_TLS_INTERNAL_H
#define GRAM_TLS_INTERNAL_H

#include "gram_tls.h"

/* ---- tls_conn.c ---- */

extern const struct gram_pipe_calls gram_tls_calls;

/* Milliseconds that are left of a limit. */
static inline uint32_t gram_tls_left_of(uint32_t now, uint32_t begun, uint32_t limit)
{
    return now - begun < limit ? limit - (now - begun) : 0;
}

/* ---- tls_turn.c: WAIT ---- */

/* Whether clients wait for their turn that have sent something. */
bool gram_tls_others_wait(const struct gram_tls *tls);
/* Begins its handshake if it is its turn. Returns when to ask again. */
uint32_t gram_tls_turn_poll(struct gram_tls_conn *conn);

/* ---- tls_handshake.c: HANDSHAKE ---- */

/* False: no memory. */
bool gram_tls_handshake_begin(struct gram_tls_conn *conn);
/* One step, with the input that was offered. Two or three scalar multiplications at most. */
void gram_tls_handshake_step(struct gram_tls_conn *conn);
/* Time, and steps that need no input. Returns when to ask again. */
uint32_t gram_tls_handshake_poll(struct gram_tls_conn *conn);

/* ---- tls_open.c: OPEN ---- */

/* Does what can be done: input that was offered, output that there is room for. */
void gram_tls_serve(struct gram_tls_conn *conn);
/* FIN has come. */
void gram_tls_cut_off(struct gram_tls_conn *conn);

/* ---- tls_record.c ---- */

#define GRAM_TLS_ALERT_ROOM 40u

/* For mbedtls_ssl_set_bio(). */
int gram_tls_recv(void *conn, unsigned char *buf, size_t len);
int gram_tls_send(void *conn, const unsigned char *buf, size_t len);
/* The ring; the first two are the pipe's. */
const uint8_t *gram_tls_ring_next(void *conn, size_t *len);
void gram_tls_ring_taken(void *conn, size_t len);
void gram_tls_ring_acked(struct gram_tls_conn *conn, size_t len);
size_t gram_tls_ring_room(const struct gram_tls_conn *conn);
/* Around calls of Mbed TLS: what it allocates is the connection's. */
void gram_tls_enter(struct gram_tls_conn *conn);
void gram_tls_leave(struct gram_tls_conn *conn);

/* ---- tls_cipher.c ---- */

void gram_tls_offer_all(mbedtls_ssl_config *conf);
/* Before a step of the handshake: the configuration is shared by all connections of the set. */
void gram_tls_offer(struct gram_tls_conn *conn);
/* In this step, only the cipher of the session that goes on. */
void gram_tls_offer_only(struct gram_tls_conn *conn, int cipher);
#if GRAM_TLS_CHOICE
void gram_tls_hello_begin(struct gram_tls_conn *conn);
/* Bytes of the client's handshake messages, on their way to Mbed TLS. */
void gram_tls_hello_look(struct gram_tls_conn *conn, const uint8_t *p, size_t n);
#endif

/* ---- tls_end.c ---- */

/* Two pieces of a line for the log, behind the client's name. */
void gram_tls_say(struct gram_tls_conn *conn, const char *text, const char *more);
void gram_tls_enter_state(struct gram_tls_conn *conn, enum gram_tls_state state);
/* Mbed TLS's context and the place in the server are given back. */
void gram_tls_release(struct gram_tls_conn *conn);
/* Ends it now, or as soon as what lies in the ring has left. */
void gram_tls_finish(struct gram_tls_conn *conn);
/* A fatal alert, unless there has been one. */
void gram_tls_alert(struct gram_tls_conn *conn, uint8_t description);
/* Says why, here and to the client, and ends. */
void gram_tls_refuse(struct gram_tls_conn *conn, uint8_t description, const char *text);
/* The same where Mbed TLS has given up. */
void gram_tls_give_up(struct gram_tls_conn *conn, int error);

/* ---- tls_random.c ---- */

/* Checks the source and seeds the generator from it. NULL, or what is wrong. */
const char *gram_tls_random_init(bool (*entropy)(uint8_t *buf, size_t len));
/* Once for each gram_tls_random_init(), whatever it has said: with the last, PSA's memory goes, too. */
void gram_tls_random_end(void);
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
