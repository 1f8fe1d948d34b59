/* How clients come and go: the actions of a random client that are about its connection as a whole. */
#include "model.h"

static void begin_client(struct m_client *k, struct peer *p)
{
    k->peer = p;
    p->segment = M_ONE_OF(0, 1, 1000, UINT32_MAX) == UINT32_MAX ? PEER_RANDOM : M_ONE_OF(0, 0, 7, 1000);
    k->opened_at = k->moved_at = k->unsent_since = k->debt_at = model.pair.now;
    k->next_id = M_ONE_OF(1, 1, 3);
    k->window = GRAM_H2_WINDOW_DEFAULT;
    k->table_max = 4096;
    k->violated = -1;
    k->stingy = m_chance(30);
    m_hello(k);
    if (m_chance(90))
        m_flush(k, SIZE_MAX);
    m_count(M_CONNECT);
}

/* Nobody is there for whom this client keeps its place. */
static bool is_useless(const struct m_client *k)
{
    return m_open_wide(k) && k->call_count == 0 && k->next_id > 3 && k->ack_arrived;
}

/* As the server may see it: the first bytes of a call can be under way. */
static bool has_no_call(const struct m_client *k)
{
    for (unsigned i = 0; i < k->call_count; i++)
        if (k->calls[i]->arrived && !k->calls[i]->reset)
            return false;
    return true;
}

static bool connect_full(void)
{
    bool useless = false, ended = false;

    if (!m_chance(15))
        return false;
    m_note("connect, all places are taken");
    for (unsigned i = 0; i < M_CLIENTS; i++) {
        useless |= is_useless(&model.clients[i]);
        model.clients[i].way_asked = has_no_call(&model.clients[i]);
    }
    if (peer_open(&model.pair))
        m_fail(NULL, "more than GRAM_MAX_CONNECTIONS have a place");
    for (unsigned i = 0; i < M_CLIENTS; i++)
        ended |= m_is_ended(&model.clients[i]);
    if (useless && !ended)
        m_fail(NULL, "no idle connection gives way");
    m_count(M_CONNECT_FULL);
    return true;
}

bool m_step_connect(void)
{
    for (unsigned i = 0; i < M_CLIENTS; i++) {
        if (model.clients[i].peer)
            continue;
        m_note("client %u: connect", i);
        struct peer *p = peer_open(&model.pair);
        if (!p)
            m_fail(NULL, "a client finds no place");
        begin_client(&model.clients[i], p);
        return true;
    }
    return connect_full();
}

bool m_step_lose(void)
{
    struct m_client *k = m_some_client();

    if (!k)
        return false;
    m_note("client %u: lost", m_number_of(k));
    k->fin = true;
    peer_lose(k->peer);
    m_count(M_LOSS);
    return true;
}

void m_fin(struct m_client *k)
{
    m_note("client %u: FIN", m_number_of(k));
    k->fin = true;
    k->wire_at = k->wire_len = 0;
    k->peer->out_len = k->peer->out_at;
    peer_fin(k->peer);
    m_count(M_FIN);
}

bool m_step_fin(void)
{
    struct m_client *k = m_some_client();

    if (!k)
        return false;
    m_fin(k);
    return true;
}

bool m_step_goaway(void)
{
    struct m_client *k = m_some_client();

    if (!k || k->going)
        return false;
    m_note("client %u: GOAWAY", m_number_of(k));
    k->going = true;
    m_frame(k, GRAM_H2_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
    m_send_mostly(k);
    m_count(M_GOAWAY);
    return true;
}

bool m_step_ack_settings(void)
{
    struct m_client *k = m_some_client();

    if (!k || k->knows_settings || !k->peer->server_settings)
        return false;
    m_note("client %u: acknowledges SETTINGS", m_number_of(k));
    m_ack_settings(k);
    m_send_mostly(k);
    return true;
}

/* ---- what no client may do: the connection ends with this code ---- */

bool m_step_violate(void)
{
    static const struct {
        uint8_t type, flags;
        uint8_t on; /* 0, 2, or so many above the last stream */
        uint8_t len;
        const char *payload;
        int code;
    } wrong[] = {
        {GRAM_H2_DATA, 0, 99, 1, "x", GRAM_H2_PROTOCOL_ERROR},
        {GRAM_H2_HEADERS, 4, 2, 1, "\x82", GRAM_H2_PROTOCOL_ERROR},
        {GRAM_H2_HEADERS, 4, 1, 1, "\x80", GRAM_H2_COMPRESSION_ERROR},
        {GRAM_H2_HEADERS, 4, 1, 3, "\xff\x80\x01", GRAM_H2_COMPRESSION_ERROR},
        {GRAM_H2_WINDOW_UPDATE, 0, 0, 4, "\0\0\0\0", GRAM_H2_PROTOCOL_ERROR},
        {GRAM_H2_WINDOW_UPDATE, 0, 99, 4, "\0\0\0\1", GRAM_H2_PROTOCOL_ERROR},
        {GRAM_H2_SETTINGS, 0, 0, 5, "12345", GRAM_H2_FRAME_SIZE_ERROR},
        {GRAM_H2_SETTINGS, 0, 0, 6, "\0\4\x80\0\0\0", GRAM_H2_FLOW_CONTROL_ERROR},
        {GRAM_H2_PING, 0, 0, 7, "1234567", GRAM_H2_FRAME_SIZE_ERROR},
        {GRAM_H2_CONTINUATION, 4, 99, 1, "\x82", GRAM_H2_PROTOCOL_ERROR},
        {GRAM_H2_PUSH_PROMISE, 4, 99, 4, "\0\0\0\2", GRAM_H2_PROTOCOL_ERROR},
    };
    struct m_client *k = m_some_client();
    unsigned i = m_below(sizeof wrong / sizeof wrong[0]);

    if (!k || k->violated >= 0 || !m_may(k, 2))
        return false;
    m_note("client %u: violation %u, for GOAWAY %d", m_number_of(k), i, wrong[i].code);
    m_frame(k, wrong[i].type, wrong[i].flags,
            wrong[i].on == 1 || wrong[i].on == 99 ? k->next_id + 2 : wrong[i].on, wrong[i].payload,
            wrong[i].len);
    k->violated = wrong[i].code;
    m_flush(k, SIZE_MAX);
    m_count(M_VIOLATION);
    return true;
}
