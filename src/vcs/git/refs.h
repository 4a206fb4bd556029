// SPDX-License-Identifier: Apache-2.0
/*
 * Inside the reading of references: what packed-refs holds is read once for as long as the file
 * stays the same; the loose ones, usually few, are read each time.
 */
#ifndef RC_VCS_GIT_REFS_H
#define RC_VCS_GIT_REFS_H

#include <apr_hash.h>

#include "git.h"

#define RC_GIT_HEADS "refs/heads/"
#define RC_GIT_TAGS  "refs/tags/"

/* References from one place, in lists of const rc_git_ref_t *. */
typedef struct rc_git_layer_t {
    apr_array_header_t *branches, *tags; /* by name */
    apr_array_header_t *heads;           /* the branches by commit, then by name */
    apr_array_header_t *others;          /* by full name: lead to an object that is no commit */
} rc_git_layer_t;

/* What packed-refs holds. Never changed, shared by all readings that found the file so. */
typedef struct rc_git_packed_t {
    apr_pool_t *pool;
    apr_uint32_t users;
    apr_time_t taken;
    apr_array_header_t *watched;
    rc_git_layer_t layer;
    bool missing; /* a reference was left out whose object may still come */
} rc_git_packed_t;

/* One reading of all references. */
typedef struct rc_git_reading_t {
    rc_git_t *git;
    rc_git_refs_t *refs;       /* to be filled */
    const rc_git_refs_t *base; /* an earlier reading, or NULL */
    bool lost;                 /* a branch that leads to no commit was left out */
    bool missing;              /* something was left out whose object may still come */
    int scans;                 /* of packed-refs for single names */
    apr_pool_t *scratch;       /* errors live here, too */
} rc_git_reading_t;

/* --- layer.c --- */

/** Remembers that the file or directory @a name of the repository was looked at; its path. */
const char *rc_git_watch_name(rc_git_reading_t *reading, const char *name);

/** Is this the full name of a branch or tag that git would take? */
bool rc_git_ref_wanted(const char *name, apr_size_t len);

rc_git_layer_t rc_git_layer(apr_pool_t *pool);

/**
 * Finds out where the reference @a name, which holds @a id, leads to and adds it to @a layer.
 * @a peeled, or NULL, is what packed-refs says of that. *@a shown: it is a branch or tag of a
 * commit. One whose object is missing is left out; one that is there and cannot be read is an
 * error.
 */
rc_err_t *rc_git_layer_add(bool *shown, rc_git_layer_t *layer, rc_git_reading_t *reading,
                           const char *name, const git_oid *id, const git_oid *peeled);

/** Adds a branch or tag that is broken: nothing, but it stands before one of its name below. */
void rc_git_layer_hide(rc_git_layer_t *layer, const char *name);

/** Sorts the lists. */
void rc_git_layer_sort(rc_git_layer_t *layer);

/** @a above laid over @a below, whose lists are used as they are where nothing changes them. */
rc_git_layer_t rc_git_layer_merge(const rc_git_layer_t *below, const rc_git_layer_t *above,
                                  apr_pool_t *pool);

/* --- packed.c --- */

/** What packed-refs holds now: that of @a reading->base when it is the same. */
rc_err_t *rc_git_packed_read(rc_git_packed_t **out, rc_git_reading_t *reading);
void rc_git_packed_free(rc_git_packed_t *packed);

/** What packed-refs says of one reference of any name; *@a found is false when it has none. */
rc_err_t *rc_git_packed_scan(bool *found, git_oid *id, rc_git_reading_t *reading, const char *name);

/* --- loose_refs.c --- */

/* A loose reference. */
typedef struct rc_git_found_t {
    git_oid id;
    const char *link; /* the reference that it is another name of, or NULL */
    bool broken;
} rc_git_found_t;

/** Reads the loose branches and tags: full name -> rc_git_found_t. */
rc_err_t *rc_git_loose_refs(apr_hash_t **found, rc_git_reading_t *reading);

/** Reads one loose reference; NULL when there is none. */
rc_err_t *rc_git_loose_ref(rc_git_found_t **out, rc_git_reading_t *reading, const char *name);

#endif
