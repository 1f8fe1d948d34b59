/* Rich errors on real calls: the bytes of grpc-status-details-bin are those that Google's protobuf makes of the same
 * google.rpc.Status (Python's, deterministic: the vectors below), and its message is what grpc-message says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "gram/details.h"
#include "grpc_internal.h"

#if GRAM_METADATA_SIZE > 0

#define BYTES(text) (text), sizeof(text) - 1

/* ---- what the client gets ---- */

static uint8_t decoded[512];

/* As it is sent: without padding. */
static int32_t from_base64(const char *text)
{
    assert_null(strchr(text, '='));
    return gram_base64_decode(decoded, sizeof decoded, (const uint8_t *)text, strlen(text));
}

/* What the handler fails with. */
static gram_status status;
static const char *text;
static const struct gram_detail *details;
static unsigned count;

static void fail_with(gram_call *call)
{
    assert_int_equal(gram_call_fail_with(call, status, text, details, count), status);
}

static void ask(struct peer *p, uint32_t id, gram_status status_, const char *text_,
                const struct gram_detail *details_, unsigned count_)
{
    status = status_;
    text = text_;
    details = details_;
    count = count_;
    test_app_answer((struct test_answer){.status = status, .hook = fail_with});
    peer_call(p, id, UNARY, 1, "");
}

static void is_sent(struct peer *p, uint32_t id, const char *bytes, size_t len)
{
    const char *field;

    expect_only_trailers(p, id, status, *text ? text : NULL);
    field = answer_field(peer_answer(p, id)->trailers, "grpc-status-details-bin");
    assert_non_null(field);
    assert_int_equal(from_base64(field), len);
    assert_memory_equal(decoded, bytes, len);
}

/* ---- tests ---- */

static void test_each_kind(struct pair *pair)
{
    static const struct gram_violation violations[] = {
        {.field = "name", .description = "must not be empty"}, {.field = "age"}};
    static const struct gram_pair pairs[] = {{.key = "sensor", .value = "1"}, {.key = "unit", .value = "C"}};
    const struct gram_detail bad[] = {GRAM_DETAIL_BAD_REQUEST(violations, 2)};
    const struct gram_detail now[] = {GRAM_DETAIL_RETRY_INFO(0)};
    const struct gram_detail later[] = {GRAM_DETAIL_RETRY_INFO(UINT32_MAX)};
    const struct gram_detail error[] = {
        {.kind = GRAM_ERROR_INFO,
         .count = 2,
         .of.error = {.reason = "TOO_HOT", .domain = "device.example.com", .metadata = pairs}}};
    const struct gram_detail two[] = {{.kind = GRAM_RESOURCE_INFO,
                                       .of.resource = {.type = "file",
                                                       .name = "gr\xc3\xb6\xc3\x9f"
                                                               "e.txt",
                                                       .owner = "me",
                                                       .description = "no such file"}},
                                      GRAM_DETAIL_RETRY_INFO(1)};
    struct peer *p = peer_ready(pair);

    ask(p, 1, GRAM_INVALID_ARGUMENT, "no name", bad, 1);
    is_sent(p, 1,
            BYTES("\x08\x03\x12\x07no name\x1aO\n)type.googleapis.com/google.rpc.BadRequest\x12\"\n\x19\n\x04name\x12"
                  "\x11must not be empty\n\x05\n\x03"
                  "age"));
    ask(p, 3, GRAM_RESOURCE_EXHAUSTED, "later", now, 1);
    is_sent(p, 3, BYTES("\x08\x08\x12\x05later\x1a.\n(type.googleapis.com/google.rpc.RetryInfo\x12\x02\n\x00"));
    ask(p, 5, GRAM_RESOURCE_EXHAUSTED, "later", later, 1);
    is_sent(p, 5,
            BYTES("\x08\x08\x12\x05later\x1a"
                  "9\n(type.googleapis.com/google.rpc.RetryInfo\x12\r\n\x0b\x08\xb7\x92\x86\x02\x10\xc0\xaf\xd5\x8c\x01"));
    ask(p, 7, GRAM_FAILED_PRECONDITION, "", error, 1);
    is_sent(p, 7,
            BYTES("\x08\t\x1a"
                  "a\n(type.googleapis.com/google.rpc.ErrorInfo\x12"
                  "5\n\x07TOO_HOT\x12\x12"
                  "device.example.com\x1a\x0b\n\x06sensor\x12\x01"
                  "1\x1a\x09\n\x04unit\x12\x01"
                  "C"));
    ask(p, 9, GRAM_NOT_FOUND, "gone", two, 2);
    is_sent(p, 9,
            BYTES("\x08\x05\x12\x04gone\x1aT\n+type.googleapis.com/google.rpc.ResourceInfo\x12%\n\x04"
                  "file\x12\x0bgr\xc3\xb6\xc3\x9f"
                  "e.txt\x1a\x02me\"\x0cno such file\x1a"
                  "2\n(type.googleapis.com/google.rpc.RetryInfo\x12\x06\n\x04\x10\xc0\x84="));
    ask(p, 11, GRAM_INTERNAL, "x", NULL, 0);
    is_sent(p, 11, BYTES("\x08\x0d\x12\x01x"));
    assert_string_equal(pair_log, "");
}

