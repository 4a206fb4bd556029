// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and inserts the rows of repositories, repository groups and user groups, each together with
 * the level that one user has on it. Lookups return NULL when there is no such row.
 */
#ifndef RC_STORE_REPO_H
#define RC_STORE_REPO_H

#include "db/db.h"
#include "store/slice.h"
#include "store/rule.h"

/* The stored copy of a repository's last commit (domain/last_changeset.h). */
typedef struct rc_last_t {
    const char *state; /* of the references when it was read; NULL: never */
    const char *id;    /* NULL: the repository is empty; then the rest means nothing */
    apr_int64_t index; /* in the repository order */
    const char *message, *author;
    apr_int64_t time;    /* of the committer, epoch seconds */
    const char *parents; /* ids, with a blank between them */
    const char *branch;  /* one whose head the commit is, or NULL */
} rc_last_t;

typedef struct rc_repo_t {
    apr_int64_t id;
    const char *name; /* full path */
    const char *type;
    apr_int64_t owner_id;
    const char *owner;    /* username */
    apr_int64_t group_id; /* 0 = top level */
    const char *fork_of;  /* full name of the parent; NULL also when the user cannot read it */
    bool private_, enable_statistics, enable_locking, enable_downloads;
    const char *description;
    const char *clone_uri;        /* password masked; NULL = none */
    const void *clone_uri_sealed; /* the whole URI when it has a password */
    int clone_uri_sealed_len;
    const char *landing_rev;
    rc_last_t last;
    apr_int64_t lock_user_id; /* 0 = not locked */
    apr_int64_t locked_on;    /* epoch seconds */
    const char *lock_reason;
    apr_int64_t created_on;
    const char *branch_patterns, *tag_patterns; /* settings for Subversion; NULL: not set */
    apr_int64_t fork_id; /* of the parent, 0 = no fork; never shown to the user, see fork_of */
    rc_level_t level;    /* of the user it was loaded for */
    const apr_array_header_t *fields; /* rc_repo_field_t, by key; NULL: they were not read */
} rc_repo_t;

/* An extra field. */
typedef struct rc_repo_field_t {
    const char *key, *value;
} rc_repo_field_t;

typedef struct rc_repo_group_t {
    apr_int64_t id;
    const char *name; /* full path */
    apr_int64_t parent_id;
    apr_int64_t owner_id;
    const char *owner, *description;
    bool enable_locking;
    apr_int64_t created_on;
    rc_level_t level;
} rc_repo_group_t;

typedef struct rc_user_group_t {
    apr_int64_t id;
    const char *name;
    apr_int64_t owner_id;
    const char *owner, *description;
    bool active;
    rc_level_t level;
} rc_user_group_t;

/** The repository with this id, and the level of @a viewer. */
rc_err_t *rc_store_repo_by_id(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, apr_int64_t id,
                              apr_pool_t *pool);
rc_err_t *rc_store_repo_by_name(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, const char *name,
                                apr_pool_t *pool);
rc_err_t *rc_store_repo_group_by_id(rc_repo_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                    apr_int64_t id, apr_pool_t *pool);
rc_err_t *rc_store_repo_group_by_name(rc_repo_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                      const char *name, apr_pool_t *pool);
rc_err_t *rc_store_user_group_by_id(rc_user_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                    apr_int64_t id, apr_pool_t *pool);
rc_err_t *rc_store_user_group_by_name(rc_user_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                      const char *name, apr_pool_t *pool);

/* The same, but NULL for what @a viewer may not read. Hidden and missing objects cost the
 * same work; the whole row is read only for a visible object. */
rc_err_t *rc_store_repo_seen_by_id(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, apr_int64_t id,
                                   apr_pool_t *pool);
rc_err_t *rc_store_repo_seen_by_name(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer,
                                     const char *name, apr_pool_t *pool);
