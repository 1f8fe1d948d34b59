/* Time from SysTick alone, which every Cortex-M has, and without a regular tick.
 *
 * SysTick always runs, in periods whose end is the next time that somebody wants to be woken. Its interrupt
 * adds the period to what has been counted; in between, the time is that plus what SysTick has counted
 * down. A period is cut short only when its end is too late, or much too early, for the sleep that is asked
 * for: under load, when every frame wakes the CPU and the next timer stays the same, that is never.
 *
 * Invariant: `counted_ms` and `counted_cycles` (what is below one millisecond) are the time at which the
 * present period began. Cutting one short loses the few cycles between reading the count and clearing it.
 *
 * An idle hour costs a wake every 2^24 cycles (0.3 s at 50 MHz), not a thousand a second. */
#include "tick.h"

#include <stdbool.h>

#include "cortex_m.h"

#define SHORTEST 64u /* cycles; a reload value of 0 would stop SysTick for good */

static uint32_t cycles_in_ms;
static uint32_t period; /* cycles */
static uint32_t counted_ms;
static uint32_t counted_cycles; /* < cycles_in_ms */

void systick_interrupt(void);

static void count(uint32_t cycles)
{
    cycles += counted_cycles;
    counted_ms += cycles / cycles_in_ms;
    counted_cycles = cycles % cycles_in_ms;
}

static bool has_wrapped(void)
{
    return (SCB_ICSR & SCB_ICSR_PENDSTSET) != 0;
}

/* Cycles since the present period began. Interrupts are masked: one that is pending says that SysTick has
 * begun another in the meantime. */
static uint32_t elapsed(void)
{
    uint32_t left;
    bool wrapped;

    do {
        wrapped = has_wrapped();
        left = SYST_CVR;
    } while (wrapped != has_wrapped());
    /* 0 is loaded with the period in the next cycle. */
    return (wrapped ? period : 0) + (left == 0 ? 0 : period - left);
}

static void begin_period(uint32_t cycles)
{
    period = cycles < SHORTEST ? SHORTEST : cycles;
    SYST_RVR = period - 1;
    SYST_CVR = 0; /* any write clears it, and the next cycle loads RVR */
    SCB_ICSR = SCB_ICSR_PENDSTCLR;
}

void tick_init(uint32_t cycles_per_ms)
{
    cycles_in_ms = cycles_per_ms;
    begin_period(SYST_MAX + 1);
    SYST_CSR = SYST_CSR_CPU_CLOCK | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

uint32_t tick_now_ms(void)
{
    uint32_t masked = irq_save();
    uint32_t now = counted_ms + (counted_cycles + elapsed()) / cycles_in_ms;

    irq_restore(masked);
    return now;
}

uint32_t tick_cycles(void)
{
    uint32_t masked = irq_save();
    uint32_t now = counted_ms * cycles_in_ms + counted_cycles + elapsed();

    irq_restore(masked);
    return now;
}

void systick_interrupt(void)
{
    uint32_t masked = irq_save();

    count(period);
    irq_restore(masked);
}

void tick_sleep(uint32_t ms)
{
    uint32_t longest = (SYST_MAX + 1) / cycles_in_ms;
    uint32_t wanted = (ms < longest ? ms : longest) * cycles_in_ms;
    uint32_t gone = elapsed();

    if (ms == 0 || gone >= period) {
        return; /* the interrupt is due */
    }
    uint32_t left = period - gone;
    if (left > wanted + cycles_in_ms || left < wanted / 2) {
        count(elapsed());
        begin_period(wanted);
    }
    wait_for_interrupt();
}
