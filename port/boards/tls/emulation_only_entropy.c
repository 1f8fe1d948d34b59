/* EMULATION ONLY, NOT RANDOM: numbers in place of an entropy source, so that TLS can be tried in QEMU, whose boards have none. Whoever knows the
 * image can work out every key that comes of them.
 *
 * Linked only with EMULATION=1, which `make qemu` sets and which stands in the image's name; the image says so at every start. xorshift64* (Marsaglia; Vigna), stirred by
 * the time: so that two starts mostly differ, and nothing more. */
#include "board_tls.h"
#include "cortex_m.h"

static bool fill(uint8_t *buf, size_t len)
{
    static uint64_t state = 0x9E3779B97F4A7C15u;

    for (size_t i = 0; i < len; i++) {
        state ^= SYST_CVR;
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state |= 1; /* 0 would stay 0 */
        buf[i] = (uint8_t)(state * 0x2545F4914F6CDD1Du >> 56);
    }
    return true;
}

const struct board_tls_entropy board_tls_entropy = {
    .fill = fill,
    .notice = "gram: TLS: EMULATION ONLY: the random numbers of this image are not random, its keys can be guessed: never flash it",
};
