# SPDX-License-Identifier: LGPL-2.1-or-later
# Targets: all run check check-effects check-fault check-vm fuzz bench deps install uninstall clean distclean dist
VERSION := 0.1.0

PREFIX     ?= /usr
SYSCONFDIR ?= /etc
LIBEXECDIR ?= $(PREFIX)/libexec/sandbox-run
MANDIR     ?= $(PREFIX)/share/man
BINDIR     ?= $(PREFIX)/bin
VENDORDIR  ?= $(PREFIX)/lib/sandbox-run
MULTIARCH  := $(shell $(CC) -print-multiarch 2>/dev/null)
PAMDIR     ?= $(if $(MULTIARCH),/lib/$(MULTIARCH),/lib)/security
UNITDIR    ?= $(PREFIX)/lib/systemd/system
RUNDIR     ?= /run/sandbox-run
HELPER_GROUP ?=
INSTALL    ?= install
B          ?= build

CFLAGS ?= -O2 -g
OUR_CPPFLAGS := -I. -I$(B) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DSYSCONFDIR='"$(SYSCONFDIR)"' \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' -DVENDORDIR='"$(VENDORDIR)"' -DRUNDIR='"$(RUNDIR)"'
OUR_CFLAGS := -std=c11 -Wall -Wextra -Wshadow -Wformat=2 -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wcast-qual -Wundef -Werror=implicit-function-declaration $(if $(WERROR),-Werror)
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	-ftrivial-auto-var-init=zero -fno-strict-overflow $(if $(filter x86_64%,$(MULTIARCH)),-fcf-protection)
LINK_HARDENING := -Wl,-z,relro,-z,now,-z,noexecstack
DOOR_LINK_HARDENING := $(LINK_HARDENING)
STATIC_PIE := -static-pie
# Never to be installed: what a caller puts into ASAN_OPTIONS counts in set-uid programs too.
ifdef SANITIZE
HARDENING := -DSANITIZED -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all
LINK_HARDENING := -fsanitize=address,undefined
STATIC_PIE := -pie
# ASan is a shared library, which cannot be mapped where the door starts: all but the door is noexec there. UBSan needs none if
# it traps.
DOOR_HARDENING := -DSANITIZED -fsanitize=undefined,bounds-strict,float-divide-by-zero -fsanitize-undefined-trap-on-error
FINDINGS := $(B)/tests/sanitizer/findings.o
endif
COMPILE = $(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(HARDENING) $(CFLAGS) -MMD -MP
Q := $(if $(V),,@)

# Every .c of a folder belongs to its program; a new file needs no change here.
CONFIG_SOURCES   := $(wildcard config/*.c)
PROTOCOL_SOURCES := $(wildcard protocol/*.c)
HELPER_SOURCES   := $(wildcard helper/*.c helper/outside/*.c helper/inside/*.c helper/caller/*.c)
LOOKUP_SOURCES   := $(wildcard helper/lookup/*.c)
DOOR_SOURCES     := $(wildcard helper/door/*.c)
RUN_SOURCES      := cli/sandbox-run.c $(wildcard cli/run_*.c) $(wildcard cli/common_*.c)
CTL_SOURCES      := cli/sandboxctl.c $(wildcard cli/ctl_*.c) $(wildcard cli/common_*.c)
MODULE_SOURCES   := $(wildcard pam_module/*.c)
# What the door shares with the helper: reading a plan and the last steps before exec.
DOOR_SHARED      := config/plan_image.c helper/die.c helper/io.c helper/privs.c helper/schedule.c helper/inside/finish.c helper/inside/label.c \
	helper/inside/landlock.c

objects = $(patsubst %.c,$(B)/%.o,$(1))
pic_objects = $(patsubst %.c,$(B)/%.pic.o,$(1))
door_objects = $(patsubst %.c,$(B)/%$(if $(SANITIZE),.door).o,$(1))

PROGRAMS := $(B)/sandbox-run $(B)/sandboxctl $(B)/sandbox-helper $(B)/sandbox-lookup $(B)/sandbox-door \
	$(B)/pam_sandbox.so $(if $(SANITIZE),$(B)/findings.so)

# Pages are written with the default directories; the key list of sandbox-policy(5) is printed from the key table.
MANUALS := $(patsubst %.in,%,$(patsubst man/%,$(B)/man/%,$(wildcard man/*.[158] man/*.[158].in)))
HOSTCC  ?= $(CC)

all: $(PROGRAMS) $(MANUALS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC      $<")
	$(Q)$(COMPILE) -fPIE -c $< -o $@

$(B)/%.pic.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC      $< (shared)")
	$(Q)$(COMPILE) -fPIC -c $< -o $@

$(B)/%.door.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC      $< (door)")
	$(Q)$(COMPILE) -fPIE -c $< -o $@

# What takes down a finding must not make one.
$(B)/%.door.o: HARDENING := $(DOOR_HARDENING)
$(B)/tests/sanitizer/%.o: HARDENING := $(HARDENING) -fno-sanitize=all

# The compiled-in policy as a C string.
$(B)/builtin_policy.h: config/builtin.conf
	@mkdir -p $(@D)
	$(Q)sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@.tmp && mv $@.tmp $@
$(B)/config/builtin.o $(B)/config/builtin.pic.o: $(B)/builtin_policy.h

$(B)/sandbox-helper: $(call objects,$(CONFIG_SOURCES) $(PROTOCOL_SOURCES) $(HELPER_SOURCES)) $(FINDINGS)
	$(if $(Q),@echo "  LINK    $@")
	$(Q)$(CC) $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) $(STATIC_PIE) $^ $(LDLIBS) -o $@

$(B)/sandbox-lookup: $(call objects,$(LOOKUP_SOURCES) $(PROTOCOL_SOURCES)) $(FINDINGS)
	$(if $(Q),@echo "  LINK    $@")
	$(Q)$(CC) $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -pie $^ $(LDLIBS) -o $@

$(B)/sandbox-door: $(call door_objects,$(DOOR_SOURCES) $(DOOR_SHARED))
	$(if $(Q),@echo "  LINK    $@")
	$(Q)$(CC) $(CFLAGS) $(DOOR_LINK_HARDENING) $(LDFLAGS) -static-pie $^ $(LDLIBS) -o $@

$(B)/sandbox-run: $(call objects,$(RUN_SOURCES)) $(FINDINGS)
	$(if $(Q),@echo "  LINK    $@")
	$(Q)$(CC) $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) $(STATIC_PIE) $^ $(LDLIBS) -o $@

$(B)/sandboxctl: $(call objects,$(CTL_SOURCES)) $(FINDINGS)
	$(if $(Q),@echo "  LINK    $@")
	$(Q)$(CC) $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -pie $^ $(LDLIBS) -o $@

$(B)/pam_sandbox.so: $(call pic_objects,$(MODULE_SOURCES) $(PROTOCOL_SOURCES)) pam_module/module.map
	$(if $(Q),@echo "  LINK    $@")
	$(Q)$(CC) $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -shared -Wl,--version-script=pam_module/module.map \
		$(filter %.o,$^) -lpam $(LDLIBS) -o $@

# For programs that load a module built so, see tests/system/login/world.py.
$(B)/findings.so: $(B)/tests/sanitizer/findings.pic.o
	$(if $(Q),@echo "  LINK    $@")
	$(Q)$(CC) $(CFLAGS) $(LINK_HARDENING) $(LDFLAGS) -shared $^ $(LDLIBS) -o $@

PAGE = sed -e 's|/usr/libexec/sandbox-run|$(LIBEXECDIR)|g' -e 's|/usr/lib/sandbox-run|$(VENDORDIR)|g' \
	-e 's|/etc/sandbox-run|$(SYSCONFDIR)/sandbox-run|g' -e 's|/run/sandbox-run|$(RUNDIR)|g'

$(B)/man/keys: man/keys.c config/keys.def config/key.h
	@mkdir -p $(@D)
	$(if $(Q),@echo "  HOSTCC  $<")
	$(Q)$(HOSTCC) -std=c11 -Wall -Wextra -I. $< -o $@

$(B)/man/%: man/%
	@mkdir -p $(@D)
	$(Q)$(PAGE) $< >$@.tmp && mv $@.tmp $@

$(B)/man/sandbox-policy.5: man/sandbox-policy.5.in $(B)/man/keys
	$(if $(Q),@echo "  MAN     $@")
	$(Q)$(B)/man/keys >$(B)/man/keys.mdoc && $(PAGE) -e '/^@KEYS@$$/{' -e 'r $(B)/man/keys.mdoc' -e 'd' -e '}' $< >$@.tmp && mv $@.tmp $@

# --- tests -----------------------------------------------------------------------------------------------------------
UNIT_SOURCES := $(wildcard tests/unit/*/test_*.c)
UNIT_TESTS   := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(UNIT_SOURCES))
HELPER_LIBRARY := $(filter-out $(B)/helper/main.o,$(call objects,$(CONFIG_SOURCES) $(PROTOCOL_SOURCES) $(HELPER_SOURCES)))

