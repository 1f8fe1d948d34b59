/* Windows, stream slots, and the memory of streams that are gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "h2_internal.h"

static struct gram_h2_conn conn;

static int clear(void **state)
{
    (void)state;
    memset(&conn, 0, sizeof conn);
    conn.peer_initial_window = 1000;
    return 0;
}

static void test_window_add(void **state)
{
    int32_t w = 0;
    (void)state;
    assert_true(gram_h2_window_add(&w, GRAM_H2_WINDOW_MAX));
    assert_int_equal(w, GRAM_H2_WINDOW_MAX);
    assert_false(gram_h2_window_add(&w, 1));
    assert_int_equal(w, GRAM_H2_WINDOW_MAX);
    assert_true(gram_h2_window_add(&w, -GRAM_H2_WINDOW_MAX));
    assert_int_equal(w, 0);
    assert_true(gram_h2_window_add(&w, -GRAM_H2_WINDOW_MAX));
    assert_int_equal(w, -GRAM_H2_WINDOW_MAX);
    assert_true(gram_h2_window_add(&w, GRAM_H2_WINDOW_MAX));
    assert_true(gram_h2_window_add(&w, GRAM_H2_WINDOW_MAX - 1));
    assert_int_equal(w, GRAM_H2_WINDOW_MAX - 1);
    assert_false(gram_h2_window_add(&w, 2));
    assert_false(gram_h2_window_add(&w, GRAM_H2_WINDOW_MAX));
    assert_int_equal(w, GRAM_H2_WINDOW_MAX - 1);
    assert_true(gram_h2_window_add(&w, 1));
}

static void test_slots(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GRAM_MAX_CONCURRENT_STREAMS; i++) {
        int slot = gram_h2_claim(&conn, 2 * i + 1);
        assert_in_range(slot, 0, GRAM_MAX_CONCURRENT_STREAMS - 1);
        assert_int_equal(gram_h2_find(&conn, 2 * i + 1), slot);
        assert_int_equal(conn.streams[slot].send_window, 1000);
        assert_int_equal(conn.streams[slot].recv_window, GRAM_H2_WINDOW_DEFAULT);
        assert_int_equal(conn.streams_open, i + 1);
    }
    assert_int_equal(gram_h2_claim(&conn, 1001), -1);
    assert_int_equal(gram_h2_find(&conn, 1001), -1);
    int slot = gram_h2_find(&conn, 3);
    gram_h2_release(&conn, (unsigned)slot, GRAM_H2_ENDED);
    assert_int_equal(gram_h2_find(&conn, 3), -1);
    assert_int_equal(gram_h2_recall(&conn, 3), GRAM_H2_ENDED);
    conn.settings_acked = true;
    conn.streams[slot].credit = 7;
    assert_int_equal(gram_h2_claim(&conn, 1001), slot);
    assert_int_equal(conn.streams[slot].recv_window, GRAM_INITIAL_WINDOW_SIZE);
    assert_int_equal(conn.streams[slot].credit, 0);
    assert_int_equal(conn.streams[slot].content_length, GRAM_H2_NO_LENGTH);
}

static void test_memory(void **state)
{
    const uint32_t first = GRAM_H2_WINDOW_MAX - 2 * GRAM_H2_CLOSED_KEPT; /* the highest ids there are */
    (void)state;
    assert_int_equal(gram_h2_recall(&conn, 1), -1); /* nothing is remembered at first, not even of stream 1 */
    for (uint32_t i = 0; i <= GRAM_H2_CLOSED_KEPT; i++)
        gram_h2_remember(&conn, first + 2 * i, (enum gram_h2_ending)(i % 3));
    assert_int_equal(gram_h2_recall(&conn, first), -1);
    for (uint32_t i = 1; i <= GRAM_H2_CLOSED_KEPT; i++)
        assert_int_equal(gram_h2_recall(&conn, first + 2 * i), i % 3);
    gram_h2_remember(&conn, 1, GRAM_H2_RESET_BY_US);
    assert_int_equal(gram_h2_recall(&conn, 1), GRAM_H2_RESET_BY_US);
    assert_int_equal(gram_h2_recall(&conn, 3), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_add),
        cmocka_unit_test_setup(test_slots, clear),
        cmocka_unit_test_setup(test_memory, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
