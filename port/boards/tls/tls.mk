# TLS in a board's image, included by port/boards/boards.mk:
#     TLS=1               BOARD's TLS limits are in its gram_target_config.h
#     MTLS=1              and clients must show a certificate of CLIENT_CA
#     TLS_VERSION=1.2     one version, 1.3 or 1.2, instead of what the board's limits say
#     TLS_CERT= TLS_KEY=  files of your own, PEM or DER, instead of those of `make certs`; CLIENT_CA= likewise
#     EMULATION=1         random numbers that are none, for QEMU only (emulation_only_entropy.c); `make qemu` sets it.
#                         Without it they come from board_entropy(), or TLS does not start.
# Each is an image of its own: users-mtls.elf, greeter-tls1.2-emulation.elf.
ifneq ($(filter-out 0 1,$(TLS) $(MTLS) $(EMULATION)),)
$(error gram: TLS=, MTLS= and EMULATION= are 1, or left out)
endif

SECURE := $(if $(filter 1,$(MTLS)),-mtls,$(if $(filter 1,$(TLS)),-tls))
ifneq ($(SECURE),)
SECURE := $(SECURE)$(TLS_VERSION)
NAME := $(NAME)$(SECURE)$(if $(filter 1,$(EMULATION)),-emulation)$(if $(filter 1,$(METER)),-meter)
OBJ := build/$(TARGET)/obj/$(NAME)
WITH_TLS := yes

TLS_DIR := port/boards/tls
TLS_CERT ?= build/certs/server.crt
TLS_KEY ?= build/certs/server.key
CLIENT_CA ?= build/certs/ca.crt
TLS_FILES := $(TLS_CERT) $(TLS_KEY) $(if $(filter 1,$(MTLS)),$(CLIENT_CA))
TLS_CREDENTIALS := $(OBJ)/credentials.c
TLS_SRCS := $(TLS_DIR)/board_tls.c $(TLS_DIR)/$(if $(filter 1,$(EMULATION)),emulation_only,hardware)_entropy.c $(TLS_CREDENTIALS)
TLS_CFLAGS := -DGRAM_TLS_NO_PRINTF -DGRAM_TLS_CLIENT_AUTH=$(if $(filter 1,$(MTLS)),1,0) $(TLS_ONE_VERSION)
# Elliptic curves take more stack than all the rest.
TLS_LDFLAGS := $(BOARD_TLS_STACK:%=-Wl,--defsym=STACK_SIZE=%)
# METER=1: for tests/firmware/tls_meter.py
ifeq ($(METER),1)
TLS_SRCS += tests/firmware/tls_meter.c
TLS_LDFLAGS += -Wl,--wrap=board_tls_pipe
INC.tests/firmware = $(API) $(TLS_INC) $(call dirs,port/boards port/boards/common $(TLS_DIR))
endif
INC.$(TLS_DIR) = $(API) $(TLS_INC) $(call dirs,port/boards port/boards/common $(TLS_DIR))
INC.$(OBJ) = $(INC.$(TLS_DIR))

$(TLS_CREDENTIALS): $(wildcard $(TLS_FILES)) $(OBJ)/credentials.list $(TLS_DIR)/credentials.py
	@python3 $(TLS_DIR)/credentials.py $@ $(TLS_FILES)
$(OBJ)/credentials.list: FORCE
	@$(call record,$(TLS_FILES))
endif
