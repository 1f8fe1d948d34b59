/* Assertions are for our own faults, never for what a peer sends: each carries its reason. On a failed one the target decides
 * (gram_assert_failed, defined by main's side): a board logs and restarts, a host aborts. GRAM_ASSERTS 0 leaves them out. */
#ifndef GRAM_ASSERT_H
#define GRAM_ASSERT_H

#ifndef GRAM_ASSERTS
#define GRAM_ASSERTS 1
#endif

#if GRAM_ASSERTS
_Noreturn void gram_assert_failed(const char *reason);
#define gram_assert(condition, reason) ((condition) ? (void)0 : gram_assert_failed(reason))
#else
#define gram_assert(condition, reason) ((void)sizeof(condition))
#endif

#endif
