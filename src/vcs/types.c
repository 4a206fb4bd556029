// SPDX-License-Identifier: Apache-2.0
/*
 * The table of back ends, one for each type of repository.
 */
#include "backend.h"

#include <string.h>

#include <apr_strings.h>

#define MOST_BACKENDS 8

/* Changes only before threads start. */
static const rc_backend_t *backends[MOST_BACKENDS] = {
    &rc_git_backend,
#ifdef RCAPI_SVN
    &rc_svn_backend,
#endif
#ifdef RCAPI_HG
    &rc_hg_backend,
#endif
};
static int n_backends = 1
#ifdef RCAPI_SVN
                        + 1
#endif
#ifdef RCAPI_HG
                        + 1
#endif
    ;

void rc_vcs_register(const rc_backend_t *backend)
{
    if (n_backends < MOST_BACKENDS)
        backends[n_backends++] = backend;
}

const rc_backend_t *rc_vcs_backend_at(int number)
{
    return number < n_backends ? backends[number] : NULL;
}

const rc_backend_t *rc_vcs_backend(const char *type)
{
    int i;

    for (i = 0; i < n_backends; i++)
        if (!strcmp(backends[i]->type, type))
            return backends[i];
    return NULL;
}

bool rc_vcs_known_type(const char *type)
{
    return rc_vcs_backend(type) != NULL;
}

const char *rc_vcs_unknown_type(const char *type, apr_pool_t *pool)
{
    if (!strcmp(type, "svn"))
        return "type svn: this server was built without libsvn (libsvn-dev of Debian)";
    if (!strcmp(type, "hg"))
        return "type hg: this server was built without libzstd (libzstd-dev of Debian)";
    return apr_psprintf(pool, "unknown type %s", type);
}

rc_err_t *rc_vcs_startup(apr_pool_t *pool)
{
    int i;

    for (i = 0; i < n_backends; i++)
        RC_TRY(backends[i]->startup(pool));
    return NULL;
}

rc_err_t *rc_vcs_need_backend(const rc_backend_t **out, const char *type, apr_pool_t *pool)
{
    *out = rc_vcs_backend(type);
    return *out ? NULL : rc_err_internal(pool, APR_SUCCESS, "%s", rc_vcs_unknown_type(type, pool));
}

void rc_vcs_forget(const char *path)
{
    int i;

    for (i = 0; i < n_backends; i++)
        if (backends[i]->forget)
            backends[i]->forget(path);
}

void rc_vcs_shrink(void)
{
    int i;

    for (i = 0; i < n_backends; i++)
        if (backends[i]->shrink)
            backends[i]->shrink();
}
