// SPDX-License-Identifier: Apache-2.0
/*
 * Entries of the journal.
 */
#include "rc_journal.h"

#include "stmt.h"

rc_err_t *rc_store_journal_add(rc_db_t *db, const rc_actor_t *actor, apr_int64_t repo_id,
                               const char *repo_name, const char *action)
{
    if (!actor)
        return NULL;
    return rc_execute(db, SQL_JOURNAL_ADD, "irsssi", actor->user_id, repo_id,
                      repo_name ? repo_name : "", action, actor->ip ? actor->ip : "",
                      (apr_int64_t)apr_time_now());
}
