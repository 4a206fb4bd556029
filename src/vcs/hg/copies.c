// SPDX-License-Identifier: Apache-2.0
/*
 * Finds copies and renames. Each revision of a file names the one that it was copied from: the
 * history of an added file is followed until it meets a file of the changeset before. No contents
 * are compared.
 */
#include "change.h"

#include <string.h>

#include <apr_strings.h>

#define STEPS_MOST 100000 /* of the search for one file */

/* A revision of a file whose parents are not read yet. */
typedef struct step_t {
    const char *path;
    rc_hg_revlog_t *log;
    int rev;
    rc_hg_row_t row;
} step_t;

typedef struct tracing_t {
    rc_vcs_t *vcs;
    const rc_hg_text_t *manifest; /* of the changeset before */
    apr_hash_t *logs;             /* path -> rc_hg_revlog_t * */
    apr_array_header_t *steps;    /* of step_t */
    apr_pool_t *pool;             /* of the search for one file */
} tracing_t;

static rc_err_t *log_of_path(rc_hg_revlog_t **log, tracing_t *tracing, const char *path)
{
    *log = apr_hash_get(tracing->logs, path, APR_HASH_KEY_STRING);
    if (*log)
        return NULL;
    RC_TRY(rc_hg_open_filelog(log, tracing->vcs, path, tracing->pool));
    apr_hash_set(tracing->logs, path, APR_HASH_KEY_STRING, *log);
    return NULL;
}

/* Adds a revision, unless it waits already. */
static void add_step(tracing_t *tracing, const char *path, rc_hg_revlog_t *log, int rev)
{
    step_t step = {.path = path, .log = log, .rev = rev};
    int i;

    for (i = 0; i < tracing->steps->nelts; i++) {
        const step_t *other = &APR_ARRAY_IDX(tracing->steps, i, step_t);

        if (other->log == log && other->rev == rev)
            return;
    }
    rc_hg_row(&step.row, log, rev);
    APR_ARRAY_PUSH(tracing->steps, step_t) = step;
}

/* Only a revision without a first parent can be a copy. */
static rc_err_t *add_origin(tracing_t *tracing, const step_t *step)
{
    rc_hg_revlog_t *log;
    rc_hg_origin_t origin;
    rc_hg_text_t text;
    int rev;

    RC_TRY(rc_hg_read_text(&text, tracing->vcs, step->log, step->rev, tracing->pool));
    rc_hg_take_origin(&origin, &text, tracing->pool);
    if (!origin.path)
        return NULL;
    RC_TRY(log_of_path(&log, tracing, origin.path));
    rev = rc_hg_find_node(log, origin.node, -1);
    if (rev >= 0)
        add_step(tracing, origin.path, log, rev);
    return NULL;
}

static rc_err_t *add_parents(tracing_t *tracing, const step_t *step)
{
    int i;

    if (step->row.parent[0] < 0)
        RC_TRY(add_origin(tracing, step));
    for (i = 0; i < 2; i++)
        if (step->row.parent[i] >= 0)
            add_step(tracing, step->path, step->log, step->row.parent[i]);
    return NULL;
}

/* Takes the revision that the last changeset brought; of several, the one with the greatest id. */
static step_t take_step(apr_array_header_t *steps)
{
    step_t *first = &APR_ARRAY_IDX(steps, 0, step_t), *best = first, taken;
    int i;

    for (i = 1; i < steps->nelts; i++) {
        step_t *step = first + i;

        if (step->row.link > best->row.link ||
            (step->row.link == best->row.link &&
             memcmp(step->row.node, best->row.node, RC_HG_NODE) > 0))
            best = step;
    }
    taken = *best;
    *best = first[--steps->nelts];
    return taken;
}

/* Finds the file of the changeset before that is this revision. */
static bool find_step(rc_hg_file_t *file, const tracing_t *tracing, const step_t *step)
{
    rc_hg_find_file(file, tracing->manifest, step->path);
    if (memcmp(file->node, step->row.node, RC_HG_NODE))
        file->kind = RC_ENTRY_NONE;
    return file->kind != RC_ENTRY_NONE;
}

