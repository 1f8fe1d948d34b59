# gram: everything that can be made. `make help` lists it, `make run` is where to start.
#
# What has to be there first (packages, third-party sources, Python): port/deps/deps.mk. How one image is
# compiled: firmware/image.mk, with firmware/core.mk and the target's host_sim/sim.mk or port/boards/boards.mk.
# Tests: tests/tests.mk and tests/run.py. V=1 shows the commands.

MAKEFLAGS += --no-print-directory --no-builtin-rules
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN)
endif
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

APPS := $(sort $(patsubst firmware/apps/%/app.mk,%,$(wildcard firmware/apps/*/app.mk)))
BOARDS := $(sort $(patsubst port/boards/%/board.mk,%,$(wildcard port/boards/*/board.mk)))

APP ?= users
BOARD ?= lm3s6965evb
PORT ?= 50051
ifneq ($(filter run sim posix firmware qemu,$(MAKECMDGOALS)),)
ifeq ($(filter $(APP),$(APPS)),)
$(error gram: there is no application '$(APP)': APP= is one of: $(APPS))
endif
endif
ifneq ($(filter firmware qemu,$(MAKECMDGOALS)),)
ifeq ($(filter $(BOARD),$(BOARDS)),)
$(error gram: there is no board '$(BOARD)': BOARD= is one of: $(BOARDS))
endif
endif
ifneq ($(shell [ "$(PORT)" -ge 1 ] 2>/dev/null && [ "$(PORT)" -le 65535 ] && echo yes),yes)
$(error gram: PORT=$(PORT) is no TCP port: PORT= is 1 to 65535)
endif

ifneq ($(filter-out 0 1,$(AUTH)),)
$(error gram: AUTH=$(AUTH): AUTH=1 is APP=users with tokens, roles and limits; without it nobody is asked)
endif
# An application's second configuration (its app.mk says what it is) is an image beside the first.
IMAGE := $(APP)$(if $(filter 1,$(AUTH)),-auth)

include port/deps/deps.mk

SOURCES_READY := $(LWIP_READY) $(NANOPB_READY) $(MBEDTLS_READY) $(STAMPS)/venv
FIRMWARE_READY := $(SOURCES_READY) $(STAMPS)/need-firmware
CHECK_READY := $(NANOPB_READY) $(CMOCKA_DIR)/.gram-pin $(STAMPS)/venv $(STAMPS)/need-check
TEST_READY := $(CHECK_READY) $(FIRMWARE_READY) $(STAMPS)/venv-test $(STAMPS)/need-qemu $(STAMPS)/need-fuzz

image = +@$(MAKE) -f firmware/image.mk TARGET=$1 APP=$2
# A port that is taken is said in one line, before anything starts.
port_free = @python3 port/deps/port_free.py $(PORT)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  APP=    $(APPS)"
	@for board in $(BOARDS); do \
	    printf '  BOARD=  %-12s %s\n' $$board "$$(sed -n 's/^BOARD_DESCRIPTION *:= *//p' port/boards/$$board/board.mk)"; done
	@echo "  PORT=   for run and qemu (50051)      V=1  shows commands"
	@echo "  AUTH=1  APP=users with bearer tokens, roles, limits, an audit log"
	@echo "  TLS=1   run, firmware, qemu: TLS; MTLS=1: clients show certificates; TLS_CERT= TLS_KEY= CLIENT_CA= files of yours"
	@echo "  LWIP_DIR= NANOPB_DIR= MBEDTLS_DIR=    checkouts of your own instead of the pinned sources"

# ---- run ----

# TLS=1 serves TLS with the certificates of `make certs`, MTLS=1 asks clients for theirs, too.
CERTS := build/certs
RUN_TLS := $(if $(TLS)$(MTLS),--tls-cert $(CERTS)/server.crt --tls-key $(CERTS)/server.key) $(if $(MTLS),--client-ca $(CERTS)/ca.crt)

run: sim $(if $(TLS)$(MTLS),certs) ## builds the simulator with APP and starts it on localhost:PORT (TLS=1, MTLS=1)
	@exec build/sim/$(IMAGE)$(TLS_VERSION:%=-tls%) --port $(PORT) $(RUN_TLS)

certs: $(STAMPS)/need-certs ## a CA, a server's and a client's certificate for development, in build/certs
	@sh port/tls/certs.sh $(CERTS)

sim: $(SOURCES_READY) ## builds build/sim/APP
	$(call image,sim,$(APP))

posix: $(SOURCES_READY) ## builds build/posix/APP, the same on Linux sockets
	$(call image,posix,$(APP))

# The certificates that an image is given, unless TLS_CERT= and the others name the user's own (port/boards/tls/tls.mk).
firmware: $(FIRMWARE_READY) $(if $(filter 1,$(TLS) $(MTLS)),$(if $(and $(TLS_CERT),$(TLS_KEY)),,certs)) ## builds build/BOARD/APP.elf (TLS=1, MTLS=1)
	$(call image,$(BOARD),$(APP))

MACHINE = $(or $(shell sed -n 's/^BOARD_QEMU_MACHINE *:= *//p' port/boards/$(BOARD)/board.mk),$(error \
    gram: QEMU has no $(BOARD): make firmware BOARD=$(BOARD), and flash it))

