/* Who the client is, where it has proved it: the certificate that it showed under mutual TLS (port/tls/gram_tls.h).
 *
 *     const struct gram_peer_identity *who = gram_call_identity(call);
 *     if (!who || strcmp(who->common_name, "operator-7") != 0)
 *         return gram_call_fail(call, GRAM_PERMISSION_DENIED, "operators only");
 *
 * The interceptor peer_allow (gram/peer_allow.h) does that for lists of names. */
#ifndef GRAM_PEER_H
#define GRAM_PEER_H

#include <stdint.h>

#include "gram/call.h"
#include "gram/transport.h"

/* Names are taken whole or not at all: one that is longer than there is room for (GRAM_TLS_NAME, GRAM_TLS_ALT_NAMES) or that holds a
 * zero byte is left out, so that no name can be mistaken for another. */
struct gram_peer_identity {
    const char *common_name; /* of the subject; "" if there is none */
    const char *alt_names;   /* "dns:a.example", "uri:spiffe://a/b", "email:a@b", each ended by a zero byte, the last by two */
    uint8_t sha256[32];      /* of the certificate: pins one that is self-signed */
};

/* NULL where the client has shown no certificate. Lives as long as the connection. */
const struct gram_peer_identity *gram_call_identity(const gram_call *call);

/* For a transport or filter, before the connection's first call: `identity` must stay until gram_conn_closed(). */
void gram_conn_set_identity(gram_conn *conn, const struct gram_peer_identity *identity);

#endif
