// SPDX-License-Identifier: Apache-2.0
/*
 * The view diff: compares one file in two commits (contract 03 §9).
 */
#include "view.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/repo.h"
#include "base/query.h"
#include "faces/view_pair.h"

/* Part of every ETag; increment it when the same request gets a different answer. */
#define FORMAT "1"

typedef struct file_diff_t {
    rc_view_side_t before, after;
    rc_diff_options_t options;
} file_diff_t;

static void read_options(rc_diff_options_t *options, const rc_view_call_t *call)
{
    const char *context = rc_query_parameter(call->request->query, "context", call->pool);
    const char *ignore = rc_query_parameter(call->request->query, "ignorews", call->pool);

    options->context = rc_raw_context_lines(context);
    options->ignore_space = ignore && !strcmp(ignore, "1");
}

static rc_err_t *find_side(rc_view_side_t *side, rc_view_call_t *call)
{
    apr_int64_t time;

    RC_TRY(rc_view_side_find(side, call));
    if (!side->found.id || call->status != 200)
        return NULL;
    if (strcmp(side->found.id, side->rev))
        call->immutable = false;
    RC_TRY(rc_vcs_time(&time, call->vcs, &side->found));
    if (time > call->last_modified)
        call->last_modified = time;
    return NULL;
}

static rc_err_t *find_sides(file_diff_t *diff, rc_view_call_t *call)
{
    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    call->immutable = true;
    RC_TRY(find_side(&diff->before, call));
    RC_TRY(find_side(&diff->after, call));
    if (!call->immutable)
        call->last_modified = 0;
    if (call->status == 200 && diff->before.entry.kind == RC_ENTRY_NONE &&
        diff->after.entry.kind == RC_ENTRY_NONE)
        return rc_raw_refuse_path(
            call, call->rest, diff->after.found.id ? diff->after.found.id : diff->before.found.id);
    return NULL;
}

static const char *tag_of(const rc_entry_t *entry, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s.%d", entry->id ? entry->id : "0", entry->kind);
}

static void set_headers(rc_view_call_t *call, const file_diff_t *diff, bool download)
{
    apr_pool_t *pool = call->pool;

    call->content_type = "text/plain; charset=utf-8";
    if (download)
        call->disposition = rc_raw_attachment(
            apr_pstrcat(pool, diff->before.rev, "_vs_", diff->after.rev, ".diff", NULL), pool);
    call->etag = apr_psprintf(pool, "%s-%s-diff" FORMAT "-U%d%s", tag_of(&diff->before.entry, pool),
                              tag_of(&diff->after.entry, pool), diff->options.context,
                              diff->options.ignore_space ? "w" : "");
}

rc_err_t *rc_raw_file_diff_prepare(rc_view_call_t *call)
{
    const char *form = rc_query_parameter(call->request->query, "diff", call->pool);
    file_diff_t *diff = apr_pcalloc(call->pool, sizeof(*diff));

    rc_view_pair_read(&diff->before, &diff->after, call);
    if (call->status != 200)
        return NULL;
    if (!form || (strcmp(form, "raw") && strcmp(form, "download")))
        return rc_view_refuse(call, 404, NULL); /* other values name HTML pages */
    read_options(&diff->options, call);
    RC_TRY(find_sides(diff, call));
    if (call->status != 200)
        return NULL;
    set_headers(call, diff, !strcmp(form, "download"));
    call->state = diff;
    return NULL;
}

rc_err_t *rc_raw_file_diff_write(rc_view_call_t *call, rc_spool_t *spool)
{
    const file_diff_t *diff = call->state;

    return rc_vcs_diff_files(spool, call->vcs, &diff->before.entry, &diff->after.entry,
                             &diff->options, call->pool);
}
