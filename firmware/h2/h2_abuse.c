/* How much work beyond calls a peer may cause: one bucket for all of it, whoever sends the reset (CVE-2023-44487, CVE-2025-8671).
 *
 * Its level is a time: `forgiven_at`, when all of it will have drained. What is done adds to it, and it may not lie more than a burst ahead. */
#include "h2_internal.h"

/* A burst of 200 and 20 a second allow 40 resets at once and 4 a second for ever, 100 glitches and 10 a second: a fiftieth of what
 * a desktop server allows (nghttp2: 1000 and 33/s, 10000 and 330/s), rounded to what a user's cancels need. */
static const uint8_t points[] = {
    [GRAM_H2_WORK_RESET] = 5, [GRAM_H2_WORK_REFUSED] = 4, [GRAM_H2_WORK_SETTINGS] = 2,
    [GRAM_H2_WORK_PING] = 2,  [GRAM_H2_WORK_GLITCH] = 2,
};

gram_h2_ok gram_h2_charge(struct gram_h2_conn *conn, enum gram_h2_work work)
{
    const uint32_t burst = 1000u * GRAM_ABUSE_BURST / GRAM_ABUSE_PER_SECOND;
    uint32_t debt = conn->forgiven_at - conn->now;

    if (debt > burst) /* it lies in the past */
        debt = 0;
    debt += 1000u * points[work] / GRAM_ABUSE_PER_SECOND;
    if (debt > burst) {
        /* gRPC's clients look for these words, and ping half as often from then on */
        gram_h2_fail(conn, GRAM_H2_ENHANCE_YOUR_CALM, work == GRAM_H2_WORK_PING ? "too_many_pings" : "GRAM_ABUSE_BURST");
        return false;
    }
    conn->forgiven_at = conn->now + debt;
    return true;
}
