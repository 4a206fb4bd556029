// SPDX-License-Identifier: Apache-2.0
/*
 * Compresses a tar on its way to the spool: not at all, or with bzip2, xz or zstd of libarchive.
 * gzip.c has the filter for gzip.
 */
#include "writer.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/cleanup.h"

/* --- none --- */

static rc_err_t *plain_begin(void **state, const rc_filter_t *filter, rc_spool_t *spool,
                             apr_pool_t *pool)
{
    (void)filter;
    (void)pool;
    *state = spool;
    return NULL;
}

static rc_err_t *plain_write(void *state, const char *data, apr_size_t len)
{
    return rc_spool_write(state, data, len);
}

static rc_err_t *plain_end(void *state)
{
    (void)state;
    return NULL;
}

/* --- libarchive: its "raw" format writes only the content of one entry --- */

typedef struct lib_t {
    struct archive *archive;
    struct archive_entry *entry;
    rc_spool_t *spool; /* NULL: output is dropped */
    apr_pool_t *pool;
    rc_err_t *err; /* of the last write; lib_error returns it */
} lib_t;

static rc_err_t *lib_error(lib_t *lib)
{
    const char *why = archive_error_string(lib->archive);

    if (lib->err)
        return lib->err;
    return rc_err_internal(lib->pool, APR_SUCCESS, "libarchive: %s", why ? why : "no reason given");
}

static la_ssize_t write_out(struct archive *archive, void *baton, const void *data, size_t len)
{
    lib_t *lib = baton;

    if (!lib->spool)
        return (la_ssize_t)len;
    if (!(lib->err = rc_spool_write(lib->spool, data, len)))
        return (la_ssize_t)len;
    archive_set_error(archive, EIO, "cannot write");
    return -1;
}

/* Frees the compressor. archive_write_free would complete an abandoned archive, in a spool that may
 * have other content by now: so its output is dropped. */
static void drop(void *state)
{
    lib_t *lib = state;

    lib->spool = NULL;
    archive_write_free(lib->archive);
    archive_entry_free(lib->entry);
}

static rc_err_t *lib_begin(void **state, const rc_filter_t *filter, rc_spool_t *spool,
                           apr_pool_t *pool)
{
    lib_t *lib = *state = apr_pcalloc(pool, sizeof(*lib));

    lib->spool = spool;
    lib->pool = pool;
    lib->archive = archive_write_new();
    lib->entry = archive_entry_new();
    rc_cleanup(pool, lib, drop);
    if (!lib->archive || !lib->entry)
        return rc_err_internal(pool, APR_ENOMEM, "cannot create a compressor");
    archive_entry_set_filetype(lib->entry, AE_IFREG);
    if (archive_write_set_format_raw(lib->archive) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(lib->archive, 0) != ARCHIVE_OK ||
        filter->add(lib->archive) != ARCHIVE_OK ||
        archive_write_set_filter_option(lib->archive, NULL, "compression-level", filter->level) !=
            ARCHIVE_OK ||
        archive_write_open(lib->archive, lib, NULL, write_out, NULL) != ARCHIVE_OK ||
        archive_write_header(lib->archive, lib->entry) != ARCHIVE_OK)
        return lib_error(lib);
    return NULL;
}

static rc_err_t *lib_write(void *state, const char *data, apr_size_t len)
{
    lib_t *lib = state;

    if (!len)
        return NULL;
    return archive_write_data(lib->archive, data, len) == (la_ssize_t)len ? NULL : lib_error(lib);
}

static rc_err_t *lib_end(void *state)
{
    lib_t *lib = state;

    return archive_write_close(lib->archive) == ARCHIVE_OK ? NULL : lib_error(lib);
}

/* clang-format off */
const rc_filter_t rc_filter_plain = {plain_begin, plain_write, plain_end, NULL, NULL};
const rc_filter_t rc_filter_bzip2 = {lib_begin, lib_write, lib_end, archive_write_add_filter_bzip2, "9"};
const rc_filter_t rc_filter_zstd = {lib_begin, lib_write, lib_end, archive_write_add_filter_zstd, "3"};
/* the default level of xz, 6, needs 100 MB of memory */
const rc_filter_t rc_filter_xz = {lib_begin, lib_write, lib_end, archive_write_add_filter_xz, "3"};
/* clang-format on */
