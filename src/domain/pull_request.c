// SPDX-License-Identifier: Apache-2.0
/*
 * Finds pull requests, counts their votes and comments on them (contract 09 §2, §3).
 */
#include "pull_request.h"

#include "comment.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "store/rule.h"

/* --- reading --- */

rc_err_t *rc_pull_find(rc_pull_request_t **out, rc_actor_t *actor, apr_int64_t id)
{
    RC_TRY(rc_store_pull_request(out, actor->db, rc_caller_viewer(actor->caller), id, actor->pool));
    if (*out && (*out)->level < RC_READ)
        *out = NULL;
    return NULL;
}

const char *rc_pull_review_status(const rc_pull_request_t *pull)
{
    const char *all = NULL;
    int i;

    for (i = 0; i < pull->reviewers->nelts; i++) {
        const char *vote = APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t).vote;

        if (!vote || (all && strcmp(vote, all)))
            return "under_review";
        all = vote;
    }
    return all && (!strcmp(all, "approved") || !strcmp(all, "rejected")) ? all : "under_review";
}

bool rc_pull_is_reviewer(const rc_pull_request_t *pull, apr_int64_t user_id)
{
    int i;

    for (i = 0; i < pull->reviewers->nelts; i++)
        if (APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t).person.user->id == user_id)
            return true;
    return false;
}

const char *rc_review_label(const char *status)
{
    static const char *const labels[][2] = {{"not_reviewed", "Not Reviewed"},
                                            {"approved", "Approved"},
                                            {"rejected", "Rejected"},
                                            {"under_review", "Under Review"}};
    apr_size_t i;

    for (i = 0; i < sizeof(labels) / sizeof(*labels); i++)
        if (!strcmp(labels[i][0], status))
            return labels[i][1];
    return NULL;
}

rc_err_t *rc_pull_target(rc_repo_t **target, const rc_actor_t *actor, const rc_pull_request_t *pull)
{
    RC_TRY(rc_store_repo_by_id(target, actor->db, rc_caller_viewer(actor->caller),
                               pull->target.repo_id, actor->pool));
    return *target ? NULL : rc_err_failed(actor->pool, "the target was deleted meanwhile");
}

/* --- references --- */

const char *rc_pull_ref_kind(const char *type)
{
    return strcmp(type, "book") ? type : "bookmark";
}

rc_err_t *rc_pull_ref(const char **id, rc_vcs_t *vcs, const char *type, const char *name,
                      apr_pool_t *pool)
{
    const char *kind = rc_pull_ref_kind(type);

    *id = NULL;
    if (strcmp(kind, "branch") && strcmp(kind, "bookmark"))
        return NULL;
    return rc_vcs_ref(id, vcs, strcmp(kind, "branch") ? RC_BOOKMARKS : RC_BRANCHES, name, pool);
}

rc_err_t *rc_pull_offered(rc_offered_t *offered, const char *type, const rc_offer_t *offer,
                          apr_pool_t *pool)
{
    rc_err_t *err = rc_vcs_offered(offered, type, offer, pool);

    return err && err->kind == RC_E_LIMIT ? rc_err(pool, RC_E_ARG, "%s", err->msg) : err;
}

/* --- rights --- */

rc_err_t *rc_pull_level(rc_level_t *level, const rc_actor_t *actor, const rc_pull_act_t *act)
{
    *level = act->pull->level;
    RC_TRY(rc_actor_require_name(actor));
    if (act->user->id == actor->caller->user_id)
        return NULL;
    RC_TRY(rc_actor_require(actor, act->pull->level, RC_ADMIN));
    return rc_rule_level(level, actor->db, RC_KIND_REPO, rc_viewer_user(act->user->id),
                         act->pull->target.repo_id);
}

bool rc_pull_may_change(const rc_pull_act_t *act, rc_level_t level)
{
    return level >= RC_WRITE || (level >= RC_READ && act->user->id == act->pull->author.user->id);
}

/* --- what all changes add --- */

rc_err_t *rc_pull_say(apr_int64_t *id, rc_actor_t *actor, const rc_pull_act_t *act,
                      const char *message, const char *vote)
{
    const rc_pull_comment_t comment = {.user_id = act->user->id, .message = message, .vote = vote};

    RC_TRY(rc_store_pull_comment_insert(id, actor->db, act->pull, &comment));
    return vote ? rc_store_pull_set_status(actor->db, act->pull, act->user->id, *id, vote, false)
                : NULL;
}

rc_err_t *rc_pull_journal(rc_actor_t *actor, const rc_pull_request_t *pull, const char *action)
{
    rc_repo_t target = {.id = pull->target.repo_id, .name = pull->target.repo};

    return rc_actor_journal(actor, &target, action,
                            apr_psprintf(actor->pool, "%" APR_INT64_T_FMT, pull->id));
}

rc_err_t *rc_pull_busy(const rc_actor_t *actor, const char *name)
{
    return rc_err(actor->pool, RC_E_BUSY, "Repository `%s` is being changed; try again in a moment",
                  name);
}

