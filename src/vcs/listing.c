// SPDX-License-Identifier: Apache-2.0
/*
 * Lists the files or directories below a directory of a commit, in the API's order (contract 02 §5
 * get_repo_nodes): the entries of a directory by name, then those of each sub-directory. The back
 * end lists one directory and reads one file.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "backend.h"
#include "base/log.h"
#include "base/md5.h"
#include "base/text.h"

#define DEPTH_MAX  2048                    /* levels of nested directories */
#define PATH_MOST  ((size_t)1 << 20)       /* bytes of one path */
#define HELD_MOST  ((apr_size_t)128 << 20) /* bytes of all directory lists held at once */
#define BATCH      32                      /* files that are passed together */
#define BATCH_MOST ((apr_size_t)256 << 10) /* bytes of them, unless one has more */

/* Files that have been read and not yet passed, so that their digests are computed together. */
typedef struct batch_t {
    rc_node_t nodes[BATCH];
    int n;
    apr_size_t bytes; /* of paths and contents */
    apr_pool_t *pool;
} batch_t;

typedef struct list_walk_t {
    rc_vcs_t *vcs;
    const char *id; /* of the commit */
    rc_nodes_t what;
    const char *temp_dir;
    rc_node_fn_t *fn;
    void *baton;
    int depth;
    apr_size_t held; /* bytes of the directory lists in memory */
    int missing;     /* entries that could not be read */
    batch_t batch;
} list_walk_t;

/* One directory while its list is read. */
typedef struct folder_t {
    list_walk_t *walk;
    apr_array_header_t *list; /* of rc_entry_t; their paths are names */
    apr_size_t bytes;
    apr_size_t longest; /* name */
    bool sorted;        /* the list, so far */
} folder_t;

/* True when @a err means that one entry cannot be read. Such an entry is marked in the list, and
 * the first one is logged. Other errors (a limit, a client that has disconnected) end the list. */
static bool is_missing(list_walk_t *walk, const rc_err_t *err, const char *id)
{
    if (!err || err->kind != RC_E_INTERNAL)
        return false;
    if (!walk->missing++)
        rc_log(RC_LOG_WARNING, err->cause, "a list of %s lacks %s: %s", walk->vcs->path, id,
               rc_err_log_text(err, walk->vcs->pool));
    return true;
}

/* --- one directory --- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const rc_entry_t *)a)->path, ((const rc_entry_t *)b)->path);
}

static rc_err_t *add_entry(void *baton, const rc_entry_t *entry)
{
    folder_t *folder = baton;
    list_walk_t *walk = folder->walk;
    apr_pool_t *pool = folder->list->pool;
    apr_size_t len = strlen(entry->path), id_len = strlen(entry->id);
    rc_entry_t *copy = apr_array_push(folder->list);
    char *path;

    folder->bytes += len + id_len + sizeof(*entry);
    if (walk->held + folder->bytes > HELD_MOST)
        return rc_err(walk->vcs->pool, RC_E_LIMIT, "The directories of a commit are too large");
    *copy = *entry;
    copy->path = path = apr_palloc(pool, len + id_len + 2);
    memcpy(path, entry->path, len + 1);
    copy->id = memcpy(path + len + 1, entry->id, id_len + 1);
    folder->longest = len > folder->longest ? len : folder->longest;
    folder->sorted = folder->sorted && (folder->list->nelts == 1 || by_name(copy - 1, copy) <= 0);
    return rc_work_entry(walk->vcs->work, walk->vcs->pool);
}

/* Reads the entries of @a dir, sorted by name. */
static rc_err_t *read_folder(folder_t *folder, list_walk_t *walk, const rc_entry_t *dir,
                             apr_pool_t *pool)
{
    *folder = (folder_t){.walk = walk, .sorted = true};
    folder->list = apr_array_make(pool, 32, sizeof(rc_entry_t));
    RC_TRY(walk->vcs->backend->list(walk->vcs, walk->id, dir, add_entry, folder, pool));
    if (!folder->sorted)
        qsort(folder->list->elts, (size_t)folder->list->nelts, sizeof(rc_entry_t), by_name);
    return NULL;
}

static rc_err_t *ignore_entry(void *baton, const rc_entry_t *entry)
{
    (void)baton;
    (void)entry;
    return NULL;
}

/* Passes @a dir; clears @a scratch, which its path is in. */
static rc_err_t *pass_dir(list_walk_t *walk, const rc_entry_t *dir, apr_pool_t *scratch)
{
    rc_node_t node = {.path = dir->path, .is_dir = true};
    rc_err_t *err = walk->vcs->backend->list(walk->vcs, walk->id, dir, ignore_entry, NULL, scratch);

    node.missing = is_missing(walk, err, dir->id);
    if (err && !node.missing)
        return err;
    RC_TRY(walk->fn(walk->baton, &node));
    apr_pool_clear(scratch);
    return NULL;
}

