/* The few registers that every Cortex-M has in the same place (ARMv7-M Architecture Reference Manual, B3),
 * so that no vendor's header is needed. */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

/* A device register. */
#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYST_CSR REG32(0xE000E010u)
#define SYST_RVR REG32(0xE000E014u)
#define SYST_CVR REG32(0xE000E018u)
#define SYST_CSR_ENABLE 0x1u
#define SYST_CSR_TICKINT 0x2u
#define SYST_CSR_CPU_CLOCK 0x4u
#define SYST_MAX 0x00FFFFFFu

#define NVIC_ISER(n) REG32(0xE000E100u + 4u * (n))
#define NVIC_ICPR(n) REG32(0xE000E280u + 4u * (n))

#define SCB_ICSR REG32(0xE000ED04u)
#define SCB_ICSR_PENDSTSET (1u << 26)
#define SCB_ICSR_PENDSTCLR (1u << 25)
#define SCB_ICSR_VECTACTIVE 0x1FFu
#define SCB_CCR REG32(0xE000ED14u)
#define SCB_CCR_DIV_0_TRP (1u << 4)
#define SCB_CFSR REG32(0xE000ED28u)
#define SCB_HFSR REG32(0xE000ED2Cu)
#define SCB_MMFAR REG32(0xE000ED34u)
#define SCB_BFAR REG32(0xE000ED38u)

#define MPU_TYPE REG32(0xE000ED90u)
#define MPU_TYPE_REGIONS(type) ((type) >> 8 & 0xFFu)
#define MPU_CTRL REG32(0xE000ED94u)
#define MPU_CTRL_ON_WITH_DEFAULT_MAP 0x5u
#define MPU_RBAR REG32(0xE000ED9Cu)
#define MPU_RBAR_REGION_0 0x10u
#define MPU_RASR REG32(0xE000EDA0u)
#define MPU_RASR_NO_ACCESS_64KB (1u << 28 | 15u << 1 | 1u) /* nor execution */

static inline void irq_disable(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

static inline void irq_enable(void)
{
    /* The barrier lets what is pending run before the next instruction. */
    __asm volatile("cpsie i\n\tisb" ::: "memory");
}

/* Masks interrupts; what it gives back is for irq_restore(). */
static inline uint32_t irq_save(void)
{
    uint32_t primask;

    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    return primask;
}

static inline void irq_restore(uint32_t primask)
{
    __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
}

static inline void wait_for_interrupt(void)
{
    __asm volatile("dsb\n\twfi\n\tisb" ::: "memory");
}

static inline void nvic_enable(unsigned irq)
{
    NVIC_ISER(irq / 32) = 1u << (irq % 32);
}

#endif