$(B)/libsandbox-test.a: $(HELPER_LIBRARY)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/tests/unit/%: tests/unit/%.c $(B)/libsandbox-test.a $(FINDINGS)
	@mkdir -p $(@D)
	$(if $(Q),@echo "  TEST    $@")
	$(Q)$(COMPILE) -fPIE $< -pie $(LINK_HARDENING) $(LDFLAGS) $(FINDINGS) $(B)/libsandbox-test.a -lcmocka -o $@

build-tests: all $(UNIT_TESTS)

check: deps
	$(Q)$(MAKE) --no-print-directory build-tests
	$(Q)tests/run-all $(B)

deps:
	$(Q)tests/install-dependencies

# What each key does, with the key at its opposite, and refused: the table at the end of that test.
check-effects: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/system/test-keys.sh $(B)

run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/demonstrate $(B)

check-vm: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/vm/run $(B)

# Every call made to fail, minutes of it: FULL=1 for each errno that a call can have.
check-fault: deps
	$(Q)$(MAKE) --no-print-directory all $(B)/libsandbox-test.a
	$(Q)tests/fault/run $(B)

bench: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)bench/run $(B)

# Clang alone has libFuzzer. -fsanitize=fuzzer-no-link instruments without its main; the profile is for the table of covered lines.
FUZZ_SECONDS ?= 60
FUZZ_CC      ?= clang
FUZZERS      := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_COMPILE  = $(FUZZ_CC) $(OUR_CPPFLAGS) $(OUR_CFLAGS) -O1 -g -Wno-format-nonliteral -fno-omit-frame-pointer \
	-fno-sanitize-recover=all -fsanitize=fuzzer-no-link,address,undefined -fprofile-instr-generate \
	-fcoverage-mapping -MMD -MP
