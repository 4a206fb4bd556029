// SPDX-License-Identifier: Apache-2.0
/*
 * Imports the permissions on repositories, repository groups and user groups. A source that
 * combines the rows of a user and of their groups otherwise gets rows that lead to the same levels
 * here (contract 01 §4): a row that would lower a level there is raised to it.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/user.h"
#include "store/permission.h"

/* Columns of the tables, which differ in their order only. */
enum { ROW_ID, ROW_OBJECT, ROW_HOLDER, ROW_PERMISSION };

/* A kind of objects. */
typedef struct sort_t {
    rc_kind_t kind;
    rc_import_table_t users, groups; /* the tables of the rows */
    rc_store_import_t store_user, store_everyone, store_group;
    apr_size_t items; /* offset of the hash in rc_importing_t */
} sort_t;

#define ITEMS(member) APR_OFFSETOF(rc_importing_t, member)

static const sort_t sorts[] = {
    {RC_KIND_REPO, FROM_REPO_USER, FROM_REPO_USER_GROUP, RC_STORE_REPO_USER, RC_STORE_REPO_EVERYONE,
     RC_STORE_REPO_USER_GROUP, ITEMS(repos)},
    {RC_KIND_REPO_GROUP, FROM_REPO_GROUP_USER, FROM_REPO_GROUP_USER_GROUP, RC_STORE_REPO_GROUP_USER,
     RC_STORE_REPO_GROUP_EVERYONE, RC_STORE_REPO_GROUP_USER_GROUP, ITEMS(repo_groups)},
    {RC_KIND_USER_GROUP, FROM_USER_GROUP_USER, FROM_USER_GROUP_USER_GROUP, RC_STORE_USER_GROUP_USER,
     RC_STORE_USER_GROUP_USER, RC_STORE_USER_GROUP_USER_GROUP, ITEMS(user_groups)},
};

/* The work on one kind. */
typedef struct grants_t {
    rc_importing_t *the;
    const sort_t *sort;
    apr_hash_t *objects;
    apr_hash_t *group_levels; /* pair of ids: the level of a user group on an object */
    apr_hash_t *unknown;      /* names of permissions that were reported */
} grants_t;

typedef struct pair_t {
    apr_int64_t object, holder; /* of the source */
} pair_t;

/* One row: object, holder and level; false when it leads to nothing here. */
typedef struct grant_t {
    rc_arrival_t *object, *holder;
    rc_level_t level;
} grant_t;

static int max_of(int a, int b)
{
    return a > b ? a : b;
}

/* Reads a row; returns false, perhaps after a report, when it cannot come. */
static bool read_grant(grant_t *grant, grants_t *grants, apr_hash_t *holders, rc_rows_t *rows)
{
    apr_int64_t id = rc_import_int(rows, ROW_PERMISSION, 0);
    const char *name = apr_hash_get(grants->the->permissions, &id, sizeof(id));

    grant->object = rc_import_item(rows, ROW_OBJECT, grants->objects);
    grant->holder = rc_import_item(rows, ROW_HOLDER, holders);
    if (!grant->object || !grant->holder)
        return false;
    if (name && rc_permission_level(&grant->level, grants->sort->kind, name))
        return true;
    name = name ? name : "(missing)";
    if (!apr_hash_get(grants->unknown, name, APR_HASH_KEY_STRING))
        rc_import_left(grants->the, OF_PERMISSIONS, name, "is unknown here");
    apr_hash_set(grants->unknown, name, APR_HASH_KEY_STRING, "");
    return false;
}

static rc_err_t *store_grant(grants_t *grants, rc_store_import_t what, const grant_t *grant)
{
    bool changed;

    RC_TRY(rc_store_import(&changed, grants->the->db, what, grant->object->id, grant->holder->id,
                           (int)grant->level));
    rc_import_count(grants->the, OF_PERMISSIONS, changed);
    return NULL;
}

/* --- three passes: the default user, groups, users --- */

/* Old versions know no permissions on groups: everybody reads them, as after an upgrade there. */
static rc_err_t *open_all(grants_t *grants)
{
    grant_t grant = {NULL, grants->the->anyone, RC_READ};
    apr_hash_index_t *at;

    for (at = apr_hash_first(grants->the->pool, grants->objects); at; at = apr_hash_next(at)) {
        grant.object = apr_hash_this_val(at);
        if (grant.object->fresh)
            RC_TRY(store_grant(grants, grants->sort->store_user, &grant));
    }
    return NULL;
}

/* What a scan has granted is replaced by what the source grants. */
static rc_err_t *store_everyone(grants_t *grants, const grant_t *grant)
{
    bool changed = false;

    if (grant->object->taken)
        RC_TRY(rc_store_import(&changed, grants->the->db, grants->sort->store_everyone,
                               grant->object->id, grant->holder->id, (int)grant->level));
    if (!changed)
        return store_grant(grants, grants->sort->store_user, grant);
    rc_import_count(grants->the, OF_PERMISSIONS, true);
    return NULL;
}

