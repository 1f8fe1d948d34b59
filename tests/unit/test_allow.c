/* The allow-list: patterns, lists chosen by call, and what the refused are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_call.h"
#include "gram/allow.h"

#define HEALTH "/grpc.health.v1.Health/Check"

static const struct gram_allow allow = {
    .hooks = GRAM_ALLOW_HOOKS,
    .allowed = GRAM_PATHS("/user.UserService/GetUser", "/sensor.Sensor/*"),
};

static gram_status answer(const struct gram_allow *of, const char *path)
{
    gram_call *call = fake_call(0);

    call->path = path;
    return of->hooks.before(&of->hooks, call);
}

static void test_patterns(void **state)
{
    (void)state;
    assert_true(gram_path_matches("/a.B/C", "/a.B/C"));
    assert_false(gram_path_matches("/a.B/C", "/a.B/"));
    assert_false(gram_path_matches("/a.B/C", "/a.B/CD"));
    assert_false(gram_path_matches("/a.B/CD", "/a.B/C"));
    assert_false(gram_path_matches("/a.B/C", "/a.b/c"));
    assert_true(gram_path_matches("/a.B/C", "/a.B/*"));
    assert_false(gram_path_matches("/a.BB/C", "/a.B/*")); /* the slash is of the pattern */
    assert_false(gram_path_matches("/a.B", "/a.B/*"));
    assert_true(gram_path_matches("/a.B/C", "*"));
    assert_false(gram_path_matches("/a.B/C", "/*/C")); /* a star in the middle is a character */
    assert_false(gram_path_matches("/a.B/C", ""));
}

static void test_allowed(void **state)
{
    (void)state;
    assert_int_equal(answer(&allow, "/user.UserService/GetUser"), GRAM_OK);
    assert_int_equal(answer(&allow, "/sensor.Sensor/Read"), GRAM_OK);
    assert_int_equal(answer(&allow, "/sensor.Sensor/Watch"), GRAM_OK);
    assert_string_equal(fake_calls[0].text, "");
}

static void test_refused(void **state)
{
    static char path[300];

    (void)state;
    assert_int_equal(answer(&allow, "/user.UserService/DeleteUser"), GRAM_PERMISSION_DENIED);
    assert_string_equal(fake_calls[0].text, "not allowed: /user.UserService/DeleteUser");
    assert_int_equal(answer(&allow, "/user.UserService/GetUsers"), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer(&allow, "/sensor.Sensors/Read"), GRAM_PERMISSION_DENIED);
    memset(path, 'x', sizeof path - 1);
    assert_int_equal(answer(&allow, path), GRAM_PERMISSION_DENIED);
    assert_int_equal(strlen(fake_calls[0].text), 95);
}

/* One that was left empty lets nothing through. */
static void test_empty(void **state)
{
    static const struct gram_allow nothing = {.hooks = GRAM_ALLOW_HOOKS};

    (void)state;
    assert_int_equal(answer(&nothing, HEALTH), GRAM_PERMISSION_DENIED);
}

static const struct gram_path_list everyday = GRAM_PATHS("/sensor.Sensor/*"), service = GRAM_PATHS("*");
static const struct gram_path_list *role;

static const struct gram_path_list *choose(gram_call *call)
{
    assert_ptr_equal(call, &fake_calls[0]);
    return role;
}

static const struct gram_allow by_role = {
    .hooks = GRAM_ALLOW_HOOKS, .allowed = GRAM_PATHS("/never.Asked/*"), .choose = choose};

static void test_roles(void **state)
{
    (void)state;
    role = &everyday;
    assert_int_equal(answer(&by_role, "/sensor.Sensor/Read"), GRAM_OK);
    assert_int_equal(answer(&by_role, "/user.UserService/DeleteUser"), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer(&by_role, "/never.Asked/At"), GRAM_PERMISSION_DENIED);
    role = &service;
    assert_int_equal(answer(&by_role, "/user.UserService/DeleteUser"), GRAM_OK);
    role = NULL;
    assert_int_equal(answer(&by_role, "/sensor.Sensor/Read"), GRAM_PERMISSION_DENIED);
    assert_int_equal(answer(&by_role, HEALTH), GRAM_PERMISSION_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns), cmocka_unit_test(test_allowed), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_empty),    cmocka_unit_test(test_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
