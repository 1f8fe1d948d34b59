/* The transmit buffer of a connection: a ring that the network sends from without copying.
 *
 *     start              start+taken           start+used
 *       | handed to TCP, not  | not yet handed    | free: the last GRAM_TX_CONTROL
 *       | yet acknowledged    |                   | bytes for control frames only
 *
 * Invariant: taken <= used <= GRAM_TX_SIZE. Bytes before start+used never change until they are acknowledged: the network may still have to
 * repeat them. An empty ring starts over at 0, so that what follows is contiguous. */
#ifndef GRAM_H2_TX_H
#define GRAM_H2_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram/config.h"

struct gram_h2_tx {
    uint32_t start;
    uint32_t used;
    uint32_t taken;
    uint8_t buf[GRAM_TX_SIZE];
};

void gram_h2_tx_init(struct gram_h2_tx *tx);

/* Free bytes for control frames, and for everything else. */
static inline size_t gram_h2_tx_free(const struct gram_h2_tx *tx)
{
    return GRAM_TX_SIZE - tx->used;
}

static inline size_t gram_h2_tx_room(const struct gram_h2_tx *tx)
{
    size_t n = gram_h2_tx_free(tx);
    return n > GRAM_TX_CONTROL ? n - GRAM_TX_CONTROL : 0;
}

/* Writes `len` bytes `at` bytes behind what is in use; they count only after gram_h2_tx_commit(). The caller has checked the room. */
void gram_h2_tx_put(struct gram_h2_tx *tx, size_t at, const void *data, size_t len);
/* Where the byte `at` bytes behind what is in use will lie, and how many from there are contiguous. */
uint8_t *gram_h2_tx_span(struct gram_h2_tx *tx, size_t at, size_t *len);
void gram_h2_tx_commit(struct gram_h2_tx *tx, size_t len);

/* The transport's half: see gram/transport.h. */
const uint8_t *gram_h2_tx_unsent(const struct gram_h2_tx *tx, size_t *len);
void gram_h2_tx_taken(struct gram_h2_tx *tx, size_t len);
void gram_h2_tx_acked(struct gram_h2_tx *tx, size_t len);

#endif
