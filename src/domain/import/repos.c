// SPDX-License-Identifier: Apache-2.0
/*
 * Imports repositories: their rows, locks, remotes and what they are forks of.
 */
#include "import.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "domain/repo.h"

/* Columns of FROM_REPOS. */
enum {
    REPO_ID,
    REPO_NAME,
    CLONE_URI,
    REPO_TYPE,
    REPO_OWNER,
    IS_PRIVATE,
    STATISTICS,
    DOWNLOADS,
    DESCRIPTION,
    REPO_CREATED,
    REPO_UPDATED,
    LANDING_REV,
    LOCKING,
    LOCKED,
    FORK_OF,
    PUSH_URI,
    ARCHIVED
};

#define TEXT_BYTES 65536
#define ENCRYPTED  "enc$" /* begins a text that only the source can read; or enc2$ */

/* A repository of the source; the texts are in the pool of its row. */
typedef struct newcomer_t {
    const char *name, *landing_rev, *description;
    apr_int64_t owner_id, group_id;
    const rc_place_t *place;
    rc_arrival_t *item;
} newcomer_t;

/* Returns why the repository cannot come, or NULL; finds its group. */
static rc_err_t *check_newcomer(const char **why, newcomer_t *repo, rc_importing_t *the,
                                apr_pool_t *pool)
{
    const char *parent = rc_repo_name_parent(repo->name, pool);
    rc_store_found_t found = {0};

    if ((*why = rc_repo_name_problem(repo->name))) {
        *why = apr_pstrcat(pool, "the name ", *why, NULL);
        return NULL;
    }
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_REPO_GROUP, pool, repo->name));
    if (found.id) {
        *why = "a repository group has its name";
        return NULL;
    }
    if (parent)
        RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_REPO_GROUP, pool, parent));
    repo->group_id = found.id;
    repo->place = apr_hash_get(the->places, repo->name, APR_HASH_KEY_STRING);
    if (parent && !found.id)
        *why = "the group that it is in has not come";
    else if (!repo->place)
        *why = "the source changes while it is read";
    else
        *why = repo->place->type ? NULL : repo->place->why;
    return NULL;
}

/* Older versions have the revision alone. */
static const char *read_landing_rev(rc_rows_t *rows)
{
    const char *text = rc_import_short(rows, LANDING_REV, 255, rows->scratch);

    if (strchr(text, ':'))
        return text;
    return apr_pstrcat(rows->scratch, "rev:", *text ? text : "tip", NULL);
}

static rc_err_t *store_uri(rc_importing_t *the, const newcomer_t *repo, rc_rows_t *rows)
{
    const char *uri = rc_import_short(rows, CLONE_URI, TEXT_BYTES, rows->scratch);
    rc_repo_t row = {0};
    rc_blob_t sealed;
    bool changed;

    if (!*uri)
        return NULL;
    if (!strncmp(uri, ENCRYPTED, 3) && strchr(uri, '$')) {
        rc_import_note(the, OF_REPOS, repo->name, "its clone_uri is encrypted there: set it again");
        return NULL;
    }
    RC_TRY(rc_repo_set_clone_uri(&row, the->actor->env, uri, rows->scratch));
    sealed = (rc_blob_t){row.clone_uri_sealed, row.clone_uri_sealed_len};
    return rc_store_import(&changed, the->db, RC_STORE_REPO_URI, repo->item->id, row.clone_uri,
                           &sealed);
}

/* "user:time" or "user:time:reason" */
static rc_err_t *store_lock(rc_importing_t *the, const newcomer_t *repo, rc_rows_t *rows)
{
    char *text = apr_pstrdup(rows->scratch, rc_import_short(rows, LOCKED, 255, rows->scratch));
    char *when = strchr(text, ':'), *reason = when ? strchr(when + 1, ':') : NULL;
    const rc_arrival_t *user;
    apr_int64_t id;
    bool changed;

    if (!*text)
        return NULL;
    if (reason)
        *reason++ = '\0';
    if (when)
        *when++ = '\0';
    user = when && rc_text_int(&id, text) ? apr_hash_get(the->users, &id, sizeof(id)) : NULL;
    if (!user) {
        rc_import_note(the, OF_REPOS, repo->name,
                       "is not locked here: who holds the lock has not "
                       "come");
        return NULL;
    }
    return rc_store_import(&changed, the->db, RC_STORE_REPO_LOCK, repo->item->id, user->id,
                           (apr_int64_t)strtod(when, NULL), reason ? reason : "lock_auto");
}

/* What a repository has beside its row, for one that has come now. */
static rc_err_t *store_more(rc_importing_t *the, const newcomer_t *repo, rc_rows_t *rows)
{
    if (*rc_import_short(rows, PUSH_URI, TEXT_BYTES, rows->scratch))
        rc_import_note(the, OF_REPOS, repo->name,
                       "its push_uri does not come: this server pushes "
                       "nowhere");
    if (rc_import_bool(rows, ARCHIVED, false))
        rc_import_note(the, OF_REPOS, repo->name, "is archived there; here it can be written to");
    RC_TRY(store_uri(the, repo, rows));
    return store_lock(the, repo, rows);
}

