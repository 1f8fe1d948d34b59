/* A token bucket for each rule (gram/rate_limit.h), kept as one moment: when it will be full again.
 *
 * Each call moves that moment `every_ms` further; a call that would move it more than burst * every_ms
 * from now is refused. So there is nothing to refill, and no remainder to lose. Invariant: a bucket that
 * is not full lies at most that window ahead of the clock. What lies further, in unsigned arithmetic, is
 * past: the clock may wrap at any time. (A bucket that nobody used for 49 days meets its moment again, and
 * looks for one window as if calls had come just now: it refuses too early, never too late.) */
#include "gram/rate_limit.h"

#include "gram/text.h"

/* Milliseconds until this call may come, 0 if it may now, and is counted. */
static uint32_t take(const struct gram_rate_rule *rule, struct gram_rate_bucket *bucket, uint32_t now)
{
    uint32_t every = rule->every_ms < GRAM_RATE_WINDOW_MAX ? rule->every_ms : GRAM_RATE_WINDOW_MAX;
    uint32_t most, rest, ahead;

    if (every == 0)
        return 0;
    most = GRAM_RATE_WINDOW_MAX / every;
    if (most > rule->burst)
        most = rule->burst > 0 ? rule->burst : 1;
    rest = (most - 1) * every; /* how far ahead the moment may lie, for one more call */
    ahead = bucket->full_at - now;
    if (bucket->full_at == 0 || ahead > rest + every)
        ahead = 0;
    if (ahead > rest)
        return ahead - rest;
    bucket->full_at = now + ahead + every;
    if (bucket->full_at == 0)
        bucket->full_at = UINT32_MAX; /* 0 has another meaning; a millisecond has none */
    return 0;
}

static gram_status refuse(const struct gram_rate_limit *limit, gram_call *call, uint32_t wait)
{
    char line[64];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, "too many calls: try again in ");
    gram_text_u32(&t, wait);
    gram_text_str(&t, " ms");
    if (limit->retry_after)
        return limit->retry_after(call, GRAM_RESOURCE_EXHAUSTED, line, wait);
    return gram_call_fail(call, GRAM_RESOURCE_EXHAUSTED, line);
}

/* A set for each connection, as far as there are sets; with fewer buckets than rules, rules share. Never one that is not there. */
static struct gram_rate_bucket *bucket_of(const struct gram_rate_limit *limit, const gram_call *call, unsigned rule)
{
    unsigned sets = limit->bucket_count / limit->rule_count;

    if (limit->bucket_count == 0)
        return &limit->buckets[rule];
    if (sets == 0)
        return &limit->buckets[rule % limit->bucket_count];
    return &limit->buckets[gram_call_connection(call) % sets * limit->rule_count + rule];
}

gram_status gram_rate_limit_before(const struct gram_interceptor *self, gram_call *call)
{
    const struct gram_rate_limit *limit = (const struct gram_rate_limit *)self;

    for (unsigned i = 0; i < limit->rule_count; i++) {
        uint32_t wait;

        if (!gram_path_matches(gram_call_path(call), limit->rules[i].path))
            continue;
        wait = take(&limit->rules[i], bucket_of(limit, call, i), gram_call_now(call));
        return wait > 0 ? refuse(limit, call, wait) : GRAM_OK;
    }
    return GRAM_OK;
}
