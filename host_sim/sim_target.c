/* What lwIP asks of a target (arch/cc.h), and the clock, from the host. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "gram/log.h"
#include "lwip/arch.h"
#include "lwip/sys.h"
#include "sim_clock.h"

int64_t sim_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint32_t sim_clock_ms(void)
{
    return (uint32_t)(sim_clock_ns() / 1000000);
}

u32_t sys_now(void)
{
    return sim_clock_ms();
}

uint32_t gram_target_random(void)
{
    uint32_t value;

    if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) {
        gram_target_fail("the host gives no random bytes");
    }
    return value;
}

_Noreturn void gram_target_fail(const char *what)
{
    fprintf(stderr, "gram: internal error: %s\n", what);
    abort();
}

_Noreturn void gram_assert_failed(const char *reason)
{
    gram_target_fail(reason);
}
