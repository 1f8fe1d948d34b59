/* The ready-made interceptors that read and write metadata, on real calls, in the chain that gram/interceptor.h recommends: who is let in,
 * what each kind of caller is told, and what stands in the headers, the log and the counters then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "gram/allow.h"
#include "gram/audit.h"
#include "gram/auth.h"
#include "gram/details.h"
#include "gram/metrics.h"
#include "gram/rate_limit.h"
#include "gram/request_id.h"
#include "gram/server_version.h"
#include "metadata_app.h"

#if GRAM_METADATA_SIZE > 0

enum { READER = 1, ADMIN = 2 };

/* In RAM: one of them changes, one is none, one is there twice. */
static struct gram_token tokens[5];
static const struct gram_token first_tokens[5] = {GRAM_TOKEN("reader", "reader-token"), GRAM_TOKEN("admin", "admin-token"),
                                                  GRAM_TOKEN("short", "r"), GRAM_TOKEN("again", "reader-token"), {.name = "none"}};
static const struct gram_path_list open_to_all = GRAM_PATHS(SHORT);
static const struct gram_auth auth = GRAM_AUTH(auth, tokens, &open_to_all);

static const struct gram_path_list reading = GRAM_PATHS(UNARY, TINY, STREAM), everything = GRAM_PATHS("*");
static const struct gram_path_list *by_role(gram_call *call)
{
    return gram_auth_token(&auth, call) == ADMIN ? &everything : &reading;
}
static const struct gram_allow allow = {.hooks = GRAM_ALLOW_HOOKS, .hooks.skip = &open_to_all, .choose = by_role};

static struct gram_request_ids ids;
static const struct gram_request_id request_id = GRAM_REQUEST_ID(&ids);
static const struct gram_server_version version = GRAM_SERVER_VERSION("1.4.2 test");

static void more(gram_call *call, struct gram_text *line)
{
    const char *name = gram_auth_name(&auth, call);
    char id[GRAM_REQUEST_ID_SIZE];

    gram_request_id_of(&request_id, call, id);
    gram_text_str(line, " token ");
    gram_text_str(line, name ? name : "-");
    gram_text_str(line, " id ");
    gram_text_str(line, id);
}
static const struct gram_audit audit = {.hooks = GRAM_AUDIT_HOOKS, .hooks.skip = &open_to_all, .more = more};

static struct gram_metrics_totals totals;
static const struct gram_metrics metrics = {.hooks = GRAM_METRICS_HOOKS, .totals = &totals};

static const struct gram_rate_rule rules[] = {{.path = TINY, .burst = 2, .every_ms = 1500}};
static struct gram_rate_bucket buckets[1];
static const struct gram_rate_limit limit = {.hooks = GRAM_RATE_LIMIT_HOOKS,
                                             .rules = rules,
                                             .buckets = buckets,
                                             .rule_count = 1,
                                             .retry_after = gram_call_retry_after};

static const struct gram_interceptor *const chain[] = {&gram_log_interceptor, &metrics.hooks, &audit.hooks,
                                                       &request_id.hooks,     &version.hooks, &auth.hooks,
                                                       &allow.hooks,          &limit.hooks};
static const struct gram_key *const keys[] = {&auth.key, &gram_audit_user, &gram_request_id_key};
static struct gram_app app;

/* ---- the client ---- */

static struct blob fields; /* of the next call */
static uint32_t next_id;

static struct peer *begin(struct pair *pair)
{
    memcpy(tokens, first_tokens, sizeof tokens);
    memset(&totals, 0, sizeof totals);
    memset(buckets, 0, sizeof buckets);
    ids = (struct gram_request_ids){.start = 0x2a};
    fields.len = 0;
    next_id = 1;
    return peer_ready(pair);
}

static const char *header(struct peer *p, const char *name)
{
    return answer_field(peer_answer(p, next_id - 2)->headers, name);
}

/* With what is in `fields`, which is empty then. */
static void calls(struct peer *p, const char *path)
{
    static struct blob b;

    b.len = 0;
    put_request(&b, path);
    put(&b, fields.bytes, fields.len);
    fields.len = 0;
    peer_block(p, next_id, &b, 0);
    peer_message(p, next_id, 7, "", 0, GRAM_H2_FLAG_END_STREAM);
    next_id += 2;
}

static void calls_with(struct peer *p, const char *path, const char *authorization)
{
    put_field(&fields, "authorization", authorization);
    calls(p, path);
}

static void passes(struct peer *p)
{
    expect_number(p, next_id - 2, 7);
}

