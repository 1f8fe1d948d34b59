/* Lines of text: every function, the edges of numbers, and every size of buffer, flush against a guard
 * page. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gram/text.h"
#include "guard_page.h"

static struct guard_page guard;

static void write_all(struct gram_text *t)
{
    gram_text_str(t, "id ");
    gram_text_i32(t, -2147483647 - 1);
    gram_text_char(t, ' ');
    gram_text_u32(t, 4294967295u);
    gram_text_bytes(t, " of many", 3);
    gram_text_str(t, "");
    gram_text_char(t, ' ');
    gram_text_hex(t, 0xdeadbeefu, 8);
    gram_text_hex(t, 0xdeadbeefu, 1);
}

static void test_every_size(void **state)
{
    static const char want[] = "id -2147483648 4294967295 of deadbeeff";
    (void)state;
    for (size_t size = 1; size <= sizeof want + 3; size++) {
        char *buf = (char *)guard_page_end(&guard, size);
        memset(buf, 'x', size);
        struct gram_text t = gram_text_in(buf, size);
        assert_string_equal(buf, "");
        write_all(&t);
        size_t len = size - 1 < sizeof want - 1 ? size - 1 : sizeof want - 1;
        assert_int_equal(t.len, len);
        assert_memory_equal(buf, want, len);
        assert_int_equal(buf[len], '\0');
    }
}

static void test_numbers(void **state)
{
    static const uint32_t some[] = {0,           1,           9,           10,         99, 100, 12345,
                                    2147483647u, 2147483648u, 4294967294u, 4294967295u};
    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        char got[64], want[64];
        struct gram_text t = gram_text_in(got, sizeof got);
        gram_text_u32(&t, some[i]);
        gram_text_char(&t, ' ');
        gram_text_i32(&t, (int32_t)some[i]);
        gram_text_char(&t, ' ');
        gram_text_hex(&t, some[i], 8);
        gram_text_char(&t, ' ');
        gram_text_hex(&t, some[i], 2);
        snprintf(want, sizeof want, "%" PRIu32 " %" PRId32 " %08" PRIx32 " %02" PRIx32, some[i],
                 (int32_t)some[i], some[i], some[i] & 0xff);
        assert_string_equal(got, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_numbers),
    };
    guard_page_open(&guard, 64);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
