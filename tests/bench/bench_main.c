/* Counts the instructions of a call, case by case, on the machine that bench_target.c knows.
 *
 * A case brings a connection into the state in which its step can be repeated for ever; the step is what is
 * counted, over many of them. Each prints `case <name>|<ticks>|<steps>|<bytes sent by the server>`;
 * tests/bench/bench.py makes a table of it. The number of steps is QEMU's argument. */
#include "bench_app.h"
#include "bench_client.h"
#include "bench_target.h"
#include "fault.h"
#include "gram/gram.h"
#include "grpc_server.h"

#define WARM_UP 3
#define STEPS 1000
#define CALIBRATION 4000000

static struct gram_server server;
static struct gram_app plain; /* the linked application without interceptors */
static uint32_t now;

struct bench_case {
    const char *name;
    const struct gram_app *app;
    void (*begin)(void); /* after the connection's SETTINGS; NULL: there is no connection */
    void (*step)(void);
    uint32_t answer; /* bytes that the server sends in a step: a refusal must not pass for a fast answer */
};

static void tick(void)
{
    gram_server_set_time(&server, ++now);
}

/* ---- the cases ---- */

static void begin_go(void)
{
    bench_send(&bench_go_first);
}

static void step_go(void)
{
    bench_send(&bench_go_steady);
}

static void step_go_poll(void)
{
    bench_send(&bench_go_steady);
    gram_server_poll(&server, now);
}

static void step_go_beside(void)
{
    bench_send(&bench_go_steady);
    bench_send(&bench_go_beside);
}

static void begin_h2load(void)
{
    bench_send(&bench_h2load_first);
}

static void step_h2load(void)
{
    bench_send(&bench_h2load_steady);
}

static void step_connect(void)
{
    bench_connect(&server);
    bench_disconnect();
}

static void step_connect_go(void)
{
    bench_connect(&server);
    bench_send(&bench_go_first);
    bench_disconnect();
}

static void step_connect_h2load(void)
{
    bench_connect(&server);
    bench_send(&bench_h2load_first);
    bench_disconnect();
}

static void begin_reflection(void)
{
    bench_send(&bench_reflection_first);
}

static void step_reflection(void)
{
    bench_send(&bench_reflection_steady);
}

static void begin_empty(void)
{
    bench_first(BENCH_EMPTY);
}

static void step_steady(void)
{
    bench_send(&bench_steady);
}

static void begin_stream_1(void)
{
    bench_messages = 1;
    bench_first(BENCH_STREAM);
}

static void begin_stream_11(void)
{
    bench_messages = 11;
    bench_first(BENCH_STREAM);
}

static void begin_endless(void)
{
    bench_messages = BENCH_ENDLESS;
    bench_first(BENCH_STREAM);
}

static void step_endless(void)
{
    bench_wake();
    gram_server_poll(&server, now);
    bench_receive();
}

#define SETTINGS_OUT (9 + 18 + 9)
#define FIRST_OUT (9 + 19 + 9 + 17 + 9 + 15)
#define UNARY_OUT (9 + 2 + 9 + 5 + 12 + 9 + 1)

static const struct bench_case cases[] = {
    {"unary", &plain, begin_go, step_go, UNARY_OUT},
    {"unary-h2load", &plain, begin_h2load, step_h2load, UNARY_OUT},
    {"unary-empty", &bench_app, begin_empty, step_steady, UNARY_OUT - 12},
    {"unary-log", &gram_app, begin_go, step_go, UNARY_OUT},
    {"unary-poll", &plain, begin_go, step_go_poll, UNARY_OUT},
    {"unary-beside", &plain, begin_go, step_go_beside, UNARY_OUT + 9 + 8},
    {"connect", &plain, NULL, step_connect, SETTINGS_OUT},
    {"connect-go", &plain, NULL, step_connect_go, SETTINGS_OUT + FIRST_OUT},
    {"connect-h2load", &plain, NULL, step_connect_h2load, SETTINGS_OUT + FIRST_OUT},
    {"stream-1", &bench_app, begin_stream_1, step_steady, UNARY_OUT},
    {"stream-11", &bench_app, begin_stream_11, step_steady, UNARY_OUT + 10 * (9 + 5 + 12)},
    {"stream-woken", &bench_app, begin_endless, step_endless, 9 + 5 + 12},
    {"reflection", &plain, begin_reflection, step_reflection, 35 + 150},
};

/* ---- counting ---- */

/* What bench.py looks for in a trace: the steps are all that happens in here. */
__attribute__((noinline)) void bench_loop(const struct bench_case *c, uint32_t steps);
void bench_loop(const struct bench_case *c, uint32_t steps)
{
    for (uint32_t i = 0; i < steps; i++) {
        tick();
        c->step();
    }
}

static void put_result(const char *name, uint32_t ticks, uint32_t steps)
{
    bench_put("case ");
    bench_put(name);
    bench_put("|");
    bench_put_u32(ticks);
    bench_put("|");
    bench_put_u32(steps);
    bench_put("|");
    bench_put_u32(bench_answered);
    bench_put("\n");
}

/* The server updates the connection's window now and then: 13 bytes. */
static void check_answers(const struct bench_case *c, uint32_t steps)
{
    uint32_t expected = c->answer * steps;
    uint32_t updates = bench_answered - expected;

    if (bench_answered < expected || updates % 13 != 0 || updates > expected / 10) {
        put_result(c->name, 0, steps);
        fault_stop("that case got other answers than it should");
    }
}

__attribute__((noinline)) static void bench_run(const struct bench_case *c, uint32_t steps)
{
    uint32_t begun;
    uint32_t ticks;

    gram_server_init(&server, c->app, NULL, now);
    if (c->begin != NULL) {
        bench_connect(&server);
        c->begin();
    }
    bench_loop(c, WARM_UP);
    bench_answered = 0;
    begun = bench_ticks();
    bench_loop(c, steps);
    ticks = (bench_ticks() - begun) & BENCH_TICKS_MASK;
    check_answers(c, steps);
    put_result(c->name, ticks, steps);
}

int main(void)
{
    uint32_t steps;
    uint32_t begun;

    bench_target_init();
    steps = bench_argument(STEPS);
    begun = bench_ticks();
    bench_burn(CALIBRATION);
    put_result("calibration", (bench_ticks() - begun) & BENCH_TICKS_MASK, CALIBRATION);
    plain = gram_app;
    plain.interceptor_count = 0;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench_run(&cases[i], steps);
    }
    bench_exit();
}
