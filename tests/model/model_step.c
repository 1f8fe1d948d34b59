/* What clients do: one random action at a time, each followed by whatever it sets in motion. An action that
 * makes no sense now gives its turn to another. */
#include "model.h"

#include "be.h"

unsigned m_number_of(const struct m_client *k)
{
    return (unsigned)(k - model.clients);
}

struct m_client *m_some_client(void)
{
    unsigned first = m_below(M_CLIENTS);

    for (unsigned i = 0; i < M_CLIENTS; i++) {
        struct m_client *k = &model.clients[(first + i) % M_CLIENTS];
        if (k->peer && !k->fin)
            return k;
    }
    return NULL;
}

static struct m_call *some_call(struct m_client *k)
{
    return k->call_count == 0 ? NULL : k->calls[m_below(k->call_count)];
}

void m_send_mostly(struct m_client *k)
{
    if (m_chance(85))
        m_flush(k, SIZE_MAX);
}

/* ---- calls ---- */

static bool step_open(void)
{
    struct m_client *k = m_some_client();
    struct m_call *c = k ? m_open(k) : NULL;

    if (!c)
        return false;
    m_note("client %u: call %u %s, flaw %u, %u messages%s", m_number_of(k), c->id, c->method->path, c->flaw,
           c->message_goal, c->finished ? ", no more" : "");
    if (m_chance(60))
        while (m_data(c, SIZE_MAX))
            ;
    m_send_mostly(k);
    return true;
}

static bool step_write(void)
{
    struct m_client *k = m_some_client();
    struct m_call *c = k ? some_call(k) : NULL;

    if (!c || m_all_written(c) || c->finished || c->reset)
        return false;
    m_write_message(c);
    m_note("client %u: call %u, message %u of %u bytes", m_number_of(k), c->id, c->message_count,
           (unsigned)c->out_len);
    return true;
}

static bool step_data(void)
{
    struct m_client *k = m_some_client();
    struct m_call *c = k ? some_call(k) : NULL;
    size_t at = c ? c->out_at : 0;

    if (!c || !m_data(c, M_ONE_OF(1, 4, 5, m_below(20), m_below(1000), INT32_MAX, INT32_MAX)))
        return false;
    m_note("client %u: call %u, DATA %u to %u%s", m_number_of(k), c->id, (unsigned)at, (unsigned)c->out_at,
           c->finished ? ", no more" : "");
    m_send_mostly(k);
    return true;
}

/* Only where they meet the stream as the client knows it: for one that ended long ago they are an error. */
static bool step_trailers(void)
{
    struct m_client *k = m_some_client();
    struct m_call *c = k ? some_call(k) : NULL;

    if (!c || c->finished || c->reset || c->out_at < c->out_len || !m_all_written(c) || !m_open_wide(k) ||
        !m_may(k, 2))
        return false;
    m_note("client %u: call %u, trailers", m_number_of(k), c->id);
    m_trailers(c);
    m_flush(k, SIZE_MAX);
    return true;
}

static bool step_reset(void)
{
    struct m_client *k = m_some_client();
    struct m_call *c = k ? some_call(k) : NULL;

    if (!c || c->reset || !m_may(k, 5))
        return false;
    m_note("client %u: call %u, RST_STREAM", m_number_of(k), c->id);
    m_frame32(k, GRAM_H2_RST_STREAM, c->id, M_ONE_OF(GRAM_H2_CANCEL, GRAM_H2_NO_ERROR));
    c->reset = true;
    m_send_mostly(k);
    m_count(M_RESET);
    return true;
}

/* ---- the client's windows and settings ---- */

enum { WINDOW_TOP = 1 << 22 };

