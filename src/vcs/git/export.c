// SPDX-License-Identifier: Apache-2.0
/*
 * Reports all files of a commit for an archive, in the order of git's trees, as `git archive` does.
 * A first pass reads all trees, so that whatever makes an archive impossible is found before any
 * file is written.
 *
 * This is not src/vcs/listing.c: an archive keeps the order of the tree, in which files and
 * directories mix, where the API lists a directory's files before its sub-directories. It also
 * needs what the entries of rc_backend_t do not have: raw modes and names, duplicates, and the
 * .gitattributes of each directory before its files.
 */
#include "cursor.h"

#include <string.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_portable.h>

#include "table.h"
#include "attributes.h"
#include "name.h"
#include "objects.h"
#include "worktree.h"
#include "base/hex.h"
#include "base/log.h"

#define PATH_LIMIT     4096 /* bytes of a path, and of a link's target */
#define RULES          ".gitattributes"
#define RULES_SIZE     ((size_t)16 << 20)     /* git reads larger ones; we reject them */
#define RULES_IGNORED  ((size_t)100 << 20)    /* git ignores a file of this size */
#define CONVERTED_SIZE ((apr_off_t)512 << 20) /* git does not convert larger files */

#define DAMAGED    "is a damaged directory"
#define OTHER_TYPE "is another type of object than its directory says"

typedef struct export_t {
    rc_vcs_t *vcs;
    rc_git_t *git;
    const char *temp_dir;
    rc_item_fn_t *fn;
    void *baton;
    apr_pool_t *pool;    /* for errors */
    apr_pool_t *scratch; /* cleared for each file that needs it */
    rc_git_attributes_t *attributes;
    bool looking; /* the first pass: nothing is reported yet */
    char path[PATH_LIMIT + 1];
    size_t len; /* of path */
} export_t;

/* Rejects a commit for a permanent reason. A client that may read the commit may also read the
 * reason. */
static rc_err_t *refuse_path(const export_t *walk, const char *why)
{
    rc_log(RC_LOG_INFO, APR_SUCCESS, "no archive of a commit in %s: '%.*s' %s", walk->git->path,
           (int)walk->len, walk->path, why);
    return rc_err(walk->pool, RC_E_NOTFOUND, "There is no archive of this commit: a path in it %s",
                  why);
}

static rc_err_t *too_long(const export_t *walk, const char *what)
{
    return rc_err(walk->pool, RC_E_LIMIT, "This commit has a %s that is too long", what);
}

/* --- objects --- */

static rc_err_t *refuse_missing(const export_t *walk, const git_oid *id)
{
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "object %s is missing in %s, for '%.*s'",
           git_oid_tostr_s(id), walk->git->path, (int)walk->len, walk->path);
    return rc_err(walk->pool, RC_E_NOTFOUND,
                  "There is no archive of this commit: the repository lacks a part of it");
}

/* An object of another type than its tree says is a permanent reason; damage is not, as it can be
 * repaired. */
static rc_err_t *read_object(git_odb_object **out, export_t *walk, const git_oid *id,
                             git_object_t type)
{
    if (!git_odb_exists(walk->git->odb, id))
        return refuse_missing(walk, id);
    RC_TRY(rc_work_spend(walk->git->work, rc_git_objects_copied(walk->git->objects), walk->pool));
    if (git_odb_read(out, walk->git->odb, id) < 0)
        return rc_git_err(walk->pool, "cannot read %s in %s", git_oid_tostr_s(id), walk->git->path);
    if (git_odb_object_type(*out) == type)
        return NULL;
    git_odb_object_free(*out);
    *out = NULL;
    return refuse_path(walk, OTHER_TYPE);
}

static rc_err_t *open_tree(rc_git_cursor_t *cursor, export_t *walk, const git_oid *id)
{
    git_object_t type;
    rc_err_t *err;
    size_t size;

    if (!git_odb_exists(walk->git->odb, id))
        return refuse_missing(walk, id);
    if (git_odb_read_header(&size, &type, walk->git->odb, id) == 0 && type != GIT_OBJECT_TREE)
        return refuse_path(walk, OTHER_TYPE);
    err = rc_git_cursor_open(cursor, walk->git, id, walk->pool);
    return err && err->kind == RC_E_INTERNAL && cursor->object ? refuse_path(walk, DAMAGED) : err;
}

static rc_err_t *next_entry(rc_git_cursor_t *cursor, const export_t *walk)
{
    return rc_git_cursor_next(cursor) ? NULL : refuse_path(walk, DAMAGED);
}

/* --- names --- */

/* A name may occur twice, as in old trees, but not when the second entry could be unpacked through
 * a link: so the name of a link or directory must be unique. */
static rc_err_t *check_twice(export_t *walk, rc_git_cursor_t *cursor, apr_hash_t *links)
{
    for (rc_git_cursor_rewind(cursor); cursor->at.path && apr_hash_count(links);) {
        if (cursor->at.mode != RC_GIT_LINK &&
            apr_hash_get(links, cursor->at.path, (apr_ssize_t)cursor->len))
            return refuse_path(walk, "holds a name twice");
        RC_TRY(next_entry(cursor, walk));
    }
    return NULL;
}

