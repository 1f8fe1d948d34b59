# The C tests in one configuration: `make -f tests/tests.mk CONFIG=default`. A test is a program of one file,
# tests/<suite>/test_*.c, linked with what it needs of libgram.a, tests/support/*.c and cmocka. It may include everything.
# tests/model/*.c is one program, without cmocka.
#
#   default         config.h's defaults, not optimised, with coverage counters
#   small           the smallest limits there may be
#   m32             the defaults on 32 bits
#   sanitize        the defaults under AddressSanitizer and UndefinedBehaviorSanitizer
#   sanitize-small  the smallest under both
#   sanitize-tight  the smallest with metadata under both: tests of metadata only
#   fuzz            tests/fuzz/fuzz_*.c with clang's fuzzer under both
#   tls             tests/tls/test_*.c, with Mbed TLS as server and client, under both sanitizers
#   tls-m32         the same on 32 bits without them, with AES before ChaCha20: the figures of memory are a board's
#   m3              the core's objects for Cortex-M3 as greeter on lm3s6965evb has them, for size and symbols; no tests
#   analyze         the core's objects under gcc -fanalyzer; no tests
#
# test_nghttp2_*.c and support/nghttp2_*.c need libnghttp2, which a 64-bit machine has for 64 bits only: not in m32.

all:

# What tests may use of generated code, services and interceptors.
TEST_PROTOS := greeter grpc/health/v1/health grpc/reflection/v1/reflection grpc/reflection/v1alpha/reflection

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPTIONS.default := -O0 -g --coverage
OPTIONS.small := -O2 -g
OPTIONS.m32 := -O2 -g -m32
OPTIONS.sanitize := -O1 -g $(SANITIZE)
OPTIONS.sanitize-small := -O1 -g $(SANITIZE)
OPTIONS.sanitize-tight := -O1 -g $(SANITIZE)
OPTIONS.fuzz := -O1 -g $(SANITIZE)
OPTIONS.m3 := -mcpu=cortex-m3 -mthumb --specs=nano.specs -Os -g -ffunction-sections -fdata-sections -fstack-usage -fcallgraph-info=su
# a name that is known always has a string: what the analyzer cannot know
OPTIONS.analyze := -O1 -fanalyzer -Wno-analyzer-null-argument
OPTIONS.tls := -O1 -g $(SANITIZE)
OPTIONS.tls-m32 := -O2 -g -m32 -DGRAM_TLS_PREFER_AES=1
WITH_TLS := $(findstring tls,$(CONFIG))
LIMITS := $(or $(findstring small,$(CONFIG)),$(findstring tight,$(CONFIG)),$(WITH_TLS),default)

CC := $(or $(HOST_CC),gcc)
AR := ar
ifeq ($(CONFIG),fuzz)
CC := $(firstword $(foreach n,"" -22 -21 -20 -19 -18 -17 -16 -15 -14,$(shell command -v clang$n)))
OPTIONS.fuzz += -fsanitize=fuzzer-no-link
endif
ifeq ($(CONFIG),m3)
CC := arm-none-eabi-gcc
AR := arm-none-eabi-ar
endif

OUT := build/test/$(CONFIG)
OBJ := $(OUT)/obj
CFLAGS := $(OPTIONS.$(CONFIG)) -DGRAM_RAM_KB=64 $(if $(WITH_TLS),-DGRAM_TLS=1 -DGRAM_TLS_CLIENT=1)
# m3 measures what the smallest board runs
CONFIG_DIRS := $(if $(filter m3,$(CONFIG)),firmware/apps/greeter port/boards/lm3s6965evb,tests/config/$(LIMITS))
TARGET_DIR := $(lastword $(CONFIG_DIRS))
include firmware/core.mk

ifeq ($(CONFIG),fuzz)
# clang takes "text" + n for a mistake
WARNINGS += -Wno-string-plus-int
endif

TEST_INC = $(INC.firmware/grpc) $(call dirs,firmware/services tests/support $(GEN)) $(NANOPB_INC) \
           -isystem $(CMOCKA_DIR)/include $(if $(WITH_TLS),$(TLS_INC) $(call dirs,tests/tls))
INC.tests = $(TEST_INC)

ifneq ($(filter m3 analyze,$(CONFIG)),)
all: $(CORE)
else