FUZZ_LIBRARY := $(patsubst %.c,$(B)/fuzz/%.o,$(CONFIG_SOURCES) $(PROTOCOL_SOURCES) helper/outside/options.c)

$(B)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CLANG   $<")
	$(Q)$(FUZZ_COMPILE) -c $< -o $@

$(B)/fuzz/config/builtin.o: $(B)/builtin_policy.h

$(B)/fuzz/fuzz_%: $(B)/fuzz/tests/fuzz/fuzz_%.o $(FUZZ_LIBRARY)
	$(if $(Q),@echo "  LINK    $@")
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -fprofile-instr-generate $^ -o $@

.SECONDARY: $(FUZZ_LIBRARY) $(patsubst $(B)/fuzz/%,$(B)/fuzz/tests/fuzz/%.o,$(FUZZERS))

build-fuzz: $(FUZZERS)

fuzz:
	$(Q)tests/install-dependencies fuzz
	$(Q)$(MAKE) --no-print-directory build-fuzz
	$(Q)tests/fuzz/run $(B)/fuzz $(FUZZ_SECONDS)

# --- install ---------------------------------------------------------------------------------------------------------
install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(PAMDIR) $(DESTDIR)$(SYSCONFDIR)/sandbox-run/policy.d \
		$(DESTDIR)$(VENDORDIR)/policy.d
	$(INSTALL) -d -m 0700 $(DESTDIR)$(LIBEXECDIR)/door
	$(INSTALL) -m 0755 $(B)/sandbox-run $(B)/sandboxctl $(DESTDIR)$(BINDIR)
	$(INSTALL) -m $(if $(HELPER_GROUP),4750 -g $(HELPER_GROUP),4755) $(B)/sandbox-helper $(DESTDIR)$(LIBEXECDIR)/sandbox-helper
	$(INSTALL) -m 0755 $(B)/sandbox-lookup $(DESTDIR)$(LIBEXECDIR)/sandbox-lookup
	$(INSTALL) -m 4755 $(B)/sandbox-door $(DESTDIR)$(LIBEXECDIR)/door/sandbox-door
	$(INSTALL) -m 0644 $(B)/pam_sandbox.so $(DESTDIR)$(PAMDIR)
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)/session-.scope.d
	$(INSTALL) -m 0644 integrations/systemd/session-.scope.d/50-sandbox-run.conf $(DESTDIR)$(UNITDIR)/session-.scope.d/
	for m in $(MANUALS); do \
		$(INSTALL) -d $(DESTDIR)$(MANDIR)/man$${m##*.} && \
		$(INSTALL) -m 0644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.}/ || exit 1; done

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/sandbox-run $(DESTDIR)$(BINDIR)/sandboxctl $(DESTDIR)$(PAMDIR)/pam_sandbox.so
	rm -f $(DESTDIR)$(UNITDIR)/session-.scope.d/50-sandbox-run.conf
	rm -f $(DESTDIR)$(LIBEXECDIR)/sandbox-helper $(DESTDIR)$(LIBEXECDIR)/sandbox-lookup $(DESTDIR)$(LIBEXECDIR)/door/sandbox-door
	for m in $(notdir $(MANUALS)); do rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m; done
	-rmdir $(DESTDIR)$(LIBEXECDIR)/door $(DESTDIR)$(LIBEXECDIR)

clean distclean:
	rm -rf build build-*

dist:
	git archive --format=tar.gz --prefix=sandbox-run-$(VERSION)/ -o sandbox-run-$(VERSION).tar.gz HEAD

.PHONY: all build-tests build-fuzz check check-effects check-fault deps run check-vm fuzz bench install uninstall clean distclean dist
.DELETE_ON_ERROR:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