static void refused(struct peer *p, gram_status status, const char *text)
{
    expect_status(p, next_id - 2, status, text);
}

/* ---- auth ---- */

static void test_tokens(struct pair *pair)
{
    static const char *const unknown[] = {
        "Bearer reader-toke",  "Bearer reader-tokem", "Bearer reader-token0", "Bearer xeader-token", "Bearer  reader-token",
        "Bearer READER-TOKEN", "Bearer admin-tokeN",  "Bearer x",             "Bearer rr"};
    static const char *const malformed[] = {"Basic reader-token", "Bearer", "", "reader-token", "Bearer\treader-token",
                                            "BearerXreader-token", "xBearer reader-token", "Xearer reader-token"};
    struct peer *p = begin(pair);

    for (unsigned i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        calls_with(p, UNARY, unknown[i]);
        refused(p, GRAM_UNAUTHENTICATED, "unknown token");
    }
    for (unsigned i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        calls_with(p, UNARY, malformed[i]);
        refused(p, GRAM_UNAUTHENTICATED, "authorization: not 'Bearer TOKEN'");
    }
    calls(p, UNARY);
    refused(p, GRAM_UNAUTHENTICATED, "no authorization");
    put_field(&fields, "authorization", "Bearer reader-token");
    calls_with(p, UNARY, "Bearer reader-token");
    refused(p, GRAM_UNAUTHENTICATED, "authorization twice");
    assert_int_equal(test_app.calls, 0);

    calls_with(p, UNARY, "Bearer reader-token");
    passes(p);
    calls_with(p, UNARY, "bEARER admin-token"); /* the scheme's case is free (RFC 9110 11.1), the token's is not */
    passes(p);
    calls_with(p, UNARY, "Bearer r");
    passes(p);
    calls(p, SHORT); /* open to all, whoever they are */
    passes(p);
    calls_with(p, SHORT, "Bearer nonsense");
    passes(p);
}

/* What the client indexes (RFC 7541) is known from its number alone, and so is the name. */
static void test_indexed(struct pair *pair)
{
    static const char admin[] = "Bearer admin-token";
    struct peer *p = begin(pair);

    put_literal(&fields, NEVER_ADDED, 23, NULL, admin, sizeof admin - 1);
    calls(p, UNARY);
    passes(p);

    put_insert(&fields, "authorization", "Bearer reader-token");
    calls(p, UNARY);
    passes(p);
    put_index(&fields, 62);
    calls(p, UNARY);
    passes(p);
    put_index(&fields, 62);
    calls(p, COLLECT);
    refused(p, GRAM_PERMISSION_DENIED, "not allowed: " COLLECT);
    put_insert(&fields, "authorization", "Bearer wrong");
    calls(p, UNARY);
    refused(p, GRAM_UNAUTHENTICATED, "unknown token");
    put_index(&fields, 62);
    calls(p, UNARY);
    refused(p, GRAM_UNAUTHENTICATED, "unknown token");
    put_index(&fields, 63);
    calls(p, UNARY);
    passes(p);
}

/* Of every length, whatever the segments: nothing but the whole token opens, and it always does. */
static void test_cut(struct pair *pair)
{
    static const char whole[] = "Bearer admin-token";
    struct peer *p = begin(pair);

    for (p->segment = 1; p->segment < 5; p->segment++) {
        for (size_t len = 0; len < sizeof whole; len++) {
            char part[sizeof whole];

            memcpy(part, whole, len);
            part[len] = '\0';
            if (len == sizeof "Bearer " - 1)
                continue; /* no value ends with a space (RFC 9113 8.2.1) */
            calls_with(p, COLLECT, part);
            if (len == sizeof whole - 1)
                expect_number(p, next_id - 2, 1);
            else
                refused(p, GRAM_UNAUTHENTICATED, "*");
        }
    }
}

/* The judge alone, with every byte: the table of tokens is as long as may be. */
static void test_judge(struct pair *pair)
{
    static char texts[GRAM_AUTH_TOKENS_MAX][2];
    static struct gram_token many[GRAM_AUTH_TOKENS_MAX];
    static const struct gram_auth wide = GRAM_AUTH(wide, many, NULL);
    uint32_t state[4];

    (void)begin(pair);
    for (size_t len = 0; len <= 7; len++) {
        auth.judge.begin(&auth.judge, state);
        auth.judge.data(&auth.judge, state, (const uint8_t *)"Bearer ", len);
        assert_true(auth.judge.end(&auth.judge, state) > sizeof tokens / sizeof tokens[0]);
    }
    for (unsigned i = 0; i < GRAM_AUTH_TOKENS_MAX; i++) {
        memcpy(texts[i], (char[2]){(char)(i + 1), (char)(255 - i)}, 2);
        many[i] = (struct gram_token){.text = texts[i], .len = 2};
    }
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const uint8_t value[] = {'B', 'e', 'a', 'r', 'e', 'r', ' ', (uint8_t)first, (uint8_t)second};
            bool known = first >= 1 && first <= GRAM_AUTH_TOKENS_MAX && second == 256 - first;

            wide.judge.begin(&wide.judge, state);
            wide.judge.data(&wide.judge, state, value, 8);
            wide.judge.data(&wide.judge, state, value + 8, 1);
            assert_int_equal(wide.judge.end(&wide.judge, state), known ? first : 0);
        }
    }
}

