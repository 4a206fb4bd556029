// SPDX-License-Identifier: Apache-2.0
/*
 * The view of a gist: sends the text of its files (contract 03 §8). A client that passes the checks
 * of access and knows the id may read it. The answer is the same 404 for a gist that has expired,
 * is closed to visitors, or does not exist.
 */
#include "view.h"

#include <string.h>

#include <apr_strings.h>

#include "store/gist.h"
#include "domain/gist.h"

/* Part of every ETag; increment it when the same gist gets a different answer. */
#define FORMAT "-gist1"

typedef struct shown_t {
    rc_rev_t rev;     /* the commit */
    const char *name; /* of the only file to send; NULL: all files */
    bool lasting;     /* the gist never expires */
    rc_spool_t *spool;
    bool first;
} shown_t;

static rc_err_t *find_gist(shown_t *shown, rc_view_call_t *call)
{
    rc_gist_t *gist;
    const char *tip;
    bool there = true;

    shown->name = call->rest && *call->rest ? call->rest : NULL;
    RC_TRY(rc_actor_open(&call->actor));
    RC_TRY(rc_store_gist(&gist, call->actor.db, call->id, call->pool));
    if (!rc_gist_is_open(gist, call->actor.caller))
        return NULL;
    shown->lasting = gist->expires == -1;
    RC_TRY(
        rc_gist_open(&call->vcs, &tip, call->env, gist->access_id, &call->actor.work, call->pool));
    RC_TRY(rc_vcs_resolve(&shown->rev, call->vcs, call->rev, call->pool));
    if (shown->rev.id && shown->name)
        RC_TRY(rc_vcs_nodes(&there, call->vcs, shown->rev.id, shown->name, RC_NODES_NAMES, NULL,
                            NULL, NULL, call->pool));
    if (!there)
        shown->rev.id = NULL;
    return NULL;
}

rc_err_t *rc_raw_gist_prepare(rc_view_call_t *call)
{
    shown_t *shown = apr_pcalloc(call->pool, sizeof(*shown));

    RC_TRY(find_gist(shown, call));
    if (!shown->rev.id)
        return rc_view_refuse(call, 404, NULL);
    call->immutable = shown->lasting && !strcmp(shown->rev.id, call->rev);
    if (call->immutable) /* a branch can move to an older commit: names have no date */
        RC_TRY(rc_vcs_time(&call->last_modified, call->vcs, &shown->rev));
    call->state = shown;
    call->content_type = "text/plain; charset=utf-8";
    call->etag = apr_pstrcat(call->pool, shown->rev.id, FORMAT, NULL);
    return NULL;
}

static rc_err_t *write_file(void *baton, const rc_vcs_file_t *file)
{
    shown_t *shown = baton;

    if (shown->name && strcmp(shown->name, file->name))
        return NULL;
    if (!shown->first)
        RC_TRY(rc_spool_puts(shown->spool, "\n\n"));
    shown->first = false;
    return rc_spool_write(shown->spool, file->data, file->len);
}

rc_err_t *rc_raw_gist_write(rc_view_call_t *call, rc_spool_t *spool)
{
    shown_t *shown = call->state;

    shown->spool = spool;
    shown->first = true;
    return rc_vcs_files(call->vcs, shown->rev.id, write_file, shown, call->pool);
}
