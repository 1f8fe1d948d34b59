/* What every Ethernet driver here needs between its FIFO, which takes and gives 32-bit words, and lwIP's
 * pbufs, which are chains of pieces of any length at any address. */
#ifndef ETH_FRAME_H
#define ETH_FRAME_H

#include <stdint.h>

#include "lwip/pbuf.h"

#if ETH_PAD_SIZE != 0
#error "lwipopts.h: these drivers put a frame at a pbuf's first byte, ETH_PAD_SIZE 0"
#endif

#define ETH_HEADER 14u
#define ETH_FCS 4u
#define ETH_MIN_FRAME 60u   /* without FCS; shorter ones are padded when sent (IEEE 802.3, 3.2.8) */
#define ETH_MAX_FRAME 1518u /* without FCS, with a VLAN tag */

/* A place in a chain. */
struct eth_cursor {
    const struct pbuf *piece; /* NULL: past the end */
    uint16_t offset;          /* < piece->len */
};

struct eth_cursor eth_cursor_at(const struct pbuf *frame);
/* The next `count` (1 to 4) bytes, the first one lowest; zeroes past the end, so reading on pads a short
 * frame. */
uint32_t eth_get(struct eth_cursor *c, unsigned count);
/* Writes `count` (1 to 4) bytes likewise; what is past the end (the FCS) is left out. */
void eth_put(struct eth_cursor *c, uint32_t bytes, unsigned count);

/* A pbuf for a frame of `len` bytes (no FCS) that has arrived, or NULL: a runt, oversize, or no memory.
 * Either way the driver takes the frame out of its FIFO. Counts what is lost. */
struct pbuf *eth_pbuf_for(uint32_t len);

/* Frames lost since the start, for a debugger or an application's own figures. */
struct eth_counters {
    uint32_t no_pbuf;     /* received, but lwIP's pool was empty */
    uint32_t malformed;   /* received too short, too long, or marked bad by the hardware */
    uint32_t fifo_resets; /* the receive FIFO had run over or out of step */
    uint32_t not_sent;    /* the transmitter stayed busy, or the frame was no frame */
};
extern struct eth_counters eth_counters;

#endif
