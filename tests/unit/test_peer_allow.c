/* The allow-list by client: names whole, certificates, and what the refused are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_call.h"
#include "gram/peer_allow.h"

#define GET "/user.UserService/GetUser"
#define WATCH "/sensor.Sensor/Watch"

static const uint8_t pinned[32] = { 1, 2, 3 };
static struct gram_peer_identity client;
static const struct gram_peer_identity *who;

const struct gram_peer_identity *gram_call_identity(const gram_call *call)
{
    (void)call;
    return who;
}

static const struct gram_peer_rule rules[] = {
    { .name = "operator-7", .methods = GRAM_PATHS("*") },
    { .name = "uri:spiffe://plant/display", .methods = GRAM_PATHS("/sensor.Sensor/*") },
    { .sha256 = pinned, .methods = GRAM_PATHS(GET) },
    { .methods = GRAM_PATHS("*") }, /* names nobody */
    { .name = "", .methods = GRAM_PATHS("*") },
};
static const struct gram_peer_allow allow = {
    .hooks = GRAM_PEER_ALLOW_HOOKS,
    .rules = rules,
    .rule_count = sizeof rules / sizeof rules[0],
};

static gram_status answer(const char *name, const char *alt_names, uint8_t first, const char *path)
{
    gram_call *call = fake_call(0);

    client = (struct gram_peer_identity){ .common_name = name, .alt_names = alt_names, .sha256 = { first, 2, 3 } };
    who = name ? &client : NULL;
    call->path = path;
    return allow.hooks.before(&allow.hooks, call);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(answer("operator-7", "\0", 0, GET), GRAM_OK);
    assert_int_equal(answer("operator-71", "\0", 0, GET), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer("operator-", "\0", 0, GET), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer("Operator-7", "\0", 0, GET), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer("", "\0", 0, GET), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer("", "dns:operator-7\0", 0, GET), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer("x", "dns:a\0uri:spiffe://plant/display\0", 0, WATCH), GRAM_OK);
    assert_int_equal(answer("x", "dns:a\0uri:spiffe://plant/display\0", 0, GET), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer("uri:spiffe://plant/display", "\0", 0, WATCH), GRAM_PERMISSION_DENIED); /* a common name is no URI */
}

static void test_pinned(void **state)
{
    (void)state;
    assert_int_equal(answer("x", "\0", 1, GET), GRAM_OK);
    assert_int_equal(answer("x", "\0", 2, GET), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer("x", "\0", 1, WATCH), GRAM_PERMISSION_DENIED);
}

static void test_nobody(void **state)
{
    (void)state;
    assert_int_equal(answer(NULL, NULL, 0, GET), GRAM_PERMISSION_DENIED);
    assert_string_equal(fake_calls[0].text, "not allowed for this client: " GET);
    assert_int_equal(answer(NULL, NULL, 0, WATCH), GRAM_PERMISSION_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_names), cmocka_unit_test(test_pinned), cmocka_unit_test(test_nobody) };

    return cmocka_run_group_tests_name("peer_allow", tests, NULL, NULL);
}
