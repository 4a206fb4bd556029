// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that read commits: get_repo_changeset and get_repo_changesets (contract 02 §1.7, §5).
 */
#include "../method.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "domain/repo.h"
#include "base/text.h"

typedef enum { BASIC, EXTENDED, FULL } details_t;

typedef struct view_t {
    rc_call_t *call;
    rc_json_t *out;
    rc_vcs_t *vcs;
    details_t details;
    bool list;                            /* writes a list of commits */
    apr_array_header_t *tags, *bookmarks; /* of label_t, sorted by commit; NULL: not read yet */
} view_t;

typedef struct label_t {
    const char *id, *name; /* id: of the commit */
    int place;             /* position among all labels of its kind, sorted by name */
} label_t;

static rc_err_t *read_details(details_t *details, rc_call_t *call)
{
    static const char *const known[] = {"basic", "extended", "full"};
    const char *text = rc_arg_text(call, RC_P_DETAILS);
    int i;

    for (i = BASIC; i <= FULL; i++)
        if (!strcmp(known[i], text)) {
            *details = (details_t)i;
            return NULL;
        }
    return rc_err(call->pool, RC_E_ARG, "ret_type must be one of basic,extended,full");
}

static rc_err_t *check_revision(rc_call_t *call, rc_param_id_t id)
{
    json_object *value = rc_arg_json(call, id);

    if (json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double))
        return rc_err(call->pool, RC_E_ARG, "commit_id must be a string value");
    return NULL;
}

/* Sets rev->id to NULL for a revision that is unknown or not text. */
static rc_err_t *resolve(rc_rev_t *rev, view_t *view, rc_param_id_t arg)
{
    json_object *revision = rc_arg_json(view->call, arg);

    rev->id = NULL;
    if (revision && !json_object_is_type(revision, json_type_string))
        return NULL;
    return rc_vcs_resolve(rev, view->vcs, json_object_get_string(revision), view->call->pool);
}

static void member_text(rc_json_t *out, const char *key, const char *text, apr_size_t len)
{
    rc_json_key(out, key);
    if (text)
        rc_json_string_len(out, text, len);
    else
        rc_json_null(out);
}

static void render_stats(rc_json_t *out, const rc_change_t *change, bool known)
{
    rc_json_key(out, "stats");
    rc_json_object_begin(out);
    if (known) {
        rc_json_member_int(out, "added", change->added);
        rc_json_member_int(out, "deleted", change->deleted);
        rc_json_member_bool(out, "binary", !change->hunks);
    } else {
        rc_json_member_null(out, "added");
        rc_json_member_null(out, "binary");
        rc_json_member_null(out, "deleted");
    }
    rc_json_object_end(out);
}

static rc_err_t *render_change(void *baton, const rc_change_t *change)
{
    view_t *view = baton;
    rc_json_t *out = view->out;
    const char op[] = {change->op, '\0'};

    rc_json_object_begin(out);
    rc_json_member_string(out, "filename", change->path);
    rc_json_member_string(out, "op", op);
    rc_json_member_string(out, "new_revision", change->new_id);
    rc_json_member_string(out, "old_revision", change->old_id);
    member_text(out, "raw_diff", change->diff, change->diff_len);
    render_stats(out, change, view->details == FULL);
    rc_json_object_end(out);
    return rc_json_finish(out);
}

/* --- bookmarks and tags --- */

static rc_err_t *add_label(void *baton, const char *name, const char *id)
{
    apr_array_header_t *labels = baton;
    label_t *label = apr_array_push(labels);

    label->id = apr_pstrdup(labels->pool, id);
    label->name = apr_pstrdup(labels->pool, name);
    label->place = labels->nelts;
    return NULL;
}

static int by_commit(const void *a, const void *b)
{
    const label_t *x = a, *y = b;
    int cmp = strcmp(x->id, y->id);

    return cmp ? cmp : x->place - y->place;
}

/* Reads all labels of a kind, once for all commits of the answer. */
static rc_err_t *read_labels(apr_array_header_t **labels, const view_t *view, rc_refs_t kind)
{
    if (*labels)
        return NULL;
    *labels = apr_array_make(view->call->pool, 16, sizeof(label_t));
    RC_TRY(rc_vcs_refs(view->vcs, kind, add_label, *labels));
    qsort((*labels)->elts, (size_t)(*labels)->nelts, sizeof(label_t), by_commit);
    return NULL;
}

