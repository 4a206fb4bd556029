// SPDX-License-Identifier: Apache-2.0
/*
 * rcapi-admin refresh: updates the stored last commit of one repository, for hooks of pushes that
 * do not go through the server (conf/post-receive).
 */
#include "admin.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "domain/last_changeset.h"
#include "domain/repo.h"
#include "store/user.h"

/* Returns the name of the repository in the directory @a path; @a path may also be the name. */
static const char *name_of_path(const rc_admin_t *admin, const char *path)
{
    char folder[PATH_MAX], root[PATH_MAX];
    apr_size_t root_len, len;

    if (*path != '/' && *path != '.')
        return rc_text_clean_path(path, admin->pool);
    if (!realpath(path, folder) || !realpath(admin->env->config->repo_root, root))
        return NULL;
    root_len = strlen(root);
    if (strncmp(folder, root, root_len) || folder[root_len] != '/')
        return NULL;
    len = strlen(folder);
    if (len > 5 && !strcmp(folder + len - 5, "/.git")) /* the repository has a work tree */
        folder[len - 5] = '\0';
    return apr_pstrdup(admin->pool, folder + root_len + 1);
}

int rc_admin_refresh(rc_admin_t *admin)
{
    const char *word = rc_admin_word(admin), *name;
    rc_user_t *reader; /* lookups require a user; any user will do */
    rc_repo_t *repo = NULL;
    rc_err_t *err;

    if (!word)
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: repository");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if (!(err = rc_store_first_admin(&reader, admin->actor.db, admin->pool)) && reader &&
        (name = name_of_path(admin, word)))
        err = rc_store_repo_by_name(&repo, admin->actor.db, rc_viewer_user(reader->id), name,
                                    admin->pool);
    if (err)
        return rc_admin_result(admin, err);
    if (!repo)
        return rc_admin_fail(RC_ADMIN_FAILED, "repository `%s` does not exist", word);
    return rc_admin_result(admin, rc_last_refresh(repo, admin->env, admin->actor.db, admin->pool));
}
