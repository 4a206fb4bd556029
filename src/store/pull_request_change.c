// SPDX-License-Identifier: Apache-2.0
/*
 * Inserts and changes pull requests and their reviewers.
 */
#include "store/pull_request.h"

#include <apr_strings.h>

#include "sql.h"

/* --- commits --- */

static rc_err_t *insert_commits(rc_db_t *db, const rc_pull_request_t *pull)
{
    int i;

    for (i = 0; i < pull->commits->nelts; i++)
        RC_TRY(rc_execute(db, SQL_PULL_COMMIT_INSERT, "ids", pull->id, i,
                          APR_ARRAY_IDX(pull->commits, i, const char *)));
    return NULL;
}

rc_err_t *rc_store_pull_insert(rc_pull_request_t *pull, rc_db_t *db)
{
    const rc_pull_side_t *source = &pull->source, *target = &pull->target;
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_PULL_INSERT, "ttniinnsinnsi", pull->title, pull->description,
                    pull->renderer, pull->author.user->id, source->repo_id, source->type,
                    source->name, source->id, target->repo_id, target->type, target->name,
                    target->id, (apr_int64_t)apr_time_now()));
    RC_TRY(rc_insert(&pull->id, st, db));
    return insert_commits(db, pull);
}

rc_err_t *rc_store_pull_update(rc_db_t *db, const rc_pull_request_t *pull)
{
    return rc_execute(db, SQL_PULL_UPDATE, "ittni", pull->id, pull->title, pull->description,
                      pull->renderer, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_pull_renew(rc_db_t *db, const rc_pull_request_t *old,
                              const rc_pull_request_t *pull, apr_pool_t *pool)
{
    int number = old->versions + 1;

    RC_TRY(rc_execute(db, SQL_PULL_VERSION_INSERT, "idsssi", old->id, number, old->source.id,
                      old->target.id, apr_array_pstrcat(pool, old->commits, ' '),
                      (apr_int64_t)apr_time_now()));
    RC_TRY(rc_execute(db, SQL_PULL_VERSION_COMMENTS, "id", old->id, number));
    RC_TRY(rc_execute(db, SQL_PULL_COMMITS_DELETE, "i", old->id));
    RC_TRY(rc_execute(db, SQL_PULL_SET_HEADS, "issi", old->id, pull->source.id, pull->target.id,
                      (apr_int64_t)apr_time_now()));
    return insert_commits(db, pull);
}

/* --- states --- */

rc_err_t *rc_store_pull_close(rc_db_t *db, apr_int64_t pull_id)
{
    return rc_execute(db, SQL_PULL_CLOSE, "ii", pull_id, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_pull_set_merge(rc_db_t *db, apr_int64_t pull_id, const char *merge_rev,
                                  apr_int64_t user_id)
{
    return rc_execute(db, SQL_PULL_MERGING, "isr", pull_id, merge_rev, user_id);
}

rc_err_t *rc_store_pull_set_verdict(rc_db_t *db, apr_int64_t pull_id,
                                    const rc_pull_verdict_t *verdict)
{
    return rc_execute(db, SQL_PULL_SET_VERDICT, "idss", pull_id, verdict->reason, verdict->source,
                      verdict->target);
}

/* --- reviewers --- */

rc_err_t *rc_store_pull_reviewer_set(rc_db_t *db, apr_int64_t pull_id, apr_int64_t user_id,
                                     const char *reasons, bool mandatory)
{
    return rc_execute(db, SQL_PULL_REVIEWER_INSERT, "iitdi", pull_id, user_id, reasons,
                      (int)mandatory, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_pull_reviewer_remove(rc_db_t *db, apr_int64_t pull_id, apr_int64_t user_id)
{
    return rc_execute(db, SQL_PULL_REVIEWER_DELETE, "ii", pull_id, user_id);
}
