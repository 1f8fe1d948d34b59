/* The application under test: handlers that answer at random. Each event is held against what the reference
 * allows at that moment, and each answer is written down as bytes that the client must then see.
 *
 * A handler knows which call it serves by the connection and the stream id, and by what is left in the
 * call's own memory; a request says it once more: all must agree. */
#include "model.h"

#include <stdio.h>
#include <string.h>

#include "grpc_server.h"

struct m_state { /* in the call's own memory */
    uint32_t serial;
};

/* ---- messages ---- */

int32_t m_number(const struct m_call *c, unsigned message)
{
    return (int32_t)((c->serial * 8 + message + 1) & INT32_MAX);
}

const char *m_text(int32_t number, size_t len)
{
    static char text[TEST_TEXT + 200];

    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + ((uint32_t)number + i * 5) % 26);
    text[len] = '\0';
    return text;
}

static void expect_bytes(struct m_call *c, const void *bytes, size_t len)
{
    c->expected = m_grow(c->expected, &c->expected_room, c->expected_len + len);
    memcpy(c->expected + c->expected_len, bytes, len);
    c->expected_len += len;
}

static void expect_varint(struct m_call *c, uint32_t v)
{
    for (; v >= 128; v >>= 7)
        expect_bytes(c, &(uint8_t){(uint8_t)(v | 128)}, 1);
    expect_bytes(c, &(uint8_t){(uint8_t)v}, 1);
}

/* A reply as it must come: number 1, text 2, filler 3. */
static void expect_reply(struct m_call *c, int32_t number, const char *text, uint32_t fill)
{
    size_t prefix = c->expected_len;

    expect_bytes(c, "\0\0\0\0", 5);
    if (number != 0) {
        expect_varint(c, 1 << 3);
        expect_varint(c, (uint32_t)number);
    }
    if (*text) {
        expect_varint(c, 2 << 3 | 2);
        expect_varint(c, (uint32_t)strlen(text));
        expect_bytes(c, text, strlen(text));
    }
    if (fill > 0) {
        expect_varint(c, 3 << 3 | 2);
        expect_varint(c, fill);
        c->expected = m_grow(c->expected, &c->expected_room, c->expected_len + fill);
        for (uint32_t i = 0; i < fill; i++)
            c->expected[c->expected_len++] = (uint8_t)(i * 7 + (i >> 8));
    }
    size_t len = c->expected_len - prefix - 5;
    c->expected[prefix + 3] = (uint8_t)(len >> 8);
    c->expected[prefix + 4] = (uint8_t)len;
}

/* ---- answers ---- */

static gram_status final(struct m_call *c, gram_status status, const char *text)
{
    c->stand = M_FINAL;
    c->final = status;
    snprintf(c->final_text, sizeof c->final_text, "%s", text);
    return status;
}

static gram_status fail_at_random(struct m_call *c, gram_call *call)
{
    static const char *const texts[] = {"no such pin", "50% of it", "caf\xc3\xa9", "a\nb"};
    static const char *const encoded[] = {"no such pin", "50%25 of it", "caf%C3%A9", "a%0Ab"};
    gram_status status = (gram_status)(1 + m_below(16));
    unsigned i = m_below(4);

    if (m_chance(10)) { /* the rules know no such answer */
        m_count(M_ODD_ANSWER);
        final(c, GRAM_INTERNAL, "no such answer");
        return (gram_status)77;
    }
    if (m_chance(30)) {
        const char *path = status == GRAM_UNIMPLEMENTED
                               ? c->method->path
                               : ""; /* the core's words for a handler that is not set */
        return final(c, status, path);
    }
    gram_call_fail(call, status, texts[i]);
    return final(c, status, encoded[i]);
}

