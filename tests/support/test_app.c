/* The scripted application. Invariant that it enforces itself: nothing is asked of a call after CLOSED,
 * and CLOSED comes once. */
#include "test_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_messages.h"

struct test_app test_app;

/* In the call's own memory. */
struct state {
    uint16_t call;
    uint16_t count; /* replies sent, or messages counted */
    int16_t left;   /* Stream: replies to go; Chat: the number to answer, if `owed` */
    uint8_t owed;
    uint8_t closed;
};

static _Noreturn void broken(const char *what)
{
    fprintf(stderr, "the core broke a promise to the application: %s\n", what);
    abort();
}

/* ---- what was asked ---- */

static struct state *state_of(gram_call *call)
{
    struct state *s = GRAM_STATE(struct state, call);

    if (s->closed)
        broken("a call is asked after CLOSED");
    if (s->call == 0)
        s->call = (uint16_t)++test_app.calls;
    return s;
}

static void record(gram_call *call, enum gram_event event, const struct test_request *req, gram_status status)
{
    struct test_asked *a = &test_app.asked[test_app.asked_len];

    test_app.ref = gram_call_ref_of(call);
    if (test_app.asked_len == TEST_ASKED)
        return; /* a long test looks at none of them */
    test_app.asked_len++;
    *a = (struct test_asked){.event = event,
                             .call = state_of(call)->call,
                             .path = gram_call_path(call),
                             .status = status,
                             .at = gram_call_now(call)};
    if (!req)
        return;
    a->has_request = true;
    a->number = req->number;
    a->text_len = strlen(req->text);
    memcpy(a->text, req->text, a->text_len + 1);
}

/* ---- answers ---- */

static gram_status scripted(gram_call *call, struct test_reply *rep)
{
    const struct test_answer *a = &test_app.script[test_app.script_at++];

    if (a->hook)
        a->hook(call);
    if (a->sleep)
        gram_call_sleep(call, a->sleep);
    if (rep && (a->status == GRAM_OK || a->status == GRAM_MORE)) {
        rep->number = a->number;
        if (a->text)
            snprintf(rep->text, sizeof rep->text, "%s", a->text);
        if (a->fill)
            test_reply_fill(rep, a->fill);
        if (a->broken)
            test_reply_break(rep);
    } else if (a->text) {
        return gram_call_fail(call, a->status, a->text);
    }
    return a->status;
}

static gram_status unary(struct state *s, enum gram_event event, const struct test_request *req,
                         struct test_reply *rep)
{
    (void)s;
    if (event == GRAM_ON_OPEN) {
        rep->number = req->number;
        strcpy(rep->text, req->text);
    }
    return GRAM_OK;
}

static gram_status stream(struct state *s, enum gram_event event, const struct test_request *req,
                          struct test_reply *rep)
{
    if (event == GRAM_ON_OPEN) {
        s->left = (int16_t)req->number;
        return GRAM_OK;
    }
    if (s->left == 0)
        return GRAM_DONE;
    s->left--;
    rep->number = s->count++;
    return GRAM_MORE;
}

static gram_status collect(struct state *s, enum gram_event event, const struct test_request *req,
                           struct test_reply *rep)
{
    (void)req;
    if (event == GRAM_ON_MESSAGE)
        s->count++;
    if (rep)
        rep->number = s->count;
    return GRAM_OK;
}

static gram_status chat(struct state *s, enum gram_event event, const struct test_request *req,
                        struct test_reply *rep)
{
    switch (event) {
    case GRAM_ON_MESSAGE:
        if (s->owed)
            broken("a MESSAGE before NEXT was asked");
        s->left = (int16_t)req->number;
        s->owed = 1;
        return GRAM_OK;
    case GRAM_ON_HALF_CLOSE:
        s->count = 1; /* the end may come */
        return GRAM_OK;
    case GRAM_ON_NEXT:
        if (s->owed) {
            s->owed = 0;
            rep->number = s->left;
            return GRAM_MORE;
        }
        return s->count ? GRAM_DONE : GRAM_WAIT;
    default:
        return GRAM_OK;
    }
}

typedef gram_status natural_fn(struct state *s, enum gram_event event, const struct test_request *req,
                               struct test_reply *rep);

static void check_arguments(enum gram_event event, const void *req, const struct test_reply *rep)
{
    static const struct test_reply zero;

    if (req == rep && req)
        broken("request and reply share memory");
    if (rep && memcmp(rep, &zero, sizeof zero) != 0)
        broken("a reply that is not in its first state");
    if (event == GRAM_ON_MESSAGE && !req)
        broken("MESSAGE without a message");
    if ((event == GRAM_ON_NEXT || event == GRAM_ON_RESUME) && !rep)
        broken("no place for a reply");
}

static gram_status dispatch(const void *handlers, gram_call *call, enum gram_event event, const void *req,
                            void *rep, gram_status status)
{
    struct state *s = state_of(call);
    natural_fn *const *natural = handlers;

    record(call, event, req, status);
    check_arguments(event, req, rep);
    if (event == GRAM_ON_CLOSED) {
        s->closed = 1;
        test_app.closed++;
        return GRAM_OK;
    }
    if (test_app.script_at < test_app.script_len)
        return scripted(call, rep);
    return (*natural)(s, event, req, rep);
}

