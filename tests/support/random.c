/* SplitMix64: one 64-bit counter, mixed. Any seed is as good as any other. */
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void test_random_start(struct test_random *random, const char *name)
{
    const char *set = getenv("GRAM_TEST_SEED");
    uint64_t seed = 1;

    if (set != NULL && strcmp(set, "time") == 0) {
        seed = (uint64_t)time(NULL);
    } else if (set != NULL && *set != '\0') {
        char *end;
        seed = strtoull(set, &end, 0);
        if (*end != '\0') {
            fprintf(stderr, "GRAM_TEST_SEED=%s is not a number; give a number or \"time\"\n", set);
            exit(1);
        }
    }
    printf("%s: GRAM_TEST_SEED=%llu\n", name, (unsigned long long)seed);
    fflush(stdout);
    random->state = seed;
}

void test_random_seed(struct test_random *random, uint64_t seed)
{
    random->state = seed;
}

uint32_t test_random_next(struct test_random *random)
{
    random->state += 0x9e3779b97f4a7c15u;
    uint64_t z = random->state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

uint32_t test_random_below(struct test_random *random, uint32_t bound)
{
    return (uint32_t)((uint64_t)test_random_next(random) * bound >> 32);
}

void test_random_bytes(struct test_random *random, void *buf, size_t len)
{
    uint8_t *p = buf;
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)test_random_next(random);
}
