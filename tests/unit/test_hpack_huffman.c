/* Huffman-coded strings (RFC 7541 5.2) against the table of appendix B: every symbol alone and beside every
 * other, at every bit position, in every cut; EOS and padding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard_page.h"
#include "hpack_huffman.h"
#include "hpack_rfc.h"
#include "random.h"

static struct test_random rnd;
static struct guard_page in, room;

enum { LONGEST = 512 };

/* Decodes in pieces of `piece` bytes (0: random lengths). Returns the length, or -1 for an error. */
static int decode(const uint8_t *data, size_t len, size_t piece, uint8_t *out)
{
    struct gram_hpack_huff huff;
    size_t total = 0;

    gram_hpack_huff_begin(&huff);
    for (size_t at = 0; at < len;) {
        size_t n = piece > 0 ? piece : test_random_below(&rnd, 9);
        if (n > len - at)
            n = len - at;
        const uint8_t *from = guard_page_copy_to_end(&in, data + at, n);
        uint8_t *to = guard_page_end(&room, HPACK_HUFF_MAX_OUT(n)); /* not a byte more than is promised */
        int got = gram_hpack_huff_feed(&huff, from, n, to);
        if (got < 0) {
            assert_int_equal(got, GRAM_HPACK_E_HUFFMAN);
            return -1;
        }
        memcpy(out + total, to, (size_t)got);
        total += (size_t)got;
        at += n;
    }
    return gram_hpack_huff_end(&huff) ? (int)total : -1;
}

static void round_trip(const uint8_t *text, size_t len)
{
    uint8_t code[4 * LONGEST], back[8 * LONGEST];
    size_t n = hpack_rfc_huffman_encode(text, len, code);
    for (size_t piece = 0; piece <= 3; piece++) {
        assert_int_equal(decode(code, n, piece, back), len);
        assert_memory_equal(back, text, len);
    }
    assert_int_equal(decode(code, n, n > 0 ? n : 1, back), len);
}

static void test_pairs(void **state)
{
    (void)state;
    round_trip((const uint8_t *)"", 0);
    for (int a = 0; a < 256; a++) {
        uint8_t text[2] = {(uint8_t)a, 0};
        round_trip(text, 1);
        for (int b = 0; b < 256; b++) {
            text[1] = (uint8_t)b;
            round_trip(text, 2);
        }
    }
}

static void test_random_strings(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint8_t text[LONGEST];
        size_t len = test_random_below(&rnd, LONGEST);
        test_random_bytes(&rnd, text, len);
        if (i % 2 == 0)
            for (size_t k = 0; k < len; k++)
                text[k] = (uint8_t)"0123abcdegrpcusw:/.-_ %"[text[k] % 23]; /* short codes */
        round_trip(text, len);
    }
}

/* Writes bits from the highest on. */
struct bits {
    uint8_t bytes[16];
    unsigned count;
};

static void add_bits(struct bits *b, uint32_t code, unsigned n)
{
    while (n-- > 0) {
        if ((code >> n & 1) != 0)
            b->bytes[b->count / 8] |= (uint8_t)(0x80 >> b->count % 8);
        b->count++;
    }
}

static int decode_bits(const struct bits *b)
{
    uint8_t out[32];
    assert_int_equal(b->count % 8, 0);
    int whole = decode(b->bytes, b->count / 8, 16, out);
    assert_int_equal(decode(b->bytes, b->count / 8, 1, out), whole);
    return whole;
}

/* After every symbol: lawful padding is what completes the byte with ones; all else is wrong. */
static void test_padding(void **state)
{
    (void)state;
    for (int s = 0; s < 256; s++) {
        const struct hpack_rfc_code *code = &hpack_rfc_huffman[s];
        unsigned fill = (8u - code->bits % 8) % 8;
        for (uint32_t padding = 0; padding < 1u << fill; padding++) {
            struct bits b = {.count = 0};
            add_bits(&b, code->code, code->bits);
            add_bits(&b, padding, fill);
            bool ones = padding == (1u << fill) - 1;
            /* 5 bits or more that are not all ones may be a symbol themselves; then two come out. */
            int got = decode_bits(&b);
            if (ones)
                assert_int_equal(got, 1);
            else
                assert_true(got == -1 || (got == 2 && fill >= 5));
        }
        for (unsigned more = 1; more <= 3; more++) { /* whole bytes of ones too many, up to EOS itself */
            struct bits b = {.count = 0};
            add_bits(&b, code->code, code->bits);
            add_bits(&b, 0xffffffff, fill);
            for (unsigned i = 0; i < more; i++)
                add_bits(&b, 0xff, 8);
            assert_int_equal(decode_bits(&b), -1);
        }
    }
}

/* Nothing but padding: even one byte of ones is 8 bits, which is too long. */
static void test_only_padding(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 3; n++) {
        struct bits b = {.count = 0};
        for (unsigned i = 0; i < n; i++)
            add_bits(&b, 0xff, 8);
        assert_int_equal(decode_bits(&b), -1);
    }
}

/* EOS is an error wherever it stands, whatever comes after it. */
static void test_eos(void **state)
{
    (void)state;
    for (int s = -1; s < 256; s++)
        for (unsigned after = 0; after < 2; after++) {
            struct bits b = {.count = 0};
            if (s >= 0)
                add_bits(&b, hpack_rfc_huffman[s].code, hpack_rfc_huffman[s].bits);
            add_bits(&b, hpack_rfc_huffman[256].code, hpack_rfc_huffman[256].bits);
            if (after > 0)
                add_bits(&b, hpack_rfc_huffman['a'].code, hpack_rfc_huffman['a'].bits);
            add_bits(&b, 0xff, (8 - b.count % 8) % 8);
            assert_int_equal(decode_bits(&b), -1);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),   cmocka_unit_test(test_random_strings), cmocka_unit_test(test_padding),
        cmocka_unit_test(test_only_padding), cmocka_unit_test(test_eos),
    };
    test_random_start(&rnd, "test_hpack_huffman");
    guard_page_open(&in, 4 * LONGEST);
    guard_page_open(&room, 8 * LONGEST);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
