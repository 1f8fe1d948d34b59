/* The driver is `board_ethernet` (board.h); this is what the board's interrupt and sleep need of it. */
#ifndef ETH_LAN9118_H
#define ETH_LAN9118_H

#include <stdbool.h>

void eth_lan9118_interrupt(void);
/* Whether receive() would find a frame. Any context. */
bool eth_lan9118_has_frame(void);

#endif
