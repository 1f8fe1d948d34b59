/* What lwIP asks of a compiler and a target. Any 32- or 64-bit target with GCC or Clang.
 *
 * A target provides three functions, anywhere in its code: sys_now() (lwip/sys.h; milliseconds, wrapping)
 * and the two declared here. */
#ifndef GRAM_LWIP_CC_H
#define GRAM_LWIP_CC_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

/* ssize_t is the C library's: lwIP would define one of its own where this is not set. */
#ifndef SSIZE_MAX
#define SSIZE_MAX INT_MAX
#endif

/* 32 random bits, the best the target has: DHCP's transaction ids and TCP's first port come of it. */
uint32_t gram_target_random(void);

/* lwIP has found a mistake of ours (an assertion). Says so and does not return. */
_Noreturn void gram_target_fail(const char *what);

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BYTE_ORDER BIG_ENDIAN
#else
#define BYTE_ORDER LITTLE_ENDIAN
#endif

#define LWIP_RAND() gram_target_random()

/* A device has nowhere to print lwIP's own messages, and printf would cost it 10 KB. */
#define LWIP_PLATFORM_DIAG(x) do { } while (0)
#define LWIP_PLATFORM_ASSERT(x) gram_target_fail(x)

/* The text of each assertion is flash: a target with little of it sets LWIP_NOASSERT in its
 * lwipopts_target.h. */

#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1

#endif
