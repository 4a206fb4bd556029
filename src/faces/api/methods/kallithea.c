// SPDX-License-Identifier: Apache-2.0
/*
 * Kallithea's methods for commits: get_changesets, which lists those of a range, a time or a
 * branch, and get_changeset, which also has the reviews of one (contract 02 §10).
 */
#include "../range.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/time.h"
#include "domain/repo.h"
#include "store/comment.h"

/* --- the parts of a commit --- */

static void write_main(rc_json_t *out, const char *type, const rc_commit_t *commit,
                       apr_pool_t *pool)
{
    rc_json_member_string(out, "short_id", rc_vcs_short_id(type, commit->id, pool));
    rc_json_member_string(out, "raw_id", commit->id);
    rc_json_member_int(out, "revision", commit->revision);
    rc_json_member_string(out, "message", commit->message);
    rc_json_member_string(out, "date", rc_time_utc(commit->time, pool));
}

/* Writes the lists of files, one after the other: changes come in their order. */
typedef struct files_t {
    rc_json_t *out;
    int list; /* the one that is open, from 0; -1: none yet */
} files_t;

static const struct {
    char op;
    const char *key;
} lists[] = {{'A', "added"}, {'M', "changed"}, {'D', "removed"}};

#define LISTS ((int)(sizeof(lists) / sizeof(*lists)))

/* Opens the list number @a to; LISTS: closes the last one. */
static void open_list(files_t *files, int to)
{
    while (files->list < to) {
        if (files->list >= 0)
            rc_json_array_end(files->out);
        if (++files->list == LISTS)
            return;
        rc_json_key(files->out, lists[files->list].key);
        rc_json_array_begin(files->out);
    }
}

static rc_err_t *write_path(void *baton, const rc_change_t *change)
{
    files_t *files = baton;
    int to = 0;

    while (to < LISTS - 1 && lists[to].op != change->op)
        to++;
    open_list(files, to);
    rc_json_string(files->out, change->path);
    return rc_json_finish(files->out);
}

static rc_err_t *write_files(rc_call_t *call, rc_vcs_t *vcs, const rc_commit_t *commit,
                             apr_pool_t *scratch)
{
    files_t files = {call->out, -1};

    RC_TRY(rc_vcs_changes(vcs, commit, RC_CHANGES_NAMES, call->env->config->temp_dir, write_path,
                          &files, scratch));
    open_list(&files, LISTS);
    return NULL;
}

/* --- a list of commits --- */

typedef struct list_t {
    rc_call_t *call;
    rc_vcs_t *vcs;
} list_t;

