/* Assertions are for our own faults, never for what a peer sends: each carries its reason. On a failed one the target decides
 * (gram_assert_failed, see gram/log.h): a board logs and restarts, a host aborts. GRAM_ASSERTS 0 leaves them out. */
#ifndef GRAM_ASSERT_H
#define GRAM_ASSERT_H

#include "gram/log.h"

#ifndef GRAM_ASSERTS
#define GRAM_ASSERTS 1
#endif

#if GRAM_ASSERTS
#define gram_assert(condition, reason) ((condition) ? (void)0 : gram_assert_failed(reason))
#else
#define gram_assert(condition, reason) ((void)sizeof(condition))
#endif

#endif
