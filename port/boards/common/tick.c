/* Time from SysTick alone, which every Cortex-M has.
 *
 * Two states:
 *   awake   SysTick's period is one millisecond; its interrupt adds one to `now_ms`.
 *   asleep  SysTick's period is the whole sleep (at most 2^24 cycles); interrupts are masked, so its
 *           handler does not run: tick_sleep() itself adds what has passed, whatever ended the sleep.
 * Invariant: whenever SysTick is stopped, the cycles of the period it was in go into `now_ms` and
 * `odd_cycles`, the part below one millisecond. So no time is lost by sleeping but the few cycles between
 * stop and start.
 *
 * A WFI for an idle hour costs one wake every 2^24 cycles (0.3 s at 50 MHz), not a thousand a second. */
#include "tick.h"

#include "cortex_m.h"

static volatile uint32_t now_ms;
static uint32_t odd_cycles; /* < cycles_in_ms */
static uint32_t cycles_in_ms;
static uint32_t period; /* cycles; what SysTick runs with now */

void systick_interrupt(void);

#define SHORTEST 64u /* cycles; a reload value of 0 would stop SysTick for good */

static void run_with_period(uint32_t cycles)
{
    period = cycles < SHORTEST ? SHORTEST : cycles;
    SYST_RVR = period - 1;
    SYST_CVR = 0; /* any write clears it: the first period is a whole one */
    SYST_CSR = SYST_CSR_CPU_CLOCK | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

/* Stops SysTick and accounts for the period it was in, and for the one before if its interrupt has not run.
 */
static void stop_and_count(void)
{
    SYST_CSR = SYST_CSR_CPU_CLOCK | SYST_CSR_TICKINT;

    uint32_t left = SYST_CVR;
    uint32_t cycles = left == 0 ? 0 : period - left; /* 0: before the first count, or just wrapped */
    if (SCB_ICSR & SCB_ICSR_PENDSTSET) {
        SCB_ICSR = SCB_ICSR_PENDSTCLR;
        cycles += period;
    }
    cycles += odd_cycles;
    now_ms = now_ms + cycles / cycles_in_ms;
    odd_cycles = cycles % cycles_in_ms;
}

void tick_init(uint32_t cycles_per_ms)
{
    cycles_in_ms = cycles_per_ms;
    run_with_period(cycles_in_ms);
}

uint32_t tick_now_ms(void)
{
    return now_ms;
}

void systick_interrupt(void)
{
    now_ms = now_ms + 1;
}

void tick_sleep(uint32_t ms)
{
    uint32_t longest = (SYST_MAX + 1) / cycles_in_ms;

    if (ms == 0) {
        return;
    }
    if (ms > longest) {
        ms = longest;
    }
    stop_and_count();
    run_with_period(ms * cycles_in_ms - odd_cycles);
    wait_for_interrupt();
    stop_and_count();
    run_with_period(cycles_in_ms);
}

void tick_delay(uint32_t ms)
{
    /* Counts wraps itself, by COUNTFLAG: it must work before interrupts are enabled. */
    for (uint32_t i = 0; i <= ms; i++) {
        while (!(SYST_CSR & (1u << 16))) {
        }
    }
}
