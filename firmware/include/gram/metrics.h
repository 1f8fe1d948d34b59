// Metrics: what calls there were, how they ended, how long they took, how many bytes they carried; in total
// and for each method. Plain counters in the application's own memory, which it reads when it likes: from a
// handler of its own, on a display, in a log line.
//
// To have it: `INTERCEPTORS := log metrics` in app.mk, and in the application, with room for 8 methods:
//
//     static struct gram_metrics_totals totals;
//     static struct gram_metrics_method methods[8];
//     static const struct gram_metrics metrics = {
//         .hooks = GRAM_METRICS_HOOKS, .totals = &totals, .methods = methods, .method_count = 8};
//     static const struct gram_interceptor *const interceptors[] = {&gram_log_interceptor, &metrics.hooks};
//
//     totals.counts.calls - totals.counts.by_status[GRAM_OK]      calls that failed
//     totals.under_way                                            calls that have begun and not ended
//     gram_metrics_find(&metrics, "/user.UserService/GetUser")    that method's row
//
// A method takes a row when it is first called, and keeps it; calls of methods that found none are in the
// totals alone, and counted in `totals.without_row`. Without a table (method_count 0) there are totals only.
//
// Place it at the front, beside log: it counts what those behind it refuse, and does not see what those
// before it refuse. Calls of methods that do not exist reach no interceptor and are not counted. A call is
// counted when it has ended, a long stream not before. All of it is for the main loop: an interrupt may see a
// counter half written. Counters of 32 bits wrap.
//
// Cost, Cortex-M3 -Os: 374 bytes of flash, 32 for the interceptor; RAM: 160 for the totals, 160 a row.
#ifndef GRAM_METRICS_H
#define GRAM_METRICS_H

#include <stdint.h>

#include "gram/interceptor.h"

enum {
    GRAM_METRICS_STATUSES = GRAM_UNAUTHENTICATED + 1,
    /* Of milliseconds from a call's headers to its end. [0]: under 1; [i]: from 2^(i-1) to below 2^i; the last:
     * 16,384 and all above. */
    GRAM_METRICS_LATENCIES = 16
};

struct gram_metrics_counts {
    uint64_t bytes_in, bytes_out; /* of messages, without their prefixes */
    uint32_t calls;
    uint32_t by_status[GRAM_METRICS_STATUSES]; /* as gram_interceptor.after is told it; their sum is `calls` */
    uint32_t latency[GRAM_METRICS_LATENCIES];  /* so is this */
};

struct gram_metrics_totals {
    struct gram_metrics_counts counts;
    uint32_t under_way;
    uint32_t without_row;
};

struct gram_metrics_method {
    struct gram_metrics_counts counts;
    const char *path; /* NULL: a free row; those in use come first */
    uint32_t under_way;
};

struct gram_metrics {
    struct gram_interceptor hooks; /* first: GRAM_METRICS_HOOKS */
    struct gram_metrics_totals *totals;
    struct gram_metrics_method *methods;
    uint8_t method_count;
};

#define GRAM_METRICS_HOOKS {.before = gram_metrics_before, .after = gram_metrics_after}

/* The row of a method, by its path; NULL: it was not called yet, or there was no row. */
const struct gram_metrics_method *gram_metrics_find(const struct gram_metrics *metrics, const char *path);

/* Begins to count anew; what is under way and whose row is whose stays. */
void gram_metrics_reset(const struct gram_metrics *metrics);

gram_status gram_metrics_before(const struct gram_interceptor *self, gram_call *call);
void gram_metrics_after(const struct gram_interceptor *self, gram_call *call, gram_status status);

#endif
