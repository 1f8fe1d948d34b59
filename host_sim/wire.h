/* A lossy wire between two ends: frames go in at one and come out at the other, some of them lost, doubled,
 * late, overtaken or damaged.
 *
 * Pure: no sockets, no clock, no allocation. Time is passed in, in milliseconds of any clock (real, or one
 * that a test turns by hand), and everything that happens follows from the seed and the calls. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_FRAME_MAX 1600 /* an Ethernet frame, with room for a tag */
#define WIRE_SLOTS 1024     /* frames on the wire at a time; what comes beyond is lost */

#define WIRE_PERCENT(p) ((uint32_t)((p) * 10000)) /* chances are in millionths */
#define WIRE_NEVER UINT32_MAX

enum wire_end { WIRE_A, WIRE_B };

struct wire_config {
    uint32_t seed;
    /* Chances of a frame, in millionths. */
    uint32_t loss;
    uint32_t duplicate; /* it comes a second time, up to `jitter_ms` later */
    uint32_t reorder;   /* it is held back by up to `jitter_ms`: later ones overtake it */
    uint32_t corrupt;   /* one bit of it is turned over: a checksum that is looked at always finds that */
    uint32_t delay_ms;  /* every frame's way */
    uint32_t jitter_ms; /* 0: 10 ms */
    /* The first byte that may be damaged; shorter frames are spared. For what no checksum protects (ARP),
     * since an Ethernet card would have dropped it. */
    uint32_t corrupt_from;
};

struct wire_counts {
    uint32_t sent, lost, duplicated, reordered, corrupted, delivered;
    uint32_t overflowed; /* WIRE_SLOTS were taken */
};

struct wire_slot {
    uint32_t due;
    uint16_t len;
    uint8_t to;
    uint8_t data[WIRE_FRAME_MAX];
};

struct wire {
    struct wire_config config;
    struct wire_counts counts;
    uint64_t random;
    size_t count;
    uint16_t queue[WIRE_SLOTS]; /* slots: `count` that are taken, in the order they come out; then the free */
    struct wire_slot slot[WIRE_SLOTS];
};

void wire_init(struct wire *wire, const struct wire_config *config);

/* Puts a frame in at one end, for the other. Frames over WIRE_FRAME_MAX are lost. */
void wire_send(struct wire *wire, enum wire_end from, const uint8_t *frame, size_t len, uint32_t now_ms);

/* Takes the next frame out that has arrived at this end by now. Returns its length, 0 if there is none;
 * `buf` has WIRE_FRAME_MAX bytes. */
size_t wire_receive(struct wire *wire, enum wire_end at, uint8_t *buf, uint32_t now_ms);

/* Milliseconds until the next frame arrives at either end, WIRE_NEVER if none is on its way. */
uint32_t wire_wait(const struct wire *wire, uint32_t now_ms);

#endif
