/* The reference: what a call may come to, and what it must have come to by now. It knows the API's promises
 * and the protocol's, and nothing of how the core keeps them: from the core's objects it takes which call a
 * callback serves, and no more.
 *
 *   always          replies come in order, byte for byte; a call has one end, and client, handler and
 *                   interceptor are told the same
 *   a call's end    is the handler's answer; or what is wrong with the request; or the deadline, when it has
 *                   passed (behind half a message a reset); or, when the client has not done its part for GRAM_STALL_MS, a reset;
 *                   REFUSED_STREAM only beyond the limits
 *   a connection's  has a cause that the client gave
 *   at rest         where a client takes all, with ample windows, whatever is due has happened: a whole
 *                   message is delivered, a call that was woken is asked, an answer is here, windows are
 *                   given back */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "grpc_server.h"

#define MUST(condition, what) ((condition) ? (void)0 : m_fail(c, "%s", what))

struct m_call *m_call_of(const gram_call *call)
{
    uint32_t id = call->conn->h2.streams[call->slot].id;

    for (unsigned i = 0; i < M_CLIENTS; i++) {
        struct m_client *k = &model.clients[i];

        if (!k->peer || k->peer->conn != call->conn)
            continue;
        for (unsigned j = 0; j < k->call_count; j++)
            if (k->calls[j]->id == id)
                return k->calls[j];
    }
    return NULL;
}

struct answer *m_answer(const struct m_call *c)
{
    return peer_answer(c->client->peer, c->id);
}

static bool is_obstructed(const struct m_client *k)
{
    return k->peer->take != SIZE_MAX || !k->peer->ack;
}

bool m_is_ended(const struct m_client *k)
{
    return k->peer->fate != PEER_HERE || gram_conn_phase(k->peer->conn) != GRAM_CONN_OPEN;
}

bool m_open_wide(const struct m_client *k)
{
    return !m_is_ended(k) && !is_obstructed(k) && m_flushed(k);
}

static uint32_t since(uint32_t at)
{
    return model.pair.now - at;
}

/* ---- how a call may end ---- */

static bool may_expire(const struct m_call *c)
{
    return c->has_timeout && since(c->queued_at) >= c->timeout &&
           (c->stand != M_FINAL || c->compared < c->expected_len);
}

/* What a flaw is answered with, once the client has sent it; -1: with no status. */
static int status_of_flaw(const struct m_call *c)
{
    switch (c->flaw) {
    case M_UNKNOWN_METHOD:
    case M_BAD_ENCODING:
        return GRAM_UNIMPLEMENTED;
    case M_NO_MESSAGE:
        return c->finished ? (int)GRAM_UNIMPLEMENTED : -1;
    case M_TWO_MESSAGES:
        return c->out_at > c->messages[0].end ? (int)GRAM_UNIMPLEMENTED : -1;
    case M_BAD_TIMEOUT:
        return GRAM_INTERNAL;
    case M_MUCH_METADATA:
        return GRAM_RESOURCE_EXHAUSTED;
    case M_TOO_LONG:
    case M_BAD_FLAG:
        if (c->out_at < (c->flaw_at > 0 ? c->messages[c->flaw_at - 1].end : 0) + 5)
            return -1;
        return c->flaw == M_TOO_LONG ? GRAM_RESOURCE_EXHAUSTED : GRAM_INTERNAL;
    case M_BAD_PROTOBUF:
    case M_TEXT_LONG:
        if (c->message_count <= c->flaw_at || c->out_at < c->messages[c->flaw_at].end ||
            !(c->finished ||
              (c->method->kind & GRAM_CLIENT_STREAM))) /* a single request is looked at when it has ended */
            return -1;
        return c->flaw == M_TEXT_LONG ? GRAM_INVALID_ARGUMENT : GRAM_INTERNAL;
    case M_CUT:
        return c->finished ? (int)GRAM_INTERNAL : -1;
    default:
        return -1;
    }
}

