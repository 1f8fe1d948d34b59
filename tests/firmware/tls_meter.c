/* Around an image's TLS pipe: how many SysTick ticks its calls take, said on the UART. Linked in front of board_tls_pipe() with METER=1; read by
 * tls_meter.py, which has one client at a time. Under -icount shift=0 ticks are instructions.
 *
 * A line when a handshake has ended, and one when a connection has:
 *     meter handshake|<ticks>|<longest call>|<arena's peak>|<1: resumed>
 *     meter connection|<ticks since>|<longest call>|<arena in use when it was last heard>|0 */
#include "board_tls.h"
#include "gram/text.h"
#include "tick.h"

static struct gram_pipe *inner, outer;
static void (*say_line)(const char *line);
static struct {
    uint32_t began, ticks, longest, handshakes, resumed;
    size_t used;
} meter;

static void say(const char *what, size_t arena, uint32_t resumed)
{
    char line[96];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, what);
    gram_text_u32(&t, meter.ticks);
    gram_text_str(&t, "|");
    gram_text_u32(&t, meter.longest);
    gram_text_str(&t, "|");
    gram_text_u32(&t, (uint32_t)arena);
    gram_text_str(&t, "|");
    gram_text_u32(&t, resumed);
    say_line(line);
    meter.ticks = meter.longest = 0;
    gram_tls_arena_reset_peak();
}

static void enter(void)
{
    meter.began = tick_cycles();
}

static void leave(void)
{
    uint32_t ticks = tick_cycles() - meter.began;
    struct gram_tls_usage usage = gram_tls_usage((struct gram_tls *)inner); /* a gram_tls begins with its pipe */

    meter.ticks += ticks;
    meter.longest = ticks > meter.longest ? ticks : meter.longest;
    if (usage.handshakes != meter.handshakes) {
        say("meter handshake|", usage.arena.peak, usage.resumed - meter.resumed);
        meter.handshakes = usage.handshakes;
        meter.resumed = usage.resumed;
    }
}

static void *meter_open(struct gram_pipe *pipe, const char *peer)
{
    (void)pipe;
    return inner->calls->open(inner, peer);
}

static size_t meter_rx(void *conn, const uint8_t *data, size_t len)
{
    meter.used = gram_tls_arena_use().used;
    enter();
    size_t taken = inner->calls->rx(conn, data, len);
    leave();
    return taken;
}

static const uint8_t *meter_tx_buf(void *conn, size_t *len)
{
    enter();
    const uint8_t *data = inner->calls->tx_buf(conn, len);
    leave();
    return data;
}

static uint32_t meter_poll(void *conn, uint32_t now_ms)
{
    enter();
    uint32_t wait = inner->calls->poll(conn, now_ms);
    leave();
    return wait;
}

static void meter_closed(void *conn)
{
    inner->calls->closed(conn);
    say("meter connection|", meter.used, 0);
}

struct gram_pipe *__real_board_tls_pipe(gram_server *server, void (*say)(const char *line));
struct gram_pipe *__wrap_board_tls_pipe(gram_server *server, void (*say)(const char *line));

struct gram_pipe *__wrap_board_tls_pipe(gram_server *server, void (*say_it)(const char *line))
{
    static struct gram_pipe_calls calls;

    inner = __real_board_tls_pipe(server, say_it);
    say_line = say_it;
    calls = *inner->calls;
    calls.open = meter_open;
    calls.rx = meter_rx;
    calls.tx_buf = meter_tx_buf;
    calls.poll = meter_poll;
    calls.closed = meter_closed;
    outer = *inner;
    outer.calls = &calls;
    return &outer;
}
