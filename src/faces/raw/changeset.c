// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the commits that the URL of a changeset view names, and writes each of them within the
 * server's limits (contract 03 §4).
 */
#include "changeset.h"

#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>

#include "domain/repo.h"
#include "base/hex.h"
#include "base/query.h"

#define NO_MAILS "Commits of this type of repository have no form as patches"

#define FEW 8 /* a range of up to so many commits does not count as costly work */

/* Part of every ETag; increment it when the same request gets a different answer. */
#define FORMAT "2"

/* --- parameters --- */

/* The first parameter whose name begins with "C" ("C--file=x:5"), else `context` (03 §4). */
static const char *context_parameter(const char *query, apr_pool_t *pool)
{
    const char *p = query;

    for (; p && *p; p += strcspn(p, "&;"), p += *p != '\0')
        if (*p == 'C') {
            const char *name = apr_pstrmemdup(pool, p, strcspn(p, "=&;"));

            return rc_query_parameter(p, name, pool);
        }
    return rc_query_parameter(query, "context", pool);
}

static void read_options(rc_diff_options_t *diff, const rc_view_call_t *call)
{
    const char *query = call->request->query;
    const char *context = context_parameter(query, call->pool);
    const char *ignore = rc_query_parameter(query, "ignorews", call->pool);
    const char *colon = context ? strrchr(context, ':') : NULL;

    diff->context = rc_raw_context_lines(colon ? colon + 1 : context);
    diff->ignore_space = ignore && *ignore && strcmp(ignore, "0");
}

/* --- which commits --- */

/* Sets *@a index to the commit that @a rev names, or to -1. @a id may be NULL. */
static rc_err_t *index_of(apr_int64_t *index, const char **id, rc_view_call_t *call,
                          const char *rev)
{
    rc_rev_t found = {-1, NULL};

    if (*rev)
        RC_TRY(rc_vcs_resolve(&found, call->vcs, rev, call->pool));
    if (id)
        *id = found.id;
    *index = found.index;
    return NULL;
}

/*
 * Sets the range of commits; *found is false when the URL names none. A range is never immutable,
 * even between full ids: a later push can add commits whose place is in the middle of the range.
 */
static rc_err_t *resolve_range(bool *found, rc_raw_changeset_t *set, rc_view_call_t *call)
{
    const char *dots = strstr(call->rev, "..."), *id;

    if (dots) {
        const char *from = apr_pstrmemdup(call->pool, call->rev, (apr_size_t)(dots - call->rev));

        RC_TRY(index_of(&set->from, NULL, call, from));
        RC_TRY(index_of(&set->to, NULL, call, dots + 3));
    } else {
        RC_TRY(index_of(&set->from, &id, call, call->rev));
        set->to = set->from;
        call->immutable = id && !strcmp(id, call->rev);
    }
    set->range = dots != NULL;
    *found = set->from >= 0 && set->to >= set->from;
    return NULL;
}

static apr_int64_t length(const rc_raw_changeset_t *set)
{
    return set->series ? set->series->nelts : set->to - set->from + 1;
}

/* Returns the index of the @a n-th commit, from 0; is_in decides whether it belongs to the answer.
 */
static apr_int64_t index_at(const rc_raw_changeset_t *set, apr_int64_t n)
{
    return set->series ? APR_ARRAY_IDX(set->series, n, apr_int64_t) : set->from + n;
}

static bool is_in(const rc_raw_changeset_t *set, const rc_position_t *place)
{
    return !set->range || !set->leave_merges || place->parents < 2;
}

/*
 * Counts the commits and makes a digest of all their ids, because later commits can get a place in
 * the middle of a range. Sets *time to the time of the last commit.
 */
static rc_err_t *survey(const char **digest, apr_int64_t *time, rc_raw_changeset_t *set,
                        rc_view_call_t *call, apr_pool_t *scratch)
{
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    rc_position_t place = {0};
    const char *text = "";
    apr_sha1_ctx_t sha;
    apr_int64_t n;

    apr_sha1_init(&sha);
    for (n = 0; n < length(set); n++) {
        apr_pool_clear(scratch);
        RC_TRY(rc_vcs_position(&place, call->vcs, index_at(set, n), scratch));
        if (!place.id)
            return rc_err_internal(call->pool, APR_SUCCESS,
                                   "no commit at index %" APR_INT64_T_FMT " of %s",
                                   index_at(set, n), call->repo->name);
        text = place.digest ? place.digest : place.id;
        if (!is_in(set, &place))
            continue;
        set->count++;
        apr_sha1_update(&sha, text, (unsigned)strlen(text));
    }
    *time = place.time;
    apr_sha1_final(bytes, &sha);
    *digest = set->from == set->to ? apr_pstrdup(call->pool, text)
                                   : rc_hex_text(bytes, sizeof(bytes), call->pool);
    return NULL;
}

