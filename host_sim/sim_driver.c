/* sim_driver.h. The recording sees what the card sees: frames out before the wire loses them, frames in
 * after. */
#include "sim_driver.h"

#include <string.h>

#include "lwip/pbuf.h"
#include "pcap.h"
#include "sim_clock.h"

#define BOARD WIRE_A
#define OUTSIDE WIRE_B

static const struct sim_net *way_out;
static struct wire *wire;

void sim_driver_init(const struct sim_net *net, struct wire *lossy)
{
    way_out = net;
    wire = lossy;
}

static bool start(uint8_t mac[6])
{
    static const uint8_t own[6] = {0x02, 0x00, 'g', 'r', 'a', 'm'}; /* 0x02: locally administered */

    memcpy(mac, own, sizeof own);
    return true;
}

static bool send(const struct pbuf *frame)
{
    uint8_t bytes[SIM_FRAME_MAX];
    size_t len = frame->tot_len;

    if (len > sizeof bytes) {
        return false;
    }
    pbuf_copy_partial(frame, bytes, frame->tot_len, 0);
    sim_pcap_frame(bytes, len);
    if (wire != NULL) {
        wire_send(wire, BOARD, bytes, len, sim_clock_ms());
    } else {
        way_out->send(bytes, len);
    }
    return true;
}

/* Moves what has come to the wire's outer end, in both directions; then takes what has come to the
 * board's. */
static size_t receive_from_wire(uint8_t *frame)
{
    uint32_t now = sim_clock_ms();
    size_t len;

    while ((len = way_out->receive(frame)) > 0) {
        wire_send(wire, OUTSIDE, frame, len, now);
    }
    while ((len = wire_receive(wire, OUTSIDE, frame, now)) > 0) {
        way_out->send(frame, len);
    }
    return wire_receive(wire, BOARD, frame, now);
}

static struct pbuf *receive(void)
{
    uint8_t bytes[SIM_FRAME_MAX];
    size_t len = wire != NULL ? receive_from_wire(bytes) : way_out->receive(bytes);
    struct pbuf *frame;

    if (len == 0) {
        return NULL;
    }
    sim_pcap_frame(bytes, len);
    frame = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);
    if (frame != NULL) {
        pbuf_take(frame, bytes, (u16_t)len);
    }
    return frame;
}

uint32_t sim_driver_wait(void)
{
    return wire != NULL ? wire_wait(wire, sim_clock_ms()) : UINT32_MAX;
}

const struct gram_net_driver sim_driver = {start, send, receive};