/* An entry that is changed at run time, on a connection that has not used it yet. */
static void test_changed(struct pair *pair)
{
    struct peer *p = begin(pair);

    calls_with(p, UNARY, "Bearer new-token");
    refused(p, GRAM_UNAUTHENTICATED, "unknown token");
    tokens[4] = (struct gram_token)GRAM_TOKEN("new", "new-token");
    calls_with(p, UNARY, "Bearer new-token");
    passes(p);
    tokens[ADMIN - 1] = (struct gram_token){0};
    calls_with(p, COLLECT, "Bearer admin-token");
    refused(p, GRAM_UNAUTHENTICATED, "unknown token");
}

/* ---- roles, and what each is told ---- */

static void test_roles(struct pair *pair)
{
    struct peer *p = begin(pair);

    calls_with(p, COLLECT, "Bearer reader-token");
    refused(p, GRAM_PERMISSION_DENIED, "not allowed: " COLLECT);
    calls_with(p, COLLECT, "Bearer admin-token");
    expect_number(p, next_id - 2, 1);
    calls_with(p, STREAM, "Bearer reader-token");
    expect_status(p, next_id - 2, GRAM_OK, NULL);
}

/* The chain as a whole: what a refusal at each place leaves in headers, log and counters. */
static void test_whole_chain(struct pair *pair)
{
    struct peer *p = begin(pair);

    put_field(&fields, "user-id", "ann");
    calls(p, TINY); /* refused by auth: those behind it are not asked, so it uses up nothing */
    refused(p, GRAM_UNAUTHENTICATED, "no authorization");
    assert_string_equal(header(p, "server-version"), "1.4.2 test");
    assert_string_equal(header(p, "x-request-id"), "0000002a-00000001");
    assert_non_null(strstr(pair_log, "audit: ann " TINY " UNAUTHENTICATED 0 ms token - id 0000002a-00000001\n"));
    assert_non_null(strstr(pair_log, "\n" TINY " UNAUTHENTICATED 0 ms in 0 out 0 "));
    pair_log[0] = '\0';

    put_field(&fields, "user-id", "ann");
    put_field(&fields, "x-request-id", "My-1_a.b");
    calls_with(p, COLLECT, "Bearer reader-token"); /* by allow */
    refused(p, GRAM_PERMISSION_DENIED, "not allowed: " COLLECT);
    assert_string_equal(header(p, "server-version"), "1.4.2 test");
    assert_string_equal(header(p, "x-request-id"), "My-1_a.b");
    assert_non_null(strstr(pair_log, "audit: ann " COLLECT " PERMISSION_DENIED 0 ms token reader id My-1_a.b\n"));
    pair_log[0] = '\0';

    for (unsigned i = 0; i < 3; i++)
        calls_with(p, TINY, "Bearer reader-token"); /* the third by rate_limit */
    refused(p, GRAM_RESOURCE_EXHAUSTED, "too many calls: try again in 1500 ms");
    assert_string_equal(header(p, "server-version"), "1.4.2 test");
    /* google.rpc.Status{8, the text, RetryInfo{Duration{1, 500000000}}}, as Google's protobuf makes it */
    assert_string_equal(answer_field(peer_answer(p, next_id - 2)->trailers, "grpc-status-details-bin"),
                        "CAgSJHRvbyBtYW55IGNhbGxzOiB0cnkgYWdhaW4gaW4gMTUwMCBtcxo2Cih0eXBlLmdvb2dsZWFwaXMu"
                        "Y29tL2dvb2dsZS5ycGMuUmV0cnlJbmZvEgoKCAgBEIDKte4B");
    assert_non_null(strstr(pair_log, "audit: - " TINY " RESOURCE_EXHAUSTED 0 ms token reader id 0000002a-00000004\n"));

    calls(p, SHORT); /* skipped by auth, allow and audit */
    passes(p);
    assert_string_equal(header(p, "x-request-id"), "0000002a-00000005");
    assert_null(strstr(pair_log, "audit: - " SHORT));

    assert_int_equal(totals.counts.calls, 6);
    assert_int_equal(totals.counts.by_status[GRAM_OK], 3);
    assert_int_equal(totals.counts.by_status[GRAM_UNAUTHENTICATED], 1);
    assert_int_equal(totals.counts.by_status[GRAM_PERMISSION_DENIED], 1);
    assert_int_equal(totals.counts.by_status[GRAM_RESOURCE_EXHAUSTED], 1);
    assert_int_equal(totals.under_way, 0);
    assert_int_equal(test_app.calls, 3);
}

