/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin secret: replaces the secret that encrypts keys and remote URLs.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include "domain/secret.h"

int rc_admin_secret(rc_admin_t *admin)
{
    const char *verb = rc_admin_word(admin);
    rc_journal_actor_t signature = rc_actor_signature(&admin->actor);
    rc_rotation_t done;
    rc_err_t *err;

    if (!verb || strcmp(verb, "rotate"))
        return rc_admin_fail(RC_ADMIN_USAGE, "secret requires rotate");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if ((err = rc_sealed_rotate(&done, admin->env, admin->actor.db, &signature, admin->pool)))
        return rc_admin_result(admin, err);
    printf("%d keys and remote URLs are encrypted with the new secret.\n", done.resealed);
    if (!done.unreadable)
        return RC_ADMIN_OK;
    return rc_admin_fail(RC_ADMIN_FAILED, "%d could not be decrypted and are unchanged",
                         done.unreadable);
}
