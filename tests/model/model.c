/* The model test's main loop. `model [--seed N] [--steps M] [--verbose]`: M steps (100,000) from seed N (1),
 * in episodes that each end with all calls ended and "nothing is still taken", on one server. The same
 * numbers give the same run.
 *
 * It fails at the first broken promise, with the seed, the step and the last actions; and at the end if
 * something that it should cover was not reached, which a long run always does. */
#include "model.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NOTES = 50, NOTE = 160, ENOUGH = 100000 };

struct model model;
static char notes[NOTES][NOTE];
static uint64_t noted;

/* Sanitizers end the program as a broken promise does, so that the seed is printed. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1";
}
const char *__ubsan_default_options(void)
{
    return "abort_on_error=1";
}

/* ---- reports ---- */

void m_note(const char *format, ...)
{
    va_list args;
    char *note = notes[noted++ % NOTES];
    int n = snprintf(note, NOTE, "%" PRIu64 " (%u ms) ", model.step, model.pair.now);

    va_start(args, format);
    vsnprintf(note + n, NOTE - (size_t)n, format, args);
    va_end(args);
}

/* On SIGABRT, which is raised by this thread's own abort(). */
static void report(int number)
{
    (void)number;
    fprintf(stderr, "the last actions:\n");
    for (uint64_t i = noted > NOTES ? noted - NOTES : 0; i < noted; i++)
        fprintf(stderr, "  %s\n", notes[i % NOTES]);
    if (pair_log[0])
        fprintf(stderr, "the server's log in this step:\n%s", pair_log);
    fprintf(stderr, "FAILED at step %" PRIu64 "; again: --seed %" PRIu64 " --steps %" PRIu64 "\n", model.step,
            model.seed, model.step + 1);
    fflush(NULL);
    _Exit(1);
}

_Noreturn void m_fail(const struct m_call *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (c)
        fprintf(stderr, "client %u, call %u (%s, flaw %u): ", (unsigned)(c->client - model.clients), c->id,
                c->method->path, c->flaw);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    fflush(NULL);
    abort();
}

void *m_grow(void *p, size_t *room, size_t needed)
{
    if (needed <= *room)
        return p;
    *room = needed * 2 + 64;
    p = realloc(p, *room);
    PAIR_MUST(p, "memory");
    return p;
}

static const char *const counter_names[] = {
#define X(name, text) text,
    M_COUNTED(X)
#undef X
};

/* False: something was never reached. */
static bool covered(uint64_t steps, bool verbose)
{
    bool all = true;

    for (unsigned i = 0; i < M_COUNTERS; i++) {
        if (verbose)
            printf("  %10" PRIu64 "  %s\n", model.count[i], counter_names[i]);
        if (model.count[i] > 0 || steps < ENOUGH)
            continue;
        printf("never reached: %s\n", counter_names[i]);
        all = false;
    }
    return all;
}

/* ---- the run ---- */

static void begin(uint64_t seed)
{
    model.seed = seed;
    test_random_seed(&model.random, seed);
    pair_open(&model.pair, &m_app);
    /* Generations wrap early, as the clock does. */
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++)
        for (unsigned j = 0; j < GRAM_MAX_CONCURRENT_STREAMS; j++)
            model.pair.server->conns[i].calls[j].generation = (uint16_t)(UINT16_MAX - m_below(500));
}

static void run(uint64_t steps)
{
    uint64_t left = 0;

    for (model.step = 0; model.step < steps; model.step++) {
        if (left == 0 || model.pair.peer_count > 200) {
            m_drain();
            left = 50 + m_below(2000);
        }
        left--;
        m_step();
    }
    m_drain();
    pair_close(&model.pair);
}

static uint64_t number(const char *text)
{
    char *end;

    errno = 0;
    uint64_t n = text ? strtoull(text, &end, 0) : 0;
    if (!text || *text < '0' || *text > '9' || *end || errno) {
        fprintf(stderr, "model: --seed and --steps take a number\n");
        exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, steps = ENOUGH;
    bool verbose = false;
    struct timespec from, to;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0) {
            seed = number(argv[++i]);
        } else if (strcmp(argv[i], "--steps") == 0) {
            steps = number(argv[++i]);
        } else if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else {
            fprintf(stderr, "usage: model [--seed N] [--steps M] [--verbose]\n");
            return 2;
        }
    }
    printf("model: seed %" PRIu64 ", %" PRIu64 " steps\n", seed, steps);
    fflush(stdout);
    signal(SIGABRT, report);
    timespec_get(&from, TIME_UTC);
    begin(seed);
    run(steps);
    timespec_get(&to, TIME_UTC);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    if (!covered(steps, verbose))
        return 1;
    printf("model: %" PRIu64 " steps, %" PRIu64 " calls, %.0f steps a second; nothing is still taken\n",
           steps, model.count[M_OPEN], (double)steps / seconds);
    return 0;
}
