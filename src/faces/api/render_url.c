// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the URLs that answers hold.
 */
#include "method.h"

#include <apr_escape.h>
#include <apr_strings.h>

const char *rc_render_repo_url(const rc_call_t *call, const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, call->request->base_url, "/", apr_pescape_path(pool, name, 1), NULL);
}
