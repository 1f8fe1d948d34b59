/* RFC 7541's appendices as tables of a test's own, against which the implementation's shorter ones are
 * held. */
#ifndef HPACK_RFC_H
#define HPACK_RFC_H

#include <stddef.h>
#include <stdint.h>

/* Appendix A; 1..61. */
struct hpack_rfc_field {
    const char *name;
    const char *value;
};
extern const struct hpack_rfc_field hpack_rfc_static[62];

/* Appendix B: "code as hex, length in bits"; 256 is EOS. */
struct hpack_rfc_code {
    uint32_t code;
    uint8_t bits;
};
extern const struct hpack_rfc_code hpack_rfc_huffman[257];

/* Encodes `len` bytes by that table, padded with ones. Returns the length; `out` has room for 4 bytes a
 * symbol. */
size_t hpack_rfc_huffman_encode(const uint8_t *data, size_t len, uint8_t *out);

#endif
