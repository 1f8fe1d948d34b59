/* Stream slots, and the memory of streams that have left theirs.
 *
 *     idle --HEADERS--> OPEN --END_STREAM received--> HALF_CLOSED_REMOTE
 *      OPEN, HALF_CLOSED_REMOTE --END_STREAM sent, RST_STREAM either way--> FREE (remembered for a while)
 *
 * Invariant: ids in slots are odd, distinct, and at most last_id. */
#include "h2_internal.h"

#include "gram_assert.h"

bool gram_h2_window_add(int32_t *window, int32_t delta)
{
    /* Only upwards can it leave 32 bits: a window is at least an initial one minus what was sent within it. */
    if (delta > 0 && *window > GRAM_H2_WINDOW_MAX - delta)
        return false;
    *window += delta;
    return true;
}

int gram_h2_find(const struct gram_h2_conn *conn, uint32_t id)
{
    for (int i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++)
        if (conn->streams[i].id == id && conn->streams[i].state != GRAM_H2_FREE)
            return i;
    return -1;
}

int gram_h2_claim(struct gram_h2_conn *conn, uint32_t id)
{
    for (int i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        struct gram_h2_stream *s = &conn->streams[i];

        if (s->state != GRAM_H2_FREE)
            continue;
        s->id = id;
        s->state = GRAM_H2_OPEN;
        s->send_window = conn->peer_initial_window;
        /* Until it has acknowledged our SETTINGS the peer counts from the protocol's default (RFC 9113 6.9.2). */
        s->recv_window = conn->settings_acked ? GRAM_INITIAL_WINDOW_SIZE : GRAM_H2_WINDOW_DEFAULT;
        s->credit = 0;
        s->content_length = GRAM_H2_NO_LENGTH;
        s->received = 0;
        s->discards = false;
        conn->streams_open++;
        return i;
    }
    return -1;
}

void gram_h2_release(struct gram_h2_conn *conn, unsigned slot, enum gram_h2_ending how)
{
    struct gram_h2_stream *s = &conn->streams[slot];

    gram_assert(s->state != GRAM_H2_FREE, "stream free");
    gram_h2_remember(conn, s->id, how);
    s->state = GRAM_H2_FREE;
    conn->streams_open--;
    conn->idle_since = conn->now;
}

/* A peer's ids are odd: the lowest bit says nothing, so an id and how it ended fit one word, and 0 is an empty place. */
static uint32_t memory_of(uint32_t id)
{
    return id >> 1 << 2;
}

void gram_h2_remember(struct gram_h2_conn *conn, uint32_t id, enum gram_h2_ending how)
{
    conn->closed[conn->closed_next] = memory_of(id) | ((uint32_t)how + 1);
    conn->closed_next = (uint16_t)((conn->closed_next + 1) % GRAM_H2_CLOSED_KEPT);
}

int gram_h2_recall(const struct gram_h2_conn *conn, uint32_t id)
{
    for (unsigned i = 0; i < GRAM_H2_CLOSED_KEPT; i++)
        if ((conn->closed[i] & ~3u) == memory_of(id) && conn->closed[i] != 0)
            return (int)(conn->closed[i] & 3) - 1;
    return -1;
}
