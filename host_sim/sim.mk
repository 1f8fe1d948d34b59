# The simulator as a target of firmware/image.mk.
CC := $(or $(HOST_CC),gcc)
AR := ar
NM := nm
RAM_KB := 65536
CFLAGS := -O2 -g $(TLS_ONE_VERSION)
LDFLAGS := -lslirp
WITH_TLS := yes
# port/posix: what programs on a host share, limits and console
TARGET_DIR := host_sim port/posix
TARGET_SRCS := $(wildcard host_sim/*.c) port/posix/console.c port/posix/alarm.c port/posix/tls_files.c
INC.host_sim = $(API) $(LWIP_INC) $(call dirs,host_sim port/posix)
INC.host_sim/main.c = $(INC.host_sim) $(EVERYTHING)
INC.port/posix = $(API)
INC.port/posix/tls_files.c = $(API) $(call dirs,port/posix) $(TLS_INC)
SECURE := $(TLS_VERSION:%=-tls%)
NAME := $(NAME)$(SECURE)
OBJ := build/sim/obj/$(NAME)
IMAGE := build/sim/$(NAME)
LINK_NEEDS :=
CHECK_IMAGE := :
