// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the small text files of a repository, and the node ids in them.
 */
#include "hg.h"

#include <fcntl.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/hex.h"

#define FILE_MOST ((apr_size_t)64 << 20) /* bytes of a file of references */

rc_err_t *rc_hg_small_file(const char **text, rc_vcs_t *vcs, const char *folder, const char *name,
                           apr_pool_t *pool)
{
    rc_err_t *err;
    apr_size_t len = 0;

    err =
        rc_fs_read(text, &len, apr_pstrcat(pool, folder, name, NULL), O_NOFOLLOW, FILE_MOST, pool);
    if (err)
        return rc_err_copy(err, vcs->pool);
    return rc_work_spend(vcs->work, (apr_off_t)len, vcs->pool);
}

bool rc_hg_read_node(unsigned char node[RC_HG_NODE], const char *text)
{
    return rc_hex_bytes(node, text, RC_HG_NODE);
}
