// SPDX-License-Identifier: Apache-2.0
/*
 * The journal records who did what, when and from where. Entries outlive users and repositories;
 * only rc_store_journal_purge deletes them.
 */
#ifndef RC_STORE_JOURNAL_H
#define RC_STORE_JOURNAL_H

#include <apr_tables.h>

#include "db/db.h"
#include "store/viewer.h"

/* The name in the journal for changes by rcapi-admin; new users cannot have it. */
#define RC_LOCAL_ACTOR "rcapi-admin"

/* Who acts. */
typedef struct rc_journal_actor_t {
    apr_int64_t user_id;
    const char *ip;   /* text */
    const char *name; /* instead of user_id when the actor is not a user (rcapi-admin); else NULL */
    apr_int64_t key_id; /* by which the user came; 0: none */
} rc_journal_actor_t;

/**
 * Adds an entry, in the transaction of the change that it describes. @a action is RhodeCode's word
 * for the action, followed by ":" and its object where needed ("push_remote",
 * "user_commented_revision:<id>"). @a repo_id and @a repo_name are the repository, or 0 and NULL;
 * the name stays when the repository is deleted. Does nothing when @a actor is NULL, as during
 * setup.
 */
rc_err_t *rc_store_journal_add(rc_db_t *db, const rc_journal_actor_t *actor, apr_int64_t repo_id,
                               const char *repo_name, const char *action);

/* An entry that is written down now and stored later. */
typedef struct rc_journal_late_t {
    apr_time_t created_on;
    apr_interval_time_t within; /* left out if there is the same one from so long before; or 0 */
    apr_int64_t user_id, repo_id, key_id;
    const char *username, *repo_name, *action, *ip;
} rc_journal_late_t;

/** Stores @a late in the current transaction. */
rc_err_t *rc_store_journal_late(rc_db_t *db, const rc_journal_late_t *late);

/** Returns @a late as a line for base/spill.h, in @a pool. */
const char *rc_journal_line(const rc_journal_late_t *late, apr_pool_t *pool);

/**
 * Stores the entries that wait in the file of rc_db_spilled, about 1 MB of it at most, inside of a
 * write transaction. rc_store_journal_add does so first, so that entries have the order in which
 * they were made. A file that cannot be read is logged, and is no error.
 */
rc_err_t *rc_store_journal_take(rc_db_t *db);

/** The same in transactions of its own, for those who read the journal: stores all that wait. With
 * @a remove also removes the file. Outside of transactions; writes nothing when none wait. */
rc_err_t *rc_store_journal_settle(rc_db_t *db, bool remove);

typedef struct rc_journal_entry_t {
    apr_int64_t id;
    apr_int64_t created_on; /* microseconds */
    const char *action;
    const char *username;
    const char *firstname, *lastname; /* rc_store_journal_followed: NULL when the user is gone */
    const char *ip;                   /* rc_store_journal_each */
    const char *repo_name;
} rc_journal_entry_t;

/**
 * Returns the newest entries, at most @a most, about repositories and of users that @a viewer
 * follows. Leaves out entries whose repository no longer exists or is not readable for them. An
 * array of rc_journal_entry_t, newest first, with the current names of repositories and users.
 */
rc_err_t *rc_store_journal_followed(apr_array_header_t **out, rc_db_t *db, rc_viewer_t viewer,
                                    int most, apr_pool_t *pool);

/** Calls @a fn for the newest @a most entries, oldest first. */
rc_err_t *rc_store_journal_each(rc_db_t *db, apr_int64_t most,
                                rc_err_t *(*fn)(void *baton, const rc_journal_entry_t *entry,
                                                apr_pool_t *scratch),
                                void *baton, apr_pool_t *pool);

/** Deletes entries older than @a before (microseconds); *@a gone is their number. */
rc_err_t *rc_store_journal_purge(apr_int64_t *gone, rc_db_t *db, apr_int64_t before);

#endif
