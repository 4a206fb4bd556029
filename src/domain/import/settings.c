// SPDX-License-Identifier: Apache-2.0
/*
 * Imports the settings that both servers have, as long as they have not been changed here.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "domain/data.h"
#include "domain/repo_setting.h"
#include "domain/server.h"
#include "store/repo_change.h"
#include "store/setting.h"
#include "vcs/library.h"

enum { SETTING_ID, SETTING_NAME, SETTING_VALUE };           /* columns of FROM_SETTINGS */
enum { OPTION_ID, OPTION_REPO, OPTION_NAME, OPTION_VALUE }; /* of FROM_REPO_SETTINGS */
enum { UI_ID, UI_SECTION, UI_VALUE, UI_ACTIVE };            /* of FROM_UI */

#define TEXT_BYTES 65536

/* The value as it is written here. */
static const char *own_value(const char *name, const char *value, const char *preset)
{
    if (!strcmp(preset, "True") || !strcmp(preset, "False"))
        return rc_text_truth(value) ? "True" : "False";
    if (!strcmp(name, "default_repo_type") && !rc_vcs_known_type(value))
        return preset;
    return value;
}

static rc_err_t *import_setting(rc_importing_t *the, const char *name, const char *value,
                                apr_pool_t *pool)
{
    const char *preset = rc_data_preset(name), *here;

    RC_TRY(rc_store_setting(&here, the->db, name, pool));
    value = own_value(name, value, preset);
    if (here && !strcmp(here, value)) {
        rc_import_count(the, OF_SETTINGS, false);
        return NULL;
    }
    if (here && strcmp(here, preset)) {
        rc_import_left(the, OF_SETTINGS, name, "has another value here");
        return NULL;
    }
    RC_TRY(rc_store_setting_set(the->db, name, value));
    rc_import_count(the, OF_SETTINGS, true);
    return NULL;
}

/* Which directories of Subversion repositories are branches or tags: a row for each there, one
 * setting here. */
static rc_err_t *import_patterns(rc_importing_t *the, const char *section, const char *name)
{
    const char *patterns = "", *here;
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_UI, the->pool));
    while (rc_rows_next(&rows))
        if (!strcmp(rc_import_short(&rows, UI_SECTION, 255, rows.scratch), section) &&
            rc_import_bool(&rows, UI_ACTIVE, true))
            patterns = apr_pstrcat(the->pool, patterns, *patterns ? " " : "",
                                   rc_import_short(&rows, UI_VALUE, 255, rows.scratch), NULL);
    RC_TRY(rc_rows_end(&rows));
    if (!*patterns)
        return NULL;
    if (!rc_setting_form(rc_setting_find(name), patterns)) {
        rc_import_left(the, OF_SETTINGS, name, "%s is not possible here", patterns);
        return NULL;
    }
    RC_TRY(rc_store_setting(&here, the->db, name, the->pool));
    if (here && strcmp(here, patterns)) {
        rc_import_left(the, OF_SETTINGS, name, "has another value here");
        return NULL;
    }
    if (!here)
        RC_TRY(rc_store_setting_set(the->db, name, patterns));
    rc_import_count(the, OF_SETTINGS, !here);
    return NULL;
}

/* --- settings of a repository --- */

#define INHERITS "inherit_vcs_settings" /* what says that the others count for nothing */

/* Finds the repositories that have settings of their own: ids of the source. */
static rc_err_t *find_own_settings(apr_hash_t *own, rc_importing_t *the)
{
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_REPO_SETTINGS, the->pool));
    while (rc_rows_next(&rows)) {
        rc_arrival_t *repo = rc_import_item(&rows, OPTION_REPO, the->repos);

        if (repo && !strcmp(rc_import_short(&rows, OPTION_NAME, 255, rows.scratch), INHERITS) &&
            !rc_import_bool(&rows, OPTION_VALUE, true))
            apr_hash_set(own, &repo->source, sizeof(repo->source), repo);
    }
    return rc_rows_end(&rows);
}

/* The source keeps "pr_merge_enabled" and shows "rhodecode_pr_merge_enabled". */
static rc_err_t *import_option(rc_importing_t *the, rc_rows_t *rows, const rc_arrival_t *repo)
{
    const char *name = rc_import_short(rows, OPTION_NAME, 255, rows->scratch), *here;
    const char *key = apr_pstrcat(rows->scratch, RC_REPO_OPTION, "rhodecode_", name, NULL);

    if (!rc_repo_option_preset(key + strlen(RC_REPO_OPTION)))
        return NULL;
    RC_TRY(rc_store_repo_setting(&here, the->db, repo->id, key, rows->scratch));
    if (!here)
        RC_TRY(rc_store_repo_setting_set(
            the->db, repo->id, key, rc_import_bool(rows, OPTION_VALUE, false) ? "true" : "false"));
    rc_import_count(the, OF_SETTINGS, !here);
    return NULL;
}

static rc_err_t *import_options(rc_importing_t *the)
{
    apr_hash_t *own = apr_hash_make(the->pool);
    const rc_arrival_t *repo;
    rc_rows_t rows;

    RC_TRY(find_own_settings(own, the));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_REPO_SETTINGS, the->pool));
    while (rc_rows_next(&rows))
        if ((repo = rc_import_item(&rows, OPTION_REPO, own)))
            rows.err = import_option(the, &rows, repo);
    return rc_rows_end(&rows);
}

rc_err_t *rc_import_settings(rc_importing_t *the)
{
    const char *name;
    rc_rows_t rows;

    RC_TRY(import_patterns(the, "vcs_svn_branch", "svn_branch_patterns"));
    RC_TRY(import_patterns(the, "vcs_svn_tag", "svn_tag_patterns"));
    RC_TRY(import_options(the));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_SETTINGS, the->pool));
    while (rc_rows_next(&rows)) {
        name = rc_import_short(&rows, SETTING_NAME, TEXT_BYTES, rows.scratch);
        if (rc_data_preset(name))
            rows.err = import_setting(
                the, name, rc_import_short(&rows, SETTING_VALUE, TEXT_BYTES, rows.scratch),
                rows.scratch);
        else
            rc_import_left(the, OF_SETTINGS, name, "is unknown here");
    }
    return rc_rows_end(&rows);
}
