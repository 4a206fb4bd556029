// SPDX-License-Identifier: Apache-2.0
/*
 * Writing archives: zip, and tar with its compressions. The same entries give the same bytes, as
 * long as rc_archive_version says the same.
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
    RC_ITEM_FOLDER /* only counted: archives hold no directories of their own */
} rc_item_kind_t;

typedef struct rc_item_t {
    const char *path; /* relative, bytes as they are */
    rc_item_kind_t kind;
    apr_off_t size;
    const char *data; /* content, or a link's target; NULL: read from fd */
    int fd;           /* stands at the content's start */
} rc_item_t;

typedef rc_err_t *rc_item_fn_t(void *baton, const rc_item_t *entry);

/* What one archive may cost; beyond it, RC_E_LIMIT. */
typedef struct rc_archive_limits_t {
    apr_int64_t entries; /* with directories */
    apr_off_t bytes;     /* of contents and names, and of the archive */
    apr_interval_time_t time;
} rc_archive_limits_t;

/**
 * The format whose extension @a name ends in; *@a stem is what stands before it. NULL when there is
 * none, or when the extension occurs more than once.
 */
const rc_archive_format_t *rc_archive_format(const char **stem, const char *name, apr_pool_t *pool);

/** The extension as it was meant ("tar.gz" for "tgz" as well), and the type of a format. */
const char *rc_archive_extension(const rc_archive_format_t *format);
const char *rc_archive_type(const rc_archive_format_t *format);

/** Names the libraries that decide the bytes, and our own revision of them. */
const char *rc_archive_version(apr_pool_t *pool);

/** Begins an archive in the empty @a spool: every path gets @a prefix, every entry the time @a
 * mtime (epoch seconds). */
rc_err_t *rc_archive_begin(rc_archive_t **out, const rc_archive_format_t *format, rc_spool_t *spool,
                           const char *prefix, apr_int64_t mtime, const char *temp_dir,
                           const rc_archive_limits_t *limits, apr_pool_t *pool);

/** Adds one entry. An rc_item_fn_t; @a archive is an rc_archive_t. */
rc_err_t *rc_archive_add(void *archive, const rc_item_t *entry);

/** Completes the archive. */
rc_err_t *rc_archive_end(rc_archive_t *archive);

#endif
