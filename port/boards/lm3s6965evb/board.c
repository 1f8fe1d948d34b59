/* Stellaris LM3S6965 evaluation board: clock, UART, time, sleep.
 *
 * The CPU runs at 50 MHz from the PLL, on the chip as in QEMU. (Under QEMU's -icount shift=0, where an
 * instruction takes one nanosecond, a SysTick tick is therefore 20 instructions, and a millisecond a
 * million of them.) */
#include "board.h"

#include "board_interrupt.h"
#include "eth_lm3s.h"
#include "fault.h"
#include "lm3s6965.h"
#include "tick.h"
#include "timer_lm3s.h"

const char board_name[] = "lm3s6965evb";

#define RCC_SYSDIV_4_USED (3u << 23 | 1u << 22) /* 200 MHz / 4 */
#define RCC_SYSDIV_16 (15u << 23)
#define RCC_PWRDN (1u << 13)
#define RCC_BYPASS (1u << 11)
#define RCC_XTAL_8MHZ (0xEu << 6)
#define RCC_OSCSRC_MAIN (0u << 4)
#define RCC_IOSCDIS (1u << 1)

/* In the order that the data sheet asks for (5.3): bypass, crystal and PLL on, wait for its lock, then
 * over. A crystal that never lets the PLL lock leaves the device on its slow clock: it works, with its
 * times and its UART off by the same factor. */
static void start_clock(void)
{
    uint32_t rcc = RCC_SYSDIV_16 | RCC_BYPASS | RCC_PWRDN | RCC_XTAL_8MHZ | RCC_OSCSRC_MAIN | RCC_IOSCDIS;

    SYSCTL_RCC = rcc;
    SYSCTL_MISC = SYSCTL_RIS_PLLL;
    rcc &= ~RCC_PWRDN;
    SYSCTL_RCC = rcc;
    for (unsigned tries = 0; !(SYSCTL_RIS & SYSCTL_RIS_PLLL); tries++) {
        if (tries == 100000) {
            return;
        }
    }
    rcc = (rcc & ~(RCC_SYSDIV_16 | RCC_BYPASS)) | RCC_SYSDIV_4_USED;
    SYSCTL_RCC = rcc;
}

/* 50 MHz / (16 * 115200) = 27 + 8/64. */
static void start_uart(void)
{
    SYSCTL_RCGC1 |= SYSCTL_RCGC1_UART0;
    SYSCTL_RCGC2 |= SYSCTL_RCGC2_GPIOA;
    (void)SYSCTL_RCGC2; /* a gated module answers three clocks after its gate opens */
    GPIO_AFSEL(GPIO_A) |= 0x03u;
    GPIO_DEN(GPIO_A) |= 0x03u;
    UART0_CTL = 0;
    UART0_IBRD = 27;
    UART0_FBRD = 8;
    UART0_LCRH = UART_LCRH_8N1_FIFO;
    UART0_CTL = UART_CTL_ENABLE_TX;
}

void board_init(void)
{
    start_clock();
    start_uart();
    tick_init(CPU_HZ / 1000);
}

uint32_t board_now_ms(void)
{
    return tick_now_ms();
}

void board_putc(char c)
{
    while (UART0_FR & UART_FR_TXFF) {
    }
    UART0_DR = (uint8_t)c;
}

void board_sleep(uint32_t ms)
{
    /* A frame that came after the main loop's last look has had its interrupt already. */
    if (!eth_lm3s_has_frame()) {
        tick_sleep(ms);
    }
}

/* The LM3S6965 has no random number generator: no TLS on this board without a source of its own. */
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
        eth_lm3s_interrupt();
        return;
    case TIMER0A_IRQ:
        timer_lm3s_interrupt();
        return;
    default:
        fault_stop("an interrupt came that this board does not use");
    }
}
