// SPDX-License-Identifier: Apache-2.0
/*
 * Imports the reviewers of pull requests, and the reasons for which they are such.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json_read.h"

#define NAME_BYTES 255
#define TEXT_BYTES 65536

/* Columns of FROM_REVIEWERS. */
enum { REVIEWER_ID, REVIEWED, REVIEWER, REASONS, MANDATORY, ROLE };

/* The source has a list of texts in JSON; here they are lines. */
static rc_err_t *read_reasons(const char **reasons, rc_rows_t *rows)
{
    const char *list = rc_import_short(rows, REASONS, TEXT_BYTES, rows->scratch);
    apr_array_header_t *all;

    RC_TRY(rc_json_texts(&all, list, rows->scratch));
    *reasons = apr_array_pstrcat(rows->scratch, all, '\n');
    return NULL;
}

static rc_err_t *import_reviewer(rc_importing_t *the, rc_rows_t *rows)
{
    const rc_arrival_t *pull = rc_import_item(rows, REVIEWED, the->pulls);
    const rc_arrival_t *user = rc_import_item(rows, REVIEWER, the->users);
    const char *reasons;
    bool changed;

    if (!pull || !pull->fresh ||
        !strcmp(rc_import_short(rows, ROLE, NAME_BYTES, rows->scratch), "observer"))
        return NULL;
    if (!user || user == the->anyone) {
        rc_import_note(the, OF_PULL_REQUESTS,
                       apr_psprintf(rows->scratch, "%" APR_INT64_T_FMT, pull->source),
                       "a reviewer has not come");
        return NULL;
    }
    RC_TRY(read_reasons(&reasons, rows));
    return rc_store_import(&changed, the->db, RC_STORE_REVIEWER, pull->id, user->id, reasons,
                           (int)rc_import_bool(rows, MANDATORY, false), the->created_on);
}

rc_err_t *rc_import_reviewers(rc_importing_t *the)
{
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_REVIEWERS, the->pool));
    while (rc_rows_next(&rows))
        rows.err = import_reviewer(the, &rows);
    return rc_rows_end(&rows);
}
