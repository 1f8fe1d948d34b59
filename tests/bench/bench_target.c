/* mps2-an385 without interrupts: UART, SysTick as a free-running counter, and semihosting to read one number
 * and to end (Arm "Semihosting for AArch32 and AArch64", 2.0: SYS_GET_CMDLINE, SYS_EXIT). */
#include "bench_target.h"

#include <stddef.h>

#include "board.h"
#include "board_interrupt.h"
#include "fault.h"
#include "gram/text.h"
#include "mps2.h"

enum { SYS_GET_CMDLINE = 0x15, SYS_EXIT = 0x18, APPLICATION_EXIT = 0x20026 };

static int semihost(int operation, const void *argument)
{
    register int r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;

    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void bench_target_init(void)
{
    UART0_BAUDDIV = CPU_HZ / 115200;
    UART0_CTRL = UART_CTRL_TX_ENABLE;
    SYST_RVR = SYST_MAX;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CPU_CLOCK | SYST_CSR_ENABLE;
}

uint32_t bench_ticks(void)
{
    return SYST_MAX - SYST_CVR;
}

void bench_burn(uint32_t instructions)
{
    uint32_t rounds = instructions / 2;

    __asm volatile("1: subs %0, #1\n\tbne 1b" : "+r"(rounds)::"cc");
}

void board_putc(char c)
{
    while (UART0_STATE & UART_STATE_TX_FULL) {
    }
    UART0_DATA = (uint8_t)c;
}

void bench_put(const char *text)
{
    for (; *text != '\0'; text++) {
        board_putc(*text);
    }
}

void bench_put_u32(uint32_t value)
{
    char digits[12];
    struct gram_text t = gram_text_in(digits, sizeof digits);

    gram_text_u32(&t, value);
    bench_put(digits);
}

/* QEMU's command line is the image's name (or nothing) and the arguments: the number stands at its end. */
uint32_t bench_argument(uint32_t otherwise)
{
    char line[160] = "";
    struct {
        char *buffer;
        size_t len;
    } block = {line, sizeof line};
    uint32_t value = 0;
    const char *p = line;

    if (semihost(SYS_GET_CMDLINE, &block) != 0) {
        return otherwise;
    }
    for (const char *q = line; *q != '\0'; q++) {
        p = *q < '0' || *q > '9' ? q + 1 : p;
    }
    for (; *p != '\0'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
    }
    return value > 0 ? value : otherwise;
}

void bench_exit(void)
{
    semihost(SYS_EXIT, (const void *)APPLICATION_EXIT);
    fault_stop("QEMU was started without -semihosting-config enable=on,target=native");
}

/* For the start-up code: nothing here is interrupted. */
void systick_interrupt(void);
void systick_interrupt(void)
{
}

void board_interrupt(unsigned irq)
{
    (void)irq;
    fault_stop("an interrupt in the benchmark");
}
