// SPDX-License-Identifier: Apache-2.0
/*
 * Imports what people have written about repositories: extra fields, comments on commits, review
 * statuses; and who follows what.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

/* Columns of the tables. */
enum { FIELD_ID, FIELD_REPO, FIELD_KEY, FIELD_LABEL, FIELD_VALUE, FIELD_DESCRIPTION };
enum { FOLLOW_ID, FOLLOWER, FOLLOWED_REPO, FOLLOWED_USER, FOLLOWED_SINCE };
enum {
    COMMENT_ID,
    COMMENT_REPO,
    COMMENT_REVISION,
    COMMENT_PULL,
    COMMENT_LINE,
    COMMENT_PATH,
    COMMENT_USER,
    COMMENT_TEXT,
    COMMENT_CREATED,
    COMMENT_TYPE,
    COMMENT_DRAFT,
    COMMENT_PULL_VERSION,
    COMMENT_RESOLVES
};
enum {
    STATUS_ID,
    STATUS_REPO,
    STATUS_USER,
    STATUS_REVISION,
    STATUS_WORD,
    STATUS_COMMENT,
    STATUS_SET,
    STATUS_PULL
};

#define TEXT_BYTES 65536
#define NAME_BYTES 255

static rc_err_t *import_field(rc_importing_t *the, rc_rows_t *rows)
{
    const rc_arrival_t *repo = rc_import_item(rows, FIELD_REPO, the->repos);
    const char *key = rc_import_short(rows, FIELD_KEY, NAME_BYTES, rows->scratch);
    const char *label = rc_import_short(rows, FIELD_LABEL, TEXT_BYTES, rows->scratch);
    bool changed;

    if (!repo)
        return NULL;
    if (!*key) {
        rc_import_left(the, OF_FIELDS, repo->name, "a field without a key");
        return NULL;
    }
    RC_TRY(rc_store_import(&changed, the->db, RC_STORE_FIELD, repo->id, key, *label ? label : key,
                           rc_import_short(rows, FIELD_DESCRIPTION, TEXT_BYTES, rows->scratch),
                           rc_import_short(rows, FIELD_VALUE, TEXT_BYTES, rows->scratch)));
    rc_import_count(the, OF_FIELDS, changed);
    return NULL;
}

static rc_err_t *import_following(rc_importing_t *the, rc_rows_t *rows)
{
    const rc_arrival_t *user = rc_import_item(rows, FOLLOWER, the->users);
    const rc_arrival_t *repo = rc_import_item(rows, FOLLOWED_REPO, the->repos);
    const rc_arrival_t *other = rc_import_item(rows, FOLLOWED_USER, the->users);
    apr_int64_t since = rc_import_time(rows, FOLLOWED_SINCE, the->created_on);
    bool changed;

    if (!user || (!repo && !other))
        return NULL;
    if (repo)
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_FOLLOW_REPO, repo->id, user->id, since));
    else
        RC_TRY(
            rc_store_import(&changed, the->db, RC_STORE_FOLLOW_USER, other->id, user->id, since));
    rc_import_count(the, OF_FOLLOWINGS, changed);
    return NULL;
}

/* --- comments and statuses --- */

/* Returns why a comment cannot come, or NULL. */
static const char *comment_problem(rc_rows_t *rows, const rc_arrival_t *user,
                                   const rc_arrival_t *pull)
{
    if (rc_import_int(rows, COMMENT_PULL, 0) && !pull)
        return "a comment on a pull request that has not come";
    if (rc_import_bool(rows, COMMENT_DRAFT, false))
        return "a draft of a comment";
    if (!user)
        return "a comment by a user who has not come";
    return pull || *rc_import_short(rows, COMMENT_REVISION, NAME_BYTES, rows->scratch)
               ? NULL
               : "a comment on no commit";
}

static const char *comment_features(apr_int64_t repo_id, const rc_arrival_t *user,
                                    const char *revision, apr_int64_t created, const char *text,
                                    const rc_arrival_t *item, apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        "comment %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %s %" APR_INT64_T_FMT
                        " %" APR_INT64_T_FMT " %s",
                        repo_id, user->id, revision, created, item->parent, text);
}

