/* The transmit ring; its states and invariants are in h2_tx.h. */
#include "h2_tx.h"

#include <string.h>

#include "gram_assert.h"

void gram_h2_tx_init(struct gram_h2_tx *tx)
{
    tx->start = 0;
    tx->used = 0;
    tx->taken = 0;
}

static uint32_t wrapped(uint32_t pos)
{
    return pos >= GRAM_TX_SIZE ? pos - GRAM_TX_SIZE : pos;
}

uint8_t *gram_h2_tx_span(struct gram_h2_tx *tx, size_t at, size_t *len)
{
    uint32_t pos = wrapped(tx->start + tx->used + (uint32_t)at);
    size_t to_end = GRAM_TX_SIZE - pos;
    size_t room = gram_h2_tx_free(tx) - at;

    *len = room < to_end ? room : to_end;
    return tx->buf + pos;
}

void gram_h2_tx_put(struct gram_h2_tx *tx, size_t at, const void *data, size_t len)
{
    const uint8_t *from = data;
    size_t n;
    uint8_t *to;

    gram_assert(at + len <= gram_h2_tx_free(tx), "no room to write");
    to = gram_h2_tx_span(tx, at, &n);
    if (len == 0)
        return;
    if (n >= len) {
        memcpy(to, from, len);
        return;
    }
    memcpy(to, from, n);
    memcpy(tx->buf, from + n, len - n);
}

void gram_h2_tx_commit(struct gram_h2_tx *tx, size_t len)
{
    gram_assert(len <= gram_h2_tx_free(tx), "no room to write");
    tx->used += (uint32_t)len;
}

const uint8_t *gram_h2_tx_unsent(const struct gram_h2_tx *tx, size_t *len)
{
    uint32_t pos = wrapped(tx->start + tx->taken);
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
    tx->start = tx->used == 0 ? 0 : wrapped(tx->start + (uint32_t)len);
}