rc_err_t *rc_store_repo_group_seen_by_id(rc_repo_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                         apr_int64_t id, apr_pool_t *pool);
rc_err_t *rc_store_repo_group_seen_by_name(rc_repo_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                           const char *name, apr_pool_t *pool);
rc_err_t *rc_store_user_group_seen_by_id(rc_user_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                         apr_int64_t id, apr_pool_t *pool);
rc_err_t *rc_store_user_group_seen_by_name(rc_user_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                           const char *name, apr_pool_t *pool);

/** Sets *@a is to whether there is a repository of @a type, but git, whoever may read it. */
rc_err_t *rc_store_repo_of_type(bool *is, rc_db_t *db, const char *type);

/* Selects repositories by their group. */
typedef struct rc_repo_range_t {
    const char *below; /* full path of a group; NULL or "": the top level */
    bool nested;       /* include groups below it */
    rc_slice_t page;   /* by id */
} rc_repo_range_t;

/** Calls @a fn, which may use @a db, for each repository of @a range (NULL: of all) that
 * @a viewer may read, by id, with its extra fields if @a fields is true. The row lives until @a fn
 * returns; memory is needed for a few hundred rows. @a scratch is cleared before the next one. */
rc_err_t *
rc_store_repos_each(rc_db_t *db, rc_viewer_t viewer, const rc_repo_range_t *range, bool fields,
                    rc_err_t *(*fn)(void *baton, const rc_repo_t *repo, apr_pool_t *scratch),
                    void *baton, apr_pool_t *pool);

/* A page of the repositories whose name or description holds some words. */
typedef struct rc_repo_search_t {
    const char *words; /* in any case of ASCII letters; "": all repositories */
    int first, most;   /* the first one of the page, from 0, and how many it has at most */
    const char *below; /* only those below this group; NULL: all */
    const char *only;  /* only the one with this name; NULL: all */
} rc_repo_search_t;

/** Calls @a fn as rc_store_repos_each does, without extra fields, for a page of the repositories
 * that @a viewer may read, by name; sets *@a total to the number of all that were found. */
rc_err_t *
rc_store_repos_found(int *total, rc_db_t *db, rc_viewer_t viewer, const rc_repo_search_t *search,
                     rc_err_t *(*fn)(void *baton, const rc_repo_t *repo, apr_pool_t *scratch),
                     void *baton, apr_pool_t *pool);

/** Calls @a fn as rc_store_repos_each does for the repositories that user @a holder_id has locked.
 */
rc_err_t *
rc_store_repos_locked_each(rc_db_t *db, rc_viewer_t viewer, apr_int64_t holder_id, bool fields,
                           rc_err_t *(*fn)(void *baton, const rc_repo_t *repo, apr_pool_t *scratch),
                           void *baton, apr_pool_t *pool);

/** Inserts @a repo (all fields but id, owner, fork_of, level) and sets its id. RC_E_CONFLICT on
 * repo.repo_name for a duplicate name. */
rc_err_t *rc_store_repo_insert(rc_repo_t *repo, rc_db_t *db);

/** Stores @a last as the last commit of @a repo and updates updated_on. Does nothing when the
 * repository has been renamed meanwhile: @a last may then belong to another one. */
rc_err_t *rc_store_repo_set_last(rc_db_t *db, const rc_repo_t *repo, const rc_last_t *last);

/** The same, but does nothing when the stored state differs from the one in @a repo. */
rc_err_t *rc_store_repo_replace_last(rc_db_t *db, const rc_repo_t *repo, const rc_last_t *last);

/** Inserts @a group (name, parent_id, owner_id, description) and sets its id. */
rc_err_t *rc_store_repo_group_insert(rc_repo_group_t *group, rc_db_t *db);

/** Inserts @a group (name, owner_id, description, active) and sets its id. */
rc_err_t *rc_store_user_group_insert(rc_user_group_t *group, rc_db_t *db);

/** Makes user @a user_id follow repository @a repo_id. */
rc_err_t *rc_store_follow_repo(rc_db_t *db, apr_int64_t user_id, apr_int64_t repo_id);

/** The user follows it no more. */
rc_err_t *rc_store_unfollow_repo(rc_db_t *db, apr_int64_t user_id, apr_int64_t repo_id);

#endif