WITHOUT := $(if $(filter m32,$(CONFIG)),nghttp2_)
usable = $(if $(WITHOUT),$(foreach f,$1,$(if $(findstring $(WITHOUT),$(notdir $f)),,$f)),$1)
SUPPORT := $(call usable,$(wildcard tests/support/*.c))

ifneq ($(TEST_PROTOS),)
$(eval $(call generate,tests,$(TEST_PROTOS),tests/tests.mk))
endif
# details does not compile without metadata
HELP_SRCS := $(SUPPORT) $(GEN_SRCS) $(wildcard firmware/interceptors/*.c) \
             $(filter-out $(if $(filter small tls,$(LIMITS)),%/details.c),$(wildcard firmware/services/*.c)) \
             $(if $(WITH_TLS),$(wildcard port/tls/*.c tests/tls/tls_*.c))
HELP := $(OUT)/libhelp.a
HELP_OBJS := $(call objects,$(HELP_SRCS)) $(NANOPB_OBJS)

comma := ,
# what holds with any size of metadata
TIGHT := random sent
ifeq ($(CONFIG),fuzz)
TESTS := $(wildcard tests/fuzz/fuzz_*.c)
LINK := -fsanitize=fuzzer
else
TESTS := $(if $(filter tight,$(LIMITS)),$(foreach t,$(TIGHT),tests/pair/test_metadata_$t.c), \
           $(call usable,$(foreach s,$(if $(WITH_TLS),tls,unit vectors pair),$(wildcard tests/$s/test_*.c))))
CMOCKA := $(OBJ)/cmocka.o
LINK := $(if $(WITH_TLS),-Wl$(comma)--wrap=mbedtls_ssl_tls13_write_record_size_limit_ext)
endif
PROGRAMS := $(patsubst tests/%.c,$(OUT)/bin/%,$(TESTS))

ifneq ($(CONFIG),fuzz)
MODEL_SRCS := $(wildcard tests/model/*.c)
MODEL := $(OUT)/bin/model/model
endif

all: $(PROGRAMS) $(MODEL)
.PHONY: all model

$(call objects,$(TESTS) $(HELP_SRCS) $(MODEL_SRCS)): | $(if $(TEST_PROTOS),$(GEN)/tests.mk)

CMOCKA_HAS := ASSERT_H INTTYPES_H SETJMP_H SIGNAL_H STDARG_H STDDEF_H STDINT_H STDIO_H STDLIB_H STRING_H STRINGS_H \
              SYS_STAT_H SYS_TYPES_H TIME_H UNISTD_H MALLOC_H MALLOC CALLOC EXIT FPRINTF SNPRINTF VSNPRINTF FREE LONGJMP \
              SETJMP SIGNAL STRSIGNAL STRUCT_TIMESPEC CLOCK_GETTIME GCC_THREAD_LOCAL_STORAGE
$(OBJ)/cmocka.o: $(CMOCKA_DIR)/src/cmocka.c $(OBJ)/flags
	@$(call say,CC,cmocka.c)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(filter-out --coverage,$(CFLAGS)) -w $(addprefix -DHAVE_,$(CMOCKA_HAS)) \
	    -I$(CMOCKA_DIR)/include -MMD -MP -c $< -o $@

$(HELP): $(HELP_OBJS) $(OBJ)/help.list
	@$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(HELP_OBJS)
$(OBJ)/help.list: FORCE
	@$(call record,$(HELP_OBJS))

$(PROGRAMS): $(OUT)/bin/%: $(OBJ)/tests/%.o $(HELP) $(CORE) $(CMOCKA) $(if $(WITH_TLS),$(MBEDTLS))
	$(Q)mkdir -p $(@D)
	@$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $< $(CMOCKA) $(HELP) $(CORE) $(HELP) $(if $(WITH_TLS),$(MBEDTLS) $(HELP) $(MBEDTLS)) $(LINK) $(if $(findstring nghttp2_,$(@F)),-lnghttp2) -o $@

model: $(MODEL)
$(MODEL): $(call objects,$(MODEL_SRCS)) $(HELP) $(CORE)
	$(Q)mkdir -p $(@D)
	@$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(call objects,$(MODEL_SRCS)) $(HELP) $(CORE) $(HELP) -o $@
endif

-include $(if $(WITH_TLS),$(MBEDTLS_OBJS:.o=.d)) $(patsubst %.o,%.d,$(call objects,$(CORE_SRCS) $(TESTS) $(HELP_SRCS) $(MODEL_SRCS)) $(NANOPB_OBJS) $(CMOCKA))
