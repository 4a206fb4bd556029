// SPDX-License-Identifier: Apache-2.0
/*
 * Imports user groups with their members, and repository groups with their directories.
 */
#include "import.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "domain/repo.h"
#include "domain/user_group.h"

/* Columns of the tables. */
enum {
    GROUP_ID,
    GROUP_NAME,
    GROUP_DESCRIPTION,
    GROUP_ACTIVE,
    GROUP_INHERITS,
    GROUP_OWNER,
    GROUP_CREATED
};
enum { MEMBER_ID, MEMBER_GROUP, MEMBER_USER };
enum { TREE_ID, TREE_NAME, TREE_DESCRIPTION, TREE_LOCKING, TREE_OWNER, TREE_CREATED };

#define TEXT_BYTES 65536

/* Returns the id of the owner in a column; if there is none here, that of the first super-admin,
 * after a report unless the source has no owners at all. */
static apr_int64_t owner_of(rc_importing_t *the, rc_import_kind_t of, const char *name,
                            rc_rows_t *rows, rc_import_table_t from, int column)
{
    const rc_arrival_t *owner = rc_import_item(rows, column, the->users);

    if (owner)
        return owner->id;
    if (rc_foreign_has(the->source, from, column))
        rc_import_note(the, of, name, "its owner has not come: %s owns it", the->owner);
    return the->owner_id;
}

/* --- user groups --- */

static rc_err_t *import_user_group(rc_importing_t *the, rc_import_ids_t *ids, rc_rows_t *rows)
{
    apr_pool_t *pool = rows->scratch;
    const char *name = rc_import_short(rows, GROUP_NAME, TEXT_BYTES, the->pool);
    rc_err_t *err = rc_user_group_name_check(name, pool);
    rc_store_found_t found;
    rc_arrival_t *item;
    bool changed = false;

    if (err) {
        rc_import_left(the, OF_USER_GROUPS, name, "%s", rc_err_log_text(err, pool));
        return NULL;
    }
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_USER_GROUP, pool, name));
    item = rc_import_add(the, the->user_groups, rows, GROUP_ID);
    item->name = name;
    item->active = rc_import_bool(rows, GROUP_ACTIVE, true);
    item->inherits = rc_import_bool(rows, GROUP_INHERITS, true);
    item->fresh = !found.id;
    item->id = found.id ? found.id : rc_import_ids_choose(ids, item->source);
    if (item->fresh && the->old_groups && !item->active)
        rc_import_note(the, OF_USER_GROUPS, name,
                       "is not active: it gave its members rights there, and gives none here");
    if (item->fresh)
        RC_TRY(rc_store_import(
            &changed, the->db, RC_STORE_USER_GROUP, item->id, name,
            rc_import_short(rows, GROUP_DESCRIPTION, TEXT_BYTES, pool),
            owner_of(the, OF_USER_GROUPS, name, rows, FROM_USER_GROUPS, GROUP_OWNER),
            (int)item->active, (int)item->inherits,
            rc_import_time(rows, GROUP_CREATED, the->created_on)));
    rc_import_count(the, OF_USER_GROUPS, changed);
    return NULL;
}

static rc_err_t *import_member(rc_importing_t *the, rc_rows_t *rows)
{
    rc_arrival_t *group = rc_import_item(rows, MEMBER_GROUP, the->user_groups);
    rc_arrival_t *user = rc_import_item(rows, MEMBER_USER, the->users);
    bool changed;

    if (!group || !user)
        return NULL;
    RC_TRY(rc_store_import(&changed, the->db, RC_STORE_MEMBER, group->id, user->id));
    APR_ARRAY_PUSH(user->groups, rc_arrival_t *) = group;
    rc_import_count(the, OF_MEMBERS, changed);
    return NULL;
}

rc_err_t *rc_import_user_groups(rc_importing_t *the)
{
    rc_import_ids_t ids;
    rc_rows_t rows;

    RC_TRY(rc_import_ids_begin(&ids, the, "user_group", FROM_USER_GROUPS));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_USER_GROUPS, the->pool));
    while (rc_rows_next(&rows))
        rows.err = import_user_group(the, &ids, &rows);
    RC_TRY(rc_rows_end(&rows));
    RC_TRY(rc_import_ids_end(&ids, the));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_MEMBERS, the->pool));
    while (rc_rows_next(&rows))
        rows.err = import_member(the, &rows);
    return rc_rows_end(&rows);
}

/* --- repository groups --- */

/* A repository group of the source. */
typedef struct branch_t {
    const char *name, *description;
    bool locking;
    apr_int64_t owner_id, created;
    rc_arrival_t *item; /* with its id there */
} branch_t;

static int by_branch_name(const void *a, const void *b)
{
    return strcmp(((const branch_t *)a)->name, ((const branch_t *)b)->name);
}

