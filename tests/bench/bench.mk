# The benchmark as a target of firmware/image.mk: an application and the core on a Cortex-M3 without a
# network; calls come from memory. It starts as a board does, mps2-an385, and is compiled like it; the limits
# are those of the smallest board, LIMITS=mps2-an385 takes others.
LIMITS ?= lm3s6965evb
BOARD_NAME := mps2-an385
include port/boards/boards.mk

RAM_KB := $(shell sed -n 's/^BOARD_RAM_KB *:= *//p' port/boards/$(LIMITS)/board.mk)
WITHOUT_LWIP := yes
TARGET_DIR := port/boards/$(LIMITS)
TARGET_SRCS := $(wildcard tests/bench/*.c) port/boards/common/startup_cortex_m.c port/boards/common/fault.c
INC.tests/bench = $(EVERYTHING) $(call dirs,port/boards port/boards/common $(BOARD_DIR))