/* Whether a handler or an interceptor may be told this end, beside CANCELLED. */
static bool may_be_told(const struct m_call *c, gram_status status)
{
    return (c->stand == M_FINAL && status == c->final) || (int)status == status_of_flaw(c) ||
           (status == GRAM_DEADLINE_EXCEEDED && may_expire(c)) ||
           (status == GRAM_RESOURCE_EXHAUSTED && c->eager);
}

static const char *field(const char *fields, const char *name)
{
    const char *value = answer_field(fields, name);
    return value ? value : "";
}

static void judge_http(struct m_call *c, const struct answer *a)
{
    const char *body = c->flaw == M_GET ? "405 POST only" : "415 application/grpc only";

    MUST(strncmp(field(a->headers, ":status"), body, 3) == 0,
         "a request that is not gRPC has its HTTP status");
    MUST(a->body_len == strlen(body) && memcmp(a->body, body, a->body_len) == 0, "and its text");
    MUST(c->finished, "it is answered after its end");
    m_count(M_END_HTTP);
}

/* The client has seen trailers. */
static void judge_trailers(struct m_call *c, const struct answer *a)
{
    int status = atoi(field(a->trailers, "grpc-status"));
    char text[200];

    strcpy(text, field(a->trailers, "grpc-message"));
    if (c->flaw == M_NOT_GRPC || c->flaw == M_GET) {
        judge_http(c, a);
        return;
    }
    MUST(strcmp(field(a->headers, ":status"), "200") == 0, "an answer's HTTP status is 200");
    MUST(strcmp(field(a->headers, "content-type"), "application/grpc") == 0,
         "an answer says that it is gRPC");
    MUST(*field(a->trailers, "grpc-status"), "an answer has a status");
    MUST(!c->before || (c->after && (int)c->closed_status == status),
         "client and server are told the same status");
    MUST(!answer_is_cut(a), "trailers come behind whole messages");
    MUST(!a->reset || a->reset_code == GRAM_H2_NO_ERROR,
         "an answer that is complete is not reset with an error");
    if (a->reset)
        m_count(M_END_EARLY);
    if (c->stand == M_FINAL && c->final == (gram_status)status && strcmp(c->final_text, text) == 0) {
        MUST(c->compared == c->expected_len, "replies are missing");
        m_count(status == GRAM_OK ? M_END_OK : M_END_ERROR);
        return;
    }
    if (status == GRAM_DEADLINE_EXCEEDED && may_expire(c)) {
        MUST(strcmp(text, "deadline exceeded") == 0, "a deadline's text");
        m_count(M_END_DEADLINE);
        return;
    }
    if (status == GRAM_RESOURCE_EXHAUSTED && c->eager && strcmp(text, "too much data") == 0)
        return;
    if (c->stand == M_FINAL || status != status_of_flaw(c))
        m_fail(c, "status %d \"%s\", which nobody gave", status, text);
    m_count(M_END_FLAW);
}

static void judge_reset(struct m_call *c, const struct answer *a)
{
    /* told only of a call: what is answered in plain HTTP has no messages */
    bool too_much = a->reset_code == GRAM_H2_ENHANCE_YOUR_CALM && c->eager && c->before &&
                    c->closed_status == GRAM_RESOURCE_EXHAUSTED && answer_is_cut(a);
    gram_status told = a->reset_code == GRAM_H2_CANCEL ? GRAM_DEADLINE_EXCEEDED
                       : too_much                      ? GRAM_RESOURCE_EXHAUSTED
                                                       : GRAM_CANCELLED;

    MUST(!c->before || (c->after && c->closed_status == told), "what the server's side is told of a reset");
    if (too_much)
        return;
    switch (a->reset_code) {
    case GRAM_H2_CANCEL:
        MUST(answer_is_cut(a), "a deadline is told by trailers, but behind half a message");
        MUST(may_expire(c), "a deadline has passed");
        m_count(M_END_DEADLINE_PIECES);
        return;
    case GRAM_H2_REFUSED_STREAM:
        MUST(c->beyond || c->eager, "refused without need");
        MUST(!c->before, "refused after something has run");
        m_count(M_END_REFUSED);
        return;
    case GRAM_H2_ENHANCE_YOUR_CALM:
        if (since(c->fault_since) < GRAM_STALL_MS)
            m_fail(c, "reset as stalled %u ms after the client did its part", since(c->fault_since));
        m_count(M_END_STALL);
        return;
    case GRAM_H2_PROTOCOL_ERROR:
        MUST(c->flaw == M_MALFORMED || (c->flaw == M_WRONG_LENGTH && c->finished),
             "PROTOCOL_ERROR without one");
        MUST(!c->entered, "a malformed request reaches no handler");
        m_count(M_END_FLAW);
        return;
    default:
        m_fail(c, "reset with %u", a->reset_code);
    }
}

/* ---- replies, as far as they have come ---- */

static void compare(struct m_call *c, const struct answer *a)
{
    if (c->flaw == M_NOT_GRPC || c->flaw == M_GET)
        return;
    MUST(a->body_len <= c->expected_len, "more replies than the handler gave");
    if (a->body_len > c->compared)
        MUST(memcmp(a->body + c->compared, c->expected + c->compared, a->body_len - c->compared) == 0,
             "other replies than the handler gave");
    c->compared = a->body_len;
    if (c->compared > 0 && c->compared < c->expected_len)
        m_count(M_REPLY_HELD);
    if (a->window < 0)
        m_count(M_NEGATIVE);
}

/* ---- what must have happened ---- */

static bool is_ample(const struct m_call *c, const struct answer *a)
{
    return a->window >= M_AMPLE && c->client->peer->window >= M_AMPLE;
}

/* The handler's side: whether it should have been asked by now, or the call have ended. */
static const char *overdue(const struct m_call *c)
{
    bool client_streams = c->method->kind & GRAM_CLIENT_STREAM,
         server_streams = c->method->kind & GRAM_SERVER_STREAM;
    bool takes = c->stand == M_STREAM && client_streams && !c->message_waits && !c->next_owed;

    if (c->flaw == M_NOT_GRPC || c->flaw == M_GET)
        return c->finished ? "a request that is not gRPC waits" : NULL;
    if (c->has_timeout && since(c->arrived_at) > c->timeout + c->timeout / 1000 + 2)
        return "its deadline has passed";
    if (c->flaw == M_MALFORMED || (c->flaw == M_WRONG_LENGTH && c->finished))
        return "a malformed request goes on";
    if (c->stand == M_FINAL)
        return "its answer has not come";
    if (c->stand == M_PENDING && c->resume_due)
        return "RESUME is due";
    if (c->stand == M_STREAM && server_streams && c->next_due)
        return "NEXT is due";
    if (c->flaw > M_SOUND && c->flaw < M_TOO_LONG)
        return c->flaw == M_WRONG_LENGTH ? NULL : "a request with a flaw in its headers goes on";
    if (c->stand == M_NEW && (client_streams || c->finished))
        return "OPEN is due";
    if (status_of_flaw(c) >= 0 && (!client_streams || (takes && c->delivered == c->flaw_at)))
        return "a request with a flaw goes on";
    if (takes && c->delivered < c->message_count && c->messages[c->delivered].end <= c->out_at &&
        c->flaw != M_CUT)
        return "MESSAGE is due";
    if (takes && c->finished && !c->half_closed && c->delivered == c->message_count)
        return "HALF_CLOSE is due";
    return NULL;
}

/* Whether the call may own a message buffer, or wait for one: what it has begun to send and the handler has
 * not taken is more than its own buffer holds. */
static bool may_need_buffer(const struct m_call *c)
{
    size_t begin = c->delivered > 0 ? c->messages[c->delivered - 1].end : 0;
    size_t end = c->delivered < c->message_count ? c->messages[c->delivered].end : begin;

    if (c->flaw == M_CUT)
        end += 3; /* its prefix says more than comes */
    return c->out_at > begin &&
           (end - begin > GRAM_INITIAL_WINDOW_SIZE || c->out_at - begin > GRAM_INITIAL_WINDOW_SIZE);
}

static bool is_buffer_left(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < M_CLIENTS; i++)
        for (unsigned j = 0; j < model.clients[i].call_count; j++)
            n += may_need_buffer(model.clients[i].calls[j]);
    return n <= GRAM_MESSAGE_BUFS;
}

/* The client's: whether it should have the window for the rest of its request. */
static bool lacks_window(const struct m_call *c, const struct gram_usage *usage)
{
    return c->out_at < c->out_len && c->window <= 0 && c->client->knows_settings && !c->message_waits &&
           !c->next_owed && (usage->message_bufs < GRAM_MESSAGE_BUFS || is_buffer_left());
}

static void check_due(struct m_call *c, const struct answer *a)
{
    struct gram_usage usage = gram_server_usage(model.pair.server);
    const char *what;

    if (!m_open_wide(c->client) || !is_ample(c, a) || usage.held_replies == GRAM_HELD_REPLIES)
        return;
    c->loose = false; /* whoever was woken has been asked */
    what = overdue(c);
    if (what)
        m_fail(c, "the client takes all, nothing moves, and %s", what);
    MUST(!lacks_window(c, &usage), "the window for the rest of the request is not given");
    MUST(c->client->window > 0, "the connection's window is not given back");
}

/* Whether something waits for the client: for its network, for the rest of its request, or for a window that
 * an answer needs. */
static bool is_at_fault(const struct m_call *c, const struct answer *a)
{
    bool owed = c->stand == M_NEW || c->stand == M_FINAL || (c->stand == M_PENDING && c->resume_due) ||
                (c->stand == M_STREAM && (c->next_due || c->half_closed)) || c->compared < c->expected_len;

    if (!m_open_wide(c->client) || (owed && !is_ample(c, a)))
        return true;
    return !c->finished && (m_can_send(c) || c->out_at == c->out_len);
}

/* ---- a call ---- */

static void forget_call(struct m_call *c)
{
    MUST(c->closed == c->entered, "a handler is told the end, once");
    MUST(c->after == c->before, "an interceptor is told the end, once");
    if (c->entered)
        model.stale[model.stale_count++ % (sizeof model.stale / sizeof model.stale[0])] = c->ref;
    free(c->out);
    free(c->expected);
    free(c);
}

/* True: it is over, for all sides. */
static bool check_call(struct m_call *c)
{
    const struct m_client *k = c->client;
    const struct answer *a = m_answer(c);

    m_clock(c);
    if (a)
        compare(c, a);
    if (a && (a->ended || a->reset) && !c->seen) {
        c->seen = true;
        if (a->ended)
            judge_trailers(c, a);
        else
            judge_reset(c, a);
    }
    if (c->seen)
        return true;
    if (c->after)
        MUST(c->closed_status == GRAM_CANCELLED || may_be_told(c, c->closed_status),
             "an end that nobody gave");
    if (c->reset || m_is_ended(k)) {
        if (!m_flushed(k) && !m_is_ended(k))
            return false;
        m_count(c->reset ? M_END_CANCELLED : M_END_LOST);
        MUST(c->closed == c->entered, "the call has ended, and its handler is not told");
        return true;
    }
    if (m_flushed(k) && !c->arrived) {
        c->arrived = true;
        c->arrived_at = model.pair.now;
    }
    if (a)
        check_due(c, a);
    if (a && !is_at_fault(c, a))
        c->fault_since = model.pair.now;
    return false;
}

/* ---- a connection ---- */

/* Why the server may end it now. */
static unsigned reasons(const struct m_client *k)
{
    unsigned r = 0;

    r |= k->violated >= 0 ? M_BY_VIOLATION : 0;
    r |= k->fin ? M_BY_FIN : 0;
    r |= k->going ? M_BY_GOAWAY : 0;
    r |= k->way_asked ? M_BY_GIVING_WAY : 0;
    if ((k->obstructed || is_obstructed(k)) && since(k->moved_at) >= GRAM_STALL_MS)
        r |= M_BY_STALL;
    if (!k->hello_arrived && since(k->opened_at) >= GRAM_PREFACE_MS)
        r |= M_BY_PREFACE;
    if (!k->ack_arrived && since(k->opened_at) >= GRAM_PREFACE_MS + GRAM_SETTINGS_MS)
        r |= M_BY_SETTINGS;
    if (k->unsent && since(k->unsent_since) >= GRAM_HEADERS_MS)
        r |= M_BY_HEADERS;
    return r;
}

