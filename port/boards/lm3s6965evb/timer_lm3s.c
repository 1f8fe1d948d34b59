/* gram_alarm() on the LM3S6965: general-purpose timer 0 as one 32-bit one-shot. It counts the system clock, so it ends the CPU's sleep. */
#include "timer_lm3s.h"

#include "gram/alarm.h"
#include "lm3s6965.h"

#define LONGEST_MS (UINT32_MAX / (CPU_HZ / 1000u)) /* 85 s */

/* A member, so that `make size` knows by its name what is called through it. */
static struct {
    void (*volatile ring)(void);
} alarm;

void timer_lm3s_interrupt(void)
{
    TIMER0_ICR = TIMER_TIMEOUT_A;
    alarm.ring();
}

void gram_alarm(uint32_t ms, void (*ring)(void))
{
    uint32_t limited = ms > LONGEST_MS ? LONGEST_MS : ms;

    SYSCTL_RCGC1 |= SYSCTL_RCGC1_TIMER0;
    (void)SYSCTL_RCGC1; /* a gated module answers three clocks after its gate opens */
    TIMER0_CTL = 0;     /* its registers may only be set while it stands */
    alarm.ring = ring;
    TIMER0_CFG = TIMER_CFG_32_BIT;
    TIMER0_TAMR = TIMER_TAMR_ONE_SHOT;
    TIMER0_TAILR = limited == 0 ? 1 : limited * (CPU_HZ / 1000u);
    TIMER0_ICR = TIMER_TIMEOUT_A;
    TIMER0_IMR = TIMER_TIMEOUT_A;
    nvic_enable(TIMER0A_IRQ);
    TIMER0_CTL = TIMER_CTL_ENABLE_A;
}
