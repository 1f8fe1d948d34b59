/* The steps of a connection's end, as a client sees them. */
#include "shutdown.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "grpc_internal.h"

void shut_down(struct pair *pair, uint32_t grace)
{
    gram_server_set_time(pair->server, pair->now);
    gram_server_shutdown(pair->server, grace);
    assert_true(gram_server_is_ending(pair->server));
    pair_run(pair);
}

void answer_now(struct peer *p, uint32_t id)
{
    test_app_answer((struct test_answer){.status = GRAM_OK, .number = 7});
    gram_call_wake(test_app.ref);
    pair_run(p->pair);
    expect_number(p, id, 7);
}

void fill_up(struct peer *p)
{
    p->take = 0;
    while (gram_h2_tx_free(&p->conn->h2.tx) >= 2 * GRAM_H2_ANSWER)
        peer_ping(p);
    assert_int_equal(p->fate, PEER_HERE);
}

void let_go(struct peer *p)
{
    p->take = SIZE_MAX;
    pair_run(p->pair);
}

void goaway_is(struct peer *p, uint32_t last, const char *reason)
{
    expect_frame(p, GRAM_H2_GOAWAY, 0, 0);
    assert_int_equal(p->goaway_code, GRAM_H2_NO_ERROR);
    assert_int_equal(p->goaway_last, last);
    assert_string_equal(p->goaway_reason, reason);
}

void expect_first_step(struct peer *p)
{
    goaway_is(p, ANY_STREAM, "");
    expect_frame(p, GRAM_H2_PING, 0, 0);
    expect_nothing(p);
    assert_int_equal(p->fate, PEER_HERE);
}
