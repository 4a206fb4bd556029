# SPDX-License-Identifier: Apache-2.0
# Turns src/store/schema/NNN.sql into one row S(number, "text") each. Comment lines are dropped.
function flush_step() {
    if (step != "")
        print "S(" step ", \"" text "\")"
}
FNR == 1 { flush_step(); step = FILENAME; sub(/.*\//, "", step); sub(/\.sql$/, "", step); step += 0; text = "" }
/^[ \t]*--/ { next }
{ line = $0; gsub(/\\/, "\\\\", line); gsub(/"/, "\\\"", line); text = text line "\\n" }
END { flush_step() }