/* What the client was told of it. */
static void judge_goaway(const struct m_client *k)
{
    static const struct {
        const char *text;
        enum m_reason reason;
        uint32_t code;
        enum m_counter counter;
    } known[] = {
        {"gave way to another", M_BY_GIVING_WAY, GRAM_H2_NO_ERROR, M_GAVE_WAY},
        {"GRAM_STALL_MS", M_BY_STALL, GRAM_H2_ENHANCE_YOUR_CALM, M_CONN_STALL},
        {"GRAM_PREFACE_MS", M_BY_PREFACE, GRAM_H2_PROTOCOL_ERROR, M_CONN_PREFACE},
        {"GRAM_SETTINGS_MS", M_BY_SETTINGS, GRAM_H2_SETTINGS_TIMEOUT, M_CONN_SETTINGS},
        {"GRAM_HEADERS_MS", M_BY_HEADERS, GRAM_H2_ENHANCE_YOUR_CALM, M_CONN_HEADERS},
    };
    const struct peer *p = k->peer;

    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(p->goaway_reason, known[i].text) != 0)
            continue;
        if (!(k->reasons & known[i].reason) || p->goaway_code != known[i].code)
            m_fail(NULL, "GOAWAY %u \"%s\" without a cause", p->goaway_code, p->goaway_reason);
        m_count(known[i].counter);
        return;
    }
    if (!(k->reasons & M_BY_VIOLATION) || (int)p->goaway_code != k->violated)
        m_fail(NULL, "GOAWAY %u \"%s\" without a cause", p->goaway_code, p->goaway_reason);
    m_count(M_CONN_VIOLATION);
}

static void check_end(struct m_client *k)
{
    if (k->reasons == 0) {
        k->reasons = reasons(k);
        if (k->reasons == 0)
            m_fail(NULL, "the connection has ended without a cause: %s", pair_log);
    }
    if (k->peer->fate == PEER_HERE)
        return;
    if (k->peer->goaway)
        judge_goaway(k);
    else if (k->peer->fate == PEER_DONE && !(k->reasons & (M_BY_FIN | M_BY_GOAWAY)))
        m_fail(NULL, "the connection has ended without a word");
    else if (k->reasons & M_BY_GOAWAY)
        m_count(M_CONN_GOING);
}

static void remember(struct m_client *k)
{
    k->unsent = !m_flushed(k);
    if (!k->unsent) {
        k->unsent_since = model.pair.now;
        k->hello_arrived = true;
        k->ack_arrived = k->knows_settings;
        k->debt = k->debt < since(k->debt_at) ? 0 : k->debt - since(k->debt_at);
    }
    k->debt_at = model.pair.now;
    k->obstructed = is_obstructed(k);
    if (!k->obstructed)
        k->moved_at = model.pair.now;
}

void m_forget(struct m_client *k)
{
    for (unsigned i = 0; i < k->call_count; i++) {
        struct m_call *c = k->calls[i];

        MUST(c->closed == c->entered && c->after == c->before, "a call outlives its connection");
        forget_call(c);
    }
    free(k->wire);
    memset(k, 0, sizeof *k);
}

static void check_client(struct m_client *k)
{
    unsigned kept = 0;

    m_read(k);
    if (k->peer->window == 0)
        m_count(M_CONN_USED_UP);
    if (m_is_ended(k))
        check_end(k);
    for (unsigned i = 0; i < k->call_count; i++)
        k->calls[i]->over = check_call(k->calls[i]);
    for (unsigned i = 0; i < k->call_count; i++) {
        if (k->calls[i]->over)
            forget_call(k->calls[i]);
        else
            k->calls[kept++] = k->calls[i];
    }
    k->call_count = kept;
    k->way_asked = false;
    if (k->peer->fate != PEER_HERE)
        m_forget(k);
    else
        remember(k);
}

void m_check(void)
{
    for (unsigned i = 0; i < M_CLIENTS; i++)
        if (model.clients[i].peer)
            check_client(&model.clients[i]);
}
