/* The transmit ring beside a simple queue, through a long random life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "h2_tx.h"
#include "random.h"

static struct test_random rnd;

/* The model: all bytes ever committed, and how far each side has come. */
static uint8_t sent[1 << 20];
static size_t committed, taken, acked;

static void write_some(struct gram_h2_tx *tx)
{
    size_t room = gram_h2_tx_free(tx);
    size_t len = test_random_below(&rnd, (uint32_t)(room < 300 ? room : 300) + 1);
    size_t first = test_random_below(&rnd, (uint32_t)len + 1); /* what is behind may be put first */

    if (committed + len > sizeof sent)
        return;
    test_random_bytes(&rnd, sent + committed, len);
    gram_h2_tx_put(tx, first, sent + committed + first, len - first);
    for (size_t at = 0, n; at < first; at += n) {
        uint8_t *span = gram_h2_tx_span(tx, at, &n);
        n = n < first - at ? n : first - at;
        assert_true(n > 0);
        memcpy(span, sent + committed + at, n);
    }
    gram_h2_tx_commit(tx, len);
    committed += len;
}

static void take_some(struct gram_h2_tx *tx)
{
    size_t n, again;
    const uint8_t *p = gram_h2_tx_unsent(tx, &n);

    assert_ptr_equal(p, gram_h2_tx_unsent(tx, &again)); /* looking changes nothing */
    assert_int_equal(n, again);
    assert_int_equal(n == 0, taken == committed);
    n = test_random_below(&rnd, (uint32_t)n + 1);
    assert_memory_equal(p, sent + taken, n);
    gram_h2_tx_taken(tx, n);
    taken += n;
}

static void ack_some(struct gram_h2_tx *tx)
{
    size_t n = test_random_below(&rnd, (uint32_t)(taken - acked) + 1);

    gram_h2_tx_acked(tx, n);
    acked += n;
}

static void check(const struct gram_h2_tx *tx)
{
    assert_int_equal(tx->used, committed - acked);
    assert_int_equal(tx->taken, taken - acked);
    assert_int_equal(gram_h2_tx_free(tx), GRAM_TX_SIZE - tx->used);
    size_t room = GRAM_TX_SIZE - tx->used;
    assert_int_equal(gram_h2_tx_room(tx), room > GRAM_TX_CONTROL ? room - GRAM_TX_CONTROL : 0);
    for (size_t i = 0; i < tx->used; i++) /* nothing changes before it is acknowledged */
        assert_int_equal(tx->buf[(tx->start + i) % GRAM_TX_SIZE], sent[acked + i]);
    if (tx->used == 0)
        assert_int_equal(tx->start, 0);
}

static void test_model(void **state)
{
    static struct gram_h2_tx tx;
    (void)state;
    test_random_start(&rnd, "h2_tx");
    gram_h2_tx_init(&tx);
    for (unsigned step = 0; step < 20000; step++) {
        switch (test_random_below(&rnd, 3)) {
        case 0:
            write_some(&tx);
            break;
        case 1:
            take_some(&tx);
            break;
        default:
            ack_some(&tx);
            break;
        }
        check(&tx);
    }
    assert_true(committed > 10 * GRAM_TX_SIZE);
}

static void test_full(void **state)
{
    static struct gram_h2_tx tx;
    static uint8_t all[GRAM_TX_SIZE];
    size_t n;
    (void)state;
    gram_h2_tx_init(&tx);
    gram_h2_tx_put(&tx, 0, all, sizeof all);
    gram_h2_tx_commit(&tx, sizeof all);
    assert_int_equal(gram_h2_tx_free(&tx), 0);
    assert_int_equal(gram_h2_tx_room(&tx), 0);
    gram_h2_tx_span(&tx, 0, &n);
    assert_int_equal(n, 0);
    gram_h2_tx_put(&tx, 0, all, 0);
    gram_h2_tx_unsent(&tx, &n);
    assert_int_equal(n, GRAM_TX_SIZE);
    gram_h2_tx_taken(&tx, n);
    gram_h2_tx_acked(&tx, 1); /* the free byte is the first of the memory */
    assert_ptr_equal(gram_h2_tx_span(&tx, 0, &n), tx.buf);
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
