// SPDX-License-Identifier: Apache-2.0
/*
 * Reads loose references: each is a file with an id, or with the name of another reference (in old
 * repositories a symbolic link). It accepts what git accepts (files_read_raw_ref in
 * refs/files-backend.c).
 */
#include "refs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"

/* --- one file --- */

static void parse(rc_git_found_t *found, const char *text, apr_pool_t *pool)
{
    const char *end = text + strlen(text);
    int valid;

    while (end > text && apr_isspace(end[-1]))
        end--;
    if (strncmp(text, "ref:", 4)) {
        found->broken = !rc_git_digits_at(&found->id, text, end) ||
                        (end - text > GIT_OID_HEXSZ && !apr_isspace(text[GIT_OID_HEXSZ]));
        return;
    }
    text += 4 + strspn(text + 4, " \t\r\n");
    found->link = text < end ? apr_pstrmemdup(pool, text, (apr_size_t)(end - text)) : "";
    found->broken = git_reference_name_is_valid(&valid, found->link) < 0 || !valid;
}

/* A symbolic link whose target is the name of a reference is a symbolic reference of the
 * old kind. */
static bool parse_link(rc_git_found_t *found, int dir, const char *path, apr_pool_t *pool)
{
    char text[PATH_MAX];
    ssize_t len = readlinkat(dir, path, text, sizeof(text) - 1);

    if (len <= 5 || strncmp(text, "refs/", 5))
        return false;
    text[len] = '\0';
    parse(found, apr_pstrcat(pool, "ref: ", text, NULL), pool);
    return true;
}

static const char *ref_path(const rc_git_reading_t *reading, const char *name)
{
    return apr_pstrcat(reading->scratch, reading->git->path, "/", name, NULL);
}

/* Reads the reference @a name, which is the file @a path of the open directory @a dir. */
static rc_err_t *read_ref(rc_git_found_t **out, rc_git_reading_t *reading, const char *name,
                          int dir, const char *path)
{
    rc_git_found_t *found = apr_pcalloc(reading->scratch, sizeof(*found));
    char text[1024];
    struct stat st;
    ssize_t len;
    int fd;

    *out = found;
    if ((fd = rc_fs_open_regular_in(&st, dir, path, O_NOFOLLOW)) < 0 && errno == ELOOP) {
        if (parse_link(found, dir, path, reading->scratch))
            return NULL;
        if ((fd = rc_fs_open_regular_in(&st, dir, path, 0)) < 0) {
            found->broken = true; /* git treats it as broken, too */
            return NULL;
        }
    }
    len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (len < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EISDIR))
        *out = NULL; /* packed or deleted since the directory was listed */
    else if (len < 0)
        return rc_fs_err(reading->scratch, "read", ref_path(reading, name));
    if (fd >= 0)
        close(fd);
    if (*out) {
        text[len] = '\0';
        parse(found, text, reading->scratch);
    }
    return NULL;
}

/* The times of a symbolic link are those of its target: a change of the link shows in the
 * directory. */
static void watch_file(rc_git_reading_t *reading, const char *name)
{
    const char *path = rc_stamps_add(reading->watched, name), *slash = strrchr(name, '/');
    struct stat st;

    if (!lstat(path, &st) && S_ISLNK(st.st_mode))
        rc_stamps_add(reading->watched,
                      slash ? apr_pstrmemdup(reading->scratch, name, (apr_size_t)(slash - name))
                            : ".");
}

rc_err_t *rc_git_loose_ref(rc_git_found_t **out, rc_git_reading_t *reading, const char *name)
{
    watch_file(reading, name);
    return read_ref(out, reading, name, AT_FDCWD, ref_path(reading, name));
}

/* --- all of them --- */

static bool is_or_below(const char *name, const char *folder)
{
    apr_size_t len = strlen(folder);

    return !strncmp(name, folder, len) && (!name[len] || name[len] == '/');
}

bool rc_git_ref_hidden(const char *name)
{
    return is_or_below(name, RC_GIT_HIDDEN_PULL) || is_or_below(name, RC_GIT_HIDDEN_RC);
}

static bool skip_entry(const char *name)
{
    return *name == '.' || rc_text_ends(name, ".lock");
}

static rc_err_t *read_entry(apr_hash_t *all, rc_git_reading_t *reading, const rc_git_scope_t *scope,
                            const char *name, int dir)
{
    apr_size_t len = strlen(name);
    rc_git_found_t *found;

    if (!scope->wanted(name, len))
        return NULL;
    RC_TRY(read_ref(&found, reading, name, dir, strrchr(name, '/') + 1));
    if (found)
        apr_hash_set(all, name, (apr_ssize_t)len, found);
    return NULL;
}

/* A symbolic link to nothing is skipped, as git does when it lists references. */
static bool leads_nowhere(const struct dirent *entry, int dir)
{
    struct stat st;

    return (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) &&
           fstatat(dir, entry->d_name, &st, 0);
}

/* Directories behind symbolic links are skipped: they may form a loop. */
static bool entry_is_folder(const struct dirent *entry, int dir)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return !fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

/* Whether a directory that cannot be opened, because of @a why, was removed since it was listed, or
 * is a reference by now. Those of the scope were not listed: a file in their place is damage. */
static bool has_gone(const char *folder, const rc_git_scope_t *scope, int why)
{
    const char *const *root;

    for (root = scope->folders; *root; root++)
        if (folder == *root)
            return why == ENOENT;
    return why == ENOENT || why == ENOTDIR;
}

/* Keeps the directories to read in a list, so that depth uses no stack. */
static rc_err_t *read_refs_below(apr_hash_t *all, rc_git_reading_t *reading, const char *folder,
                                 const rc_git_scope_t *scope, apr_array_header_t *todo)
{
    const char *path = rc_stamps_add(reading->watched, folder);
    DIR *handle = opendir(path);
    struct dirent *entry;
    rc_err_t *err = NULL;

    if (!handle && has_gone(folder, scope, errno))
        return NULL;
    if (!handle)
        return rc_fs_err(reading->scratch, "read", path);
    while (!err && (entry = readdir(handle))) {
        const char *name;

        if (skip_entry(entry->d_name))
            continue;
        name = apr_pstrcat(reading->scratch, folder, "/", entry->d_name, NULL);
        if (rc_git_ref_hidden(name))
            continue;
        if (entry_is_folder(entry, dirfd(handle)))
            APR_ARRAY_PUSH(todo, const char *) = name;
        else if (!leads_nowhere(entry, dirfd(handle)))
            err = read_entry(all, reading, scope, name, dirfd(handle));
    }
    closedir(handle);
    return err;
}

rc_err_t *rc_git_loose_refs(apr_hash_t **found, rc_git_reading_t *reading,
                            const rc_git_scope_t *scope)
{
    apr_array_header_t *todo = apr_array_make(reading->scratch, 8, sizeof(const char *));
    const char *const *root = scope->folders;

    *found = apr_hash_make(reading->scratch);
    for (; *root; root++)
        APR_ARRAY_PUSH(todo, const char *) = *root;
    while (todo->nelts) {
        const char **folder = apr_array_pop(todo);

        RC_TRY(read_refs_below(*found, reading, *folder, scope, todo));
    }
    return NULL;
}
