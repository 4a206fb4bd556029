// SPDX-License-Identifier: Apache-2.0
/*
 * Finds and reads the objects of a repository: in its own directory of objects and those that it
 * borrows from, in packs and loose files.
 */
#ifndef RC_VCS_GIT_OBJECTS_H
#define RC_VCS_GIT_OBJECTS_H

#include <sys/stat.h>

#include <git2/sys/odb_backend.h>

#include "git.h"

/* An object that is read, or only its size and type. */
typedef struct rc_git_object_t {
    void *data; /* NULL: not read */
    size_t size;
    git_object_t type;
    apr_pool_t *pool; /* set by the caller: a short content goes there; NULL: none does */
    bool allocated;   /* the caller frees the data by git_odb_backend_data_free */
} rc_git_object_t;

/*
 * Functions that read an object return 0, GIT_ENOTFOUND, or another code of libgit2 with its
 * message set. The content is read when it has fewer than @a most bytes.
 */

/* --- pack_sums.c --- */

rc_err_t *rc_git_packs_startup(apr_pool_t *pool);

/** Returns whether the pack index open at @a fd, of which @a st was read, ends with the right
 * checksum. */
bool rc_git_index_sound(int fd, const struct stat *st);

/* --- packs.c --- */

typedef struct rc_git_packs_t rc_git_packs_t;

/** Opens the packs below the directory of objects @a objects; NULL = no memory. */
rc_git_packs_t *rc_git_packs_open(const char *objects, apr_pool_t *pool);
void rc_git_packs_close(rc_git_packs_t *packs);

/** If the directory changed: drops packs that were removed and opens new ones. */
void rc_git_packs_refresh(rc_git_packs_t *packs);

/** True when a damaged pack was left out. */
bool rc_git_packs_damaged(const rc_git_packs_t *packs);

int rc_git_packs_read(rc_git_object_t *content, rc_git_packs_t *packs, const git_oid *id,
                      size_t most);

/** Prepares for reading @a id soon, if it is in the pack of the last object. */
void rc_git_packs_expect(const rc_git_packs_t *packs, const git_oid *id);

/** Returns how many bytes unpacking the last object copied, if its delta chain is long, and resets
 * that. */
apr_uint64_t rc_git_packs_copied(rc_git_packs_t *packs);

/* --- loose.c --- */

/** Reads the loose object @a id below @a objects; @a backend allocates the data. */
int rc_git_loose_read(rc_git_object_t *content, git_odb_backend *backend, const char *objects,
                      const git_oid *id, size_t most);

/* --- alternates.c --- */

/** Returns the directories of objects of the repository at @a git_dir, its own first: const char *.
 * @a refused: other directories were named but belong to another account. */
rc_err_t *rc_git_object_folders(apr_array_header_t **folders, bool *refused, const char *git_dir,
                                apr_pool_t *pool);

/* --- objects.c --- */

/** Opens a libgit2 database of the objects of @a git_dir, which owns *@a out. */
rc_err_t *rc_git_objects_open(git_odb **odb, rc_git_objects_t **out, const char *git_dir,
                              apr_pool_t *pool);

/**
 * Reads an object as git_odb_read and git_odb_read_header do, but for libgit2's cache, which has no
 * blobs. The data is freed with @a pool, which may be NULL when @a most is 0.
 */
int rc_git_objects_read(const char **data, size_t *size, git_object_t *type,
                        rc_git_objects_t *objects, const git_oid *id, size_t most,
                        apr_pool_t *pool);

/** True when the repository has the object @a id, whatever libgit2's cache says. */
bool rc_git_objects_have(rc_git_objects_t *objects, const git_oid *id);

/** Says that @a id will be read soon; NULL: no others will. To search for many in turn, each step
 * of which waits for memory, takes half of the time then. */
void rc_git_objects_expect(const rc_git_objects_t *objects, const git_oid *id);

/** True when packs were left out, so that a missing object may be in one of them. */
bool rc_git_objects_damaged(const rc_git_objects_t *objects);

/** As rc_git_packs_copied, for the last object of which data or header was read. */
apr_off_t rc_git_objects_copied(rc_git_objects_t *objects);

/* --- mapped.c --- */

rc_err_t *rc_git_mapped_startup(apr_pool_t *pool);

/** Between these two calls this thread may read mapped files. The second returns false when a part
 * of a file was missing. */
void rc_git_mapped_begin(void);
bool rc_git_mapped_end(void);

#endif