# TLS in QEMU has random numbers for emulation only: such an image has a name of its own.
SECURE := $(if $(filter 1,$(MTLS)),-mtls,$(if $(filter 1,$(TLS)),-tls))
SECURE := $(SECURE:%=%$(TLS_VERSION))
qemu: export EMULATION := 1
qemu: firmware $(STAMPS)/need-qemu ## runs that image in QEMU, reached at localhost:PORT
	$(port_free)
	@echo "gram: $(BOARD) in QEMU; localhost:$(PORT) leads to its port 50051; Ctrl-C ends it"
	@echo "  grpcurl $(if $(SECURE),-cacert $(CERTS)/ca.crt$(if $(filter -mtls%,$(SECURE)), -cert $(CERTS)/client.crt -key $(CERTS)/client.key),-plaintext) localhost:$(PORT) list"
	@exec qemu-system-arm -M $(MACHINE) \
	    -kernel build/$(BOARD)/$(IMAGE)$(SECURE:%=%-emulation).elf -display none -monitor none -serial stdio \
	    -nic user,hostfwd=tcp:127.0.0.1:$(PORT)-:50051

# ---- tests ----

check: $(CHECK_READY) ## the quick tests (unit, vectors, pair, model), in seconds
	@python3 tests/run.py --quick

test: $(TEST_READY) ## every test; the last line is "N passed, N failed"
	@$(PYTHON) tests/run.py

all-apps: $(FIRMWARE_READY) # every application on every target
	+@set -e; for target in sim $(BOARDS); do for app in $(APPS); do \
	    $(MAKE) -f firmware/image.mk TARGET=$$target APP=$$app; done; \
	    $(MAKE) -f firmware/image.mk TARGET=$$target APP=users AUTH=1; done

# What the tests and `make size` look at: the image that has to fit 128 KB, as a device gets it and as QEMU does, with each version, and mutual TLS.
tls-images: $(FIRMWARE_READY) certs
	$(call image,lm3s6965evb,greeter) TLS=1
	$(call image,lm3s6965evb,greeter) TLS=1 EMULATION=1
	$(call image,lm3s6965evb,greeter) TLS=1 EMULATION=1 TLS_VERSION=1.2
	$(call image,mps2-an385,users) MTLS=1 EMULATION=1

test-clients: all-apps $(STAMPS)/venv-test # grpcurl, Go, Node: what tests/interop calls with
	@PATH="$(CURDIR)/build/venv/bin:$$PATH" $(PYTHON) tests/interop/prepare.py

matrix: $(TEST_READY) test-clients ## every client against every target, and what takes long (not in test)
	@$(PYTHON) tests/run.py --matrix

coverage: $(CHECK_READY) $(STAMPS)/venv-test ## lines and branches of the core that the quick tests reach
	@$(PYTHON) tests/run.py --only coverage

MODEL_CONFIGS := small default $(if $(filter x86_64 amd64,$(shell uname -m)),m32)
model: $(CHECK_READY) ## random clients against a reference model: STEPS (1000000) from SEED (1)
	+@set -e; for config in $(MODEL_CONFIGS); do $(MAKE) -f tests/tests.mk CONFIG=$$config model; echo "configuration $$config:"; \
	    build/test/$$config/bin/model/model --seed $(or $(SEED),1) --steps $(or $(STEPS),1000000) --verbose; done

bench-image: $(FIRMWARE_READY) $(STAMPS)/need-qemu
	$(call image,bench,greeter)

bench: bench-image $(STAMPS)/need-bench ## instructions of a call on a Cortex-M3 (PROFILE=1: by function)
	$(call image,posix,greeter)
	@python3 tests/bench/bench.py $(if $(PROFILE),--profile $(PROFILE))

METERED = $(call image,lm3s6965evb,greeter) EMULATION=1 METER=1
bench-tls-images: $(FIRMWARE_READY) $(STAMPS)/need-qemu certs
	$(METERED) TLS=1
	$(METERED) TLS=1 TLS_VERSION=1.2
	$(METERED) MTLS=1

bench-tls: bench-tls-images ## instructions of handshakes and records on a Cortex-M3, beside docs/security.md
	@python3 tests/firmware/tls_meter.py

fuzz: $(CHECK_READY) $(STAMPS)/need-fuzz ## every fuzzer for SECONDS (60)
	@python3 tests/run.py --only fuzz --seconds $(or $(SECONDS),60)

size-objects: all-apps tls-images # what size looks at
	+@$(MAKE) -f tests/tests.mk CONFIG=m3

size: size-objects $(STAMPS)/venv-test ## flash, RAM and stack by folder, struct and image, beside their budgets
	@$(PYTHON) tests/size.py $(APPS) users-auth -- $(BOARDS)
	@printf '\nWhat limits and options cost (docs/costs.md)\n'; $(PYTHON) tests/knobs.py

lint: $(STAMPS)/need-lint $(CHECK_READY) ## cppcheck, clang-tidy, gcc -fanalyzer
	@python3 tests/lint.py

# ---- clean ----

clean: ## removes what was built, keeps what was fetched
	@rm -rf $(filter-out build/deps build/venv build/tools build/stamps,$(wildcard build/*))

distclean: ## removes all of build/
	@rm -rf build

.PHONY: help run certs sim posix firmware qemu check test matrix all-apps test-clients coverage model fuzz bench bench-image bench-tls bench-tls-images \
        tls-images size-objects size lint clean distclean
