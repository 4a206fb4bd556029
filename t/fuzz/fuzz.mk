# SPDX-License-Identifier: Apache-2.0
# make fuzz runs each target in turn, under the sanitizers, over the inputs in its folder and random
# changes of them: with clang's libFuzzer where it is installed, else with gcc and driver.c. SECONDS is
# divided by the targets. It reports how many inputs each target ran and how much code they reached.
# An input that crashes a target is left in build/fuzz/found; build/fuzz/fuzz/TARGET FILE repeats it.
SECONDS     ?= 60
FUZZ_SRC    := $(filter-out $(if $(HG),,%/fuzz_hg.c %/fuzz_face_hg.c) $(if $(SVN),,%/fuzz_svn.c), \
                 $(wildcard t/fuzz/fuzz_*.c))
FUZZERS     := $(FUZZ_SRC:t/fuzz/fuzz_%.c=$(O)/fuzz/%)
# null, object-size: the rings of APR count from there, and the address sanitizer sees the rest.
OPT_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=null,object-size \
               -fno-sanitize-recover=undefined
FUZZ_CLANG   = $(wildcard $(shell clang --print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer-*.a)
FUZZ_FLAGS   = $(if $(FUZZ_CLANG),CC=clang OPT_fuzz='$(OPT_fuzz) -fsanitize=fuzzer-no-link' \
                 FUZZ_MAIN=-fsanitize=fuzzer,OPT_fuzz='$(OPT_fuzz) -fsanitize-coverage=trace-pc' \
                 FUZZ_MAIN=build/fuzz/obj/t/fuzz/driver.o)

# The tests run each target over its first inputs, so that none is forgotten when the code changes.
FUZZ_MAIN   ?= $(O)/obj/t/fuzz/driver.o
units: $(FUZZERS)
$(call obj,$(FUZZ_SRC)): CPPFLAGS += -Isrc
$(O)/fuzz/%: $(O)/obj/t/fuzz/fuzz_%.o $(LIB) $(filter %.o,$(FUZZ_MAIN))
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -o $@ $(filter-out $(LIB),$^) $(LIB) $(LDFLAGS) $(filter -%,$(FUZZ_MAIN)) $(PKG_LIBS) $(LIBS)
$(O)/fuzz/client: $(call obj,$(filter-out src/cli/rhodecode_api.c,$(API_SRC)))
$(O)/fuzz/client: LIBS = $(shell pkg-config --libs libcurl)
.SECONDARY: $(call obj,$(FUZZ_SRC) t/fuzz/driver.c)

.PHONY: fuzz fuzzers
fuzz: deps
	@$(SUBMAKE) -j$(CORES) BUILD=fuzz WARN= WERROR= $(FUZZ_FLAGS) fuzzers
	@mkdir -p build/fuzz/found
	@for t in $(FUZZ_SRC:t/fuzz/fuzz_%.c=%); do echo "  FUZZ $$t"; mkdir -p build/fuzz/corpus/$$t; \
	  ASAN_OPTIONS=handle_abort=1 build/fuzz/fuzz/$$t -artifact_prefix=build/fuzz/found/$$t- \
	    -max_total_time=$$(( $(SECONDS) / $(words $(FUZZ_SRC)) + 1 )) \
	    build/fuzz/corpus/$$t t/fuzz/$$t >build/fuzz/found/$$t.log 2>&1 || \
	    { tail -50 build/fuzz/found/$$t.log; exit 1; }; \
	  sed -n -e 's/^[0-9]* inputs, .*/    &/p' \
	    -e 's/^#\([0-9]*\).DONE *cov: \([0-9]*\).* corp: \([0-9]*\).*/    \1 inputs, \2 edges reached, \3 inputs kept/p' \
	    build/fuzz/found/$$t.log; done
fuzzers: $(FUZZERS)
	@:
