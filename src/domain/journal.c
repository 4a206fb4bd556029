// SPDX-License-Identifier: Apache-2.0
/*
 * Stores the entries of the journal that wait in a file.
 */
#include "domain/journal.h"

#include "base/log.h"

void rc_journal_settle(rc_db_t *db, bool remove, apr_pool_t *pool)
{
    rc_err_t *err = rc_store_journal_settle(db, remove);

    if (err)
        rc_log(RC_LOG_WARNING, err->cause, "the newest downloads are not in the journal yet: %s",
               rc_err_log_text(err, pool));
}
