# SPDX-License-Identifier: Apache-2.0
# Turns src/store/sql/*.sql into a list of X(NAME, "text") rows.
#   -- NAME: what it is for      starts a statement
#   -- DEFINE NAME: what it is   starts a fragment, used in later text as @NAME@, or as
#                                @NAME(a)@, which puts the word a for each $ of the fragment
# Parameters are ?1, ?2 ...; a driver for a database with other words ($1) translates them when it
# prepares. The rest is what SQLite and PostgreSQL share (t/5g-postgresql-sql.t).
# Other comment lines are dropped. Fragments must be defined before they are used
# (fragment files sort first: 00-*.sql).
function flush_block() {
    if (name == "")
        return
    gsub(/[ \t]+/, " ", text)
    sub(/^ /, "", text)
    sub(/[ ;]+$/, "", text)
    while (match(text, /@[A-Z_0-9]+(\([a-z $]+\))?@/)) {
        word = substr(text, RSTART + 1, RLENGTH - 2)
        alias = ""
        if (paren = index(word, "(")) {
            alias = substr(word, paren + 1, length(word) - paren - 1)
            word = substr(word, 1, paren - 1)
        }
        if (!(word in fragment)) {
            print FILENAME ": no fragment " word > "/dev/stderr"
            failed = 1
            exit 1
        }
        start = RSTART
        size = RLENGTH
        body = fragment[word]
        if (alias != "")
            gsub(/\$/, alias, body)
        text = substr(text, 1, start - 1) body substr(text, start + size)
    }
    if (is_fragment)
        fragment[name] = text
    else if (index(text, "$")) {
        print FILENAME ": " name ": a fragment lacks its word" > "/dev/stderr"
        failed = 1
        exit 1
    } else {
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
