/* One guard page for all feeding, opened when it is first needed and kept until the program ends. */
#include "hpack_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_page.h"

enum { LONGEST = 1 << 20 };

size_t hpack_hex(const char *hex, uint8_t out[HPACK_HEX_MAX])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;

    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        const char *digit = strchr(digits, *hex);
        if (digit == NULL || n / 2 >= HPACK_HEX_MAX) {
            fprintf(stderr, "hpack_hex: '%c' is no hexadecimal digit, or there are too many\n", *hex);
            exit(1);
        }
        out[n / 2] = (uint8_t)((n % 2 == 0 ? 0 : out[n / 2] << 4) | (int)(digit - digits));
        n++;
    }
    return n / 2;
}

enum gram_hpack_error hpack_feed(struct gram_hpack_dec *dec, struct hpack_record *record, const uint8_t *data,
                                 size_t len, enum hpack_cut cut, struct test_random *random)
{
    static struct guard_page guard;
    enum gram_hpack_error error = GRAM_HPACK_OK;
    size_t at = 0;

    if (guard.map == NULL)
        guard_page_open(&guard, LONGEST);
    while (at < len && error == GRAM_HPACK_OK) {
        size_t n = cut == HPACK_WHOLE ? len : cut == HPACK_BYTES ? 1 : test_random_below(random, 12);
        if (n > len - at)
            n = len - at;
        const uint8_t *piece = guard_page_copy_to_end(&guard, data + at, n);
        error = gram_hpack_dec_feed(dec, &hpack_record_vocab, record, piece, n);
        at += n;
    }
    return error;
}

enum gram_hpack_error hpack_feed_block(struct gram_hpack_dec *dec, struct hpack_record *record,
                                       const char *hex, enum hpack_cut cut, struct test_random *random)
{
    uint8_t bytes[HPACK_HEX_MAX];
    size_t len = hpack_hex(hex, bytes);

    gram_hpack_dec_begin(dec);
    hpack_record_begin(record);
    enum gram_hpack_error error = hpack_feed(dec, record, bytes, len, cut, random);
    return error != GRAM_HPACK_OK ? error : gram_hpack_dec_end(dec);
}
