/* See ring.h. */
#include "ring.h"

#include <string.h>

static size_t before_end(size_t size, size_t at, size_t len)
{
    return len < size - at ? len : size - at;
}

void gram_ring_put(uint8_t *ring, size_t size, size_t at, const void *data, size_t len)
{
    size_t first = before_end(size, at, len);

    memcpy(ring + at, data, first);
    memcpy(ring, (const uint8_t *)data + first, len - first);
}

void gram_ring_get(const uint8_t *ring, size_t size, size_t at, void *data, size_t len)
{
    size_t first = before_end(size, at, len);

    memcpy(data, ring + at, first);
    memcpy((uint8_t *)data + first, ring, len - first);
}
