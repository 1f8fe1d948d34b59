/* gram_alarm() on the MPS2: the first half of the CMSDK dual timer as a 32-bit one-shot. It counts the system clock. */
#include "timer_cmsdk.h"

#include "gram/alarm.h"
#include "mps2.h"

#define LONGEST_MS (UINT32_MAX / (CPU_HZ / 1000u)) /* 171 s */

/* A member, so that `make size` knows by its name what is called through it. */
static struct {
    void (*volatile ring)(void);
} alarm;

void timer_cmsdk_interrupt(void)
{
    TIMER1_INTCLR = 1;
    alarm.ring();
}

void gram_alarm(uint32_t ms, void (*ring)(void))
{
    uint32_t limited = ms > LONGEST_MS ? LONGEST_MS : ms;

    TIMER1_CONTROL = TIMER_CONTROL_ONE_SHOT_32; /* stands */
    alarm.ring = ring;
    TIMER1_INTCLR = 1;
    TIMER1_LOAD = limited == 0 ? 1 : limited * (CPU_HZ / 1000u);
    nvic_enable(DUAL_TIMER_IRQ);
    TIMER1_CONTROL = TIMER_CONTROL_ONE_SHOT_32 | TIMER_CONTROL_INTERRUPT | TIMER_CONTROL_ENABLE;
}
