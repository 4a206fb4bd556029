# SPDX-License-Identifier: Apache-2.0
# Turns src/store/sql/*.sql into a list of X(NAME, "text") rows.
#   -- NAME: what it is for      starts a statement
#   -- DEFINE NAME: what it is   starts a fragment, used in later text as @NAME@
# Other comment lines are dropped. Fragments must be defined before they are used
# (fragment files sort first: 00-*.sql).
function flush_block() {
    if (name == "")
        return
    gsub(/[ \t]+/, " ", text)
    sub(/^ /, "", text)
    sub(/[ ;]+$/, "", text)
    while (match(text, /@[A-Z_0-9]+@/)) {
        word = substr(text, RSTART + 1, RLENGTH - 2)
        if (!(word in fragment)) {
            print FILENAME ": no fragment " word > "/dev/stderr"
            failed = 1
            exit 1
        }
        text = substr(text, 1, RSTART - 1) fragment[word] substr(text, RSTART + RLENGTH)
    }
    if (is_fragment)
        fragment[name] = text
    else {
        gsub(/\\/, "\\\\", text)
        gsub(/"/, "\\\"", text)
        print "X(SQL_" name ", \"" text "\")"
    }
    name = ""
}
/^-- DEFINE [A-Z_0-9]+:/ { flush_block(); name = $3; sub(/:.*/, "", name); is_fragment = 1; text = ""; next }
/^-- [A-Z_0-9]+:/ { flush_block(); name = $2; sub(/:.*/, "", name); is_fragment = 0; text = ""; next }
/^[ \t]*--/ { next }
{ text = text " " $0 }
END { if (!failed) flush_block() }
