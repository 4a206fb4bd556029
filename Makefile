# SPDX-License-Identifier: Apache-2.0
# Builds, tests and installs mod_rcapi. `make help` lists the targets. All output is below build/.

BUILD ?= release
O     := $(if $(filter release,$(BUILD)),build,build/$(BUILD))

.DEFAULT_GOAL := all
say = $(if $(V),,@echo "  $(1) $(2)";)

APXS       ?= apxs
CC         ?= cc
# Subversion is optional: without libsvn, or with SVN=, repositories of type svn are refused.
SVN_WANTED := libsvn_repos libsvn_fs libsvn_delta libsvn_diff libsvn_subr
SVN        ?= $(shell pkg-config --exists $(SVN_WANTED) 2>/dev/null && echo 1)
SVN_PKGS   := $(if $(SVN),$(SVN_WANTED))
# Mercurial is optional: without libzstd, or with HG=, repositories of type hg are refused.
HG         ?= $(shell pkg-config --exists libzstd 2>/dev/null && echo 1)
# PostgreSQL is optional: without libpq, or with PG=, databases are files.
PG         ?= $(shell pkg-config --exists libpq 2>/dev/null && echo 1)
OWN_PKGS   := $(if $(HG),libzstd) $(if $(PG),libpq)
PKGS       := libcurl apr-1 apr-util-1 json-c sqlite3 libgit2 libarchive libdeflate zlib libcrypto
PACKAGES   := gcc libc6-dev make pkg-config git curl perl openssh-client ca-certificates \
              apache2-bin apache2-dev libapr1-dev libaprutil1-dev libjson-c-dev libsqlite3-dev \
              libgit2-dev libarchive-dev libdeflate-dev zlib1g-dev libssl-dev libcurl4-openssl-dev \
              libsvn-dev libzstd-dev libpq-dev
COMMANDS   := $(CC) $(AR) awk pkg-config git curl perl $(APXS)
MODULES    := $(PKGS)

# Packages and commands that only the tests need, mostly programs to compare results with.
TEST_PACKAGES := libcmocka-dev openssl sqlite3 wget zip unzip bzip2 xz-utils zstd libxml2-utils \
                 python3-feedparser chromium strace e2fsprogs libapache2-mod-qos \
                 subversion libapache2-mod-svn mercurial postgresql pgbouncer
TEST_COMMANDS := prove ssh openssl sqlite3 wget unzip bzip2 xz zstd xmllint chromium svn svnadmin hg

OPT_release := -O2 -DNDEBUG
OPT_debug   := -Og -g
OPT_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined
OPT_cov     := -O0 -g --coverage
WARN := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wformat-security -Wvla -Wshadow \
        -Wconversion -Wsign-conversion -Wcast-function-type -Wcast-qual -Wstrict-aliasing=1
WERROR ?= -Werror

# apxs and pkg-config run once, and only when something is compiled.
HTTPD_CFLAGS = $(eval HTTPD_CFLAGS := -isystem $$(shell $(APXS) -q INCLUDEDIR))$(HTTPD_CFLAGS)
PKG_CFLAGS   = $(eval PKG_CFLAGS := \
                $$(patsubst -I%,-isystem %,$$(shell pkg-config --cflags $(PKGS) $(OWN_PKGS) $(SVN_PKGS))))$(PKG_CFLAGS)
PKG_LIBS     = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS) $(OWN_PKGS)) $$(SVN_LIBS))$(PKG_LIBS)

# Whether libgit2 can limit the size of objects in packs, as Debian's security update made it.
GIT_LIMIT    = $(if $(filter 0,$(shell echo 'int i = GIT_OPT_SET_PACK_MAX_OBJECT_SIZE;' | \
                $(CC) $(PKG_CFLAGS) -include git2.h -fsyntax-only -xc - 2>/dev/null; echo $$?)),-DRCAPI_GIT_LIMIT)

# libsvn's own libraries: pkg-config adds those that only a static link needs.
SVN_LIBS     = $(if $(SVN),$(filter -L% -lsvn%,$(shell pkg-config --libs $(SVN_PKGS))))

# The first release that CHANGELOG.md names.
VERSION  := $(shell awk '/^\#\# / { print $$2; exit }' CHANGELOG.md)
VERSIONED := src/http/environment.c src/http/sender.c src/cli/rhodecode_api.c src/cli/rcapi_admin.c \
             src/cli/admin_deliver.c src/domain/env.c src/faces/api/openrpc.c