/* A damaged commit does not fail the list: it is logged and marked. */
static rc_err_t *write_listed(void *baton, const rc_listed_t *listed, apr_pool_t *scratch)
{
    const list_t *list = baton;
    const char *type = rc_arg_repo(list->call, RC_P_REPOID)->type;
    rc_json_t *out = list->call->out;

    rc_json_object_begin(out);
    if (listed->commit) {
        write_main(out, type, listed->commit, scratch);
        rc_json_member_string(out, "author", listed->commit->author);
        if (rc_arg_bool(list->call, RC_P_WITH_FILE_LIST))
            RC_TRY(write_files(list->call, list->vcs, listed->commit, scratch));
    } else {
        rc_log(RC_LOG_WARNING, listed->damage->cause, "%s",
               rc_err_log_text(listed->damage, scratch));
        rc_json_member_string(out, "raw_id", listed->rev.id);
        rc_json_member_int(out, "revision", listed->rev.index);
        rc_json_member_string(out, "error", "the commit cannot be read");
    }
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *get_changesets(rc_call_t *call, rc_json_t *out)
{
    list_t list = {.call = call};
    apr_int64_t count;
    rc_range_t range;

    RC_TRY(rc_repo_open(&list.vcs, call->env, rc_arg_repo(call, RC_P_REPOID), &call->actor.work,
                        call->pool));
    RC_TRY(rc_vcs_count(&count, list.vcs));
    if (!count)
        return rc_err(call->pool, RC_E_ARG, "There are no changesets yet");
    RC_TRY(rc_range_read(&range, call, list.vcs, count));
    rc_json_array_begin(out);
    RC_TRY(rc_range_each(&range, rc_arg_bool(call, RC_P_REVERSE), write_listed, &list));
    rc_json_array_end(out);
    return NULL;
}

/* --- one commit --- */

static void write_author(rc_json_t *out, const char *author, apr_pool_t *pool)
{
    const char *mail = strchr(author, '<'), *end = mail ? strchr(mail, '>') : NULL;
    apr_size_t len = mail ? (apr_size_t)(mail - author) : strlen(author);

    while (len && author[len - 1] == ' ')
        len--;
    rc_json_key(out, "author");
    rc_json_object_begin(out);
    rc_json_member_string(out, "name", apr_pstrmemdup(pool, author, len));
    rc_json_member_string(out, "email",
                          end ? apr_pstrmemdup(pool, mail + 1, (apr_size_t)(end - mail - 1)) : "");
    rc_json_object_end(out);
}

/* Reads and writes the commit; *@a baton becomes its id. */
static rc_err_t *write_one(rc_call_t *call, void *baton)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    rc_json_t *out = call->out;
    rc_commit_t *commit;
    rc_vcs_t *vcs;
    rc_rev_t rev;

    RC_TRY(rc_repo_open(&vcs, call->env, repo, &call->actor.work, call->pool));
    RC_TRY(rc_vcs_resolve(&rev, vcs, rc_arg_text(call, RC_P_RAW_ID), call->pool));
    if (!rev.id)
        return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG, "%s",
                                         rc_call_text(call, "Changeset {raw_id} does not exist")));
    RC_TRY(rc_vcs_commit(&commit, vcs, &rev, call->pool));
    rc_json_object_begin(out);
    rc_json_member_string(out, "id", commit->id);
    write_main(out, repo->type, commit, call->pool);
    write_author(out, commit->author, call->pool);
    *(const char **)baton = rev.id;
    return write_files(call, vcs, commit, call->pool);
}

typedef struct reviewed_t {
    rc_call_t *call;
    const char *id;
} reviewed_t;

static rc_err_t *write_reviews(rc_actor_t *actor, void *baton)
{
    const reviewed_t *reviewed = baton;
    rc_json_t *out = reviewed->call->out;
    apr_array_header_t *reviews;
    int i;

    RC_TRY(rc_store_reviews(&reviews, actor->db, rc_arg_repo(reviewed->call, RC_P_REPOID)->id,
                            reviewed->id, actor->pool));
    rc_json_key(out, "reviews");
    rc_json_array_begin(out);
    for (i = 0; i < reviews->nelts; i++) {
        const rc_review_t *review = &APR_ARRAY_IDX(reviews, i, rc_review_t);

        rc_json_object_begin(out);
        rc_json_member_string(out, "reviewer", review->username);
        rc_json_member_string(out, "modified_at", rc_time_local(review->created_on, actor->pool));
        rc_json_member_string(out, "status", review->status);
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
    return NULL;
}

static rc_err_t *get_changeset(rc_call_t *call, rc_json_t *out)
{
    reviewed_t reviewed = {call, NULL};

    RC_TRY(rc_call_away(call, write_one, &reviewed.id));
    if (rc_arg_bool(call, RC_P_WITH_REVIEWS))
        RC_TRY(rc_actor_read(&call->actor, write_reviews, &reviewed));
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_kallithea[] = {
    {"get_changesets", get_changesets, RC_ANYONE, RC_AWAY,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_START, RC_TEXT, "None"),
               RC_ARG(RC_P_END, RC_TEXT, "None"),
               RC_ARG(RC_P_START_DATE, RC_TEXT, "None"),
               RC_ARG(RC_P_END_DATE, RC_TEXT, "None"),
               RC_ARG(RC_P_BRANCH_NAME, RC_TEXT, "None"),
               RC_ARG(RC_P_REVERSE, RC_BOOL, "False"),
               RC_ARG(RC_P_WITH_FILE_LIST, RC_BOOL, "False"),
               RC_ARG(RC_P_MAX_REVISIONS, RC_TEXT, "None")),
     NULL, "List commits of a range, a time or a branch (Kallithea)."},
    {"get_changeset", get_changeset, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_RAW_ID, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_WITH_REVIEWS, RC_BOOL, "False")),
     NULL, "Describe one commit, its files and reviews (Kallithea)."},
    {.name = NULL},
};
/* clang-format on */
