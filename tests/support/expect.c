/* Demands. They are cmocka's: one that is not met fails the test that made it. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "be.h"

void expect_run(void **state)
{
    static struct pair pair; /* not freed where a test has failed: the program ends soon */
    const struct pair_test *test = *state;

    test_app_reset();
    pair_open(&pair, test->app);
    test->run(&pair);
    pair_close(&pair);
}

/* ---- frames ---- */

static const char *name_of(unsigned type)
{
    static const char *const names[] = {"DATA",          "HEADERS",      "PRIORITY", "RST_STREAM",
                                        "SETTINGS",      "PUSH_PROMISE", "PING",     "GOAWAY",
                                        "WINDOW_UPDATE", "CONTINUATION"};

    return type < sizeof names / sizeof names[0] ? names[type] : "?";
}

const struct frame *expect_frame(struct peer *p, unsigned type, unsigned flags, uint32_t id)
{
    if (p->looked == p->frame_count)
        fail_msg("%s on stream %u was expected, and nothing came", name_of(type), id);
    const struct frame *f = &p->frames[p->looked++];
    if (f->type != type || f->flags != flags || f->id != id)
        fail_msg("%s flags %u on stream %u was expected, %s flags %u on stream %u came", name_of(type), flags,
                 id, name_of(f->type), f->flags, f->id);
    return f;
}

void expect_nothing(struct peer *p)
{
    if (p->looked == p->frame_count)
        return;
    const struct frame *f = &p->frames[p->looked];
    fail_msg("nothing was expected, %s flags %u on stream %u came", name_of(f->type), f->flags, f->id);
}

void expect_whatever(struct peer *p)
{
    p->looked = p->frame_count;
}

void expect_rst(struct peer *p, uint32_t id, enum gram_h2_error error)
{
    const struct frame *f = expect_frame(p, GRAM_H2_RST_STREAM, 0, id);

    assert_int_equal(gram_get_be32(p->in + f->at), error);
}

void expect_goaway(struct peer *p, enum gram_h2_error error, const char *reason)
{
    expect_frame(p, GRAM_H2_GOAWAY, 0, 0);
    assert_int_equal(p->goaway_code, error);
    if (reason)
        assert_non_null(strstr(p->goaway_reason, reason));
    expect_nothing(p);
    assert_int_equal(p->fate, PEER_DONE);
}

void expect_frame_ends(struct pair *pair, unsigned type, unsigned flags, uint32_t id, size_t len,
                       enum gram_h2_error error)
{
    static const uint8_t zero[20000];
    struct peer *p = peer_ready(pair);

    peer_frame(p, type, flags, id, zero, len);
    expect_goaway(p, error, NULL);
}

void expect_alive(struct peer *p)
{
    unsigned before = p->ping_acks;
    uint32_t id = p->last_id + 2 + p->last_id % 2;

    assert_int_equal(p->fate, PEER_HERE);
    peer_ping(p);
    assert_int_equal(p->ping_acks, before + 1);
    id |= 1;
    peer_call(p, id, TINY, 42, "");
    expect_number(p, id, 42);
    expect_whatever(p);
}

/* ---- answers ---- */

static struct answer *answer_at_end(struct peer *p, uint32_t id)
{
    struct answer *a = peer_answer(p, id);

    if (!a || !a->ended)
        fail_msg("stream %u has not been answered%s", id, a && a->reset ? ", it was reset" : "");
    return a;
}

void call_later(struct peer *p, uint32_t id)
{
    test_app_status(GRAM_PENDING, NULL);
    peer_call(p, id, TINY, 0, "");
    expect_pending(p, id);
}

void expect_status(struct peer *p, uint32_t id, gram_status status, const char *text)
{
    struct answer *a = answer_at_end(p, id);
    char digits[12];

    snprintf(digits, sizeof digits, "%d", (int)status);
    assert_string_equal(answer_field(a->headers, ":status"), "200");
    assert_string_equal(answer_field(a->headers, "content-type"), "application/grpc");
    if (!answer_field(a->trailers, "grpc-status"))
        fail_msg("no grpc-status in: %s", a->trailers);
    if (strcmp(answer_field(a->trailers, "grpc-status"), digits) != 0)
        fail_msg("stream %u: status %s was expected, not: %s", id, digits, a->trailers);
    if (text && strcmp(text, "*") == 0) {
        assert_non_null(answer_field(a->trailers, "grpc-message"));
    } else if (text) {
        char cut[GRAM_STATUS_TEXT_MAX + 1]; /* what the smallest configuration leaves of it */
        snprintf(cut, sizeof cut, "%s", text);
        if (!answer_field(a->trailers, "grpc-message"))
            fail_msg("stream %u: no grpc-message in: %s", id, a->trailers);
        assert_string_equal(answer_field(a->trailers, "grpc-message"), cut);
    } else {
        assert_null(answer_field(a->trailers, "grpc-message"));
    }
}

void expect_only_trailers(struct peer *p, uint32_t id, gram_status status, const char *text)
{
    expect_status(p, id, status, text);
    assert_int_equal(peer_answer(p, id)->blocks, 1);
    assert_int_equal(peer_answer(p, id)->body_len, 0);
}

void expect_number(struct peer *p, uint32_t id, int32_t number)
{
    struct reply r;

    expect_status(p, id, GRAM_OK, NULL);
    assert_int_equal(answer_replies(peer_answer(p, id)), 1);
    assert_true(answer_reply(peer_answer(p, id), 0, &r));
    assert_int_equal(r.number, number);
}

void expect_pending(struct peer *p, uint32_t id)
{
    struct answer *a = peer_answer(p, id);

    assert_non_null(a);
    assert_int_equal(a->blocks, 0);
    assert_false(a->reset);
}

void expect_http(struct peer *p, uint32_t id, const char *status)
{
    struct answer *a = answer_at_end(p, id);

    assert_string_equal(answer_field(a->headers, ":status"), status);
    assert_string_equal(answer_field(a->headers, "content-type"), "text/plain");
    assert_null(answer_field(a->headers, "grpc-status"));
}

void expect_usage(const struct pair *pair, unsigned calls, unsigned message_bufs, unsigned held)
{
    struct gram_usage usage = gram_server_usage(pair->server);

    assert_int_equal(usage.calls, calls);
    assert_int_equal(usage.message_bufs, message_bufs);
    assert_int_equal(usage.held_replies, held);
}
