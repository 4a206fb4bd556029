// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and stores the copy of a repository's last commit (contract 02 §1.2, 05 last_changeset).
 */
#include "domain/last_changeset.h"

#include <string.h>

#include <apr_strings.h>

/* Splits "id id" into a list that ends with NULL. */
static const char *const *split(const char *ids, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 3, sizeof(char *));
    apr_size_t len;

    for (; *ids; ids += len + (ids[len] == ' ')) {
        len = strcspn(ids, " ");
        APR_ARRAY_PUSH(list, const char *) = apr_pstrmemdup(pool, ids, len);
    }
    APR_ARRAY_PUSH(list, const char *) = NULL;
    return (const char *const *)list->elts;
}

static const char *join(const char *const *ids, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 3, sizeof(char *));

    for (; *ids; ids++)
        APR_ARRAY_PUSH(list, const char *) = *ids;
    return apr_array_pstrcat(pool, list, ' ');
}

const rc_commit_t *rc_last_commit(const rc_last_t *last, apr_pool_t *pool)
{
    rc_commit_t *commit;

    if (!last->id)
        return NULL;
    commit = apr_pcalloc(pool, sizeof(*commit));
    commit->id = last->id;
    commit->revision = last->index;
    commit->message = last->message;
    commit->author = last->author;
    commit->time = last->time;
    commit->parents = split(last->parents, pool);
    commit->branch = last->branch;
    return commit;
}

/* Cuts @a message to RC_LAST_MESSAGE_MAX bytes, at the end of a character. */
static const char *cut_message(const char *message, apr_pool_t *pool)
{
    apr_size_t len = strlen(message);

    if (len <= RC_LAST_MESSAGE_MAX)
        return message;
    for (len = RC_LAST_MESSAGE_MAX; len && (message[len] & 0xc0) == 0x80; len--)
        ;
    return apr_pstrmemdup(pool, message, len);
}

rc_err_t *rc_last_read(rc_last_t *last, rc_vcs_t *vcs, apr_pool_t *pool)
{
    rc_commit_t *commit;

    *last = (rc_last_t){NULL};
    RC_TRY(rc_vcs_state(&last->state, vcs, pool));
    RC_TRY(rc_vcs_last_commit(&commit, vcs, pool));
    if (!commit)
        return NULL;
    last->id = commit->id;
    last->index = commit->revision;
    last->message = cut_message(commit->message, pool);
    last->author = commit->author;
    last->time = commit->time;
    last->parents = join(commit->parents, pool);
    last->branch = commit->branch;
    return NULL;
}

rc_err_t *rc_last_if_moved(rc_last_t *last, rc_vcs_t *vcs, const rc_repo_t *repo, apr_pool_t *pool)
{
    const char *state;

    *last = (rc_last_t){NULL};
    RC_TRY(rc_vcs_state(&state, vcs, pool));
    if (repo->last.state && !strcmp(repo->last.state, state))
        return NULL;
    return rc_last_read(last, vcs, pool);
}

bool rc_last_is_current(const rc_repo_t *repo, const rc_env_t *env, apr_pool_t *pool)
{
    const char *state =
        repo->last.state ? rc_vcs_known_state(repo->type, rc_env_repo_path(env, repo->name, pool),
                                              repo->last.state, pool)
                         : NULL;

    return state && !strcmp(state, repo->last.state);
}

typedef struct keeping_t {
    const rc_repo_t *repo;
    const rc_last_t *last;
} keeping_t;

static rc_err_t *keep(void *baton, rc_db_t *db)
{
    const keeping_t *keeping = baton;

    return rc_store_repo_replace_last(db, keeping->repo, keeping->last);
}

rc_err_t *rc_last_keep(rc_db_t *db, const rc_repo_t *repo, const rc_last_t *last)
{
    keeping_t keeping = {repo, last};

    return rc_db_txn_lazy(db, keep, &keeping);
}

rc_err_t *rc_last_refresh(const rc_repo_t *repo, const rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    rc_last_t last;
    rc_vcs_t *vcs;

    RC_TRY(
        rc_vcs_open(&vcs, NULL, repo->type, rc_env_repo_path(env, repo->name, pool), NULL, pool));
    RC_TRY(rc_last_if_moved(&last, vcs, repo, pool));
    return last.state ? rc_last_keep(db, repo, &last) : NULL;
}
