# The lossy-wire test as a target of firmware/image.mk: the application greeter, the core and the lwIP port
# on a wire that is no network at all, under a virtual clock, with sanitizers.
CC := $(or $(HOST_CC),gcc)
AR := ar
NM := nm
# the application's limits of a small device
RAM_KB := 64
CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS := -lnghttp2
TARGET_DIR := tests/wire
TARGET_SRCS := $(wildcard tests/wire/*.c) host_sim/wire.c
# host_sim, for wire.h, comes last: it has a lwipopts_target.h and a gram_target_config.h of its own
INC.tests/wire = $(EVERYTHING) $(call dirs,tests/wire) -idirafter host_sim
INC.host_sim/wire.c = $(call dirs,host_sim)
IMAGE := build/test/wire/wire
LINK_NEEDS :=
CHECK_IMAGE := :
