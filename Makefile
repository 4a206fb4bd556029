# SPDX-License-Identifier: Apache-2.0
# make help lists the targets. Everything is built below build/.

BUILD ?= release
O     := $(if $(filter release,$(BUILD)),build,build/$(BUILD))

APXS       ?= apxs
CC         ?= cc
PKGS       := apr-1 apr-util-1 json-c sqlite3 libgit2 libcrypto
PACKAGES   := gcc libc6-dev make pkg-config git curl perl openssh-client ca-certificates \
              apache2-bin apache2-dev libapr1-dev libaprutil1-dev libjson-c-dev libsqlite3-dev \
              libgit2-dev libssl-dev libcurl4-openssl-dev libcmocka-dev sqlite3

OPT_release := -O2 -DNDEBUG
OPT_debug   := -Og -g
OPT_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined
OPT_cov     := -O0 -g --coverage
WARN := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wformat-security -Wvla -Wshadow
WERROR ?= -Werror

# apxs and pkg-config only answer questions; asked once, when something is to be compiled.
HTTPD_CFLAGS = $(eval HTTPD_CFLAGS := -isystem $$(shell $(APXS) -q INCLUDEDIR))$(HTTPD_CFLAGS)
PKG_CFLAGS   = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS     = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)

VERSION  := 0.1.0
CPPFLAGS += -Iinclude -I$(O)/gen -D_GNU_SOURCE -DRCAPI_VERSION='"$(VERSION)"'
CFLAGS   += -std=gnu11 -fPIC -fvisibility=hidden -fstack-protector-strong $(WARN) $(WERROR) \
            $(OPT_$(BUILD))
LDFLAGS  += $(filter -fsanitize=% --coverage,$(OPT_$(BUILD))) -Wl,-z,relro,-z,now

LIB_SRC  := $(wildcard src/core/*.c src/store/*.c src/vcs/*.c src/auth/*.c src/model/*.c \
              src/rpc/*.c src/rpc/methods/*.c src/web/*.c)
HTTP_SRC := mod_rcapi.c $(wildcard src/http/*.c)
API_SRC  := $(wildcard src/cli/client*.c) src/cli/rhodecode_api.c
ADM_SRC  := $(wildcard src/cli/admin*.c) src/cli/rcapi_admin.c \
            $(addprefix src/cli/client_,args.c json.c print.c util.c)
UNIT_SRC := $(wildcard t/unit/test_*.c)

LIB   := $(O)/librcapi.a
UNITS := $(UNIT_SRC:t/unit/%.c=$(O)/unit/%)
PROGS := $(O)/bin/rhodecode-api $(O)/bin/rcapi-admin
obj    = $(1:%.c=$(O)/obj/%.o)

.PHONY: all
all: $(O)/mod_rcapi.so $(PROGS)

$(O)/gen/rc_sql.def: src/store/sql.awk $(sort $(wildcard src/store/sql/*.sql))
	@mkdir -p $(@D)
	awk -f $^ > $@.tmp && mv $@.tmp $@
$(O)/gen/rc_schema.def: src/store/schema.awk $(sort $(wildcard src/store/schema/*.sql))
	@mkdir -p $(@D)
	awk -f $^ > $@.tmp && mv $@.tmp $@

$(call obj,$(HTTP_SRC)): CPPFLAGS += $(HTTPD_CFLAGS)
$(call obj,$(UNIT_SRC)): CPPFLAGS += -Isrc
$(O)/obj/%.o: %.c Makefile | $(O)/gen/rc_sql.def $(O)/gen/rc_schema.def
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(call obj,$(LIB_SRC)): $(O)/gen/rc_sql.def $(O)/gen/rc_schema.def

$(LIB): $(call obj,$(LIB_SRC))
	@rm -f $@
	$(AR) rcs $@ $^
$(O)/mod_rcapi.so: $(call obj,$(HTTP_SRC)) $(LIB)
	$(CC) -shared -o $@ $^ $(LDFLAGS) $(PKG_LIBS)
$(O)/bin/rhodecode-api: $(call obj,$(API_SRC))
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDFLAGS) $(shell pkg-config --libs libcurl json-c)
$(O)/bin/rcapi-admin: $(call obj,$(ADM_SRC)) $(LIB)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)
$(O)/unit/%: $(O)/obj/t/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDFLAGS) $(PKG_LIBS) $(shell pkg-config --libs cmocka)
.SECONDARY: $(call obj,$(UNIT_SRC))

.PHONY: units
units: $(UNITS)

include t/bench/bench.mk

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
