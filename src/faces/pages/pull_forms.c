// SPDX-License-Identifier: Apache-2.0
/*
 * What the forms of pull requests do: create one, change it, comment and vote, close, merge. They
 * lead to its page.
 */
#include "account.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "domain/identify.h"
#include "domain/pull_request.h"

#define NO_SUCH "There is no such pull request."
#define CHANGED                                                                                    \
    "The pull request offers other commits since this page was made. Go back, load the page "      \
    "again, and look at them."

/* Who acts on which pull request; read before the use case begins, and again in its transaction. */
typedef struct acting_t {
    rc_page_account_call_t *account;
    rc_pull_act_t *act;
    apr_int64_t id;
    const apr_array_header_t **reviewers; /* receives those that the form names; NULL: nothing */
    const char *seen;                     /* the source's commit must be this one; NULL: any */
    rc_err_t *(*renew)(void *baton);      /* of the session */
    void *baton;
} acting_t;

/* Returns a reviewer to be; who is one already keeps what is known of them. */
static rc_pull_invited_t invited(const rc_user_t *user, const rc_pull_request_t *pull)
{
    int i;

    for (i = 0; pull && i < pull->reviewers->nelts; i++) {
        const rc_pull_reviewer_t *row = &APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t);

        if (row->person.user->id == user->id)
            return (rc_pull_invited_t){user, row->reasons, row->mandatory};
    }
    return (rc_pull_invited_t){user, "", false};
}

/* The names of reviewers that a form holds, while they are read. */
typedef struct naming_t {
    rc_actor_t *actor;
    const rc_pull_request_t *pull; /* NULL: a new one */
    apr_array_header_t *list;      /* rc_pull_invited_t */
    int count;                     /* names */
} naming_t;

static rc_err_t *take_reviewer(bool *found, naming_t *naming, const char *name)
{
    rc_actor_t *actor = naming->actor;
    rc_user_t *user;

    RC_TRY(rc_store_user_by_name(&user, actor->db, name, actor->pool));
    *found = user && strcmp(user->username, RC_DEFAULT_USER); /* who could never vote */
    if (!*found)
        return NULL;
    if (naming->count++ == RC_PULL_REVIEWERS_MOST)
        return rc_err(actor->pool, RC_E_ARG, "a pull request has at most %d reviewers",
                      RC_PULL_REVIEWERS_MOST);
    if (!rc_pull_is_invited(naming->list, user))
        APR_ARRAY_PUSH(naming->list, rc_pull_invited_t) = invited(user, naming->pull);
    return NULL;
}

/* A line is one name, which can hold blanks and commas, or several with these in between. */
static rc_err_t *take_reviewers(naming_t *naming, char *line)
{
    bool found;
    char *state;

    RC_TRY(take_reviewer(&found, naming, line));
    if (found)
        return NULL;
    for (line = apr_strtok(line, ", \t", &state); line; line = apr_strtok(NULL, ", \t", &state)) {
        RC_TRY(take_reviewer(&found, naming, line));
        if (!found)
            return rc_err(naming->actor->pool, RC_E_ARG, "user `%s` does not exist", line);
    }
    return NULL;
}

/* Reads the reviewers that the form names. @a pull: NULL for a new one. */
static rc_err_t *load_reviewers(const apr_array_header_t **out,
                                const rc_page_account_call_t *account,
                                const rc_pull_request_t *pull)
{
    rc_actor_t *actor = &account->call->actor;
    naming_t naming = {actor, pull, apr_array_make(actor->pool, 4, sizeof(rc_pull_invited_t)), 0};
    char *state, *line = apr_pstrdup(actor->pool, rc_page_field(account, "reviewers"));

    *out = naming.list;
    for (line = apr_strtok(line, "\r\n", &state); line; line = apr_strtok(NULL, "\r\n", &state))
        RC_TRY(take_reviewers(&naming, line));
    return NULL;
}

static rc_err_t *load_acting(rc_actor_t *actor, void *baton)
{
    acting_t *acting = baton;
    rc_pull_request_t *pull;
    rc_user_t *user;

    RC_TRY(rc_pull_find(&pull, actor, acting->id));
    RC_TRY(rc_store_user_by_id(&user, actor->db, actor->caller->user_id, actor->pool));
    if (!pull || !user)
        return rc_err(actor->pool, RC_E_NOTFOUND, NO_SUCH);
    if (acting->seen && strcmp(acting->seen, pull->source.id))
        return rc_err(actor->pool, RC_E_ARG, CHANGED);
    acting->act->pull = pull;
    acting->act->user = user;
    return acting->reviewers ? load_reviewers(acting->reviewers, acting->account, pull) : NULL;
}