/* Fills the reply in; false: it cannot be encoded. */
static bool reply_at_random(struct m_call *c, struct test_reply *rep)
{
    int32_t number = m_chance(10) ? 0 : (int32_t)m_below(INT32_MAX);
    size_t len = !c->method->text ? 0 : M_ONE_OF(0, m_below(TEST_TEXT), TEST_TEXT - 1);
    uint32_t fill =
        !c->method->fill ? 0 : M_ONE_OF(0, 1, m_below(100), m_below(GRAM_TX_SIZE), m_below(M_FILL));

    if (fill > 100 && c->client->stingy && m_chance(60))
        fill = M_FILL_STINGY - m_below(1000);
    rep->number = number;
    strcpy(rep->text, m_text(number, len));
    if (fill > 0)
        test_reply_fill(rep, fill);
    if (c->method->fill && m_chance(3)) {
        test_reply_break(rep);
        m_count(M_REPLY_BROKEN);
        final(c, GRAM_INTERNAL, "reply");
        return false;
    }
    expect_reply(c, number, rep->text, fill);
    return true;
}

static gram_status last_reply(struct m_call *c, struct test_reply *rep)
{
    if (reply_at_random(c, rep))
        final(c, GRAM_OK, "");
    return GRAM_OK;
}

/* ---- waiting ---- */

static void cause(struct m_call *c)
{
    c->next_due = c->resume_due = true;
    c->message_waits = false;
    c->loose = true;
}

void m_clock(struct m_call *c)
{
    if (!c->has_sleep || (int32_t)(model.pair.now - c->sleep_at) < 0)
        return;
    c->has_sleep = false;
    c->slept_at = model.pair.now;
    c->slept = true;
    cause(c);
    m_count(M_SLEPT);
}

void m_wake(struct m_call *c)
{
    gram_call_wake(c->ref);
    if (c->entered && !c->closed)
        cause(c);
}

/* What an answer that waits may do on its way: sleep, wake itself or another. */
static void waits(struct m_call *c, gram_call *call)
{
    uint32_t ms = M_ONE_OF(1, m_below(100), m_below(30000));

    /* A sleep that is over and has not been looked at may still be replaced, and would not be noticed: not here. */
    if (!model.draining && !(c->slept && c->slept_at == model.pair.now) && m_chance(40)) {
        gram_call_sleep(call, ms);
        c->has_sleep = true;
        c->sleep_at = model.pair.now + ms;
    }
    if (!model.draining && m_chance(5)) {
        m_wake(c);
        m_count(M_WAKE_INSIDE);
    }
}

static gram_status postpone(struct m_call *c, gram_call *call)
{
    c->stand = M_PENDING;
    c->resume_due = false;
    waits(c, call);
    return GRAM_PENDING;
}

/* ---- events ---- */

#define MUST(condition, what) ((condition) ? (void)0 : m_fail(c, "%s", what))

static void check_request(struct m_call *c, const struct test_request *req)
{
    const struct m_message *m = &c->messages[c->delivered];

    MUST(c->delivered < c->message_count && m->end <= c->out_at, "a message that the client has not sent");
    MUST(c->flaw < M_TOO_LONG || c->flaw == M_CUT || c->flaw_at != c->delivered,
         "a message that is not sound");
    MUST(req->number == m->number && strcmp(req->text, m_text(m->number, m->text_len)) == 0,
         "another message than the client has sent");
}

static gram_status on_open(struct m_call *c, gram_call *call, const struct test_request *req,
                           struct test_reply *rep)
{
    bool one = !(c->method->kind & GRAM_CLIENT_STREAM);

    MUST(c->stand == M_NEW && !c->entered, "OPEN comes first, and once");
    MUST(!one || c->finished, "OPEN before the request has ended");
    c->entered = true;
    if (one) {
        check_request(c, req);
        c->delivered++;
    }
    if (m_chance(10))
        return fail_at_random(c, call);
    if (c->method->kind != GRAM_UNARY) {
        c->stand = M_STREAM;
        c->next_due = true;
        return GRAM_OK;
    }
    if (m_chance(60))
        return last_reply(c, rep);
    return postpone(c, call);
}

static gram_status on_resume(struct m_call *c, gram_call *call, struct test_reply *rep)
{
    MUST(c->stand == M_PENDING, "RESUME of a call that does not wait");
    MUST(c->resume_due || c->loose, "RESUME without a cause");
    if (model.draining || m_chance(50))
        return last_reply(c, rep);
    if (m_chance(20))
        return fail_at_random(c, call);
    return postpone(c, call);
}