static bool step_window(void)
{
    struct m_client *k = m_some_client();
    struct m_call *c = k && m_chance(70) ? some_call(k) : NULL;
    struct answer *a = c ? m_answer(c) : NULL;
    uint32_t n = M_ONE_OF(1, 5, 1 + m_below(100), 1 + m_below(5000), 65535, 1 << 20);

    if (k && !c && k->stingy)
        n = 1 + m_below(300);
    if (!k || (c && (!a || c->reset)) || (a ? a->window : k->peer->window) > WINDOW_TOP)
        return false;
    m_note("client %u: WINDOW_UPDATE %u on %u", m_number_of(k), n, c ? c->id : 0);
    m_frame32(k, GRAM_H2_WINDOW_UPDATE, c ? c->id : 0, n);
    m_send_mostly(k);
    m_count(c ? M_WINDOW_STREAM : M_WINDOW_CONN);
    return true;
}

static bool step_settings(void)
{
    static const uint32_t windows[] = {0, 1, 9, 64, 1000, 65535, 65535, 1 << 20};
    struct m_client *k = m_some_client();
    uint8_t payload[6] = {0};
    uint32_t value;

    if (!k || k->peer->pending_count > 100 || !m_may(k, 2))
        return false;
    switch (m_below(4)) {
    case 0:
        payload[1] = GRAM_H2_SETTINGS_MAX_FRAME_SIZE;
        value = M_ONE_OF(16384, 20000, 65536, 0xffffff);
        m_count(M_SET_FRAME);
        break;
    case 1:
        payload[1] = GRAM_H2_SETTINGS_HEADER_TABLE_SIZE;
        value = M_ONE_OF(0, 50, 103, 104, 200, 4096, 8192);
        m_count(M_SET_TABLE);
        break;
    default:
        payload[1] = GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE;
        value = windows[m_below(sizeof windows / sizeof windows[0])];
        m_count(value < k->peer->initial_window ? M_SET_WINDOW_DOWN : M_SET_WINDOW_UP);
        break;
    }
    gram_put_be32(payload + 2, value);
    m_note("client %u: SETTINGS %u = %u", m_number_of(k), payload[1], value);
    m_frame(k, GRAM_H2_SETTINGS, 0, 0, payload, sizeof payload);
    m_send_mostly(k);
    return true;
}

static bool step_ping(void)
{
    struct m_client *k = m_some_client();

    if (!k || !m_may(k, 2))
        return false;
    m_note("client %u: PING", m_number_of(k));
    m_frame(k, GRAM_H2_PING, m_below(2), 0, "12345678", 8);
    m_send_mostly(k);
    m_count(M_PING);
    return true;
}

static bool step_noise(void)
{
    struct m_client *k = m_some_client();

    if (!k || !m_may(k, 2))
        return false;
    m_note("client %u: noise", m_number_of(k));
    if (m_chance(50))
        m_frame(k, GRAM_H2_PRIORITY, 0, 1 + 2 * m_below(k->next_id + 4), "\0\0\0\0\x10", 5);
    else
        m_frame(k, 10 + m_below(200), m_below(256), m_below(10), "whatever", m_below(9));
    m_send_mostly(k);
    m_count(M_NOISE);
    return true;
}

/* ---- the transport ---- */

static bool step_flush(void)
{
    struct m_client *k = m_some_client();
    size_t left = k ? k->wire_len - k->wire_at : 0;

    if (left == 0)
        return false;
    size_t n = m_chance(50) ? left : 1 + m_below((uint32_t)left);
    m_note("client %u: %u of %u bytes leave", m_number_of(k), (unsigned)n, (unsigned)left);
    m_flush(k, n);
    if (n < left)
        m_count(M_CUT_FRAME);
    return true;
}

static bool step_obstruct(void)
{
    struct m_client *k = m_some_client();
    struct peer *p = k ? k->peer : NULL;

    if (!k)
        return false;
    if (m_chance(50)) {
        p->ack = false;
        m_note("client %u: acknowledges nothing", m_number_of(k));
        m_count(M_ACK_NOTHING);
        return true;
    }
    p->take = m_chance(50) ? 0 : m_below(300);
    m_note("client %u: takes %u bytes", m_number_of(k), (unsigned)p->take);
    m_count(p->take == 0 ? M_TAKE_NOTHING : M_TAKE_SOME);
    return true;
}

