# The sockets port as a target of firmware/image.mk: a process on Linux, without lwIP.
CC := $(or $(HOST_CC),gcc)
AR := ar
NM := nm
RAM_KB := 65536
CFLAGS := -O2 -g $(TLS_ONE_VERSION)
LDFLAGS :=
WITHOUT_LWIP := yes
WITH_TLS := yes
TARGET_DIR := port/posix
TARGET_SRCS := $(wildcard port/posix/*.c)
INC.port/posix = $(API) $(call dirs,port/posix port/pipe)
INC.port/posix/tls_files.c = $(INC.port/posix) $(TLS_INC)
INC.port/posix/main.c = $(INC.port/posix) $(EVERYTHING)
SECURE := $(TLS_VERSION:%=-tls%)
NAME := $(NAME)$(SECURE)
OBJ := build/posix/obj/$(NAME)
IMAGE := build/posix/$(NAME)
LINK_NEEDS :=
CHECK_IMAGE := :
