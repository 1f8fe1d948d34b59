/* The memory that Mbed TLS allocates from: a fixed array, first fit.
 *
 * It is a row of blocks without gaps, each a head and its bytes. A block is free (owner FREE) or someone's. What is freed joins a free block behind
 * it at once; one before it is joined when the row is next walked. `first` is never above the lowest free block.
 *
 * All bytes of free blocks are 0: what is freed is overwritten (keys and plaintext lie here), the heads of blocks that join, too. So calloc
 * has nothing to clear. One arena for the program, since Mbed TLS's calloc knows no context. */
#include "tls_arena.h"

#include <string.h>

#include "gram_tls_config.h"

#define FREE 255
#define ALIGN 8u

/* 8 bytes. Sizes are multiples of ALIGN and do not count the head. */
struct head {
    uint32_t size;
    uint32_t owner;
};

#define UNITS (GRAM_TLS_ARENA / sizeof(struct head))

static struct {
    _Alignas(ALIGN) struct head memory[UNITS];
    size_t first; /* index */
    size_t used, peak;
    uint32_t refused, count;
    uint32_t fail_in; /* the so-manyth allocation from here fails; 0: none */
    uint8_t owner;
    bool begun;
} arena; /* nothing in it is initialised: it takes no flash */

static size_t units_of(const struct head *head)
{
    return 1 + head->size / sizeof(struct head);
}

static void begin(void)
{
    arena.memory[0] = (struct head){ .size = (UNITS - 1) * sizeof(struct head), .owner = FREE };
    arena.begun = true;
}

/* A free block takes in the free ones behind it. */
static void join(size_t at)
{
    struct head *head = &arena.memory[at];
    size_t next = at + units_of(head);

    while (next < UNITS && arena.memory[next].owner == FREE) {
        head->size += (uint32_t)(units_of(&arena.memory[next]) * sizeof(struct head));
        arena.memory[next] = (struct head){ 0 };
        next = at + units_of(head);
    }
}

/* The first free block of at least `size` bytes, or UNITS. */
static size_t find(size_t size)
{
    bool lowest = true;

    for (size_t at = arena.first; at < UNITS; at += units_of(&arena.memory[at])) {
        if (arena.memory[at].owner != FREE)
            continue;
        join(at);
        if (lowest)
            arena.first = at;
        lowest = false;
        if (arena.memory[at].size >= size)
            return at;
    }
    return UNITS;
}

static void *take(size_t at, size_t size)
{
    struct head *head = &arena.memory[at];
    size_t rest = head->size - size;

    if (rest >= sizeof(struct head)) {
        head->size = (uint32_t)size;
        arena.memory[at + units_of(head)] = (struct head){ .size = (uint32_t)(rest - sizeof(struct head)), .owner = FREE };
    }
    head->owner = arena.owner;
    arena.used += units_of(head) * sizeof(struct head);
    arena.peak = arena.used > arena.peak ? arena.used : arena.peak;
    return head + 1;
}

void *gram_tls_calloc(size_t count, size_t size)
{
    size_t at;

    if (size == 0 || count == 0 || count > (GRAM_TLS_ARENA - ALIGN) / size)
        return NULL;
    size = (count * size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!arena.begun)
        begin();
    arena.count++;
    at = find(size);
    if (at == UNITS || (arena.fail_in > 0 && --arena.fail_in == 0)) {
        arena.refused++;
        return NULL;
    }
    return take(at, size);
}

void gram_tls_free(void *p)
{
    struct head *head = p;
    size_t at;

    if (!p)
        return;
    head--;
    at = (size_t)(head - arena.memory);
    memset(p, 0, head->size);
    arena.used -= units_of(head) * sizeof(struct head);
    head->owner = FREE;
    join(at);
    arena.first = at < arena.first ? at : arena.first;
}

void gram_tls_arena_owner(uint8_t owner)
{
    arena.owner = owner;
}

size_t gram_tls_arena_sweep(uint8_t owner)
{
    size_t before = arena.used;

    for (size_t at = 0; at < UNITS; at += units_of(&arena.memory[at]))
        if (arena.memory[at].owner == owner)
            gram_tls_free(&arena.memory[at + 1]);
    return before - arena.used;
}

struct gram_tls_arena_use gram_tls_arena_use(void)
{
    struct gram_tls_arena_use use = { .size = UNITS * sizeof(struct head), .used = arena.used, .peak = arena.peak,
                                      .refused = arena.refused };

    if (!arena.begun)
        begin();
    for (size_t at = 0; at < UNITS; at += units_of(&arena.memory[at])) {
        if (arena.memory[at].owner != FREE) {
            use.blocks++;
            continue;
        }
        join(at);
        if (arena.memory[at].size > use.largest)
            use.largest = arena.memory[at].size;
    }
    return use;
}

uint32_t gram_tls_arena_refused(void)
{
    return arena.refused;
}

void gram_tls_arena_reset_peak(void)
{
    arena.peak = arena.used;
}

size_t gram_tls_arena_of(uint8_t owner)
{
    size_t bytes = 0;

    for (size_t at = 0; arena.begun && at < UNITS; at += units_of(&arena.memory[at]))
        if (arena.memory[at].owner == owner)
            bytes += arena.memory[at].size;
    return bytes;
}

uint32_t gram_tls_arena_fail_after(uint32_t n)
{
    uint32_t count = arena.count;

    arena.count = 0;
    arena.fail_in = n + 1; /* UINT32_MAX: 0 */
    return count;
}

bool gram_tls_arena_has(const void *p)
{
    const unsigned char *start = (const unsigned char *)arena.memory;

    return (const unsigned char *)p >= start && (const unsigned char *)p < start + sizeof arena.memory;
}
