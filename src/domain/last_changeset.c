// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and stores the copy of a repository's last commit (contract 02 §1.2, 05 last_changeset).
 */
#include "domain/last_changeset.h"

#include <string.h>

#include <apr_strings.h>

#include "base/time.h"

static void write_parents(rc_json_t *out, const char *const *parents)
{
    rc_json_key(out, "parents");
    rc_json_array_begin(out);
    for (; *parents; parents++) {
        rc_json_object_begin(out);
        rc_json_member_string(out, "raw_id", *parents);
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
}

void rc_changeset_write(rc_json_t *out, const rc_commit_t *commit, apr_pool_t *pool)
{
    static const char *const no_parents[] = {NULL};
    static const rc_commit_t none = {.id = "0000000000000000000000000000000000000000",
                                     .revision = -1,
                                     .message = "",
                                     .author = "",
                                     .parents = no_parents};
    const rc_commit_t *c = commit ? commit : &none;

    rc_json_member_string(out, "short_id", apr_pstrmemdup(pool, c->id, 12));
    rc_json_member_string(out, "raw_id", c->id);
    rc_json_member_int(out, "revision", c->revision);
    rc_json_member_string(out, "message", c->message);
    rc_json_member_string(out, "date",
                          commit ? rc_time_utc(c->time, pool) : rc_time_local(0, pool));
    rc_json_member_string(out, "author", c->author);
    write_parents(out, c->parents);
    rc_json_member_string(out, "branch", c->branch);
}

/* At most RC_LAST_MESSAGE_MAX bytes of @a message, whole characters. */
static const char *cut(const char *message, apr_pool_t *pool)
{
    apr_size_t len = strlen(message);

    if (len <= RC_LAST_MESSAGE_MAX)
        return message;
    for (len = RC_LAST_MESSAGE_MAX; len && (message[len] & 0xc0) == 0x80; len--)
        ;
    return apr_pstrmemdup(pool, message, len);
}

static rc_err_t *to_json(const char **json, rc_commit_t *commit, const rc_env_t *env,
                         apr_pool_t *pool)
{
    rc_spool_t *spool = rc_spool_create(env->config->temp_dir, pool);
    rc_json_t out;

    if (commit)
        commit->message = cut(commit->message, pool);
    rc_json_init(&out, spool);
    rc_json_object_begin(&out);
    rc_changeset_write(&out, commit, pool);
    rc_json_object_end(&out);
    RC_TRY(rc_json_finish(&out));
    return rc_spool_string(json, spool, pool);
}

rc_err_t *rc_model_last_read(rc_last_t *last, rc_vcs_t *vcs, const rc_env_t *env, apr_pool_t *pool)
{
    rc_commit_t *commit;

    RC_TRY(rc_vcs_state(&last->state, vcs, pool));
    RC_TRY(rc_vcs_last_commit(&commit, vcs, pool));
    return to_json(&last->json, commit, env, pool);
}

rc_err_t *rc_model_last_if_moved(rc_last_t *last, rc_vcs_t *vcs, const rc_repo_t *repo,
                                 const rc_env_t *env, apr_pool_t *pool)
{
    last->json = NULL;
    RC_TRY(rc_vcs_state(&last->state, vcs, pool));
    if (repo->last.state && !strcmp(repo->last.state, last->state))
        return NULL;
    return rc_model_last_read(last, vcs, env, pool);
}

bool rc_model_last_is_current(const rc_repo_t *repo, const rc_env_t *env, apr_pool_t *pool)
{
    const char *state =
        repo->last.state
            ? rc_vcs_known_state(repo->type, rc_env_repo_path(env, repo->name, pool), pool)
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

rc_err_t *rc_model_last_keep(rc_db_t *db, const rc_repo_t *repo, const rc_last_t *last)
{
    keeping_t keeping = {repo, last};

    return rc_db_txn_lazy(db, keep, &keeping);
}