/* ---- request ids ---- */

static void test_request_ids(struct pair *pair)
{
    static const char longest[] = "0123456789abcdef0123456789abcdef-XYZ";
    static const char *const bad[] = {"", "a b", "a\"b", "a/b", "\xc3\xa4", "0123456789abcdef0123456789abcdef-XYZ0", "a\tb"};
    struct peer *p = begin(pair);

    assert_int_equal(strlen(longest), GRAM_REQUEST_ID_SIZE - 1);
    put_field(&fields, "x-request-id", longest);
    calls(p, SHORT);
    assert_string_equal(header(p, "x-request-id"), longest);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char made[20];

        put_field(&fields, "x-request-id", bad[i]);
        calls(p, SHORT);
        snprintf(made, sizeof made, "0000002a-%08x", i + 1);
        assert_string_equal(header(p, "x-request-id"), made);
    }
    ids.count = UINT32_MAX - 2; /* the count's end, and its beginning */
    calls(p, SHORT);
    assert_string_equal(header(p, "x-request-id"), "0000002a-fffffffe");
    calls(p, SHORT);
    assert_string_equal(header(p, "x-request-id"), "0000002a-00000001");
}

/* ---- audit ---- */

static void audited(struct peer *p, const char *user, const char *reads)
{
    char line[128];

    pair_log[0] = '\0';
    put_field(&fields, "user-id", user);
    calls_with(p, UNARY, "Bearer admin-token");
    passes(p);
    snprintf(line, sizeof line, "audit: %s " UNARY " OK 0 ms token admin id ", reads);
    if (!strstr(pair_log, line))
        fail_msg("not '%s' but:\n%s", line, pair_log);
}

static void test_audit(struct pair *pair)
{
    struct peer *p = begin(pair);

    audited(p, "ann", "ann");
    audited(p, "", "-");
    audited(p, "ann /x.Y/Z OK", "ann?/x.Y/Z?OK");
    audited(p, "a\xc3\xa4\x1b[1m\x7f\tz", "a???[1m??z");
    audited(p, "0123456789abcdef0123456789abcdef+", "0123456789abcdef0123456789abcdef");
    put_field(&fields, "user-id", "first");
    audited(p, "second", "first");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_OF(test_tokens, app),      PAIR_TEST_OF(test_indexed, app),     PAIR_TEST_OF(test_cut, app),
        PAIR_TEST_OF(test_judge, app),       PAIR_TEST_OF(test_changed, app),     PAIR_TEST_OF(test_roles, app),
        PAIR_TEST_OF(test_whole_chain, app), PAIR_TEST_OF(test_request_ids, app), PAIR_TEST_OF(test_audit, app),
    };

    app = test_app_plain;
    app.interceptors = chain;
    app.interceptor_count = sizeof chain / sizeof chain[0];
    app.keys = keys;
    app.key_count = sizeof keys / sizeof keys[0];
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static const struct gram_rate_rule rules[] = {{.path = "*", .burst = 1, .every_ms = 1500}};
static struct gram_rate_bucket buckets[1];
static const struct gram_rate_limit limit = {
    .hooks = GRAM_RATE_LIMIT_HOOKS, .rules = rules, .buckets = buckets, .rule_count = 1};
static const struct gram_interceptor *const chain[] = {&limit.hooks};
static struct gram_app app;

/* Where there is no metadata, those that need none work as ever. */
static void test_left_out(struct pair *pair)
{
    struct peer *p = peer_ready(pair);

    peer_call(p, 1, UNARY, 7, "");
    expect_number(p, 1, 7);
    peer_call(p, 3, UNARY, 7, "");
    expect_status(p, 3, GRAM_RESOURCE_EXHAUSTED, "*");
    assert_null(answer_field(peer_answer(p, 3)->trailers, "grpc-status-details-bin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST_OF(test_left_out, app)};

    app = test_app_plain;
    app.interceptors = chain;
    app.interceptor_count = 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
