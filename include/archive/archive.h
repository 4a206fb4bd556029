// SPDX-License-Identifier: Apache-2.0
/*
 * Writes archives: zip, and tar with its compressions. The same entries give the same bytes, as
 * long as rc_archive_version returns the same text.
 */
#ifndef RC_ARCHIVE_ARCHIVE_H
#define RC_ARCHIVE_ARCHIVE_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/spool.h"

typedef struct rc_archive_format_t rc_archive_format_t;
typedef struct rc_archive_t rc_archive_t;

typedef enum {
    RC_ITEM_FILE,
    RC_ITEM_PROGRAM, /* a file with the executable bit */
    RC_ITEM_LINK,
    RC_ITEM_FOLDER /* only counted: no entry is written for a directory */
} rc_item_kind_t;

typedef struct rc_item_t {
    const char *path; /* relative; any bytes */
    rc_item_kind_t kind;
    apr_off_t size;
    const char *data; /* content, or a link's target; NULL: the content is read from fd */
    int fd;           /* positioned at the start of the content */
} rc_item_t;

typedef rc_err_t *rc_item_fn_t(void *baton, const rc_item_t *entry);

/* Limits of one archive; beyond one of them, RC_E_LIMIT. */
typedef struct rc_archive_limits_t {
    apr_int64_t entries; /* files, links and directories */
    apr_off_t bytes;     /* of contents and names, before compression */
    apr_interval_time_t time;
} rc_archive_limits_t;

/**
 * Finds the format by the extension of @a name; *@a stem is the text before it, in @a pool. Returns
 * NULL when there is none, or when the extension occurs more than once.
 */
const rc_archive_format_t *rc_archive_format(const char **stem, const char *name, apr_pool_t *pool);

/** Return the main extension ("tar.gz" for "tgz" as well) and the media type of a format. */
const char *rc_archive_extension(const rc_archive_format_t *format);
const char *rc_archive_type(const rc_archive_format_t *format);

/** Returns the versions of this code and of the libraries that decide the bytes. */
const char *rc_archive_version(void);

/** Begins an archive in the empty @a spool: all paths start with @a prefix, all entries have the
 * time @a mtime (epoch seconds). Temporary files are created in @a temp_dir. The arguments must
 * live as long as the archive, which lives in @a pool. */
rc_err_t *rc_archive_begin(rc_archive_t **out, const rc_archive_format_t *format, rc_spool_t *spool,
                           const char *prefix, apr_int64_t mtime, const char *temp_dir,
                           const rc_archive_limits_t *limits, apr_pool_t *pool);

/** Adds one entry. It is an rc_item_fn_t; @a archive is an rc_archive_t. */
rc_err_t *rc_archive_add(void *archive, const rc_item_t *entry);

/** Writes the end of the archive. */
rc_err_t *rc_archive_end(rc_archive_t *archive);

#endif