static rc_err_t *take_scanned(bool *changed, rc_importing_t *the, const newcomer_t *repo,
                              rc_rows_t *rows)
{
    return rc_store_import(changed, the->db, RC_STORE_REPO_TAKE, repo->item->id, repo->owner_id,
                           (int)repo->item->private_, (int)rc_import_bool(rows, STATISTICS, false),
                           (int)rc_import_bool(rows, LOCKING, false),
                           (int)rc_import_bool(rows, DOWNLOADS, false), repo->description,
                           repo->landing_rev, rc_import_time(rows, REPO_CREATED, 0));
}

static rc_err_t *insert_newcomer(bool *changed, rc_importing_t *the, const newcomer_t *repo,
                                 rc_rows_t *rows)
{
    apr_int64_t created = rc_import_time(rows, REPO_CREATED, the->created_on);

    if (repo->place->path)
        rc_disk_txn_add(the->disk, repo->place->path,
                        rc_env_repo_path(the->actor->env, repo->name, the->pool));
    return rc_store_import(changed, the->db, RC_STORE_REPO, repo->item->id, repo->name,
                           repo->place->type, repo->group_id, repo->owner_id,
                           (int)repo->item->private_, (int)rc_import_bool(rows, STATISTICS, false),
                           (int)rc_import_bool(rows, LOCKING, false),
                           (int)rc_import_bool(rows, DOWNLOADS, false), repo->description,
                           repo->landing_rev, created, rc_import_time(rows, REPO_UPDATED, created));
}

/* Finds the owner here, or takes the first super-admin. */
static void find_repo_owner(newcomer_t *repo, rc_importing_t *the, rc_rows_t *rows)
{
    const rc_arrival_t *owner = rc_import_item(rows, REPO_OWNER, the->users);

    repo->owner_id = owner ? owner->id : the->owner_id;
    if (!owner)
        rc_import_note(the, OF_REPOS, repo->name, "its owner has not come: %s owns it", the->owner);
}

static rc_err_t *store_newcomer(rc_importing_t *the, rc_import_ids_t *ids, newcomer_t *repo,
                                rc_rows_t *rows)
{
    rc_store_found_t found;
    bool changed = false;
    rc_arrival_t *item;

    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_REPO, rows->scratch, repo->name));
    item = repo->item = rc_import_add(the, the->repos, rows, REPO_ID);
    item->name = apr_pstrdup(the->pool, repo->name);
    item->private_ = rc_import_bool(rows, IS_PRIVATE, false);
    item->parent = rc_import_int(rows, FORK_OF, 0);
    item->fresh = !found.id || found.scanned;
    item->taken = found.scanned;
    item->id = found.id ? found.id : rc_import_ids_choose(ids, item->source);
    repo->landing_rev = read_landing_rev(rows);
    repo->description = rc_import_short(rows, DESCRIPTION, TEXT_BYTES, rows->scratch);
    if (item->fresh)
        find_repo_owner(repo, the, rows);
    if (item->taken)
        RC_TRY(take_scanned(&changed, the, repo, rows));
    else if (item->fresh)
        RC_TRY(insert_newcomer(&changed, the, repo, rows));
    rc_import_count(the, OF_REPOS, changed);
    return item->fresh ? store_more(the, repo, rows) : NULL;
}

static rc_err_t *import_repo(rc_importing_t *the, rc_import_ids_t *ids, rc_rows_t *rows)
{
    newcomer_t repo = {.name = rc_import_short(rows, REPO_NAME, TEXT_BYTES, rows->scratch)};
    const char *why;

    RC_TRY(check_newcomer(&why, &repo, the, rows->scratch));
    if (!why)
        return store_newcomer(the, ids, &repo, rows);
    rc_import_left(the, OF_REPOS, repo.name, "%s", why);
    return NULL;
}

static rc_err_t *link_forks(rc_importing_t *the)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(the->pool, the->repos); at; at = apr_hash_next(at)) {
        const rc_arrival_t *repo = apr_hash_this_val(at);
        const rc_arrival_t *parent = apr_hash_get(the->repos, &repo->parent, sizeof(repo->parent));
        bool changed;

        if (!repo->fresh || !repo->parent)
            continue;
        if (!parent || parent == repo)
            rc_import_note(the, OF_REPOS, repo->name, "what it is a fork of has not come");
        else
            RC_TRY(rc_store_import(&changed, the->db, RC_STORE_REPO_FORK, repo->id, parent->id));
    }
    return NULL;
}

rc_err_t *rc_import_repos(rc_importing_t *the)
{
    rc_import_ids_t ids;
    rc_rows_t rows;

    RC_TRY(rc_import_ids_begin(&ids, the, "repo", FROM_REPOS));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_REPOS, the->pool));
    while (rc_rows_next(&rows))
        rows.err = import_repo(the, &ids, &rows);
    RC_TRY(rc_rows_end(&rows));
    RC_TRY(rc_import_ids_end(&ids, the));
    return link_forks(the);
}
