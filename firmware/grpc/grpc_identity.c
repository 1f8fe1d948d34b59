/* Who the client is (gram/peer.h): told by a filter below, asked by handlers above. */
#include "gram/peer.h"

#include "grpc_internal.h"

void gram_conn_set_identity(gram_conn *conn, const struct gram_peer_identity *identity)
{
    conn->identity = identity;
}

const struct gram_peer_identity *gram_call_identity(const gram_call *call)
{
    return call->conn->identity;
}
