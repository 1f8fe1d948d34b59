/* Feeds header blocks to a decoder that hpack_record listens to: whole, byte by byte, or cut at random;
 * always flush against a guard page. */
#ifndef HPACK_FEED_H
#define HPACK_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "hpack.h"
#include "hpack_record.h"
#include "random.h"

enum hpack_cut { HPACK_WHOLE, HPACK_BYTES, HPACK_CUT };

/* Bytes out of hexadecimal digits; blanks are skipped. Returns how many; the longest is HPACK_HEX_MAX. */
enum { HPACK_HEX_MAX = 1024 };
size_t hpack_hex(const char *hex, uint8_t out[HPACK_HEX_MAX]);

/* Feeds all of it, or up to the first error. */
enum gram_hpack_error hpack_feed(struct gram_hpack_dec *dec, struct hpack_record *record, const uint8_t *data,
                                 size_t len, enum hpack_cut cut, struct test_random *random);
/* A whole block, beginning to end, of hexadecimal digits. */
enum gram_hpack_error hpack_feed_block(struct gram_hpack_dec *dec, struct hpack_record *record,
                                       const char *hex, enum hpack_cut cut, struct test_random *random);

#endif
