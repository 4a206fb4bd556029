// SPDX-License-Identifier: Apache-2.0
/*
 * Opens the database of a unit test that runs on both kinds.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include <stdlib.h>

#include <apr_strings.h>

#include "db/db.h"
#include "store/texts.h"

/* Creates the database that RCAPI_DATABASE names, else one of SQLite in @a dir. It ends with
 * @a pool. */
static rc_err_t *open_test_database(rc_db_t **db, const char *dir, apr_pool_t *pool)
{
    rc_db_config_t *config = apr_pcalloc(pool, sizeof(*config));
    const char *name = getenv("RCAPI_DATABASE");

    config->path = name ? name : apr_pstrcat(pool, dir, "/rcapi.db", NULL);
    config->texts = &rc_store_texts;
    config->create = true;
    config->synchronous = "OFF";
    config->timeout = apr_time_from_sec(5);
    rc_db_startup();
    return rc_db_open(db, config, pool);
}

#endif