static rc_err_t *check_names(export_t *walk, rc_git_cursor_t *cursor)
{
    apr_hash_t *links, *folders, *seen;

    apr_pool_clear(walk->scratch);
    links = apr_hash_make(walk->scratch);
    folders = apr_hash_make(walk->scratch);
    for (; cursor->at.path;) {
        if (!rc_git_name_allowed(cursor->at.path, cursor->at.mode == RC_GIT_LINK))
            return refuse_path(walk, "holds a name that git does not allow");
        seen = cursor->at.mode == RC_GIT_LINK        ? links
               : cursor->at.mode == RC_GIT_DIRECTORY ? folders
                                                     : NULL;
        if (seen && apr_hash_get(seen, cursor->at.path, (apr_ssize_t)cursor->len))
            return refuse_path(walk, "holds a name twice");
        if (seen)
            apr_hash_set(seen, cursor->at.path, (apr_ssize_t)cursor->len, seen);
        RC_TRY(next_entry(cursor, walk));
    }
    return check_twice(walk, cursor, links);
}

/* Appends the entry's name to walk->path; the caller restores walk->len. */
static rc_err_t *append_name(export_t *walk, const rc_git_cursor_t *cursor)
{
    if (walk->len + cursor->len + 1 > PATH_LIMIT)
        return too_long(walk, "path");
    memcpy(walk->path + walk->len, cursor->at.path, cursor->len + 1);
    walk->len += cursor->len;
    return NULL;
}

/* --- attributes --- */

/* Finds the .gitattributes of a tree as git's index does: the last of several, and the target of a
 * link counts as content. */
static bool find_rules(git_oid *id, rc_git_cursor_t *cursor)
{
    bool found = false;

    for (rc_git_cursor_rewind(cursor); cursor->at.path; rc_git_cursor_next(cursor)) {
        if (cursor->len != strlen(RULES) || memcmp(cursor->at.path, RULES, strlen(RULES)))
            continue;
        found = cursor->at.mode != RC_GIT_DIRECTORY;
        *id = cursor->at.id;
    }
    return found;
}

static rc_err_t *enter_rules(export_t *walk, rc_git_cursor_t *cursor)
{
    git_odb_object *blob;
    git_object_t type;
    git_oid id;
    size_t size;
    bool known;
    rc_err_t *err;

    if (!find_rules(&id, cursor))
        return NULL;
    RC_TRY(rc_git_attributes_enter(&known, walk->attributes, &id, walk->len));
    if (known || git_odb_read_header(&size, &type, walk->git->odb, &id) < 0 ||
        type != GIT_OBJECT_BLOB)
        return NULL;
    if (size >= RULES_IGNORED)
        return NULL;
    if (size > RULES_SIZE)
        return too_long(walk, RULES);
    RC_TRY(read_object(&blob, walk, &id, GIT_OBJECT_BLOB));
    err = rc_git_attributes_add(walk->attributes, &id, git_odb_object_data(blob),
                                git_odb_object_size(blob), walk->len);
    git_odb_object_free(blob);
    return err;
}

/* --- contents --- */

/* A file whose content is read from the repository. */
typedef struct export_file_t {
    rc_item_t item;
    const git_oid *id;
    rc_git_smudge_t smudge;
    bool convert;
} export_file_t;

static rc_err_t *pass_text(export_t *walk, export_file_t *file, rc_git_text_t *text)
{
    apr_file_t *spooled = NULL;

    if (file->convert)
        RC_TRY(rc_git_smudge(text, &file->smudge, file->id, walk->temp_dir, walk->pool,
                             walk->scratch));
    file->item.data = text->data;
    file->item.size = (apr_off_t)text->len;
    if (text->spool)
        RC_TRY(rc_spool_content(&file->item.data, &spooled, text->spool));
    if (spooled && (apr_os_file_get(&file->item.fd, spooled) || lseek(file->item.fd, 0, SEEK_SET)))
        return rc_err_internal(walk->pool, APR_SUCCESS, "cannot read a temporary file");
    return walk->fn(walk->baton, &file->item);
}

/* Passes the content through a temporary file of the scratch pool. */
static rc_err_t *pass_large(export_t *walk, export_file_t *file, size_t size)
{
    rc_entry_t entry = {.size = (apr_off_t)size};
    rc_git_text_t text = {.len = size};

    entry.id = rc_hex_text(file->id->id, RC_GIT_RAW, walk->scratch);
    text.spool = rc_spool_create(walk->temp_dir, walk->scratch);
    RC_TRY(rc_git_content(text.spool, walk->vcs, &entry));
    file->convert = file->convert && entry.size <= CONVERTED_SIZE;
    if (file->convert)
        RC_TRY(rc_spool_view(&text.data, text.spool, walk->scratch));
    return pass_text(walk, file, &text);
}

/* Reads the type and the size of a blob, and the content when it is shorter than @a most. Not by
 * libgit2, whose cache would look it up twice more: a tree has many files, most of them small. */
