/* Counters of calls (gram/metrics.h).
 *
 * Rows are given out in `before` only and never taken back, so a call that has a row in `after` had it
 * in `before`: `under_way` goes down as often as up. */
#include "gram/metrics.h"

#include <stddef.h>
#include <string.h>

/* The row of a method, or the first free one, or NULL. */
static struct gram_metrics_method *row_of(const struct gram_metrics *metrics, const char *path)
{
    for (unsigned i = 0; i < metrics->method_count; i++) {
        struct gram_metrics_method *row = &metrics->methods[i];

        if (!row->path || strcmp(row->path, path) == 0)
            return row;
    }
    return NULL;
}

/* How many bits the number has: 0 for 0. */
static unsigned latency_of(uint32_t ms)
{
    unsigned i = 0;

    for (; ms > 0 && i < GRAM_METRICS_LATENCIES - 1; ms >>= 1)
        i++;
    return i;
}

static void count(struct gram_metrics_counts *counts, const gram_call *call, gram_status status)
{
    counts->calls++;
    counts->by_status[status]++;
    counts->latency[latency_of(gram_call_age(call))]++;
    counts->bytes_in += gram_call_bytes_in(call);
    counts->bytes_out += gram_call_bytes_out(call);
}

gram_status gram_metrics_before(const struct gram_interceptor *self, gram_call *call)
{
    const struct gram_metrics *metrics = (const struct gram_metrics *)self;
    struct gram_metrics_method *row = row_of(metrics, gram_call_path(call));

    metrics->totals->under_way++;
    if (!row) {
        metrics->totals->without_row++;
        return GRAM_OK;
    }
    row->path = gram_call_path(call); /* in flash */
    row->under_way++;
    return GRAM_OK;
}

void gram_metrics_after(const struct gram_interceptor *self, gram_call *call, gram_status status)
{
    const struct gram_metrics *metrics = (const struct gram_metrics *)self;
    struct gram_metrics_method *row = row_of(metrics, gram_call_path(call));

    if (status < GRAM_OK || status > GRAM_UNAUTHENTICATED)
        status = GRAM_UNKNOWN; /* the core tells none; the table is not to be overrun if it did */
    metrics->totals->under_way--;
    count(&metrics->totals->counts, call, status);
    if (!row)
        return;
    row->under_way--;
    count(&row->counts, call, status);
}

const struct gram_metrics_method *gram_metrics_find(const struct gram_metrics *metrics, const char *path)
{
    const struct gram_metrics_method *row = row_of(metrics, path);

    return row && row->path ? row : NULL;
}

void gram_metrics_reset(const struct gram_metrics *metrics)
{
    memset(&metrics->totals->counts, 0, sizeof metrics->totals->counts);
    metrics->totals->without_row = 0;
    for (unsigned i = 0; i < metrics->method_count; i++)
        memset(&metrics->methods[i].counts, 0, sizeof metrics->methods[i].counts);
}