static rc_err_t *store_everyones(grants_t *grants)
{
    rc_importing_t *the = grants->the;
    grant_t grant;
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, grants->sort->users, the->pool));
    while (rc_rows_next(&rows)) {
        if (rc_import_item(&rows, ROW_HOLDER, the->users) != the->anyone ||
            !read_grant(&grant, grants, the->users, &rows))
            continue;
        grant.object->everyone = (int)grant.level;
        rows.err = store_everyone(grants, &grant);
    }
    return rc_rows_end(&rows);
}

/* The level that everybody has on an object without any row. */
static int base_level(const rc_arrival_t *object)
{
    return object->private_ ? RC_NONE : max_of(object->everyone, RC_NONE);
}

static void remember_group(grants_t *grants, const grant_t *grant)
{
    pair_t *pair = apr_pcalloc(grants->the->pool, sizeof(*pair));
    rc_level_t *level = apr_palloc(grants->the->pool, sizeof(*level));

    *pair = (pair_t){grant->object->source, grant->holder->source};
    *level = grant->level;
    apr_hash_set(grants->group_levels, pair, sizeof(*pair), level);
}

static rc_err_t *store_groups(grants_t *grants)
{
    rc_importing_t *the = grants->the;
    grant_t grant;
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, grants->sort->groups, the->pool));
    while (rc_rows_next(&rows)) {
        if (!read_grant(&grant, grants, the->user_groups, &rows))
            continue;
        if (grants->sort->kind == RC_KIND_USER_GROUP && grant.object == grant.holder) {
            rc_import_left(the, OF_PERMISSIONS, grant.object->name,
                           "a user group has no permission on itself");
            continue;
        }
        if (the->rule != RULE_EXPLICIT)
            grant.level = (rc_level_t)max_of((int)grant.level, base_level(grant.object));
        remember_group(grants, &grant);
        rows.err = store_grant(grants, grants->sort->store_group, &grant);
    }
    return rc_rows_end(&rows);
}

/* The level that the row of a user has to have here. */
static rc_level_t raised(const grants_t *grants, const grant_t *grant)
{
    int i, level = (int)grant->level;

    if (grants->the->rule == RULE_EXPLICIT)
        return grant->level;
    if (grants->the->rule == RULE_HIGHEST)
        level = max_of(level, base_level(grant->object));
    for (i = 0; i < grant->holder->groups->nelts; i++) {
        const rc_arrival_t *group = APR_ARRAY_IDX(grant->holder->groups, i, rc_arrival_t *);
        const pair_t pair = {grant->object->source, group->source};
        const rc_level_t *of_group = apr_hash_get(grants->group_levels, &pair, sizeof(pair));

        if (of_group && group->active)
            level = max_of(level, (int)*of_group);
    }
    return (rc_level_t)level;
}

static rc_err_t *store_users(grants_t *grants)
{
    rc_importing_t *the = grants->the;
    grant_t grant;
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, grants->sort->users, the->pool));
    while (rc_rows_next(&rows)) {
        if (rc_import_item(&rows, ROW_HOLDER, the->users) == the->anyone ||
            !read_grant(&grant, grants, the->users, &rows))
            continue;
        grant.level = raised(grants, &grant);
        rows.err = store_grant(grants, grants->sort->store_user, &grant);
    }
    return rc_rows_end(&rows);
}

static rc_err_t *report_branches(rc_importing_t *the, rc_import_table_t from)
{
    const rc_arrival_t *repo;
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, from, the->pool));
    while (rc_rows_next(&rows))
        if ((repo = rc_import_item(&rows, ROW_OBJECT, the->repos)))
            rc_import_left(the, OF_PERMISSIONS, repo->name,
                           "a permission on branches: this server has none");
    return rc_rows_end(&rows);
}

rc_err_t *rc_import_permissions(rc_importing_t *the)
{
    apr_size_t i;

    for (i = 0; i < sizeof(sorts) / sizeof(*sorts); i++) {
        grants_t grants = {the, &sorts[i], NULL, apr_hash_make(the->pool),
                           apr_hash_make(the->pool)};

        memcpy(&grants.objects, (const char *)the + sorts[i].items, sizeof(grants.objects));
        if (!rc_foreign_has(the->source, sorts[i].users, -1))
            RC_TRY(open_all(&grants));
        RC_TRY(store_everyones(&grants));
        RC_TRY(store_groups(&grants));
        RC_TRY(store_users(&grants));
    }
    RC_TRY(report_branches(the, FROM_BRANCH_USER));
    return report_branches(the, FROM_BRANCH_USER_GROUP);
}
