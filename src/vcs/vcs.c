// SPDX-License-Identifier: Apache-2.0
/*
 * Calls, for most functions of vcs/vcs.h, the function of the back end of the repository's type.
 */
#include "vcs/vcs.h"

#include <string.h>

#include "backend.h"
#include "base/time.h"

const rc_capabilities_t *rc_vcs_capabilities(const char *type)
{
    const rc_backend_t *backend = rc_vcs_backend(type);

    return backend ? &backend->capabilities : NULL;
}

const rc_capabilities_t *rc_vcs_can(const rc_vcs_t *vcs)
{
    return &vcs->backend->capabilities;
}

rc_err_t *rc_vcs_create(const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->create(path, pool);
}

rc_err_t *rc_vcs_import(const char *type, const char *path, const rc_import_t *import,
                        apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->import(path, import, pool);
}

rc_err_t *rc_vcs_copy(const char *type, const char *from, const char *to, rc_work_t *work,
                      apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->copy(from, to, work, pool);
}

void rc_vcs_drop_cache(rc_vcs_pool_t *vcs_pool, const char *type, const char *path,
                       apr_pool_t *pool)
{
    const rc_backend_t *backend = rc_vcs_backend(type);

    rc_vcs_pool_forget(vcs_pool, path);
    if (backend && backend->drop_cache)
        backend->drop_cache(path, pool);
}

rc_err_t *rc_vcs_inspect(const char **problem, const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    *problem = NULL;
    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->inspect ? backend->inspect(problem, path, pool) : NULL;
}

rc_err_t *rc_vcs_check(const char **problem, const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->check(problem, path, pool);
}

rc_err_t *rc_vcs_repair(const char **done, const char *type, const char *path, const char *wanted,
                        apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->repair(done, path, wanted, pool);
}

rc_err_t *rc_vcs_settle(const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->settle ? backend->settle(path, pool) : NULL;
}

rc_err_t *rc_vcs_mark_commit(const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->mark_commit ? backend->mark_commit(path, pool) : NULL;
}

rc_err_t *rc_vcs_lend(void **repository, const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    *repository = NULL;
    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->lend ? backend->lend(repository, path, pool) : NULL;
}

rc_err_t *rc_vcs_maintain(apr_array_header_t **actions, const char *type, const char *path,
                          const rc_maintain_t *options, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    *actions = apr_array_make(pool, 4, sizeof(const char *));
    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    if (!backend->capabilities.maintenance)
        return rc_err_failed(pool, "repositories of type %s have no maintenance", type);
    return backend->maintain(*actions, path, options, pool);
}

rc_err_t *rc_vcs_needs_maintenance(bool *needed, const char *type, const char *path,
                                   apr_pool_t *pool)
{
    const rc_backend_t *backend;

    *needed = false;
    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->capabilities.maintenance ? backend->needs_maintenance(needed, path, pool)
                                             : NULL;
}

rc_err_t *rc_vcs_sweep(const char **done, const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    *done = NULL;
    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    return backend->capabilities.maintenance ? backend->sweep(done, path, pool) : NULL;
}

static rc_err_t *need_fetching(const rc_backend_t **out, const char *type, apr_pool_t *pool)
{
    RC_TRY(rc_vcs_need_backend(out, type, pool));
    return (*out)->capabilities.pull
               ? NULL
               : rc_err_failed(pool, "repositories of type %s are not fetched", type);
}

/* Finds out whether @a type may fetch from @a url. */
static rc_err_t *admit(const rc_backend_t **backend, rc_remote_url_t **admitted, const char *type,
                       const rc_remote_policy_t *policy, const char *url, apr_time_t deadline,
                       apr_pool_t *pool)
{
    const char *const *scheme;

    RC_TRY(need_fetching(backend, type, pool));
    RC_TRY(rc_remote_admit(admitted, policy, url, deadline, pool));
    for (scheme = (*backend)->schemes; *scheme; scheme++)
        if (!strcmp(*scheme, (*admitted)->scheme))
            return (*backend)->check_remote(policy, *admitted, deadline, pool);
    return rc_err_failed(pool, "remote address: scheme %s is not for repositories of type %s",
                         (*admitted)->scheme, type);
}

