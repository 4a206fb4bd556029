// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the entries of a git tree. libgit2's own trees keep a list of all entries in memory, and
 * find a name by binary search, which fails in a tree that is not sorted.
 */
#include "cursor.h"

#include <string.h>

/* Total size of the open trees: usually those on the way down to one path. */
#define OPEN_MAX ((size_t)128 << 20)

static apr_uint32_t plain_mode(apr_uint32_t mode)
{
    switch (RC_GIT_TYPE(mode)) {
    case 0100000:
        return mode & 0100 ? 0100755 : 0100644;
    case RC_GIT_LINK:
        return RC_GIT_LINK;
    case RC_GIT_DIRECTORY:
        return RC_GIT_DIRECTORY;
    default:
        return RC_GIT_SUBMODULE;
    }
}

/* An entry is "<octal mode> <name>\0<20 bytes>". */
bool rc_git_cursor_next(rc_git_cursor_t *cursor)
{
    apr_uint32_t mode = 0;
    const char *p = cursor->p, *zero;

    cursor->at.path = NULL;
    if (p == cursor->end)
        return true;
    for (; p < cursor->end && *p >= '0' && *p <= '7'; p++)
        mode = mode << 3 | (apr_uint32_t)(*p - '0');
    if (p == cursor->end || *p++ != ' ')
        return false;
    zero = memchr(p, '\0', (size_t)(cursor->end - p));
    if (!zero || zero == p || cursor->end - zero <= RC_GIT_RAW)
        return false;
    cursor->at.path = p;
    cursor->len = (size_t)(zero - p);
    cursor->at.mode = plain_mode(mode);
    memcpy(cursor->at.id.id, zero + 1, RC_GIT_RAW);
    cursor->p = zero + 1 + RC_GIT_RAW;
    return true;
}

rc_err_t *rc_git_cursor_step(rc_git_cursor_t *cursor, const rc_git_t *git, apr_pool_t *pool)
{
    if (rc_git_cursor_next(cursor))
        return NULL;
    return rc_err_internal(pool, APR_SUCCESS, "a tree in %s is damaged (%s)", git->path,
                           git_oid_tostr_s(git_odb_object_id(cursor->object)));
}

rc_err_t *rc_git_cursor_open(rc_git_cursor_t *cursor, rc_git_t *git, const git_oid *id,
                             apr_pool_t *pool)
{
    memset(cursor, 0, sizeof(*cursor));
    if (!id)
        return NULL;
    RC_TRY(rc_git_read(&cursor->object, git, id, GIT_OBJECT_TREE, pool));
    cursor->git = git;
    git->open_trees += git_odb_object_size(cursor->object);
    if (git->open_trees > OPEN_MAX)
        return rc_err(pool, RC_E_LIMIT, "The directories of a commit are too large");
    if (rc_git_cursor_rewind(cursor))
        return NULL;
    return rc_git_cursor_step(cursor, git, pool);
}

bool rc_git_cursor_rewind(rc_git_cursor_t *cursor)
{
    if (!cursor->object)
        return true;
    cursor->p = git_odb_object_data(cursor->object);
    cursor->end = cursor->p + git_odb_object_size(cursor->object);
    return rc_git_cursor_next(cursor);
}

void rc_git_cursor_close(rc_git_cursor_t *cursor)
{
    if (!cursor->object)
        return;
    cursor->git->open_trees -= git_odb_object_size(cursor->object);
    git_odb_object_free(cursor->object);
    cursor->object = NULL;
}

rc_err_t *rc_git_cursor_find(rc_git_entry_t *out, rc_git_t *git, const git_oid *tree,
                             const char *name, size_t len, apr_pool_t *pool)
{
    rc_git_cursor_t cursor;
    rc_err_t *err = rc_git_cursor_open(&cursor, git, tree, pool);

    while (!err && cursor.at.path && (cursor.len != len || memcmp(cursor.at.path, name, len)))
        err = rc_git_cursor_step(&cursor, git, pool);
    out->mode = !err && cursor.at.path ? cursor.at.mode : 0;
    out->id = cursor.at.id;
    rc_git_cursor_close(&cursor);
    return err;
}
