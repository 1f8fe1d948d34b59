/* users with callers who must show who they are (users_auth.h): a reader may look, an admin may do everything.
 *
 * The tokens are for trying it out: they stand in this file, so everyone knows them. A device takes its own from where it keeps its
 * secrets, into an array in RAM (gram/auth.h says how). */
#include "users_auth.h"

#include "gram/allow.h"
#include "gram/audit.h"
#include "gram/auth.h"
#include "gram/details.h"
#include "gram/metrics.h"
#include "gram/rate_limit.h"
#include "gram/request_id.h"
#include "gram/server_version.h"

enum { READER = 1, ADMIN = 2 }; /* their places in the table */

static const struct gram_token tokens[] = {
    GRAM_TOKEN("reader", "reader-demo"),
    GRAM_TOKEN("admin", "admin-demo"),
};

/* Health checks and grpcurl's reflection need no token. */
static const struct gram_path_list open_to_all =
    GRAM_PATHS("/grpc.health.v1.Health/*", "/grpc.reflection.v1.ServerReflection/*",
               "/grpc.reflection.v1alpha.ServerReflection/*");

static const struct gram_auth auth = GRAM_AUTH(auth, tokens, &open_to_all);

/* ---- who may do what ---- */

static const struct gram_path_list reading =
    GRAM_PATHS("/user.UserService/Get*", "/user.UserService/List*", "/user.UserService/Stream*");
static const struct gram_path_list everything = GRAM_PATHS("*");

static const struct gram_path_list *by_role(gram_call *call)
{
    switch (gram_auth_token(&auth, call)) {
    case READER:
        return &reading;
    case ADMIN:
        return &everything;
    default:
        return NULL;
    }
}

static const struct gram_allow allow = {
    .hooks = GRAM_ALLOW_HOOKS, .hooks.skip = &open_to_all, .choose = by_role};

/* ---- how often: pages of users are the dearest ---- */

static const struct gram_rate_rule rules[] = {
    {.path = "/user.UserService/ListUsers", .burst = 5, .every_ms = 1000},
    {.path = "*", .burst = 50, .every_ms = 20},
};
static struct gram_rate_bucket buckets[sizeof rules / sizeof rules[0]];
static const struct gram_rate_limit limit = {
    .hooks = GRAM_RATE_LIMIT_HOOKS,
    .hooks.skip = &open_to_all,
    .rules = rules,
    .buckets = buckets,
    .rule_count = sizeof rules / sizeof rules[0],
    .retry_after = gram_call_retry_after,
};

/* ---- what is told and written down ---- */

static struct gram_metrics_totals totals;
static struct gram_metrics_method methods[6];
static const struct gram_metrics metrics = {.hooks = GRAM_METRICS_HOOKS,
                                            .hooks.skip = &open_to_all,
                                            .totals = &totals,
                                            .methods = methods,
                                            .method_count = sizeof methods / sizeof methods[0]};

static struct gram_request_ids ids; /* a device with a count of its starts would put it into ids.start */
static const struct gram_request_id request_id = GRAM_REQUEST_ID(&ids);
static const struct gram_server_version version = GRAM_SERVER_VERSION("users 1.0");

static void put_token_and_id(gram_call *call, struct gram_text *line)
{
    const char *name = gram_auth_name(&auth, call);
    char id[GRAM_REQUEST_ID_SIZE];

    gram_request_id_of(&request_id, call, id);
    gram_text_str(line, " token ");
    gram_text_str(line, name != NULL ? name : "-");
    gram_text_str(line, " id ");
    gram_text_str(line, id);
}

static const struct gram_audit audit = {
    .hooks = GRAM_AUDIT_HOOKS, .hooks.skip = &open_to_all, .more = put_token_and_id};

/* ---- the chain ---- */

const struct gram_interceptor *const users_interceptors[USERS_INTERCEPTORS] = {
    &gram_log_interceptor, &metrics.hooks, &audit.hooks, &request_id.hooks,
    &version.hooks,        &auth.hooks,    &allow.hooks, &limit.hooks,
};

const struct gram_key *const users_keys[USERS_KEYS] = {&auth.key, &gram_audit_user, &gram_request_id_key};

void users_auth_start(gram_server *server)
{
    gram_server_log(server, GRAM_LOG_INFO, "gram: DEMO TOKENS, known to everyone; never ship them:");
    gram_server_log(server, GRAM_LOG_INFO, "  authorization: Bearer reader-demo   may Get, List and Stream");
    gram_server_log(server, GRAM_LOG_INFO, "  authorization: Bearer admin-demo    may do everything");
}
