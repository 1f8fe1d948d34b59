/* gram_alarm() of every program on a host: SIGALRM. It is blocked but in the waits of the main loop, as Ctrl-C is, so that no wake
 * comes between the last look and the wait. */
#define _DEFAULT_SOURCE
#include "gram/alarm.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

static void (*volatile on_ring)(void);

static void on_signal(int number)
{
    (void)number;
    on_ring();
}

void gram_alarm(uint32_t ms, void (*ring)(void))
{
    struct sigaction action = {.sa_handler = on_signal};
    struct itimerval once = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    sigset_t alarm_only;

    if (ms == 0) {
        once.it_value.tv_usec = 1; /* 0 would mean never */
    }
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm_only, NULL);
    on_ring = ring;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &once, NULL);
}
