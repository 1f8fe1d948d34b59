/* Decodes the Huffman code of RFC 7541 appendix B by its canonical order, in 277 bytes of tables.
 *
 * The code is canonical: codes of one length follow each other, and shorter ones come before longer ones.
 * So a symbol is known by its rank in that order. Codes of one length form a group; a group is reached from
 * the one before by `step` more bits. Reading, the state is: no code of the groups before `group` has
 * matched; `base` symbols are in them; `rank` is the number that the bits so far make, less the codes that
 * were passed over. After the next `step` bits, a rank below the group's count is a symbol of the group.
 *
 * Invariants: spare_count < the group's step. What is left of the code tree after each group is narrow: rank
 * stays below 64. */
#include "hpack_huffman.h"

enum {
    SYMBOLS = 256,
    GROUPS = 21,
    EOS = 256 /* its rank: the very last of all codes */
};

/* Of each group its step (low 3 bits) and its count less 1. Lengths 5 6 7 8 10 11 12 13 14 15 19 20 21 22 23
 * 24 25 26 27 28 30. */
#define G(step, count) (((count) - 1) << 3 | (step))
static const uint8_t group_of[GROUPS] = {
    G(5, 10), G(1, 26), G(1, 32), G(1, 6),  G(2, 5),  G(1, 3), G(1, 2),  G(1, 6),  G(1, 2),  G(1, 3), G(4, 3),
    G(1, 8),  G(1, 13), G(1, 26), G(1, 29), G(1, 12), G(1, 4), G(1, 15), G(1, 19), G(1, 29), G(2, 4),
};

static const uint8_t symbol[SYMBOLS] = {
    48, 49, 50, 97, 99, 101, 105, 111, 115, 116, 32, 37, 45, 46, 47, 51, 52, 53, 54, 55, 56, 57, 61,
    65, 95, 98, 100, 102, 103, 104, 108, 109, 110, 112, 114, 117, 58, 66, 67, 68, 69, 70, 71, 72,
    73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 89, 106, 107, 113, 118, 119, 120,
    121, 122, 38, 42, 44, 59, 88, 90, 33, 34, 40, 41, 63, 39, 43, 124, 35, 62, 0, 36, 64, 91, 93,
    126, 94, 125, 60, 96, 123, 92, 195, 208, 128, 130, 131, 162, 184, 194, 224, 226, 153, 161, 167,
    172, 176, 177, 179, 209, 216, 217, 227, 229, 230, 129, 132, 133, 134, 136, 146, 154, 156, 160,
    163, 164, 169, 170, 173, 178, 181, 185, 186, 187, 189, 190, 196, 198, 228, 232, 233, 1, 135,
    137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158, 165, 166, 168, 174, 175,
    180, 182, 183, 188, 191, 197, 231, 239, 9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236,
    237, 199, 207, 234, 235, 192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243,
    255, 203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252, 253,
    254, 2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29,
    30, 31, 127, 220, 249, 10, 13, 22,
};

void gram_hpack_huff_begin(struct gram_hpack_huff *huff)
{
    *huff = (struct gram_hpack_huff){0};
}

int gram_hpack_huff_feed(struct gram_hpack_huff *huff, const uint8_t *data, size_t len, uint8_t *out)
{
    unsigned group = huff->group, rank = huff->rank, base = huff->base;
    unsigned bit_count = huff->spare_count, entry = group_of[group];
    uint32_t bits = huff->spare; /* the lowest bit_count are still to be used, above them are used ones */
    uint8_t *end = out;

    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | data[i];
        bit_count += 8;
        while (bit_count >= (entry & 7)) {
            unsigned step = entry & 7, count = (entry >> 3) + 1;
            bit_count -= step;
            rank = rank << step | (bits >> bit_count & ((1u << step) - 1));
            if (rank >= count) {
                rank -= count;
                base += count;
                entry = group_of[++group];
                continue;
            }
            if (base + rank == EOS)
                return GRAM_HPACK_E_HUFFMAN; /* RFC 7541 5.2 */
            *end++ = symbol[base + rank];
            group = rank = base = 0;
            entry = group_of[0];
        }
        huff->last = data[i];
    }
    huff->group = (uint8_t)group;
    huff->rank = (uint8_t)rank;
    huff->base = (uint8_t)base;
    huff->spare_count = (uint8_t)bit_count;
    huff->spare = (uint8_t)bits;
    return (int)(end - out);
}

bool gram_hpack_huff_end(const struct gram_hpack_huff *huff)
{
    /* Up to 7 bits, all ones (RFC 7541 5.2): so they are within the last byte, and end before the fifth
     * group. */
    if (huff->group > 3)
        return false;
    /* Read so far: 0, 5, 6, 7 bits. Spare bits are up to 4 in the first group and none in the next three. */
    unsigned padding = (huff->group > 0 ? huff->group + 4u : 0) + huff->spare_count;
    unsigned ones = (1u << padding) - 1;
    return (huff->last & ones) == ones;
}
