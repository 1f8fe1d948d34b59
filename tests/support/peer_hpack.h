/* A client's HPACK decoder for what the server writes: all forms but Huffman, which the server never uses.
 * Strict: what a client would take for a COMPRESSION_ERROR is an error here, such as a block that does not
 * begin with the size update that is due (RFC 7541 4.2). */
#ifndef PEER_HPACK_H
#define PEER_HPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PEER_HPACK_ENTRIES = 128, PEER_HPACK_NAME = 64, PEER_HPACK_VALUE = 128, PEER_HPACK_TEXT = 4096 };

struct peer_hpack {
    uint32_t limit;  /* what the client allows */
    uint32_t max;    /* what the server said last */
    uint32_t lowest; /* of the limits since the last block: must be told if below max */
    uint32_t size;
    unsigned count;
    unsigned inserted; /* ever */
    struct {
        char name[PEER_HPACK_NAME];
        char value[PEER_HPACK_VALUE];
    } entry[PEER_HPACK_ENTRIES]; /* newest first */
};

void peer_hpack_init(struct peer_hpack *h);
/* The client's SETTINGS_HEADER_TABLE_SIZE has been acknowledged. */
void peer_hpack_limit(struct peer_hpack *h, uint32_t limit);
/* Decodes a block to "name: value\n" lines. False: a client would end the connection; *why says what for. */
bool peer_hpack_decode(struct peer_hpack *h, const uint8_t *data, size_t len, char text[PEER_HPACK_TEXT],
                       const char **why);

#endif
