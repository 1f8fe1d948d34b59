/* Values of the application's keys that the client has indexed (RFC 7541 2.3.2): HPACK's table keeps no strings, so they lie here, and leave in
 * the order in which the table drops them.
 *
 *     an entry: length (16 bits, little-endian), bytes
 *     head             head+used          head+used+pending
 *       | entries, oldest first | being read       | free
 *
 * Invariant: used <= GRAM_HPACK_STORE, and used + pending while a value is being read that is not `lost`. What does not fit is lost whole: nothing of it
 * is committed. */
#include "grpc_internal.h"

#if GRAM_METADATA_SIZE > 0

#include "ring.h"

enum { ENTRY_HEAD = 2 };
_Static_assert(GRAM_HPACK_VALUE_FREE + GRAM_HPACK_STORE <= GRAM_STORE_LOST, "a position would mean something else");

static size_t position(const struct gram_store *store, size_t at)
{
    return gram_ring_at(store->head + at, GRAM_HPACK_STORE);
}

static void put(struct gram_store *store, size_t at, const void *data, size_t len)
{
    gram_ring_put(store->bytes, GRAM_HPACK_STORE, position(store, at), data, len);
}

void gram_store_begin(struct gram_store *store)
{
    store->pending = ENTRY_HEAD;
    store->lost = store->used + ENTRY_HEAD > GRAM_HPACK_STORE;
}

void gram_store_add(struct gram_store *store, const uint8_t *data, size_t len)
{
    if (store->lost || len > GRAM_HPACK_STORE - (size_t)store->used - store->pending) {
        store->lost = true;
        return;
    }
    put(store, (size_t)store->used + store->pending, data, len);
    store->pending = (uint16_t)(store->pending + len);
}

uint16_t gram_store_commit(struct gram_store *store)
{
    size_t len = store->pending - (size_t)ENTRY_HEAD;
    uint8_t head[ENTRY_HEAD] = { (uint8_t)len, (uint8_t)(len >> 8) };
    size_t at = store->used;

    if (store->lost)
        return GRAM_STORE_LOST;
    put(store, at, head, sizeof head);
    store->used = (uint16_t)(store->used + store->pending);
    return (uint16_t)(GRAM_HPACK_VALUE_FREE + position(store, at));
}

size_t gram_store_len(const struct gram_store *store, uint16_t value)
{
    uint8_t head[ENTRY_HEAD];

    gram_ring_get(store->bytes, GRAM_HPACK_STORE, value - (size_t)GRAM_HPACK_VALUE_FREE, head, sizeof head);
    return head[0] | (size_t)head[1] << 8;
}

void gram_store_get(const struct gram_store *store, uint16_t value, uint8_t *out, size_t len)
{
    size_t at = gram_ring_at(value - (size_t)GRAM_HPACK_VALUE_FREE + ENTRY_HEAD, GRAM_HPACK_STORE);

    gram_ring_get(store->bytes, GRAM_HPACK_STORE, at, out, len);
}

void gram_store_evict(struct gram_store *store)
{
    size_t whole = ENTRY_HEAD + gram_store_len(store, (uint16_t)(GRAM_HPACK_VALUE_FREE + store->head));

    store->head = (uint16_t)position(store, whole);
    store->used = (uint16_t)(store->used - whole);
}

#endif
