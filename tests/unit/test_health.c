/* The health service: what it says of whom, and whom it tells of a change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pb_encode.h>

#include "fake_call.h"
#include "gram/health.h"
#include "greeter.gram.h"

enum { CHECK, LIST, WATCH }; /* the methods, as the .proto has them */
enum { UNKNOWN, SERVING, NOT_SERVING, SERVICE_UNKNOWN };

static const struct proto_Greeter_handlers greeter;
static const struct gram_binding bindings[] = {{&proto_Greeter_service, &greeter}, GRAM_HEALTH};
static const struct gram_binding *const health = &bindings[1];
static const struct gram_app app = {.name = "test", .bindings = bindings, .binding_count = 2};
static const struct gram_app app_without = {.name = "test", .bindings = bindings, .binding_count = 1};

static int start(void **state)
{
    (void)state;
    fake_server.app = &app;
    gram_health_set(&fake_server, "", GRAM_HEALTH_SERVING);
    gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_SERVING);
    return 0;
}

static gram_status check(gram_call *call, const char *service, int *status)
{
    grpc_health_v1_HealthCheckRequest req = {{0}};
    grpc_health_v1_HealthCheckResponse rep = {0};

    strcpy(req.service, service);
    gram_status answer = ask(health, CHECK, call, GRAM_ON_OPEN, &req, &rep);
    *status = (int)rep.status;
    return answer;
}

static void test_check(void **state)
{
    int status;

    (void)state;
    assert_int_equal(check(fake_call(0), "", &status), GRAM_OK);
    assert_int_equal(status, SERVING);
    assert_int_equal(check(fake_call(0), "grpc.health.v1.Health", &status), GRAM_OK);
    assert_int_equal(status, SERVING);
    assert_true(gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_NOT_SERVING));
    assert_int_equal(check(fake_call(0), "proto.Greeter", &status), GRAM_OK);
    assert_int_equal(status, NOT_SERVING);
    assert_true(gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_UNKNOWN));
    assert_int_equal(check(fake_call(0), "proto.Greeter", &status), GRAM_OK);
    assert_int_equal(status, UNKNOWN);
    assert_int_equal(check(fake_call(0), "", &status), GRAM_OK);
    assert_int_equal(status, SERVING); /* one service does not decide for all */
    assert_int_equal(check(fake_call(0), "proto.Greete", &status), GRAM_NOT_FOUND);
    assert_string_equal(fake_calls[0].text, "no service proto.Greete");
}

static void test_set_refuses_what_is_not_there(void **state)
{
    (void)state;
    assert_false(gram_health_set(&fake_server, "no.Such", GRAM_HEALTH_SERVING));
    assert_false(gram_health_set(&fake_server, "", (enum gram_health_status)3));
    fake_server.app = &app_without;
    assert_false(gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_SERVING));
}

/* Whole, as protobuf has it: each entry {1: name, 2: {1: status}}. */
static void test_list(void **state)
{
    static const char want[] = "\x0a\x06\x0a\x00\x12\x02\x08\x01"
                               "\x0a\x13\x0a\x0dproto.Greeter\x12\x02\x08\x02"
                               "\x0a\x1b\x0a\x15grpc.health.v1.Health\x12\x02\x08\x01";
    grpc_health_v1_HealthListRequest req = {0};
    grpc_health_v1_HealthListResponse rep = grpc_health_v1_HealthListResponse_init_zero;
    uint8_t buf[128];

    (void)state;
    gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_NOT_SERVING);
    assert_int_equal(ask(health, LIST, fake_call(0), GRAM_ON_OPEN, &req, &rep), GRAM_OK);
    pb_ostream_t stream = pb_ostream_from_buffer(buf, sizeof buf);
    assert_true(pb_encode(&stream, grpc_health_v1_HealthListResponse_fields, &rep));
    assert_int_equal(stream.bytes_written, sizeof want - 1);
    assert_memory_equal(buf, want, sizeof want - 1);

    /* A status that is 0 takes the same room: a reply that is sent in pieces keeps its length. */
    gram_health_set(&fake_server, "", GRAM_HEALTH_UNKNOWN);
    size_t len;
    assert_true(pb_get_encoded_size(&len, grpc_health_v1_HealthListResponse_fields, &rep));
    assert_int_equal(len, sizeof want - 1);
}

