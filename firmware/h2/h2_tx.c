/* The transmit ring; its states and invariants are in h2_tx.h. */
#include "h2_tx.h"

#include "gram_assert.h"
#include "ring.h"

void gram_h2_tx_init(struct gram_h2_tx *tx)
{
    tx->start = 0;
    tx->used = 0;
    tx->taken = 0;
}

/* Where the byte `at` bytes behind the first lies. */
static size_t place(const struct gram_h2_tx *tx, size_t at)
{
    return gram_ring_at(tx->start + at, GRAM_TX_SIZE);
}

uint8_t *gram_h2_tx_span(struct gram_h2_tx *tx, size_t at, size_t *len)
{
    size_t pos = place(tx, tx->used + at);
    size_t to_end = GRAM_TX_SIZE - pos;
    size_t room = gram_h2_tx_free(tx) - at;

    *len = room < to_end ? room : to_end;
    return tx->buf + pos;
}

void gram_h2_tx_put(struct gram_h2_tx *tx, size_t at, const void *data, size_t len)
{
    gram_assert(at + len <= gram_h2_tx_free(tx), "no room to write");
    if (len > 0)
        gram_ring_put(tx->buf, GRAM_TX_SIZE, place(tx, tx->used + at), data, len);
}

void gram_h2_tx_commit(struct gram_h2_tx *tx, size_t len)
{
    gram_assert(len <= gram_h2_tx_free(tx), "no room to write");
    tx->used += (uint32_t)len;
}

const uint8_t *gram_h2_tx_unsent(const struct gram_h2_tx *tx, size_t *len)
{
    size_t pos = place(tx, tx->taken);
    size_t n = tx->used - tx->taken;
    size_t to_end = GRAM_TX_SIZE - pos;

    *len = n < to_end ? n : to_end;
    return tx->buf + pos;
}

void gram_h2_tx_taken(struct gram_h2_tx *tx, size_t len)
{
    gram_assert(len <= tx->used - tx->taken, "taken");
    tx->taken += (uint32_t)len;
}

void gram_h2_tx_acked(struct gram_h2_tx *tx, size_t len)
{
    gram_assert(len <= tx->taken, "acked");
    tx->taken -= (uint32_t)len;
    tx->used -= (uint32_t)len;
    tx->start = tx->used == 0 ? 0 : (uint32_t)place(tx, len);
}