CPPFLAGS += -Iinclude -I$(O)/gen -D_GNU_SOURCE -DZLIB_CONST -DRCAPI_VERSION='"$(VERSION)"' \
            $(if $(SVN),-DRCAPI_SVN) $(if $(HG),-DRCAPI_HG) $(if $(PG),-DRCAPI_POSTGRESQL)
CFLAGS   += -std=gnu11 -fPIC -fvisibility=hidden -fstack-protector-strong $(WARN) $(WERROR) \
            $(OPT_$(BUILD))
LDFLAGS  += $(filter -fsanitize=% --coverage,$(OPT_$(BUILD))) -Wl,-z,relro,-z,now

ROOMS    := base archive db db/sqlite $(if $(PG),db/postgresql) store remote vcs vcs/git vcs/git/diff \
              $(if $(SVN),vcs/svn) $(if $(HG),vcs/hg) \
              domain domain/import faces faces/api faces/api/methods faces/metrics faces/raw faces/pages faces/git \
              faces/hg faces/svn
LIB_SRC  := $(wildcard $(ROOMS:%=src/%/*.c))
HTTP_SRC := mod_rcapi.c $(wildcard src/http/*.c)
API_SRC  := $(wildcard src/cli/client*.c) src/cli/rhodecode_api.c
ADM_SRC  := $(wildcard src/cli/admin*.c) src/cli/rcapi_admin.c \
            $(addprefix src/cli/client_,args.c json.c print.c util.c)
UNIT_SRC := $(filter-out $(if $(SVN),,t/unit/test_svn_%) $(if $(HG),,t/unit/test_hg_%),$(wildcard t/unit/test_*.c))

LIB   := $(O)/librcapi.a
UNITS := $(UNIT_SRC:t/unit/%.c=$(O)/unit/%)
PROGS := $(O)/bin/rhodecode-api $(O)/bin/rcapi-admin
obj    = $(1:%.c=$(O)/obj/%.o)

#: make [BUILD=release|debug|asan|cov] [V=1]   module and programs, below build/
.PHONY: all
all: $(O)/mod_rcapi.so $(PROGS)
	@:

GENERATED := $(addprefix $(O)/gen/,rc_sql.def rc_schema.def rc_schema_server.def rc_tables.def hg_serve.def)
$(O)/gen/rc_sql.def: src/store/sql.awk $(sort $(wildcard src/store/sql/*.sql))
	@mkdir -p $(@D)
	$(call say,GEN,$@) awk -f $^ > $@.tmp && mv $@.tmp $@
$(O)/gen/rc_schema_server.def: SCHEMA = -v server=1
$(O)/gen/rc_schema.def $(O)/gen/rc_schema_server.def: src/store/schema.awk $(sort $(wildcard src/store/schema/*.sql))
	@mkdir -p $(@D)
	$(call say,GEN,$@) awk $(SCHEMA) -f $^ > $@.tmp && mv $@.tmp $@
$(O)/gen/rc_tables.def: src/store/tables.awk $(sort $(wildcard src/store/schema/*.sql))
	@mkdir -p $(@D)
	$(call say,GEN,$@) awk -f $^ > $@.tmp && mv $@.tmp $@
GENERATED += $(O)/gen/hg_merge.def
# A program in Python, as a text in C.
$(O)/gen/hg_%.def: src/vcs/hg/%.py
	@mkdir -p $(@D)
	$(call say,GEN,$@) sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< > $@.tmp && mv $@.tmp $@

$(call obj,$(HTTP_SRC)): CPPFLAGS += $(HTTPD_CFLAGS)
$(call obj,src/vcs/git/library.c): CPPFLAGS += $(GIT_LIMIT)
$(call obj,$(VERSIONED)): CHANGELOG.md
$(call obj,$(UNIT_SRC) docs/methods.c): CPPFLAGS += -Isrc
$(O)/obj/%.o: %.c Makefile | $(O)/.packages $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(call obj,$(LIB_SRC))
	@rm -f $@
	$(call say,AR,$@) $(AR) rcs $@ $^
$(O)/mod_rcapi.so: $(call obj,$(HTTP_SRC)) $(LIB)
	$(call say,LD,$@) $(CC) -shared -o $@ $^ $(LDFLAGS) $(PKG_LIBS)
$(O)/bin/rhodecode-api: $(call obj,$(API_SRC)) $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -o $@ $^ $(LDFLAGS) $(shell pkg-config --libs libcurl json-c apr-1)
$(O)/bin/rcapi-admin: $(call obj,$(ADM_SRC)) $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)
$(O)/unit/%: $(O)/obj/t/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -o $@ $^ $(LDFLAGS) $(PKG_LIBS) $(shell pkg-config --libs cmocka)
.SECONDARY: $(GENERATED) $(call obj,$(UNIT_SRC))

# What the tests preload into httpd and rcapi-admin.
PRELOADED := $(O)/t/crash.so $(O)/t/cheap.so $(O)/t/other_program.so $(O)/t/nfs.so
$(PRELOADED): $(O)/t/%.so: t/lib/%.c Makefile
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -shared -D_GNU_SOURCE -std=gnu11 -fPIC -O1 $(WARN) $(WERROR) -o $@ $< $(KEPT)
# httpd loads the module twice when it starts, and all symbols of all its libraries are looked up each time; not
# when the libraries are there before.
$(O)/t/crash.so: KEPT = -Wl,--no-as-needed $(PKG_LIBS)
# What runs programs for the tests.
SPAWN := $(O)/t/spawn
$(SPAWN): t/lib/spawn.c Makefile
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -D_GNU_SOURCE -std=gnu11 -O1 $(WARN) $(WERROR) -o $@ $<
# The answers of apxs that each test needs: asking costs as much as starting a server.
$(O)/t/apxs: Makefile
	@mkdir -p $(@D)
	@for v in SBINDIR progname LIBEXECDIR; do echo "$(APXS) $$v=$$($(APXS) -q $$v)" || exit 1; done > $@.tmp
	@mv $@.tmp $@
# The module with an additional face for the tests: the same objects with another table of faces.
ECHO := $(O)/t/mod_rcapi_echo.so
$(ECHO): $(call obj,$(filter-out src/http/faces.c,$(HTTP_SRC)) t/lib/face_echo.c) $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -shared -o $@ $^ $(LDFLAGS) $(PKG_LIBS)
# The module with faults that a test plants: the same objects, but for two files of src/db/sqlite.
FAULTY := $(O)/t/mod_rcapi_faulty.so
$(call obj,t/lib/faulty_memory.c): CPPFLAGS += -Isrc
$(FAULTY): $(call obj,$(HTTP_SRC) t/lib/faulty_memory.c) $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -shared -o $@ $^ $(LDFLAGS) $(PKG_LIBS)
.PHONY: units
units: $(UNITS) $(PRELOADED) $(SPAWN) $(ECHO) $(FAULTY) $(O)/t/apxs $(O)/docs/methods
	@:

# `deps` and `test-deps` install missing packages when run as root; else they print the command.
HTTPD = "$$($(APXS) -q SBINDIR)/$$($(APXS) -q progname)"
THERE = ( for c in $(COMMANDS); do command -v $$c || exit 1; done; \
          $(HTTPD) -v && pkg-config --exists $(MODULES) ) >/dev/null 2>&1
APT   = apt-get install -y --no-install-recommends $(PACKAGES)
.PHONY: deps test-deps packages
deps:
	@$(THERE) || $(SUBMAKE) packages
test-deps: PACKAGES += $(TEST_PACKAGES)
test-deps: COMMANDS += $(TEST_COMMANDS)
test-deps: MODULES += cmocka
test-deps:
	@{ $(THERE) && test -e "$$($(APXS) -q LIBEXECDIR)/mod_qos.so" && \
	   /usr/bin/python3 -c 'import feedparser' 2>/dev/null; } || $(SUBMAKE) packages PACKAGES='$(PACKAGES)'
# A build installs nothing: without the packages it stops and prints the command.
$(O)/.packages: Makefile
	@$(THERE) || { echo 'Packages are missing. On Debian: sudo apt-get update && sudo $(APT)' >&2; exit 1; }
	@mkdir -p $(@D) && touch $@
packages:
	@command -v apt-get >/dev/null || { echo 'Please install: $(PACKAGES)'; exit 1; }
	@[ "$$(id -u)" = 0 ] || { echo 'Please run: sudo apt-get update && sudo $(APT)'; exit 1; }
	apt-get update
	DEBIAN_FRONTEND=noninteractive $(APT)

# A separate make, so that apxs and pkg-config run after they were installed.
SUBMAKE = $(MAKE) --no-print-directory
CORES   = $(shell nproc)

# For conf/run and the tests: the directory of the programs, and the libraries that httpd must preload.
run cluster stop prove bench: export RCAPI_BUILD = $(O)
run stop: export STORE := $(STORE)
run cluster prove bench: export RCAPI_PRELOAD = $(if $(filter asan,$(BUILD)),$(foreach l,asan ubsan,\
                                          $(shell $(CC) -print-file-name=lib$(l).so)))

#: make run [PORT=8080] [DATA=var] [MPM=event] [WHITELIST="..."] [CONF=FILE] [STORE=postgresql]   a server to try
#: make cluster [NODES=3] [PORT=8080] [DATA=var]   several servers on one PostgreSQL, and one before them
#: make stop [DATA=var]                        stops it
.PHONY: run cluster stop
NODES ?= 3
cluster: export NODES := $(NODES)
cluster: export STORE := postgresql
run cluster: deps
	@$(SUBMAKE) -j$(CORES) all
	@sh conf/run start
stop:
	@sh conf/run stop

#: make test [T="t/20-*.t"] [STORE=postgresql] all tests, or the given ones
#: make unit                                   C unit programs and guards: no server
#: make test-fast                              these, and short tests of each kind
#: make check [BUILD=asan] [T=...]             all tests, with all rounds of the random ones
UNIT  = $(wildcard t/00-*.t t/1*.t)
FAST  = $(UNIT) $(foreach n,01 02 20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 31 37 38 39 3a 41 42 \
          5b 5c 5e 60 61 64 71,$(wildcard t/$n-*.t))
# The longest tests start first, so that none of them runs alone at the end.
LONG  = $(foreach n,10 97 98 e3 e4 3f 51 34 50 2f 89 3e 55 72 99 52 32 54 c3 5f 7d 2j 53 35 86 33 73 2g 77 74 \
          71 3d 57 c2 b0 9a 92 70 7f 7c 3b,$(wildcard t/$n-*.t))
ALL   = $(wildcard t/*.t)
# What is stored and read by each kind of statement: these run on PostgreSQL, too.
AGAIN = $(foreach n,21 28 29 2d a0 37,$(wildcard t/$n-*.t))
T     = $(LONG) $(filter-out $(LONG),$(sort $(ALL))) $(if $(PG),$(if $(STORE),,$(AGAIN:=@postgresql)))
.PHONY: test unit test-fast check prove
test: test-deps
	@$(SUBMAKE) -j$(CORES) all units
	@$(SUBMAKE) prove
unit:
	@$(SUBMAKE) test T='$(UNIT)'
test-fast:
	@$(SUBMAKE) test T='$(filter $(FAST),$(T))'
check:
	@RCAPI_ROUNDS=all $(SUBMAKE) test
prove: export RCAPI_SAID = $(O)/said
prove: export RCAPI_STORE = $(STORE)
prove:
	@rm -rf $(RCAPI_SAID) && mkdir -p $(RCAPI_SAID)
	@perl t/lib/with_store prove -e 'sh t/lib/one' -j$$((3 * $(CORES))) $(T) || { sh t/lib/said $(RCAPI_SAID); exit 1; }

#: make docs                                   updates the tables of docs/ from the code
#: make man, make completion                   manual pages and completion of shells, below build/
$(O)/docs/methods: $(O)/obj/docs/methods.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)
# Completion: rhodecode-api and rcapi-admin for bash, _rhodecode-api for zsh.
COMPLETION = $(addprefix $(O)/completion/,rhodecode-api _rhodecode-api rcapi-admin)
$(O)/completion/rhodecode-api: SHELL_OF = bash
$(O)/completion/_rhodecode-api: SHELL_OF = zsh
$(O)/completion/rcapi-admin: SHELL_OF = admin
$(O)/completion/rcapi-admin: ALSO = $(O)/bin/rcapi-admin help;
$(O)/completion/rcapi-admin: $(O)/bin/rcapi-admin
$(COMPLETION): conf/completion.awk conf/completion-admin.awk $(O)/docs/methods
	@mkdir -p $(@D)
	$(call say,GEN,$@) { $(ALSO) $(O)/docs/methods; } | \
	  awk -v shell=$(SHELL_OF) $(patsubst %,-f %,$(filter %.awk,$^)) > $@.new && mv $@.new $@
# Manual pages, of the same tables and texts as the documents.
MAN = $(addprefix $(O)/man/,rhodecode-api.1 rcapi-admin.8 mod_rcapi.8 rcapi.conf.5)
$(O)/man/%: docs/man.pl docs/Man.pm docs/Rows.pm docs/configuration.md CHANGELOG.md $(O)/docs/methods $(PROGS) \
            $(wildcard src/http/*.c src/faces/*/*.c) src/domain/server.c
	@mkdir -p $(@D)
	$(call say,GEN,$@) perl docs/man.pl $(O) $* > $@.new && mv $@.new $@
.PHONY: docs man completion
docs: $(O)/docs/methods $(PROGS)
	@perl docs/tables.pl $(O)
man: $(MAN)
completion: $(COMPLETION)

#: make screenshots                            pictures of the pages, into build/screenshots
.PHONY: screenshots
screenshots: deps
	@$(SUBMAKE) -j$(CORES) all units
	@RCAPI_BUILD=$(O) perl -It/lib t/lib/screenshots $(O)/screenshots

#: make bench [QUICK=1] [ROWS="calls files"]  speed, compared with httpd and git
bench: deps

#: make fuzz [SECONDS=60]                      random inputs for every parser, under sanitizers

#: make lint                                   checks format, code and each header alone
# Tools that are not installed are skipped with a message.
SOURCES = $(wildcard *.c src/*/*.[ch] src/*/*/*.[ch] src/*/*/*/*.[ch] include/*.h include/*/*.h \
            t/unit/*.[ch] t/fuzz/*.[ch] docs/*.c t/lib/face_echo.c t/lib/spawn.c)
HEADERS = $(wildcard include/*.h include/*/*.h)
.PHONY: lint headers
lint: headers
	@$(call tool,clang-format) --dry-run -Werror $(SOURCES)
	@$(call tool,cppcheck) --quiet --error-exitcode=1 --inline-suppr --std=c11 -Iinclude -I$(O)/gen \
	  --enable=warning,portability --suppressions-list=.cppcheck $(filter %.c,$(SOURCES))
headers: $(HEADERS:%=$(O)/headers/%)
$(O)/headers/%: % Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) -x c -fsyntax-only $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) $< && touch $@
tool = command -v $(1) >/dev/null || { echo '$(1): not installed, skipped'; exit 0; }; $(1)

