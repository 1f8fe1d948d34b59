/* Registers of the MPS2 board with FPGA image AN385 (Arm DAI 0385; CMSDK APB UART and dual timer: Arm DDI 0479, 4.3 and 4.2) and
 * of its Ethernet chip (SMSC LAN9118 data sheet, chapter 5), as far as this board uses them. */
#ifndef MPS2_H
#define MPS2_H

#include "cortex_m.h"

#define CPU_HZ 25000000u

#define UART0_DATA REG32(0x40004000u)
#define UART0_STATE REG32(0x40004004u)
#define UART_STATE_TX_FULL (1u << 0)
#define UART0_CTRL REG32(0x40004008u)
#define UART_CTRL_TX_ENABLE (1u << 0)
#define UART0_BAUDDIV REG32(0x40004010u)

/* Timer 1 of the dual timer */
#define DUAL_TIMER_IRQ 10u
#define TIMER1_LOAD REG32(0x40002000u)
#define TIMER1_CONTROL REG32(0x40002008u)
#define TIMER_CONTROL_ONE_SHOT_32 (1u << 1 | 1u << 0)
#define TIMER_CONTROL_INTERRUPT (1u << 5)
#define TIMER_CONTROL_ENABLE (1u << 7)
#define TIMER1_INTCLR REG32(0x4000200Cu)

#define ETH_IRQ 13u
#define LAN(offset) REG32(0x40200000u + (offset))
#define LAN_RX_DATA LAN(0x00)
#define LAN_TX_DATA LAN(0x20)
#define LAN_RX_STATUS LAN(0x40)
#define RX_STATUS_ERROR (1u << 15)
#define RX_STATUS_LENGTH(s) ((s) >> 16 & 0x3FFFu)
#define LAN_TX_STATUS LAN(0x48)
#define LAN_ID_REV LAN(0x50)
#define LAN_IRQ_CFG LAN(0x54)
#define IRQ_CFG_ENABLE_ACTIVE_HIGH_PUSH_PULL 0x111u
#define LAN_INT_STS LAN(0x58)
#define LAN_INT_EN LAN(0x5C)
#define INT_RX_STATUS_LEVEL (1u << 3)
#define INT_RX_ERROR (1u << 14)
#define LAN_BYTE_TEST LAN(0x64)
#define BYTE_TEST_VALUE 0x87654321u
#define LAN_FIFO_INT LAN(0x68)
#define LAN_RX_CFG LAN(0x6C)
#define RX_CFG_DUMP (1u << 15)
#define LAN_TX_CFG LAN(0x70)
#define TX_CFG_ON (1u << 1)
#define TX_CFG_DUMP_DATA_AND_STATUS (3u << 14)
#define LAN_HW_CFG LAN(0x74)
#define HW_CFG_SOFT_RESET (1u << 0)
#define HW_CFG_MUST_BE_ONE (1u << 20)
#define HW_CFG_TX_FIFO_5KB (5u << 16)
#define LAN_RX_FIFO_INF LAN(0x7C)
#define RX_FIFO_FRAMES(inf) ((inf) >> 16 & 0xFFu)
#define LAN_TX_FIFO_INF LAN(0x80)
#define TX_FIFO_FREE(inf) ((inf) & 0xFFFFu)
#define TX_FIFO_STATUSES(inf) ((inf) >> 16 & 0xFFu)
#define LAN_PMT_CTRL LAN(0x84)
#define PMT_CTRL_READY (1u << 0)
#define LAN_MAC_CMD LAN(0xA4)
#define MAC_CMD_BUSY (1u << 31)
#define MAC_CMD_READ (1u << 30)
#define LAN_MAC_DATA LAN(0xA8)
#define LAN_E2P_CMD LAN(0xB0)
#define E2P_CMD_BUSY (1u << 31)

/* Behind LAN_MAC_CMD */
#define MAC_CR 1u
#define MAC_CR_FULL_DUPLEX (1u << 20)
#define MAC_CR_ALL_MULTICAST (1u << 19)
#define MAC_CR_TXEN (1u << 3)
#define MAC_CR_RXEN (1u << 2)
#define MAC_ADDRH 2u
#define MAC_ADDRL 3u
#define MAC_MII_ACC 6u
#define MII_ACC_PHY_1 (1u << 11)
#define MII_ACC_WRITE (1u << 1)
#define MII_ACC_BUSY (1u << 0)
#define MAC_MII_DATA 7u

#endif
