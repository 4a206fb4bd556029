// SPDX-License-Identifier: Apache-2.0
/*
 * Reads objects of an open repository within the limits of the current use, and opens and closes
 * the repository in libgit2.
 */
#include "objects.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

/* maximum of files that are watched per repository for its packs */
#define MOST_PACK_FILES 64

const char *rc_git_dir(const char *path, apr_pool_t *pool)
{
    const char *inner = apr_pstrcat(pool, path, "/" RC_GIT_INNER, NULL);
    struct stat st;

    return !lstat(inner, &st) && S_ISDIR(st.st_mode) ? inner : path;
}

/* --- libgit2 --- */

static bool is_pack_file(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && (!strcmp(dot, ".pack") || !strcmp(dot, ".idx"));
}

static void add_pack_files(rc_stamps_t *list, const char *folder, apr_pool_t *pool)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (!dir)
        return;
    while (rc_stamps_count(list) <= MOST_PACK_FILES && (entry = readdir(dir)))
        if (is_pack_file(entry->d_name))
            rc_stamps_add_entry(list, apr_pstrcat(pool, "objects/pack/", entry->d_name, NULL),
                                dirfd(dir), entry->d_name);
    closedir(dir);
}

/* libgit2 keeps packs open and mapped: reading a truncated one kills the process, and the
 * replacement of a damaged one is not noticed. So each use first finds out whether they are the
 * same, and so is what decides which are used and how. */
static rc_err_t *watch_packs(rc_git_t *git, apr_pool_t *pool)
{
    const char *folder;
    apr_status_t rv = apr_pool_create_unmanaged_ex(&git->packs_pool, NULL, NULL);

    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "no memory for the repository %s", git->path);
    apr_pool_tag(git->packs_pool, "rc_git packs");
    git->packs = rc_stamps_create(git->path, git->packs_pool);
    rc_stamps_add_absence(git->packs, RC_GIT_INNER);
    rc_stamps_add_existence(git->packs, "HEAD"); /* may be a link to a packed branch */
    folder = rc_stamps_add(git->packs, "objects/pack");
    rc_stamps_add(git->packs, "objects/info/alternates");
    rc_stamps_add(git->packs, "config"); /* it states the format */
    add_pack_files(git->packs, folder, pool);
    return NULL;
}

static rc_err_t *open_library(rc_git_t *git, apr_pool_t *pool)
{
    RC_TRY(watch_packs(git, pool));
    RC_TRY(rc_git_objects_open(&git->odb, &git->objects, git->path, pool));
    if (git_repository_wrap_odb(&git->repo, git->odb) < 0)
        return rc_git_err(pool, "cannot open the repository %s", git->path);
    return NULL;
}

void rc_git_shut(rc_git_t *git)
{
    git_repository_free(git->repo);
    git_odb_free(git->odb);
    git->odb = NULL;
    git->objects = NULL;
    git->repo = NULL;
    if (git->packs_pool)
        apr_pool_destroy(git->packs_pool);
    git->packs_pool = NULL;
}

rc_err_t *rc_git_reopen(rc_git_t *git, apr_pool_t *pool)
{
    rc_err_t *err;

    rc_git_shut(git);
    err = open_library(git, pool);
    if (err)
        rc_git_shut(git);
    return err;
}

/* --- objects --- */

rc_err_t *rc_git_spend(rc_git_t *git, const git_oid *id, apr_pool_t *pool)
{
    git_object_t type;
    size_t size;

    if (!git->work || git_odb_read_header(&size, &type, git->odb, id) < 0)
        return NULL; /* reading the object reports the reason */
    return rc_work_spend(git->work, (apr_off_t)size + rc_git_objects_copied(git->objects), pool);
}

