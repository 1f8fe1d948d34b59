/* The driver is `board_ethernet` (board.h); this is what the board's interrupt and sleep need of it. */
#ifndef ETH_LM3S_H
#define ETH_LM3S_H

#include <stdbool.h>

void eth_lm3s_interrupt(void);
/* Whether receive() would find a frame. Any context. */
bool eth_lm3s_has_frame(void);

#endif
