// SPDX-License-Identifier: Apache-2.0
/*
 * Where the objects of a repository are: its own directory of objects and those that it borrows
 * from, in each of them packs and loose files.
 */
#ifndef RC_VCS_GIT_OBJECTS_H
#define RC_VCS_GIT_OBJECTS_H

#include <git2/sys/odb_backend.h>

#include "git.h"

/*
 * Functions that read an object return 0, GIT_ENOTFOUND, or another code of libgit2 with its text
 * set. Without @a data only type and size are found; the data is git_odb_backend_data_free's.
 */

/* --- packs.c --- */

typedef struct rc_git_packs_t rc_git_packs_t;

rc_err_t *rc_git_packs_startup(apr_pool_t *pool);

/** The packs below the directory of objects @a objects; NULL = no memory. */
rc_git_packs_t *rc_git_packs_open(const char *objects, apr_pool_t *pool);
void rc_git_packs_close(rc_git_packs_t *packs);

/** Looks for packs that came or went, if the directory changed. */
void rc_git_packs_refresh(rc_git_packs_t *packs);

/** True when a pack was left out. */
bool rc_git_packs_damaged(const rc_git_packs_t *packs);

int rc_git_packs_read(void **data, size_t *size, git_object_t *type, rc_git_packs_t *packs,
                      const git_oid *id);

/** How many bytes were copied to unpack the last object, where it was made by many deltas; once. */
apr_uint64_t rc_git_packs_copied(rc_git_packs_t *packs);

/* --- loose.c --- */

/** Reads the loose object @a id below @a objects; memory is @a backend's. */
int rc_git_loose_read(void **data, size_t *size, git_object_t *type, git_odb_backend *backend,
                      const char *objects, const git_oid *id);

/* --- alternates.c --- */

/** The directories of objects of the repository at @a git_dir, its own first: of const char *.
 * @a refused: its files name others, which belong to another account. */
rc_err_t *rc_git_object_folders(apr_array_header_t **folders, bool *refused, const char *git_dir,
                                apr_pool_t *pool);

/* --- objects.c --- */

/** Makes a database of the objects of @a git_dir. */
rc_err_t *rc_git_objects_open(git_odb **odb, const char *git_dir, apr_pool_t *pool);

/** True when packs of the database were left out, so that what is missing may be in them. */
bool rc_git_objects_damaged(git_odb *odb);

/** As rc_git_packs_copied, for the object that was read last, or whose header was. */
apr_off_t rc_git_objects_copied(git_odb *odb);

/* --- mapped.c --- */

rc_err_t *rc_git_mapped_startup(apr_pool_t *pool);

/** Between these two this thread reads what is mapped. @return false: a part of it was gone. */
void rc_git_mapped_begin(void);
bool rc_git_mapped_end(void);

#endif
