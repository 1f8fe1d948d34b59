/* Arm MPS2 with image AN385: UART, time, sleep. The clock is the FPGA's, 25 MHz, and needs no setting up.
 *
 * (Under QEMU's -icount shift=0, where an instruction takes one nanosecond, a SysTick tick is 40
 * instructions.) */
#include "board.h"

#include "board_interrupt.h"
#include "eth_lan9118.h"
#include "fault.h"
#include "mps2.h"
#include "tick.h"
#include "timer_cmsdk.h"

const char board_name[] = "mps2-an385";

void board_init(void)
{
    UART0_BAUDDIV = CPU_HZ / 115200;
    UART0_CTRL = UART_CTRL_TX_ENABLE;
    tick_init(CPU_HZ / 1000);
}

uint32_t board_now_ms(void)
{
    return tick_now_ms();
}

void board_putc(char c)
{
    while (UART0_STATE & UART_STATE_TX_FULL) {
    }
    UART0_DATA = (uint8_t)c;
}

void board_sleep(uint32_t ms)
{
    /* A frame that came after the main loop's last look has had its interrupt already. */
    if (!eth_lan9118_has_frame()) {
        tick_sleep(ms);
    }
}

/* The FPGA image has no random number generator: no TLS on this board without a source of its own. */
bool board_entropy(uint8_t *buf, size_t len)
{
    (void)buf;
    (void)len;
    return false;
}

void board_interrupt(unsigned irq)
{
    switch (irq) {
    case ETH_IRQ:
        eth_lan9118_interrupt();
        return;
    case DUAL_TIMER_IRQ:
        timer_cmsdk_interrupt();
        return;
    default:
        fault_stop("an interrupt came that this board does not use");
    }
}