/* Stores one about the repository @a repo_id, or about a pull request into it. */
static rc_err_t *store_comment(bool *changed, rc_importing_t *the, rc_rows_t *rows,
                               apr_int64_t repo_id, const rc_arrival_t *user, rc_arrival_t *item)
{
    const rc_arrival_t *version = rc_import_item(rows, COMMENT_PULL_VERSION, the->pull_versions);
    const rc_arrival_t *resolved = rc_import_item(rows, COMMENT_RESOLVES, the->comments);
    apr_pool_t *pool = rows->scratch;
    const char *revision = rc_import_short(rows, COMMENT_REVISION, NAME_BYTES, pool);
    const char *text = rc_import_short(rows, COMMENT_TEXT, TEXT_BYTES, pool);
    const char *type = rc_import_text(rows, COMMENT_TYPE, pool);
    apr_int64_t created = rc_import_time(rows, COMMENT_CREATED, 0), *above;
    rc_store_found_t found;

    above =
        rc_import_alike(the, comment_features(repo_id, user, revision, created, text, item, pool));
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_COMMENT, pool, repo_id, user->id, revision,
                                created, text, item->parent, *above));
    *changed = !found.id;
    if (*changed) {
        RC_TRY(rc_store_import(changed, the->db, RC_STORE_COMMENT, repo_id, user->id, revision,
                               created, text, rc_import_text(rows, COMMENT_PATH, pool),
                               rc_import_text(rows, COMMENT_LINE, pool), type, item->parent,
                               resolved ? resolved->id : (apr_int64_t)0,
                               version ? version->id : (apr_int64_t)0));
        RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_COMMENT, pool, repo_id, user->id,
                                    revision, created, text, item->parent, *above));
    }
    item->id = *above = found.id;
    return NULL;
}

static rc_err_t *import_comment(rc_importing_t *the, rc_rows_t *rows)
{
    const rc_arrival_t *repo = rc_import_item(rows, COMMENT_REPO, the->repos);
    const rc_arrival_t *user = rc_import_item(rows, COMMENT_USER, the->users);
    const rc_arrival_t *pull = rc_import_item(rows, COMMENT_PULL, the->pulls);
    const char *problem = comment_problem(rows, user, pull);
    rc_arrival_t *item;
    bool changed;

    if (!repo)
        return NULL;
    if (problem) {
        rc_import_left(the, OF_COMMENTS, repo->name, "%s", problem);
        return NULL;
    }
    item = rc_import_add(the, the->comments, rows, COMMENT_ID);
    item->parent = pull ? pull->id : 0;
    RC_TRY(store_comment(&changed, the, rows, pull ? pull->parent : repo->id, user, item));
    rc_import_count(the, OF_COMMENTS, changed);
    return NULL;
}

static bool is_status(const char *word)
{
    static const char *const words[] = {"not_reviewed", "approved", "rejected", "under_review"};
    apr_size_t i;

    for (i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (!strcmp(words[i], word))
            return true;
    return false;
}

static rc_err_t *import_status(rc_importing_t *the, rc_rows_t *rows)
{
    const rc_arrival_t *repo = rc_import_item(rows, STATUS_REPO, the->repos);
    const rc_arrival_t *user = rc_import_item(rows, STATUS_USER, the->users);
    const rc_arrival_t *comment = rc_import_item(rows, STATUS_COMMENT, the->comments);
    const char *word = rc_import_short(rows, STATUS_WORD, NAME_BYTES, rows->scratch);
    const char *revision = rc_import_short(rows, STATUS_REVISION, NAME_BYTES, rows->scratch);
    const rc_arrival_t *pull = rc_import_item(rows, STATUS_PULL, the->pulls);
    bool changed;

    if (!repo)
        return NULL;
    if (comment && comment->parent && is_status(word)) {
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_VOTE, comment->id, word));
        if (!*revision)
            return NULL;
    }
    if (!user || !*revision || !is_status(word)) {
        rc_import_left(the, OF_STATUSES, repo->name, "%s",
                       !user        ? "a status by a user who has not come"
                       : !*revision ? "a status of no commit"
                                    : "a status that is unknown here");
        return NULL;
    }
    RC_TRY(rc_store_import(&changed, the->db, RC_STORE_STATUS, repo->id, user->id,
                           comment ? comment->id : (apr_int64_t)0, revision, word,
                           rc_import_time(rows, STATUS_SET, 0), pull ? pull->id : (apr_int64_t)0));
    rc_import_count(the, OF_STATUSES, changed);
    return NULL;
}

rc_err_t *rc_import_texts(rc_importing_t *the)
{
    static const struct {
        rc_import_table_t from;
        rc_err_t *(*import)(rc_importing_t *the, rc_rows_t *rows);
    } steps[] = {
        {FROM_FIELDS, import_field},
        {FROM_FOLLOWINGS, import_following},
        {FROM_COMMENTS, import_comment},
        {FROM_STATUSES, import_status},
    };
    rc_rows_t rows;
    apr_size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        RC_TRY(rc_foreign_rows(&rows, the->source, steps[i].from, the->pool));
        while (rc_rows_next(&rows))
            rows.err = steps[i].import(the, &rows);
        RC_TRY(rc_rows_end(&rows));
    }
    return NULL;
}