static bool step_open_wide(void)
{
    struct m_client *k = &model.clients[m_below(M_CLIENTS)];

    if (!k->peer || (k->peer->take == SIZE_MAX && k->peer->ack))
        return false;
    m_note("client %u: takes all", m_number_of(k));
    k->peer->take = SIZE_MAX;
    k->peer->ack = true;
    return true;
}

static bool step_ack(void)
{
    struct m_client *k = &model.clients[m_below(M_CLIENTS)];

    if (!k->peer || k->peer->ack || k->peer->unacked == 0)
        return false;
    size_t n = 1 + m_below((uint32_t)k->peer->unacked);
    m_note("client %u: acknowledges %u of %u", m_number_of(k), (unsigned)n, (unsigned)k->peer->unacked);
    k->moved_at = model.pair.now;
    peer_ack(k->peer, n);
    m_count(M_ACK_SOME);
    return true;
}

/* ---- wakes and time ---- */

static bool step_wake(void)
{
    struct m_client *k = &model.clients[m_below(M_CLIENTS)];
    struct m_call *c = k->peer ? some_call(k) : NULL;

    if (!c || !c->entered || c->closed)
        return false;
    m_note("client %u: call %u is woken", m_number_of(k), c->id);
    m_wake(c);
    m_count(M_WAKE);
    return true;
}

static bool step_wake_stale(void)
{
    unsigned all = sizeof model.stale / sizeof model.stale[0];

    if (model.stale_count == 0)
        return false;
    m_note("a call that has ended is woken");
    gram_call_wake(model.stale[m_below(model.stale_count < all ? model.stale_count : all)]);
    m_count(M_WAKE_STALE);
    return true;
}

static bool step_sleep(void)
{
    uint32_t before = model.pair.now, ms;
    bool slow = false;

    for (unsigned i = 0; i < M_CLIENTS; i++)
        slow |= model.clients[i].peer && model.clients[i].unsent;
    if (slow && m_chance(20)) /* something that was begun is not finished */
        ms = GRAM_PREFACE_MS + m_below(2000);
    else if (m_chance(60))
        ms = m_below(5);
    else if (m_chance(90))
        ms = m_below(m_chance(70) ? 100 : 2000);
    else
        ms = M_ONE_OF(5000, 10000, 20000, 21000);
    m_note("%u ms pass", ms);
    pair_sleep(&model.pair, ms);
    if (model.pair.now < before)
        m_count(M_CLOCK_WRAPPED);
    return true;
}

/* ---- the step ---- */

static const struct {
    bool (*act)(void);
    uint16_t weight;
} actions[] = {
    {m_step_connect, 60}, {m_step_ack_settings, 80}, {step_open, 220}, {step_write, 130}, {step_data, 300},
    {step_trailers, 60}, {step_reset, 30}, {step_window, 220}, {step_settings, 30}, {step_ping, 20},
    {step_noise, 10}, {step_flush, 120}, {step_obstruct, 40}, {step_open_wide, 60}, {step_ack, 40},
    {step_wake, 120}, {step_wake_stale, 20}, {step_sleep, 110}, {m_step_fin, 3}, {m_step_lose, 3},
    {m_step_goaway, 3}, {m_step_violate, 2},
};

static bool act(void)
{
    unsigned all = 0;

    for (unsigned i = 0; i < sizeof actions / sizeof actions[0]; i++)
        all += actions[i].weight;
    all = m_below(all);
    for (unsigned i = 0;; i++) {
        if (all < actions[i].weight)
            return actions[i].act();
        all -= actions[i].weight;
    }
}

void m_step(void)
{
    pair_log[0] = '\0';
    while (!act())
        ;
    pair_run(&model.pair);
    m_check();
}
