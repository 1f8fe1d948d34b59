/* Attacks by work: each ends with ENHANCE_YOUR_CALM after its burst, and what ordinary clients do
 * goes on for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

enum { ES = GRAM_H2_FLAG_END_STREAM, EH = GRAM_H2_FLAG_END_HEADERS };

static struct blob b;

typedef void attack_fn(struct peer *p, uint32_t id);

/* How often it goes through before the connection ends; GOAWAY says why, and the server is as before. */
static unsigned survives(struct pair *pair, attack_fn *attack)
{
    struct peer *p = peer_ready(pair);
    unsigned n = 0;
    uint32_t id = 1;
    for (; n < 3000 && p->fate == PEER_HERE; n++, id += 2)
        attack(p, id);
    if (p->fate == PEER_HERE) {
        expect_whatever(p);
        expect_alive(p);
        peer_lose(p);
        return n;
    }
    assert_int_equal(p->goaway_code, GRAM_H2_ENHANCE_YOUR_CALM);
    expect_usage(pair, 0, 0, 0);
    return n;
}

/* ---- the attacks ---- */

static void rapid_reset(struct peer *p, uint32_t id) /* CVE-2023-44487 */
{
    peer_headers(p, id, TINY, 0);
    peer_rst(p, id, GRAM_H2_CANCEL);
}

static void made_by_window(struct peer *p, uint32_t id) /* CVE-2025-8671 */
{
    peer_headers(p, id, TINY, 0);
    peer_window(p, id, 0);
}

static void made_by_overflow(struct peer *p, uint32_t id)
{
    peer_headers(p, id, TINY, 0);
    peer_window(p, id, 0x7fffffff);
}

static void made_by_priority(struct peer *p, uint32_t id)
{
    uint8_t payload[5] = {0, 0, (uint8_t)(id >> 8), (uint8_t)id, 1};
    peer_headers(p, id, TINY, 0);
    peer_frame(p, GRAM_H2_PRIORITY, 0, id, payload, 5);
}

static void made_by_length(struct peer *p, uint32_t id)
{
    b.len = 0;
    put_request(&b, TINY);
    put_field(&b, "content-length", "3");
    peer_block(p, id, &b, ES);
}

static void made_by_malformed(struct peer *p, uint32_t id)
{
    peer_frame(p, GRAM_H2_HEADERS, EH | ES, id, "\x83", 1);
}

static void made_by_late_data(struct peer *p, uint32_t id)
{
    peer_call(p, id, TINY, 1, "");
    peer_frame(p, GRAM_H2_DATA, 0, id, "x", 1);
}

static void ping(struct peer *p, uint32_t id)
{
    (void)id;
    peer_ping(p);
}

static void settings(struct peer *p, uint32_t id)
{
    peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 1000 + id);
}

static void priority(struct peer *p, uint32_t id)
{
    peer_frame(p, GRAM_H2_PRIORITY, 0, id, "\0\0\0\0\1", 5);
}

static void unknown(struct peer *p, uint32_t id)
{
    peer_frame(p, 0xee, 0, id, "x", 1);
}

static void empty_data(struct peer *p, uint32_t id) /* CVE-2019-9518 */
{
    if (id == 1)
        peer_headers(p, id, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, 0, 1, NULL, 0);
}

static void padded_data(struct peer *p, uint32_t id) /* the same in disguise */
{
    if (id == 1)
        peer_headers(p, id, TINY, 0);
    peer_frame(p, GRAM_H2_DATA, GRAM_H2_FLAG_PADDED, 1, "\0", 1);
}

static void late_headers(struct peer *p, uint32_t id)
{
    if (id == 1)
        peer_headers(p, id, "/no/such", 0);
    peer_frame(p, GRAM_H2_HEADERS, EH | ES, 1, NULL, 0);
}

static void empty_continuation(struct peer *p, uint32_t id)
{
    b.len = 0;
    put_request(&b, TINY);
    peer_frame(p, GRAM_H2_HEADERS, 0, id, b.bytes, b.len);
    peer_frame(p, GRAM_H2_CONTINUATION, EH, id, NULL, 0);
    peer_message(p, id, 1, "", 0, ES);
}