static void render_labels(rc_json_t *out, const apr_array_header_t *labels, const char *id)
{
    int low = 0, high = labels->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (strcmp(APR_ARRAY_IDX(labels, middle, label_t).id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < labels->nelts && !strcmp(APR_ARRAY_IDX(labels, low, label_t).id, id); low++)
        rc_json_string(out, APR_ARRAY_IDX(labels, low, label_t).name);
}

/* --- commits --- */

static rc_err_t *render_kind(view_t *view, const char *key, apr_array_header_t **labels,
                             rc_refs_t kind, const rc_commit_t *commit)
{
    rc_json_key(view->out, key);
    rc_json_array_begin(view->out);
    if (commit && !rc_vcs_can(view->vcs)->paths_as_refs) {
        RC_TRY(read_labels(labels, view, kind));
        render_labels(view->out, *labels, commit->id);
    }
    rc_json_array_end(view->out);
    return NULL;
}

static rc_err_t *render_refs(view_t *view, const rc_commit_t *commit)
{
    rc_json_t *out = view->out;

    rc_json_key(out, "refs");
    rc_json_object_begin(out);
    rc_json_key(out, "branches");
    rc_json_array_begin(out);
    rc_json_string(out, commit ? commit->branch : NULL);
    rc_json_array_end(out);
    RC_TRY(render_kind(view, "bookmarks", &view->bookmarks, RC_BOOKMARKS, commit));
    RC_TRY(render_kind(view, "tags", &view->tags, RC_TAGS, commit));
    rc_json_object_end(out);
    return NULL;
}

/*
 * A damaged commit does not fail a list: it is logged and marked by a member "error". Other errors
 * are returned.
 */
static rc_err_t *mark_damage(rc_err_t *err, view_t *view, const char *what)
{
    if (!err || !view->list || err->kind != RC_E_INTERNAL)
        return err;
    RC_TRY(rc_json_finish(view->out));
    rc_log(RC_LOG_WARNING, err->cause, "%s", rc_err_log_text(err, view->call->pool));
    rc_json_member_string(view->out, "error", what);
    return NULL;
}

static rc_err_t *render_changes(view_t *view, const rc_commit_t *commit, apr_pool_t *pool)
{
    rc_err_t *err = NULL;

    rc_json_key(view->out, "diff");
    rc_json_array_begin(view->out);
    if (commit && view->details != BASIC)
        err = rc_vcs_changes(view->vcs, commit,
                             view->details == FULL ? RC_CHANGES_DIFFS : RC_CHANGES_NAMES,
                             view->call->env->config->temp_dir, render_change, view, pool);
    rc_json_array_end(view->out);
    return mark_damage(err, view, "what the commit changes cannot be read");
}

/* Writes a changeset_obj; the empty commit when @a commit is NULL. */
static rc_err_t *render(view_t *view, const rc_commit_t *commit, apr_pool_t *pool)
{
    rc_json_t *out = view->out;

    rc_json_object_begin(out);
    rc_render_changeset(out, rc_arg_repo(view->call, RC_P_REPOID)->type, commit, pool);
    RC_TRY(render_changes(view, commit, pool));
    if (view->details == FULL)
        RC_TRY(render_refs(view, commit));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

/* Answers an unknown revision with the empty commit, not with an error. */
static rc_err_t *get_repo_changeset(rc_call_t *call, rc_json_t *out)
{
    view_t view = {.call = call, .out = out};
    rc_commit_t *commit = NULL;
    rc_rev_t rev;

    RC_TRY(read_details(&view.details, call));
    RC_TRY(check_revision(call, RC_P_REVISION));
    RC_TRY(rc_repo_open(&view.vcs, call->env, rc_arg_repo(call, RC_P_REPOID), &call->actor.work,
                        call->pool));
    RC_TRY(resolve(&rev, &view, RC_P_REVISION));
    if (rev.id)
        RC_TRY(rc_vcs_commit(&commit, view.vcs, &rev, call->pool));
    return render(&view, commit, call->pool);
}

static rc_err_t *read_limit(apr_int64_t *limit, rc_call_t *call)
{
    json_object *value = rc_arg_json(call, RC_P_LIMIT);
    const char *text = rc_value_text(value, call->pool);

    if (json_object_is_type(value, json_type_boolean) || !text || !rc_text_int(limit, text))
        return rc_err_failed(call->pool, "limit is not an integer");
    return NULL;
}

/* Sets *@a start to the index of the first commit of the list. */
static rc_err_t *find_start(apr_int64_t *start, view_t *view)
{
    rc_call_t *call = view->call;
    json_object *revision = rc_arg_json(call, RC_P_START_REV);
    apr_int64_t count;
    rc_rev_t rev;

    *start = 0;
    RC_TRY(rc_vcs_count(&count, view->vcs));
    if (!count)
        return rc_err(call->pool, RC_E_ARG, "Error occurred during commit fetching");
    RC_TRY(check_revision(call, RC_P_START_REV));
    if (!revision ||
        (json_object_is_type(revision, json_type_string) && !json_object_get_string_len(revision)))
        return NULL;
    RC_TRY(resolve(&rev, view, RC_P_START_REV));
    if (!rev.id)
        return rc_err(call->pool, RC_E_ARG, "Error occurred during commit fetching");
    *start = rev.index;
    return NULL;
}

/* Writes a commit that cannot be read, from what the repository order stores, marked as damaged. */
static rc_err_t *render_damaged(view_t *view, apr_int64_t at, rc_err_t *err, apr_pool_t *scratch)
{
    static const char *const no_parents[] = {NULL};
    rc_commit_t commit = {.revision = at, .message = "", .author = "", .parents = no_parents};
    details_t details = view->details;
    rc_position_t place;

    RC_TRY(rc_vcs_position(&place, view->vcs, at, scratch));
    commit.id = place.id;
    commit.time = place.time;
    rc_json_object_begin(view->out);
    rc_render_changeset(view->out, rc_arg_repo(view->call, RC_P_REPOID)->type, &commit, scratch);
    RC_TRY(mark_damage(err, view, "the commit cannot be read"));
    view->details = BASIC;
    err = render_changes(view, &commit, scratch);
    view->details = details;
    RC_TRY(err);
    if (details == FULL)
        RC_TRY(render_refs(view, &commit));
    rc_json_object_end(view->out);
    return rc_json_finish(view->out);
}

static rc_err_t *render_from(view_t *view, apr_int64_t at, apr_int64_t limit, apr_pool_t *scratch)
{
    apr_int64_t count;

    view->list = true;
    RC_TRY(rc_vcs_count(&count, view->vcs));
    for (; limit && at < count; at++) {
        rc_commit_t *commit;
        rc_rev_t rev;
        rc_err_t *err;

        apr_pool_clear(scratch);
        RC_TRY(rc_vcs_rev_at(&rev, view->vcs, at, scratch));
        if (!rev.id) /* hidden */
            continue;
        limit--;
        err = rc_vcs_commit(&commit, view->vcs, &rev, scratch);
        RC_TRY(err ? render_damaged(view, at, err, scratch) : render(view, commit, scratch));
    }
    return NULL;
}

static rc_err_t *get_repo_changesets(rc_call_t *call, rc_json_t *out)
{
    view_t view = {.call = call, .out = out};
    apr_int64_t limit, start;
    apr_pool_t *scratch;

    RC_TRY(read_details(&view.details, call));
    RC_TRY(read_limit(&limit, call));
    RC_TRY(rc_repo_open(&view.vcs, call->env, rc_arg_repo(call, RC_P_REPOID), &call->actor.work,
                        call->pool));
    RC_TRY(find_start(&start, &view));
    apr_pool_create(&scratch, call->pool);
    rc_json_array_begin(out);
    RC_TRY(render_from(&view, start, limit < -1 ? 0 : limit, scratch));
    rc_json_array_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_changeset[] = {
    {"get_repo_changeset", get_repo_changeset, RC_ANYONE, RC_AWAY,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_REVISION, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_DETAILS, RC_TEXT, "'basic'")),
     NULL, "Describe one commit."},
    {"get_repo_changesets", get_repo_changesets, RC_ANYONE, RC_AWAY,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_START_REV, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_LIMIT, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_DETAILS, RC_TEXT, "'basic'")),
     NULL, "Describe commits in ascending order, beginning with a given one."},
    {.name = NULL},
};
/* clang-format on */
