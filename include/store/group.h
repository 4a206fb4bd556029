// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and changes the rows of user groups and repository groups: lists, members, updates.
 * (store/repo.h looks up single rows.) Changes run inside the caller's write transaction.
 */
#ifndef RC_STORE_GROUP_H
#define RC_STORE_GROUP_H

#include <apr_tables.h>

#include "store/repo.h"
#include "store/user.h"

/* Receives user groups, each with its members in the order they joined. The functions may use the
 * database. Their arguments live until they return. */
typedef struct rc_user_groups_visitor_t {
    rc_err_t *(*begin)(void *baton, const rc_user_group_t *group);
    rc_err_t *(*member)(void *baton, const rc_user_details_t *details, apr_pool_t *scratch);
    rc_err_t *(*end)(void *baton);
} rc_user_groups_visitor_t;

/** Visits each user group that @a viewer may read, by id; @a page may be NULL. A visitor without
 * member gets no members. Without @a keys the members' lists
 * of keys are empty. @a scratch is cleared before the next member. Memory is needed for 64 groups
 * and 64 users, and 16 bytes for each membership of these groups. */
rc_err_t *rc_store_user_groups_each(rc_db_t *db, rc_viewer_t viewer, const rc_slice_t *page,
                                    bool keys, const rc_user_groups_visitor_t *visitor, void *baton,
                                    apr_pool_t *pool);

/** Stores name, owner_id, description and active of @a group. RC_E_CONFLICT for a
 * duplicate name. */
rc_err_t *rc_store_user_group_update(rc_db_t *db, const rc_user_group_t *group);

/** Deletes a user group and, by foreign keys, its members and permission rows. */
rc_err_t *rc_store_user_group_delete(rc_db_t *db, apr_int64_t group_id);

/** Adds or removes a member; *@a changed is false when the user already was, or was not, in the
 * group. */
rc_err_t *rc_store_user_group_add_user(bool *changed, rc_db_t *db, apr_int64_t group_id,
                                       apr_int64_t user_id);
rc_err_t *rc_store_user_group_remove_user(bool *changed, rc_db_t *db, apr_int64_t group_id,
                                          apr_int64_t user_id);

/** *@a assigned: the user group has a row on some repository or repository group. *@a names: full
 * names (const char *) of those which @a viewer may read, repositories first, each part by
 * name. */
rc_err_t *rc_store_user_group_assigned(bool *assigned, apr_array_header_t **names, rc_db_t *db,
                                       rc_viewer_t viewer, apr_int64_t group_id, apr_pool_t *pool);

/** Full names (const char *) of the repositories in a repository group that @a viewer may
 * read, by name. */
rc_err_t *rc_store_repo_group_repos(apr_array_header_t **names, rc_db_t *db, rc_viewer_t viewer,
                                    apr_int64_t group_id, apr_pool_t *pool);

/** Calls @a fn, which may use @a db, for each repository group that @a viewer may read, by
 * name, with the names of the repositories in it that they may read (none unless @a repos). @a page
 * may be NULL. Both live until @a fn returns; memory is needed for 64 groups and their names. */
rc_err_t *rc_store_repo_groups_each(rc_db_t *db, rc_viewer_t viewer, const rc_slice_t *page,
                                    bool repos,
                                    rc_err_t *(*fn)(void *baton, const rc_repo_group_t *group,
                                                    const apr_array_header_t *repos),
                                    void *baton, apr_pool_t *pool);

/** Stores parent_id, owner_id and description of @a group; not its name. */
rc_err_t *rc_store_repo_group_update(rc_db_t *db, const rc_repo_group_t *group);

/** Deletes a repository group. RC_E_CONFLICT when groups or repositories are in it. */
rc_err_t *rc_store_repo_group_delete(rc_db_t *db, apr_int64_t group_id);

/** Copies the permission rows of group @a from to a new group, without those of user @a but (0:
 * copies all). */
rc_err_t *rc_store_repo_group_copy(rc_db_t *db, apr_int64_t group_id, apr_int64_t from,
                                   apr_int64_t but);

/* The functions below work on a group with all groups and repositories below it, at any depth. */

/** Replaces the group's path @a from by @a to at the start of all full names. */
rc_err_t *rc_store_tree_rename(rc_db_t *db, apr_int64_t group_id, const char *from, const char *to);

rc_err_t *rc_store_tree_set_locking(rc_db_t *db, apr_int64_t group_id, bool enable_locking);

/** Returns the full names (const char *) of all repositories in it. */
rc_err_t *rc_store_tree_repos(apr_array_header_t **names, rc_db_t *db, apr_int64_t group_id,
                              apr_pool_t *pool);

/** Returns the length of the longest full name in it, in characters. */
rc_err_t *rc_store_tree_longest(apr_int64_t *characters, rc_db_t *db, apr_int64_t group_id);

#endif
