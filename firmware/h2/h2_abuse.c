/* How much work beyond calls a peer may cause: one bucket for all of it, whoever sends the reset (CVE-2023-44487, CVE-2025-8671).
 *
 * `abuse` counts points used up; it drains by GRAM_ABUSE_PER_SECOND and may not pass GRAM_ABUSE_BURST. */
#include "h2_internal.h"

/* A burst of 200 and 20 a second allow 40 resets at once and 4 a second for ever, 100 glitches and 10 a second: a fiftieth of what
 * a desktop server allows (nghttp2: 1000 and 33/s, 10000 and 330/s), rounded to what a user's cancels need. */
static const uint8_t points[] = {
    [GRAM_H2_WORK_RESET] = 5, [GRAM_H2_WORK_REFUSED] = 4, [GRAM_H2_WORK_SETTINGS] = 2,
    [GRAM_H2_WORK_PING] = 2,  [GRAM_H2_WORK_GLITCH] = 2,
};

gram_h2_ok gram_h2_charge(struct gram_h2_conn *conn, enum gram_h2_work work)
{
    const uint32_t to_empty = 1000u * GRAM_ABUSE_BURST / GRAM_ABUSE_PER_SECOND + 1; /* ms; longer drains no more */
    uint32_t passed = conn->now - conn->abuse_at;
    uint32_t drained = (passed < to_empty ? passed : to_empty) * GRAM_ABUSE_PER_SECOND / 1000;

    if (drained > 0) {
        conn->abuse = (uint16_t)(drained < conn->abuse ? conn->abuse - drained : 0);
        /* the part of a point that has drained, too, stays to its credit */
        conn->abuse_at = passed < to_empty ? conn->abuse_at + drained * 1000 / GRAM_ABUSE_PER_SECOND : conn->now;
    }
    if (conn->abuse + points[work] > GRAM_ABUSE_BURST) {
        gram_h2_fail(conn, GRAM_H2_ENHANCE_YOUR_CALM, "GRAM_ABUSE_BURST");
        return false;
    }
    conn->abuse = (uint16_t)(conn->abuse + points[work]);
    return true;
}
