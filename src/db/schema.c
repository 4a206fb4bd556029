// SPDX-License-Identifier: Apache-2.0
/*
 * Brings the schema of a database up to date. The steps are numbered from 1, and the database
 * stores the number of steps it has. The first process that opens it applies all missing steps in
 * one transaction.
 */
#include "driver.h"

static rc_err_t *apply_missing(void *baton, rc_db_t *db)
{
    const rc_db_texts_t *texts = db->texts;
    int have;

    (void)baton;
    RC_TRY(db->driver->version(&have, db));
    for (; have < texts->step_count; have++) {
        RC_TRY(db->driver->exec(db, texts->steps[db->driver->server][have]));
        RC_TRY(db->driver->set_version(db, have + 1));
    }
    return NULL;
}

rc_err_t *rc_schema_update(rc_db_t *db)
{
    int have, latest = db->texts->step_count;

    RC_TRY(db->driver->version(&have, db));
    if (have > latest)
        return rc_err_internal(db->pool, APR_SUCCESS,
                               "the database has schema %d, newer than this program's %d", have,
                               latest);
    if (!have && !db->config->create)
        return rc_err_internal(db->pool, APR_SUCCESS,
                               "the database %s is empty: restore it from a backup, or run init",
                               db->path);
    return have < latest ? rc_db_txn(db, apply_missing, NULL) : NULL;
}
