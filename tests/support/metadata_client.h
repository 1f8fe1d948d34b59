/* A client of metadata_app.h that makes one request after another, each of fields that the test puts behind those
 * of every request. */
#ifndef METADATA_CLIENT_H
#define METADATA_CLIENT_H

#include "expect.h"
#include "metadata_app.h"

#if GRAM_METADATA_SIZE > 0

extern struct peer *client;
extern struct blob block; /* the request's fields, while it is being made */
extern uint32_t id;       /* its stream */

/* Connects. */
void metadata_client(struct pair *pair);
void next_request(void);
void put_text(unsigned form, const char *name, const char *value);
/* Sends it, with a message. */
void send_request(void);
/* The same: it is answered, and its call has seen these lines. */
void expect_seen(const char *seen);
/* And nothing is still taken. */
void expect_all_seen(const char *seen);
/* The same: its call alone fails; no interceptor and no handler has seen it. */
void expect_refused(gram_status status, const char *why);

#endif
#endif
