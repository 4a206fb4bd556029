// SPDX-License-Identifier: Apache-2.0
/*
 * Removes the objects that only a commit held which no branch reaches any more: git serves an
 * object to everyone who knows its id, and a stripped commit may hold a secret.
 *
 * git lists what the commit reached and may have held alone; git repack, which walks everything
 * that references still reach, then moves all unreachable objects into a cruft pack. The objects
 * that are in both are removed: the rest of the cruft pack is written again without them.
 */
#include "drop.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_portable.h>
#include <apr_strings.h>

#include "env.h"
#include "git.h"
#include "run.h"
#include "base/fs.h"
#include "base/process.h"

#define PATIENCE   apr_time_from_sec(600) /* of each program */
#define LIST_MOST  ((apr_off_t)4 << 30)   /* bytes of a list of ids */
#define INDEX_MOST ((apr_size_t)1 << 30)
#define INDEX_HEAD 8 /* bytes before the table of 256 sums */
#define LINE       (GIT_OID_HEXSZ + 1)

typedef struct drop_t {
    const char *git_dir, *packs;
    apr_array_header_t *ids; /* of git_oid, sorted: what goes, if nothing reaches it */
    apr_pool_t *pool;
} drop_t;

/* A file that vanishes with the pool; named so that a crash's is a leftover. */
static rc_err_t *make_temp(apr_file_t **file, const drop_t *drop)
{
    char *name = apr_pstrcat(drop->pool, drop->packs, "/tmp_list_XXXXXX", NULL);
    apr_status_t rv = apr_file_mktemp(
        file, name, APR_CREATE | APR_EXCL | APR_READ | APR_WRITE | APR_DELONCLOSE, drop->pool);

    return rv ? rc_fs_status(drop->pool, rv, "create", name) : NULL;
}

/* --- what the commit reached --- */

static rc_err_t *read_ids(drop_t *drop, apr_file_t *file)
{
    apr_off_t start = 0;
    char line[LINE + 1];
    git_oid id;

    apr_file_seek(file, APR_SET, &start);
    apr_file_buffer_set(file, apr_palloc(drop->pool, 65536), 65536);
    while (apr_file_gets(line, sizeof(line), file) == APR_SUCCESS)
        if (rc_git_digits_at(&id, line, line + strlen(line)))
            APR_ARRAY_PUSH(drop->ids, git_oid) = id;
    rc_git_ids_sort(drop->ids);
    return NULL;
}

static rc_err_t *list_reached(drop_t *drop, const git_oid *tip)
{
    const char *argv[] = {"git",   "rev-list", "--objects", "--no-object-names", NULL,
                          "--not", "--all",    "--reflog",  "--indexed-objects", NULL};
    apr_file_t *file;

    argv[4] = apr_pstrdup(drop->pool, git_oid_tostr_s(tip));
    RC_TRY(make_temp(&file, drop));
    RC_TRY(rc_git_output(file, LIST_MOST, drop->git_dir, argv, NULL, drop->pool));
    return read_ids(drop, file);
}

/* The log of the branch, which few repositories here have, holds its former heads. */
static rc_err_t *expire_log(const drop_t *drop, const char *branch)
{
    const char *argv[] = {"git", "reflog", "expire", "--expire-unreachable=now", NULL, NULL};

    argv[4] = apr_pstrcat(drop->pool, "refs/heads/", branch, NULL);
    if (!rc_fs_exists(apr_pstrcat(drop->pool, drop->git_dir, "/logs/", argv[4], NULL)))
        return NULL;
    return rc_git_run(drop->git_dir, argv, 0, NULL, drop->pool);
}

/* --- the cruft pack --- */

static rc_err_t *move_to_cruft(const drop_t *drop)
{
    static const char *const argv[] = {
        "git", "repack", "--cruft", "--cruft-expiration=never", "-d", "-l", "-q", "-n", NULL};

    return rc_git_run(drop->git_dir, argv, 0, NULL, drop->pool);
}

/* Writes the ids of the index @a text that stay into @a list. Returns how many go. */
static rc_err_t *divide(int *gone, apr_uint32_t *stays, const drop_t *drop, const char *text,
                        apr_size_t len, apr_file_t *list)
{
    const unsigned char *sums = (const unsigned char *)text + INDEX_HEAD, *id = sums + 1024;
    apr_uint32_t count, i;
    git_oid oid;

    *gone = 0;
    *stays = 0;
    if (len < INDEX_HEAD + 1024 || memcmp(text, "\377tOc\0\0\0\2", INDEX_HEAD))
        return rc_err_failed(drop->pool, "an index of a pack in %s is damaged", drop->packs);
    count = (apr_uint32_t)sums[1020] << 24 | (apr_uint32_t)sums[1021] << 16 |
            (apr_uint32_t)sums[1022] << 8 | sums[1023];
    if (count > (len - INDEX_HEAD - 1024) / RC_GIT_RAW)
        return rc_err_failed(drop->pool, "an index of a pack in %s is damaged", drop->packs);
    for (i = 0; i < count; i++, id += RC_GIT_RAW) {
        git_oid_fromraw(&oid, id);
        if (rc_git_ids_hold(drop->ids, &oid)) {
            ++*gone;
        } else {
            ++*stays;
            if (apr_file_printf(list, "%s\n", git_oid_tostr_s(&oid)) != LINE)
                return rc_err_failed(drop->pool, "cannot write a list in %s", drop->packs);
        }
    }
    return NULL;
}

