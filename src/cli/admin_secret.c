/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin secret: a new secret in the place of the one that keys are encrypted with.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include "domain/secret.h"

int rc_admin_secret(rc_admin_t *admin)
{
    const char *verb = rc_admin_word(admin);
    rc_rotation_t done;
    rc_err_t *err;

    if (!verb || strcmp(verb, "rotate"))
        return rc_admin_fail(RC_ADMIN_USAGE, "secret rotate?");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if ((err = rc_sealed_rotate(&done, admin->env, admin->db, &rc_admin_actor, admin->pool)))
        return rc_admin_result(admin, err);
    printf("%d keys and remote URLs are encrypted with the new secret.\n", done.resealed);
    if (!done.unreadable)
        return RC_ADMIN_OK;
    return rc_admin_fail(RC_ADMIN_FAILED, "%d could not be opened and stay as they were",
                         done.unreadable);
}
