// SPDX-License-Identifier: Apache-2.0
/*
 * Moves in from RhodeCode or Kallithea: reads the source, prepares what takes long, and runs the
 * parts of the import in one transaction of database and disk.
 */
#include "domain/import.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "domain/last_changeset.h"
#include "source.h"

static rc_err_t *run_steps(rc_importing_t *the)
{
    static rc_err_t *(*const steps[])(rc_importing_t * the) = {
        rc_import_users,      rc_import_user_groups, rc_import_repo_groups, rc_import_repos,
        rc_import_user_lists, rc_import_keys,        rc_import_permissions, rc_import_globals,
        rc_import_pulls,      rc_import_reviewers,   rc_import_texts,       rc_import_gists,
        rc_import_journal,    rc_import_settings,
    };
    apr_size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
        RC_TRY(steps[i](the));
    return NULL;
}

/* A dry run ends with an error, which undoes everything. */
static rc_err_t *import_all(rc_actor_t *actor, void *baton)
{
    rc_importing_t *the = baton;

    RC_TRY(rc_actor_require_admin(actor));
    the->db = actor->db;
    rc_import_begin_report(the->move_in, the->pool);
    RC_TRY(rc_import_read_source(the));
    RC_TRY(run_steps(the));
    the->finished = true;
    if (the->move_in->dry_run)
        return rc_err_failed(the->pool, "a dry run");
    if (rc_import_has_changed(the))
        RC_TRY(rc_actor_journal(actor, NULL, "admin_imported", the->move_in->program));
    return rc_disk_txn_apply(the->disk, actor->db);
}

/* What takes long: hashing, reading and copying repositories. */
static rc_err_t *prepare_all(rc_importing_t *the)
{
    the->db = the->actor->db;
    rc_import_begin_report(the->move_in, the->pool);
    RC_TRY(rc_import_read_source(the));
    RC_TRY(rc_work_dir(&the->work, the->actor->env, the->pool));
    RC_TRY(rc_import_prepare_passwords(the));
    RC_TRY(rc_import_prepare_repos(the));
    RC_TRY(rc_import_prepare_pulls(the));
    return rc_import_prepare_gists(the);
}

/* Reads the last commits, which lists show. One that cannot be read is shown when somebody asks for
 * it. */
static void refresh_all(rc_importing_t *the)
{
    apr_hash_index_t *at;
    apr_pool_t *scratch;
    rc_repo_t *row;
    rc_err_t *err;

    apr_pool_create(&scratch, the->pool);
    for (at = apr_hash_first(the->pool, the->repos); at; at = apr_hash_next(at)) {
        const rc_arrival_t *repo = apr_hash_this_val(at);

        apr_pool_clear(scratch);
        if (!repo->fresh)
            continue;
        err = rc_store_repo_by_id(&row, the->actor->db, rc_viewer_user(the->owner_id), repo->id,
                                  scratch);
        if (!err && row)
            err = rc_last_refresh(row, the->actor->env, the->actor->db, scratch);
        if (err)
            rc_log(RC_LOG_WARNING, err->cause, "%s: %s", repo->name, rc_err_log_text(err, scratch));
    }
    apr_pool_destroy(scratch);
}

static void make_hashes(rc_importing_t *the)
{
    the->users = apr_hash_make(the->pool);
    the->user_groups = apr_hash_make(the->pool);
    the->repo_groups = apr_hash_make(the->pool);
    the->repos = apr_hash_make(the->pool);
    the->comments = apr_hash_make(the->pool);
    the->pulls = apr_hash_make(the->pool);
    the->pull_versions = apr_hash_make(the->pool);
    the->alike = apr_hash_make(the->pool);
    the->kept = apr_hash_make(the->pool);
    the->places_by_id = apr_hash_make(the->pool);
    the->permissions = apr_hash_make(the->pool);
    the->places = apr_hash_make(the->pool);
}

/* Opens the directory that is to be copied from: without it every repository would be missing. */
static rc_err_t *check_copy(const rc_move_in_t *move_in, apr_pool_t *pool)
{
    int fd = move_in->copy ? open(move_in->copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0)
        close(fd);
    return fd < 0 && move_in->copy ? rc_fs_err(pool, "read", move_in->copy) : NULL;
}

rc_err_t *rc_move_in(rc_actor_t *actor, rc_move_in_t *move_in)
{
    rc_importing_t the = {.actor = actor, .move_in = move_in, .pool = actor->pool};
    rc_err_t *err;

    RC_TRY(rc_actor_require_admin(actor));
    the.created_on = apr_time_now();
    RC_TRY(check_copy(move_in, the.pool));
    make_hashes(&the);
    RC_TRY(rc_foreign_open(&the.source, move_in->from, rc_import_tables, the.pool));
    the.disk = rc_disk_txn_begin(actor->env, the.pool);
    RC_TRY(prepare_all(&the));
    err = rc_actor_txn(actor, import_all, &the);
    rc_disk_txn_end(the.disk, !err);
    if (move_in->dry_run && the.finished)
        return NULL;
    if (!err)
        refresh_all(&the);
    return err;
}
