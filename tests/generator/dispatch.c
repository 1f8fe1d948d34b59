/* Asks the generated dispatch functions of pkg.Kinds everything the core may ask, with all handlers set, with none,
 * and with each needed one missing. Ends with "all as said", or with the line of the first thing that is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x.gram.h"

#define CHECK(what) ((what) ? (void)0 : (printf("line %d: %s\n", __LINE__, #what), exit(1)))

static char call_object, req_object[sizeof(pkg_Req)], rep_object[sizeof(pkg_Rep)];
static gram_call *const call = (gram_call *)&call_object;
static const char *asked = "";

static gram_status note(const char *who, const gram_call *c, const void *req, const void *rep, gram_status answer)
{
    CHECK(c == call);
    CHECK(req == NULL || req == req_object);
    CHECK(rep == NULL || rep == rep_object);
    asked = who;
    return answer;
}

/* Handlers of the four shapes there are: which one was asked, with what, and what it answers. */
#define ASKED_WITH_BOTH(f, who, answer)                                                                              \
    static gram_status f(gram_call *c, const pkg_Req *req, pkg_Rep *rep) { return note(who, c, req, rep, answer); }
#define ASKED_WITH_REQ(f, who, answer)                                                                               \
    static gram_status f(gram_call *c, const pkg_Req *req) { return note(who, c, req, NULL, answer); }
#define ASKED_WITH_REP(f, who, answer)                                                                               \
    static gram_status f(gram_call *c, pkg_Rep *rep) { return note(who, c, NULL, rep, answer); }
#define ASKED_ALONE(f, who, answer)                                                                                  \
    static gram_status f(gram_call *c) { return note(who, c, NULL, NULL, answer); }

ASKED_WITH_BOTH(one, "One.handle", GRAM_PENDING)
ASKED_WITH_REP(one_again, "One.resume", GRAM_ABORTED)
ASKED_WITH_REQ(down_open, "Down.open", GRAM_NOT_FOUND)
ASKED_WITH_REP(down_next, "Down.next", GRAM_MORE)
ASKED_ALONE(up_open, "Up.open", GRAM_DATA_LOSS)
ASKED_WITH_REQ(up_message, "Up.message", GRAM_WAIT)
ASKED_WITH_REP(up_end, "Up.half_close", GRAM_PENDING)
ASKED_WITH_REP(up_again, "Up.resume", GRAM_UNKNOWN)
ASKED_ALONE(both_open, "Both.open", GRAM_ABORTED)
ASKED_WITH_REQ(both_message, "Both.message", GRAM_WAIT)
ASKED_ALONE(both_end, "Both.half_close", GRAM_DATA_LOSS)
ASKED_WITH_REP(both_next, "Both.next", GRAM_MORE)

static void closed(gram_call *c, gram_status status)
{
    CHECK(status == GRAM_CANCELLED);
    note("closed", c, NULL, NULL, GRAM_OK);
}

static const struct pkg_Kinds_handlers all = {
    .One = {one, one_again, closed},
    .Down = {down_open, down_next, closed},
    .Up = {up_open, up_message, up_end, up_again, closed},
    .Both = {both_open, both_message, both_end, both_next, closed},
};

static gram_status ask(const struct pkg_Kinds_handlers *h, unsigned method, enum gram_event event)
{
    asked = "";
    return pkg_Kinds_service.methods[method].dispatch(h, call, event, req_object, rep_object, GRAM_CANCELLED);
}

static void expect(unsigned method, enum gram_event event, const char *who, gram_status answer)
{
    CHECK(ask(&all, method, event) == answer);
    CHECK(strcmp(asked, who) == 0);
}

