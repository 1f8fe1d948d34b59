/* The reflection service: what it finds, what it answers, and how calls share the place for a question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <pb_encode.h>

#include "fake_call.h"
#include "greeter.gram.h"
#include "grpc/health/v1/health.gram.h"
#include "reflection_internal.h"
#include "reflection_symbols.h"

#define TAG(name) grpc_reflection_v1_ServerReflectionRequest_##name##_tag

typedef grpc_reflection_v1_ServerReflectionRequest question_t;
typedef grpc_reflection_v1_ServerReflectionResponse answer_t;

static const struct proto_Greeter_handlers greeter;
static const struct gram_binding bindings[] = {{&proto_Greeter_service, &greeter}, GRAM_REFLECTION};
static const struct gram_binding *const v1 = &bindings[1];
static const struct gram_binding *const v1alpha = &bindings[2];
static const struct gram_app app = {.name = "test", .bindings = bindings, .binding_count = 3};

static int start(void **state)
{
    (void)state;
    fake_server.app = &app;
    return 0;
}

static question_t question(pb_size_t which, const char *text)
{
    question_t q = {.host = "a.host", .which_message_request = which};
    char *at = q.message_request.file_containing_symbol;

    if (which == TAG(file_containing_extension)) {
        at = q.message_request.file_containing_extension.containing_type;
    }
    strcpy(at, text);
    return q;
}

/* The encoded answer, which must come out the same every time. */
static size_t encoded(const answer_t *answer, uint8_t buf[8192])
{
    static uint8_t again[8192];
    pb_ostream_t stream = pb_ostream_from_buffer(buf, 8192);
    pb_ostream_t second = pb_ostream_from_buffer(again, 8192);

    assert_true(pb_encode(&stream, grpc_reflection_v1_ServerReflectionResponse_fields, answer));
    assert_true(pb_encode(&second, grpc_reflection_v1_ServerReflectionResponse_fields, answer));
    assert_int_equal(stream.bytes_written, second.bytes_written);
    assert_memory_equal(buf, again, stream.bytes_written);
    return stream.bytes_written;
}

static unsigned times_in(const uint8_t *buf, size_t len, const void *bytes, size_t count)
{
    unsigned times = 0;

    for (size_t i = 0; i + count <= len; i++) {
        times += memcmp(buf + i, bytes, count) == 0;
    }
    return times;
}

/* Asks on a call of its own, from the first to the last, and gives the encoded answer. */
static size_t answer_to(const struct gram_binding *version, const question_t *q, answer_t *answer,
                        uint8_t buf[8192])
{
    gram_call *call = fake_call(0);

    *answer = (answer_t)grpc_reflection_v1_ServerReflectionResponse_init_zero;
    assert_int_equal(ask(version, 0, call, GRAM_ON_OPEN, NULL, NULL), GRAM_OK);
    assert_int_equal(ask(version, 0, call, GRAM_ON_NEXT, NULL, answer), GRAM_WAIT);
    assert_int_equal(ask(version, 0, call, GRAM_ON_MESSAGE, q, NULL), GRAM_OK);
    assert_int_equal(ask(version, 0, call, GRAM_ON_NEXT, NULL, answer), GRAM_MORE);
    size_t len = encoded(answer, buf);
    answer_t unused;
    assert_int_equal(ask(version, 0, call, GRAM_ON_NEXT, NULL, &unused), GRAM_WAIT);
    assert_int_equal(ask(version, 0, call, GRAM_ON_HALF_CLOSE, NULL, NULL), GRAM_OK);
    assert_int_equal(ask(version, 0, call, GRAM_ON_NEXT, NULL, &unused), GRAM_DONE);
    ask(version, 0, call, GRAM_ON_CLOSED, NULL, NULL);

    /* What every answer repeats: valid_host = 1, and the question = 2. */
    uint8_t repeated[300] = {0x0a, 6, 'a', '.', 'h', 'o', 's', 't', 0x12};
    pb_ostream_t stream = pb_ostream_from_buffer(repeated + 9, sizeof repeated - 9);
    assert_true(pb_encode_submessage(&stream, grpc_reflection_v1_ServerReflectionRequest_fields, q));
    assert_memory_equal(buf, repeated, 9 + stream.bytes_written);
    return len;
}