rc_err_t *rc_vcs_fetch(const char *type, const rc_remote_policy_t *policy, const char *path,
                       const char *url, bool set_head, apr_pool_t *pool)
{
    apr_time_t deadline = rc_clock() + policy->timeout;
    const rc_backend_t *backend;
    rc_remote_url_t *admitted;

    RC_TRY(admit(&backend, &admitted, type, policy, url, deadline, pool));
    return backend->fetch(policy, path, admitted, deadline, set_head, pool);
}

rc_err_t *rc_vcs_check_remote(const char *type, const rc_remote_policy_t *policy, const char *url,
                              apr_pool_t *pool)
{
    apr_time_t deadline = rc_clock() + policy->timeout;
    const rc_backend_t *backend;
    rc_remote_url_t *admitted;

    return admit(&backend, &admitted, type, policy, url, deadline, pool);
}

rc_err_t *rc_vcs_serve(rc_proc_t *proc, const char *type, const rc_serve_t *serve, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    if (!backend->serve)
        return rc_err_failed(pool, "no program serves repositories of type %s", type);
    return backend->serve(proc, serve, pool);
}

/* --- one repository --- */

rc_err_t *rc_vcs_refresh(rc_vcs_t *vcs)
{
    return vcs->backend->refresh(vcs);
}

const char *rc_vcs_known_state(const char *type, const char *path, const char *told,
                               apr_pool_t *pool)
{
    const rc_backend_t *backend = rc_vcs_backend(type);

    return backend ? backend->known_state(path, told, pool) : NULL;
}

rc_err_t *rc_vcs_ask(rc_asked_t *asked, rc_spool_t *spool, rc_vcs_t *vcs, const char *command,
                     const char *arguments, apr_pool_t *pool)
{
    *asked = (rc_asked_t){false, NULL};
    return vcs->backend->ask ? vcs->backend->ask(asked, spool, vcs, command, arguments, pool)
                             : NULL;
}

rc_err_t *rc_vcs_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool)
{
    return vcs->backend->state(state, vcs, pool);
}

rc_err_t *rc_vcs_count(apr_int64_t *count, rc_vcs_t *vcs)
{
    return vcs->backend->count(count, vcs);
}

rc_err_t *rc_vcs_position(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                          apr_pool_t *pool)
{
    *position = (rc_position_t){NULL};
    return vcs->backend->position(position, vcs, index, pool);
}

rc_err_t *rc_vcs_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool)
{
    return vcs->backend->series(indexes, vcs, first, last, pool);
}

rc_err_t *rc_vcs_new_commits(apr_array_header_t **ids, rc_vcs_t *vcs,
                             const apr_array_header_t *heads, const apr_array_header_t *old,
                             int most, apr_pool_t *pool)
{
    *ids = apr_array_make(pool, 1, sizeof(char *));
    return vcs->backend->new_commits ? vcs->backend->new_commits(ids, vcs, heads, old, most, pool)
                                     : NULL;
}

rc_err_t *rc_vcs_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch)
{
    return vcs->backend->diff(spool, vcs, id, options, scratch);
}

rc_err_t *rc_vcs_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch)
{
    if (!vcs->backend->capabilities.mails)
        return rc_err_failed(vcs->pool, "commits of type %s have no form as mails",
                             vcs->backend->type);
    return vcs->backend->mail(spool, vcs, id, mail, scratch);
}

rc_err_t *rc_vcs_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    return vcs->backend->stat(more, vcs, id, limits, fn, baton, scratch);
}

rc_err_t *rc_vcs_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    return vcs->backend->content(spool, vcs, entry);
}

rc_err_t *rc_vcs_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch)
{
    return vcs->backend->diff_files(spool, vcs, before, after, options, scratch);
}

rc_err_t *rc_vcs_export(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                        rc_item_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    return vcs->backend->export(vcs, id, top, temp_dir, fn, baton, scratch);
}

void rc_vcs_set_patterns(rc_vcs_t *vcs, const char *branches, const char *tags)
{
    vcs->branch_patterns = branches;
    vcs->tag_patterns = tags;
}

rc_err_t *rc_vcs_refs(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton)
{
    return vcs->backend->refs(vcs, which, fn, baton);
}

rc_err_t *rc_vcs_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool)
{
    return vcs->backend->check_refs(problem, vcs, pool);
}