static void every_event_with_all_handlers(void)
{
    expect(0, GRAM_ON_OPEN, "One.handle", GRAM_PENDING);
    expect(0, GRAM_ON_RESUME, "One.resume", GRAM_ABORTED);
    expect(1, GRAM_ON_OPEN, "Down.open", GRAM_NOT_FOUND);
    expect(1, GRAM_ON_NEXT, "Down.next", GRAM_MORE);
    expect(2, GRAM_ON_OPEN, "Up.open", GRAM_DATA_LOSS);
    expect(2, GRAM_ON_MESSAGE, "Up.message", GRAM_WAIT);
    expect(2, GRAM_ON_HALF_CLOSE, "Up.half_close", GRAM_PENDING);
    expect(2, GRAM_ON_RESUME, "Up.resume", GRAM_UNKNOWN);
    expect(3, GRAM_ON_OPEN, "Both.open", GRAM_ABORTED);
    expect(3, GRAM_ON_MESSAGE, "Both.message", GRAM_WAIT);
    expect(3, GRAM_ON_HALF_CLOSE, "Both.half_close", GRAM_DATA_LOSS);
    expect(3, GRAM_ON_NEXT, "Both.next", GRAM_MORE);
    for (unsigned m = 0; m < 4; m++) {
        expect(m, GRAM_ON_CLOSED, "closed", GRAM_OK);
    }
    /* what a kind is never asked is the core's mistake */
    expect(0, GRAM_ON_MESSAGE, "", GRAM_INTERNAL);
    expect(0, GRAM_ON_NEXT, "", GRAM_INTERNAL);
    expect(1, GRAM_ON_HALF_CLOSE, "", GRAM_INTERNAL);
    expect(2, GRAM_ON_NEXT, "", GRAM_INTERNAL);
    expect(3, GRAM_ON_RESUME, "", GRAM_INTERNAL);
}

static void nothing_set(void)
{
    static const struct pkg_Kinds_handlers none;

    for (unsigned m = 0; m < 4; m++) {
        CHECK(ask(&none, m, GRAM_ON_OPEN) == GRAM_UNIMPLEMENTED);
        CHECK(ask(&none, m, GRAM_ON_CLOSED) == GRAM_OK);
    }
}

static void needed_ones_missing(void)
{
    struct pkg_Kinds_handlers h = all;

    h.One.handle = NULL;
    h.Down.next = NULL;
    h.Up.message = NULL;
    h.Both.message = NULL;
    for (unsigned m = 0; m < 4; m++) {
        CHECK(ask(&h, m, GRAM_ON_OPEN) == GRAM_UNIMPLEMENTED && strcmp(asked, "") == 0);
    }
    h = all;
    h.Up.half_close = NULL;
    h.Both.next = NULL;
    CHECK(ask(&h, 2, GRAM_ON_OPEN) == GRAM_UNIMPLEMENTED && strcmp(asked, "") == 0);
    CHECK(ask(&h, 3, GRAM_ON_OPEN) == GRAM_UNIMPLEMENTED && strcmp(asked, "") == 0);
}

static void optional_ones_missing(void)
{
    struct pkg_Kinds_handlers h = all;

    h.One.resume = NULL;
    h.Down.open = NULL;
    h.Up.open = NULL;
    h.Up.resume = NULL;
    h.Both.open = NULL;
    h.Both.half_close = NULL;
    CHECK(ask(&h, 0, GRAM_ON_RESUME) == GRAM_INTERNAL); /* it said PENDING and cannot be asked again */
    CHECK(ask(&h, 2, GRAM_ON_RESUME) == GRAM_INTERNAL);
    for (unsigned m = 1; m < 4; m++) {
        CHECK(ask(&h, m, GRAM_ON_OPEN) == GRAM_OK && strcmp(asked, "") == 0);
    }
    CHECK(ask(&h, 3, GRAM_ON_HALF_CLOSE) == GRAM_OK);
}

static void the_table(void)
{
    static const struct {
        const char *path;
        enum gram_kind kind;
        uint32_t req_max;
    } said[] = {
        {"/pkg.Kinds/One", GRAM_UNARY, UINT32_MAX},
        {"/pkg.Kinds/Down", GRAM_SERVER_STREAM, 64},
        {"/pkg.Kinds/Up", GRAM_CLIENT_STREAM, UINT32_MAX},
        {"/pkg.Kinds/Both", GRAM_BIDI, UINT32_MAX},
    };

    CHECK(strcmp(pkg_Kinds_service.name, "pkg.Kinds") == 0);
    CHECK(pkg_Kinds_service.method_count == 4);
    for (unsigned m = 0; m < 4; m++) {
        const struct gram_method *is = &pkg_Kinds_service.methods[m];
        CHECK(strcmp(is->path, said[m].path) == 0);
        CHECK(is->kind == said[m].kind && is->req_max == said[m].req_max);
        CHECK(is->rep_max == 11 && is->req_size == sizeof(pkg_Req) && is->rep_size == sizeof(pkg_Rep));
        CHECK(is->req == &pkg_Req_msg && is->rep == &pkg_Rep_msg);
    }
}

int main(void)
{
    every_event_with_all_handlers();
    nothing_set();
    needed_ones_missing();
    optional_ones_missing();
    the_table();
    puts("all as said");
    return 0;
}
