// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes entries of the journal.
 */
#include "store/journal.h"

#include <string.h>

#include "base/text.h"
#include "sql.h"

#define ACTION_MOST (17 * 1024) /* bytes: the ids of 400 commits */

rc_err_t *rc_store_journal_add(rc_db_t *db, const rc_journal_actor_t *actor, apr_int64_t repo_id,
                               const char *repo_name, const char *action)
{
    apr_int64_t created_on = apr_time_now();

    if (!actor)
        return NULL;
    RC_TRY(rc_store_journal_take(db));
    /* an action may contain any text of a client */
    if (strlen(action) > ACTION_MOST)
        action = rc_utf8_cut(action, ACTION_MOST, rc_db_user_pool(db));
    if (actor->name)
        return rc_execute(db, SQL_JOURNAL_ADD_NAMED, "srsssi", actor->name, repo_id,
                          repo_name ? repo_name : "", action, actor->ip ? actor->ip : "",
                          created_on);
    return rc_execute(db, SQL_JOURNAL_ADD, "irsssir", actor->user_id, repo_id,
                      repo_name ? repo_name : "", action, actor->ip ? actor->ip : "", created_on,
                      actor->key_id);
}

/* The only place that knows the columns of JOURNAL_FOLLOWED. */
static void read_entry(rc_journal_entry_t *entry, rc_stmt_t *st, apr_pool_t *pool)
{
    entry->id = rc_column_int(st, 0);
    entry->created_on = rc_column_int(st, 1);
    entry->action = rc_column_text(st, 2, pool);
    entry->username = rc_column_text(st, 3, pool);
    entry->firstname = rc_column_text(st, 4, pool);
    entry->lastname = rc_column_text(st, 5, pool);
    entry->repo_name = rc_column_text(st, 6, pool);
}

rc_err_t *rc_store_journal_followed(apr_array_header_t **out, rc_db_t *db, rc_viewer_t viewer,
                                    int most, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *out = apr_array_make(pool, most, sizeof(rc_journal_entry_t));
    RC_TRY(rc_stmt(&st, db, SQL_JOURNAL_FOLLOWED));
    RC_TRY(rc_bind(st, db, "id", viewer.id, most));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        read_entry(apr_array_push(*out), st, pool);
    }
}

/* The only place that knows the columns of JOURNAL_LAST. */
static rc_journal_entry_t read_last(rc_stmt_t *st, apr_pool_t *pool)
{
    return (rc_journal_entry_t){
        .id = rc_column_int(st, 0),
        .created_on = rc_column_int(st, 1),
        .action = rc_column_text(st, 2, pool),
        .username = rc_column_text(st, 3, pool),
        .ip = rc_column_text(st, 4, pool),
        .repo_name = rc_column_text(st, 5, pool),
    };
}

rc_err_t *rc_store_journal_each(rc_db_t *db, apr_int64_t most,
                                rc_err_t *(*fn)(void *baton, const rc_journal_entry_t *entry,
                                                apr_pool_t *scratch),
                                void *baton, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    rc_err_t *err;
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_stmt(&st, db, SQL_JOURNAL_LAST));
    RC_TRY(rc_bind(st, db, "i", most));
    apr_pool_create(&scratch, pool);
    for (;;) {
        rc_journal_entry_t entry;

        apr_pool_clear(scratch);
        if ((err = rc_step(&found, st, db)) || !found)
            break;
        entry = read_last(st, scratch);
        if ((err = fn(baton, &entry, scratch)))
            break;
    }
    rc_done(st);
    apr_pool_destroy(scratch);
    return err;
}

rc_err_t *rc_store_journal_purge(apr_int64_t *gone, rc_db_t *db, apr_int64_t before)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_JOURNAL_PURGE));
    RC_TRY(rc_bind(st, db, "i", before));
    RC_TRY(rc_stmt_run(st, db));
    *gone = rc_changes(db);
    return NULL;
}
