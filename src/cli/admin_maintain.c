// SPDX-License-Identifier: Apache-2.0
/*
 * rcapi-admin maintain: maintains repositories, and shows on a terminal what it does.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "domain/maintenance.h"
#include "base/text.h"
#include "store/user.h"

typedef struct maintain_t {
    rc_admin_t *admin;
    apr_int64_t reader; /* lookups require a user: the first super-admin */
    bool all, due, prune, terminal;
    apr_array_header_t *names; /* of const char * */
    const char *name;
    int at, failed;
} maintain_t;

static void show(void *baton, const char *action)
{
    const maintain_t *the = baton;

    if (the->terminal)
        fprintf(stderr, "\r\033[K%d of %d  %s: %s", the->at, the->names->nelts, the->name, action);
}

static void clear_line(const maintain_t *the)
{
    if (the->terminal)
        fputs("\r\033[K", stderr);
}

static bool can_be_maintained(const rc_repo_t *repo)
{
    const rc_capabilities_t *can = rc_vcs_capabilities(repo->type);

    return !can || can->maintenance; /* an unknown type is reported */
}

static rc_err_t *maintain(maintain_t *the, apr_pool_t *pool)
{
    rc_maintenance_t request = {.prune_now = the->prune, .progress = show, .baton = the};
    apr_array_header_t *actions;
    rc_actor_t actor;
    rc_repo_t *repo;
    bool needed = true;
    int i;

    rc_actor_local(&actor, the->admin->env, pool);
    RC_TRY(rc_actor_open(&actor));
    RC_TRY(rc_store_repo_by_name(&repo, actor.db, rc_viewer_user(the->reader), the->name, pool));
    if (!repo)
        return rc_err_failed(pool, "repository `%s` does not exist", the->name);
    if (the->all && !can_be_maintained(repo))
        return NULL;
    if (the->due)
        RC_TRY(rc_vcs_needs_maintenance(&needed, repo->type,
                                        rc_env_repo_path(actor.env, repo->name, pool), pool));
    if (!needed)
        return NULL;
    request.repo = repo;
    RC_TRY(rc_repo_maintain(&actions, &actor, &request));
    clear_line(the);
    for (i = 0; i < actions->nelts; i++)
        printf("%s: %s\n", the->name, APR_ARRAY_IDX(actions, i, const char *));
    return NULL;
}

/* Reports an error, which need not name the repository. Texts of git end with a new line. */
static void report(const maintain_t *the, const rc_err_t *err, apr_pool_t *pool)
{
    const char *text = err->msg ? err->msg : rc_err_log_text(err, pool);
    size_t len = strlen(text);

    while (len && text[len - 1] == '\n')
        len--;
    rc_admin_fail(RC_ADMIN_FAILED, "%s: %.*s", the->name, (int)len, text);
}

static void maintain_all(maintain_t *the)
{
    apr_pool_t *pool;
    rc_err_t *err;

    apr_pool_create(&pool, the->admin->pool);
    for (the->at = 1; the->at <= the->names->nelts; the->at++) {
        the->name = APR_ARRAY_IDX(the->names, the->at - 1, const char *);
        if ((err = maintain(the, pool))) {
            clear_line(the);
            report(the, err, pool);
            the->failed++;
        }
        fflush(stdout);
        apr_pool_clear(pool); /* releases the locks */
    }
    clear_line(the);
}

static rc_err_t *add_repo_name(void *baton, const rc_repo_t *repo, apr_pool_t *scratch)
{
    maintain_t *the = baton;

    (void)scratch;
    APR_ARRAY_PUSH(the->names, const char *) = apr_pstrdup(the->admin->pool, repo->name);
    return NULL;
}

static rc_err_t *find_repos(maintain_t *the)
{
    rc_admin_t *admin = the->admin;
    rc_user_t *reader;
    const char *word;

    RC_TRY(rc_store_first_admin(&reader, admin->actor.db, admin->pool));
    if (!reader)
        return rc_err_failed(admin->pool, "there is no active super-admin");
    the->reader = reader->id;
    while ((word = rc_admin_word(admin)))
        APR_ARRAY_PUSH(the->names, const char *) = rc_text_clean_path(word, admin->pool);
    return the->all ? rc_store_repos_each(admin->actor.db, rc_viewer_user(reader->id), NULL, false,
                                          add_repo_name, the, admin->pool)
                    : NULL;
}

int rc_admin_maintain(rc_admin_t *admin)
{
    maintain_t the = {.admin = admin, .terminal = isatty(STDERR_FILENO)};
    rc_err_t *err;

    the.all = rc_admin_flag(admin, "--all");
    the.due = rc_admin_flag(admin, "--due");
    the.prune = rc_admin_flag(admin, "--prune");
    the.names = apr_array_make(admin->pool, 16, sizeof(const char *));
    if (admin->words->nelts && *APR_ARRAY_IDX(admin->words, 0, const char *) == '-')
        return rc_admin_end(admin) ? RC_ADMIN_OK : RC_ADMIN_USAGE;
    if (!the.all == !admin->words->nelts)
        return rc_admin_fail(RC_ADMIN_USAGE, "maintain requires repositories, or --all");
    if ((err = find_repos(&the)))
        return rc_admin_result(admin, err);
    maintain_all(&the);
    return the.failed ? RC_ADMIN_FAILED : RC_ADMIN_OK;
}