/* --- one file --- */

/* A large content is mapped from an unnamed file, which is closed with @a pool. */
static rc_err_t *read_file(rc_node_t *node, list_walk_t *walk, const rc_entry_t *entry,
                           apr_pool_t *pool)
{
    const rc_backend_t *backend = walk->vcs->backend;
    rc_entry_t file = *entry;
    rc_spool_t *spool;

    RC_TRY(backend->read(&node->data, walk->vcs, &file, RC_VCS_LARGE, pool));
    node->len = (apr_size_t)file.size;
    if (node->data)
        return NULL;
    spool = rc_spool_create(walk->temp_dir, pool);
    RC_TRY(backend->content(spool, walk->vcs, &file));
    return rc_spool_view(&node->data, spool, pool);
}

static void add_digests(rc_md5_text_t texts[BATCH], batch_t *batch)
{
    int i, n = 0;

    for (i = 0; i < batch->n; i++) {
        rc_node_t *node = &batch->nodes[i];

        if (node->missing)
            continue;
        texts[n] = (rc_md5_text_t){.data = node->data, .len = node->len};
        node->md5 = texts[n++].digest;
    }
    rc_md5(texts, n);
}

static rc_err_t *pass_batch(list_walk_t *walk)
{
    batch_t *batch = &walk->batch;
    rc_md5_text_t texts[BATCH];
    int i;

    if (walk->what == RC_NODES_FILES)
        add_digests(texts, batch);
    for (i = 0; i < batch->n; i++)
        RC_TRY(walk->fn(walk->baton, &batch->nodes[i]));
    batch->n = 0;
    batch->bytes = 0;
    apr_pool_clear(batch->pool);
    return NULL;
}

/* Passes a directory that cannot be read, unless it was passed before: that is all that a list of
 * files tells of directories. */
static rc_err_t *pass_missing_dir(list_walk_t *walk, const rc_entry_t *dir)
{
    rc_node_t node = {.path = dir->path, .is_dir = true, .missing = true};

    if (walk->what == RC_NODES_DIRS)
        return NULL;
    RC_TRY(pass_batch(walk)); /* what was listed before it */
    return walk->fn(walk->baton, &node);
}

/* Takes a file whose path is in the pool of the batch. */
static rc_err_t *take_file(list_walk_t *walk, const rc_entry_t *entry)
{
    batch_t *batch = &walk->batch;
    rc_node_t *node = &batch->nodes[batch->n++];
    rc_err_t *err = NULL;

    *node = (rc_node_t){.path = entry->path};
    if (walk->what == RC_NODES_FILES)
        err = read_file(node, walk, entry, batch->pool);
    node->missing = is_missing(walk, err, entry->id);
    if (err && !node->missing)
        return err;
    batch->bytes += strlen(entry->path) + (node->missing ? 0 : node->len);
    return batch->n < BATCH && batch->bytes < BATCH_MOST ? NULL : pass_batch(walk);
}

/* --- the walk --- */

/* Nothing in a repository limits the length of a name. */
static rc_err_t *check_paths(const folder_t *folder, apr_size_t prefix)
{
    return prefix + folder->longest <= PATH_MOST
               ? NULL
               : rc_err(folder->walk->vcs->pool, RC_E_LIMIT, "A path in this commit is too long");
}

static const char *join(const char *prefix, apr_size_t len, const char *name, apr_pool_t *pool)
{
    apr_size_t size = strlen(name) + 1;
    char *path = apr_palloc(pool, len + size);

    memcpy(path, prefix, len);
    memcpy(path + len, name, size);
    return path;
}

static rc_err_t *pass_entries(const folder_t *folder, const char *prefix)
{
    list_walk_t *walk = folder->walk;
    bool dirs = walk->what == RC_NODES_DIRS;
    apr_size_t len = strlen(prefix);
    int i;

    RC_TRY(check_paths(folder, len));
    for (i = 0; i < folder->list->nelts; i++) {
        rc_entry_t entry = APR_ARRAY_IDX(folder->list, i, rc_entry_t);

        if (entry.kind == RC_ENTRY_SUBMODULE || dirs != (entry.kind == RC_ENTRY_DIR))
            continue;
        entry.path = join(prefix, len, entry.path, walk->batch.pool);
        RC_TRY(dirs ? pass_dir(walk, &entry, walk->batch.pool) : take_file(walk, &entry));
    }
    return NULL;
}

static rc_err_t *walk_folder(list_walk_t *walk, const rc_entry_t *dir, const char *prefix,
                             apr_pool_t *parent);

static rc_err_t *walk_below(const folder_t *folder, const char *prefix, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    const char *below;
    int i;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < folder->list->nelts; i++) {
        rc_entry_t dir = APR_ARRAY_IDX(folder->list, i, rc_entry_t);

        if (dir.kind != RC_ENTRY_DIR)
            continue;
        apr_pool_clear(scratch);
        below = apr_pstrcat(scratch, prefix, dir.path, "/", NULL);
        dir.path = apr_pstrmemdup(scratch, below, strlen(below) - 1);
        RC_TRY(walk_folder(folder->walk, &dir, below, scratch));
    }
    return NULL;
}

