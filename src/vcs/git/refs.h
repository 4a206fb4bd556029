// SPDX-License-Identifier: Apache-2.0
/*
 * Reads references: packed-refs once while the file stays the same, the loose files, which are
 * usually few, each time. Private to the files named below.
 */
#ifndef RC_VCS_GIT_REFS_H
#define RC_VCS_GIT_REFS_H

#include <apr_hash.h>

#include "git.h"

#define RC_GIT_HEADS "refs/heads/"
#define RC_GIT_TAGS  "refs/tags/"

/* References of ours, which clients neither see nor change (contract 06 §5). */
#define RC_GIT_HIDDEN_PULL "refs/pull"
#define RC_GIT_HIDDEN_RC   "refs/rc"

/* The longest chain of symbolic references; as git, which reads five files. */
#define RC_GIT_LINKS_MOST 4

/* References from one place, in lists of const rc_git_ref_t *. */
typedef struct rc_git_layer_t {
    apr_pool_t *pool;                    /* of the references */
    apr_array_header_t *branches, *tags; /* by name */
    apr_array_header_t *heads;           /* the branches by commit, then by name */
    apr_array_header_t *others;          /* by full name: those that lead to no commit */
} rc_git_layer_t;

/* The contents of packed-refs. Immutable, shared by all readings of the same file. */
typedef struct rc_git_packed_t {
    apr_pool_t *pool;
    apr_uint32_t users;
    rc_stamps_t *watched;
    rc_git_layer_t layer;
    bool missing; /* a reference was left out whose object may arrive later */
} rc_git_packed_t;

/* One reading of all references. */
typedef struct rc_git_reading_t {
    rc_git_t *git;
    rc_stamps_t *watched;      /* what is read */
    rc_git_refs_t *refs;       /* the result */
    const rc_git_refs_t *base; /* an earlier reading, or NULL */
    bool lost;                 /* a branch was left out because it leads to no commit */
    bool missing;              /* a reference was left out whose object may arrive later */
    int scans;                 /* of packed-refs for single names */
    apr_pool_t *parent;        /* of the pools that are made; NULL: each is one of its own */
    apr_pool_t *scratch;       /* errors live here, too */
} rc_git_reading_t;

/* --- layer.c --- */

/** Makes a pool for a reading. Returns false without memory. */
bool rc_git_reading_pool(apr_pool_t **pool, const rc_git_reading_t *reading, const char *tag);

/** True for the full name of a branch or tag that git accepts. */
bool rc_git_ref_wanted(const char *name, apr_size_t len);

/** Watches where the object @a id would be, so that a later check notices when it appears. */
void rc_git_watch_missing(rc_git_reading_t *reading, const git_oid *id);

/** Makes an empty layer, with references in @a pool and lists in @a scratch. */
rc_git_layer_t rc_git_layer(apr_pool_t *pool, apr_pool_t *scratch);

/** Moves the lists, which are complete, to the pool of the references. */
void rc_git_layer_settle(rc_git_layer_t *layer);

/**
 * Follows the reference @a name with the id @a id to its commit and adds it to @a layer. @a peeled
 * is the id that packed-refs gives for that, or NULL. *@a shown: it is a branch or tag of a commit.
 * Leaves out a reference whose object is missing; an object that exists but cannot be read is an
 * error.
 */
rc_err_t *rc_git_layer_add(bool *shown, rc_git_layer_t *layer, rc_git_reading_t *reading,
                           const char *name, const git_oid *id, const git_oid *peeled);

/** Adds a broken branch or tag: it is not shown, and hides the one of the same name in the layer
 * below. */
void rc_git_layer_hide(rc_git_layer_t *layer, const char *name);

/** Sorts the lists. */
void rc_git_layer_sort(rc_git_layer_t *layer);

/** Lays @a above over @a below. Lists that do not change are shared with @a below. */
rc_git_layer_t rc_git_layer_merge(const rc_git_layer_t *below, const rc_git_layer_t *above,
                                  apr_pool_t *pool);

/* --- packed.c --- */

/* One reference of packed-refs. */
typedef struct rc_git_line_t {
    const char *name; /* not terminated by a NUL */
    apr_size_t len;
    git_oid id, peeled;
    bool has_peeled; /* a tag leads to the object `peeled` */
    bool known;      /* the file says what the reference leads to, and git believes it */
} rc_git_line_t;

/** Reads all lines of packed-refs, sorted by name: rc_git_line_t in reading->scratch. */
rc_err_t *rc_git_packed_lines(apr_array_header_t **lines, rc_git_reading_t *reading);

/** Reads packed-refs; returns that of @a reading->base when the file is the same. */
rc_err_t *rc_git_packed_read(rc_git_packed_t **out, rc_git_reading_t *reading);
void rc_git_packed_free(rc_git_packed_t *packed);

/** Searches packed-refs for one reference of any name. *@a found is false when it is not there. */
rc_err_t *rc_git_packed_scan(bool *found, git_oid *id, rc_git_reading_t *reading, const char *name);

/* --- loose_refs.c --- */

/* A loose reference. */
typedef struct rc_git_found_t {
    git_oid id;
    const char *link; /* the reference that it points to by name, or NULL */
    bool broken;
} rc_git_found_t;

/* Which references are read: the directories of names, and the names in them. */
typedef struct rc_git_scope_t {
    const char *const *folders; /* terminated by NULL */
    bool (*wanted)(const char *name, apr_size_t len);
} rc_git_scope_t;

/** True when clients do not see the reference, or those in the directory, @a name. */
bool rc_git_ref_hidden(const char *name);

/** Reads all loose references of @a scope: full name -> rc_git_found_t. */
rc_err_t *rc_git_loose_refs(apr_hash_t **found, rc_git_reading_t *reading,
                            const rc_git_scope_t *scope);

/** Reads and watches one loose reference, of any name; NULL when there is none. */
rc_err_t *rc_git_loose_ref(rc_git_found_t **out, rc_git_reading_t *reading, const char *name);

/* --- shallow.c --- */

/** Reads the commits whose parents the repository lacks into @a list, of git_oid, sorted. */
rc_err_t *rc_git_shallow_read(apr_array_header_t *list, rc_git_reading_t *reading);

#endif
