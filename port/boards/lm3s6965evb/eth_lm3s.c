/* The LM3S6965's Ethernet controller: a MAC with one 2 KB FIFO in each direction and a PHY on the chip. No
 * DMA: the CPU moves words.
 *
 * Receiving: MAC_NP counts whole frames in the FIFO. A frame is read as words: the first half-word is its
 * length (these two bytes and the FCS included), then the frame, then the FCS, the last word filled up.
 * Exactly so many words are read, whether the frame is wanted or not, or the next one would begin in the
 * wrong place. If the FIFO has run over, or a length is impossible, it is emptied: TCP repeats what was in
 * it.
 *
 * Sending: the FIFO holds one frame. The first half-word is the length of the payload (without the 14 bytes
 * of header), then the frame; NEWTX sends it and reads as 1 until it has left. The wait for the one before
 * is at most 1.2 ms (10 Mbit/s); a transmitter that takes longer is stuck, and the frame is dropped.
 *
 * The interrupt has one purpose: to end the CPU's sleep. Everything is done in the main loop. */
#include "eth_lm3s.h"

#include <stddef.h>
#include <string.h>

#include "board.h"
#include "eth_frame.h"
#include "gram_net.h"
#include "lm3s6965.h"

#define LENGTH_FIELD 2u
#define TX_TRIES 50000u /* some ms */

#define PHY_CONTROL 0u
#define PHY_CONTROL_AUTONEGOTIATE (1u << 12 | 1u << 9) /* on, and begin anew */
#define PHY_ADVERTISE 4u
#define PHY_ADVERTISE_FULL_DUPLEX (1u << 8 | 1u << 6 | 1u) /* 100 and 10 Mbit/s */

static void phy_write(unsigned reg, uint32_t value)
{
    MAC_MTXD = value;
    MAC_MCTL = reg << 3 | MAC_MCTL_WRITE | MAC_MCTL_START;
    for (unsigned tries = 0; (MAC_MCTL & MAC_MCTL_START) && tries < TX_TRIES; tries++) {
    }
}

/* The address that the maker programmed. A chip without one gets one that no maker gives out (locally
 * administered): then give each board on a network its own. */
static void read_mac(uint8_t mac[6])
{
    static const uint8_t fallback[6] = {0x02, 'g', 'r', 'a', 'm', 0x01};
    uint32_t low = FLASH_USER_REG0;
    uint32_t high = FLASH_USER_REG1;
    bool multicast = low & 1u;

    if (low == UINT32_MAX || high == UINT32_MAX || (low | high) == 0 || multicast) {
        memcpy(mac, fallback, sizeof fallback);
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        mac[i] = (uint8_t)(low >> 8 * i);
        mac[3 + i] = (uint8_t)(high >> 8 * i);
    }
}

static void reset_rx_fifo(void)
{
    MAC_RCTL = MAC_RCTL_BADCRC | MAC_RCTL_AMUL;
    MAC_RCTL = MAC_RCTL_BADCRC | MAC_RCTL_AMUL | MAC_RCTL_RSTFIFO;
    MAC_RCTL = MAC_RCTL_BADCRC | MAC_RCTL_AMUL | MAC_RCTL_RXEN;
}

static bool start(uint8_t mac[6])
{
    SYSCTL_RCGC2 |= SYSCTL_RCGC2_EMAC0 | SYSCTL_RCGC2_EPHY0 | SYSCTL_RCGC2_GPIOF;
    (void)SYSCTL_RCGC2;
    GPIO_AFSEL(GPIO_F) |= 0x0Cu; /* the jack's two lamps */
    GPIO_DEN(GPIO_F) |= 0x0Cu;

    MAC_IM = 0;
    MAC_RIS = MAC_INT_ALL;
    MAC_MDV = 9; /* MII clock: 50 MHz / (2 * (9 + 1)) = 2.5 MHz */
    phy_write(PHY_ADVERTISE, PHY_ADVERTISE_FULL_DUPLEX);
    phy_write(PHY_CONTROL, PHY_CONTROL_AUTONEGOTIATE);

    read_mac(mac);
    MAC_IA0 = mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
    MAC_IA1 = mac[4] | (uint32_t)mac[5] << 8;
    MAC_THR = MAC_THR_OFF;
    MAC_TCTL = MAC_TCTL_TXEN | MAC_TCTL_PADEN | MAC_TCTL_CRC | MAC_TCTL_DUPLEX;
    reset_rx_fifo();
    MAC_IM = MAC_INT_RX | MAC_INT_FOV;
    nvic_enable(ETH_IRQ);
    return true;
}

void eth_lm3s_interrupt(void)
{
    /* FOV stays for receive() to see, so it is masked instead of acknowledged. */
    if (MAC_RIS & MAC_INT_FOV) {
        MAC_IM = MAC_INT_RX;
    }
    MAC_RIS = MAC_INT_RX;
}

bool eth_lm3s_has_frame(void)
{
    return (MAC_NP & MAC_NP_MASK) != 0 || (MAC_RIS & MAC_INT_FOV) != 0;
}

static void recover(void)
{
    eth_counters.fifo_resets++;
    reset_rx_fifo();
    MAC_RIS = MAC_INT_FOV | MAC_INT_RXER;
    MAC_IM = MAC_INT_RX | MAC_INT_FOV;
}

/* Takes one frame out of the FIFO; NULL if it had to be dropped. */
static struct pbuf *take_frame(void)
{
    uint32_t word = MAC_DATA;
    uint32_t total = word & 0xFFFFu;

    if (total < LENGTH_FIELD + ETH_FCS || total > 2048) {
        recover();
        return NULL;
    }
    struct pbuf *frame = eth_pbuf_for(total - LENGTH_FIELD - ETH_FCS);
    struct eth_cursor to = eth_cursor_at(frame);

    eth_put(&to, word >> 16, 2);
    for (uint32_t words = (total + 3) / 4 - 1; words > 0; words--) {
        eth_put(&to, MAC_DATA, 4);
    }
    return frame;
}

static struct pbuf *receive(void)
{
    if (MAC_RIS & MAC_INT_FOV) {
        recover();
    }
    while (MAC_NP & MAC_NP_MASK) {
        struct pbuf *frame = take_frame();
        if (frame != NULL) {
            return frame;
        }
    }
    return NULL;
}

static bool transmitter_is_free(void)
{
    for (unsigned tries = 0; tries < TX_TRIES; tries++) {
        if (!(MAC_TR & MAC_TR_NEWTX)) {
            return true;
        }
    }
    return false;
}

static bool send(const struct pbuf *frame)
{
    uint32_t len = frame->tot_len;

    if (len < ETH_HEADER || len > ETH_MAX_FRAME || !transmitter_is_free()) {
        eth_counters.not_sent++;
        return false;
    }
    if (len < ETH_MIN_FRAME) {
        len = ETH_MIN_FRAME;
    }
    struct eth_cursor from = eth_cursor_at(frame);

    MAC_DATA = (len - ETH_HEADER) | eth_get(&from, 2) << 16;
    for (uint32_t words = (LENGTH_FIELD + len + 3) / 4 - 1; words > 0; words--) {
        MAC_DATA = eth_get(&from, 4);
    }
    MAC_TR = MAC_TR_NEWTX;
    return true;
}

const struct gram_net_driver board_ethernet = {start, send, receive};
