// SPDX-License-Identifier: Apache-2.0
/*
 * Imports the journal. An entry has no name: what is here already is recognised by its time, user,
 * repository and action.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

/* Columns of FROM_JOURNAL. */
enum { LOG_ID, LOG_USER, LOG_USERNAME, LOG_REPO, LOG_REPO_NAME, LOG_IP, LOG_ACTION, LOG_DATE };

#define ACTION_BYTES 4096
#define NAME_BYTES   255

typedef struct known_t {
    apr_hash_t *entries; /* what entry_key() makes of those here */
    apr_pool_t *pool;
} known_t;

static const char *entry_key(apr_int64_t when, const char *username, const char *repo_name,
                             const char *action, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT "\n%s\n%s\n%s", when, username, repo_name,
                        action);
}

static void remember(void *baton, apr_int64_t when, const char *const *texts)
{
    known_t *known = baton;

    apr_hash_set(known->entries, entry_key(when, texts[0], texts[1], texts[2], known->pool),
                 APR_HASH_KEY_STRING, "");
}

/* The time of the last entry there. */
static rc_err_t *last_entry(apr_int64_t *last, rc_importing_t *the)
{
    apr_int64_t when;
    rc_rows_t rows;

    *last = 0;
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_JOURNAL, the->pool));
    while (rc_rows_next(&rows))
        if ((when = rc_import_time(&rows, LOG_DATE, 0)) > *last)
            *last = when;
    return rc_rows_end(&rows);
}

static rc_err_t *import_entry(rc_importing_t *the, const known_t *known, rc_rows_t *rows)
{
    apr_pool_t *pool = rows->scratch;
    const rc_arrival_t *user = rc_import_item(rows, LOG_USER, the->users);
    const rc_arrival_t *repo = rc_import_item(rows, LOG_REPO, the->repos);
    const char *username = rc_import_short(rows, LOG_USERNAME, NAME_BYTES, pool);
    const char *repo_name = rc_import_short(rows, LOG_REPO_NAME, NAME_BYTES, pool);
    const char *action = rc_import_short(rows, LOG_ACTION, ACTION_BYTES, pool);
    apr_int64_t when = rc_import_time(rows, LOG_DATE, 0);
    bool changed = false;

    if (!*username && user)
        username = user->name;
    if (!*repo_name && repo)
        repo_name = repo->name;
    if (!when) {
        rc_import_left(the, OF_JOURNAL, action, "has no time");
        return NULL;
    }
    if (!apr_hash_get(known->entries, entry_key(when, username, repo_name, action, pool),
                      APR_HASH_KEY_STRING))
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_JOURNAL,
                               user ? user->id : (apr_int64_t)0, username,
                               repo ? repo->id : (apr_int64_t)0, repo_name, action,
                               rc_import_short(rows, LOG_IP, NAME_BYTES, pool), when));
    rc_import_count(the, OF_JOURNAL, changed);
    return NULL;
}

rc_err_t *rc_import_journal(rc_importing_t *the)
{
    known_t known = {NULL, NULL};
    apr_int64_t last;
    rc_rows_t rows;

    apr_pool_create(&known.pool, the->pool);
    known.entries = apr_hash_make(known.pool);
    RC_TRY(last_entry(&last, the));
    RC_TRY(rc_store_journal_upto(the->db, last, remember, &known, known.pool));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_JOURNAL, the->pool));
    while (rc_rows_next(&rows))
        rows.err = import_entry(the, &known, &rows);
    RC_TRY(rc_rows_end(&rows));
    apr_pool_destroy(known.pool);
    return NULL;
}
