// SPDX-License-Identifier: Apache-2.0
/*
 * Opens and measures the file that a program writes and that an answer is sent from. It is opened
 * twice, so that reading does not move the offset of the program.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "spool_total.h"

static apr_status_t end_output(void *baton)
{
    rc_output_t *output = baton;
    apr_os_file_t fd;

    rc_output_end_writing(output);
    rc_spool_total_give(output->counted);
    output->counted = 0;
    if (output->file && !apr_os_file_get(&fd, output->file) && fd >= 0)
        close(fd);
    output->file = NULL;
    return APR_SUCCESS;
}

/* Makes @a fd the descriptor that the answer is sent from. */
static rc_err_t *set_file(rc_output_t *output, int fd, apr_pool_t *pool)
{
    apr_status_t rv = fd < 0 ? errno : apr_os_file_put(&output->file, &fd, APR_FOPEN_READ, pool);

    return rv ? rc_err_internal(pool, rv, "cannot open a temporary file") : NULL;
}

static rc_err_t *open_temporary(rc_output_t *output, const char *dir, apr_pool_t *pool)
{
    char *path = apr_pstrcat(pool, dir, "/rcapi-spool-XXXXXX", NULL);
    rc_err_t *err;

    output->write = mkostemp(path, O_APPEND | O_CLOEXEC);
    if (output->write < 0)
        return rc_err_internal(pool, errno, "cannot create a temporary file in %s", dir);
    err = set_file(output, open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), pool);
    unlink(path);
    return err;
}

rc_err_t *rc_output_open(rc_output_t *output, const rc_produce_t *produce, apr_pool_t *pool)
{
    output->write = -1;
    apr_pool_cleanup_register(pool, output, end_output, apr_pool_cleanup_null);
    return open_temporary(output, produce->temp_dir, pool);
}

rc_err_t *rc_output_measure(rc_output_t *output, apr_off_t max, apr_pool_t *pool)
{
    apr_os_file_t fd = -1;
    struct stat st;

    apr_os_file_get(&fd, output->file);
    if (fstat(fd, &st))
        return rc_err_internal(pool, errno, "cannot use a temporary file");
    if (max && st.st_size > max)
        return rc_err(pool, RC_E_LIMIT, "The answer is larger than %" APR_OFF_T_FMT " bytes", max);
    if (st.st_size > output->counted) {
        RC_TRY(rc_spool_total_add(st.st_size - output->counted, pool));
        output->counted = st.st_size;
    }
    output->size = st.st_size;
    return NULL;
}

void rc_output_end_writing(rc_output_t *output)
{
    if (output->write >= 0)
        close(output->write);
    output->write = -1;
}
