// SPDX-License-Identifier: Apache-2.0
/*
 * Finds media types. URLs of this module are not files, so other modules must not guess a type from
 * them. But the type of a file in a repository is found by httpd's modules, from its name.
 */
#include "http.h"

#include <http_core.h>
#include <http_request.h>

#include <apr_strings.h>

/* Stops type checkers: a URL like x.tar.gz does not decide the type and encoding of an answer. */
int rc_http_type_checker(request_rec *r)
{
    return rc_http_path(r) ? OK : DECLINED;
}

/* Turns "x-gzip" into "application/x-gzip": the compressed file is sent as it is. */
static const char *packed_type(const char *encoding, apr_pool_t *pool)
{
    const char *last = ap_strrchr_c(encoding, ' '); /* the outermost of several */

    last = last ? last + 1 : encoding;
    return apr_pstrcat(pool, "application/x-", last + (strncmp(last, "x-", 2) ? 0 : 2), NULL);
}

/*
 * Copies the request, for hooks to write to. It has no URI (so this module ignores it) and no file
 * (so the disk is not read), and it is a proxy request, so that hooks set only the type, no
 * handlers or filters.
 */
static request_rec *scratch_request(const request_rec *r, const char *name, apr_pool_t *pool)
{
    request_rec *copy = apr_pmemdup(pool, r, sizeof(*r));

    copy->pool = pool;
    copy->uri = copy->path_info = "";
    copy->filename = apr_pstrdup(pool, name);
    copy->finfo.filetype = APR_NOFILE;
    copy->proxyreq = PROXYREQ_REVERSE;
    copy->content_type = copy->content_encoding = copy->handler = NULL;
    copy->content_languages = NULL;
    copy->headers_out = apr_table_make(pool, 1);
    copy->err_headers_out = apr_table_make(pool, 1);
    copy->notes = apr_table_make(pool, 1);
    return copy;
}

const char *rc_http_type_of(void *baton, const char *name, apr_pool_t *pool)
{
    request_rec *copy = scratch_request(baton, name, pool);

    ap_run_type_checker(copy);
    if (copy->content_encoding)
        return packed_type(copy->content_encoding, pool);
    return copy->content_type;
}
