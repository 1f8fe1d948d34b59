/* SMSC LAN9118 (LAN9220 on later boards): MAC, PHY and FIFOs in one chip on the memory bus. No DMA: the CPU
 * moves words.
 *
 * Receiving: a status word for each frame waits in the status FIFO, its bytes in the data FIFO. A status
 * with length n stands for exactly (n + 3) / 4 data words, FCS included; so many are read whether the frame
 * is wanted or not, or the next one would begin in the wrong place. If the chip says that the two are out
 * of step (RXE), both are emptied.
 *
 * Sending: two command words (A: this is the first and the last piece, so many bytes; B: the frame's
 * length), then the data. The data FIFO holds several frames. Each leaves a status, which nobody needs, but
 * 512 of them would stop the transmitter.
 *
 * The interrupt has one purpose: to end the CPU's sleep. Everything is done in the main loop. */
#include "eth_lan9118.h"

#include <stddef.h>
#include <string.h>

#include "board.h"
#include "eth_frame.h"
#include "gram_net.h"
#include "mps2.h"

#define TRIES 100000u /* some ms */
#define TX_COMMANDS 8u
#define TX_A_FIRST_AND_LAST (3u << 12)
#define FIFO_INT_EVERY_FRAME 0x48000000u /* the receive level: more than 0 statuses */

#define PHY_CONTROL 0u
#define PHY_CONTROL_AUTONEGOTIATE (1u << 12 | 1u << 9) /* on, and begin anew */
#define PHY_ADVERTISE 4u
#define PHY_ADVERTISE_FULL_DUPLEX (1u << 8 | 1u << 6 | 1u) /* 100 and 10 Mbit/s */

static bool wait_while(volatile uint32_t *reg, uint32_t mask, uint32_t value)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        if ((*reg & mask) != value) {
            return true;
        }
    }
    return false;
}

static uint32_t mac_read(uint32_t reg)
{
    LAN_MAC_CMD = MAC_CMD_BUSY | MAC_CMD_READ | reg;
    wait_while(&LAN_MAC_CMD, MAC_CMD_BUSY, MAC_CMD_BUSY);
    return LAN_MAC_DATA;
}

static void mac_write(uint32_t reg, uint32_t value)
{
    LAN_MAC_DATA = value;
    LAN_MAC_CMD = MAC_CMD_BUSY | reg;
    wait_while(&LAN_MAC_CMD, MAC_CMD_BUSY, MAC_CMD_BUSY);
}

static void phy_write(uint32_t reg, uint32_t value)
{
    mac_write(MAC_MII_DATA, value);
    mac_write(MAC_MII_ACC, MII_ACC_PHY_1 | reg << 6 | MII_ACC_WRITE | MII_ACC_BUSY);
    for (unsigned tries = 0; (mac_read(MAC_MII_ACC) & MII_ACC_BUSY) && tries < TRIES; tries++) {
    }
}

/* The address comes from the chip's EEPROM (in QEMU from -nic mac=). Without one the registers hold all
 * ones; then a locally administered address is set: give each board on a network its own. */
static void read_mac(uint8_t mac[6])
{
    static const uint8_t fallback[6] = {0x02, 'g', 'r', 'a', 'm', 0x02};
    uint32_t low = mac_read(MAC_ADDRL);
    uint32_t high = mac_read(MAC_ADDRH) & 0xFFFFu;
    bool multicast = low & 1u;

    if (multicast || (low | high) == 0) {
        memcpy(mac, fallback, sizeof fallback);
        low = mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
        mac_write(MAC_ADDRL, low);
        mac_write(MAC_ADDRH, mac[4] | (uint32_t)mac[5] << 8);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        mac[i] = (uint8_t)(low >> 8 * i);
    }
    mac[4] = (uint8_t)high;
    mac[5] = (uint8_t)(high >> 8);
}

static bool reset_chip(void)
{
    (void)LAN_BYTE_TEST; /* ends a power-saving state; the first answer does not count */
    if (!wait_while(&LAN_PMT_CTRL, PMT_CTRL_READY, 0) || LAN_BYTE_TEST != BYTE_TEST_VALUE) {
        return false;
    }
    LAN_HW_CFG = HW_CFG_SOFT_RESET;
    return wait_while(&LAN_HW_CFG, HW_CFG_SOFT_RESET, HW_CFG_SOFT_RESET) &&
           wait_while(&LAN_E2P_CMD, E2P_CMD_BUSY, E2P_CMD_BUSY);
}

