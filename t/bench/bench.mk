# SPDX-License-Identifier: Apache-2.0
# make bench: programs of its own, and wrk. t/bench/run says what is measured and which variables
# there are.
BENCH   := $(O)/bench/rows $(O)/bench/pairs $(O)/bench/cost
GET_WRK := apt-get install -y --no-install-recommends wrk

$(call obj,t/bench/rows.c): CPPFLAGS += -Isrc
$(O)/bench/%: $(O)/obj/t/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)
.SECONDARY: $(call obj,t/bench/rows.c t/bench/pairs.c t/bench/cost.c)
units: $(BENCH)

.PHONY: bench bench-programs wrk
bench: wrk
	@$(SUBMAKE) -j$(CORES) all bench-programs
	@RCAPI_BUILD='$(abspath $(O))' t/bench/run
bench-programs: $(BENCH) $(SPAWN)
	@:
wrk:
	@command -v wrk >/dev/null || if [ "$$(id -u)" = 0 ]; then apt-get update && $(GET_WRK); \
	  else echo 'Please run: sudo apt-get update && sudo $(GET_WRK)'; exit 1; fi
