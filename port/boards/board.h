/* What a board gives: implemented once in each port/boards/<board>/, used by the boards' common main loop (port/boards/common/main.c). */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gram_net_driver;

/* The board's name as the Makefile knows it. */
extern const char board_name[];
extern const struct gram_net_driver board_ethernet;

/* Clocks, UART, millisecond tick. Called first, from main. */
void board_init(void);
/* Milliseconds since board_init(), wrapping. Any context. */
uint32_t board_now_ms(void);
/* Puts one character on the log UART, waiting for room. Any context, also after a fault. */
void board_putc(char c);
/* Sleeps until an interrupt or until `ms` have passed, whichever is first. Called with interrupts masked (PRIMASK); returns with them still masked
 * (WFI wakes all the same), so a wake between the last look and the sleep is not lost. */
void board_sleep(uint32_t ms);
/* Fills `buf` with random bytes from hardware; false if the board has no such source. */
bool board_entropy(uint8_t *buf, size_t len);

/* Besides, where an application asks for it: gram_alarm() of gram/alarm.h. */

#endif
