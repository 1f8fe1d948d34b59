/* The end of an episode: all windows open, everything acknowledged, every request completed. All calls must
 * end then, without any time passing; and when all clients have left, nothing is still taken. */
#include "model.h"

static void grant(struct m_client *k, uint32_t id, int64_t window)
{
    if (window < 2 * M_AMPLE)
        m_frame32(k, GRAM_H2_WINDOW_UPDATE, id, (uint32_t)(4 * M_AMPLE - window));
}

/* The client does all that is left for it to do; true: it has said something. */
static bool complete(struct m_client *k)
{
    bool any = false;

    k->peer->take = SIZE_MAX;
    k->peer->ack = true;
    if (k->fin)
        return false;
    if (!k->knows_settings && k->peer->server_settings)
        m_ack_settings(k);
    grant(k, 0, k->peer->window);
    for (unsigned i = 0; i < k->call_count; i++) {
        struct m_call *c = k->calls[i];
        struct answer *a = m_answer(c);

        if (c->entered && !c->closed)
            m_wake(c);
        if (c->reset)
            continue;
        grant(k, c->id, a ? a->window : k->peer->initial_window);
        while (!m_all_written(c))
            m_write_message(c);
        while (m_data(c, SIZE_MAX))
            any = true;
    }
    any |= k->wire_at < k->wire_len;
    m_flush(k, SIZE_MAX);
    return any;
}

static unsigned calls_left(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < M_CLIENTS; i++)
        n += model.clients[i].call_count;
    return n;
}

static void all_leave(void)
{
    for (unsigned i = 0; i < M_CLIENTS; i++) {
        struct m_client *k = &model.clients[i];

        if (!k->peer)
            continue;
        if (!k->fin && m_chance(50))
            m_fin(k);
        k->fin = true;
        if (k->peer->fate == PEER_HERE)
            peer_lose(k->peer);
    }
    m_check();
}

void m_drain(void)
{
    enum { ENOUGH = 200 }; /* rounds: each brings every call one message or one reply further */
    struct gram_usage usage;
    struct pair *pair = &model.pair;

    m_note("drain");
    model.draining = true;
    for (unsigned round = 0; round < ENOUGH && (round < 2 || calls_left() > 0); round++) {
        for (unsigned i = 0; i < M_CLIENTS; i++)
            if (model.clients[i].peer)
                complete(&model.clients[i]);
        pair_run(pair);
        m_check();
    }
    for (unsigned i = 0; i < M_CLIENTS; i++)
        if (model.clients[i].call_count > 0)
            m_fail(model.clients[i].calls[0], "stuck: the client allows all, and the call does not end");
    all_leave();
    usage = gram_server_usage(pair->server);
    if (usage.connections || usage.calls || usage.message_bufs || usage.held_replies)
        m_fail(NULL, "still taken: %u connections, %u calls, %u message buffers, %u held replies",
               usage.connections, usage.calls, usage.message_bufs, usage.held_replies);
    for (unsigned i = 0; i < pair->peer_count; i++)
        peer_free(pair->peers[i]);
    pair->peer_count = 0;
    model.draining = false;
    pair->now = m_chance(50) ? UINT32_MAX - m_below(20000)
                             : test_random_next(&model.random); /* nobody is there to see the clock jump */
    pair->has_due = false;
    pair_run(pair);
    m_count(M_DRAIN);
}