static void test_services(void **state)
{
    question_t q = question(TAG(list_services), "*");
    uint8_t buf[8192];
    answer_t answer;

    (void)state;
    for (unsigned i = 0; i < app.binding_count; i++) {
        const char *name = bindings[i].service->name;
        size_t len = answer_to(v1, &q, &answer, buf);
        assert_int_equal(times_in(buf, len, name, strlen(name)), 1);
    }
}

static void test_a_file_by_name_and_by_symbol(void **state)
{
    static const struct {
        pb_size_t which;
        const char *text;
    } asked[] = {
        {TAG(file_by_filename), "greeter.proto"},
        {TAG(file_containing_symbol), "proto.Greeter"},
        {TAG(file_containing_symbol), ".proto.Greeter"},
        {TAG(file_containing_symbol), "proto.Greeter.SayHello"},
        {TAG(file_containing_symbol), "proto.HelloRequest"},
        {TAG(file_containing_symbol), "proto.HelloRequest.name"},
    };
    uint8_t buf[8192];
    answer_t answer;

    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        for (const struct gram_binding *version = v1; version <= v1alpha; version++) {
            question_t q = question(asked[i].which, asked[i].text);
            size_t len = answer_to(version, &q, &answer, buf);
            assert_int_equal(answer.which_message_response,
                             grpc_reflection_v1_ServerReflectionResponse_file_descriptor_response_tag);
            assert_int_equal(times_in(buf, len, greeter_gram_file.bytes, greeter_gram_file.len), 1);
        }
    }
}

static void test_not_found(void **state)
{
    static const struct {
        pb_size_t which;
        const char *text, *says;
    } asked[] = {
        {TAG(file_by_filename), "greeter.prot", "no file greeter.prot"},
        {TAG(file_by_filename), "", "no file "},
        {TAG(file_containing_symbol), "proto.Greete", "no symbol proto.Greete"},
        {TAG(file_containing_symbol), "", "no symbol "},
        {TAG(file_containing_symbol), ".", "no symbol ."},
        {TAG(all_extension_numbers_of_type), "proto.X", "no symbol proto.X"},
        {TAG(file_containing_extension), "proto.HelloReply", "no such extension of proto.HelloReply"},
    };
    uint8_t buf[8192];
    answer_t answer;

    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        question_t q = question(asked[i].which, asked[i].text);
        size_t len = answer_to(v1, &q, &answer, buf);
        size_t says = strlen(asked[i].says);
        assert_int_equal(answer.which_message_response,
                         grpc_reflection_v1_ServerReflectionResponse_error_response_tag);
        assert_int_equal(answer.message_response.error_response.error_code, GRAM_NOT_FOUND);
        assert_memory_equal(buf + len - says, asked[i].says, says);
        assert_int_equal(buf[len - says - 1], says);
    }
}

static void test_a_type_without_extensions(void **state)
{
    question_t q = question(TAG(all_extension_numbers_of_type), "proto.HelloReply");
    uint8_t buf[8192];
    answer_t answer;

    (void)state;
    size_t len = answer_to(v1, &q, &answer, buf);
    assert_int_equal(answer.which_message_response,
                     grpc_reflection_v1_ServerReflectionResponse_all_extension_numbers_response_tag);
    assert_memory_equal(buf + len - 16, "proto.HelloReply", 16);
}

static void test_no_question(void **state)
{
    question_t q = {.which_message_request = 0};
    gram_call *call = fake_call(0);

    (void)state;
    assert_int_equal(ask(v1, 0, call, GRAM_ON_MESSAGE, &q, NULL), GRAM_INVALID_ARGUMENT);
    assert_string_equal(call->text, "message_request is missing, or not known here");
}

