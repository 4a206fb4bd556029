// SPDX-License-Identifier: Apache-2.0
/*
 * Declares the state of an archive that is being written, and the functions that each kind of
 * archive and each compression implements.
 */
#ifndef RC_ARCHIVE_WRITER_H
#define RC_ARCHIVE_WRITER_H

#include "archive/archive.h"

/* Bytes of a content that are read at a time. */
#define RC_ARCHIVE_PIECE (256 * 1024)

struct archive;
typedef struct rc_filter_t rc_filter_t;

/* A compression: writes its input, compressed, to a spool. State and errors live in @a pool. */
struct rc_filter_t {
    rc_err_t *(*begin)(void **state, const rc_filter_t *filter, rc_spool_t *spool,
                       apr_pool_t *pool);
    rc_err_t *(*write)(void *state, const char *data, apr_size_t len);
    rc_err_t *(*end)(void *state);
    int (*add)(struct archive *lib); /* for a filter of libarchive, with its level */
    const char *level;
};

typedef struct rc_archive_writer_t {
    rc_err_t *(*begin)(rc_archive_t *archive);
    rc_err_t *(*add)(rc_archive_t *archive, const char *name, const rc_item_t *entry);
    rc_err_t *(*end)(rc_archive_t *archive);
} rc_archive_writer_t;

struct rc_archive_format_t {
    const char *extension;
    const char *alias; /* another extension, or NULL */
    const char *type;
    const rc_archive_writer_t *writer;
    const rc_filter_t *filter; /* of a tar; else NULL */
};

struct rc_archive_t {
    const rc_archive_format_t *format;
    rc_spool_t *spool;
    const char *prefix;
    apr_int64_t mtime;
    const char *temp_dir;
    apr_pool_t *pool;
    rc_archive_limits_t left; /* entries and bytes that are left; time: the deadline */
    char *name;               /* buffer for prefix and path of the entry */
    char *target;             /* buffer for the target of a link */
    apr_size_t name_room;
    char *piece; /* RC_ARCHIVE_PIECE bytes, allocated when needed */
    void *state; /* the writer's */
};

typedef rc_err_t *rc_archive_piece_fn_t(void *baton, const char *data, apr_size_t len);

/** Passes the content of @a entry to @a fn piece by piece, and checks the limits. */
rc_err_t *rc_archive_pieces(rc_archive_t *archive, const rc_item_t *entry,
                            rc_archive_piece_fn_t *fn, void *baton);

extern const rc_archive_writer_t rc_archive_tar, rc_archive_zip;
extern const rc_filter_t rc_filter_plain, rc_filter_gzip, rc_filter_bzip2, rc_filter_xz;
extern const rc_filter_t rc_filter_zstd;

#endif