/* Uses a sub-pool of @a parent, so that the list of a directory is freed when its walk ends. */
static rc_err_t *walk_folder(list_walk_t *walk, const rc_entry_t *dir, const char *prefix,
                             apr_pool_t *parent)
{
    folder_t folder;
    apr_pool_t *pool;
    rc_err_t *err;

    if (walk->depth++ >= DEPTH_MAX)
        return rc_err_internal(walk->vcs->pool, APR_SUCCESS,
                               "directories in %s are nested too deep", walk->vcs->path);
    apr_pool_create(&pool, parent);
    err = read_folder(&folder, walk, dir, pool);
    walk->held += folder.bytes;
    if (err && walk->depth > 1 && is_missing(walk, err, dir->id))
        err = pass_missing_dir(walk, dir);
    else if (!err && !(err = pass_entries(&folder, prefix)))
        err = walk_below(&folder, prefix, pool);
    walk->held -= folder.bytes;
    apr_pool_destroy(pool);
    walk->depth--;
    return err;
}

/* --- public functions --- */

static rc_err_t *find_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, const char *path,
                            apr_pool_t *pool)
{
    memset(entry, 0, sizeof(*entry));
    entry->path = rc_text_clean_path(path, pool);
    return vcs->backend->entry(entry, vcs, id, pool);
}

rc_err_t *rc_vcs_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, const char *path,
                       apr_pool_t *pool)
{
    const rc_backend_t *backend = vcs->backend;

    memset(entry, 0, sizeof(*entry));
    entry->path = rc_text_clean_path(path, pool);
    if (backend->recall && backend->recall(entry, vcs, id, pool))
        return NULL;
    RC_TRY(backend->entry(entry, vcs, id, pool));
    if (entry->kind == RC_ENTRY_NONE || entry->kind == RC_ENTRY_DIR ||
        entry->kind == RC_ENTRY_SUBMODULE)
        return NULL;
    RC_TRY(backend->size(&entry->size, vcs, entry));
    if (backend->remember)
        backend->remember(vcs, id, entry);
    return NULL;
}

rc_err_t *rc_vcs_directory(apr_array_header_t **entries, rc_vcs_t *vcs, const char *id,
                           const rc_entry_t *dir, apr_pool_t *pool)
{
    list_walk_t walk = {.vcs = vcs, .id = id};
    folder_t folder;

    RC_TRY(read_folder(&folder, &walk, dir, pool));
    *entries = folder.list;
    return NULL;
}

rc_err_t *rc_vcs_nodes(bool *found, rc_vcs_t *vcs, const char *id, const char *root,
                       rc_nodes_t what, const char *temp_dir, rc_node_fn_t *fn, void *baton,
                       apr_pool_t *scratch)
{
    list_walk_t walk = {.vcs = vcs, .id = id, .what = what, .temp_dir = temp_dir, .fn = fn};
    rc_entry_t top;

    walk.baton = baton;
    RC_TRY(find_entry(&top, vcs, id, root, scratch));
    *found = top.kind != RC_ENTRY_NONE;
    if (top.kind != RC_ENTRY_DIR || !fn)
        return NULL;
    apr_pool_create(&walk.batch.pool, scratch);
    RC_TRY(walk_folder(&walk, &top, *top.path ? apr_pstrcat(scratch, top.path, "/", NULL) : "",
                       scratch));
    RC_TRY(pass_batch(&walk));
    apr_pool_destroy(walk.batch.pool);
    return NULL;
}

rc_err_t *rc_vcs_files(rc_vcs_t *vcs, const char *id, rc_vcs_file_fn_t *fn, void *baton,
                       apr_pool_t *scratch)
{
    list_walk_t walk = {.vcs = vcs, .id = id};
    folder_t folder;
    rc_entry_t top;
    apr_pool_t *pool;
    int i;

    RC_TRY(find_entry(&top, vcs, id, "", scratch));
    RC_TRY(read_folder(&folder, &walk, &top, scratch));
    apr_pool_create(&pool, scratch);
    for (i = 0; i < folder.list->nelts; i++) {
        rc_entry_t *entry = &APR_ARRAY_IDX(folder.list, i, rc_entry_t);
        rc_vcs_file_t file = {.name = entry->path};

        apr_pool_clear(pool);
        if (entry->kind == RC_ENTRY_DIR || entry->kind == RC_ENTRY_SUBMODULE)
            continue;
        RC_TRY(vcs->backend->read(&file.data, vcs, entry, APR_INT64_MAX, pool));
        file.len = (apr_size_t)entry->size;
        RC_TRY(fn(baton, &file));
    }
    apr_pool_destroy(pool);
    return NULL;
}