/* Reads all groups, a parent before its children, whatever their ids are. */
static rc_err_t *read_branches(apr_array_header_t **list, rc_importing_t *the)
{
    branch_t *branch;
    rc_rows_t rows;

    *list = apr_array_make(the->pool, 16, sizeof(branch_t));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_REPO_GROUPS, the->pool));
    while (rc_rows_next(&rows)) {
        branch = apr_array_push(*list);
        branch->name = rc_import_short(&rows, TREE_NAME, TEXT_BYTES, the->pool);
        branch->description = rc_import_short(&rows, TREE_DESCRIPTION, TEXT_BYTES, the->pool);
        branch->locking = rc_import_bool(&rows, TREE_LOCKING, false);
        branch->created = rc_import_time(&rows, TREE_CREATED, 0);
        branch->item = apr_pcalloc(the->pool, sizeof(*branch->item));
        branch->item->source = rc_import_int(&rows, TREE_ID, 0);
        branch->item->everyone = -1;
        branch->item->name = branch->name;
        if (!rc_repo_name_problem(branch->name))
            branch->owner_id =
                owner_of(the, OF_REPO_GROUPS, branch->name, &rows, FROM_REPO_GROUPS, TREE_OWNER);
    }
    RC_TRY(rc_rows_end(&rows));
    qsort((*list)->elts, (size_t)(*list)->nelts, sizeof(branch_t), by_branch_name);
    return NULL;
}

/* Returns why the group cannot come, or NULL; *@a parent_id is then that of its parent. */
static rc_err_t *check_branch(const char **why, apr_int64_t *parent_id, rc_importing_t *the,
                              const branch_t *branch, apr_pool_t *pool)
{
    const char *parent = rc_repo_name_parent(branch->name, pool);
    rc_store_found_t found = {0};
    const rc_place_t *place;

    if ((*why = rc_repo_name_problem(branch->name))) {
        *why = apr_pstrcat(pool, "the name ", *why, NULL);
        return NULL;
    }
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_REPO, pool, branch->name));
    place = apr_hash_get(the->places, branch->name, APR_HASH_KEY_STRING);
    if (found.id || (place && place->type)) {
        *why = "a repository has its name";
        return NULL;
    }
    if (parent)
        RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_REPO_GROUP, pool, parent));
    *parent_id = found.id;
    if (parent && !found.id)
        *why = "the group above it has not come";
    return NULL;
}

/* The directory of a group is made with the transaction. */
static rc_err_t *make_branch_folder(rc_importing_t *the, const branch_t *branch)
{
    const char *to = rc_env_repo_path(the->actor->env, branch->name, the->pool);
    const char *from =
        apr_psprintf(the->pool, "%s/group-%" APR_INT64_T_FMT, the->work, branch->item->id);

    if (the->move_in->dry_run || rc_fs_exists(to))
        return NULL;
    RC_TRY(rc_fs_make_folders(from, the->pool));
    RC_TRY(rc_disk_txn_made(the->disk, from));
    rc_disk_txn_add(the->disk, from, to);
    return NULL;
}

static rc_err_t *store_branch(rc_importing_t *the, rc_import_ids_t *ids, const branch_t *branch,
                              apr_int64_t parent_id, apr_pool_t *pool)
{
    rc_arrival_t *item = branch->item;
    rc_store_found_t found;
    bool changed = false;

    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_REPO_GROUP, pool, branch->name));
    item->taken = found.scanned;
    item->fresh = !found.id || found.scanned;
    item->id = found.id ? found.id : rc_import_ids_choose(ids, item->source);
    if (item->taken)
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_REPO_GROUP_TAKE, item->id,
                               branch->owner_id, branch->description, (int)branch->locking,
                               branch->created));
    if (!found.id) {
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_REPO_GROUP, item->id, branch->name,
                               parent_id, branch->owner_id, branch->description,
                               (int)branch->locking,
                               branch->created ? branch->created : the->created_on));
        RC_TRY(make_branch_folder(the, branch));
    }
    rc_import_count(the, OF_REPO_GROUPS, changed);
    apr_hash_set(the->repo_groups, &item->source, sizeof(item->source), item);
    return NULL;
}

rc_err_t *rc_import_repo_groups(rc_importing_t *the)
{
    apr_array_header_t *list;
    apr_int64_t parent_id = 0;
    rc_import_ids_t ids;
    apr_pool_t *scratch;
    const char *why;
    int i;

    RC_TRY(rc_import_ids_begin(&ids, the, "repo_group", FROM_REPO_GROUPS));
    RC_TRY(read_branches(&list, the));
    apr_pool_create(&scratch, the->pool);
    for (i = 0; i < list->nelts; i++) {
        const branch_t *branch = &APR_ARRAY_IDX(list, i, branch_t);

        apr_pool_clear(scratch);
        RC_TRY(check_branch(&why, &parent_id, the, branch, scratch));
        if (why)
            rc_import_left(the, OF_REPO_GROUPS, branch->name, "%s", why);
        else
            RC_TRY(store_branch(the, &ids, branch, parent_id, scratch));
    }
    apr_pool_destroy(scratch);
    return rc_import_ids_end(&ids, the);
}