/* The text that is cut for grpc-message is cut for the details at the same character. */
static void test_long_text(struct pair *pair)
{
    static const char *const tails[] = {"", "x", "%", "\xc3\xa4", "\xe2\x82\xac"};
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;

    for (size_t len = GRAM_STATUS_TEXT_MAX - 12; len < GRAM_STATUS_TEXT_MAX + 3; len++) {
        for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++, id += 2) {
            char line[GRAM_STATUS_TEXT_MAX + 16];
            const char *said;
            size_t n = 0;

            memset(line, 'a', len);
            strcpy(line + len, tails[i]);
            ask(p, id, GRAM_ABORTED, line, NULL, 0);
            said = answer_field(peer_answer(p, id)->trailers, "grpc-message");
            for (; *said; said++, n++)
                if (*said == '%')
                    said += 2;
            char all[GRAM_STATUS_TEXT_MAX + 16];
            size_t head = (size_t)snprintf(all, sizeof all, "\x08\x0a\x12%c", (char)n);
            memcpy(all + head, line, n);
            assert_int_equal(
                from_base64(answer_field(peer_answer(p, id)->trailers, "grpc-status-details-bin")),
                head + n);
            assert_memory_equal(decoded, all, head + n);
        }
    }
}

static void is_left_out(struct peer *p, uint32_t id, const char *limit)
{
    expect_only_trailers(p, id, GRAM_INVALID_ARGUMENT, "too much");
    assert_null(answer_field(peer_answer(p, id)->trailers, "grpc-status-details-bin"));
    assert_non_null(strstr(pair_log, limit));
    assert_non_null(strstr(pair_log, " is too small for details: " UNARY));
    pair_log[0] = '\0';
}

/* Of each length: whole, or not at all, and the log says why. */
static void test_too_long(struct pair *pair)
{
    char description[GRAM_DETAILS_MAX + 1];
    struct gram_violation violation = {.field = "f", .description = description};
    const struct gram_detail bad[] = {GRAM_DETAIL_BAD_REQUEST(&violation, 1)};
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    unsigned sent = 0, no_room = 0, too_long = 0;

    for (size_t len = 1; len <= GRAM_DETAILS_MAX; len++, id += 2) {
        memset(description, 'd', len);
        description[len] = '\0';
        ask(p, id, GRAM_INVALID_ARGUMENT, "too much", bad, 1);
        if (answer_field(peer_answer(p, id)->trailers, "grpc-status-details-bin")) {
            assert_int_equal(sent++, len - 1);
        } else if (strstr(pair_log, "GRAM_METADATA_SIZE")) {
            assert_int_equal(sent + no_room++, len - 1);
            is_left_out(p, id, "GRAM_METADATA_SIZE");
        } else {
            too_long++;
            is_left_out(p, id, "GRAM_DETAILS_MAX");
        }
    }
    assert_true(sent > 50 && no_room > 10 && too_long > 50);
    expect_alive(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_each_kind),
        PAIR_TEST(test_long_text),
        PAIR_TEST(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* They are left out with all metadata. */
static void test_left_out(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    test_app_status(GRAM_NOT_FOUND, "gone");
    peer_call(p, 1, UNARY, 1, "");
    expect_only_trailers(p, 1, GRAM_NOT_FOUND, "gone");
    assert_null(answer_field(peer_answer(p, 1)->trailers, "grpc-status-details-bin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST(test_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
