// SPDX-License-Identifier: Apache-2.0
/*
 * The table of archive formats, and the code that all of them share: names, limits, and contents
 * in pieces.
 */
#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <archive.h>
#include <libdeflate.h>

#include "base/time.h"

#define NAME_LIMIT     4096 /* bytes of a path or a link's target; no system allows more */
#define ENTRY_OVERHEAD 1024 /* estimated bytes of an entry besides name and content */

/* Part of every archive's ETag; raise it when the same tree would give other bytes. */
#define FORMAT "2"

/* clang-format off */
static const rc_archive_format_t formats[] = {
    {"zip",     NULL,   "application/zip",      &rc_archive_zip, NULL},
    {"tar",     NULL,   "application/x-tar",    &rc_archive_tar, &rc_filter_plain},
    {"tar.gz",  "tgz",  "application/x-gzip",   &rc_archive_tar, &rc_filter_gzip},
    {"tar.bz2", "tbz2", "application/x-bzip2",  &rc_archive_tar, &rc_filter_bzip2},
    {"tar.xz",  NULL,   "application/x-xz",     &rc_archive_tar, &rc_filter_xz},
    {"tar.zst", NULL,   "application/zstd",     &rc_archive_tar, &rc_filter_zstd},
};
/* clang-format on */

#define FORMATS (sizeof(formats) / sizeof(*formats))

/* Returns the text before ".<extension>", if @a name has that only once, at its end; else NULL. */
static const char *stem_of(const char *name, const char *extension, apr_pool_t *pool)
{
    const char *dotted, *at;

    if (!extension)
        return NULL;
    dotted = apr_pstrcat(pool, ".", extension, NULL);
    at = strstr(name, dotted);
    return at && !at[strlen(dotted)] ? apr_pstrmemdup(pool, name, (apr_size_t)(at - name)) : NULL;
}

const rc_archive_format_t *rc_archive_format(const char **stem, const char *name, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < FORMATS; i++)
        if ((*stem = stem_of(name, formats[i].extension, pool)) ||
            (*stem = stem_of(name, formats[i].alias, pool)))
            return &formats[i];
    return NULL;
}

const char *rc_archive_extension(const rc_archive_format_t *format)
{
    return format->extension;
}

const char *rc_archive_type(const rc_archive_format_t *format)
{
    return format->type;
}

static char version[256];

/* archive_version_details returns the same versions, but leaks and is not thread-safe. */
static void write_version(void)
{
    apr_snprintf(version, sizeof(version),
                 FORMAT " libdeflate " LIBDEFLATE_VERSION_STRING " %s %s %s %s",
                 archive_version_string(), archive_bzlib_version(), archive_liblzma_version(),
                 archive_libzstd_version());
}

const char *rc_archive_version(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, write_version);
    return version;
}

rc_err_t *rc_archive_begin(rc_archive_t **out, const rc_archive_format_t *format, rc_spool_t *spool,
                           const char *prefix, apr_int64_t mtime, const char *temp_dir,
                           const rc_archive_limits_t *limits, apr_pool_t *pool)
{
    rc_archive_t *archive = apr_pcalloc(pool, sizeof(*archive));

    *out = archive;
    archive->format = format;
    archive->spool = spool;
    archive->prefix = prefix;
    archive->mtime = mtime > 0 ? mtime : 0;
    archive->temp_dir = temp_dir;
    archive->pool = pool;
    archive->left = *limits;
    archive->left.time += rc_clock();
    archive->name_room = strlen(prefix) + NAME_LIMIT + 1;
    archive->name = apr_palloc(pool, archive->name_room);
    archive->target = apr_palloc(pool, NAME_LIMIT + 1);
    return format->writer->begin(archive);
}

/* Returns RC_E_LIMIT when @a archive exceeds one of its limits. */
static rc_err_t *check_limits(const rc_archive_t *archive)
{
    const char *what = archive->left.entries < 0          ? "has too many files"
                       : archive->left.bytes < 0          ? "is too large"
                       : rc_clock() >= archive->left.time ? "takes too long"
                                                          : NULL;

    return what ? rc_err(archive->pool, RC_E_LIMIT, "This archive %s", what) : NULL;
}

/* Reads exactly @a len bytes from the descriptor of @a entry into archive->piece. */
static rc_err_t *read_piece(const rc_archive_t *archive, const rc_item_t *entry, apr_size_t len)
{
    apr_size_t have = 0;

    while (have < len) {
        ssize_t n = read(entry->fd, archive->piece + have, len - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return rc_err_internal(archive->pool, n ? APR_FROM_OS_ERROR(errno) : APR_EOF,
                                   "cannot read a file for an archive");
        have += (apr_size_t)n;
    }
    return NULL;
}

rc_err_t *rc_archive_pieces(rc_archive_t *archive, const rc_item_t *entry,
                            rc_archive_piece_fn_t *fn, void *baton)
{
    apr_off_t done, len;

    if (!entry->data && !archive->piece)
        archive->piece = apr_palloc(archive->pool, RC_ARCHIVE_PIECE);
    for (done = 0; done < entry->size; done += len) {
        len = entry->size - done < RC_ARCHIVE_PIECE ? entry->size - done : RC_ARCHIVE_PIECE;
        RC_TRY(check_limits(archive));
        if (!entry->data)
            RC_TRY(read_piece(archive, entry, (apr_size_t)len));
        RC_TRY(fn(baton, entry->data ? entry->data + done : archive->piece, (apr_size_t)len));
    }
    return NULL;
}

/* Returns the entry's name with the prefix; NULL when it is too long. */
static const char *full_name(rc_archive_t *archive, const char *path)
{
    apr_size_t prefix = strlen(archive->prefix), len = strlen(path);

    if (prefix + len >= archive->name_room)
        return NULL;
    memcpy(archive->name, archive->prefix, prefix);
    memcpy(archive->name + prefix, path, len + 1);
    return archive->name;
}

/* Adds a link; passes its target on as a string. */
static rc_err_t *add_link(rc_archive_t *archive, const char *name, const rc_item_t *entry)
{
    rc_item_t link = *entry;

    if (entry->size > NAME_LIMIT)
        return rc_err(archive->pool, RC_E_LIMIT, "This archive has a link that is too long");
    memcpy(archive->target, entry->data, (apr_size_t)entry->size);
    archive->target[entry->size] = '\0';
    link.data = archive->target;
    link.size = (apr_off_t)strlen(archive->target);
    return archive->format->writer->add(archive, name, &link);
}

rc_err_t *rc_archive_add(void *baton, const rc_item_t *entry)
{
    rc_archive_t *archive = baton;
    const char *name = full_name(archive, entry->path);

    if (!name)
        return rc_err(archive->pool, RC_E_LIMIT, "This archive has a name that is too long");
    archive->left.entries--;
    if (entry->kind == RC_ITEM_FOLDER)
        return check_limits(archive);
    archive->left.bytes -= entry->size + (apr_off_t)strlen(name) + ENTRY_OVERHEAD;
    RC_TRY(check_limits(archive));
    if (entry->kind == RC_ITEM_LINK)
        return add_link(archive, name, entry);
    return archive->format->writer->add(archive, name, entry);
}

rc_err_t *rc_archive_end(rc_archive_t *archive)
{
    return archive->format->writer->end(archive);
}
