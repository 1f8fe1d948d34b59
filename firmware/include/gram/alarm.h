/* A timer of the target's, for an application that wants an interrupt of its own.
 *
 * gram needs none: a handler that only waits for a time calls gram_call_sleep(). This is the smallest driver there can be, and stands for
 * those of a device (a converter, a radio, a button): its interrupt calls a function of the application, which calls gram_call_wake().
 *
 * An application knows no board, so the name is here, and each target has its own behind it: a hardware timer on a board
 * (port/boards/<board>/timer_*.c), a signal on a host (port/posix/alarm.c). A driver of your own needs no such name: include its header. */
#ifndef GRAM_ALARM_H
#define GRAM_ALARM_H

#include <stdint.h>

/* Has `ring` called once, from an interrupt (on a host: a signal handler), in `ms` milliseconds. There is one alarm: setting it again takes the
 * place of the one before, which may still ring if its time had come. It may ring early where `ms` is more than the hardware can count, a minute at least: look at
 * the clock. From the main loop. */
void gram_alarm(uint32_t ms, void (*ring)(void));

#endif
