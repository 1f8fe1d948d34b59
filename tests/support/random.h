/* Random numbers that come again: a test prints its seed, and GRAM_TEST_SEED in the environment sets it.
 * Not <stdlib.h>'s random(). */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct test_random {
    uint64_t state;
};

/* Starts from GRAM_TEST_SEED (a number, or "time"), else from 1, and prints `name` with the seed. */
void test_random_start(struct test_random *random, const char *name);
/* Starts from a seed of the caller's, silently. */
void test_random_seed(struct test_random *random, uint64_t seed);
uint32_t test_random_next(struct test_random *random);
/* 0 .. bound - 1; bound 0 gives 0. */
uint32_t test_random_below(struct test_random *random, uint32_t bound);
void test_random_bytes(struct test_random *random, void *buf, size_t len);

#endif
