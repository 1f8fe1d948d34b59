/* The driver is gram_alarm() (gram/alarm.h); this is what the board's interrupt needs of it. */
#ifndef TIMER_LM3S_H
#define TIMER_LM3S_H

void timer_lm3s_interrupt(void);

#endif