static rc_err_t *renew_acting(void *baton)
{
    acting_t *acting = baton;

    RC_TRY(acting->renew(acting->baton));
    return load_acting(&acting->account->call->actor, acting);
}

/* Turns the errors of a client into a refusal that says what is wrong. */
static rc_err_t *explain(rc_err_t *err, rc_page_account_call_t *account)
{
    const char *why = err ? rc_err_log_text(err, account->request->pool) : NULL;

    if (!err)
        return NULL;
    switch (err->kind) {
    case RC_E_NOTFOUND:
        return rc_answer_refuse(account->answer, 404, NO_SUCH, why);
    case RC_E_FORBIDDEN:
        return rc_answer_refuse(account->answer, 403, NULL, why);
    case RC_E_ARG:
        return rc_answer_refuse(account->answer, 400, err->msg, why);
    case RC_E_FAILED:
        return rc_answer_refuse(account->answer, 400, "The server does not accept this.", why);
    default:
        return err;
    }
}

/* Reads the form's pull request into @a act, and its names into acting->reviewers. */
static rc_err_t *begin_acting(acting_t *acting, rc_page_account_call_t *account, rc_pull_act_t *act)
{
    rc_actor_t *actor = &account->call->actor;

    acting->account = account;
    acting->act = act;
    acting->renew = actor->renew;
    acting->baton = actor->baton;
    act->sent = rc_page_field(account, "pull_request_id");
    RC_TRY(rc_actor_open(actor));
    if (!rc_text_digits(act->sent) || !rc_text_int(&acting->id, act->sent))
        return rc_err(actor->pool, RC_E_NOTFOUND, NO_SUCH);
    RC_TRY(rc_actor_read(actor, load_acting, acting));
    actor->renew = renew_acting;
    actor->baton = acting;
    return NULL;
}

static rc_err_t *go_back(rc_page_account_call_t *account, const rc_pull_request_t *pull,
                         const char *anchor)
{
    apr_pool_t *pool = account->request->pool;

    return rc_page_redirect(account, apr_psprintf(pool, "%s/%s/pull-request/%" APR_INT64_T_FMT "%s",
                                                  rc_page_base(account->request, pool),
                                                  rc_page_escape(pull->target.repo, true, pool),
                                                  pull->id, anchor));
}

/* Returns a field that may be left out. */
static const char *given(const rc_page_account_call_t *account, const char *name)
{
    const char *value = rc_page_field(account, name);

    return *value ? value : NULL;
}

/* Returns a text of lines: browsers end each by CR and LF. */
static const char *text_given(const rc_page_account_call_t *account, const char *name)
{
    char *text = apr_pstrdup(account->request->pool, rc_page_field(account, name)), *to = text;
    const char *from;

    for (from = text; *from; from++)
        if (*from != '\r' || from[1] != '\n')
            *to++ = *from;
    *to = '\0';
    return text;
}

/* Returns the commit of the source that the page has shown: who votes or merges says that it is
 * good, and must have seen it. */
static const char *seen_commit(const rc_page_account_call_t *account)
{
    return given(account, "source_id");
}

/* Returns the line of a comment: a number alone is that of a new one. */
static const char *line_of(const rc_page_account_call_t *account)
{
    const char *line = given(account, "line_no");

    return line && rc_text_digits(line) ? apr_pstrcat(account->request->pool, "n", line, NULL)
                                        : line;
}

rc_err_t *rc_page_pull_comment(rc_page_account_call_t *account)
{
    rc_pull_commenting_t request = {.message = text_given(account, "message"),
                                    .vote = rc_page_field(account, "status"),
                                    .f_path = given(account, "f_path"),
                                    .line_no = line_of(account)};
    acting_t acting = {.seen = *request.vote ? seen_commit(account) : NULL};
    apr_int64_t id;
    bool voted;
    rc_err_t *err = begin_acting(&acting, account, &request.act);

    if (!err)
        err = rc_pull_comment(&id, &voted, &account->call->actor, &request);
    return err ? explain(err, account) : go_back(account, request.act.pull, "#comments");
}

static rc_err_t *update_pull(rc_page_account_call_t *account, rc_pull_update_t *request,
                             acting_t *acting)
{
    rc_pull_updated_t updated;
    rc_err_t *err = begin_acting(acting, account, &request->act);

    if (!err)
        err = rc_pull_update(&updated, &account->call->actor, request);
    return err ? explain(err, account) : go_back(account, request->act.pull, "");
}

/* An empty title would leave nothing to click on: it stays. */
rc_err_t *rc_page_pull_update(rc_page_account_call_t *account)
{
    rc_pull_update_t request = {.title = given(account, "title"),
                                .description = text_given(account, "description")};
    acting_t acting = {.reviewers = &request.reviewers};

    return update_pull(account, &request, &acting);
}

