// SPDX-License-Identifier: Apache-2.0
/*
 * Removes what git programs leave when they are killed: quarantines of pushes, unfinished packs and
 * objects, locks. A leftover is known by its name and by its age, because programs that this server
 * did not start may work in the repository: each of them changes its files far more often.
 */
#include "sweep.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "table.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unconst.h"

/* Where leftovers are, and how their names begin and end. */
typedef struct leftover_t {
    const char *dir, *begin, *end;
    enum { ONE_FILE, WHOLE_TREE, KEEP_FILE } kind;
} leftover_t;

static const leftover_t packing[] = {
    {"objects/pack", "tmp_", "", ONE_FILE},
    {"objects/pack", ".tmp-", "", ONE_FILE},
    {"objects/pack", "multi-pack-index", ".lock", ONE_FILE},
    {"objects/info", "commit-graph", ".lock", ONE_FILE},
    {"objects/info", "tmp_", "", ONE_FILE},
    {"objects/info/commit-graphs", "commit-graph", ".lock", ONE_FILE},
    {"objects/info/commit-graphs", "tmp_", "", ONE_FILE},
    {NULL, NULL, NULL, ONE_FILE},
};

static const leftover_t others[] = {
    {"objects", "tmp_objdir-", "", WHOLE_TREE}, /* the quarantine of a push */
    {"objects", "incoming-", "", WHOLE_TREE},   /* the same before git 2.34 */
    {"objects", "tmp_", "", ONE_FILE},
    {"objects/pack", "pack-", ".keep", KEEP_FILE},
    {".", "HEAD", ".lock", ONE_FILE},
    {".", "packed-refs", ".lock", ONE_FILE},
    {".", "shallow", ".lock", ONE_FILE},
    {".", "shallow_", "", ONE_FILE},
    {NULL, NULL, NULL, ONE_FILE},
};

static const leftover_t loose = {"objects", "tmp_obj_", "", ONE_FILE};
static const leftover_t lock = {"refs", "", ".lock", ONE_FILE};

typedef struct sweep_t {
    const char *git_dir;
    time_t from, to; /* the last change of a leftover lies between them */
    int files;
    apr_off_t bytes;
    apr_pool_t *pool, *scratch;
} sweep_t;

static bool is_named(const leftover_t *kind, const char *name)
{
    size_t begin = strlen(kind->begin);

    return !strncmp(name, kind->begin, begin) && rc_text_ends(name + begin, kind->end);
}

/* Adds the bytes in the tree at @a path to *@a bytes, and sets *@a last to its last change. */
static bool examine(apr_off_t *bytes, time_t *last, const char *path)
{
    char *const roots[] = {rc_unconst(path), NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry;
    bool sound = tree != NULL;

    *bytes = 0;
    *last = 0;
    while (tree && (entry = fts_read(tree))) {
        if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR) {
            sound = false;
            continue;
        }
        if (entry->fts_statp->st_mtime > *last)
            *last = entry->fts_statp->st_mtime;
        if (entry->fts_info == FTS_F)
            *bytes += entry->fts_statp->st_size;
    }
    if (tree)
        fts_close(tree);
    return sound;
}

/* A push or fetch protects its new pack by a .keep file until its references are in place; users
 * write other texts into theirs. */
static bool is_forgotten_keep(const char *path, apr_pool_t *scratch)
{
    const char *text;
    apr_size_t len;
    rc_err_t *err = rc_fs_read(&text, &len, path, 0, 4096, scratch);

    return !err && text &&
           (!strncmp(text, "receive-pack ", 13) || !strncmp(text, "fetch-pack ", 11));
}

static void consider(sweep_t *sweep, const leftover_t *kind, const char *path)
{
    struct stat st;
    apr_off_t bytes;
    time_t last;
    rc_err_t *err;

    if (lstat(path, &st) || S_ISDIR(st.st_mode) != (kind->kind == WHOLE_TREE) ||
        !examine(&bytes, &last, path) || last < sweep->from || last > sweep->to ||
        (kind->kind == KEEP_FILE && !is_forgotten_keep(path, sweep->scratch)))
        return;
    if ((err = rc_fs_remove_tree(path, sweep->scratch))) {
        rc_log(RC_LOG_WARNING, err->cause, "%s", rc_err_log_text(err, sweep->scratch));
        return;
    }
    sweep->files++;
    sweep->bytes += bytes;
}

static void sweep_dir(sweep_t *sweep, const leftover_t *kind, const char *dir)
{
    const char *path = apr_pstrcat(sweep->pool, sweep->git_dir, "/", dir, NULL);
    apr_finfo_t entry;
    apr_dir_t *open;

    apr_pool_clear(sweep->scratch);
    if (apr_dir_open(&open, path, sweep->scratch) != APR_SUCCESS)
        return;
    while (apr_dir_read(&entry, APR_FINFO_NAME, open) == APR_SUCCESS)
        if (is_named(kind, entry.name))
            consider(sweep, kind, apr_pstrcat(sweep->pool, path, "/", entry.name, NULL));
    apr_dir_close(open);
}

static void sweep_kinds(sweep_t *sweep, const leftover_t *kinds)
{
    for (; kinds->dir; kinds++)
        sweep_dir(sweep, kinds, kinds->dir);
}

static void sweep_loose(sweep_t *sweep)
{
    char name[sizeof("objects/xx")];
    int i;

    for (i = 0; i < 256; i++) {
        snprintf(name, sizeof(name), "objects/%02x", (unsigned)i);
        sweep_dir(sweep, &loose, name);
    }
}

static void sweep_locks(sweep_t *sweep)
{
    char *const roots[] = {apr_pstrcat(sweep->pool, sweep->git_dir, "/refs", NULL), NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry;

    apr_pool_clear(sweep->scratch);
    while (tree && (entry = fts_read(tree)))
        if (entry->fts_info == FTS_F && is_named(&lock, entry->fts_name))
            consider(sweep, &lock, entry->fts_path);
    if (tree)
        fts_close(tree);
}

static void begin_sweep(sweep_t *sweep, const char *git_dir, apr_pool_t *pool)
{
    sweep->git_dir = git_dir;
    sweep->pool = pool;
    apr_pool_create(&sweep->scratch, pool);
    apr_pool_tag(sweep->scratch, "rc_git_sweep");
}

void rc_git_sweep_packing(const char *git_dir, time_t since, apr_pool_t *pool)
{
    sweep_t sweep = {.from = since, .to = time(NULL) + RC_GIT_LEFTOVER};

    begin_sweep(&sweep, git_dir, pool);
    sweep_kinds(&sweep, packing);
    apr_pool_destroy(sweep.scratch);
}

rc_err_t *rc_git_sweep(const char **done, const char *path, apr_pool_t *pool)
{
    sweep_t sweep = {.to = time(NULL) - RC_GIT_LEFTOVER};

    begin_sweep(&sweep, rc_git_dir(path, pool), pool);
    sweep_kinds(&sweep, packing);
    sweep_kinds(&sweep, others);
    sweep_loose(&sweep);
    sweep_locks(&sweep);
    apr_pool_destroy(sweep.scratch);
    *done =
        sweep.files
            ? apr_psprintf(pool,
                           "removed %d leftovers of programs that were interrupted, %" APR_OFF_T_FMT
                           " KiB",
                           sweep.files, (sweep.bytes + 1023) / 1024)
            : NULL;
    return NULL;
}