static gram_call *watch(uint16_t slot, const char *service)
{
    grpc_health_v1_HealthCheckRequest req = {{0}};
    gram_call *call = fake_call(slot);

    strcpy(req.service, service);
    assert_int_equal(ask(health, WATCH, call, GRAM_ON_OPEN, &req, NULL), GRAM_OK);
    return call;
}

/* What the watcher is told now; -1: nothing. */
static int told(gram_call *call)
{
    grpc_health_v1_HealthCheckResponse rep = {0};
    gram_status answer = ask(health, WATCH, call, GRAM_ON_NEXT, NULL, &rep);

    assert_true(answer == GRAM_MORE || answer == GRAM_WAIT);
    return answer == GRAM_MORE ? (int)rep.status : -1;
}

static void test_watch(void **state)
{
    gram_call *call = watch(0, "proto.Greeter");

    (void)state;
    assert_int_equal(told(call), SERVING);
    assert_int_equal(told(call), -1);
    assert_true(gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_NOT_SERVING));
    assert_int_equal(call->wakes, 1);
    assert_int_equal(told(call), NOT_SERVING);
    gram_health_set(&fake_server, "", GRAM_HEALTH_NOT_SERVING); /* not its concern */
    assert_int_equal(told(call), -1);
    gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_SERVING);
    gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_NOT_SERVING);
    assert_int_equal(told(call), -1); /* back before it looked */
    gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_UNKNOWN);
    assert_int_equal(told(call), UNKNOWN);
    assert_int_equal(call->sleep_ms, 0);
    ask(health, WATCH, call, GRAM_ON_CLOSED, NULL, NULL);
    unsigned wakes = call->wakes;
    gram_health_set(&fake_server, "proto.Greeter", GRAM_HEALTH_SERVING);
    assert_int_equal(call->wakes, wakes);
}

static void test_watch_of_an_unknown_service_stays_open(void **state)
{
    gram_call *call = watch(0, "no.Such");

    (void)state;
    assert_int_equal(told(call), SERVICE_UNKNOWN);
    assert_int_equal(told(call), -1);
    gram_health_set(&fake_server, "", GRAM_HEALTH_NOT_SERVING);
    assert_int_equal(told(call), -1);
    assert_int_equal(call->sleep_ms, 0);
    ask(health, WATCH, call, GRAM_ON_CLOSED, NULL, NULL);
}

/* One more than are told at once: it looks by itself, and gets the place of one that leaves only by
 * watching anew. */
static void test_more_watchers_than_places(void **state)
{
    gram_call *calls[GRAM_HEALTH_WATCHERS + 1];

    (void)state;
    for (uint16_t i = 0; i <= GRAM_HEALTH_WATCHERS; i++) {
        calls[i] = watch(i, "");
        assert_int_equal(told(calls[i]), SERVING);
        assert_int_equal(told(calls[i]), -1);
    }
    gram_call *last = calls[GRAM_HEALTH_WATCHERS];
    assert_int_equal(last->sleep_ms, 1000);
    gram_health_set(&fake_server, "", GRAM_HEALTH_NOT_SERVING);
    assert_int_equal(last->wakes, 0);
    for (size_t i = 0; i <= GRAM_HEALTH_WATCHERS; i++) {
        assert_int_equal(told(calls[i]), NOT_SERVING);
        ask(health, WATCH, calls[i], GRAM_ON_CLOSED, NULL, NULL);
    }
    gram_call *next = watch(0, "");
    told(next);
    told(next);
    assert_int_equal(next->sleep_ms, 0); /* all places are free again */
    ask(health, WATCH, next, GRAM_ON_CLOSED, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_check, start),
        cmocka_unit_test_setup(test_set_refuses_what_is_not_there, start),
        cmocka_unit_test_setup(test_list, start),
        cmocka_unit_test_setup(test_watch, start),
        cmocka_unit_test_setup(test_watch_of_an_unknown_service_stays_open, start),
        cmocka_unit_test_setup(test_more_watchers_than_places, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
