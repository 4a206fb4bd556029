// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the count of a name, and passes the rest on to the driver.
 */
#include "db/tally.h"

#include "base/secret.h"
#include "driver.h"

static int count_of(const char *name)
{
    unsigned char digest[RC_DIGEST_SIZE];

    rc_key_digest(digest, name);
    return digest[0] << 8 | digest[1];
}

rc_err_t *rc_db_tally_wait(int *wait, rc_db_t *db, const char *name, int most)
{
    *wait = 0;
    return db->driver->tally_wait ? db->driver->tally_wait(wait, db, count_of(name), most) : NULL;
}

rc_err_t *rc_db_tally_add(rc_db_t *db, const char *name, int seconds)
{
    return db->driver->tally_add ? db->driver->tally_add(db, count_of(name), seconds) : NULL;
}