rc_err_t *rc_page_pull_commits_now(rc_page_account_call_t *account)
{
    rc_pull_update_t request = {.commits = true};
    acting_t acting = {.reviewers = NULL};

    return update_pull(account, &request, &acting);
}

rc_err_t *rc_page_pull_close(rc_page_account_call_t *account)
{
    rc_pull_closing_t request = {.message = text_given(account, "message")};
    acting_t acting = {.reviewers = NULL};
    rc_err_t *err = begin_acting(&acting, account, &request.act);

    if (!err)
        err = rc_pull_close(&account->call->actor, &request);
    return err ? explain(err, account) : go_back(account, request.act.pull, "");
}

/* Tells why it cannot be merged. */
static rc_err_t *refuse_merge(rc_page_account_call_t *account, const rc_pull_request_t *pull)
{
    rc_mergeable_t mergeable;

    RC_TRY(rc_pull_mergeable(&mergeable, &account->call->actor, pull));
    return rc_answer_refuse(account->answer, 409,
                            mergeable.possible ? "Try again in a moment." : mergeable.message,
                            "the merge was not possible");
}

rc_err_t *rc_page_pull_merge(rc_page_account_call_t *account)
{
    rc_pull_merged_t merged;
    rc_pull_act_t act;
    acting_t acting = {.seen = seen_commit(account)};
    rc_err_t *err = begin_acting(&acting, account, &act);

    if (!err)
        err = rc_pull_merge(&merged, &account->call->actor, &act);
    if (err)
        return explain(err, account);
    return merged.executed ? go_back(account, act.pull, "") : refuse_merge(account, act.pull);
}

/* --- a new one --- */

#define NO_REPO "There is no such repository."

/* What is offered to whom; read before the use case begins, and again in its transactions. */
typedef struct creating_t {
    rc_page_account_call_t *account;
    rc_pull_creation_t creation;
    rc_err_t *(*renew)(void *baton); /* of the session */
    void *baton;
} creating_t;

static rc_err_t *load_repo(const rc_repo_t **out, rc_actor_t *actor, const char *name)
{
    rc_repo_t *repo;

    RC_TRY(rc_store_repo_by_name(&repo, actor->db, rc_caller_viewer(actor->caller), name,
                                 actor->pool));
    if (!repo || repo->level < RC_READ)
        return rc_err(actor->pool, RC_E_NOTFOUND, NO_REPO);
    *out = repo;
    return NULL;
}

static rc_err_t *load_creating(rc_actor_t *actor, void *baton)
{
    creating_t *creating = baton;
    rc_user_t *user;

    RC_TRY(load_repo(&creating->creation.source, actor,
                     rc_page_field(creating->account, "source_repo")));
    RC_TRY(load_repo(&creating->creation.target, actor,
                     rc_page_field(creating->account, "target_repo")));
    RC_TRY(rc_store_user_by_id(&user, actor->db, actor->caller->user_id, actor->pool));
    creating->creation.author = user;
    return user ? load_reviewers(&creating->creation.reviewers, creating->account, NULL)
                : rc_err(actor->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
}

static rc_err_t *renew_creating(void *baton)
{
    creating_t *creating = baton;

    RC_TRY(creating->renew(creating->baton));
    return load_creating(&creating->account->call->actor, creating);
}

/* Returns "type:name": a name alone is a branch. */
static const char *reference(const rc_page_account_call_t *account, const char *field)
{
    const char *text = rc_page_field(account, field);

    return strchr(text, ':') ? text : apr_pstrcat(account->request->pool, "branch:", text, NULL);
}

static rc_err_t *create(rc_pull_request_t *pull, creating_t *creating)
{
    rc_actor_t *actor = &creating->account->call->actor;

    creating->renew = actor->renew;
    creating->baton = actor->baton;
    RC_TRY(rc_actor_open(actor));
    RC_TRY(rc_actor_read(actor, load_creating, creating));
    actor->renew = renew_creating;
    actor->baton = creating;
    RC_TRY(rc_pull_offer(pull, actor, &creating->creation));
    return rc_pull_create(pull, actor, &creating->creation);
}

rc_err_t *rc_page_pull_new(rc_page_account_call_t *account)
{
    creating_t creating = {.account = account,
                           .creation = {.source_ref = reference(account, "source"),
                                        .target_ref = reference(account, "target"),
                                        .title = rc_page_field(account, "title"),
                                        .description = text_given(account, "description")}};
    rc_pull_request_t pull;
    rc_err_t *err = create(&pull, &creating);

    if (err && err->kind == RC_E_NOTFOUND)
        return rc_answer_refuse(account->answer, 404, NO_REPO, NULL);
    return err ? explain(err, account) : go_back(account, &pull, "");
}