static rc_err_t *pack_list(const drop_t *drop, apr_file_t *list)
{
    const char *argv[] = {"git", "pack-objects", "-q", NULL, NULL};
    rc_git_env_t *env = rc_git_env(drop->git_dir, drop->git_dir, drop->pool);
    rc_proc_t proc = {.argv = argv, .dir = drop->git_dir, .out = -1};
    rc_proc_result_t result;
    apr_off_t start = 0;
    apr_os_file_t fd;

    argv[3] = apr_pstrcat(drop->pool, drop->packs, "/pack", NULL);
    rc_git_env_config(env, "core.fsync", "committed");
    if (apr_file_seek(list, APR_SET, &start) || apr_os_file_get(&fd, list))
        return rc_err_failed(drop->pool, "cannot read a list in %s", drop->packs);
    proc.in = fd;
    proc.env = rc_git_env_list(env);
    proc.deadline = rc_clock() + PATIENCE;
    RC_TRY(rc_proc_run(&result, &proc, drop->pool));
    return result.status ? rc_err_failed(drop->pool, "git pack-objects in %s ended with %s",
                                         drop->git_dir, rc_proc_end_text(&result, drop->pool))
                         : NULL;
}

/* The index goes first: without it the rest is no pack. */
static rc_err_t *remove_pack(const drop_t *drop, const char *base)
{
    static const char *const parts[] = {".idx", ".rev", ".bitmap", ".pack", ".mtimes"};
    apr_size_t i;

    for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        unlink(apr_pstrcat(drop->pool, base, parts[i], NULL));
    return rc_fs_sync_folder_of(base, drop->pool);
}

static rc_err_t *rewrite_pack(const drop_t *drop, const char *base)
{
    apr_uint32_t stays;
    const char *text;
    apr_file_t *list;
    apr_size_t len;
    int gone;

    RC_TRY(rc_fs_read(&text, &len, apr_pstrcat(drop->pool, base, ".idx", NULL), 0, INDEX_MOST,
                      drop->pool));
    if (!text)
        return NULL;
    RC_TRY(make_temp(&list, drop));
    RC_TRY(divide(&gone, &stays, drop, text, len, list));
    if (!gone)
        return NULL;
    if (stays)
        RC_TRY(pack_list(drop, list));
    return remove_pack(drop, base);
}

static rc_err_t *rewrite_cruft(const drop_t *drop)
{
    DIR *dir = opendir(drop->packs);
    struct dirent *entry;
    rc_err_t *err = NULL;

    if (!dir)
        return rc_fs_err(drop->pool, "read", drop->packs);
    while (!err && (entry = readdir(dir))) {
        const char *dot = strrchr(entry->d_name, '.');

        if (dot && !strcmp(dot, ".mtimes"))
            err = rewrite_pack(drop, apr_psprintf(drop->pool, "%s/%.*s", drop->packs,
                                                  (int)(dot - entry->d_name), entry->d_name));
    }
    closedir(dir);
    return err;
}

/* The commit graph, if there is one, names the commits that are gone. */
static rc_err_t *renew_graph(const drop_t *drop)
{
    static const char *const argv[] = {"git",         "commit-graph",  "write",
                                       "--reachable", "--no-progress", NULL};
    const char *info = apr_pstrcat(drop->pool, drop->git_dir, "/objects/info/commit-graph", NULL);

    if (!rc_fs_exists(info) && !rc_fs_exists(apr_pstrcat(drop->pool, info, "s", NULL)))
        return NULL;
    return rc_git_run(drop->git_dir, argv, 0, NULL, drop->pool);
}

static rc_err_t *drop_all(drop_t *drop, const char *branch, const git_oid *tip)
{
    RC_TRY(expire_log(drop, branch));
    RC_TRY(list_reached(drop, tip));
    if (!drop->ids->nelts)
        return NULL;
    RC_TRY(move_to_cruft(drop));
    RC_TRY(rewrite_cruft(drop));
    return renew_graph(drop);
}

rc_err_t *rc_git_drop(const char *git_dir, const char *branch, const git_oid *tip, apr_pool_t *pool)
{
    drop_t drop = {.git_dir = git_dir};
    rc_err_t *err;

    apr_pool_create(&drop.pool, pool);
    apr_pool_tag(drop.pool, "rc_git_drop");
    drop.packs = apr_pstrcat(drop.pool, git_dir, "/objects/pack", NULL);
    drop.ids = apr_array_make(drop.pool, 64, sizeof(git_oid));
    err = rc_err_copy(drop_all(&drop, branch, tip), pool);
    apr_pool_destroy(drop.pool);
    return err;
}
