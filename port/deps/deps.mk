# What has to be on the machine, or under build/, before anything is compiled. Each line of it is a stamp file
# in build/stamps, made once: a second make looks at the stamps only and touches no network. build/deps,
# build/venv and build/tools outlive `make clean`.

STAMPS := build/stamps

# A checkout of the user's own is taken as it is; otherwise the pinned source is fetched.
ifdef LWIP_DIR
LWIP_READY := $(LWIP_DIR)/src/core/tcp.c
endif
ifdef NANOPB_DIR
NANOPB_READY := $(NANOPB_DIR)/pb_decode.c
endif
ifdef MBEDTLS_DIR
MBEDTLS_READY := $(MBEDTLS_DIR)/library/ssl_tls.c
endif
LWIP_DIR ?= build/deps/lwip
NANOPB_DIR ?= build/deps/nanopb
MBEDTLS_DIR ?= build/deps/mbedtls
CMOCKA_DIR := build/deps/cmocka
LWIP_READY ?= $(LWIP_DIR)/.gram-pin
NANOPB_READY ?= $(NANOPB_DIR)/.gram-pin
MBEDTLS_READY ?= $(MBEDTLS_DIR)/.gram-pin
export LWIP_DIR NANOPB_DIR MBEDTLS_DIR CMOCKA_DIR

PYTHON := build/venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A Node that is not the distribution's knows nothing of the authorities that the machine trusts.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
NODE_EXTRA_CA_CERTS ?= /etc/ssl/certs/ca-certificates.crt
export NODE_EXTRA_CA_CERTS
endif

# Packages of the system, by what they are for (port/deps/need.py has the list).
NEED.test := run certs firmware qemu check fuzz
$(STAMPS)/need-%: port/deps/need.py
	@mkdir -p $(@D)
	@flock $(@D)/.lock python3 port/deps/need.py $(or $(NEED.$*),$*)
	@touch $@

# `make test` needs them all, and says so at once.
ifneq ($(filter test,$(MAKECMDGOALS)),)
$(addprefix $(STAMPS)/need-,$(NEED.test)): | $(STAMPS)/need-test
endif

# Sources. Fetched one after the other, since apt's state is one; after the packages, since those may ask for
# a password.
build/deps/%/.gram-pin: port/deps/fetch.py | $(STAMPS)/need-run
	@mkdir -p build/deps
	@flock build/deps/.lock python3 port/deps/fetch.py $*

$(filter-out build/deps/%,$(LWIP_READY) $(NANOPB_READY) $(MBEDTLS_READY)):
	@echo "gram: no $@: is the directory named on the command line the root of the sources?" >&2; exit 1

# Python: the generator's packages, and on top of them those of the tests. A venv cannot be moved, so it is
# made again when the checkout has been.
VENV_HOME := $(abspath build/venv)

$(STAMPS)/venv: port/deps/requirements.txt | $(STAMPS)/need-run
	@echo "gram: preparing build/venv (the code generator)"
	@grep -qsF "$(VENV_HOME)" build/venv/bin/pip || { rm -rf build/venv && python3 -m venv build/venv; }
	@$(PYTHON) -m pip install -q -r $<
	@mkdir -p $(@D) && touch $@

$(STAMPS)/venv-test: tests/requirements.txt port/deps/requirements.txt port/deps/tools.py | $(STAMPS)/venv
	@echo "gram: preparing build/venv (the tests)"
	@$(PYTHON) -m pip install -q -r tests/requirements.txt -r port/deps/requirements.txt
	@$(PYTHON) port/deps/tools.py
	@mkdir -p $(@D) && touch $@
