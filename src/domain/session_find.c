// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the user of a session, for the chain in identify.c.
 */
#include <string.h>

#include "base/secret.h"
#include "caller.h"
#include "session_life.h"

#define SEEN_STEP 60 /* seconds */
#define LENGTH    40 /* of a cookie's value, as rc_key_generate makes it */

rc_session_life_t rc_session_life(void)
{
    apr_int64_t now = apr_time_sec(apr_time_now());

    return (rc_session_life_t){now - RC_SESSION_MOST, now - RC_SESSION_IDLE};
}

rc_err_t *rc_auth_by_session(rc_caller_t **caller, rc_db_t *db, const char *cookie,
                             apr_pool_t *pool)
{
    rc_session_life_t life = rc_session_life();
    unsigned char digest[RC_DIGEST_SIZE];
    rc_session_row_t *row;

    *caller = NULL;
    if (strlen(cookie) != LENGTH)
        return NULL;
    rc_key_digest(digest, cookie);
    RC_TRY(rc_store_session_find(&row, db, digest, sizeof(digest), &life, pool));
    if (!row)
        return NULL;
    RC_TRY(rc_auth_by_login(caller, db, row->username, pool));
    if (*caller && !(*caller)->active)
        *caller = NULL;
    if (*caller) {
        (*caller)->csrf = row->csrf;
        (*caller)->idle = apr_time_sec(apr_time_now()) - row->seen >= SEEN_STEP;
    }
    return NULL;
}