static rc_err_t *read_blob(rc_git_text_t *text, export_t *walk, const git_oid *id, apr_off_t most)
{
    git_object_t type;

    if (rc_git_objects_read(&text->data, &text->len, &type, walk->git->objects, id, (size_t)most,
                            walk->scratch) < 0)
        return rc_git_err(walk->pool, "cannot read %s in %s", git_oid_tostr_s(id), walk->git->path);
    return type == GIT_OBJECT_BLOB ? NULL : refuse_path(walk, OTHER_TYPE);
}

static rc_err_t *pass_blob(export_t *walk, export_file_t *file)
{
    rc_git_text_t text = {.spool = NULL};

    apr_pool_clear(walk->scratch);
    RC_TRY(read_blob(&text, walk, file->id, 0));
    if (file->item.kind == RC_ITEM_LINK && text.len > PATH_LIMIT)
        return too_long(walk, "link");
    if ((apr_off_t)text.len >= RC_VCS_LARGE)
        return pass_large(walk, file, text.len);
    RC_TRY(rc_work_spend(walk->git->work, (apr_off_t)text.len, walk->pool));
    RC_TRY(rc_work_spend(walk->git->work, rc_git_objects_copied(walk->git->objects), walk->pool));
    RC_TRY(read_blob(&text, walk, file->id, RC_VCS_LARGE));
    return pass_text(walk, file, &text);
}

static rc_err_t *pass_file(export_t *walk, const rc_git_cursor_t *cursor, const char *const *values)
{
    export_file_t file = {.item = {.path = walk->path}, .id = &cursor->at.id};

    file.item.kind = cursor->at.mode == RC_GIT_LINK ? RC_ITEM_LINK
                     : cursor->at.mode & 0100       ? RC_ITEM_PROGRAM
                                                    : RC_ITEM_FILE;
    if (cursor->at.mode != RC_GIT_LINK)
        RC_TRY(rc_git_smudge_of(&file.convert, &file.smudge, values, walk->pool));
    if (!walk->looking)
        return pass_blob(walk, &file);
    return git_odb_exists(walk->git->odb, file.id) ? NULL : refuse_missing(walk, file.id);
}

/* --- the walk --- */

static rc_err_t *walk_tree(export_t *walk, const git_oid *id, bool ignored);

static rc_err_t *pass_entry(export_t *walk, const rc_git_cursor_t *cursor, bool ignored)
{
    bool folder = cursor->at.mode == RC_GIT_DIRECTORY;
    rc_item_t counted = {.path = walk->path, .kind = RC_ITEM_FOLDER};
    const char *const *values = NULL;

    if (!ignored) {
        RC_TRY(
            rc_git_attributes_of(&values, walk->attributes, walk->path, cursor->at.path, folder));
        ignored = values[RC_GIT_EXPORT_IGNORE] == rc_git_set;
    }
    if (walk->looking)
        RC_TRY(rc_work_entry(walk->git->work, walk->pool));
    else if (folder || ignored)
        RC_TRY(walk->fn(walk->baton, &counted));
    if (folder && (walk->looking || !ignored)) {
        walk->path[walk->len++] = '/';
        return walk_tree(walk, &cursor->at.id, ignored);
    }
    return folder || ignored || cursor->at.mode == RC_GIT_SUBMODULE
               ? NULL
               : pass_file(walk, cursor, values);
}

static rc_err_t *pass_entries(export_t *walk, rc_git_cursor_t *cursor, bool ignored)
{
    size_t len = walk->len;

    for (rc_git_cursor_rewind(cursor); cursor->at.path;) {
        RC_TRY(append_name(walk, cursor));
        RC_TRY(pass_entry(walk, cursor, ignored));
        walk->len = len;
        RC_TRY(next_entry(cursor, walk));
    }
    return NULL;
}

/* Below an @a ignored directory git only checks names. */
static rc_err_t *walk_tree(export_t *walk, const git_oid *id, bool ignored)
{
    int depth = rc_git_attributes_depth(walk->attributes);
    rc_git_cursor_t cursor = {0};
    rc_err_t *err = open_tree(&cursor, walk, id);

    if (!err && walk->looking)
        err = check_names(walk, &cursor);
    if (!err && !ignored)
        err = enter_rules(walk, &cursor);
    if (!err)
        err = pass_entries(walk, &cursor, ignored);
    rc_git_attributes_leave(walk->attributes, depth);
    rc_git_cursor_close(&cursor);
    return err;
}

rc_err_t *rc_git_export(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                        rc_item_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    export_t *walk = apr_pcalloc(scratch, sizeof(*walk));
    git_oid tree;

    (void)top; /* always the whole tree */
    walk->vcs = vcs;
    walk->git = vcs->repo;
    walk->temp_dir = temp_dir;
    walk->fn = fn;
    walk->baton = baton;
    walk->pool = vcs->pool;
    apr_pool_create(&walk->scratch, scratch);
    walk->attributes = rc_git_attributes_create(vcs->pool);
    RC_TRY(rc_git_root(&tree, vcs->repo, id, vcs->pool));
    walk->looking = true;
    RC_TRY(walk_tree(walk, &tree, false));
    walk->looking = false;
    walk->len = 0;
    return walk_tree(walk, &tree, false);
}
