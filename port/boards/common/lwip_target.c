/* What lwIP asks of a target (port/lwip/arch/cc.h), for every board. */
#include <stdint.h>

#include "arch/cc.h"
#include "board.h"
#include "fault.h"
#include "lwip/netif.h"
#include "lwip/sys.h"

u32_t sys_now(void)
{
    return board_now_ms();
}

void gram_target_fail(const char *what)
{
    fault_stop(what);
}

/* Hardware randomness where the board has it. Otherwise xorshift32, stirred with the MAC address and the
 * time of each call: boards on one network differ and a restart does not repeat, which is what DHCP's
 * transaction ids need. It can be guessed, and is never for keys. */
uint32_t gram_target_random(void)
{
    static uint32_t state;
    uint32_t from_hardware;

    if (board_entropy((uint8_t *)&from_hardware, sizeof from_hardware)) {
        return from_hardware;
    }
    state ^= board_now_ms() << 16;
    for (unsigned i = 0; netif_default != NULL && i < sizeof netif_default->hwaddr; i++) {
        state = state * 31 + netif_default->hwaddr[i];
    }
    state |= state == 0; /* xorshift never leaves 0 */
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}
