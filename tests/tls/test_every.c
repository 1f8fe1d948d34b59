/* A fault at every point of a handshake and a call: the client stops behind each byte that it sends, the arena ends at each allocation.
 *
 * One handshake serves all points: at each the process forks, the child meets the fault there, sees that nothing is still taken, and leaves; the
 * parent goes on to the next point. A child that fails aborts, and the parent says where it was. */
#define _DEFAULT_SOURCE /* setenv */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "random.h"
#include "tls_pair.h"

/* Under the sanitizer a fork is dear: every allocation is for the configuration without it, or GRAM_EVERY=1 (make matrix). */
#ifdef __SANITIZE_ADDRESS__
#define STRIDE 16u
#else
#define STRIDE 1u
#endif
#define SERVED 256u /* of so many children one serves another client, too: a whole handshake is what takes time here */

static struct tls_pair pair;
static struct test_random randoms;
static uint32_t points, stride, seed;
static bool child;

/* At a point; true in the child. */
static bool fault_here(void)
{
    pid_t pid;
    int status;

    if (child || ++points % stride != seed % stride)
        return false;
    fflush(stdout);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setenv("CMOCKA_TEST_ABORT", "1", 1);
        child = true;
        return true;
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("at point %u: the child's status is 0x%x", (unsigned)points, (unsigned)status);
    return false;
}

/* What a child sees when its connection has met the fault. */
static void check_child(int version)
{
    const struct tls_client is = { .version = version, .cert = &tls_keys()->client };

    if (points / stride % SERVED == seed % SERVED)
        tls_check_call(tls_connect(&pair, is), 1);
    tls_close(&pair);
    _exit(0);
}

static struct tls_peer *dial(int version, uint32_t every)
{
    struct tls_peer *p;

    assert_null(tls_open(&pair, GRAM_TLS_CLIENT_REQUIRED));
    p = tls_dial(&pair, (struct tls_client){ .version = version, .cert = &tls_keys()->client });
    points = 0;
    stride = every;
    tls_hello(p);
    tls_call(p, 1, UNARY, 7, "text");
    return p;
}

static void cut_here(struct tls_peer *p)
{
    if (fault_here())
        p->is.cut = p->up_at;
}

/* The client's FIN comes behind every byte. */
static void test_cut_off(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        struct tls_peer *p = dial((int)v, 1);

        p->is.segment = 1;
        p->is.each_segment = cut_here;
        tls_run(&pair);
        if (child) {
            tls_sleep(&pair, GRAM_LINGER_MS);
            assert_int_not_equal(p->fate, TLS_HERE);
            assert_int_equal(gram_tls_usage(pair.tls).failed + gram_tls_usage(pair.tls).truncated, 1);
            check_child((int)v);
        }
        assert_true(tls_has(p, "text"));
        assert_int_equal(points, p->up_len);
        print_message("version 0x%03x: %u bytes\n", v, (unsigned)points);
        tls_close(&pair);
    }
}

static void run_out_here(void)
{
    if (fault_here())
        gram_tls_arena_fail_after(0);
}

/* The arena has nothing to give: the connection ends or does not, nothing stays. */
static void test_exhaustion(void **state)
{
    (void)state;
    EACH_VERSION(v)
    {
        struct tls_peer *p = dial((int)v, getenv("GRAM_EVERY") ? 1 : STRIDE);
        uint32_t refused = gram_tls_arena_refused();

        tls_each_allocation = run_out_here;
        tls_run(&pair);
        tls_each_allocation = NULL;
        assert_int_equal(gram_tls_arena_refused(), refused + child);
        if (child) {
            tls_lose(p);
            assert_int_equal(gram_tls_arena_use().used, pair.base);
            check_child((int)v);
        }
        assert_true(tls_has(p, "text"));
        print_message("version 0x%03x: %u allocations, each %u.\n", v, (unsigned)points, (unsigned)stride);
        tls_close(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_cut_off), TEST(test_exhaustion) };

    test_random_start(&randoms, "test_every");
    seed = test_random_below(&randoms, 1 << 16);
    cmocka_set_test_filter(getenv("GRAM_TEST")); /* a name, to run one alone */
    return cmocka_run_group_tests_name("every", tests, NULL, NULL);
}