#: make install [DESTDIR=] [PREFIX=/usr/local] installs module, programs and sample configuration
PREFIX ?= /usr/local
LIBEXECDIR ?= $(shell $(APXS) -q LIBEXECDIR)
SAMPLE = $(DESTDIR)$(PREFIX)/share/mod_rcapi/rcapi.conf
BASH_DIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSH_PART = share/zsh/site-functions
ZSH_DIR = $(DESTDIR)$(PREFIX)/$(ZSH_PART)
MAN_DIR = $(DESTDIR)$(PREFIX)/share/man
.PHONY: install
install: all $(COMPLETION) $(MAN)
	install -D -m 755 $(O)/mod_rcapi.so '$(DESTDIR)$(LIBEXECDIR)/mod_rcapi.so'
	install -D -m 755 -t '$(DESTDIR)$(PREFIX)/bin' $(PROGS)
	install -D -m 644 conf/rcapi.conf '$(SAMPLE)'
	install -D -m 755 -t '$(dir $(SAMPLE))' conf/post-receive
	install -D -m 644 -t '$(BASH_DIR)' $(O)/completion/rhodecode-api $(O)/completion/rcapi-admin
	install -D -m 644 $(O)/completion/_rhodecode-api '$(ZSH_DIR)/_rhodecode-api'
	for page in $(notdir $(MAN)); do \
	  install -D -m 644 -t "$(MAN_DIR)/man$${page##*.}" $(O)/man/$$page || exit 1; done
	sed -i 's,modules/mod_rcapi.so,$(LIBEXECDIR)/mod_rcapi.so,' '$(SAMPLE)'

#: make uninstall [DESTDIR=] [PREFIX=]         removes the installed files, no data
.PHONY: uninstall
uninstall:
	rm -f '$(DESTDIR)$(LIBEXECDIR)/mod_rcapi.so' $(PROGS:$(O)/%='$(DESTDIR)$(PREFIX)/%')
	rm -rf '$(DESTDIR)$(PREFIX)/share/mod_rcapi'
	rm -f '$(BASH_DIR)/rhodecode-api' '$(BASH_DIR)/rcapi-admin' '$(ZSH_DIR)/_rhodecode-api' \
	  $(foreach page,$(notdir $(MAN)),'$(MAN_DIR)'/man?/$(page))

#: make dist                                   the source tarball, below build/
#: make deb                                    Debian packages, below build/deb
#: make test-deb                               install, use, upgrade and purge them in a fresh Debian (as root)
include conf/debian/debian.mk

#: make clean, make help
.PHONY: clean help
clean:
	rm -rf build
help:
	@sed -n 's/^#: //p' Makefile

include t/bench/bench.mk
include t/fuzz/fuzz.mk

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
