/* Asks the generated dispatch functions of pkg.Kinds everything the core may ask, with all handlers set, with none, and
 * with each needed one missing. Ends with "all as said", or with the line of the first thing that is not. */
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

static gram_status one(gram_call *c, const pkg_Req *q, pkg_Rep *p) { return note("One.handle", c, q, p, GRAM_PENDING); }
static gram_status one_again(gram_call *c, pkg_Rep *p) { return note("One.resume", c, NULL, p, GRAM_ABORTED); }
static gram_status down_open(gram_call *c, const pkg_Req *q) { return note("Down.open", c, q, NULL, GRAM_NOT_FOUND); }
static gram_status down_next(gram_call *c, pkg_Rep *p) { return note("Down.next", c, NULL, p, GRAM_MORE); }
static gram_status up_open(gram_call *c) { return note("Up.open", c, NULL, NULL, GRAM_DATA_LOSS); }
static gram_status up_message(gram_call *c, const pkg_Req *q) { return note("Up.message", c, q, NULL, GRAM_WAIT); }
static gram_status up_end(gram_call *c, pkg_Rep *p) { return note("Up.half_close", c, NULL, p, GRAM_PENDING); }
static gram_status up_again(gram_call *c, pkg_Rep *p) { return note("Up.resume", c, NULL, p, GRAM_UNKNOWN); }
static gram_status both_open(gram_call *c) { return note("Both.open", c, NULL, NULL, GRAM_ABORTED); }
static gram_status both_message(gram_call *c, const pkg_Req *q) { return note("Both.message", c, q, NULL, GRAM_WAIT); }
static gram_status both_end(gram_call *c) { return note("Both.half_close", c, NULL, NULL, GRAM_DATA_LOSS); }
static gram_status both_next(gram_call *c, pkg_Rep *p) { return note("Both.next", c, NULL, p, GRAM_MORE); }

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
        CHECK(strcmp(is->path, said[m].path) == 0 && is->kind == said[m].kind && is->req_max == said[m].req_max);
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
