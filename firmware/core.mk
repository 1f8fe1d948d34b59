# How a source file of gram is compiled, whatever the target. Included by firmware/image.mk and tests/tests.mk, which
# say before: OBJ (where objects go), CC, AR, NM, CFLAGS, CONFIG_DIRS (the folders of gram_app_config.h and
# gram_target_config.h).
#
# INC.<folder> lists what the files of that folder may include, and nothing else is on their path: an include
# that points the wrong way does not compile. INC.<folder>/<file>.c is for a single file.

LWIP_DIR ?= build/deps/lwip
NANOPB_DIR ?= build/deps/nanopb
MBEDTLS_DIR ?= build/deps/mbedtls
CMOCKA_DIR ?= build/deps/cmocka

Q := $(if $(V),,@)
say = $(if $(V),:,printf '  %-8s %s\n' $1 '$2')

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wundef -Wstrict-prototypes -Werror
# gcc cannot see through its own sanitizers that a cast says what is meant; the same sources are compiled without them, too.
WARNINGS += $(if $(findstring -fsanitize,$(CFLAGS)),-Wno-conversion)
# Seen by nanopb, its generated code and grpc_codec.c alike: they must agree.
PB_FLAGS := -DPB_VALIDATE_UTF8

dirs = $(addprefix -I,$1)
GEN := build/gen
API := $(call dirs,firmware/include $(CONFIG_DIRS))
NANOPB_INC := -isystem $(NANOPB_DIR)
LWIP_INC := -isystem $(LWIP_DIR)/src/include $(call dirs,port/lwip port/pipe)
# MBEDTLS_CONFIG_FILE is ours, and reads the target's limits.
MBEDTLS_FLAGS = -isystem $(MBEDTLS_DIR)/include '-DMBEDTLS_CONFIG_FILE="gram_mbedtls_config.h"' $(call dirs,port/tls)
TLS_INC = $(MBEDTLS_FLAGS) $(call dirs,port/pipe)

INC.firmware/util := $(API) $(call dirs,firmware/util)
INC.firmware/hpack := $(API) $(call dirs,firmware/util firmware/hpack)
INC.firmware/h2 := $(API) $(call dirs,firmware/util firmware/hpack firmware/h2)
INC.firmware/grpc := $(API) $(call dirs,firmware/util firmware/hpack firmware/h2 firmware/grpc)
INC.firmware/grpc/grpc_codec.c := $(INC.firmware/grpc) $(NANOPB_INC)
INC.firmware/services := $(API) $(call dirs,$(GEN)) $(NANOPB_INC)
INC.firmware/interceptors := $(API)
INC.firmware/apps = $(API) $(call dirs,$(GEN)) $(NANOPB_INC)
INC.$(GEN) := $(API) $(call dirs,$(GEN)) $(NANOPB_INC)
INC.port/lwip := $(API) $(LWIP_INC)
INC.port/pipe := $(API) $(call dirs,port/pipe)
INC.port/tls = $(API) $(TLS_INC)

# The list for a file: its own, its folder's, or that of the nearest folder above.
up = $(patsubst %/,%,$(dir $1))
inc = $(if $(filter . ./,$1),$(error no INC list for $2),$(or $(INC.$1),$(call inc,$(call up,$1),$2)))
includes = $(call inc,$1,$1)

