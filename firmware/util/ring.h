/* Bytes in a ring: the last one of its memory is followed by the first. Who uses one says what lies where; here is only the step around its end. */
#ifndef GRAM_RING_H
#define GRAM_RING_H

#include <stddef.h>
#include <stdint.h>

/* A position that may lie past the end, by less than the ring's size. */
static inline size_t gram_ring_at(size_t pos, size_t size)
{
    return pos >= size ? pos - size : pos;
}

/* `at` lies in the ring, `len` is at most its size. */
void gram_ring_put(uint8_t *ring, size_t size, size_t at, const void *data, size_t len);
void gram_ring_get(const uint8_t *ring, size_t size, size_t at, void *data, size_t len);

#endif