/* Sets @a origin to the file of the changeset before that @a file comes from; its kind is
 * RC_ENTRY_NONE when there is none. */
static rc_err_t *trace(rc_hg_file_t *origin, tracing_t *tracing, const rc_hg_file_t *file)
{
    step_t step = {.path = file->path};
    int steps;

    origin->kind = RC_ENTRY_NONE;
    RC_TRY(log_of_path(&step.log, tracing, file->path));
    step.rev = rc_hg_find_node(step.log, file->node, -1);
    if (step.rev < 0)
        return NULL;
    rc_hg_row(&step.row, step.log, step.rev);
    for (steps = 0; steps < STEPS_MOST; steps++) {
        RC_TRY(rc_work_spend(tracing->vcs->work, 0, tracing->vcs->pool));
        RC_TRY(add_parents(tracing, &step));
        if (!tracing->steps->nelts)
            return NULL;
        step = take_step(tracing->steps);
        if (find_step(origin, tracing, &step))
            return NULL;
    }
    origin->kind = RC_ENTRY_NONE;
    return NULL;
}

static rc_err_t *trace_added(rc_hg_change_t *change, tracing_t *tracing, apr_pool_t *keep)
{
    rc_hg_file_t origin;

    tracing->logs = apr_hash_make(tracing->pool);
    tracing->steps = apr_array_make(tracing->pool, 4, sizeof(step_t));
    RC_TRY(trace(&origin, tracing, &change->after));
    if (origin.kind == RC_ENTRY_NONE)
        return NULL;
    change->before = origin;
    change->before.path = apr_pstrdup(keep, origin.path);
    change->copied = RC_HG_COPIED;
    return NULL;
}

/* --- renames --- */

/* The first copy of a file that was removed is its new name. The removal is not a change of its
 * own then. */
static void find_renames(apr_array_header_t *changes, apr_pool_t *scratch)
{
    apr_hash_t *removed = apr_hash_make(scratch);
    int i, kept = 0;

    for (i = 0; i < changes->nelts; i++) {
        rc_hg_change_t *change = &APR_ARRAY_IDX(changes, i, rc_hg_change_t);

        if (change->after.kind == RC_ENTRY_NONE)
            apr_hash_set(removed, change->before.path, APR_HASH_KEY_STRING, change);
    }
    for (i = 0; i < changes->nelts; i++) {
        rc_hg_change_t *change = &APR_ARRAY_IDX(changes, i, rc_hg_change_t), *source;

        if (change->copied == RC_HG_NOT_COPIED)
            continue;
        source = apr_hash_get(removed, change->before.path, APR_HASH_KEY_STRING);
        if (source && source->copied == RC_HG_NOT_COPIED) {
            source->copied = RC_HG_RENAMED;
            change->copied = RC_HG_RENAMED;
        }
    }
    for (i = 0; i < changes->nelts; i++) {
        const rc_hg_change_t *change = &APR_ARRAY_IDX(changes, i, rc_hg_change_t);

        if (change->after.kind != RC_ENTRY_NONE || change->copied == RC_HG_NOT_COPIED)
            APR_ARRAY_IDX(changes, kept++, rc_hg_change_t) = *change;
    }
    changes->nelts = kept;
}

rc_err_t *rc_hg_find_copies(apr_array_header_t *changes, rc_vcs_t *vcs, int before,
                            apr_pool_t *scratch)
{
    tracing_t tracing = {.vcs = vcs};
    rc_hg_text_t manifest;
    int i;

    if (before < 0)
        return NULL;
    RC_TRY(rc_hg_read_manifest(&manifest, vcs, before));
    tracing.manifest = &manifest;
    apr_pool_create(&tracing.pool, scratch);
    for (i = 0; i < changes->nelts; i++) {
        rc_hg_change_t *change = &APR_ARRAY_IDX(changes, i, rc_hg_change_t);

        apr_pool_clear(tracing.pool);
        if (change->before.kind == RC_ENTRY_NONE)
            RC_TRY(trace_added(change, &tracing, changes->pool));
    }
    apr_pool_clear(tracing.pool);
    find_renames(changes, tracing.pool);
    apr_pool_destroy(tracing.pool);
    return NULL;
}
