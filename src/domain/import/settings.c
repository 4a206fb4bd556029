// SPDX-License-Identifier: Apache-2.0
/*
 * Imports the settings that both servers have, as long as they have not been changed here.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "domain/data.h"
#include "domain/server.h"
#include "store/setting.h"
#include "vcs/library.h"

enum { SETTING_ID, SETTING_NAME, SETTING_VALUE }; /* columns of FROM_SETTINGS */
enum { UI_ID, UI_SECTION, UI_VALUE, UI_ACTIVE };  /* of FROM_UI */

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

rc_err_t *rc_import_settings(rc_importing_t *the)
{
    const char *name;
    rc_rows_t rows;

    RC_TRY(import_patterns(the, "vcs_svn_branch", "svn_branch_patterns"));
    RC_TRY(import_patterns(the, "vcs_svn_tag", "svn_tag_patterns"));

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