/* Two calls and one place: the second question is not taken until the first answer has gone out. */
static void test_the_place_is_shared(void **state)
{
    question_t q = question(TAG(file_by_filename), "greeter.proto");
    gram_call *one = fake_call(1), *two = fake_call(2);
    answer_t answer = grpc_reflection_v1_ServerReflectionResponse_init_zero;

    (void)state;
    assert_int_equal(ask(v1, 0, one, GRAM_ON_MESSAGE, &q, NULL), GRAM_OK);
    assert_int_equal(ask(v1alpha, 0, two, GRAM_ON_MESSAGE, &q, NULL), GRAM_WAIT);
    assert_true(two->sleep_ms > 0);
    two->sleep_ms = 0;
    assert_int_equal(ask(v1alpha, 0, two, GRAM_ON_NEXT, NULL, &answer), GRAM_WAIT);
    assert_true(two->sleep_ms > 0);
    assert_int_equal(ask(v1, 0, one, GRAM_ON_NEXT, NULL, &answer), GRAM_MORE);
    assert_int_equal(ask(v1alpha, 0, two, GRAM_ON_MESSAGE, &q, NULL), GRAM_WAIT); /* it is still going out */
    assert_int_equal(ask(v1, 0, one, GRAM_ON_MESSAGE, &q, NULL), GRAM_WAIT);      /* its own next one, too */
    assert_int_equal(ask(v1, 0, one, GRAM_ON_NEXT, NULL, &answer), GRAM_WAIT);
    assert_int_equal(ask(v1alpha, 0, two, GRAM_ON_MESSAGE, &q, NULL), GRAM_OK);
    ask(v1, 0, one, GRAM_ON_CLOSED, NULL, NULL); /* takes nothing from the other */
    assert_int_equal(ask(v1alpha, 0, two, GRAM_ON_HALF_CLOSE, NULL, NULL), GRAM_OK);
    assert_int_equal(ask(v1alpha, 0, two, GRAM_ON_NEXT, NULL, &answer), GRAM_MORE);
    assert_int_equal(ask(v1alpha, 0, two, GRAM_ON_NEXT, NULL, &answer), GRAM_DONE);
    ask(v1alpha, 0, two, GRAM_ON_CLOSED, NULL, NULL);
}

static void test_a_call_that_ends_gives_the_place_back(void **state)
{
    question_t q = question(TAG(file_by_filename), "greeter.proto");
    gram_call *one = fake_call(1), *two = fake_call(2);

    (void)state;
    assert_int_equal(ask(v1, 0, one, GRAM_ON_MESSAGE, &q, NULL), GRAM_OK);
    ask(v1, 0, one, GRAM_ON_CLOSED, NULL, NULL);
    assert_int_equal(ask(v1, 0, two, GRAM_ON_MESSAGE, &q, NULL), GRAM_OK);
    ask(v1, 0, two, GRAM_ON_CLOSED, NULL, NULL);
}

/* ---- files that import others ---- */

static const struct gram_file base = {.name = "base"};
static const struct gram_file *const on_base[] = {&base};
static const struct gram_file left = {.name = "left", .deps = on_base, .dep_count = 1};
static const struct gram_file right = {.name = "right", .deps = on_base, .dep_count = 1};
static const struct gram_file *const on_both[] = {&left, &right, &base};
static const struct gram_file top = {.name = "top", .deps = on_both, .dep_count = 3};

static void test_each_import_once(void **state)
{
    const struct gram_file *files[GRAM_REFLECTION_FILES];

    (void)state;
    assert_int_equal(gram_reflection_closure(&top, files), 4);
    assert_ptr_equal(files[0], &top);
    assert_ptr_equal(files[1], &left);
    assert_ptr_equal(files[2], &right);
    assert_ptr_equal(files[3], &base);
}

