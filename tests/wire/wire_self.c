/* wire_self.h: what host_sim/wire.h promises, counted on 20,000 numbered frames. */
#include "wire_self.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "wire_world.h"

#define FRAMES 20000
#define LEN 100
#define FROM 40 /* corrupt_from */

static struct wire wire;

/* What came out of a run, in order: frame numbers, their times, and how many of their bits were wrong. */
struct arrival {
    uint32_t number, at, wrong_bits;
    bool wrong_before_from;
};
static struct arrival first[2 * FRAMES], second[2 * FRAMES];

static void make_frame(uint8_t frame[LEN], uint32_t number)
{
    for (uint32_t i = 0; i < LEN; i++) {
        frame[i] = (uint8_t)(number * 7 + i);
    }
    memcpy(frame, &number, sizeof number); /* never damaged: before FROM */
}

static struct arrival look_at(const uint8_t *frame, uint32_t at)
{
    struct arrival a = {.at = at};
    uint8_t right[LEN];

    memcpy(&a.number, frame, sizeof a.number);
    make_frame(right, a.number);
    for (size_t i = 0; i < LEN; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bool wrong = ((frame[i] ^ right[i]) >> bit & 1) != 0;

            a.wrong_bits += wrong;
            a.wrong_before_from = a.wrong_before_from || (wrong && i < FROM);
        }
    }
    return a;
}

/* Sends a frame a millisecond from A to B, across the clock's end. Returns how many arrived. */
static size_t run(const struct wire_config *config, struct arrival *arrivals)
{
    uint8_t frame[WIRE_FRAME_MAX];
    uint32_t now = UINT32_MAX - 5000;
    size_t count = 0, len;

    wire_init(&wire, config);
    for (uint32_t i = 0; i < FRAMES || wire_wait(&wire, now) != WIRE_NEVER; i++, now++) {
        if (i < FRAMES) {
            make_frame(frame, i);
            wire_send(&wire, WIRE_A, frame, LEN, now);
        }
        if (wire_receive(&wire, WIRE_A, frame, now) != 0) {
            world_fail("wire: a frame comes back to its sender");
        }
        while ((len = wire_receive(&wire, WIRE_B, frame, now)) > 0) {
            if (len != LEN || count == 2 * FRAMES) {
                world_fail("wire: a frame of %u bytes arrives with %u", LEN, (unsigned)len);
            }
            arrivals[count++] = look_at(frame, now - (UINT32_MAX - 5000));
        }
    }
    return count;
}

static void expect_about(const char *what, uint32_t count, double share)
{
    double expected = FRAMES * share;

    if (count < expected * 0.85 || count > expected * 1.15) {
        world_fail("wire: %u frames of %u %s, not about %.0f", (unsigned)count, FRAMES, what, expected);
    }
}

static void a_good_wire_changes_nothing(void)
{
    struct wire_config config = {.seed = 1, .delay_ms = 3};

    if (run(&config, first) != FRAMES) {
        world_fail("wire: without chances, %u of %u frames arrive", (unsigned)wire.counts.delivered, FRAMES);
    }
    for (uint32_t i = 0; i < FRAMES; i++) {
        if (first[i].number != i || first[i].at != i + 3 || first[i].wrong_bits != 0) {
            world_fail("wire: without chances, frame %u is changed, late or overtaken", (unsigned)i);
        }
    }
}

static void each_fault_comes_as_often_as_asked(void)
{
    struct wire_config config = {.seed = 2,
                                 .loss = WIRE_PERCENT(5),
                                 .duplicate = WIRE_PERCENT(10),
                                 .reorder = WIRE_PERCENT(4),
                                 .corrupt = WIRE_PERCENT(3),
                                 .corrupt_from = FROM,
                                 .delay_ms = 2,
                                 .jitter_ms = 8};
    static uint8_t seen[FRAMES];
    size_t count = run(&config, first);
    uint32_t highest = 0, lost = 0, doubled = 0, overtaken = 0, damaged = 0;

    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < count; i++) {
        const struct arrival *a = &first[i];

        if (a->number >= FRAMES || a->at < a->number + 2 || a->at > a->number + 2 + 8) {
            world_fail("wire: frame %u comes %u ms after it was sent", (unsigned)a->number,
                       (unsigned)(a->at - a->number));
        }
        if (a->wrong_bits > 1 || a->wrong_before_from) {
            world_fail("wire: frame %u has more than one wrong bit, or one where none may be",
                       (unsigned)a->number);
        }
        damaged += a->wrong_bits;
        doubled += seen[a->number];
        overtaken += seen[a->number] == 0 && a->number < highest;
        highest = a->number > highest ? a->number : highest;
        seen[a->number]++;
    }
    for (uint32_t i = 0; i < FRAMES; i++) {
        lost += seen[i] == 0;
    }
    expect_about("are lost", lost, 0.05);
    expect_about("come twice", doubled, 0.10 * 0.95);
    expect_about("are damaged", damaged, 0.03 * 0.95);
    /* Held back; and not doubled, for then the copy may be in time. */
    expect_about("are overtaken", overtaken, 0.04 * 0.95 * 0.95);
}

static void a_seed_decides_everything(void)
{
    struct wire_config config = {.seed = 3,
                                 .loss = WIRE_PERCENT(20),
                                 .duplicate = WIRE_PERCENT(20),
                                 .reorder = WIRE_PERCENT(20)};
    size_t count = run(&config, first);

    if (run(&config, second) != count || memcmp(first, second, count * sizeof first[0]) != 0) {
        world_fail("wire: one seed, two different runs");
    }
    config.seed = 4;
    if (run(&config, second) == count && memcmp(first, second, count * sizeof first[0]) == 0) {
        world_fail("wire: two seeds, one run");
    }
}

/* More frames than there are slots, and a frame that is too long, are lost and nothing else. */
static void the_wire_can_be_full(void)
{
    struct wire_config config = {.seed = 5, .delay_ms = 10};
    static uint8_t frame[WIRE_FRAME_MAX + 1];
    uint32_t count = 0;

    wire_init(&wire, &config);
    wire_send(&wire, WIRE_B, frame, sizeof frame, 0);
    for (uint32_t i = 0; i < WIRE_SLOTS + 5; i++) {
        wire_send(&wire, WIRE_B, frame, LEN, 0);
    }
    if (wire_wait(&wire, 4) != 6 || wire_receive(&wire, WIRE_A, frame, 9) != 0) {
        world_fail("wire: a frame is early");
    }
    while (wire_receive(&wire, WIRE_A, frame, 10) > 0) {
        count++;
    }
    if (count != WIRE_SLOTS || wire.counts.overflowed != 6 || wire_wait(&wire, 10) != WIRE_NEVER) {
        world_fail("wire: %u frames of %u slots arrive, %u were too many", (unsigned)count, WIRE_SLOTS,
                   (unsigned)wire.counts.overflowed);
    }
}

void wire_self(void)
{
    a_good_wire_changes_nothing();
    each_fault_comes_as_often_as_asked();
    a_seed_decides_everything();
    the_wire_can_be_full();
    printf("the wire does what it says\n");
}
