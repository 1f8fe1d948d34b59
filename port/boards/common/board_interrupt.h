/* What a Cortex-M board gives to the shared start-up besides board.h. */
#ifndef BOARD_INTERRUPT_H
#define BOARD_INTERRUPT_H

/* An external interrupt (0 is the first after SysTick). The board serves it, or calls fault_stop(). */
void board_interrupt(unsigned irq);

#endif
