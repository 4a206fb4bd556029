// SPDX-License-Identifier: Apache-2.0
/*
 * Writes entries of the journal for which nobody waits into a file (base/spill.h), and has them
 * stored when somebody needs them or the file has grown.
 */
#include "base/log.h"
#include "base/spill.h"
#include "domain/actor.h"
#include "domain/journal.h"

static rc_err_t *store_entry(void *baton, rc_db_t *db)
{
    return rc_store_journal_late(db, baton);
}

/* Runs @a fn with the actor's connection, or one for the moment. */
static rc_err_t *with_connection(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton)
{
    bool away = !actor->db;
    rc_err_t *err;

    if (away)
        RC_TRY(rc_actor_open(actor));
    err = fn(actor, baton);
    if (away)
        rc_actor_close(actor);
    return err;
}

static rc_err_t *store_now(rc_actor_t *actor, void *baton)
{
    return rc_db_txn_lazy(actor->db, store_entry, baton);
}

static rc_err_t *empty_file(rc_actor_t *actor, void *baton)
{
    (void)baton;
    rc_journal_settle(actor->db, true, actor->pool);
    return NULL;
}

/* Where no line can be added, the entry is stored at once. */
rc_err_t *rc_actor_journal_late(rc_actor_t *actor, const rc_repo_t *repo, const char *action,
                                apr_interval_time_t within)
{
    rc_journal_late_t late = {.created_on = apr_time_now(),
                              .within = within,
                              .user_id = actor->caller->user_id,
                              .repo_id = repo->id,
                              .key_id = actor->caller->key_id,
                              .username = actor->caller->username,
                              .repo_name = repo->name,
                              .action = action,
                              .ip = actor->ip};
    rc_err_t *err;
    apr_off_t size;

    if (!actor->env->spill)
        return with_connection(actor, store_now, &late);
    err = rc_spill_add(&size, actor->env->spill, rc_journal_line(&late, actor->pool), actor->pool);
    if (err) {
        rc_log(RC_LOG_WARNING, err->cause, "%s", rc_err_log_text(err, actor->pool));
        return with_connection(actor, store_now, &late);
    }
    return size < RC_SPILL_FULL ? NULL : with_connection(actor, empty_file, NULL);
}
