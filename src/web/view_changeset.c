// SPDX-License-Identifier: Apache-2.0
/*
 * changeset_raw: the diff of a commit, or of each commit of a range (contract 03 §4).
 */
#include "web.h"

#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>

#include "rc_text.h"

#define NO_SUCH_COMMIT "No such commit exists for this repository"

#define DEFAULT_CONTEXT 3
#define MOST_CONTEXT    100000

/* Part of every ETag; raise it when the same request would be answered with other bytes. */
#define FORMAT "1"

typedef struct changeset_t {
    const char **ids; /* oldest first */
    apr_size_t count;
    rc_diff_options_t diff;
} changeset_t;

/* The first parameter whose name begins with "C" ("C--file=x:5"), else `context` (03 §4). */
static const char *context_parameter(const char *query, apr_pool_t *pool)
{
    const char *p = query;

    for (; p && *p; p += strcspn(p, "&;"), p += *p != '\0')
        if (*p == 'C') {
            const char *name = apr_pstrmemdup(pool, p, strcspn(p, "=&;"));

            return rc_web_parameter(p, name, pool);
        }
    return rc_web_parameter(query, "context", pool);
}

static void read_options(rc_diff_options_t *diff, const rc_web_call_t *call)
{
    const char *query = call->request->query;
    const char *context = context_parameter(query, call->pool);
    const char *ignore = rc_web_parameter(query, "ignorews", call->pool);
    const char *colon = context ? strrchr(context, ':') : NULL;
    apr_int64_t lines = DEFAULT_CONTEXT;

    if (context && (!rc_text_int(&lines, colon ? colon + 1 : context) || lines < 0))
        lines = DEFAULT_CONTEXT;
    diff->context = (int)(lines < MOST_CONTEXT ? lines : MOST_CONTEXT);
    diff->ignore_space = ignore && *ignore && strcmp(ignore, "0");
}

/* Makes room for one id: the whole of a single commit. */
static void set_single(changeset_t *set, const char *id, apr_pool_t *pool)
{
    set->ids = apr_palloc(pool, sizeof(*set->ids));
    set->ids[0] = id;
    set->count = 1;
}

/* All commits from @a first to @a last in the repository order; none when last comes before. */
static rc_err_t *set_range(changeset_t *set, rc_web_call_t *call, const char *first,
                           const char *last)
{
    apr_int64_t from, to, i;

    RC_TRY(rc_vcs_index_of(&from, call->vcs, first));
    RC_TRY(rc_vcs_index_of(&to, call->vcs, last));
    if (from < 0 || to < from)
        return NULL;
    set->ids = apr_palloc(call->pool, (apr_size_t)(to - from + 1) * sizeof(*set->ids));
    for (i = from; i <= to; i++) {
        RC_TRY(rc_vcs_id_at(&set->ids[set->count], call->vcs, i, call->pool));
        if (!set->ids[set->count++])
            return rc_err_internal(call->pool, APR_SUCCESS,
                                   "no commit at index %" APR_INT64_T_FMT " of %s", i,
                                   call->repo->name);
    }
    return NULL;
}

/*
 * Finds the commits; an empty set when the URL names none. A range is never immutable, even between
 * full ids: a branch that is pushed later can bring commits whose place is in the middle of it.
 */
static rc_err_t *resolve(changeset_t *set, rc_web_call_t *call)
{
    const char *dots = strstr(call->rev, "...");
    const char *from = call->rev, *to, *first, *last;

    if (!dots) {
        RC_TRY(rc_vcs_resolve(&first, call->vcs, from, call->pool));
        call->immutable = first && !strcmp(first, from);
        if (first)
            set_single(set, first, call->pool);
        return NULL;
    }
    from = apr_pstrmemdup(call->pool, call->rev, (apr_size_t)(dots - call->rev));
    to = dots + 3;
    if (!*from || !*to)
        return NULL;
    RC_TRY(rc_vcs_resolve(&first, call->vcs, from, call->pool));
    RC_TRY(rc_vcs_resolve(&last, call->vcs, to, call->pool));
    if (!first || !last)
        return NULL;
    return set_range(set, call, first, last);
}

/* Of all ids: commits that come later can find their place in the middle of a range. */
static const char *digest(const changeset_t *set, apr_pool_t *pool)
{
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;
    apr_size_t i;

    if (set->count == 1)
        return set->ids[0];
    apr_sha1_init(&sha);
    for (i = 0; i < set->count; i++)
        apr_sha1_update(&sha, set->ids[i], (unsigned)strlen(set->ids[i]));
    apr_sha1_final(bytes, &sha);
    return rc_text_hex(bytes, sizeof(bytes), pool);
}

rc_err_t *rc_web_changeset_prepare(rc_web_call_t *call)
{
    changeset_t *set = apr_pcalloc(call->pool, sizeof(*set));
    const char *path = rc_env_repo_path(call->env, call->repo->name, call->pool);

    RC_TRY(rc_vcs_open(&call->vcs, call->env->vcs_pool, call->repo->type, path, call->pool));
    RC_TRY(resolve(set, call));
    if (!set->count)
        return rc_web_refuse(call, 404, NO_SUCH_COMMIT);
    read_options(&set->diff, call);
    call->state = set;
    call->content_type = "text/plain; charset=utf-8";
    call->etag = apr_psprintf(call->pool, "%s-raw" FORMAT "-U%d%s", digest(set, call->pool),
                              set->diff.context, set->diff.ignore_space ? "w" : "");
    if (call->immutable) /* a name may come to mean an older commit: no date for it */
        RC_TRY(rc_vcs_time(&call->last_modified, call->vcs, set->ids[0]));
    return NULL;
}

rc_err_t *rc_web_changeset_write(rc_web_call_t *call, rc_spool_t *spool)
{
    const changeset_t *set = call->state;
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    apr_size_t i;

    apr_pool_create(&scratch, call->pool);
    for (i = 0; i < set->count && !err; i++) {
        apr_pool_clear(scratch);
        err = rc_vcs_diff(spool, call->vcs, set->ids[i], &set->diff, scratch);
    }
    apr_pool_destroy(scratch);
    return err;
}
