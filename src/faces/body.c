// SPDX-License-Identifier: Apache-2.0
/*
 * Reads bodies into spools, and opens them for programs.
 */
#include "faces/body.h"

#include <apr_portable.h>

rc_err_t *rc_face_body_spool(rc_spool_t *out, rc_body_t *body, apr_pool_t *pool)
{
    rc_body_state_t state;
    const char *data;
    apr_size_t len;

    while ((state = rc_body_read(body, &data, &len, true)) == RC_BODY_MORE)
        RC_TRY(rc_spool_write(out, data, len));
    return state == RC_BODY_END ? NULL : rc_body_error(state, pool);
}

rc_err_t *rc_face_body_open(int *fd, rc_spool_t *spool, apr_pool_t *pool)
{
    apr_off_t begin = 0;
    apr_file_t *file;
    apr_status_t rv;

    RC_TRY(rc_spool_lend(&file, spool));
    if ((rv = apr_os_file_get(fd, file)) || (rv = apr_file_seek(file, APR_SET, &begin)))
        return rc_err_internal(pool, rv, "cannot read a request from its file");
    return NULL;
}
