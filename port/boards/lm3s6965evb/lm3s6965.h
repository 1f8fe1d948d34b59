/* Registers of the LM3S6965 (Stellaris LM3S6965 Microcontroller Data Sheet, chapters 5 System Control, 10
 * General-Purpose Timers, 12 UART, 16 Ethernet Controller), as far as this board uses them. */
#ifndef LM3S6965_H
#define LM3S6965_H

#include "cortex_m.h"

#define CPU_HZ 50000000u /* board_init() sets the PLL so */

/* System control */
#define SYSCTL_RIS REG32(0x400FE050u)
#define SYSCTL_RIS_PLLL (1u << 6)
#define SYSCTL_MISC REG32(0x400FE058u)
#define SYSCTL_RCC REG32(0x400FE060u)
#define SYSCTL_RCGC1 REG32(0x400FE104u)
#define SYSCTL_RCGC1_UART0 (1u << 0)
#define SYSCTL_RCGC1_TIMER0 (1u << 16)
#define SYSCTL_RCGC2 REG32(0x400FE108u)
#define SYSCTL_RCGC2_GPIOA (1u << 0)
#define SYSCTL_RCGC2_GPIOF (1u << 5)
#define SYSCTL_RCGC2_EMAC0 (1u << 28)
#define SYSCTL_RCGC2_EPHY0 (1u << 30)
/* Three bytes each of the MAC address that the maker programmed; all ones if he did not. */
#define FLASH_USER_REG0 REG32(0x400FE1E0u)
#define FLASH_USER_REG1 REG32(0x400FE1E4u)

#define GPIO_A 0x40004000u
#define GPIO_F 0x40025000u
#define GPIO_AFSEL(port) REG32((port) + 0x420u)
#define GPIO_DEN(port) REG32((port) + 0x51Cu)

#define UART0_DR REG32(0x4000C000u)
#define UART0_FR REG32(0x4000C018u)
#define UART_FR_TXFF (1u << 5)
#define UART0_IBRD REG32(0x4000C024u)
#define UART0_FBRD REG32(0x4000C028u)
#define UART0_LCRH REG32(0x4000C02Cu)
#define UART_LCRH_8N1_FIFO 0x70u
#define UART0_CTL REG32(0x4000C030u)
#define UART_CTL_ENABLE_TX 0x101u

/* General-purpose timer 0 */
#define TIMER0A_IRQ 19u
#define TIMER0_CFG REG32(0x40030000u)
#define TIMER_CFG_32_BIT 0u
#define TIMER0_TAMR REG32(0x40030004u)
#define TIMER_TAMR_ONE_SHOT 1u
#define TIMER0_CTL REG32(0x4003000Cu)
#define TIMER_CTL_ENABLE_A (1u << 0)
#define TIMER0_IMR REG32(0x40030018u)
#define TIMER0_ICR REG32(0x40030024u)
#define TIMER_TIMEOUT_A (1u << 0)
#define TIMER0_TAILR REG32(0x40030028u)

/* Ethernet */
#define ETH_IRQ 42u
#define MAC_RIS REG32(0x40048000u) /* written: acknowledge */
#define MAC_INT_RX (1u << 0)
#define MAC_INT_TXER (1u << 1)
#define MAC_INT_FOV (1u << 3)
#define MAC_INT_RXER (1u << 4)
#define MAC_INT_ALL 0x7Fu
#define MAC_IM REG32(0x40048004u)
#define MAC_RCTL REG32(0x40048008u)
#define MAC_RCTL_RXEN (1u << 0)
#define MAC_RCTL_AMUL (1u << 1)   /* all multicast */
#define MAC_RCTL_BADCRC (1u << 3) /* refuse frames with a bad FCS */
#define MAC_RCTL_RSTFIFO (1u << 4)
#define MAC_TCTL REG32(0x4004800Cu)
#define MAC_TCTL_TXEN (1u << 0)
#define MAC_TCTL_PADEN (1u << 1)
#define MAC_TCTL_CRC (1u << 2)
#define MAC_TCTL_DUPLEX (1u << 4)
#define MAC_DATA REG32(0x40048010u)
#define MAC_IA0 REG32(0x40048014u)
#define MAC_IA1 REG32(0x40048018u)
#define MAC_THR REG32(0x4004801Cu)
#define MAC_THR_OFF 0x3Fu /* a frame leaves when NEWTX says so, not before */
#define MAC_MCTL REG32(0x40048020u)
#define MAC_MCTL_START (1u << 0)
#define MAC_MCTL_WRITE (1u << 1)
#define MAC_MDV REG32(0x40048024u)
#define MAC_MTXD REG32(0x4004802Cu)
#define MAC_NP REG32(0x40048034u)
#define MAC_NP_MASK 0x3Fu
#define MAC_TR REG32(0x40048038u)
#define MAC_TR_NEWTX (1u << 0)

#endif
