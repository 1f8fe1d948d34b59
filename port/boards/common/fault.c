/* The last words of an image: a fault, an exception nobody expects, a failed assertion. It says on the UART
 * what happened and where, in words and in registers, and stands still: a device that restarts by itself
 * hides the fault and, with luck, repeats it for ever. A product that must come back sets
 * -DGRAM_FAULT_RESET=1, and starts anew after the report.
 *
 * The report trusts nothing: no buffers, no interrupts, no stack that may be the culprit (see fault_entry).
 */
#include "fault.h"

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "cortex_m.h"
#include "gram/log.h"

#ifndef GRAM_FAULT_RESET
#define GRAM_FAULT_RESET 0
#endif

#define AIRCR REG32(0xE000ED0Cu)
#define AIRCR_RESET 0x05FA0004u
#define HFSR_VECTTBL (1u << 1)

extern uint32_t _stack_bottom[], _stack_top[];

/* What the core pushes when it takes an exception (ARMv7-M ARM, B1.5.6), lowest address first. */
struct frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

void fault_report(const struct frame *frame, uint32_t exc_return);

/* A bit of CFSR (ARMv7-M ARM, B3.2.15) and what it means to a programmer. */
static const struct {
    uint32_t bit;
    const char *text;
} reasons[] = {
    {1u << 0, "code was fetched from memory that may hold none"},
    {1u << 1, "access to the guarded memory below the stack"},
    {1u << 3, "return from an interrupt to a stack in guarded memory"},
    {1u << 4, "no room on the stack for an interrupt or a fault"},
    {1u << 8, "code was fetched from an address where there is nothing"},
    {1u << 9, "access to an address where there is nothing"},
    {1u << 10, "write to an address where there is nothing (some instructions before pc)"},
    {1u << 11, "return from an interrupt to a bad stack"},
    {1u << 12, "no room on the stack for an interrupt"},
    {1u << 16, "undefined instruction"},
    {1u << 17, "jump to an address without the Thumb bit (a bad function pointer?)"},
    {1u << 18, "bad exception return"},
    {1u << 19, "coprocessor (FPU) instruction, but there is none or it is off"},
    {1u << 24, "unaligned access"},
    {1u << 25, "division by zero"},
};

static void put(const char *text)
{
    for (; *text != '\0'; text++) {
        board_putc(*text);
    }
}

static void put_register(const char *name, uint32_t value)
{
    put(name);
    for (unsigned shift = 32; shift > 0;) {
        shift -= 4;
        board_putc("0123456789abcdef"[value >> shift & 15]);
    }
}

static _Noreturn void stand_still(void)
{
    if (GRAM_FAULT_RESET) {
        __asm volatile("dsb");
        AIRCR = AIRCR_RESET;
    }
    for (;;) {
        wait_for_interrupt(); /* masked: nothing runs, and little power is drawn */
    }
}

void fault_stop(const char *why)
{
    irq_disable();
    put("gram: stopped: ");
    put(why);
    put("\r\n");
    stand_still();
}

/* The stack pointer of the fault says where the frame is, unless the stack itself was the fault: then it
 * points below RAM, and a C function that used it would fault again, which locks the core up. So with less
 * than 256 bytes left below it, the report runs from the top of the stack, over frames to which nobody
 * returns. */
__attribute__((naked)) void fault_entry(void)
{
    __asm volatile("cpsid i\n\t"
                   "mov r0, sp\n\t"
                   "mov r1, lr\n\t"
                   "ldr r2, =_stack_bottom + 256\n\t"
                   "cmp sp, r2\n\t"
                   "itt lo\n\t"
                   "ldrlo r2, =_stack_top\n\t"
                   "movlo sp, r2\n\t"
                   "b fault_report\n\t"
                   ".ltorg");
}

static void put_where(const struct frame *frame)
{
    uintptr_t at = (uintptr_t)frame;

    /* A frame outside the stack was not written, or not whole. */
    if (at < (uintptr_t)_stack_bottom || at > (uintptr_t)_stack_top - sizeof *frame) {
        put_register("gram:   the stack has overflowed (STACK_SIZE in the linker script): sp ", (uint32_t)at);
        put("\r\n");
        return;
    }
    put_register("gram:   pc ", frame->pc);
    put_register(" lr ", frame->lr);
    put_register(" xpsr ", frame->xpsr);
    put_register(" sp ", (uint32_t)(at + sizeof *frame));
    put_register("\r\ngram:   r0 ", frame->r0);
    put_register(" r1 ", frame->r1);
    put_register(" r2 ", frame->r2);
    put_register(" r3 ", frame->r3);
    put_register(" r12 ", frame->r12);
    put("\r\n");
}

void fault_report(const struct frame *frame, uint32_t exc_return)
{
    uint32_t exception = SCB_ICSR & SCB_ICSR_VECTACTIVE;
    uint32_t cfsr = SCB_CFSR;
    uint32_t hfsr = SCB_HFSR;
    bool is_fault = exception >= 3 && exception <= 6;

    put(is_fault ? "\r\ngram: hard fault:" : "\r\ngram: unexpected exception:");
    for (unsigned i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (cfsr & reasons[i].bit) {
            put(" ");
            put(reasons[i].text);
            put(";");
        }
    }
    if (hfsr & HFSR_VECTTBL) {
        put(" the vector table could not be read;");
    }
    put_register(" exception ", exception);
    put("\r\n");
    put_where(frame);
    put_register("gram:   cfsr ", cfsr);
    put_register(" hfsr ", hfsr);
    put_register(" bfar ", SCB_BFAR);
    put_register(" mmfar ", SCB_MMFAR);
    put_register(" exc_return ", exc_return);
    put("\r\ngram: stopped. Where that is: arm-none-eabi-addr2line -fe <the image>.elf <pc> <lr>\r\n");
    stand_still();
}

void gram_assert_failed(const char *reason)
{
    fault_stop(reason);
}
