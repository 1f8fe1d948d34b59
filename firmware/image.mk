# One image: an application on a target. `make -f firmware/image.mk TARGET=sim APP=users` (the Makefile calls it, when
# all that has to be fetched is there). Makes build/<target>/<app> or build/<target>/<app>.elf.
#
# An application says in firmware/apps/<app>/app.mk:  PROTOS        its .proto files, without proto/ and .proto
#                                                     SERVICES      of firmware/services, such as health reflection
#                                                     INTERCEPTORS  of firmware/interceptors, such as log
# and for a second configuration, such as AUTH=1:     VARIANT       what is appended to the image's name
#                                                     DEFINES       macros for all of the image, so that limits may differ
#                                                     SOURCES       more .c files, of folders below its own
# A target (host_sim/sim.mk, port/posix/posix.mk, tests/wire/wire.mk, port/boards/boards.mk) says: CC AR NM CFLAGS LDFLAGS RAM_KB, TARGET_DIR (folders where its
#     gram_target_config.h and lwipopts_target.h are), TARGET_SRCS and their INC lists, IMAGE (the file to make), LINK_NEEDS
#     (what else it is linked from) and CHECK_IMAGE (a command that looks at it); WITHOUT_LWIP := yes where its transport is another; WITH_TLS := yes
#     where port/tls and Mbed TLS are part of it (GRAM_TLS is 1 then, else 0).

all:

APP_DIR := firmware/apps/$(APP)
PROTOS :=
SERVICES :=
INTERCEPTORS :=
VARIANT :=
DEFINES :=
SOURCES :=
include $(APP_DIR)/app.mk
ifeq ($(AUTH)$(VARIANT),1)
$(error gram: AUTH=1: there is no such configuration of $(APP): APP=users has one)
endif
NAME := $(APP)$(VARIANT)
OBJ := build/$(TARGET)/obj/$(NAME)
# what a service needs besides its own source (its .proto files)
-include $(patsubst %,firmware/services/%.mk,$(SERVICES))

TARGET_MK.sim := host_sim/sim.mk
TARGET_MK.posix := port/posix/posix.mk
TARGET_MK.wire := tests/wire/wire.mk
TARGET_MK.bench := tests/bench/bench.mk
WITHOUT_LWIP :=
WITH_TLS :=
SECURE :=
# TLS_VERSION=1.2 or 1.3: that version of TLS alone, in an image of its own
ifneq ($(filter-out 1.2 1.3,$(TLS_VERSION)),)
$(error gram: TLS_VERSION=$(TLS_VERSION): there are 1.3 and 1.2)
endif
TLS_ONE_VERSION := $(if $(TLS_VERSION),-DGRAM_TLS_1_3=$(if $(filter 1.3,$(TLS_VERSION)),1,0) -DGRAM_TLS_1_2=$(if $(filter 1.2,$(TLS_VERSION)),1,0))
include $(or $(TARGET_MK.$(TARGET)),port/boards/boards.mk)

# Mbed TLS's objects serve all applications of a target: nothing of the application is in their flags
CFLAGS += -DGRAM_RAM_KB=$(RAM_KB) -DGRAM_TLS=$(if $(WITH_TLS),1,0)
MBEDTLS_OBJ := build/$(TARGET)/obj/mbedtls$(SECURE)
MBEDTLS_CFLAGS := $(CFLAGS) $(addprefix -I,$(TARGET_DIR))
CFLAGS += $(addprefix -D,$(DEFINES))
CONFIG_DIRS := $(APP_DIR) $(TARGET_DIR)
include firmware/core.mk
INC.$(APP_DIR) := $(API) $(call dirs,$(APP_DIR) $(GEN)) $(NANOPB_INC)
EVERYTHING := $(INC.firmware/grpc) $(call dirs,$(GEN)) $(NANOPB_INC) $(LWIP_INC) $(if $(WITH_TLS),$(TLS_INC))

ifneq ($(words $(PROTOS)),$(words $(wildcard $(PROTOS:%=proto/%.proto))))
$(error gram: $(APP_DIR)/app.mk, PROTOS: there is no $(filter-out $(wildcard $(PROTOS:%=proto/%.proto)),$(PROTOS:%=proto/%.proto)))
endif
ifeq ($(wildcard $(APP_DIR)/*.c),)
$(error gram: $(APP_DIR) has no .c file: one of them defines gram_app)
endif
$(eval $(call generate,$(APP),$(sort $(PROTOS)),$(APP_DIR)/app.mk))

# $(call option,FOLDER,NAME): NAME.c and its NAME_*.c
option = $(or $(wildcard firmware/$1/$2.c firmware/$1/$2_*.c),$(error gram: $(APP_DIR)/app.mk wants '$2': there is no firmware/$1/$2.c))

SRCS := $(wildcard $(APP_DIR)/*.c) $(addprefix $(APP_DIR)/,$(SOURCES)) $(GEN_SRCS) firmware/interceptors/status_name.c $(foreach i,$(INTERCEPTORS),$(call option,interceptors,$i)) \
        $(foreach s,$(SERVICES),$(call option,services,$s)) $(if $(WITHOUT_LWIP),,$(wildcard port/lwip/*.c)) port/pipe/pipe_plain.c \
        $(if $(WITH_TLS),$(wildcard port/tls/*.c)) $(TARGET_SRCS)
OBJS := $(call objects,$(SRCS)) $(NANOPB_OBJS) $(if $(WITHOUT_LWIP),,$(LWIP_OBJS))

all: $(IMAGE)

# generated headers first, then what includes them
$(call objects,$(SRCS)): | $(GEN)/$(APP).mk

$(IMAGE): $(OBJS) $(CORE) $(if $(WITH_TLS),$(MBEDTLS)) $(OBJ)/image.list $(LINK_NEEDS)
	$(Q)mkdir -p $(@D)
	@$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(OBJS) $(CORE) $(if $(WITH_TLS),$(MBEDTLS)) $(LDFLAGS) -o $@
	$(Q)$(CHECK_IMAGE)

$(OBJ)/image.list: FORCE
	@$(call record,$(OBJS) $(LDFLAGS))

-include $(OBJS:.o=.d) $(if $(WITH_TLS),$(MBEDTLS_OBJS:.o=.d)) $(patsubst %.o,%.d,$(call objects,$(CORE_SRCS)))
