/* wire.h: a queue of frames in the order of their arrival.
 *
 * Invariants: queue[] is a permutation of all slot numbers; its first `count` are frames on their way, by
 * `due` and, where that is equal, by the time they were put in. A frame draws the same number of random
 * values whatever the chances are, so that changing one of them does not change what the others do. */
#include "wire.h"

#include <stdbool.h>
#include <string.h>

#define JITTER_MS 10

/* xorshift64* (Vigna 2014): 32 bits of it are plenty for a dice. */
static uint32_t draw(struct wire *wire)
{
    uint64_t x = wire->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    wire->random = x;
    return (uint32_t)((x * 0x2545F4914F6CDD1DULL) >> 32);
}

static bool chance(struct wire *wire, uint32_t millionths)
{
    return draw(wire) % 1000000 < millionths;
}

void wire_init(struct wire *wire, const struct wire_config *config)
{
    memset(wire, 0, sizeof *wire);
    wire->config = *config;
    if (wire->config.jitter_ms == 0) {
        wire->config.jitter_ms = JITTER_MS;
    }
    wire->random = 0x9E3779B97F4A7C15ULL ^ config->seed; /* never 0, where xorshift would stay */
    for (size_t i = 0; i < WIRE_SLOTS; i++) {
        wire->queue[i] = (uint16_t)i;
    }
    for (int i = 0; i < 8; i++) {
        (void)draw(wire); /* seeds that differ in a bit begin alike */
    }
}

/* Whether `a` is earlier than `b`, on a clock that wraps. */
static bool earlier(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static struct wire_slot *insert(struct wire *wire, enum wire_end to, const uint8_t *frame, size_t len,
                                uint32_t due)
{
    size_t at = wire->count;
    uint16_t number;

    if (wire->count == WIRE_SLOTS || len > WIRE_FRAME_MAX) {
        wire->counts.overflowed++;
        return NULL;
    }
    number = wire->queue[wire->count];
    while (at > 0 && earlier(due, wire->slot[wire->queue[at - 1]].due)) {
        wire->queue[at] = wire->queue[at - 1];
        at--;
    }
    wire->queue[at] = number;
    wire->count++;
    wire->slot[number].due = due;
    wire->slot[number].to = (uint8_t)to;
    wire->slot[number].len = (uint16_t)len;
    memcpy(wire->slot[number].data, frame, len);
    return &wire->slot[number];
}

void wire_send(struct wire *wire, enum wire_end from, const uint8_t *frame, size_t len, uint32_t now_ms)
{
    const struct wire_config *c = &wire->config;
    enum wire_end to = from == WIRE_A ? WIRE_B : WIRE_A;
    bool lost = chance(wire, c->loss);
    bool doubled = chance(wire, c->duplicate);
    bool held = chance(wire, c->reorder);
    bool damaged = chance(wire, c->corrupt) && len > c->corrupt_from;
    uint32_t held_ms = 1 + draw(wire) % c->jitter_ms;
    uint32_t doubled_ms = draw(wire) % (c->jitter_ms + 1);
    uint32_t bit = draw(wire);
    uint32_t due = now_ms + c->delay_ms;
    struct wire_slot *slot;

    wire->counts.sent++;
    if (lost) {
        wire->counts.lost++;
        return;
    }
    if (doubled && insert(wire, to, frame, len, due + doubled_ms) != NULL) {
        wire->counts.duplicated++;
    }
    if (held) {
        wire->counts.reordered++;
        due += held_ms;
    }
    slot = insert(wire, to, frame, len, due);
    if (slot != NULL && damaged) {
        bit %= ((uint32_t)len - c->corrupt_from) * 8;
        slot->data[c->corrupt_from + bit / 8] ^= (uint8_t)(1U << (bit % 8));
        wire->counts.corrupted++;
    }
}

size_t wire_receive(struct wire *wire, enum wire_end at, uint8_t *buf, uint32_t now_ms)
{
    for (size_t i = 0; i < wire->count; i++) {
        uint16_t number = wire->queue[i];
        const struct wire_slot *slot = &wire->slot[number];

        if (earlier(now_ms, slot->due)) {
            return 0;
        }
        if (slot->to != at) {
            continue;
        }
        memcpy(buf, slot->data, slot->len);
        wire->count--;
        memmove(&wire->queue[i], &wire->queue[i + 1], (wire->count - i) * sizeof wire->queue[0]);
        wire->queue[wire->count] = number;
        wire->counts.delivered++;
        return slot->len;
    }
    return 0;
}

uint32_t wire_wait(const struct wire *wire, uint32_t now_ms)
{
    uint32_t due;

    if (wire->count == 0) {
        return WIRE_NEVER;
    }
    due = wire->slot[wire->queue[0]].due;
    return earlier(now_ms, due) ? due - now_ms : 0;
}
