// SPDX-License-Identifier: Apache-2.0
/*
 * The journal: who did what, when, from where. Entries outlive users and repositories; nothing
 * but rc_store_journal_purge ever takes one away.
 */
#ifndef RC_JOURNAL_H
#define RC_JOURNAL_H

#include "rc_db.h"

/* Who acts. */
typedef struct rc_actor_t {
    apr_int64_t user_id;
    const char *ip; /* text */
} rc_actor_t;

/**
 * Adds an entry, in the transaction of what it tells of. @a action is RhodeCode's word for it, with
 * ":" and what it is about if need be ("push_remote", "user_commented_revision:<id>"). @a repo_id
 * and @a repo_name: the repository, if it is about one, else 0 and NULL; the name is kept when the
 * repository goes. A NULL @a actor does nothing: that is the setup.
 */
rc_err_t *rc_store_journal_add(rc_db_t *db, const rc_actor_t *actor, apr_int64_t repo_id,
                               const char *repo_name, const char *action);

#endif