/* --- comment --- */

#define PATH_MOST 4096 /* bytes */
#define LINE_MOST 10   /* characters */

typedef struct saying_t {
    const rc_pull_commenting_t *request;
    apr_int64_t id;
    bool voted;
} saying_t;

static bool says_nothing(const char *text)
{
    return !text || !*text;
}

/* The comment that is resolved, and the commit, must be of this pull request. */
static rc_err_t *check_links(const rc_actor_t *actor, const rc_pull_commenting_t *request)
{
    const rc_pull_request_t *pull = request->act.pull;
    const rc_comment_place_t place = {.pull_request_id = pull->id};
    bool found = !request->commit_id;
    int i;

    for (i = 0; !found && i < pull->commits->nelts; i++)
        found = !strcmp(APR_ARRAY_IDX(pull->commits, i, const char *), request->commit_id);
    if (!found)
        return rc_err(actor->pool, RC_E_ARG, "Invalid commit_id `%s` for this pull request.",
                      request->commit_id);
    return rc_comment_check_resolved(actor, request->resolves_id, &place);
}

/* The path of a file, as repositories have them. */
static bool is_path(const char *path)
{
    apr_size_t len;

    if (strlen(path) > PATH_MOST)
        return false;
    for (;; path += len + 1) {
        len = strcspn(path, "/");
        if (!len || (*path == '.' && (len == 1 || (len == 2 && path[1] == '.'))))
            return false;
        if (!path[len])
            return true;
    }
}

/* An old or a new line: o12, n12. */
static bool is_line(const char *line)
{
    return (*line == 'o' || *line == 'n') && line[1] != '0' && strlen(line) <= LINE_MOST &&
           rc_text_digits(line + 1);
}

static rc_err_t *check_line(const rc_actor_t *actor, const rc_pull_commenting_t *request)
{
    if (request->f_path && !is_path(request->f_path))
        return rc_err(actor->pool, RC_E_ARG, "f_path must be the path of a file");
    if (request->line_no && (!request->f_path || !is_line(request->line_no)))
        return rc_err(actor->pool, RC_E_ARG,
                      "line_no must be o or n and the number of a line of f_path");
    return NULL;
}

static rc_err_t *check_words(const rc_actor_t *actor, const rc_pull_commenting_t *request)
{
    if (says_nothing(request->message) && says_nothing(request->vote))
        return rc_err(actor->pool, RC_E_ARG, "message and status parameter missing");
    if (!says_nothing(request->vote) && !rc_review_label(request->vote))
        return rc_err(actor->pool, RC_E_ARG, "unknown comment status`%s`", request->vote);
    RC_TRY(rc_comment_check_type(request->type, actor->pool));
    return check_line(actor, request);
}

/* Votes of others than author, reviewers and writers are only words. */
static rc_err_t *say(rc_actor_t *actor, void *baton)
{
    saying_t *saying = baton;
    const rc_pull_commenting_t *request = saying->request;
    const rc_pull_act_t *act = &request->act;
    rc_pull_comment_t comment = {.user_id = act->user->id,
                                 .message = request->message,
                                 .commit_id = request->commit_id,
                                 .f_path = request->f_path,
                                 .line_no = request->line_no,
                                 .type = request->type ? request->type : RC_COMMENT_NOTE,
                                 .resolves_id = request->resolves_id};
    rc_level_t level;

    RC_TRY(rc_pull_level(&level, actor, act));
    RC_TRY(rc_actor_require(actor, level, RC_READ));
    RC_TRY(check_links(actor, request));
    saying->voted = !says_nothing(request->vote) && (rc_pull_may_change(act, level) ||
                                                     rc_pull_is_reviewer(act->pull, act->user->id));
    if (!saying->voted && says_nothing(request->message))
        return rc_err(actor->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
    if (saying->voted)
        comment.vote = request->vote;
    if (says_nothing(request->message))
        comment.message =
            apr_pstrcat(actor->pool, "Status change > ", rc_review_label(request->vote), NULL);
    RC_TRY(rc_store_pull_comment_insert(&saying->id, actor->db, act->pull, &comment));
    if (saying->voted)
        RC_TRY(rc_store_pull_set_status(actor->db, act->pull, act->user->id, saying->id,
                                        comment.vote, false));
    return rc_pull_journal(actor, act->pull, "user_commented_pull_request");
}

rc_err_t *rc_pull_comment(apr_int64_t *id, bool *voted, rc_actor_t *actor,
                          const rc_pull_commenting_t *request)
{
    saying_t saying = {.request = request};

    RC_TRY(check_words(actor, request));
    RC_TRY(rc_actor_txn(actor, say, &saying));
    *id = saying.id;
    *voted = saying.voted;
    return NULL;
}

bool rc_pull_is_invited(const apr_array_header_t *list, const rc_user_t *user)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        if (APR_ARRAY_IDX(list, i, rc_pull_invited_t).user->id == user->id)
            return true;
    return false;
}
