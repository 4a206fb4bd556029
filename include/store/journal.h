// SPDX-License-Identifier: Apache-2.0
/*
 * The journal: who did what, when, from where. Entries outlive users and repositories; nothing
 * but rc_store_journal_purge ever takes one away.
 */
#ifndef RC_STORE_JOURNAL_H
#define RC_STORE_JOURNAL_H

#include <apr_tables.h>

#include "db/db.h"

/* Who changes what rcapi-admin changes; no new user is called so. */
#define RC_LOCAL_ACTOR "rcapi-admin"

/* Who acts. */
typedef struct rc_journal_actor_t {
    apr_int64_t user_id;
    const char *ip;   /* text */
    const char *name; /* of who is no user (rcapi-admin): takes the place of user_id; else NULL */
} rc_journal_actor_t;

/**
 * Adds an entry, in the transaction of the change that it describes. @a action is RhodeCode's word
 * for it, with
 * ":" and what it is about if need be ("push_remote", "user_commented_revision:<id>"). @a repo_id
 * and @a repo_name: the repository, if it is about one, else 0 and NULL; the name is kept when the
 * repository goes. A NULL @a actor does nothing: that is the setup.
 */
rc_err_t *rc_store_journal_add(rc_db_t *db, const rc_journal_actor_t *actor, apr_int64_t repo_id,
                               const char *repo_name, const char *action);

/** Was the same written of the same user and repository in the last @a within? *@a known says so.
 */
rc_err_t *rc_store_journal_recent(bool *known, rc_db_t *db, apr_int64_t user_id,
                                  apr_int64_t repo_id, const char *action,
                                  apr_interval_time_t within);

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
 * The newest entries, at most @a most, about repositories and of users that user @a user_id
 * follows; of them only what is about repositories that exist and that they may read now. An array
 * of rc_journal_entry_t, newest first, with the names that they have now.
 */
rc_err_t *rc_store_journal_followed(apr_array_header_t **out, rc_db_t *db, apr_int64_t user_id,
                                    int most, apr_pool_t *pool);

/** Calls @a fn for the newest entries, at most @a most, oldest first. */
rc_err_t *rc_store_journal_each(rc_db_t *db, apr_int64_t most,
                                rc_err_t *(*fn)(void *baton, const rc_journal_entry_t *entry,
                                                apr_pool_t *scratch),
                                void *baton, apr_pool_t *pool);

/** Deletes the entries made before @a before (microseconds); *@a gone is their number. */
rc_err_t *rc_store_journal_purge(apr_int64_t *gone, rc_db_t *db, apr_int64_t before);

#endif
