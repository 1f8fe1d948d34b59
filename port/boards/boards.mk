# A board as a target of firmware/image.mk. A folder with a board.mk is a board; its board.mk says:
#     BOARD_DESCRIPTION   one line for `make help`
#     BOARD_CPU_FLAGS     such as -mcpu=cortex-m3 -mthumb
#     BOARD_RAM_KB, BOARD_FLASH_KB
#     BOARD_LDSCRIPT      in the board's folder; it may INCLUDE what is in port/boards/common
#     BOARD_QEMU_MACHINE  where QEMU has it
#     BOARD_CFLAGS        more, if anything
#     BOARD_TLS_STACK     bytes of stack with TLS, if its linker script's default is less
# tests/bench says BOARD_NAME; else the target is the board
BOARD_DIR := port/boards/$(or $(BOARD_NAME),$(TARGET))
BOARD_CFLAGS :=
BOARD_TLS_STACK :=
include $(BOARD_DIR)/board.mk

TLS_SRCS :=
TLS_CFLAGS :=
TLS_LDFLAGS :=
$(if $(BOARD_NAME),,$(eval include port/boards/tls/tls.mk))

CROSS ?= arm-none-eabi-
CC := $(CROSS)gcc
AR := $(CROSS)ar
NM := $(CROSS)nm
RAM_KB := $(BOARD_RAM_KB)
# Of the C library only mem* and str* are used: newlib's small variant. The call graph with stack sizes is for
# `make size`.
CFLAGS := $(BOARD_CPU_FLAGS) --specs=nano.specs -Os -g -ffunction-sections -fdata-sections -fno-common \
          -fstack-usage -fcallgraph-info=su $(BOARD_CFLAGS) $(TLS_CFLAGS)
# A static address instead of DHCP:
#     make firmware NET_ADDRESS=192.168.1.20 NET_MASK=255.255.255.0 NET_GATEWAY=192.168.1.1
CFLAGS += $(foreach v,NET_ADDRESS NET_MASK NET_GATEWAY,$(if $($v),'-D$v="$($v)"'))
LDFLAGS := -nostartfiles -L$(BOARD_DIR) -Lport/boards/common -T $(BOARD_LDSCRIPT) \
           -Wl,--gc-sections -Wl,--fatal-warnings -Wl,-Map=build/$(TARGET)/$(NAME).map $(TLS_LDFLAGS)
TARGET_DIR := $(BOARD_DIR)
TARGET_SRCS := $(wildcard $(BOARD_DIR)/*.c port/boards/common/*.c) $(TLS_SRCS)
LINK_NEEDS := $(wildcard $(BOARD_DIR)/*.ld port/boards/common/*.ld)
INC.port/boards/common = $(API) $(LWIP_INC) $(call dirs,port/boards port/boards/common $(BOARD_DIR))
INC.$(BOARD_DIR) = $(INC.port/boards/common)
INC.port/boards/common/main.c = $(INC.port/boards/common) $(EVERYTHING) $(if $(WITH_TLS),$(call dirs,port/boards/tls))
IMAGE := build/$(TARGET)/$(NAME).elf

# A heap or printf in an image is a mistake: it must not get in unseen.
FORBIDDEN := ^_?(malloc|free|calloc|realloc|_malloc_r|sbrk|v?f?s?n?i?printf)
CHECK_IMAGE = bad=$$($(NM) $@ | awk '$$3 ~ /$(FORBIDDEN)$$/ {print $$3}'); if [ -n "$$bad" ]; then \
    echo "gram: $@ holds" $$bad ": firmware allocates and prints nothing" >&2; rm -f $@; exit 1; fi
