/* What a failed assertion of the core does in tests: it says its reason and aborts, which fails the test. */
#include <stdio.h>
#include <stdlib.h>

_Noreturn void gram_assert_failed(const char *reason);

_Noreturn void gram_assert_failed(const char *reason)
{
    fprintf(stderr, "assertion of the core failed: %s\n", reason);
    abort();
}