/* ---- the services ---- */

#define METHOD(path_, kind_, req_max_, rep_max_)                                                             \
    {                                                                                                        \
        .path = path_, .dispatch = dispatch, .req = &test_request_msg, .rep = &test_reply_msg,               \
        .req_max = req_max_, .rep_max = rep_max_, .req_size = sizeof(struct test_request),                   \
        .rep_size = sizeof(struct test_reply), .kind = kind_                                                 \
    }
#define ANY UINT32_MAX

_Static_assert(sizeof(struct test_request) <= GRAM_REQUEST_SIZE,
               "requests fit every configuration of the tests");
_Static_assert(sizeof(struct test_reply) <= GRAM_REPLY_SIZE, "replies fit every configuration of the tests");

/* The natural answer differs by method, and handlers are a binding's: one service each. */
static const struct gram_method unary_methods[] = {
    METHOD(UNARY, GRAM_UNARY, ANY, TEST_REPLY_TEXT_MAX),
    METHOD(TINY, GRAM_UNARY, ANY, TEST_REPLY_NUMBER_MAX),
    METHOD(LARGE, GRAM_UNARY, ANY, GRAM_UNBOUNDED),
    METHOD(SHORT, GRAM_UNARY, SHORT_MAX, TEST_REPLY_NUMBER_MAX),
};
static const struct gram_method stream_methods[] = {
    METHOD(STREAM, GRAM_SERVER_STREAM, ANY, TEST_REPLY_NUMBER_MAX),
    METHOD(FLOOD, GRAM_SERVER_STREAM, ANY, GRAM_UNBOUNDED),
};
static const struct gram_method collect_methods[] = {
    METHOD(COLLECT, GRAM_CLIENT_STREAM, ANY, TEST_REPLY_TEXT_MAX),
};
static const struct gram_method chat_methods[] = {
    METHOD(CHAT, GRAM_BIDI, ANY, TEST_REPLY_TEXT_MAX),
    METHOD(SMALL_CHAT, GRAM_BIDI, ANY, TEST_REPLY_NUMBER_MAX),
};

#define SERVICE(methods_)                                                                                    \
    {                                                                                                        \
        .name = "test.Service", .methods = methods_, .method_count = sizeof methods_ / sizeof methods_[0]    \
    }
static const struct gram_service services[] = {SERVICE(unary_methods), SERVICE(stream_methods),
                                               SERVICE(collect_methods), SERVICE(chat_methods)};

static natural_fn *const naturals[] = {unary, stream, collect, chat};
static const struct gram_binding bindings[] = {
    {&services[0], &naturals[0]},
    {&services[1], &naturals[1]},
    {&services[2], &naturals[2]},
    {&services[3], &naturals[3]},
};

/* ---- interceptors ---- */

struct watcher {
    struct gram_interceptor hooks;
    unsigned number;
};

static void note(char what, unsigned number)
{
    size_t used = strlen(test_app.hooks);

    snprintf(test_app.hooks + used, sizeof test_app.hooks - used, "%c%u ", what, number);
}

static gram_status before(const struct gram_interceptor *self, gram_call *call)
{
    unsigned number = ((const struct watcher *)self)->number;

    note('b', number);
    if (test_app.before[number] != GRAM_OK)
        return gram_call_fail(call, test_app.before[number], "refused");
    return GRAM_OK;
}

static void after(const struct gram_interceptor *self, gram_call *call, gram_status status)
{
    (void)call;
    test_app.after_status = status;
    note('a', ((const struct watcher *)self)->number);
}

static const struct watcher watchers[] = {
    {.hooks = {.before = before, .after = after}, .number = 0},
    {.hooks = {.before = before, .after = after}, .number = 1},
};
static const struct gram_interceptor nothing;
static const struct gram_interceptor *const chain[] = {&watchers[0].hooks, &nothing, &watchers[1].hooks};

const struct gram_app test_app_plain = {
    .name = "test", .bindings = bindings, .binding_count = sizeof bindings / sizeof bindings[0]};
const struct gram_app test_app_intercepted = {.name = "test",
                                              .bindings = bindings,
                                              .binding_count = sizeof bindings / sizeof bindings[0],
                                              .interceptors = chain,
                                              .interceptor_count = sizeof chain / sizeof chain[0]};

/* ---- the test's side ---- */

void test_app_reset(void)
{
    memset(&test_app, 0, sizeof test_app);
}

void test_app_answer(struct test_answer answer)
{
    if (test_app.script_len == TEST_SCRIPT)
        broken("no: the test's script is longer than TEST_SCRIPT");
    test_app.script[test_app.script_len++] = answer;
}

void test_app_status(gram_status status, const char *text)
{
    test_app_answer((struct test_answer){.status = status, .text = text});
}

unsigned test_app_count(enum gram_event event)
{
    unsigned n = 0;

    for (unsigned i = 0; i < test_app.asked_len; i++)
        n += test_app.asked[i].event == event;
    return n;
}

const struct test_asked *test_app_asked(int n)
{
    int i = n < 0 ? (int)test_app.asked_len + n : n;

    if (i < 0 || i >= (int)test_app.asked_len)
        broken("it was not asked that often");
    return &test_app.asked[i];
}
