// SPDX-License-Identifier: Apache-2.0
/*
 * Makes shadows of repositories, and exchanges the two. hg's locks of the repository are held while
 * it is read and while it is replaced, not between: hg may take minutes in the shadow. Whether
 * others have written meanwhile is seen from the files.
 */
#include "shadow.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/hex.h"

/* A walk over all that is below .hg. */
typedef struct walk_t {
    const rc_hg_shadow_t *shadow;
    const char *to; /* where the files are linked; NULL: they are only looked at */
    apr_sha1_ctx_t sum;
    apr_pool_t *scratch; /* cleared for each entry */
} walk_t;

static int by_name(const FTSENT **one, const FTSENT **two)
{
    return strcmp((*one)->fts_name, (*two)->fts_name);
}

/* --- copying --- */

/* As others see it: who pushes by ssh must be able to write to it. */
static rc_err_t *set_owner_and_mode(const walk_t *walk, const char *path, const struct stat *st)
{
    int n = chown(path, st->st_uid, st->st_gid);

    if (n)
        n = chown(path, (uid_t)-1, st->st_gid); /* of several groups of ours */
    (void)n;
    return chmod(path, st->st_mode & 07777) ? rc_fs_err(walk->shadow->pool, "change", path) : NULL;
}

/* Not all files can be linked to: other users' files, which we may not write, and other disks'. */
static rc_err_t *link_file(const walk_t *walk, const FTSENT *entry, const char *to)
{
    const char *from = entry->fts_accpath;

    if (!link(from, to))
        return NULL;
    RC_TRY(rc_fs_copy(from, to, 0, walk->shadow->pool));
    return set_owner_and_mode(walk, to, entry->fts_statp);
}

static rc_err_t *copy_link(const walk_t *walk, const FTSENT *entry, const char *to)
{
    char target[4096];
    ssize_t len = readlink(entry->fts_accpath, target, sizeof(target) - 1);

    target[len > 0 ? len : 0] = '\0';
    return symlink(target, to) ? rc_fs_err(walk->shadow->pool, "create", to) : NULL;
}

static rc_err_t *copy_entry(const walk_t *walk, const FTSENT *entry, const char *name)
{
    const char *to = apr_pstrcat(walk->scratch, walk->to, name, NULL);

    switch (entry->fts_info) {
    case FTS_D:
        return mkdir(to, 0700) ? rc_fs_err(walk->shadow->pool, "create", to) : NULL;
    case FTS_DP:
        return set_owner_and_mode(walk, to, entry->fts_statp);
    case FTS_F:
        return link_file(walk, entry, to);
    case FTS_SL:
    case FTS_SLNONE:
        return copy_link(walk, entry, to);
    default:
        return NULL; /* sockets and pipes */
    }
}

/* --- walking --- */

static bool is_lock(const char *name)
{
    return !strcmp(name, "lock") || !strcmp(name, "wlock") || !strcmp(name, "lock.break") ||
           !strcmp(name, "wlock.break");
}

/* Readers write caches at any time. */
static bool is_cache(const char *name)
{
    return !strncmp(name, "/cache/", 7) || !strncmp(name, "/wcache/", 8);
}

