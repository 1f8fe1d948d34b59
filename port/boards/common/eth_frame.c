/* Copying between word FIFOs and pbuf chains. See eth_frame.h.
 *
 * Invariant of a cursor: it stands on a byte that exists, or piece is NULL. */
#include "eth_frame.h"

#include <stddef.h>
#include <string.h>

struct eth_counters eth_counters;

static void skip_empty(struct eth_cursor *c)
{
    while (c->piece != NULL && c->offset >= c->piece->len) {
        c->piece = c->piece->next;
        c->offset = 0;
    }
}

struct eth_cursor eth_cursor_at(const struct pbuf *frame)
{
    struct eth_cursor c = {frame, 0};

    skip_empty(&c);
    return c;
}

uint32_t eth_get(struct eth_cursor *c, unsigned count)
{
    uint32_t bytes = 0;

    /* Nearly always: a whole word within one piece. memcpy is one instruction and asks for no alignment. */
    if (count == 4 && c->piece != NULL && c->piece->len - c->offset > 4) {
        memcpy(&bytes, (const uint8_t *)c->piece->payload + c->offset, 4);
        c->offset = (uint16_t)(c->offset + 4);
        return bytes;
    }
    for (unsigned i = 0; i < count && c->piece != NULL; i++) {
        bytes |= (uint32_t)((const uint8_t *)c->piece->payload)[c->offset++] << 8 * i;
        skip_empty(c);
    }
    return bytes;
}

void eth_put(struct eth_cursor *c, uint32_t bytes, unsigned count)
{
    if (count == 4 && c->piece != NULL && c->piece->len - c->offset > 4) {
        memcpy((uint8_t *)c->piece->payload + c->offset, &bytes, 4);
        c->offset = (uint16_t)(c->offset + 4);
        return;
    }
    for (unsigned i = 0; i < count && c->piece != NULL; i++) {
        ((uint8_t *)c->piece->payload)[c->offset++] = (uint8_t)(bytes >> 8 * i);
        skip_empty(c);
    }
}

struct pbuf *eth_pbuf_for(uint32_t len)
{
    if (len < ETH_HEADER || len > ETH_MAX_FRAME) {
        eth_counters.malformed++;
        return NULL;
    }
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);
    if (frame == NULL) {
        eth_counters.no_pbuf++; /* TCP repeats it, and by then there may be room */
    }
    return frame;
}