static void test_bursts(struct pair *pair)
{
    enum { RESETS = GRAM_ABUSE_BURST / 5 + 1, GLITCHES = GRAM_ABUSE_BURST / 2 + 1 };
    assert_int_equal(survives(pair, rapid_reset), RESETS);
    assert_int_equal(survives(pair, made_by_window), RESETS);
    assert_int_equal(survives(pair, made_by_overflow), RESETS);
    assert_in_range(survives(pair, made_by_priority), RESETS / 2, RESETS);
    assert_int_equal(survives(pair, made_by_length), RESETS);
    assert_int_equal(survives(pair, made_by_malformed), RESETS);
    assert_int_equal(survives(pair, made_by_late_data), RESETS);
    assert_in_range(survives(pair, ping), GLITCHES, GLITCHES + 1);
    assert_int_equal(survives(pair, settings), GLITCHES);
    assert_int_equal(survives(pair, priority), GLITCHES);
    assert_int_equal(survives(pair, unknown), GLITCHES);
    assert_int_equal(survives(pair, empty_data), GLITCHES);
    assert_int_equal(survives(pair, empty_continuation), GLITCHES);
}

/* Frames that bring nothing, and look as if they did. */
static void test_late_floods(struct pair *pair)
{
    assert_true(survives(pair, late_headers) < 3000);
    assert_true(survives(pair, padded_data) < 3000);
}

/* ---- what ordinary clients do ---- */

/* A BDP PING beside each DATA; two WINDOW_UPDATEs a call; SETTINGS that grow the window now and then. */
static void test_ordinary(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    for (unsigned i = 0; i < 2000; i++, id += 2) {
        peer_headers(p, id, TINY, 0);
        peer_window(p, id, 5);
        peer_window(p, 0, 5);
        peer_ping(p);
        peer_message(p, id, (int32_t)i, "", 0, ES);
        peer_ping(p);
        expect_number(p, id, (int32_t)i);
        if (i % 100 == 99) {
            peer_setting(p, GRAM_H2_SETTINGS_INITIAL_WINDOW_SIZE, 65535 + i);
            pair_sleep(pair, 100);
        }
    }
    assert_int_equal(p->ping_acks, 4000);
}

/* A user who cancels calls, four a second, all day; keepalive PINGs every ten seconds. */
static void test_cancels(struct pair *pair)
{
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    for (unsigned i = 0; i < 3000; i++, id += 2) {
        test_app_reset();
        call_later(p, id);
        peer_rst(p, id, GRAM_H2_CANCEL);
        pair_sleep(pair, 250);
        assert_int_equal(p->fate, PEER_HERE);
    }
    for (unsigned i = 0; i < 1000; i++) {
        peer_ping(p);
        pair_sleep(pair, 10000);
    }
    assert_int_equal(p->ping_acks, 1000);
    expect_whatever(p);
    test_app_reset();
    expect_alive(p);
}

/* Every call ended early by us, and the client's answers to that: RST_STREAM, or an empty DATA. */
static void test_early_ends(struct pair *pair) /* twenty calls a second, of a method that is not there */
{
    struct peer *p = peer_ready(pair);
    uint32_t id = 1;
    for (unsigned i = 0; i < 1000; i++, id += 2) {
        peer_headers(p, id, "/no/such", 0);
        if (i % 2)
            peer_rst(p, id, i % 4 == 1 ? GRAM_H2_NO_ERROR : GRAM_H2_CANCEL);
        else
            peer_frame(p, GRAM_H2_DATA, ES, id, NULL, 0);
        pair_sleep(pair, 50);
        if (p->fate != PEER_HERE)
            fail_msg("call %u: %s", i, p->goaway_reason);
    }
}

/* The server's other clients do not notice. */
static void test_neighbour(struct pair *pair)
{
#if GRAM_MAX_CONNECTIONS > 1
    struct peer *good = peer_ready(pair), *bad = peer_ready(pair);
    uint32_t id = 1;
    for (; bad->fate == PEER_HERE; id += 2) {
        rapid_reset(bad, id);
        peer_call(good, id, TINY, (int32_t)id, "");
        expect_number(good, id, (int32_t)id);
    }
    expect_whatever(good);
    expect_alive(good);
#else
    peer_ready(pair);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(test_bursts),  PAIR_TEST(test_late_floods), PAIR_TEST(test_ordinary),
        PAIR_TEST(test_cancels), PAIR_TEST(test_early_ends),  PAIR_TEST(test_neighbour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
