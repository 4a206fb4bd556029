// SPDX-License-Identifier: Apache-2.0
/*
 * Recognises Mercurial repositories by their files, rejects those whose requirements are not
 * understood, and makes a fingerprint of their state. A repository's hgrc is never obeyed: only a
 * description is read from it.
 */
#include "hg.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include <zstd.h>

#include "base/fs.h"
#include "base/text.h"
#include "base/versions.h"

#define SMALL_MOST 65536 /* bytes of a file that describes a repository */

/* What a reader must know about. Anything else, above all revlogv2, changelogv2, treemanifest,
 * narrowhg, shared, largefiles, lfs, git and exp-*, is rejected (contract 08 §4, §8). */
static const char *const known[] = {
    "dotencode", "fncache",    "generaldelta", "revlog-compression-zstd",
    "revlogv1",  "share-safe", "store",        "sparserevlog",
    NULL};

static const char *layout_file(const char *folder, const char *name, apr_pool_t *pool)
{
    const char *text;
    apr_size_t len;

    if (rc_fs_read(&text, &len, apr_pstrcat(pool, folder, name, NULL), O_NOFOLLOW, SMALL_MOST,
                   pool))
        return NULL;
    return text;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return !lstat(path, &st) && S_ISDIR(st.st_mode);
}

/* --- requirements --- */

static bool is_in_list(const char *word)
{
    const char *const *at;

    for (at = known; *at; at++)
        if (!strcmp(*at, word))
            return true;
    return false;
}

/* Returns why one of the lines of @a text cannot be met; collects them in @a found. */
static const char *read_requirements(apr_hash_t *found, const char *text, apr_pool_t *pool)
{
    for (; *text; text = rc_text_next_line(text)) {
        const char *word = apr_pstrmemdup(pool, text, strcspn(text, "\r\n"));

        if (*word && !is_in_list(word))
            return apr_psprintf(pool,
                                "a Mercurial repository with the requirement %s, which is not "
                                "supported",
                                rc_utf8_repair(apr_pstrndup(pool, word, 100), pool));
        apr_hash_set(found, word, APR_HASH_KEY_STRING, "");
    }
    return NULL;
}

static bool has_requirement(apr_hash_t *found, const char *word)
{
    return apr_hash_get(found, word, APR_HASH_KEY_STRING) != NULL;
}

static rc_hg_names_t names_of(apr_hash_t *found)
{
    if (!has_requirement(found, "store"))
        return RC_HG_NAMES_PLAIN;
    if (!has_requirement(found, "fncache"))
        return RC_HG_NAMES_ESCAPED;
    return has_requirement(found, "dotencode") ? RC_HG_NAMES_DOTS : RC_HG_NAMES_HASHED;
}

static const char *why_not(rc_hg_layout_t *layout, apr_pool_t *pool)
{
    apr_hash_t *found = apr_hash_make(pool);
    const char *text = layout_file(layout->hg, "/requires", pool), *why;

    if (!text)
        return "a Mercurial repository without the file .hg/requires";
    if ((why = read_requirements(found, text, pool)))
        return why;
    layout->store = apr_pstrcat(pool, layout->hg, "/store", NULL);
    if (has_requirement(found, "share-safe")) {
        text = layout_file(layout->store, "/requires", pool);
        why = text ? read_requirements(found, text, pool)
                   : "a Mercurial repository without the file .hg/store/requires";
    }
    if (!why && !has_requirement(found, "revlogv1"))
        why = "a Mercurial repository without the requirement revlogv1, which is not supported";
    layout->names = names_of(found);
    if (layout->names == RC_HG_NAMES_PLAIN)
        layout->store = layout->hg;
    if (!why && !is_folder(layout->store))
        why = "a Mercurial repository without the directory .hg/store";
    if (!why && rc_fs_exists(apr_pstrcat(pool, layout->hg, "/sharedpath", NULL)))
        why = "a Mercurial repository that shares the store of another one, which is not supported";
    return why;
}

rc_found_t rc_hg_find(rc_hg_layout_t *layout, const char **why, const char *path, apr_pool_t *pool)
{
    layout->hg = apr_pstrcat(pool, path, "/.hg", NULL);
    if (!is_folder(layout->hg))
        return RC_FOUND_NOTHING;
    *why = why_not(layout, pool);
    return *why ? RC_FOUND_UNUSABLE : RC_FOUND_REPOSITORY;
}

rc_found_t rc_hg_detect(const char **why, const char *path, apr_pool_t *pool)
{
    rc_hg_layout_t layout;

    return rc_hg_find(&layout, why, path, pool);
}

bool rc_hg_is_gone(const char *path, apr_pool_t *pool)
{
    return rc_fs_is_missing(apr_pstrcat(pool, path, "/.hg", NULL));
}

rc_err_t *rc_hg_startup(apr_pool_t *pool)
{
    (void)pool;
    rc_version_add("libzstd", ZSTD_versionString());
    return NULL;
}

/* --- place --- */

bool rc_hg_stat_place(const rc_hg_t *hg, struct stat *st)
{
    char name[4096];

    return apr_snprintf(name, sizeof(name), "%s/.hg", hg->path) < (int)sizeof(name) - 1 &&
           !lstat(name, st);
}

bool rc_hg_is_in_place(const rc_hg_t *hg)
{
    struct stat st;

    return rc_hg_stat_place(hg, &st) && st.st_dev == hg->device && st.st_ino == hg->inode;
}

rc_err_t *rc_hg_check_place(const rc_hg_t *hg, apr_pool_t *pool)
{
    return rc_hg_is_in_place(hg)
               ? NULL
               : rc_err_internal(pool, APR_ENOENT, "the repository %s was moved", hg->path);
}

/* --- state --- */

static const char *stamp_file(const char *folder, const char *name, apr_pool_t *pool)
{
    struct stat st;

    if (stat(apr_pstrcat(pool, folder, name, NULL), &st))
        return "-";
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT ".%" APR_INT64_T_FMT ".%" APR_INT64_T_FMT ".%ld",
                        (apr_uint64_t)st.st_ino, (apr_int64_t)st.st_size,
                        (apr_int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* What a snapshot is read from. Mercurial appends to these files, or replaces them by renames. The
 * work tree counts where changesets may be obsolete: it holds the one that it is of. */
#define OBSOLETE  "/obsstore"
#define WORK_TREE "/dirstate"
static const struct {
    bool in_store;
    const char *name;
} state_files[] = {{true, "/00changelog.i"},
                   {true, "/phaseroots"},
                   {true, OBSOLETE},
                   {false, "/bookmarks"},
                   {false, "/localtags"}};
#define STATE_FILES ((int)(sizeof(state_files) / sizeof(*state_files)))

const char *rc_hg_stamp(const rc_hg_layout_t *layout, apr_pool_t *pool)
{
    const char *stamp = "";
    int i;

    for (i = 0; i < STATE_FILES; i++)
        stamp = apr_pstrcat(pool, stamp, i ? ":" : "",
                            stamp_file(state_files[i].in_store ? layout->store : layout->hg,
                                       state_files[i].name, pool),
                            NULL);
    if (rc_fs_exists(apr_pstrcat(pool, layout->store, OBSOLETE, NULL)))
        stamp = apr_pstrcat(pool, stamp, ":", stamp_file(layout->hg, WORK_TREE, pool), NULL);
    return stamp;
}

rc_stamps_t *rc_hg_watch(const rc_hg_t *hg, apr_pool_t *pool)
{
    rc_stamps_t *files = rc_stamps_create(hg->path, pool);
    apr_size_t root = strlen(hg->path) + 1; /* what is below it has a slash more */
    int i;

    for (i = 0; i < STATE_FILES; i++) {
        const char *folder = state_files[i].in_store ? hg->layout.store : hg->layout.hg;

        rc_stamps_add(files, apr_pstrcat(pool, folder + root, state_files[i].name, NULL));
    }
    if (rc_fs_exists(apr_pstrcat(pool, hg->layout.store, OBSOLETE, NULL)))
        rc_stamps_add(files, apr_pstrcat(pool, hg->layout.hg + root, WORK_TREE, NULL));
    return files;
}

const char *rc_hg_kind(const rc_hg_layout_t *layout, apr_pool_t *pool)
{
    struct stat st;
    apr_uint64_t inode = stat(layout->store, &st) ? 0 : (apr_uint64_t)st.st_ino;

    return apr_psprintf(pool, "%" APR_UINT64_T_FMT ":%s:%s", inode,
                        stamp_file(layout->hg, "/requires", pool),
                        stamp_file(layout->store, "/requires", pool));
}

const char *rc_hg_known_state(const char *path, const char *told, apr_pool_t *pool)
{
    rc_hg_layout_t layout;
    const char *why;

    (void)told;
    if (rc_hg_find(&layout, &why, path, pool) != RC_FOUND_REPOSITORY)
        return NULL;
    return rc_hg_stamp(&layout, pool);
}

/* --- description --- */

/* Returns the value when the line sets @a key; else NULL. */
static const char *value_of(const char *line, const char *key, apr_pool_t *pool)
{
    apr_size_t len = strlen(key);
    const char *end = rc_text_line_end(line);

    if (strncmp(line, key, len))
        return NULL;
    line += len;
    line += strspn(line, " \t");
    if (*line != '=' && *line != ':')
        return NULL;
    line++;
    line += strspn(line, " \t");
    while (end > line && isspace((unsigned char)end[-1]))
        end--;
    return end > line ? apr_pstrmemdup(pool, line, (apr_size_t)(end - line)) : "";
}

const char *rc_hg_description(const char *path, apr_pool_t *pool)
{
    const char *line = layout_file(path, "/.hg/hgrc", pool), *value;
    bool web = false;

    for (; line && *line; line = rc_text_next_line(line)) {
        if (*line == '[')
            web = !strncmp(line, "[web]", 5);
        else if (web && (value = value_of(line, "description", pool)))
            return *value ? rc_utf8_repair(value, pool) : NULL;
    }
    return NULL;
}
