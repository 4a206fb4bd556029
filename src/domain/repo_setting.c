// SPDX-License-Identifier: Apache-2.0
/*
 * Lists and changes the settings of a repository that clients of the API see. Their rows have names
 * with a prefix, which keeps them apart from the settings of rcapi-admin.
 */
#include "domain/repo_setting.h"

#include <string.h>

#include <apr_strings.h>

#include "store/repo_change.h"

#define PREFIX       RC_REPO_OPTION
#define OPTIONS_MOST 100 /* settings that are stored for one repository */
#define MERGE        "rhodecode_pr_merge_enabled"

/* What RhodeCode has in every repository, by name. */
static const rc_repo_option_t presets[] = {
    {"extensions_evolve", "false"},
    {"extensions_largefiles", "false"},
    {"hooks_changegroup_push_logger", "true"},
    {"hooks_changegroup_repo_size", "false"},
    {"hooks_outgoing_pull_logger", "true"},
    {"phases_publish", "\"True\""},
    {"rhodecode_git_close_branch_before_merging", "false"},
    {"rhodecode_git_use_rebase_for_merging", "false"},
    {"rhodecode_hg_close_branch_before_merging", "false"},
    {"rhodecode_hg_use_rebase_for_merging", "false"},
    {MERGE, "true"},
    {"rhodecode_use_outdated_comments", "true"},
};

#define PRESETS (sizeof(presets) / sizeof(*presets))

const char *rc_repo_option_preset(const char *name)
{
    apr_size_t i;

    for (i = 0; i < PRESETS; i++)
        if (!strcmp(presets[i].name, name))
            return presets[i].value;
    return NULL;
}

/* Merges the presets with the stored settings; both are sorted by name. */
static void merge_presets(apr_array_header_t *out, const apr_array_header_t *stored)
{
    apr_size_t at = 0;
    int i = 0;

    while (at < PRESETS || i < stored->nelts) {
        const rc_repo_field_t *row =
            i < stored->nelts ? &APR_ARRAY_IDX(stored, i, rc_repo_field_t) : NULL;
        const char *name = row ? row->key + strlen(PREFIX) : NULL;
        int cmp = at == PRESETS ? 1 : name ? strcmp(presets[at].name, name) : -1;

        APR_ARRAY_PUSH(out, rc_repo_option_t) =
            cmp < 0 ? presets[at] : (rc_repo_option_t){name, row->value};
        at += cmp <= 0;
        i += cmp >= 0;
    }
}

rc_err_t *rc_repo_options(apr_array_header_t **out, rc_actor_t *actor, const rc_repo_t *repo)
{
    apr_array_header_t *stored;

    RC_TRY(rc_actor_require(actor, repo->level, RC_ADMIN));
    RC_TRY(rc_store_repo_settings(&stored, actor->db, repo->id, PREFIX, actor->pool));
    *out = apr_array_make(actor->pool, (int)PRESETS + stored->nelts, sizeof(rc_repo_option_t));
    merge_presets(*out, stored);
    return NULL;
}

static rc_err_t *set_options(rc_actor_t *actor, void *baton)
{
    const rc_repo_options_change_t *request = *(const rc_repo_options_change_t **)baton;
    apr_int64_t repo_id = request->repo->id;
    apr_array_header_t *stored;
    int i;

    RC_TRY(rc_actor_require(actor, request->repo->level, RC_ADMIN));
    for (i = 0; i < request->options->nelts; i++) {
        const rc_repo_option_t *option = &APR_ARRAY_IDX(request->options, i, rc_repo_option_t);

        if (!*option->name)
            return rc_err_failed(actor->pool, "a setting needs a name");
        RC_TRY(rc_store_repo_setting_set(actor->db, repo_id,
                                         apr_pstrcat(actor->pool, PREFIX, option->name, NULL),
                                         option->value));
    }
    RC_TRY(rc_store_repo_settings(&stored, actor->db, repo_id, PREFIX, actor->pool));
    if (stored->nelts > OPTIONS_MOST)
        return rc_err_failed(actor->pool, "more than %d settings", OPTIONS_MOST);
    return rc_actor_journal(actor, request->repo, "user_updated_repo", "settings");
}

rc_err_t *rc_repo_options_set(rc_actor_t *actor, const rc_repo_options_change_t *request)
{
    return rc_actor_txn(actor, set_options, &request);
}

rc_err_t *rc_repo_may_merge(bool *may, rc_db_t *db, apr_int64_t repo_id, apr_pool_t *pool)
{
    const char *value;

    RC_TRY(rc_store_repo_setting(&value, db, repo_id, PREFIX MERGE, pool));
    *may = !value || !strcmp(value, "true");
    return NULL;
}
