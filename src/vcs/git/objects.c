// SPDX-License-Identifier: Apache-2.0
/*
 * A libgit2 database of one repository's objects whose only back end is ours: it searches each
 * directory of objects, packs first, and uses the first undamaged copy. libgit2 opens no other file
 * of the repository, so no other file can block or crash it.
 */
#include "objects.h"

#include <stdlib.h>
#include <string.h>

#define COPIED_MOST ((apr_off_t)1 << 40) /* larger sums count as this value */

typedef struct store_t {
    char *path;
    rc_git_packs_t *packs;
} store_t;

struct rc_git_objects_t {
    git_odb_backend parent; /* must be first: libgit2 uses only this part */
    git_odb *odb;           /* whose back end this is */
    int folders_n;
    store_t folders[];
};

static rc_git_objects_t *ours(git_odb_backend *backend)
{
    void *whole = backend; /* parent is the first member */

    return whole;
}

static int find_object(rc_git_object_t *content, rc_git_objects_t *objects, const git_oid *id,
                       size_t most)
{
    int i, n, worst = GIT_ENOTFOUND;

    for (i = 0; i < objects->folders_n; i++) {
        const store_t *folder = &objects->folders[i];

        n = rc_git_packs_read(content, folder->packs, id, most);
        if (n != 0 && n != GIT_ENOTFOUND)
            worst = n; /* another directory may have an undamaged copy */
        if (n != 0)
            n = rc_git_loose_read(content, &objects->parent, folder->path, id, most);
        if (n == 0)
            return 0;
        if (n != GIT_ENOTFOUND)
            worst = n;
    }
    return worst;
}

static int read_object(void **data, size_t *size, git_object_t *type, git_odb_backend *backend,
                       const git_oid *id)
{
    rc_git_object_t content = {.pool = NULL};
    int n = find_object(&content, ours(backend), id, SIZE_MAX);

    *data = content.data;
    *size = content.size;
    *type = content.type;
    return n;
}

static int read_header(size_t *size, git_object_t *type, git_odb_backend *backend,
                       const git_oid *id)
{
    rc_git_object_t content = {.pool = NULL};
    int n = find_object(&content, ours(backend), id, 0);

    *size = content.size;
    *type = content.type;
    return n;
}

static int exists(git_odb_backend *backend, const git_oid *id)
{
    git_object_t type;
    size_t size;

    return read_header(&size, &type, backend, id) == 0;
}

/* libgit2 calls this before it reports an object as missing. */
static int refresh_packs(git_odb_backend *backend)
{
    rc_git_objects_t *objects = ours(backend);
    int i;

    for (i = 0; i < objects->folders_n; i++)
        rc_git_packs_refresh(objects->folders[i].packs);
    return 0;
}

bool rc_git_objects_have(rc_git_objects_t *objects, const git_oid *id)
{
    rc_git_object_t content = {.pool = NULL};

    if (!find_object(&content, objects, id, 0))
        return true;
    refresh_packs(&objects->parent);
    return !find_object(&content, objects, id, 0);
}

static void free_backend(git_odb_backend *backend)
{
    rc_git_objects_t *objects = ours(backend);
    int i;

    for (i = 0; i < objects->folders_n; i++) {
        rc_git_packs_close(objects->folders[i].packs);
        free(objects->folders[i].path);
    }
    free(objects);
}

static rc_git_objects_t *make_backend(const apr_array_header_t *folders, apr_pool_t *pool)
{
    rc_git_objects_t *objects =
        calloc(1, sizeof(*objects) + (size_t)folders->nelts * sizeof(*objects->folders));
    int i;

    if (!objects)
        return NULL;
    git_odb_init_backend(&objects->parent, GIT_ODB_BACKEND_VERSION);
    objects->parent.read = read_object;
    objects->parent.read_header = read_header;
    objects->parent.exists = exists;
    objects->parent.refresh = refresh_packs;
    objects->parent.free = free_backend;
    for (i = 0; i < folders->nelts; i++) {
        store_t *folder = &objects->folders[i];

        folder->path = strdup(APR_ARRAY_IDX(folders, i, const char *));
        folder->packs = folder->path ? rc_git_packs_open(folder->path, pool) : NULL;
        if (!folder->packs) {
            free(folder->path);
            free_backend(&objects->parent);
            return NULL;
        }
        objects->folders_n++;
    }
    return objects;
}

