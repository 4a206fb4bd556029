// SPDX-License-Identifier: Apache-2.0
/*
 * A second type of repository, "mem", for test_backend.c. On the disk it is a directory with a file
 * "mem" that contains one word; "sample" selects the history in mem_history.h, any other word an
 * empty one. Ids are short decimal numbers; it has no mails, but a closed branch and a bookmark.
 */
#ifndef MEM_BACKEND_H
#define MEM_BACKEND_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "mem_history.h"

/* --- library --- */

static rc_err_t *mem_startup(apr_pool_t *p)
{
    (void)p;
    return NULL;
}

static rc_found_t mem_detect(const char **why, const char *path, apr_pool_t *p)
{
    (void)why;
    return rc_fs_exists(apr_pstrcat(p, path, "/mem", NULL)) ? RC_FOUND_REPOSITORY
                                                            : RC_FOUND_NOTHING;
}

static bool mem_is_gone(const char *path, apr_pool_t *p)
{
    return mem_detect(NULL, path, p) == RC_FOUND_NOTHING;
}

static rc_err_t *mem_write(const char *path, const char *word, apr_pool_t *p)
{
    FILE *file;

    if (mkdir(path, 0777) || !(file = fopen(apr_pstrcat(p, path, "/mem", NULL), "we")))
        return rc_fs_err(p, "create", path);
    fputs(word, file);
    return fclose(file) ? rc_fs_err(p, "write", path) : NULL;
}

static rc_err_t *mem_create(const char *path, apr_pool_t *p)
{
    return mem_write(path, "empty", p);
}

static bool mem_is_sample(const char *path, apr_pool_t *p)
{
    FILE *file = fopen(apr_pstrcat(p, path, "/mem", NULL), "re");
    char word[16] = "";

    if (!file)
        return false;
    if (!fgets(word, sizeof(word), file))
        word[0] = '\0';
    fclose(file);
    return !strcmp(word, "sample");
}

static rc_err_t *mem_copy(const char *from, const char *to, rc_work_t *work, apr_pool_t *p)
{
    (void)work;
    return mem_write(to, mem_is_sample(from, p) ? "sample" : "empty", p);
}

static void mem_forget(const char *path)
{
    (void)path;
}

static void mem_drop_cache(const char *path, apr_pool_t *p)
{
    (void)path;
    (void)p;
}

static const char *mem_known_state(const char *path, const char *told, apr_pool_t *p)
{
    (void)path;
    (void)told;
    (void)p;
    return NULL;
}

static rc_err_t *mem_check(const char **problem, const char *path, apr_pool_t *p)
{
    (void)path;
    (void)p;
    *problem = NULL;
    return NULL;
}

static rc_err_t *mem_repair(const char **done, const char *path, const char *wanted, apr_pool_t *p)
{
    (void)wanted;
    return mem_check(done, path, p);
}

/* --- the handle --- */

static rc_err_t *mem_open(void **repo, const char *path, apr_pool_t *p)
{
    mem_t *mem;

    if (mem_is_gone(path, p))
        return rc_err_internal(p, APR_ENOENT, "no repository at %s", path);
    mem = calloc(1, sizeof(*mem));
    mem->count = mem_is_sample(path, p) ? MEM_COMMITS : 0;
    *repo = mem;
    return NULL;
}

static bool mem_reuse(void *repo)
{
    (void)repo;
    return true;
}

static void mem_set_work(void *repo, rc_work_t *work)
{
    (void)repo;
    (void)work;
}

static void mem_rest(void *repo)
{
    (void)repo;
}

static void mem_close(void *repo)
{
    free(repo);
}

static rc_err_t *mem_refresh(rc_vcs_t *vcs)
{
    (void)vcs;
    return NULL;
}

static rc_err_t *mem_state(const char **state, rc_vcs_t *vcs, apr_pool_t *p)
{
    *state = apr_psprintf(p, "%d", (int)((mem_t *)vcs->repo)->count);
    return NULL;
}

/* --- revisions --- */

static rc_err_t *mem_count(apr_int64_t *count, rc_vcs_t *vcs)
{
    *count = ((mem_t *)vcs->repo)->count;
    return NULL;
}

static rc_err_t *mem_resolve_name(apr_int64_t *index, rc_vcs_t *vcs, const char *name)
{
    size_t i;

    *index = -1;
    for (i = 0; i < MEM_REFS; i++)
        if (!strcmp(mem_refs[i].name, name))
            return mem_index_of(index, vcs, mem_refs[i].id);
    return NULL;
}

static rc_err_t *mem_id_at(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *p)
{
    (void)p;
    *id = index >= 0 && index < ((mem_t *)vcs->repo)->count ? mem_commits[index].id : NULL;
    return NULL;
}

static rc_err_t *mem_position(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                              apr_pool_t *p)
{
    RC_TRY(mem_id_at(&position->id, vcs, index, p));
    if (!position->id)
        return NULL;
    position->time = mem_commits[index].time;
    position->parents = mem_commits[index].parent != NULL;
    return NULL;
}

static rc_err_t *mem_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_size_t most,
                            apr_pool_t *p)
{
    const mem_commit_t *commit = &mem_commits[rev->index];
    const char **parents = apr_pcalloc(p, 2 * sizeof(*parents));

    (void)vcs;
    (void)most;
    parents[0] = commit->parent;
    *out = apr_pcalloc(p, sizeof(**out));
    **out = (rc_commit_t){.id = commit->id,
                          .revision = rev->index,
                          .message = commit->message,
                          .time = commit->time,
                          .author = commit->author,
                          .parents = parents,
                          .branch = commit->branch};
    return NULL;
}

static rc_err_t *mem_refs_of(rc_vcs_t *vcs, rc_refs_t which,
                             rc_err_t *(*fn)(void *baton, const char *name, const char *id),
                             void *baton)
{
    size_t i;

    for (i = 0; ((mem_t *)vcs->repo)->count && i < MEM_REFS; i++)
        if (mem_refs[i].kind == which)
            RC_TRY(fn(baton, mem_refs[i].name, mem_refs[i].id));
    return NULL;
}

static rc_err_t *mem_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *p)
{
    return mem_check(problem, vcs->path, p);
}

static const rc_backend_t mem_backend = {
    .type = "mem",
    .capabilities = {.named_branches = true,
                     .bookmarks = true,
                     .closed_branches = true,
                     .short_length = 12,
                     .null_id = "0"},
    .startup = mem_startup,
    .detect = mem_detect,
    .is_gone = mem_is_gone,
    .create = mem_create,
    .copy = mem_copy,
    .forget = mem_forget,
    .drop_cache = mem_drop_cache,
    .known_state = mem_known_state,
    .check = mem_check,
    .repair = mem_repair,
    .open = mem_open,
    .reuse = mem_reuse,
    .set_work = mem_set_work,
    .rest = mem_rest,
    .close = mem_close,
    .refresh = mem_refresh,
    .state = mem_state,
    .count = mem_count,
    .index_of = mem_index_of,
    .resolve_name = mem_resolve_name,
    .id_at = mem_id_at,
    .position = mem_position,
    .commit = mem_commit,
    .refs = mem_refs_of,
    .check_refs = mem_check_refs,
    .entry = mem_entry,
    .list = mem_list,
    .size = mem_size,
    .read = mem_read,
    .content = mem_content,
    .export = mem_export,
    .changes = mem_changes,
    .print = mem_print,
    .diff = mem_diff,
    .diff_files = mem_diff_files,
    .stat = mem_stat,
};

#endif
