// SPDX-License-Identifier: Apache-2.0
/*
 * Stores the entries of the journal that were written late (rc_actor_journal_late).
 */
#ifndef RC_DOMAIN_JOURNAL_H
#define RC_DOMAIN_JOURNAL_H

#include "store/journal.h"

/** Stores the entries that wait, for those who read the journal; @a remove as in
 * rc_store_journal_settle. An error is logged: then the newest entries are missing. Outside of
 * transactions. */
void rc_journal_settle(rc_db_t *db, bool remove, apr_pool_t *pool);

#endif