rc_err_t *rc_git_objects_open(git_odb **odb, rc_git_objects_t **out, const char *git_dir,
                              apr_pool_t *pool)
{
    apr_array_header_t *folders;
    rc_git_objects_t *objects;
    bool refused;

    RC_TRY(rc_git_object_folders(&folders, &refused, git_dir, pool));
    *out = objects = make_backend(folders, pool);
    if (!objects)
        return rc_err_internal(pool, APR_ENOMEM, "cannot open the objects of %s", git_dir);
    if (git_odb_new(odb) == 0 && git_odb_add_backend(*odb, &objects->parent, 1) == 0) {
        objects->odb = *odb;
        return NULL;
    }
    free_backend(&objects->parent);
    git_odb_free(*odb);
    *odb = NULL;
    return rc_git_err(pool, "cannot open the objects of %s", git_dir);
}

/* Data that libgit2's allocator has made. */
typedef struct allocated_t {
    git_odb_backend *backend;
    void *data;
} allocated_t;

static apr_status_t free_allocated(void *baton)
{
    allocated_t *allocated = baton;

    git_odb_backend_data_free(allocated->backend, allocated->data);
    return APR_SUCCESS;
}

static apr_status_t free_object(void *object)
{
    git_odb_object_free(object);
    return APR_SUCCESS;
}

/* Lets libgit2 read what was not found: it looks for new packs, and into other back ends. */
static int read_by_library(const char **data, size_t *size, git_object_t *type,
                           const rc_git_objects_t *objects, const git_oid *id, size_t most,
                           apr_pool_t *pool)
{
    git_odb_object *object;
    int n = git_odb_read_header(size, type, objects->odb, id);

    *data = NULL;
    if (n < 0 || *size >= most)
        return n;
    if ((n = git_odb_read(&object, objects->odb, id)) < 0)
        return n;
    apr_pool_cleanup_register(pool, object, free_object, apr_pool_cleanup_null);
    *data = git_odb_object_data(object);
    *size = git_odb_object_size(object);
    *type = git_odb_object_type(object);
    return 0;
}

int rc_git_objects_read(const char **data, size_t *size, git_object_t *type,
                        rc_git_objects_t *objects, const git_oid *id, size_t most, apr_pool_t *pool)
{
    rc_git_object_t content = {.pool = pool};
    allocated_t *allocated;
    int n = find_object(&content, objects, id, most);

    if (n == GIT_ENOTFOUND)
        return read_by_library(data, size, type, objects, id, most, pool);
    *data = content.data;
    *size = content.size;
    *type = content.type;
    if (n || !content.allocated)
        return n;
    allocated = apr_palloc(pool, sizeof(*allocated));
    *allocated = (allocated_t){&objects->parent, content.data};
    apr_pool_cleanup_register(pool, allocated, free_allocated, apr_pool_cleanup_null);
    return 0;
}

void rc_git_objects_expect(const rc_git_objects_t *objects, const git_oid *id)
{
    rc_git_packs_expect(objects->folders[0].packs, id);
}

bool rc_git_objects_damaged(const rc_git_objects_t *objects)
{
    int i;

    for (i = 0; i < objects->folders_n; i++)
        if (rc_git_packs_damaged(objects->folders[i].packs))
            return true;
    return false;
}

apr_off_t rc_git_objects_copied(rc_git_objects_t *objects)
{
    apr_uint64_t copied = 0;
    int i;

    for (i = 0; i < objects->folders_n; i++)
        copied += rc_git_packs_copied(objects->folders[i].packs);
    return copied < COPIED_MOST ? (apr_off_t)copied : COPIED_MOST;
}