static void test_more_imports_than_an_answer_holds(void **state)
{
    struct gram_file many[GRAM_REFLECTION_FILES + 3] = {{.name = "many"}};
    const struct gram_file *deps[GRAM_REFLECTION_FILES + 3];
    const struct gram_file *files[GRAM_REFLECTION_FILES];

    (void)state;
    for (unsigned i = 0; i < GRAM_REFLECTION_FILES + 3; i++) {
        deps[i] = &many[i];
    }
    struct gram_file root = {.name = "root", .deps = deps, .dep_count = GRAM_REFLECTION_FILES + 3};
    assert_int_equal(gram_reflection_closure(&root, files), GRAM_REFLECTION_FILES);
    assert_ptr_equal(files[0], &root);
    assert_ptr_equal(files[GRAM_REFLECTION_FILES - 1], &many[GRAM_REFLECTION_FILES - 2]);
}

/* ---- names in a descriptor ---- */

static void test_names(void **state)
{
    static const char *const here[] = {
        "grpc.health.v1.Health", "grpc.health.v1.Health.Watch", "grpc.health.v1.HealthCheckResponse",
        "grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc.health.v1.HealthCheckResponse.NOT_SERVING",
        "grpc.health.v1.HealthListResponse.statuses", "grpc.health.v1.HealthListResponse.StatusesEntry.key",
    };
    static const char *const not_here[] = {
        "", ".", "grpc", "Health", "grpc.health.v1", "grpc.health.v1.", "grpc.health.v1..Health",
        "grpc.health.v1.Healt", "grpc.health.v1.Healthy", "grpc.health.v1.Health.",
        "grpc.health.v1.Health.Watch.", "grpc.health.v1.Health.Watch.x", "grpc.health.v2.Health",
        "grpc.health.v1xHealth", "grpc.health.v1.NOT_SERVING", "grpc.health.v1.HealthCheckRequest.status",
        "grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING",
    };
    char longer[80];

    (void)state;
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        assert_true(gram_reflection_defines(&grpc_health_v1_health_gram_file, here[i]));
        snprintf(longer, sizeof longer, "%sx", here[i]);
        assert_false(gram_reflection_defines(&grpc_health_v1_health_gram_file, longer));
    }
    for (size_t i = 0; i < sizeof not_here / sizeof not_here[0]; i++) {
        assert_false(gram_reflection_defines(&grpc_health_v1_health_gram_file, not_here[i]));
    }
}

/* Cut anywhere, and each byte set to another value: it may say either, but reads nothing beyond. */
static void test_damaged_descriptors(void **state)
{
    const struct gram_file *whole = &grpc_health_v1_health_gram_file;
    static uint8_t bytes[4096];

    (void)state;
    assert_true(whole->len <= sizeof bytes);
    for (uint16_t at = 0; at < whole->len; at++) {
        uint8_t *end = bytes + sizeof bytes;
        memcpy(end - at, whole->bytes, at);
        struct gram_file cut = {.bytes = end - at, .len = at};
        gram_reflection_defines(&cut, "grpc.health.v1.HealthListResponse.StatusesEntry.key");
        memcpy(end - whole->len, whole->bytes, whole->len);
        end[at - whole->len] ^= 0xff;
        struct gram_file bent = {.bytes = end - whole->len, .len = whole->len};
        gram_reflection_defines(&bent, "grpc.health.v1.HealthListResponse.StatusesEntry.key");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_services, start),
        cmocka_unit_test_setup(test_a_file_by_name_and_by_symbol, start),
        cmocka_unit_test_setup(test_not_found, start),
        cmocka_unit_test_setup(test_a_type_without_extensions, start),
        cmocka_unit_test_setup(test_no_question, start),
        cmocka_unit_test_setup(test_the_place_is_shared, start),
        cmocka_unit_test_setup(test_a_call_that_ends_gives_the_place_back, start),
        cmocka_unit_test_setup(test_each_import_once, start),
        cmocka_unit_test_setup(test_more_imports_than_an_answer_holds, start),
        cmocka_unit_test_setup(test_names, start),
        cmocka_unit_test_setup(test_damaged_descriptors, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
