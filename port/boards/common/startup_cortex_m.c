/* From reset to main(), and the vector table. The same for every Cortex-M board.
 *
 * External interrupts all arrive in one function, which hands their number to the board: a board needs no
 * vector table and no weak symbols, and an interrupt that nobody expects is named instead of looping in
 * silence. */
#include <stdint.h>

#include "board_interrupt.h"
#include "cortex_m.h"
#include "fault.h"

/* From the linker script. */
extern uint32_t _stack_bottom[], _stack_top[];
extern uint32_t _data_start[], _data_end[], _data_load[], _bss_start[], _bss_end[];

int main(void);
void reset(void);
void systick_interrupt(void);

static void external_interrupt(void)
{
    board_interrupt((SCB_ICSR & SCB_ICSR_VECTACTIVE) - 16);
}

#define EIGHT external_interrupt, external_interrupt, external_interrupt, external_interrupt, \
              external_interrupt, external_interrupt, external_interrupt, external_interrupt

typedef void vector(void);

/* More external interrupts than 64: add lines of EIGHT. */
static const struct {
    uint32_t *stack;
    vector *system[15];
    vector *external[64];
} vectors __attribute__((section(".vectors"), used)) = {
    _stack_top,
    {
        reset,
        fault_entry /* NMI */, fault_entry /* HardFault */, fault_entry /* MemManage */,
        fault_entry /* BusFault */, fault_entry /* UsageFault */,
        fault_entry, fault_entry, fault_entry, fault_entry, fault_entry /* SVCall */,
        fault_entry /* DebugMonitor */, fault_entry, fault_entry /* PendSV */,
        systick_interrupt,
    },
    {EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT},
};

/* The stack is the first thing in RAM; below it most chips have nothing, and an overflow is a bus fault.
 * Some have (or QEMU pretends that they have) memory that takes writes, so the MPU forbids the 64 KB below
 * where there is an MPU. */
static void guard_stack(void)
{
    if (MPU_TYPE_REGIONS(MPU_TYPE) == 0) {
        return;
    }
    MPU_RBAR = ((uint32_t)(uintptr_t)_stack_bottom - 0x10000u) | MPU_RBAR_REGION_0;
    MPU_RASR = MPU_RASR_NO_ACCESS_64KB;
    MPU_CTRL = MPU_CTRL_ON_WITH_DEFAULT_MAP;
    __asm volatile("dsb\n\tisb" ::: "memory");
}

void reset(void)
{
    const uint32_t *from = _data_load;

    for (uint32_t *to = _data_start; to < _data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = _bss_start; to < _bss_end; to++) {
        *to = 0;
    }
    /* A division by zero is a fault that says so, not a silent 0. */
    SCB_CCR |= SCB_CCR_DIV_0_TRP;
    guard_stack();
    main();
    fault_stop("main() returned");
}