objects = $(patsubst %.c,$(OBJ)/%.o,$1)
CORE_SRCS := $(sort $(foreach d,util hpack h2 grpc,$(wildcard firmware/$d/*.c)))
CORE := $(OBJ)/libgram.a

# -MD, not -MMD: lwipopts.h is read by lwIP's headers, which are -isystem, and -MMD would leave it out.
$(OBJ)/%.o: %.c $(OBJ)/flags
	$(Q)mkdir -p $(@D)
	@$(call say,CC,$<)
	$(Q)$(CC) -std=c11 $(CFLAGS) $(PB_FLAGS) $(if $(filter %.pb.c,$<),-w,$(WARNINGS)) $(call includes,$<) -MD -MP -c $< -o $@

# Other people's code: as it is, without our warnings.
$(OBJ)/nanopb/%.o: $(NANOPB_DIR)/%.c $(OBJ)/flags
	$(Q)mkdir -p $(@D)
	@$(call say,CC,nanopb/$*.c)
	$(Q)$(CC) -std=c11 $(CFLAGS) $(PB_FLAGS) -w -I$(NANOPB_DIR) -MD -MP -c $< -o $@

$(OBJ)/lwip/%.o: $(LWIP_DIR)/src/%.c $(OBJ)/flags
	$(Q)mkdir -p $(@D)
	@$(call say,CC,lwip/$*.c)
	$(Q)$(CC) -std=c11 $(CFLAGS) -w $(LWIP_INC) $(API) -MD -MP -c $< -o $@

# Mbed TLS knows of gram only the target's TLS limits, so its objects serve all applications of a target (MBEDTLS_OBJ). Which files are
# empty is for gram_mbedtls_config.h to say.
MBEDTLS_OBJ ?= $(OBJ)/mbedtls
MBEDTLS_CFLAGS ?= $(CFLAGS) $(call dirs,$(TARGET_DIR))
$(MBEDTLS_OBJ)/%.o: $(MBEDTLS_DIR)/library/%.c $(MBEDTLS_OBJ)/flags
	@$(call say,CC,mbedtls/$*.c)
	$(Q)$(CC) -std=c11 $(MBEDTLS_CFLAGS) -w $(MBEDTLS_FLAGS) -MD -MP -c $< -o $@
MBEDTLS_SRCS = $(filter-out %/net_sockets.c %/timing.c %/psa_its_file.c,$(wildcard $(MBEDTLS_DIR)/library/*.c))
MBEDTLS := $(MBEDTLS_OBJ)/libmbedtls.a
MBEDTLS_OBJS = $(patsubst $(MBEDTLS_DIR)/library/%.c,$(MBEDTLS_OBJ)/%.o,$(MBEDTLS_SRCS))
$(MBEDTLS): $(MBEDTLS_OBJS)
	@$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(MBEDTLS_OBJ)/flags: FORCE
	@$(call record,$(CC) $(MBEDTLS_CFLAGS) $(MBEDTLS_DIR))

NANOPB_OBJS := $(addprefix $(OBJ)/nanopb/,pb_common.o pb_decode.o pb_encode.o)
LWIP_SRCS := $(foreach d,core core/ipv4 core/ipv6,$(wildcard $(LWIP_DIR)/src/$d/*.c)) $(LWIP_DIR)/src/netif/ethernet.c
LWIP_OBJS := $(patsubst $(LWIP_DIR)/src/%.c,$(OBJ)/lwip/%.o,$(LWIP_SRCS))

# An archive is made anew when a source file comes or goes, too.
$(CORE): $(call objects,$(CORE_SRCS)) $(OBJ)/core.list
	@$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# $(call record,text): a file that changes only when its text does.
record = mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$1)' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$1)' > $@
$(OBJ)/core.list: FORCE
	@$(call record,$(CORE_SRCS))
$(OBJ)/flags: FORCE
	@$(call record,$(CC) $(CFLAGS) $(PB_FLAGS) $(WARNINGS) $(CONFIG_DIRS) $(NANOPB_DIR) $(LWIP_DIR))

# Generated code. $(call generate,NAME,PROTOS): makes build/gen/NAME.mk, which sets GEN_SRCS, and is included.
PROTO_TOOL := $(wildcard proto/protoc-gen-gram/*.py)
define generate
$(GEN)/$1.options-list: FORCE # an options file that comes or goes counts, too
	@$$(call record,$(wildcard $(patsubst %,proto/%.options,$2)))
$(GEN)/$1.mk: $(patsubst %,proto/%.proto,$2) $(wildcard $(patsubst %,proto/%.options,$2)) $(GEN)/$1.options-list $(PROTO_TOOL) $3
	$(Q)mkdir -p $(GEN)
	@$$(call say,PROTO,$2)
	$(Q)flock $(GEN)/.lock build/venv/bin/python proto/protoc-gen-gram/generate.py -I proto --out $(GEN) \
	    --list $(GEN)/$1.list --depfile $(GEN)/$1.list.d $(patsubst %,proto/%.proto,$2)
	$(Q)printf 'GEN_SRCS := %s\n' "$$$$(tr '\n' ' ' < $(GEN)/$1.list)" > $$@
$(GEN)/$1.list: $(GEN)/$1.mk ;
include $(GEN)/$1.mk
-include $(GEN)/$1.list.d
endef

.PHONY: FORCE
.DELETE_ON_ERROR:
