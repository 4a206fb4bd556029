// SPDX-License-Identifier: Apache-2.0
/*
 * Opens and measures the file that a program writes and that answers are sent from. The program has
 * an open file of its own: reading does not move its offset, and the lock of a part is not its.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/cache.h"
#include "base/fs.h"
#include "spool_total.h"

static int fd_of(const rc_output_t *output)
{
    apr_os_file_t fd = -1;

    if (output->file)
        apr_os_file_get(&fd, output->file);
    return fd;
}

static void end_writing(rc_output_t *output)
{
    if (output->write >= 0)
        close(output->write);
    output->write = -1;
}

static apr_status_t end_output(void *baton)
{
    rc_output_t *output = baton;

    end_writing(output);
    rc_spool_total_give(output->counted);
    output->counted = 0;
    if (output->file)
        close(fd_of(output));
    output->file = NULL;
    return APR_SUCCESS;
}

/* Makes @a fd the descriptor that the answer is sent from. */
static rc_err_t *set_file(rc_output_t *output, int fd, apr_pool_t *pool)
{
    apr_status_t rv = fd < 0 ? errno : apr_os_file_put(&output->file, &fd, APR_FOPEN_READ, pool);

    return rv ? rc_err_internal(pool, rv, "cannot open a temporary file") : NULL;
}

static rc_err_t *open_named(rc_output_t *output, const char *dir, apr_pool_t *pool)
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

static rc_err_t *open_temporary(rc_output_t *output, const char *dir, apr_pool_t *pool)
{
    char link[RC_FS_LINK];

    output->ours = true;
    output->write = rc_fs_unnamed(link, dir);
    return output->write < 0 ? open_named(output, dir, pool)
                             : set_file(output, open(link, O_RDONLY | O_CLOEXEC), pool);
}

/* Opens the part for its maker: the locked descriptor is for reading. */
static rc_err_t *open_ours(rc_output_t *output, apr_pool_t *pool)
{
    const rc_entry_t *entry = &output->entry;

    output->ours = output->shared = true;
    RC_TRY(set_file(output, entry->fd, pool));
    output->write = rc_part_open_append(entry->fd, entry->part);
    return output->write < 0 ? rc_err_internal(pool, errno, "cannot open %s", entry->part) : NULL;
}

/* Opens the part of another request; false when it has just ended. */
static bool open_theirs(rc_output_t *output, apr_pool_t *pool)
{
    int fd = rc_part_follow(output->entry.part);

    output->shared = fd >= 0 && !set_file(output, fd, pool);
    return output->shared;
}

static rc_err_t *open_complete(rc_output_t *output, apr_pool_t *pool)
{
    output->state = RC_PART_COMPLETE;
    output->size = output->entry.st.st_size;
    return set_file(output, output->entry.fd, pool);
}

static rc_err_t *open_cached(rc_output_t *output, const rc_produce_t *produce, apr_pool_t *pool)
{
    rc_entry_t *entry = &output->entry;
    int tries;

    rc_entry_init(entry, produce->cache, produce->name, pool);
    for (tries = 0; tries < 10; tries++) {
        switch (rc_entry_look(entry)) {
        case RC_ENTRY_HIT:
            rc_cache_count(entry->st.st_size);
            return open_complete(output, pool);
        case RC_ENTRY_OURS:
            rc_cache_count(-1);
            return open_ours(output, pool);
        case RC_ENTRY_BROKEN:
            rc_entry_warn(entry, entry->why);
            return open_temporary(output, produce->temp_dir, pool);
        case RC_ENTRY_BUSY:
            if (open_theirs(output, pool))
                return NULL;
        }
    }
    return open_temporary(output, produce->temp_dir, pool);
}

void rc_output_close(rc_output_t *output, apr_pool_t *pool)
{
    apr_pool_cleanup_run(pool, output, end_output);
}

rc_err_t *rc_output_open(rc_output_t *output, const rc_produce_t *produce, apr_pool_t *pool)
{
    bool cached = produce->cache && produce->cache->dir && produce->name;

    *output = (rc_output_t){.write = -1};
    apr_pool_cleanup_register(pool, output, end_output, apr_pool_cleanup_null);
    return cached ? open_cached(output, produce, pool)
                  : open_temporary(output, produce->temp_dir, pool);
}

rc_err_t *rc_output_append(rc_output_t *output, const char *text, apr_pool_t *pool)
{
    ssize_t len = (ssize_t)strlen(text);

    if (write(output->write, text, (size_t)len) != len)
        return rc_err_internal(pool, errno, "cannot write to a temporary file");
    output->size += len;
    return NULL;
}

/* Counts the bytes of our output. */
static rc_err_t *count(rc_output_t *output, apr_off_t size, apr_off_t max, apr_pool_t *pool)
{
    if (max && size > max)
        return rc_err(pool, RC_E_LIMIT, "The answer is larger than %" APR_OFF_T_FMT " bytes", max);
    if (size > output->counted) {
        RC_TRY(rc_spool_total_add(size - output->counted, pool));
        output->counted = size;
    }
    return NULL;
}

rc_err_t *rc_output_look(rc_output_t *output, apr_off_t max, apr_pool_t *pool)
{
    struct stat st;

    if (!output->ours && output->state == RC_PART_GROWS)
        output->state = rc_part_look(fd_of(output)); /* before the size: loses no bytes */
    if (fstat(fd_of(output), &st)) {
        if (errno != ESTALE || output->ours)
            return rc_err_internal(pool, errno, "cannot use a temporary file");
        output->state = RC_PART_LEFT; /* on NFS another machine has removed it */
        return NULL;
    }
    if (output->ours)
        RC_TRY(count(output, st.st_size, max, pool));
    output->size = st.st_size;
    return NULL;
}

bool rc_output_is_followed(const rc_output_t *output)
{
    return output->ours && output->shared && rc_part_is_followed(fd_of(output));
}

void rc_output_finish(rc_output_t *output, rc_part_state_t state, bool keep, apr_pool_t *pool)
{
    if (!output->ours || output->state != RC_PART_GROWS)
        return;
    output->state = state;
    end_writing(output);
    if (!output->shared)
        return;
    if (!keep) {
        unlink(output->entry.part);
    } else if (rc_entry_keep(&output->entry, output->size, pool)) {
        rc_spool_total_give(output->counted); /* now the limit of the cache counts them */
        output->counted = 0;
    }
    rc_part_end(fd_of(output), state);
}

void rc_output_leave(rc_output_t *output, apr_pool_t *pool)
{
    rc_output_finish(output, RC_PART_LEFT, false, pool);
    if (!output->ours && output->shared && output->file)
        rc_part_unfollow(fd_of(output));
}
