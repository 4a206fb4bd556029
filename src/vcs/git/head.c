// SPDX-License-Identifier: Apache-2.0
/*
 * Changes HEAD: renames a complete file into place, under git's own lock.
 */
#include "wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"

rc_err_t *rc_git_head_write(const char *git_dir, const char *branch, apr_pool_t *pool)
{
    const char *head = apr_pstrcat(pool, git_dir, "/HEAD", NULL);
    const char *lock = apr_pstrcat(pool, head, ".lock", NULL); /* git's own: one writer */
    const char *text = apr_pstrcat(pool, "ref: " RC_GIT_HEADS, branch, "\n", NULL);
    ssize_t size = (ssize_t)strlen(text);
    int fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool ok;

    if (fd < 0)
        return rc_fs_err(pool, "create", lock);
    ok = write(fd, text, (size_t)size) == size && !fsync(fd);
    close(fd);
    if (ok && !rename(lock, head))
        return rc_fs_sync_folder_of(head, pool);
    unlink(lock);
    return rc_fs_err(pool, "write", head);
}

/* Takes a new snapshot: the caller has changed references. */
rc_err_t *rc_wire_set_head(const char **branch, rc_vcs_t *vcs, const char *wanted, apr_pool_t *pool)
{
    const char *name = rc_wire_branch(wanted);
    rc_git_t *git = vcs->repo;
    const rc_git_head_t *head;

    *branch = NULL;
    RC_TRY(rc_git_look(git, true, pool));
    RC_TRY(rc_git_wire_look(git, pool));
    head = &git->wire->head;
    if (!name || head->there || !head->link || !rc_wire_branch(head->link) ||
        !rc_git_said_find(git->wire, wanted, strlen(wanted)))
        return NULL;
    RC_TRY(rc_git_head_write(git->path, name, pool));
    *branch = name;
    return rc_git_look(git, true, pool);
}
