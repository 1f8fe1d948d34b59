/* alarm: answers that wait for an interrupt. It shows how a driver wakes a call: the handler keeps a gram_call_ref and answers GRAM_PENDING
 * (or GRAM_WAIT, in a stream), the interrupt calls gram_call_wake(), and the handler is asked again from the main loop. Meanwhile the CPU
 * sleeps, and other calls go on.
 *
 * One timer serves every call: it is set to the earliest of the times that they wait for, its interrupt wakes them all, and who is asked
 * too early waits on. A wake without cause is nothing special: every handler must bear it. */
#include "alarm.gram.h"
#include "gram/alarm.h"
#include "gram/gram.h"
#include "gram/health.h"
#include "gram/reflection.h"

#define CALLS (GRAM_MAX_CONNECTIONS * GRAM_MAX_CONCURRENT_STREAMS)
#define LONGEST_MS (24u * 3600u * 1000u) /* far below half of what 32 bits of milliseconds hold */

/* Who waits until when. A call's place is its slot: nothing to look for, nothing to give back. The main loop enters a call and sets the timer
 * afterwards; the interrupt wakes all and empties the table, and who waits on is entered again. So one that comes between any two
 * steps of the main loop costs a wake too early, and none is missed. A call that has ended meanwhile is woken in vain. */
static volatile struct {
    gram_call_ref ref;
    uint32_t due;
} waiting[CALLS];

static volatile uint32_t interrupts;

/* The interrupt. */
static void on_alarm(void)
{
    interrupts = interrupts + 1;
    for (unsigned i = 0; i < CALLS; i++) {
        gram_call_wake(waiting[i].ref);
        waiting[i].ref.generation = 0;
    }
}

/* Sets the timer for whoever is next: at once for one whose time has come, since its own interrupt, on the way, may be called off here. */
static void set_timer(uint32_t now)
{
    uint32_t earliest = LONGEST_MS;

    for (unsigned i = 0; i < CALLS; i++) {
        uint32_t left = (int32_t)(now - waiting[i].due) >= 0 ? 0 : waiting[i].due - now;

        if (waiting[i].ref.generation != 0 && left < earliest) {
            earliest = left;
        }
    }
    gram_alarm(earliest, on_alarm);
}

/* Whether `due` has come; if not, the call is woken then, or earlier. */
static bool is_due(gram_call *call, uint32_t due)
{
    gram_call_ref ref = gram_call_ref_of(call);
    uint32_t now = gram_call_now(call);

    if ((int32_t)(now - due) >= 0) {
        return true;
    }
    waiting[ref.slot].due = due;
    waiting[ref.slot].ref = ref;
    set_timer(now);
    return false;
}

/* ---- Ring ---- */

struct ring {
    uint32_t began;
    uint32_t due;
};

static gram_status ring_resume(gram_call *call, alarm_RingReply *rep)
{
    struct ring *ring = GRAM_STATE(struct ring, call);

    if (!is_due(call, ring->due)) {
        return GRAM_PENDING;
    }
    rep->waited_ms = gram_call_now(call) - ring->began;
    rep->interrupts = interrupts;
    return GRAM_OK;
}

static gram_status ring(gram_call *call, const alarm_RingRequest *req, alarm_RingReply *rep)
{
    struct ring *ring = GRAM_STATE(struct ring, call);

    if (req->after_ms > LONGEST_MS) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "after_ms must be at most 86400000 (a day)");
    }
    ring->began = gram_call_now(call);
    ring->due = ring->began + req->after_ms;
    return ring_resume(call, rep);
}

/* ---- Ticks ---- */

struct ticks {
    uint32_t every_ms;
    uint32_t count; /* 0: no end */
    uint32_t sent;
    uint32_t due; /* of the next */
};

static gram_status ticks_open(gram_call *call, const alarm_TicksRequest *req)
{
    struct ticks *ticks = GRAM_STATE(struct ticks, call);

    if (req->every_ms == 0 || req->every_ms > LONGEST_MS) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "every_ms must be 1 to 86400000 (a day)");
    }
    ticks->every_ms = req->every_ms;
    ticks->count = req->count;
    ticks->due = gram_call_now(call) + req->every_ms;
    return GRAM_OK;
}

static gram_status ticks_next(gram_call *call, alarm_Tick *rep)
{
    struct ticks *ticks = GRAM_STATE(struct ticks, call);

    if (ticks->count != 0 && ticks->sent == ticks->count) {
        return GRAM_DONE;
    }
    if (!is_due(call, ticks->due)) {
        return GRAM_WAIT;
    }
    rep->number = ++ticks->sent;
    rep->waited_ms = gram_call_age(call);
    rep->interrupts = interrupts;
    ticks->due += ticks->every_ms;
    return GRAM_MORE;
}

/* ---- the application ---- */

static const struct alarm_Alarm_handlers alarm_service = {
    .Ring = {.handle = ring, .resume = ring_resume},
    .Ticks = {.open = ticks_open, .next = ticks_next},
};

static const struct gram_binding bindings[] = {
    {&alarm_Alarm_service, &alarm_service},
    GRAM_HEALTH,
    GRAM_REFLECTION,
};

static const struct gram_interceptor *const interceptors[] = {
    &gram_log_interceptor,
};

const struct gram_app gram_app = {
    .name = "alarm",
    .bindings = bindings,
    .binding_count = sizeof bindings / sizeof bindings[0],
    .interceptors = interceptors,
    .interceptor_count = sizeof interceptors / sizeof interceptors[0],
};
