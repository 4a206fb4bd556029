# SPDX-License-Identifier: Apache-2.0
# Turns src/store/schema/NNN.sql into one row T(TABLE_NAME, "name") for each table, in the order in which they were
# added. Released steps never change, so a table keeps its number.
/^CREATE TABLE / && !($3 in known) { known[$3]; print "T(TABLE_" toupper($3) ", \"" $3 "\")" }
