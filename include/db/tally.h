// SPDX-License-Identifier: Apache-2.0
/*
 * Counts of what has happened under a name in a span of time, for all machines whose processes use
 * the same database. For wrong passwords: base/guess.h counts those of this machine.
 *
 * A database on a server keeps 65,536 counts, in a table without a log; a name has the count that
 * its hash says. So the table never grows, tells no names, and names that share a count are rare.
 * Nothing is counted in a file: there all processes are on one machine. Adding waits for no writer.
 */
#ifndef RC_DB_TALLY_H
#define RC_DB_TALLY_H

#include "db/db.h"

/** Sets *@a wait to 0, or to the seconds after which @a name is counted anew, when it has been
 * added
 * @a most times. One short question to the server. */
rc_err_t *rc_db_tally_wait(int *wait, rc_db_t *db, const char *name, int most);

/** Counts @a name once more; its time of @a seconds begins with the first one. Outside of a
 * transaction. */
rc_err_t *rc_db_tally_add(rc_db_t *db, const char *name, int seconds);

#endif
