// SPDX-License-Identifier: Apache-2.0
/*
 * The report of an import: counts of each kind, and a line for each thing that has not come, or not
 * as it was.
 */
#include "import.h"

#include <apr_strings.h>

/* In the order of rc_import_kind_t: the words for one and for many. */
static const char *const kinds[][2] = {
    {"user", "users"},
    {"e-mail address", "e-mail addresses"},
    {"IP entry", "IP entries"},
    {"key", "keys"},
    {"user group", "user groups"},
    {"member", "members"},
    {"repository group", "repository groups"},
    {"repository", "repositories"},
    {"field", "fields"},
    {"permission", "permissions"},
    {"global permission", "global permissions"},
    {"following", "followings"},
    {"comment", "comments"},
    {"status", "statuses"},
    {"pull request", "pull requests"},
    {"gist", "gists"},
    {"journal entry", "journal entries"},
    {"setting", "settings"},
};

void rc_import_begin_report(rc_move_in_t *move_in, apr_pool_t *pool)
{
    int i;

    move_in->lines = apr_array_make(pool, 16, sizeof(rc_import_line_t));
    move_in->counts = apr_array_make(pool, OF_COUNT, sizeof(rc_import_count_t));
    for (i = 0; i < OF_COUNT; i++)
        APR_ARRAY_PUSH(move_in->counts, rc_import_count_t) =
            (rc_import_count_t){kinds[i][1], 0, 0, 0};
}

static rc_import_count_t *counter(const rc_importing_t *the, int of)
{
    return &APR_ARRAY_IDX(the->move_in->counts, of, rc_import_count_t);
}

static void report_line(rc_importing_t *the, rc_import_kind_t of, const char *name, const char *fmt,
                        va_list ap)
{
    APR_ARRAY_PUSH(the->move_in->lines, rc_import_line_t) = (rc_import_line_t){
        kinds[of][0], apr_pstrdup(the->pool, name ? name : ""), apr_pvsprintf(the->pool, fmt, ap)};
}

void rc_import_left(rc_importing_t *the, rc_import_kind_t of, const char *name, const char *fmt,
                    ...)
{
    va_list ap;

    counter(the, of)->left++;
    va_start(ap, fmt);
    report_line(the, of, name, fmt, ap);
    va_end(ap);
}

void rc_import_note(rc_importing_t *the, rc_import_kind_t of, const char *name, const char *fmt,
                    ...)
{
    va_list ap;

    va_start(ap, fmt);
    report_line(the, of, name, fmt, ap);
    va_end(ap);
}

void rc_import_count(rc_importing_t *the, rc_import_kind_t of, bool changed)
{
    if (changed)
        counter(the, of)->came++;
    else
        counter(the, of)->here++;
}

bool rc_import_has_changed(const rc_importing_t *the)
{
    int i;

    for (i = 0; i < OF_COUNT; i++)
        if (counter(the, i)->came)
            return true;
    return false;
}
