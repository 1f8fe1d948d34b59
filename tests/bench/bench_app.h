/* Applications that are measured beside the linked one. */
#ifndef BENCH_APP_H
#define BENCH_APP_H

#include "gram/gram.h"

#define BENCH_EMPTY "/bench.Bench/Empty"
#define BENCH_STREAM "/bench.Bench/Stream"

/* The service bench.Bench alone, without interceptors. */
extern const struct gram_app bench_app;

/* How many messages Stream's next calls send; BENCH_ENDLESS: one, and one more for each wake. */
extern unsigned bench_messages;
#define BENCH_ENDLESS 0u

/* Wakes the endless call. */
void bench_wake(void);

#endif