static gram_status on_message(struct m_call *c, gram_call *call, const struct test_request *req)
{
    MUST(c->stand == M_STREAM && (c->method->kind & GRAM_CLIENT_STREAM), "MESSAGE to a call that takes none");
    MUST(!c->message_waits || c->loose, "MESSAGE again without a cause");
    MUST(!c->next_owed, "MESSAGE before NEXT was asked");
    MUST(!c->half_closed, "MESSAGE after HALF_CLOSE");
    check_request(c, req);
    if (!model.draining && m_chance(10)) {
        m_count(M_MESSAGE_WAIT);
        c->message_waits = true;
        waits(c, call);
        return GRAM_WAIT;
    }
    if (!model.draining && m_chance(5))
        return fail_at_random(c, call);
    c->delivered++;
    c->message_waits = false;
    c->next_owed = (c->method->kind & GRAM_SERVER_STREAM) != 0;
    c->next_due = true;
    return GRAM_OK;
}

static gram_status on_half_close(struct m_call *c, gram_call *call, struct test_reply *rep)
{
    MUST(c->stand == M_STREAM && !c->half_closed, "HALF_CLOSE comes once");
    MUST(c->finished && c->delivered == c->message_count && c->out_at == c->out_len,
         "HALF_CLOSE before the last message");
    MUST(!c->message_waits && !c->next_owed, "HALF_CLOSE while a message waits");
    c->half_closed = true;
    if (!model.draining && m_chance(10))
        return fail_at_random(c, call);
    if (c->method->kind & GRAM_SERVER_STREAM) {
        c->next_due = true;
        return GRAM_OK;
    }
    if (model.draining || m_chance(60))
        return last_reply(c, rep);
    return postpone(c, call);
}

static gram_status on_next(struct m_call *c, gram_call *call, struct test_reply *rep)
{
    bool may_end = !(c->method->kind & GRAM_CLIENT_STREAM) || c->half_closed;

    MUST(c->stand == M_STREAM && (c->method->kind & GRAM_SERVER_STREAM),
         "NEXT of a call that streams no replies");
    MUST(c->next_due || c->loose, "NEXT without a cause");
    c->next_owed = false;
    c->next_due = false;
    if (model.draining ? may_end : m_chance(may_end ? 15 : 2))
        return final(c, GRAM_DONE, "");
    if (!model.draining && m_chance(4))
        return fail_at_random(c, call);
    if (model.draining || m_chance(45)) {
        waits(c, call);
        return GRAM_WAIT;
    }
    c->message_waits = false;
    c->next_due = true;
    reply_at_random(c, rep);
    return GRAM_MORE;
}

static gram_status on_closed(struct m_call *c, gram_status status)
{
    MUST(c->entered, "CLOSED of a call that was not entered");
    MUST(!c->after, "CLOSED after the interceptors' end");
    c->closed = true;
    c->closed_status = status;
    return GRAM_OK;
}

static gram_status dispatch(const void *handlers, gram_call *call, enum gram_event event, const void *req,
                            void *rep, gram_status status)
{
    static const enum m_counter counters[] = {M_ASKED_OPEN, M_ASKED_RESUME, M_ASKED_MESSAGE,
                                              M_ASKED_HALF_CLOSE, M_ASKED_NEXT};
    struct m_state *state = GRAM_STATE(struct m_state, call);
    struct m_call *c = m_call_of(call);

    if (!c)
        m_fail(NULL, "event %d for a call that no client has", event);
    MUST(handlers == &m_methods, "the handlers of another service");
    MUST(!c->closed, "asked after CLOSED");
    MUST(state->serial == (c->entered ? c->serial : 0), "the call's memory is not its own");
    MUST(strcmp(gram_call_path(call), c->method->path) == 0, "another method");
    state->serial = c->serial;
    c->ref = gram_call_ref_of(call);
    if (event == GRAM_ON_CLOSED)
        return on_closed(c, status);
    MUST(c->stand != M_FINAL, "asked after its last answer");
    m_clock(c);
    m_count(counters[event]);
    switch (event) {
    case GRAM_ON_OPEN:
        return on_open(c, call, req, rep);
    case GRAM_ON_RESUME:
        return on_resume(c, call, rep);
    case GRAM_ON_MESSAGE:
        return on_message(c, call, req);
    case GRAM_ON_HALF_CLOSE:
        return on_half_close(c, call, rep);
    default:
        return on_next(c, call, rep);
    }
}