static bool start(uint8_t mac[6])
{
    if (!reset_chip()) {
        return false;
    }
    LAN_HW_CFG = HW_CFG_MUST_BE_ONE | HW_CFG_TX_FIFO_5KB;
    LAN_FIFO_INT = FIFO_INT_EVERY_FRAME;
    LAN_RX_CFG = 0;
    LAN_TX_CFG = TX_CFG_DUMP_DATA_AND_STATUS;
    LAN_TX_CFG = TX_CFG_ON;
    phy_write(PHY_ADVERTISE, PHY_ADVERTISE_FULL_DUPLEX);
    phy_write(PHY_CONTROL, PHY_CONTROL_AUTONEGOTIATE);
    read_mac(mac);
    mac_write(MAC_CR, MAC_CR_FULL_DUPLEX | MAC_CR_ALL_MULTICAST | MAC_CR_TXEN | MAC_CR_RXEN);

    LAN_IRQ_CFG = IRQ_CFG_ENABLE_ACTIVE_HIGH_PUSH_PULL;
    LAN_INT_STS = UINT32_MAX;
    LAN_INT_EN = INT_RX_STATUS_LEVEL;
    NVIC_ICPR(ETH_IRQ / 32) = 1u << ETH_IRQ % 32; /* the line was active low until a moment ago */
    nvic_enable(ETH_IRQ);
    return true;
}

void eth_lan9118_interrupt(void)
{
    /* The level stays while frames wait: quiet until receive() has emptied the FIFO. */
    LAN_INT_EN = 0;
}

bool eth_lan9118_has_frame(void)
{
    return RX_FIFO_FRAMES(LAN_RX_FIFO_INF) != 0;
}

static void reset_rx_fifo(void)
{
    eth_counters.fifo_resets++;
    mac_write(MAC_CR, MAC_CR_FULL_DUPLEX | MAC_CR_ALL_MULTICAST | MAC_CR_TXEN);
    LAN_RX_CFG = RX_CFG_DUMP;
    wait_while(&LAN_RX_CFG, RX_CFG_DUMP, RX_CFG_DUMP);
    LAN_INT_STS = INT_RX_ERROR;
    mac_write(MAC_CR, MAC_CR_FULL_DUPLEX | MAC_CR_ALL_MULTICAST | MAC_CR_TXEN | MAC_CR_RXEN);
}

static struct pbuf *pbuf_for(uint32_t status)
{
    uint32_t total = RX_STATUS_LENGTH(status);

    if ((status & RX_STATUS_ERROR) || total < ETH_FCS) {
        eth_counters.malformed++;
        return NULL;
    }
    return eth_pbuf_for(total - ETH_FCS);
}

/* Takes one frame out of the FIFO; NULL if it had to be dropped. */
static struct pbuf *take_frame(void)
{
    uint32_t status = LAN_RX_STATUS;
    struct pbuf *frame = pbuf_for(status);
    struct eth_cursor to = eth_cursor_at(frame);

    for (uint32_t words = (RX_STATUS_LENGTH(status) + 3) / 4; words > 0; words--) {
        eth_put(&to, LAN_RX_DATA, 4);
    }
    return frame;
}

static struct pbuf *receive(void)
{
    if (LAN_INT_STS & INT_RX_ERROR) {
        reset_rx_fifo();
    }
    while (RX_FIFO_FRAMES(LAN_RX_FIFO_INF) != 0) {
        struct pbuf *frame = take_frame();
        if (frame != NULL) {
            return frame;
        }
    }
    /* In this order: an old level must not raise an interrupt now, which would silence the chip with no
     * frame there to have it spoken to again. A frame that slips in between is seen by
     * eth_lan9118_has_frame() before the CPU sleeps. */
    LAN_INT_STS = INT_RX_STATUS_LEVEL;
    LAN_INT_EN = INT_RX_STATUS_LEVEL;
    return NULL;
}

static bool room_to_send(uint32_t bytes)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        uint32_t inf = LAN_TX_FIFO_INF;
        if (TX_FIFO_STATUSES(inf) != 0) {
            (void)LAN_TX_STATUS;
        } else if (TX_FIFO_FREE(inf) >= bytes) {
            return true;
        }
    }
    return false;
}

static bool send(const struct pbuf *frame)
{
    uint32_t len = frame->tot_len < ETH_MIN_FRAME ? ETH_MIN_FRAME : frame->tot_len;

    if (frame->tot_len < ETH_HEADER || len > ETH_MAX_FRAME || !room_to_send(TX_COMMANDS + len + 3)) {
        eth_counters.not_sent++;
        return false;
    }
    struct eth_cursor from = eth_cursor_at(frame);

    LAN_TX_DATA = TX_A_FIRST_AND_LAST | len;
    LAN_TX_DATA = len;
    for (uint32_t words = (len + 3) / 4; words > 0; words--) {
        LAN_TX_DATA = eth_get(&from, 4);
    }
    return true;
}

const struct gram_net_driver board_ethernet = {start, send, receive};
