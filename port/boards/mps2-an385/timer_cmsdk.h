/* The driver is gram_alarm() (gram/alarm.h); this is what the board's interrupt needs of it. */
#ifndef TIMER_CMSDK_H
#define TIMER_CMSDK_H

void timer_cmsdk_interrupt(void);

#endif
