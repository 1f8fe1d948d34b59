/* What the files of h2/ say to each other. */
#ifndef GRAM_H2_INTERNAL_H
#define GRAM_H2_INTERNAL_H

#include "h2_conn.h"

/* A frame handler's answer when the connection goes on; otherwise it has called gram_h2_fail(). */
typedef bool gram_h2_ok;

/* Shows a frame to whoever asked for it (gram/log.h); nothing where GRAM_TRACE is 0. */
static inline void gram_h2_trace(const struct gram_h2_conn *conn, bool in, const uint8_t head[GRAM_H2_FRAME_HEAD],
                                 const uint8_t *payload, size_t len)
{
    if (GRAM_TRACE && conn->log && conn->log->frame)
        conn->log->frame(conn->number, in, head, payload, len);
}

/* h2_stream.c */
int gram_h2_find(const struct gram_h2_conn *conn, uint32_t id); /* slot, or -1 */
int gram_h2_claim(struct gram_h2_conn *conn, uint32_t id);      /* slot, or -1: all are taken */
void gram_h2_release(struct gram_h2_conn *conn, unsigned slot, enum gram_h2_ending how);
void gram_h2_remember(struct gram_h2_conn *conn, uint32_t id, enum gram_h2_ending how);
/* How a stream that is in no slot ended, or -1 if that is not known any more. */
int gram_h2_recall(const struct gram_h2_conn *conn, uint32_t id);

/* h2_conn.c */
void gram_h2_write_goaway(struct gram_h2_conn *conn, uint32_t last_id, enum gram_h2_error error, const char *reason);
/* Whether `ms` have passed since then; lowers *next to what is left of them. */
bool gram_h2_due(const struct gram_h2_conn *conn, uint32_t since, uint32_t ms, uint32_t *next);

/* h2_lifetime.c: at each poll of an active connection, which it may end */
void gram_h2_live(struct gram_h2_conn *conn, uint32_t *next);
void gram_h2_on_ping_ack(struct gram_h2_conn *conn, const uint8_t *p);

/* h2_send.c */
void gram_h2_write_rst(struct gram_h2_conn *conn, uint32_t id, enum gram_h2_error error);
/* `payload` NULL: its `len` bytes have been put behind the head's place already. */
void gram_h2_write_frame(struct gram_h2_conn *conn, uint8_t type, uint8_t flags, uint32_t id, const uint8_t *payload,
                         size_t len);

/* h2_control.c: complete control frames; `p` is rx.small */
gram_h2_ok gram_h2_on_setting(struct gram_h2_conn *conn, const uint8_t *p);
void gram_h2_on_settings_end(struct gram_h2_conn *conn);
void gram_h2_on_settings_ack(struct gram_h2_conn *conn);
void gram_h2_on_ping(struct gram_h2_conn *conn, const uint8_t *p);
void gram_h2_on_window_update(struct gram_h2_conn *conn, const uint8_t *p);
void gram_h2_on_rst_stream(struct gram_h2_conn *conn);
void gram_h2_on_goaway(struct gram_h2_conn *conn);

/* h2_headers.c */
gram_h2_ok gram_h2_on_headers(struct gram_h2_conn *conn);
void gram_h2_block_end(struct gram_h2_conn *conn);
void gram_h2_on_field(void *ctx, uint8_t name, uint16_t value, uint32_t size); /* of gram_h2_vocab */

/* h2_vocab.c */
extern const struct gram_hpack_vocab gram_h2_vocab; /* ctx: the connection */

/* h2_abuse.c: what is not a call but makes work. False: enough is enough, the connection has been ended. */
enum gram_h2_work {
    GRAM_H2_WORK_RESET,    /* the peer cancels a stream, or makes us reset one */
    GRAM_H2_WORK_REFUSED,  /* a stream beyond the limit */
    GRAM_H2_WORK_SETTINGS,
    GRAM_H2_WORK_PING,     /* with nothing else between it and the last */
    GRAM_H2_WORK_GLITCH    /* empty frames, priorities, unknown frames, HEADERS for streams that are gone (DATA for them is what
                            * every client sends that has not heard of an early end yet) */
};
gram_h2_ok gram_h2_charge(struct gram_h2_conn *conn, enum gram_h2_work work);

/* A stream error for a stream that may be in a slot or not. Charged. */
gram_h2_ok gram_h2_stream_error(struct gram_h2_conn *conn, uint32_t id, enum gram_h2_error error);

#endif
