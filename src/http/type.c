// SPDX-License-Identifier: Apache-2.0
/*
 * Finds media types. Our URLs are no files, so no module may guess from them; but the name of a
 * repository's file is looked up where httpd looks up its own files.
 */
#include "http.h"

#include <http_core.h>
#include <http_request.h>

#include <apr_strings.h>

/* Names like x.tar.gz say nothing about the type and encoding of our answers. */
int rc_http_type_checker(request_rec *r)
{
    return rc_http_path(r) ? OK : DECLINED;
}

/* "x-gzip" -> "application/x-gzip": what is sent is the packed file itself. */
static const char *packed_type(const char *encoding, apr_pool_t *pool)
{
    const char *last = ap_strrchr_c(encoding, ' '); /* of several, the outermost */

    last = last ? last + 1 : encoding;
    return apr_pstrcat(pool, "application/x-", last + (strncmp(last, "x-", 2) ? 0 : 2), NULL);
}

/*
 * A copy of the request that hooks may write to. Not ours any more (no URI), no file (nobody looks
 * on the disk), and a proxy's, so that only what describes the name is set: no handlers or filters.
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
