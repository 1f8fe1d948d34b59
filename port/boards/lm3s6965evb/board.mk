BOARD_DESCRIPTION := Stellaris LM3S6965 evaluation kit: Cortex-M3, 64 KB RAM, Ethernet (and QEMU)
BOARD_CPU_FLAGS := -mcpu=cortex-m3 -mthumb
BOARD_RAM_KB := 64
BOARD_FLASH_KB := 256
BOARD_LDSCRIPT := lm3s6965evb.ld
BOARD_QEMU_MACHINE := lm3s6965evb
