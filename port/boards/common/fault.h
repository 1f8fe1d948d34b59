/* What happens when the program itself is wrong: one report on the UART, then the device stands still. */
#ifndef FAULT_H
#define FAULT_H

/* The vector of every fault and of every exception that is never used. */
void fault_entry(void);

/* Prints `gram: stopped: <why>` and stops. Any context. */
_Noreturn void fault_stop(const char *why);

#endif
