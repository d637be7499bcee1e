# vedette: see README.md.  `make help` lists the targets.
# SPDX-License-Identifier: MIT

VERSION := 0.1.0
BOARD   ?= mps2-an385
BUILD   := build
TP      := $(BUILD)/third_party
PYTHON  := /usr/bin/python3
JOBS    := $(shell nproc 2>/dev/null || echo 2)
BOARDS  := $(patsubst boards/%/board.mk,%,$(wildcard boards/*/board.mk))

# The commit's date and name; a tree without git is dated by SOURCE_DATE_EPOCH or this release.
RELEASE_EPOCH     := 1795305600
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo $(RELEASE_EPOCH))
BUILD_ID          := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo release)
export SOURCE_DATE_EPOCH

MAKE_QUIET := $(MAKE) --no-print-directory -j$(JOBS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

##@ Use it
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	      /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@printf '\nBoards: %s (BOARD=%s)\n' '$(BOARDS)' '$(BOARD)'

run: ready ## the demo: a record weakens, the alert arrives; CONFIG=my.ini watches your domains
	@$(MAKE_QUIET) firmware-build BOARD=$(BOARD)
	@$(PYTHON) tests/qemu/demo.py --board $(BOARD) $(if $(CONFIG),--config $(CONFIG))

test: ready ## all tests; ends with "N passed, N failed, N skipped"
	@$(PYTHON) tests/run.py --board $(BOARD)

test-long: ready ## the tests that take long: millions of forged packets; same closing line
	@$(PYTHON) tests/run.py --long

firmware: ready ## build the image for BOARD into build/<board>/
	@$(MAKE_QUIET) firmware-build BOARD=$(BOARD)
	@echo "  IMAGE   $(BUILD)/$(BOARD)/vedette.elf"

size: ready ## flash and RAM of the image per part; writes build/<board>/size.json
	@$(MAKE_QUIET) firmware-build BOARD=$(BOARD)
	@$(PYTHON) tools/size.py --board $(BOARD) --cross $(CROSS)
	@$(MAKE_QUIET) $(B)/judge_alone.elf BOARD=$(BOARD)
	@$(PYTHON) tools/stack.py --elf $(B)/judge_alone.elf --cross $(CROSS) --from vd_judge --max $(JUDGE_STACK_MAX)

bench: ready ## figures of this machine: one judgement
	@$(MAKE_QUIET) bench-build
	@$(BUILD)/bench/bench_judge

##@ Work on it
unit: ready ## only the unit tests on this machine, under sanitizers
	@$(PYTHON) tests/run.py --only unit

qemu: ready ## only the whole-system tests in QEMU
	@$(PYTHON) tests/run.py --only qemu --board $(BOARD)

conformance: ready ## records and scenarios of other projects' test suites; DATA=folder
	@$(MAKE_QUIET) conformance-build
	@$(PYTHON) tests/conformance/run.py $(DATA) --programs $(S)

lattice: ready ## what must be told when records change, row by row; DATA=folder
	@$(MAKE_QUIET) lattice-build
	@$(PYTHON) tests/lattice/lattice.py $(DATA)

corpus: ready ## DNS messages of other projects' test suites through the decoder; DATA=folder
	@$(MAKE_QUIET) corpus-build
	@$(PYTHON) tests/conformance/corpus.py $(or $(DATA),tests/data/dns) > $(BUILD)/corpus.tsv
	@$(BUILD)/corpus $(BUILD)/corpus.tsv

docs: ready ## write the generated pages again (docs/config.md, providers.md, alerts.md)
	@$(MAKE_QUIET) docs-build

format: ready ## rewrite the C sources as .clang-format says
	@clang-format -i $(OWN_C_FILES)

format-check: ready ## fail if a C source is not as .clang-format says
	@clang-format --dry-run --Werror $(OWN_C_FILES) && echo "format: ok"

fetch: packages ## fill the cache of third-party source (VD_CACHE=, default build/cache)
	@$(PYTHON) tools/fetch.py

packages: ## install the Debian packages of tools/packages.list
	@tools/packages.sh

clean: ## delete build/ except the cache
	@rm -rf $(filter-out $(BUILD)/cache,$(wildcard $(BUILD)/*))

.PHONY: help run test test-long firmware size bench unit qemu conformance lattice corpus docs format format-check fetch packages clean ready
ready: fetch

OWN_C_FILES = $(shell git ls-files -co --exclude-standard '*.c' '*.h')

# ---- everything below needs the packages and the third-party source ---------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Werror
INCLUDES := -I. -isystem $(TP)/mbedtls/include -isystem $(TP)/lwip/src/include \
            -isystem $(TP)/inih -Iport/lwip
DEFINES  := -DMBEDTLS_CONFIG_FILE='"port/mbedtls/mbedtls_config.h"' $(shell cat port/inih.flags)
MAPS     := -ffile-prefix-map=$(CURDIR)=.

CORE_SRC := $(wildcard dns/*.c dns/records/*.c report/*.c firmware/judge/*.c) \
            $(filter-out firmware/main.c firmware/version.c,$(wildcard firmware/*.c)) \
            port/status.c port/net.c
APP_SRC  := firmware/main.c firmware/version.c
INI_SRC  := $(TP)/inih/ini.c
TLS_SRC  := $(wildcard port/mbedtls/*.c)
LWIP_SRC := $(wildcard port/lwip/*.c)
MBEDTLS_LIB := $(addprefix $(TP)/mbedtls/,$(shell sed -e 's/\#.*//' port/mbedtls/sources.list))
LWIP_LIB    := $(addprefix $(TP)/lwip/,$(shell sed -e 's/\#.*//' port/lwip/sources.list))

VERSION_DEFINES = -DVD_VERSION='"$(VERSION)"' -DVD_BUILD_ID='"$(BUILD_ID)"' \
                  -DVD_BUILD_EPOCH=$(SOURCE_DATE_EPOCH)

# A file that changes only when its text does: what depends on it is built again then.
define text-file
@mkdir -p $(dir $(1))
@printf '%s\n' '$(subst ','\'',$(2))' > $(1).new; \
 cmp -s $(1).new $(1) && rm $(1).new || mv $(1).new $(1)
endef

# ---- the image of one board ---------------------------------------------------------------------

B := $(BUILD)/$(BOARD)

# Bytes of stack that one judgement may take at worst: `make size` says what it takes.
JUDGE_STACK_MAX := 8192

ifneq ($(wildcard boards/$(BOARD)/board.mk),)
include boards/$(BOARD)/board.mk

FW_CC      := $(CROSS)gcc
FW_FLAGS   := $(BOARD_CFLAGS) -std=c11 -Os -g -flto -ffat-lto-objects -ffunction-sections -fdata-sections \
              -fno-common $(MAPS) $(DEFINES) -Iboards/$(BOARD) $(INCLUDES)
FW_OWN_SRC := $(CORE_SRC) $(APP_SRC) $(TLS_SRC) $(LWIP_SRC) $(BOARD_SRC)
FW_LIB_SRC := $(INI_SRC) $(MBEDTLS_LIB) $(LWIP_LIB)
FW_OWN_OBJ := $(FW_OWN_SRC:%.c=$(B)/obj/%.o)
FW_LIB_OBJ := $(FW_LIB_SRC:%.c=$(B)/obj/%.o)
endif

firmware-build: $(B)/vedette.elf $(B)/vedette.bin
	@:

$(B)/vedette.elf: $(FW_OWN_OBJ) $(FW_LIB_OBJ) $(BOARD_LD)
	@echo "  LINK    $@"
	@$(FW_CC) $(FW_FLAGS) -nostartfiles -T $(BOARD_LD) -Wl,--gc-sections -Wl,-Map=$(B)/vedette.map \
	    -Wl,--build-id=none -flto=$(JOBS) -o $@ $(FW_OWN_OBJ) $(FW_LIB_OBJ)

$(B)/vedette.bin: $(B)/vedette.elf
	@$(CROSS)objcopy -O binary $< $@

$(FW_OWN_OBJ): $(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(FW_CC) $(FW_FLAGS) $(WARNINGS) -MD -MP -c -o $@ $<

$(FW_LIB_OBJ): $(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@$(FW_CC) $(FW_FLAGS) -w -MD -MP -c -o $@ $<

$(B)/obj/firmware/version.o: FW_FLAGS += $(VERSION_DEFINES)
$(B)/obj/firmware/version.o: $(B)/version
$(B)/flags: FORCE
	$(call text-file,$@,$(FW_FLAGS))
$(B)/version: FORCE
	$(call text-file,$@,$(VERSION_DEFINES))
-include $(FW_OWN_OBJ:.o=.d) $(FW_LIB_OBJ:.o=.d)

# ---- unit tests on this machine --------------------------------------------------------------------

T          := $(BUILD)/unit
SANITIZE   := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
T_FLAGS    := -std=c11 -O1 -g $(SANITIZE) $(MAPS) $(DEFINES) -DVD_HOST_TEST -Iboards/host-tests $(INCLUDES)
T_CORE_OBJ := $(CORE_SRC:%.c=$(T)/obj/%.o) $(INI_SRC:%.c=$(T)/obj/%.o)
T_TESTS    := $(patsubst tests/unit/%.c,$(T)/%,$(wildcard tests/unit/test_*.c))

unit-build: $(T_TESTS)
	@:

# An archive: a test links what it uses, and brings its own fakes of the port.
$(T)/libcore.a: $(T_CORE_OBJ)
	@rm -f $@ && ar rcs $@ $^

$(T)/test_%: $(T)/obj/tests/unit/test_%.o $(T)/libcore.a
	@gcc $(T_FLAGS) -o $@ $^ -lcmocka

$(T)/obj/$(TP)/%.o: $(TP)/%.c $(T)/flags
	@mkdir -p $(@D)
	@gcc $(T_FLAGS) -w -MD -MP -c -o $@ $<

$(T)/obj/%.o: %.c $(T)/flags
	@mkdir -p $(@D)
	@gcc $(T_FLAGS) $(WARNINGS) -MD -MP -c -o $@ $<

$(T)/flags: FORCE
	$(call text-file,$@,$(T_FLAGS))
-include $(shell find $(T)/obj -name '*.d' 2>/dev/null)

# ---- the TLS layer on this machine: real lwIP and mbedTLS, under sanitizers -----------------------

P         := $(BUILD)/port
P_FLAGS   := -std=c11 -O1 -g $(SANITIZE) $(MAPS) -DVD_LWIP_ASSERTS -DVD_TLS_ARENA_BYTES=262144 \
             -DMBEDTLS_CONFIG_FILE='"tests/unit-port/mbedtls_config_test.h"' \
             -Iboards/host-tests $(INCLUDES)
P_OWN_SRC := $(TLS_SRC) $(wildcard port/lwip/altcp_tls_*.c) port/lwip/stream.c port/lwip/isn.c \
             port/lwip/dns_servers.c port/lwip/platform.c port/net.c port/status.c \
             tests/unit-port/lwip_net.c tests/unit-port/tls_world.c \
             tests/unit-port/tls_app.c tests/unit-port/tls_server.c
P_LIB_SRC := $(MBEDTLS_LIB) $(filter-out %/altcp_tcp.c,$(LWIP_LIB)) \
             $(addprefix $(TP)/mbedtls/library/,ssl_tls12_server.c ssl_tls13_server.c ssl_ticket.c)
P_OBJ     := $(P_OWN_SRC:%.c=$(P)/obj/%.o) $(P_LIB_SRC:%.c=$(P)/obj/%.o)
P_TESTS   := $(patsubst tests/unit-port/%.c,$(P)/%,$(wildcard tests/unit-port/test_*.c))

port-build: $(P_TESTS) $(BUILD)/certs/.made
	@:

$(BUILD)/certs/.made: tests/unit-port/make_certs.sh
	@rm -rf $(@D) && mkdir -p $(@D)
	@tests/unit-port/make_certs.sh $(@D) >/dev/null 2>&1 && touch $@

$(P)/test_%: $(P)/obj/tests/unit-port/test_%.o $(P_OBJ)
	@gcc $(P_FLAGS) -o $@ $^ -lcmocka

$(P)/obj/$(TP)/%.o: $(TP)/%.c $(P)/flags
	@mkdir -p $(@D)
	@gcc $(P_FLAGS) -w -MD -MP -c -o $@ $<

$(P)/obj/%.o: %.c $(P)/flags
	@mkdir -p $(@D)
	@gcc $(P_FLAGS) $(WARNINGS) -MD -MP -c -o $@ $<

$(P)/flags: FORCE
	$(call text-file,$@,$(P_FLAGS))
-include $(shell find $(P)/obj -name '*.d' 2>/dev/null)

# ---- alerts over lwIP's real TCP: what the layer above links, and TCP, journal and dispatch -----------

R         := $(BUILD)/real-tcp
R_OWN_SRC := $(wildcard report/*.c) \
             $(filter-out tests/unit-real-tcp/test_%.c,$(wildcard tests/unit-real-tcp/*.c))
R_LIB_SRC := $(filter %/altcp_tcp.c,$(LWIP_LIB))
R_OBJ     := $(R_OWN_SRC:%.c=$(R)/obj/%.o) $(R_LIB_SRC:%.c=$(R)/obj/%.o) \
             $(filter-out %/tls_world.o %/tls_app.o,$(P_OBJ))
R_TESTS   := $(patsubst tests/unit-real-tcp/%.c,$(R)/%,$(wildcard tests/unit-real-tcp/test_*.c))

real-tcp-build: $(R_TESTS) $(BUILD)/certs/.made
	@:

$(R)/test_%: $(R)/obj/tests/unit-real-tcp/test_%.o $(R_OBJ)
	@gcc $(P_FLAGS) -o $@ $^ -lcmocka

$(R)/obj/$(TP)/%.o: $(TP)/%.c $(P)/flags
	@mkdir -p $(@D)
	@gcc $(P_FLAGS) -w -MD -MP -c -o $@ $<

$(R)/obj/%.o: %.c $(P)/flags
	@mkdir -p $(@D)
	@gcc $(P_FLAGS) $(WARNINGS) -MD -MP -c -o $@ $<

-include $(shell find $(R)/obj -name '*.d' 2>/dev/null)

# ---- our files on lwIP, on a network in memory: addresses, resolvers, datagrams, TCP in clear ---------

L         := $(BUILD)/lwip
L_OWN_SRC := $(addprefix port/lwip/,net.c tcp.c datagram.c) \
             $(filter-out tests/unit-lwip/test_%.c,$(wildcard tests/unit-lwip/*.c))
L_OBJ     := $(L_OWN_SRC:%.c=$(L)/obj/%.o) $(filter $(P)/obj/$(TP)/lwip/%,$(P_OBJ)) \
             $(addprefix $(P)/obj/port/,lwip/isn.o lwip/dns_servers.o lwip/platform.o net.o status.o \
                                        mbedtls/random.o) \
             $(addprefix $(P)/obj/$(TP)/lwip/src/core/,altcp_tcp.o) \
             $(addprefix $(P)/obj/$(TP)/mbedtls/library/,aes.o aesni.o constant_time.o ctr_drbg.o \
                                                         platform.o platform_util.o sha256.o)
L_TESTS   := $(patsubst tests/unit-lwip/%.c,$(L)/%,$(wildcard tests/unit-lwip/test_*.c))

lwip-build: $(L_TESTS)
	@:

$(L)/test_%: $(L)/obj/tests/unit-lwip/test_%.o $(L_OBJ)
	@gcc $(P_FLAGS) -o $@ $^ -lcmocka

$(L)/obj/%.o: %.c $(P)/flags
	@mkdir -p $(@D)
	@gcc $(P_FLAGS) $(WARNINGS) -MD -MP -c -o $@ $<

-include $(shell find $(L)/obj -name '*.d' 2>/dev/null)

# ---- the agent as a Linux process: kernel sockets, under sanitizers ------------------------------------

H          := $(BUILD)/host
H_FLAGS    := -std=c11 -O1 -g $(SANITIZE) $(MAPS) $(DEFINES) -Itests/host -I. \
              -isystem $(TP)/mbedtls/include -isystem $(TP)/inih
H_PORT_SRC := $(wildcard port/posix/*.c) $(TLS_SRC) $(MBEDTLS_LIB) port/net.c port/status.c \
              firmware/version.c
H_PORT_OBJ := $(H_PORT_SRC:%.c=$(H)/obj/%.o)
H_CORE_OBJ := $(CORE_SRC:%.c=$(H)/obj/%.o) $(INI_SRC:%.c=$(H)/obj/%.o)
H_TESTS    := $(patsubst tests/unit-posix/%.c,$(H)/%,$(wildcard tests/unit-posix/test_*.c))

host-agent-build: $(H)/vedette
	@:

posix-build: $(H_TESTS) $(BUILD)/certs/.made
	@:

$(H)/vedette: $(H)/obj/firmware/main.o $(H)/libcore.a $(H)/libport.a
	@gcc $(H_FLAGS) -o $@ $^

# All that real firmware has below dns/, report/ and firmware/: other programs link it, too.
$(H)/libport.a: $(H_PORT_OBJ)
	@rm -f $@ && ar rcs $@ $^

$(H)/libcore.a: $(H_CORE_OBJ)
	@rm -f $@ && ar rcs $@ $^

$(H)/test_%: $(H)/obj/tests/unit-posix/test_%.o $(H)/obj/tests/unit-posix/peer.o $(H)/libport.a
	@gcc $(H_FLAGS) -o $@ $^ -lcmocka

# With a clock of its own.
$(H)/test_tls_%: $(H)/obj/tests/unit-posix/test_tls_%.o $(H)/obj/tests/unit-posix/tls_client.o \
                $(H)/obj/tests/unit-posix/peer.o $(H)/libport.a
	@gcc $(H_FLAGS) -o $@ $^ -lcmocka

$(H)/obj/port/posix/%.o $(H)/obj/tests/unit-posix/%.o: H_FLAGS += -D_GNU_SOURCE
$(H)/obj/firmware/version.o: H_FLAGS += $(VERSION_DEFINES)
$(H)/obj/firmware/version.o: $(H)/version

$(H)/obj/$(TP)/%.o: $(TP)/%.c $(H)/flags
	@mkdir -p $(@D)
	@gcc $(H_FLAGS) -w -MD -MP -c -o $@ $<

$(H)/obj/%.o: %.c $(H)/flags
	@mkdir -p $(@D)
	@gcc $(H_FLAGS) $(WARNINGS) -MD -MP -c -o $@ $<

$(H)/flags: FORCE
	$(call text-file,$@,$(H_FLAGS))
$(H)/version: FORCE
	$(call text-file,$@,$(VERSION_DEFINES))
-include $(shell find $(H)/obj -name '*.d' 2>/dev/null)

# ---- the resolver against real and hostile servers -----------------------------------------------------

# ask: the host's knobs.  ask-quick: short waits, for servers that make it wait.  ask-gullible: without
# the checks that keep a forger out.  They link other objects before those of the archive.
V          := $(BUILD)/resolve
V_QUICK    := -DVD_TRY_TIMEOUT_MS=300 -DVD_TRY_TIMEOUT_MIN_MS=100 -DVD_QUESTION_MAX_MS=6000 \
              -DVD_LINK_RETRY_FIRST_MS=100
V_DNS_OBJ  := $(patsubst %.c,$(V)/quick/%.o,$(wildcard dns/*.c) tests/resolve/ask.c)
V_ASK_OBJ  := $(H)/obj/tests/resolve/ask.o
V_LIBS     := $(H)/libcore.a $(H)/libport.a

resolve-build: $(addprefix $(V)/,ask ask-quick ask-gullible forger)
	@:

$(V)/ask: $(V_ASK_OBJ) $(V_LIBS)
$(V)/ask-quick: $(V_DNS_OBJ) $(V_LIBS)
$(V)/ask-gullible: $(V_ASK_OBJ) $(H)/obj/tests/resolve/match_gullible.o $(V_LIBS)
$(V)/ask $(V)/ask-quick $(V)/ask-gullible:
	@mkdir -p $(@D)
	@gcc $(H_FLAGS) -o $@ $^

$(V)/quick/%.o: %.c $(H)/flags $(V)/flags
	@mkdir -p $(@D)
	@gcc $(H_FLAGS) $(V_QUICK) $(WARNINGS) -MD -MP -c -o $@ $<

$(V)/forger: tests/resolve/forger.c
	@mkdir -p $(@D)
	@gcc -std=c11 -O2 $(WARNINGS) -o $@ $<

$(V)/flags: FORCE
	$(call text-file,$@,$(V_QUICK))
-include $(shell find $(V)/quick -name '*.d' 2>/dev/null)

# ---- the fault matrix: the agent of above with shorter waits -------------------------------------------

X         := $(BUILD)/faults
X_OWN_SRC := $(wildcard dns/*.c) $(filter-out firmware/version.c,$(wildcard firmware/*.c))
X_OWN_OBJ := $(X_OWN_SRC:%.c=$(X)/obj/%.o)

faults-build: $(X)/vedette
	@:

$(X)/vedette: $(X_OWN_OBJ) $(H)/libcore.a $(H)/libport.a
	@gcc $(H_FLAGS) -o $@ $^

$(X)/obj/%.o: %.c $(H)/flags tests/faults/waits.h
	@mkdir -p $(@D)
	@gcc $(H_FLAGS) -include tests/faults/waits.h $(WARNINGS) -MD -MP -c -o $@ $<

-include $(shell find $(X)/obj -name '*.d' 2>/dev/null)

# ---- records and scenarios of other projects' test suites -------------------------------------------

S       := $(BUILD)/suites
S_TESTS := $(patsubst tests/conformance/%.c,$(S)/%,$(filter-out %/run_corpus.c,\
             $(wildcard tests/conformance/run_*.c)))

conformance-build: $(S_TESTS)
	@:

$(S)/run_%: $(T)/obj/tests/conformance/run_%.o $(T)/libcore.a
	@mkdir -p $(@D)
	@gcc $(T_FLAGS) -o $@ $^

# ---- DNS wire data of other projects ----------------------------------------------------------------

corpus-build: $(BUILD)/corpus
	@:

$(BUILD)/corpus: $(T)/obj/tests/conformance/run_corpus.o $(T)/libcore.a
	@gcc $(T_FLAGS) -o $@ $^

# ---- the lattice: what must be found when records change -------------------------------------------

LATTICE := $(BUILD)/lattice/run_lattice

lattice-build: $(LATTICE)
	@:

$(LATTICE): $(patsubst %.c,$(H)/obj/%.o,$(wildcard tests/lattice/*.c)) $(H)/libcore.a $(H)/libport.a
	@mkdir -p $(@D)
	@gcc $(H_FLAGS) -Wl,--wrap=vd_tell_turn,--wrap=vd_agent_write_down -o $@ $^

# ---- the judge alone: its time on this machine, its stack on a board ----------------------------------

J_SRC := $(wildcard dns/records/*.c firmware/judge/*.c) dns/spf_check.c dns/snapshot.c dns/name.c dns/bytes.c \
         report/text.c report/event.c $(wildcard firmware/providers*.c)

bench-build: $(BUILD)/bench/bench_judge
	@:

$(BUILD)/bench/bench_judge: tests/bench/bench_judge.c $(J_SRC) $(T)/flags
	@mkdir -p $(@D)
	@gcc -std=c11 -O2 $(WARNINGS) $(DEFINES) -Iboards/host-tests $(INCLUDES) -o $@ tests/bench/bench_judge.c $(J_SRC)

$(B)/judge_alone.elf: tools/judge_alone.c $(J_SRC) $(B)/flags
	@$(FW_CC) $(filter-out -flto -ffat-lto-objects,$(FW_FLAGS)) --specs=rdimon.specs -Wl,--gc-sections \
	    -o $@ tools/judge_alone.c $(J_SRC)

# ---- generated pages ---------------------------------------------------------------------------------

docs-build: $(BUILD)/tools/gen_config_doc $(BUILD)/tools/gen_alerts_doc
	@$(BUILD)/tools/gen_config_doc > docs/config.md
	@$(BUILD)/tools/gen_config_doc providers > docs/providers.md
	@$(BUILD)/tools/gen_alerts_doc > docs/alerts.md

$(BUILD)/tools/gen_%_doc: $(T)/obj/tools/gen_%_doc.o $(T)/libcore.a
	@mkdir -p $(@D)
	@gcc $(T_FLAGS) -o $@ $^

.PHONY: firmware-build unit-build port-build real-tcp-build lwip-build host-agent-build posix-build resolve-build faults-build conformance-build corpus-build lattice-build bench-build docs-build FORCE
FORCE:
