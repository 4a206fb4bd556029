// SPDX-License-Identifier: Apache-2.0
/*
 * Follows objects/info/alternates, which lists directories of objects that a repository borrows
 * from. A writer of that file could name the objects of any repository that the server can read and
 * the writer cannot. So, as git hosts do with their pools, a directory counts only when the file
 * that names it belongs to root or to the owner of the directory.
 */
#include "objects.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"

#define FILE_MOST    (64 * 1024)
#define FOLDERS_MOST 64 /* directories in all: a limit of depth alone does not limit them */
#define DEPTH_MOST   5  /* as in git */

typedef struct folder_t {
    const char *path;
    dev_t dev;
    ino_t ino;
    int depth;
} folder_t;

typedef struct search_t {
    apr_array_header_t *folders; /* of folder_t */
    bool refused;
    apr_pool_t *pool;
} search_t;

static bool is_listed(const search_t *search, const struct stat *st)
{
    int i;

    for (i = 0; i < search->folders->nelts; i++) {
        const folder_t *folder = &APR_ARRAY_IDX(search->folders, i, folder_t);

        if (folder->dev == st->st_dev && folder->ino == st->st_ino)
            return true;
    }
    return false;
}

static void add_folder(search_t *search, const char *path, const struct stat *st, int depth)
{
    folder_t *folder = apr_array_push(search->folders);

    folder->path = apr_pstrdup(search->pool, path);
    folder->dev = st->st_dev;
    folder->ino = st->st_ino;
    folder->depth = depth;
}

/* Handles one line of the file, which belongs to @a owner, in the directory @a base. */
static void consider(search_t *search, const char *line, const char *base, int depth, uid_t owner)
{
    const char *path = *line == '/' ? line : apr_pstrcat(search->pool, base, "/", line, NULL);
    struct stat st;

    if (!*line || *line == '#' || search->folders->nelts >= FOLDERS_MOST)
        return;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        rc_log(RC_LOG_INFO, APR_SUCCESS, "%s: no objects can be borrowed from %s", base, path);
    } else if (owner != 0 && owner != st.st_uid) {
        search->refused = true;
        rc_log(RC_LOG_WARNING, APR_SUCCESS,
               "%s: objects are not borrowed from %s, which belongs to another account", base,
               path);
    } else if (!is_listed(search, &st)) {
        add_folder(search, path, &st, depth);
    }
}

/* Reads the file up to a size limit. A link or an unreadable file names no directory. */
static char *read_alternates(uid_t *owner, const char *base, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, base, "/info/alternates", NULL);
    struct stat st;
    int fd = rc_fs_open_regular(&st, path, O_NOFOLLOW);
    char *text = NULL;

    if (fd < 0 && errno == ENOENT)
        return NULL;
    if (fd >= 0 && st.st_size <= FILE_MOST) {
        text = apr_pcalloc(pool, (apr_size_t)st.st_size + 1);
        if (!rc_fs_read_full(fd, text, (apr_size_t)st.st_size))
            text = NULL;
    }
    if (fd >= 0)
        close(fd);
    if (!text)
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s cannot be read: no objects are borrowed", path);
    *owner = st.st_uid;
    return text;
}

static void read_links(search_t *search, const folder_t *folder)
{
    uid_t owner;
    char *text = read_alternates(&owner, folder->path, search->pool), *line, *state;

    for (line = text ? apr_strtok(text, "\n", &state) : NULL; line;
         line = apr_strtok(NULL, "\n", &state))
        consider(search, line, folder->path, folder->depth + 1, owner);
}

rc_err_t *rc_git_object_folders(apr_array_header_t **folders, bool *refused, const char *git_dir,
                                apr_pool_t *pool)
{
    search_t search = {.folders = apr_array_make(pool, 4, sizeof(folder_t)), .pool = pool};
    const char *own = apr_pstrcat(pool, git_dir, "/objects", NULL);
    struct stat st;
    int i;

    if (stat(own, &st))
        return rc_fs_err(pool, "read", own);
    if (!S_ISDIR(st.st_mode))
        return rc_err_internal(pool, APR_ENOTDIR, "cannot read %s", own);
    add_folder(&search, own, &st, 0);
    for (i = 0; i < search.folders->nelts; i++) {
        folder_t folder = APR_ARRAY_IDX(search.folders, i, folder_t);

        if (folder.depth < DEPTH_MOST)
            read_links(&search, &folder);
    }
    *refused = search.refused;
    *folders = apr_array_make(pool, search.folders->nelts, sizeof(const char *));
    for (i = 0; i < search.folders->nelts; i++)
        APR_ARRAY_PUSH(*folders, const char *) = APR_ARRAY_IDX(search.folders, i, folder_t).path;
    return NULL;
}