/* Reads an object; sets *@a copied to the bytes that unpacking it copied beside its own. */
static rc_err_t *read_typed(git_odb_object **out, apr_off_t *copied, rc_git_t *git,
                            const git_oid *id, git_object_t type, apr_pool_t *pool)
{
    rc_err_t *err;

    if (git_odb_read(out, git->odb, id) < 0)
        return rc_git_err(pool, "cannot read %s in %s", git_oid_tostr_s(id), git->path);
    *copied = rc_git_objects_copied(git->objects);
    if (git_odb_object_type(*out) == type)
        return NULL;
    err = rc_err_internal(pool, APR_SUCCESS, "%s in %s is not a %s", git_oid_tostr_s(id), git->path,
                          git_object_type2string(type));
    git_odb_object_free(*out);
    *out = NULL;
    return err;
}

/* Charges @a bytes for an object that has been read; frees it when that is too much. */
static rc_err_t *charge(git_odb_object **object, rc_git_t *git, apr_off_t bytes, apr_pool_t *pool)
{
    rc_err_t *err = rc_work_spend(git->work, bytes, pool);

    if (err) {
        git_odb_object_free(*object);
        *object = NULL;
    }
    return err;
}

rc_err_t *rc_git_read(git_odb_object **out, rc_git_t *git, const git_oid *id, git_object_t type,
                      apr_pool_t *pool)
{
    apr_off_t copied = 0;

    if (!git->odb)
        return rc_err_internal(pool, APR_SUCCESS, "the repository %s is closed", git->path);
    if (type == GIT_OBJECT_BLOB)
        RC_TRY(rc_git_spend(git, id, pool));
    RC_TRY(read_typed(out, &copied, git, id, type, pool));
    if (type == GIT_OBJECT_BLOB)
        return NULL;
    return charge(out, git, (apr_off_t)git_odb_object_size(*out) + copied, pool);
}

static rc_err_t *check_blob(const rc_git_t *git, const git_oid *id, git_object_t type,
                            apr_pool_t *pool)
{
    return type == GIT_OBJECT_BLOB ? NULL
                                   : rc_err_internal(pool, APR_SUCCESS, "%s in %s is not a blob",
                                                     git_oid_tostr_s(id), git->path);
}

rc_err_t *rc_git_blob_look(const char **data, apr_off_t *size, const rc_git_t *git,
                           const git_oid *id, size_t most, apr_pool_t *err_pool, apr_pool_t *pool)
{
    git_object_t type;
    size_t bytes;

    if (!git->odb)
        return rc_err_internal(err_pool, APR_SUCCESS, "the repository %s is closed", git->path);
    if (rc_git_objects_read(data, &bytes, &type, git->objects, id, most, pool) < 0)
        return rc_git_err(err_pool, "cannot read %s in %s", git_oid_tostr_s(id), git->path);
    *size = (apr_off_t)bytes;
    RC_TRY(check_blob(git, id, type, err_pool));
    if (!*data)
        return NULL;
    return rc_work_spend(git->work, *size + rc_git_objects_copied(git->objects), err_pool);
}

rc_err_t *rc_git_blob_read(const char **data, rc_git_t *git, const git_oid *id, apr_off_t size,
                           apr_pool_t *err_pool, apr_pool_t *pool)
{
    apr_off_t before, copied;
    git_object_t type;
    size_t bytes;

    if (!git->odb)
        return rc_err_internal(err_pool, APR_SUCCESS, "the repository %s is closed", git->path);
    before = rc_git_objects_copied(git->objects); /* 0 unless the size has just been read */
    RC_TRY(rc_work_spend(git->work, size + before, err_pool));
    if (rc_git_objects_read(data, &bytes, &type, git->objects, id, SIZE_MAX, pool) < 0)
        return rc_git_err(err_pool, "cannot read %s in %s", git_oid_tostr_s(id), git->path);
    RC_TRY(check_blob(git, id, type, err_pool));
    if ((apr_off_t)bytes != size)
        return rc_err_internal(err_pool, APR_SUCCESS, "%s in %s has changed its size",
                               git_oid_tostr_s(id), git->path);
    copied = rc_git_objects_copied(git->objects);
    return before || !copied ? NULL : rc_work_spend(git->work, copied, err_pool);
}
