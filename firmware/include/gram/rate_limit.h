// Rate limit: so many calls at once, and one more every so many milliseconds; beyond, RESOURCE_EXHAUSTED with
// a text such as "too many calls: try again in 250 ms". The handler of a refused call never runs.
//
// To have it: `INTERCEPTORS := log rate_limit` in app.mk, and in the application, for 5 reboots at once, 5 an
// hour in the long run, and 20 other calls at once, 10 a second:
//
//     static const struct gram_rate_rule rules[] = {
//         {.path = "/grpc.health.v1.Health/*"},                                     no limit: every_ms is 0
//         {.path = "/device.Control/Reboot", .burst = 5, .every_ms = 12 * 60 * 1000},
//         {.path = "*", .burst = 20, .every_ms = 100},                              one bucket for all others
//     };
//     static struct gram_rate_bucket buckets[sizeof rules / sizeof rules[0]];
//     static const struct gram_rate_limit limit = {
//         .hooks = GRAM_RATE_LIMIT_HOOKS, .rules = rules, .buckets = buckets, .rule_count = 3};
//     static const struct gram_interceptor *const interceptors[] = {&gram_log_interceptor, &limit.hooks};
//
// The first rule that fits decides, so "*" comes last; {"*", ..} alone is one bucket for the whole server; a
// method that no rule fits has no limit. grpcurl makes a reflection call beside each of its own: it wants a rule
// without a limit, too. Place it behind log, metrics and allow (gram/interceptor.h says why).
//
// A call is counted when its headers come, whatever becomes of it; a refused one is not counted. A stream is
// one call, however many messages it has. The buckets belong to the chain, not to a client: one client can
// use up the calls of all. So that it cannot, each connection may have its own; a client may open several, so put
// one for all behind it:
//
//     static struct gram_rate_bucket buckets[GRAM_MAX_CONNECTIONS * 3];                 3 rules
//     .. = {.hooks = GRAM_RATE_LIMIT_HOOKS, .., .rule_count = 3, .bucket_count = GRAM_MAX_CONNECTIONS * 3};
//
// A connection's buckets are the next client's once it has gone, as full as they are: who connects anew begins no
// new bucket.
//
// `.retry_after = gram_call_retry_after` (gram/details.h; `SERVICES := .. details`, and GRAM_METADATA_SIZE of at least 192) tells
// the client's program when to try again, too, by google.rpc.RetryInfo.
//
// Cost, Cortex-M3 -Os: 314 bytes of flash, 12 a rule and its path, 36 for the interceptor; RAM: 4 a rule (and
// connection).
#ifndef GRAM_RATE_LIMIT_H
#define GRAM_RATE_LIMIT_H

#include <stdint.h>

#include "gram/interceptor.h"

struct gram_rate_rule {
    const char *path;  /* a pattern (gram_path_matches) */
    uint16_t burst;    /* calls at once, when there were none for a while; 0 is taken as 1 */
    uint32_t every_ms; /* how often one more may come; 0: no limit */
};

/* The longest time, 24 days, in which a bucket fills: half of the clock's round, so that past and future can be
 * told apart. A rule whose burst * every_ms is more has as many calls at once as fit in. */
#define GRAM_RATE_WINDOW_MAX INT32_MAX

/* What a rule remembers: zero at first. */
struct gram_rate_bucket {
    uint32_t full_at; /* when it will be full again, if nobody calls; 0: it is full */
};

struct gram_rate_limit {
    struct gram_interceptor hooks; /* first: GRAM_RATE_LIMIT_HOOKS */
    const struct gram_rate_rule *rules;
    struct gram_rate_bucket *buckets; /* one for each rule (and connection), of this interceptor alone */
    uint8_t rule_count;
    uint16_t bucket_count; /* 0: rule_count. With fewer than rule_count * GRAM_MAX_CONNECTIONS connections share them */
    /* gram_call_retry_after, or NULL: the text alone says when to try again. */
    gram_status (*retry_after)(gram_call *call, gram_status status, const char *text, uint32_t retry_ms);
};

#define GRAM_RATE_LIMIT_HOOKS {.before = gram_rate_limit_before, .after = NULL}

gram_status gram_rate_limit_before(const struct gram_interceptor *self, gram_call *call);

#endif
