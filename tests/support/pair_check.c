/* The core's invariants, seen from outside while it is not running. */
#include "grpc_internal.h"
#include "hpack_table.h"
#include "pair.h"

static bool is_buffering(const struct gram_call *call)
{
    return call->phase == GRAM_CALL_BEGIN || call->phase == GRAM_CALL_GATHER ||
           call->phase == GRAM_CALL_STREAM;
}

/* DATA of the frame that is being read which has been taken off the window and has not come yet. */
static uint32_t under_way(const struct gram_h2_conn *h2, unsigned slot)
{
    const struct gram_h2_rx *rx = &h2->rx;
    bool reading =
        rx->state == GRAM_H2_RX_DATA || (rx->state == GRAM_H2_RX_FIXED && rx->type == GRAM_H2_DATA);

    if (!reading || rx->slot != slot || h2->streams[slot].id != rx->stream_id)
        return 0;
    return rx->left - rx->pad;
}

/* grpc_receive.c: bytes held + window + credit == promised. */
static void check_windows(const struct gram_conn *conn, unsigned slot)
{
    const struct gram_h2_stream *s = &conn->h2.streams[slot];
    const struct gram_call *call = &conn->calls[slot];
    int64_t sum = (int64_t)call->have + s->recv_window + s->credit + under_way(&conn->h2, slot);

    if (s->state != GRAM_H2_OPEN || !is_buffering(call))
        return;
    if (!conn->h2.settings_acked)
        sum -= GRAM_H2_WINDOW_DEFAULT - GRAM_INITIAL_WINDOW_SIZE;
    PAIR_MUST(sum == call->promised, "bytes held + window + credit == promised");
}

#if GRAM_METADATA_SIZE > 0
/* Whether values of this name are kept in the store. */
static bool is_stored(const struct gram_app *app, unsigned name)
{
    for (unsigned i = 0; i < app->key_count; i++)
        if (name == (app->keys[i]->number ? app->keys[i]->number : GRAM_REQUEST_NAME_KEYS + i))
            return !app->keys[i]->judge;
    return false;
}

/* grpc_store.c: it holds the values of HPACK's table, the oldest first, and nothing else. */
static void check_store(const struct gram_conn *conn)
{
    const struct gram_hpack_table *table = &conn->h2.dec.table;
    const struct gram_store *store = &conn->store;
    size_t used = 0;

    for (unsigned left = table->count; left > 0;) {
        int slot = gram_hpack_table_slot(table, --left);
        uint16_t value = table->entry_value[slot];
        size_t at = (store->head + used) % GRAM_HPACK_STORE;

        if (!is_stored(conn->server->app, table->entry_name[slot]) || value >= GRAM_STORE_LOST)
            continue;
        PAIR_MUST(value == GRAM_HPACK_VALUE_FREE + at, "stored values lie in the table's order");
        used += 2u + store->bytes[at] + 256u * store->bytes[(at + 1) % GRAM_HPACK_STORE];
    }
    PAIR_MUST(used == store->used && used <= GRAM_HPACK_STORE, "the store holds the table's values");
}

/* The call's items end where they should. */
static void check_metadata(const struct gram_call *call)
{
    size_t at = 0;

    PAIR_MUST(call->metadata_len <= GRAM_METADATA_SIZE, "metadata within its bounds");
    while (at < call->metadata_len)
        at += 3u + call->metadata[at + 1] + 256u * call->metadata[at + 2];
    PAIR_MUST(at == call->metadata_len, "metadata ends an item");
}
#endif

static void check_call(const struct gram_conn *conn, unsigned slot)
{
    const struct gram_server *server = conn->server;
    const struct gram_h2_stream *s = &conn->h2.streams[slot];
    const struct gram_call *call = &conn->calls[slot];

    PAIR_MUST((s->state == GRAM_H2_FREE) == (call->phase == GRAM_CALL_FREE),
              "stream and call share a slot's fate");
    if (call->phase == GRAM_CALL_FREE)
        return;
    PAIR_MUST(call->conn == conn && call->slot == slot && call->generation != 0, "a call knows its place");
    PAIR_MUST(s->id % 2 == 1 && s->id <= conn->h2.last_id, "ids in slots are the peer's");
    PAIR_MUST(call->chunk_len == 0, "no call keeps the segment");
    PAIR_MUST((s->state == GRAM_H2_HALF_CLOSED_REMOTE) == call->remote_done ||
                  call->phase == GRAM_CALL_HEADERS,
              "the request's end is known to both");
    PAIR_MUST(call->held == GRAM_NONE || server->held[call->held].owner == call,
              "a held reply has its owner");
    PAIR_MUST(call->message_buf == GRAM_NONE || !call->wants_buf, "who has a buffer wants none");
#if GRAM_MESSAGE_BUFS > 0
    PAIR_MUST(call->message_buf == GRAM_NONE || server->message_bufs[call->message_buf].owner == call,
              "a message buffer has its owner");
#endif
    PAIR_MUST(call->have <= (call->message_buf == GRAM_NONE ? GRAM_INITIAL_WINDOW_SIZE : GRAM_MESSAGE_SIZE),
              "the receive buffer holds what it can");
    check_windows(conn, slot);
#if GRAM_METADATA_SIZE > 0
    check_metadata(call);
#endif
}

static void check_conn(const struct gram_conn *conn)
{
    const struct gram_h2_conn *h2 = &conn->h2;
    unsigned open = 0;

    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        open += h2->streams[i].state != GRAM_H2_FREE;
        check_call(conn, i);
        for (unsigned j = 0; j < i; j++)
            PAIR_MUST(h2->streams[i].state == GRAM_H2_FREE || h2->streams[j].state == GRAM_H2_FREE ||
                          h2->streams[i].id != h2->streams[j].id,
                      "ids in slots are distinct");
    }
#if GRAM_METADATA_SIZE > 0
    check_store(conn);
#endif
    PAIR_MUST(open == h2->streams_open, "open streams are counted");
    PAIR_MUST(h2->tx.taken <= h2->tx.used && h2->tx.used <= GRAM_TX_SIZE, "the transmit ring");
    if (h2->phase != GRAM_H2_ACTIVE)
        PAIR_MUST(open == 0, "a connection that has ended has no streams");
    else
        PAIR_MUST((int64_t)h2->recv_window + h2->credit == GRAM_H2_WINDOW_DEFAULT, "the connection's window");
}

void pair_check(const struct pair *pair)
{
    const struct gram_server *server = pair->server;

    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++)
        if (server->conns[i].in_use)
            check_conn(&server->conns[i]);
    for (unsigned i = 0; i < GRAM_HELD_REPLIES; i++) {
        const struct gram_call *owner = server->held[i].owner;
        PAIR_MUST(!owner || (owner->held == i && owner->phase != GRAM_CALL_FREE),
                  "a held reply's owner knows it");
    }
#if GRAM_MESSAGE_BUFS > 0
    for (unsigned i = 0; i < GRAM_MESSAGE_BUFS; i++) {
        const struct gram_call *owner = server->message_bufs[i].owner;
        PAIR_MUST(!owner || (owner->message_buf == i && owner->phase != GRAM_CALL_FREE),
                  "a buffer's owner knows it");
    }
#endif
}
