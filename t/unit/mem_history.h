// SPDX-License-Identifier: Apache-2.0
/*
 * The history of the back end "mem" for unit tests: its files, and the changes of each commit. All
 * of it is in memory.
 */
#ifndef MEM_HISTORY_H
#define MEM_HISTORY_H

#include <string.h>

#include <apr_strings.h>

#include "vcs/backend.h"

typedef struct mem_file_t {
    const char *path, *data; /* sorted by path; a NULL path ends the list */
    bool program;
} mem_file_t;

typedef struct mem_commit_t {
    const char *id, *author, *message, *parent, *branch;
    apr_int64_t time;
    const mem_file_t *files;
} mem_commit_t;

/* clang-format off */
static const mem_file_t mem_first[] = {
    {"a.txt", "one\n", false}, {"dir/b.txt", "two\n", false}, {"dir/deep/c", "three\n", false},
    {NULL, NULL, false}};
static const mem_file_t mem_second[] = {
    {"a.txt", "one\nmore\n", false}, {"dir.txt", "beside\n", false}, {"dir/b.txt", "two\n", false},
    {"dir/deep/c", "three\n", false}, {NULL, NULL, false}};
static const mem_file_t mem_third[] = {
    {"a.txt", "one\nmore\n", false}, {"dir.txt", "beside\n", false}, {"dir/deep/c", "three\n", false},
    {"tool", "run\n", true}, {NULL, NULL, false}};

static const mem_commit_t mem_commits[] = {
    {"7",  "Ann <ann@example.com>", "first\n",  NULL, "old",     1000000000, mem_first},
    {"12", "Bob <bob@example.com>", "second\n", "7",  "default", 1000000060, mem_second},
    {"30", "Ann <ann@example.com>", "third\n",  "12", "default", 1000000120, mem_third}};

static const struct {
    rc_refs_t kind;
    const char *name, *id;
} mem_refs[] = {{RC_BRANCHES, "default", "30"}, {RC_CLOSED_BRANCHES, "old", "7"},
                {RC_BOOKMARKS, "here", "12"}, {RC_TAGS, "v1", "12"}};
/* clang-format on */

#define MEM_COMMITS ((apr_int64_t)(sizeof(mem_commits) / sizeof(*mem_commits)))
#define MEM_REFS    (sizeof(mem_refs) / sizeof(*mem_refs))

/* The handle. */
typedef struct mem_t {
    apr_int64_t count;
} mem_t;

static rc_err_t *mem_index_of(apr_int64_t *index, rc_vcs_t *vcs, const char *id)
{
    for (*index = ((mem_t *)vcs->repo)->count - 1; *index >= 0; (*index)--)
        if (!strcmp(mem_commits[*index].id, id))
            break;
    return NULL;
}

/* --- files; the id of a content is a checksum of it, in decimal digits --- */

static const char *mem_sum(const char *data, apr_pool_t *p)
{
    unsigned sum = 5381;

    for (; *data; data++)
        sum = sum * 33 + (unsigned char)*data;
    return apr_psprintf(p, "%u", sum);
}

static const mem_file_t *mem_files(const char *id)
{
    static const mem_file_t none[] = {{NULL, NULL, false}};
    apr_int64_t i;

    for (i = 0; id && i < MEM_COMMITS; i++)
        if (!strcmp(mem_commits[i].id, id))
            return mem_commits[i].files;
    return none;
}

static const char *mem_data(const char *sum, apr_pool_t *p)
{
    const mem_file_t *file;
    apr_int64_t i;

    for (i = 0; i < MEM_COMMITS; i++)
        for (file = mem_commits[i].files; file->path; file++)
            if (!strcmp(mem_sum(file->data, p), sum))
                return file->data;
    return "";
}

static void mem_set_entry(rc_entry_t *entry, const mem_file_t *file, const char *path,
                          apr_pool_t *p)
{
    entry->kind = file->program ? RC_ENTRY_PROGRAM : RC_ENTRY_FILE;
    entry->path = path;
    entry->id = mem_sum(file->data, p);
}

/* Returns the part of file->path after the directory @a dir; NULL when the file is not in it. */
static const char *mem_below(const mem_file_t *file, const char *dir)
{
    apr_size_t len = strlen(dir);

    if (!len)
        return file->path;
    return !strncmp(file->path, dir, len) && file->path[len] == '/' ? file->path + len + 1 : NULL;
}

static rc_err_t *mem_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *p)
{
    const mem_file_t *file;

    (void)vcs;
    for (file = mem_files(id); file->path; file++)
        if (!strcmp(file->path, entry->path)) {
            mem_set_entry(entry, file, entry->path, p);
            return NULL;
        } else if (mem_below(file, entry->path)) {
            entry->kind = RC_ENTRY_DIR;
            entry->id = entry->path;
        }
    return NULL;
}

static rc_err_t *mem_list(rc_vcs_t *vcs, const char *id, const rc_entry_t *dir, rc_list_fn_t *fn,
                          void *baton, apr_pool_t *scratch)
{
    const char *last = "", *rest;
    const mem_file_t *file;

    (void)vcs;
    for (file = mem_files(id); file->path; file++) {
        rc_entry_t entry = {.kind = RC_ENTRY_DIR, .id = "0"};

        if (!(rest = mem_below(file, dir->path)))
            continue;
        entry.path = apr_pstrmemdup(scratch, rest, strcspn(rest, "/"));
        if (!strchr(rest, '/'))
            mem_set_entry(&entry, file, entry.path, scratch);
        else if (!strcmp(last, entry.path))
            continue;
        else
            last = entry.path;
        RC_TRY(fn(baton, &entry));
    }
    return NULL;
}