static void add_to_sum(walk_t *walk, const FTSENT *entry, const char *name)
{
    const struct stat *st = entry->fts_statp;
    const char *line;

    if (entry->fts_info != FTS_F || is_cache(name))
        return;
    line = apr_psprintf(walk->scratch, "%s %" APR_UINT64_T_FMT " %" APR_INT64_T_FMT " %ld.%09ld\n",
                        name, (apr_uint64_t)st->st_ino, (apr_int64_t)st->st_size,
                        (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
    apr_sha1_update(&walk->sum, line, (unsigned int)strlen(line));
}

static rc_err_t *walk_entry(walk_t *walk, const FTSENT *entry, const char *name)
{
    switch (entry->fts_info) {
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        errno = entry->fts_errno;
        return rc_fs_err(walk->shadow->pool, "read", entry->fts_path);
    default:
        add_to_sum(walk, entry, name);
        return walk->to ? copy_entry(walk, entry, name) : NULL;
    }
}

static rc_err_t *walk_entries(walk_t *walk, FTS *tree)
{
    apr_size_t len = strlen(walk->shadow->layout.hg);
    FTSENT *entry;

    while ((entry = fts_read(tree))) {
        apr_pool_clear(walk->scratch);
        RC_TRY(rc_work_look(walk->shadow->work, walk->shadow->pool));
        if (!is_lock(entry->fts_name))
            RC_TRY(walk_entry(walk, entry, entry->fts_path + len));
    }
    return NULL;
}

/* Walks over the repository; *@a fingerprint is a text in the shadow's pool. */
static rc_err_t *walk_all(const char **fingerprint, const rc_hg_shadow_t *shadow, const char *to)
{
    char *const roots[] = {apr_pstrdup(shadow->pool, shadow->layout.hg), NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    walk_t walk = {.shadow = shadow, .to = to};
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    rc_err_t *err;

    if (!tree)
        return rc_fs_err(shadow->pool, "read", shadow->layout.hg);
    apr_sha1_init(&walk.sum);
    apr_pool_create(&walk.scratch, shadow->pool);
    err = walk_entries(&walk, tree);
    apr_pool_destroy(walk.scratch);
    fts_close(tree);
    apr_sha1_final(digest, &walk.sum);
    *fingerprint = rc_hex_text(digest, sizeof(digest), shadow->pool);
    return err;
}

/* --- shadows --- */

static rc_err_t *find_layout(rc_hg_layout_t *layout, const rc_hg_shadow_t *shadow, const char *path)
{
    const char *why = NULL;

    if (rc_hg_find(layout, &why, path, shadow->pool) == RC_FOUND_REPOSITORY)
        return NULL;
    return rc_err_failed(shadow->pool, "%s is %s", shadow->path, why ? why : "gone");
}

static rc_err_t *make_locked(rc_hg_shadow_t *shadow, apr_pool_t *lock)
{
    RC_TRY(find_layout(&shadow->layout, shadow, shadow->path));
    RC_TRY(rc_err_copy(rc_hg_lock_all(&shadow->layout, shadow->work, lock), shadow->pool));
    if (mkdir(shadow->copy, 0700))
        return rc_fs_err(shadow->pool, "create", shadow->copy);
    return walk_all(&shadow->fingerprint, shadow,
                    apr_pstrcat(shadow->pool, shadow->copy, "/.hg", NULL));
}

rc_err_t *rc_hg_shadow_make(rc_hg_shadow_t **out, const char *path, const char *dir,
                            rc_work_t *work, apr_pool_t *pool)
{
    rc_hg_shadow_t *shadow = apr_pcalloc(pool, sizeof(*shadow));
    apr_pool_t *lock;
    rc_err_t *err;

    shadow->path = path;
    shadow->copy = apr_pstrcat(pool, dir, "/shadow", NULL);
    shadow->work = work;
    shadow->pool = pool;
    *out = shadow;
    apr_pool_create(&lock, pool);
    err = make_locked(shadow, lock);
    apr_pool_destroy(lock);
    return err;
}

static rc_err_t *publish_locked(const rc_hg_shadow_t *shadow, const char *hg, apr_pool_t *lock)
{
    const char *now;

    RC_TRY(rc_err_copy(rc_hg_lock_all(&shadow->layout, shadow->work, lock), shadow->pool));
    RC_TRY(walk_all(&now, shadow, NULL));
    if (strcmp(now, shadow->fingerprint))
        return rc_err_failed(shadow->pool, "somebody else has changed %s meanwhile", shadow->path);
    RC_TRY(rc_fs_exchange(hg, shadow->layout.hg, shadow->pool));
    return rc_fs_sync_folder_of(shadow->layout.hg, shadow->pool);
}

rc_err_t *rc_hg_shadow_publish(const rc_hg_shadow_t *shadow)
{
    rc_hg_layout_t made;
    apr_pool_t *lock;
    rc_err_t *err;

    RC_TRY(find_layout(&made, shadow, shadow->copy));
    RC_TRY(rc_fs_sync_tree(made.hg, shadow->pool));
    apr_pool_create(&lock, shadow->pool);
    err = publish_locked(shadow, made.hg, lock);
    apr_pool_destroy(lock);
    return err;
}