static rc_err_t *set_validators(rc_raw_changeset_t *set, rc_view_call_t *call, const char *kind)
{
    const char *digest = NULL;
    apr_int64_t time = 0;
    apr_pool_t *scratch;
    rc_err_t *err;

    apr_pool_create(&scratch, call->pool);
    err = survey(&digest, &time, set, call, scratch);
    apr_pool_destroy(scratch);
    if (err)
        return err;
    call->etag = apr_psprintf(call->pool, "%s-%s" FORMAT "-U%d%s", digest, kind, set->diff.context,
                              set->diff.ignore_space ? "w" : "");
    if (call->immutable) /* a branch can move to an older commit: names have no date */
        call->last_modified = time;
    return NULL;
}

rc_err_t *rc_raw_changeset_find(rc_raw_changeset_t **out, rc_view_call_t *call, const char *kind,
                                bool mails)
{
    rc_raw_changeset_t *set = apr_pcalloc(call->pool, sizeof(*set));
    bool found;

    *out = NULL;
    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    set->leave_merges = mails && !rc_vcs_can(call->vcs)->merges_plain;
    RC_TRY(resolve_range(&found, set, call));
    if (!found)
        return rc_view_refuse(call, 404, RC_VIEW_NO_SUCH_COMMIT);
    if (mails && !rc_vcs_can(call->vcs)->mails)
        return rc_view_refuse(call, 404, NO_MAILS);
    if (set->range && (mails || rc_vcs_can(call->vcs)->ranges_reached))
        RC_TRY(rc_vcs_series(&set->series, call->vcs, set->from, set->to, call->pool));
    read_options(&set->diff, call);
    if (mails && rc_vcs_can(call->vcs)->editable) /* a mail holds author, date and message */
        call->immutable = false;
    call->content_type = "text/plain; charset=utf-8";
    *out = set;
    return set_validators(set, call, kind);
}

/* --- writing the commits --- */

/* Sets *@a id to the id of the @a n-th commit, NULL when it does not belong to the answer. */
static rc_err_t *find_id(const char **id, const rc_raw_changeset_t *set, rc_view_call_t *call,
                         apr_int64_t n, apr_pool_t *scratch)
{
    rc_position_t place;
    rc_rev_t rev;

    if (!set->range || !set->leave_merges) {
        RC_TRY(rc_vcs_rev_at(&rev, call->vcs, index_at(set, n), scratch));
        *id = rev.id;
        return NULL;
    }
    RC_TRY(rc_vcs_position(&place, call->vcs, index_at(set, n), scratch));
    *id = is_in(set, &place) ? place.id : NULL;
    return NULL;
}

static rc_err_t *write_commits(rc_view_call_t *call, const rc_raw_changeset_t *set,
                               rc_raw_commit_fn_t *fn, rc_spool_t *spool, apr_pool_t *scratch)
{
    apr_int64_t n, number = 0;
    const char *id;

    rc_spool_set_limit(spool, call->env->config->range_bytes);
    if (set->count > FEW)
        RC_TRY(rc_work_costly(&call->actor.work, call->pool));
    for (n = 0; n < length(set); n++) {
        apr_pool_clear(scratch);
        RC_TRY(find_id(&id, set, call, n, scratch));
        if (id)
            RC_TRY(fn(call, set, id, ++number, spool, scratch));
    }
    return NULL;
}

rc_err_t *rc_raw_changeset_each(rc_view_call_t *call, const rc_raw_changeset_t *set,
                                rc_raw_commit_fn_t *fn, rc_spool_t *spool)
{
    apr_pool_t *scratch;
    rc_err_t *err;

    apr_pool_create(&scratch, call->pool);
    err = write_commits(call, set, fn, spool, scratch);
    apr_pool_destroy(scratch);
    if (err && err->kind == RC_E_LIMIT && set->range)
        err->msg = apr_pstrcat(call->pool, err->msg, "; ask for a shorter range", NULL);
    return err;
}
