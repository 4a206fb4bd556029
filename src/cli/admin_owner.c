/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes from root to the owner of the data before any of these files is opened. The files in a
 * directory of another account are input from that account; and files that root creates there would
 * not be readable for it.
 */
#include "admin.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

/* Returns @a path, or the nearest directory above it that exists; NULL on failure. */
static const char *find_there(struct stat *st, const char *path, apr_pool_t *pool)
{
    char *there = apr_pstrdup(pool, path), *slash;

    while (stat(there, st)) {
        slash = strrchr(there, '/');
        if (!slash || slash == there)
            return stat("/", st) ? NULL : "/";
        *slash = '\0';
    }
    return there;
}

static bool others_write(const struct stat *st)
{
    return (st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && st->st_gid);
}

/* Returns whether only root can change what @a path names. A sticky directory like /tmp protects
 * its existing entries, but others can still create entries in it. */
static bool only_root(const char *path, bool is_last)
{
    struct stat st;

    if (lstat(path, &st) || st.st_uid)
        return false;
    return S_ISLNK(st.st_mode) || !others_write(&st) || (!is_last && (st.st_mode & S_ISVTX));
}

static bool only_root_all_the_way(const char *path, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, path), *slash;

    if (!only_root("/", false))
        return false;
    for (slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!only_root(copy, false))
            return false;
        *slash = '/';
    }
    return only_root(copy, true);
}

/* Returns whether only root can change @a path, and its real path without links. */
static bool is_roots(const char *path, apr_pool_t *pool)
{
    char *real = realpath(path, NULL);
    bool roots = real && only_root_all_the_way(path, pool) && only_root_all_the_way(real, pool);

    free(real);
    return roots;
}

typedef struct owner_t {
    uid_t uid;
    gid_t gid;
    const char *path; /* a file or directory of this owner */
} owner_t;

/* Adds the owner of @a path to the owner found before; returns a status. */
static int add_owner(owner_t *owner, const rc_admin_t *admin, const char *path)
{
    struct stat st;
    const char *there = find_there(&st, path, admin->pool);

    if (!there)
        return rc_admin_fail(RC_ADMIN_FAILED, "cannot read %s: %s", path, strerror(errno));
    if (!st.st_uid)
        return is_roots(there, admin->pool)
                   ? RC_ADMIN_OK
                   : rc_admin_fail(RC_ADMIN_FAILED,
                                   "other users than root can change %s: run this program as the "
                                   "account that httpd's children run under",
                                   there);
    if (owner->uid && owner->uid != st.st_uid)
        return rc_admin_fail(RC_ADMIN_FAILED,
                             "%s and %s belong to different accounts: run this program as the "
                             "account that httpd's children run under",
                             owner->path, there);
    *owner = (owner_t){st.st_uid, st.st_gid, there};
    return RC_ADMIN_OK;
}

/* Changes the account permanently: the process cannot become root again. */
static bool become(uid_t uid, gid_t gid)
{
    uid_t real, effective, saved;

    return !setgroups(0, NULL) && !setresgid(gid, gid, gid) && !setresuid(uid, uid, uid) &&
           !getresuid(&real, &effective, &saved) && real == uid && effective == uid &&
           saved == uid && setuid(0) && setgid(0);
}

int rc_admin_become_owner(const rc_admin_t *admin)
{
    const char *root = admin->config.repo_root;
    const char *places[] = {admin->config.db.path, root, admin->config.secret_file,
                            apr_pstrcat(admin->pool, root, "/.rc_tmp", NULL)};
    const struct passwd *account;
    owner_t owner = {0};
    int i, status;

    if (geteuid() && getuid())
        return RC_ADMIN_OK;
    for (i = rc_db_is_on_server(places[0]) ? 1 : 0; i < 4; i++) {
        const char *folder = apr_pstrmemdup(admin->pool, places[i],
                                            (apr_size_t)(strrchr(places[i], '/') - places[i]));

        if ((status = add_owner(&owner, admin, places[i])) ||
            (status = add_owner(&owner, admin, *folder ? folder : "/")))
            return status;
    }
    if (!owner.uid)
        return RC_ADMIN_OK;
    if ((account = getpwuid(owner.uid)))
        owner.gid = account->pw_gid;
    if (!owner.gid || !become(owner.uid, owner.gid))
        return rc_admin_fail(RC_ADMIN_FAILED, "cannot become the owner of %s", owner.path);
    return RC_ADMIN_OK;
}