/* ---- the interceptor ---- */

static gram_status before(const struct gram_interceptor *self, gram_call *call)
{
    struct m_call *c = m_call_of(call);

    (void)self;
    if (!c)
        m_fail(NULL, "an interceptor is asked about a call that no client has");
    MUST(!c->before && !c->entered, "an interceptor is asked once, and first");
    MUST(c->flaw == M_SOUND || c->flaw >= M_WRONG_LENGTH,
         "a request that is not sound goes to no interceptor");
    c->before = true;
    if (model.draining || !m_chance(3))
        return GRAM_OK;
    m_count(M_REFUSED);
    gram_call_fail(call, GRAM_PERMISSION_DENIED, "no");
    return final(c, GRAM_PERMISSION_DENIED, "no");
}

static void after(const struct gram_interceptor *self, gram_call *call, gram_status status)
{
    struct m_call *c = m_call_of(call);

    (void)self;
    if (!c)
        m_fail(NULL, "the end of a call that no client has");
    MUST(c->before && !c->after, "an interceptor is told the end once, if it was asked");
    MUST(c->closed == c->entered, "the handler is told the end before the interceptors");
    MUST(!c->entered || c->closed_status == status, "handler and interceptor are told different ends");
    c->after = true;
    c->closed_status = status;
}

/* ---- the service ---- */

const struct m_method m_methods[M_METHODS] = {
    {"/model.Service/Unary", GRAM_UNARY, true, false},
    {"/model.Service/UnaryLarge", GRAM_UNARY, true, true},
    {"/model.Service/Short", GRAM_UNARY, false, false},
    {"/model.Service/Replies", GRAM_SERVER_STREAM, false, false},
    {"/model.Service/RepliesLarge", GRAM_SERVER_STREAM, true, true},
    {"/model.Service/Requests", GRAM_CLIENT_STREAM, true, false},
    {"/model.Service/Talk", GRAM_BIDI, false, false},
    {"/model.Service/TalkLarge", GRAM_BIDI, false, true},
};

#define METHOD(path_, kind_, req_max_, rep_max_)                                                             \
    {                                                                                                        \
        .path = "/model.Service/" path_, .dispatch = dispatch, .req = &test_request_msg,                     \
        .rep = &test_reply_msg, .req_max = req_max_, .rep_max = rep_max_,                                    \
        .req_size = sizeof(struct test_request), .rep_size = sizeof(struct test_reply), .kind = kind_        \
    }
static const struct gram_method methods[M_METHODS] = {
    METHOD("Unary", GRAM_UNARY, UINT32_MAX, TEST_REPLY_TEXT_MAX),
    METHOD("UnaryLarge", GRAM_UNARY, UINT32_MAX, GRAM_UNBOUNDED),
    METHOD("Short", GRAM_UNARY, M_SHORT_MAX, TEST_REPLY_NUMBER_MAX),
    METHOD("Replies", GRAM_SERVER_STREAM, UINT32_MAX, TEST_REPLY_NUMBER_MAX),
    METHOD("RepliesLarge", GRAM_SERVER_STREAM, UINT32_MAX, GRAM_UNBOUNDED),
    METHOD("Requests", GRAM_CLIENT_STREAM, UINT32_MAX, TEST_REPLY_TEXT_MAX),
    METHOD("Talk", GRAM_BIDI, UINT32_MAX, TEST_REPLY_NUMBER_MAX),
    METHOD("TalkLarge", GRAM_BIDI, UINT32_MAX, GRAM_UNBOUNDED),
};
static const struct gram_service service = {
    .name = "model.Service", .methods = methods, .method_count = M_METHODS};
static const struct gram_binding bindings[] = {{&service, &m_methods}};
static const struct gram_interceptor interceptor = {.before = before, .after = after};
static const struct gram_interceptor *const chain[] = {&interceptor};

const struct gram_app m_app = {
    .name = "model", .bindings = bindings, .binding_count = 1, .interceptors = chain, .interceptor_count = 1};
