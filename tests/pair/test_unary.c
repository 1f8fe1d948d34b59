/* A unary call, in every way that a client may cut and pace it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

static struct pair pair;

static int open_pair(void **state)
{
    (void)state;
    test_app_reset();
    pair_open(&pair, &test_app_plain);
    return 0;
}

static int close_pair(void **state)
{
    (void)state;
    pair_close(&pair);
    return 0;
}

static void test_echo(void **state)
{
    struct reply r;
    (void)state;
    struct peer *p = peer_ready(&pair);
    peer_call(p, 1, UNARY, 7, "seven");
    expect_status(p, 1, GRAM_OK, NULL);
    assert_true(answer_reply(peer_answer(p, 1), 0, &r));
    assert_int_equal(r.number, 7);
    assert_string_equal(r.text, "seven");
    assert_int_equal(test_app_asked(0)->event, GRAM_ON_OPEN);
    assert_int_equal(test_app_asked(1)->event, GRAM_ON_CLOSED);
    assert_int_equal(test_app_asked(1)->status, GRAM_OK);
    expect_usage(&pair, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_echo, open_pair, close_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