static rc_err_t *mem_read(const char **data, rc_vcs_t *vcs, rc_entry_t *entry, apr_off_t most,
                          apr_pool_t *p)
{
    const char *text = mem_data(entry->id, p);

    (void)vcs;
    entry->size = (apr_off_t)strlen(text);
    *data = entry->size < most ? text : NULL;
    return NULL;
}

static rc_err_t *mem_size(apr_off_t *size, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    *size = (apr_off_t)strlen(mem_data(entry->id, vcs->pool));
    return NULL;
}

static rc_err_t *mem_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    return rc_spool_puts(spool, mem_data(entry->id, vcs->pool));
}

static rc_err_t *mem_export(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                            rc_item_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    const mem_file_t *file;

    (void)vcs;
    (void)top;
    (void)temp_dir;
    (void)scratch;
    for (file = mem_files(id); file->path; file++) {
        rc_item_t item = {.path = file->path,
                          .kind = file->program ? RC_ITEM_PROGRAM : RC_ITEM_FILE,
                          .size = (apr_off_t)strlen(file->data),
                          .data = file->data,
                          .fd = -1};

        RC_TRY(fn(baton, &item));
    }
    return NULL;
}

/* --- changes --- */

static const mem_file_t *mem_find(const mem_file_t *files, const char *path)
{
    for (; files->path; files++)
        if (!strcmp(files->path, path))
            return files;
    return NULL;
}

static void mem_add_pair(apr_array_header_t *pairs, const mem_file_t *before,
                         const mem_file_t *after)
{
    rc_pair_t pair = {{0}, {0}, NULL};

    if (before && after && !strcmp(before->data, after->data))
        return;
    if (before)
        mem_set_entry(&pair.before, before, before->path, pairs->pool);
    if (after)
        mem_set_entry(&pair.after, after, after->path, pairs->pool);
    *(rc_pair_t *)apr_array_push(pairs) = pair;
}

/* Deletions come first, so that the order A-M-D must be made by the caller. */
static rc_err_t *mem_changes(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                             const char *parent, bool renames, apr_pool_t *p)
{
    const mem_file_t *before = mem_files(parent), *after = mem_files(id), *file;

    (void)vcs;
    (void)renames;
    *pairs = apr_array_make(p, 4, sizeof(rc_pair_t));
    for (file = before; file->path; file++)
        if (!mem_find(after, file->path))
            mem_add_pair(*pairs, file, NULL);
    for (file = after; file->path; file++)
        mem_add_pair(*pairs, mem_find(before, file->path), file);
    return NULL;
}

/* Appends each line of @a data after @a sign; returns the number of lines. */
static apr_int64_t mem_lines(rc_spool_t *spool, char sign, const char *data, rc_err_t **err)
{
    apr_int64_t n = 0;
    apr_size_t len;

    for (; !*err && *data; data += len, n++) {
        len = strcspn(data, "\n") + 1;
        if (!(*err = rc_spool_write(spool, &sign, 1)))
            *err = rc_spool_write(spool, data, len);
    }
    return n;
}

/* Deletes all lines and adds all lines; the diff need not be minimal. */
static rc_err_t *mem_print(rc_printed_t *printed, rc_spool_t *spool, rc_vcs_t *vcs,
                           const rc_pair_t *pair, const rc_diff_options_t *options, apr_pool_t *p)
{
    const rc_entry_t *shown = pair->after.kind ? &pair->after : &pair->before;
    apr_off_t start = rc_spool_size(spool);
    rc_err_t *err;

    (void)vcs;
    (void)options;
    err = rc_spool_printf(spool, "diff of %s and %s\n--- a/%s\n+++ b/%s\n", shown->path,
                          shown->path, shown->path, shown->path);
    printed->hunks = true;
    printed->skip = rc_spool_size(spool) - start;
    if (!err)
        err = rc_spool_puts(spool, "@@ all @@\n");
    printed->deleted =
        mem_lines(spool, '-', pair->before.kind ? mem_data(pair->before.id, p) : "", &err);
    printed->added =
        mem_lines(spool, '+', pair->after.kind ? mem_data(pair->after.id, p) : "", &err);
    return err;
}

static rc_err_t *mem_pairs_of(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                              apr_pool_t *p)
{
    apr_int64_t index;

    RC_TRY(mem_index_of(&index, vcs, id));
    return mem_changes(pairs, vcs, id, mem_commits[index].parent, true, p);
}

static rc_err_t *mem_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                          const rc_diff_options_t *options, apr_pool_t *scratch)
{
    apr_array_header_t *pairs;
    rc_printed_t printed;
    int i;

    RC_TRY(mem_pairs_of(&pairs, vcs, id, scratch));
    for (i = 0; i < pairs->nelts; i++)
        RC_TRY(
            mem_print(&printed, spool, vcs, &APR_ARRAY_IDX(pairs, i, rc_pair_t), options, scratch));
    return NULL;
}

static rc_err_t *mem_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                                const rc_entry_t *after, const rc_diff_options_t *options,
                                apr_pool_t *scratch)
{
    rc_pair_t pair = {*before, *after, NULL};
    rc_printed_t printed;

    return mem_print(&printed, spool, vcs, &pair, options, scratch);
}

static rc_err_t *mem_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                          rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    apr_array_header_t *pairs;
    int i;

    (void)limits;
    *more = false;
    RC_TRY(mem_pairs_of(&pairs, vcs, id, scratch));
    for (i = 0; i < pairs->nelts; i++) {
        const rc_pair_t *pair = &APR_ARRAY_IDX(pairs, i, rc_pair_t);
        rc_change_t change = {.path = pair->after.kind ? pair->after.path : pair->before.path};

        change.op = !pair->before.kind ? 'A' : pair->after.kind ? 'M' : 'D';
        RC_TRY(fn(baton, &change));
    }
    return NULL;
}

#endif
