// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the commit that a client's text names, and reads it (contract 02 §1.8, 05 "Revisions"). A
 * revision is looked up once; its index and its id are passed on together. The text of a client is
 * never passed to the revision syntax of another program.
 */
#include <string.h>

#include <apr_strings.h>

#include "backend.h"
#include "base/text.h"

#define INDEX_DIGITS 11 /* a longer string of digits is not an index, unless all zeros */

static bool is_tip(const char *text)
{
    return !text || !*text || !strcmp(text, "tip") || !strcmp(text, "HEAD") ||
           !strcmp(text, "head");
}

static bool is_index(const char *text)
{
    return rc_text_digits(text) &&
           (strlen(text) <= INDEX_DIGITS || text[strspn(text, "0")] == '\0');
}

/* Sets *@a index when @a text, a string of digits, is an index in range. */
static void find_index(apr_int64_t *index, const char *text, apr_int64_t count)
{
    apr_int64_t number;

    if (!is_index(text))
        return;
    number = strlen(text) <= INDEX_DIGITS ? apr_atoi64(text) : 0;
    if (number < count)
        *index = number;
}

/* Sets *@a index to the commit that @a text names, or to -1. A full id takes precedence over names,
 * because a branch can have the id of another commit as its name. A number out of range may be a
 * name (tags are often dates) or a short id without letters. */
static rc_err_t *find(apr_int64_t *index, rc_vcs_t *vcs, const char *text)
{
    const rc_backend_t *backend = vcs->backend;
    const rc_capabilities_t *can = &backend->capabilities;
    apr_size_t len = text ? strlen(text) : 0;
    apr_int64_t count;

    RC_TRY(backend->count(&count, vcs));
    *index = count - 1;
    if (is_tip(text))
        return NULL;
    *index = -1;
    if (!can->id_length || len == (apr_size_t)can->id_length)
        RC_TRY(backend->index_of(index, vcs, text));
    if (*index < 0 && !can->numbered)
        find_index(index, text, count);
    if (*index < 0)
        RC_TRY(backend->resolve_name(index, vcs, text));
    if (*index < 0 && can->prefix_least && len >= (apr_size_t)can->prefix_least)
        RC_TRY(backend->resolve_prefix(index, vcs, text));
    return NULL;
}

rc_err_t *rc_vcs_resolve(rc_rev_t *rev, rc_vcs_t *vcs, const char *text, apr_pool_t *pool)
{
    RC_TRY(find(&rev->index, vcs, text));
    return rc_vcs_rev_at(rev, vcs, rev->index, pool);
}

typedef struct wanted_t {
    const char *name;
    const char *id; /* of the commit; NULL: not found */
    apr_pool_t *pool;
} wanted_t;

static rc_err_t *take_wanted(void *baton, const char *name, const char *id)
{
    wanted_t *wanted = baton;

    if (!strcmp(name, wanted->name))
        wanted->id = apr_pstrdup(wanted->pool, id);
    return NULL;
}

rc_err_t *rc_vcs_ref(const char **id, rc_vcs_t *vcs, rc_refs_t kind, const char *name,
                     apr_pool_t *pool)
{
    wanted_t wanted = {name, NULL, pool};

    RC_TRY(vcs->backend->refs(vcs, kind, take_wanted, &wanted));
    *id = wanted.id;
    return NULL;
}

rc_err_t *rc_vcs_resolve_ref(rc_rev_t *rev, rc_vcs_t *vcs, rc_refs_t kind, const char *name,
                             apr_pool_t *pool)
{
    const char *id;

    *rev = (rc_rev_t){.index = -1};
    RC_TRY(rc_vcs_ref(&id, vcs, kind, name, pool));
    return id ? rc_vcs_resolve(rev, vcs, id, pool) : NULL;
}

rc_err_t *rc_vcs_rev_at(rc_rev_t *rev, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool)
{
    RC_TRY(vcs->backend->id_at(&rev->id, vcs, index, pool));
    rev->index = rev->id ? index : -1;
    return NULL;
}

rc_err_t *rc_vcs_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_pool_t *pool)
{
    return vcs->backend->commit(out, vcs, rev, APR_SIZE_MAX, pool);
}

rc_err_t *rc_vcs_commit_short(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev,
                              apr_pool_t *pool)
{
    return vcs->backend->commit(out, vcs, rev, RC_VCS_SHORT, pool);
}

rc_err_t *rc_vcs_last_commit(rc_commit_t **out, rc_vcs_t *vcs, apr_pool_t *pool)
{
    rc_rev_t rev;

    *out = NULL;
    RC_TRY(rc_vcs_resolve(&rev, vcs, NULL, pool));
    return rev.id ? rc_vcs_commit_short(out, vcs, &rev, pool) : NULL;
}

rc_err_t *rc_vcs_time(apr_int64_t *time, rc_vcs_t *vcs, const rc_rev_t *rev)
{
    rc_position_t position = {0};

    RC_TRY(vcs->backend->position(&position, vcs, rev->index, vcs->pool));
    *time = position.time;
    return NULL;
}

const char *rc_vcs_short_id(const char *type, const char *id, apr_pool_t *pool)
{
    const rc_capabilities_t *can = rc_vcs_capabilities(type);

    return can ? apr_pstrndup(pool, id, (apr_size_t)can->short_length) : id;
}

rc_err_t *rc_vcs_strip(rc_vcs_t *vcs, const char *branch, const char *text, int lock,
                       const char *work_dir, apr_pool_t *pool)
{
    rc_rev_t rev;

    if (!vcs->backend->capabilities.strip)
        return rc_err_failed(pool, "commits of type %s cannot be stripped", vcs->backend->type);
    RC_TRY(rc_vcs_refresh(vcs));
    RC_TRY(rc_vcs_resolve(&rev, vcs, text, pool));
    if (!rev.id)
        return rc_err_failed(pool, "no such revision or branch");
    return vcs->backend->strip(vcs, branch, rev.id, lock, work_dir, pool);
}
