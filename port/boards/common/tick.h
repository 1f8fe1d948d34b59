/* Milliseconds from SysTick, and sleep without a tick. For board.c of any Cortex-M board. */
#ifndef TICK_H
#define TICK_H

#include <stdint.h>

/* Starts counting. `cycles_per_ms`: what SysTick is clocked with, the CPU's clock / 1000. */
void tick_init(uint32_t cycles_per_ms);
/* Milliseconds since tick_init(), wrapping. Any context. */
uint32_t tick_now_ms(void);
/* CPU cycles since tick_init(), wrapping: differences tell what something took. */
uint32_t tick_cycles(void);
/* WFI until an interrupt or until `ms` have passed (up to one more, or sooner); interrupts masked (PRIMASK)
 * before and after. */
void tick_sleep(uint32_t ms);

#endif
