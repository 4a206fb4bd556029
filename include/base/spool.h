// SPDX-License-Identifier: Apache-2.0
/*
 * Buffers an answer until it is complete: up to 64 KiB in memory, then in an unlinked temporary
 * file. So an error can still replace a half-written answer, and the use of memory is constant.
 */
#ifndef RC_BASE_SPOOL_H
#define RC_BASE_SPOOL_H

#include <stdbool.h>

#include <apr_file_io.h>

#include "base/err.h"

#define RC_SPOOL_MEMORY (64 * 1024)

typedef struct rc_spool_t rc_spool_t;

/** Creates an empty spool in @a pool. A temporary file, if needed, is created in @a temp_dir. */
rc_spool_t *rc_spool_create(const char *temp_dir, apr_pool_t *pool);

/** Creates an empty spool in @a pool for a part of @a other: with the same limit; its errors live
 * in the pool of @a other. */
rc_spool_t *rc_spool_beside(const rc_spool_t *other, apr_pool_t *pool);

/** Limits the spool to @a limit bytes, which must exceed RC_SPOOL_MEMORY; 0 = no limit. A write
 * beyond it returns RC_E_LIMIT with a text for clients. */
void rc_spool_set_limit(rc_spool_t *spool, apr_off_t limit);

/** Limits the bytes in temporary files of all spools of this process to @a max (0 = no limit; of
 * several calls the largest counts). A write beyond it returns RC_E_BUSY. To be called before
 * threads start. */
void rc_spool_set_total(apr_off_t max);

/** Appends @a len bytes. */
rc_err_t *rc_spool_write(rc_spool_t *spool, const void *data, apr_size_t len);

/** Appends without a copy: rc_spool_room returns a buffer for @a len (up to RC_SPOOL_MEMORY) bytes;
 * rc_spool_fill appends those before @a end. No other call is allowed in between. */
rc_err_t *rc_spool_room(char **room, rc_spool_t *spool, apr_size_t len);
void rc_spool_fill(rc_spool_t *spool, const char *end);

/** Appends a C string. */
rc_err_t *rc_spool_puts(rc_spool_t *spool, const char *text);

/** Appends formatted text (apr_snprintf's formats). */
rc_err_t *rc_spool_printf(rc_spool_t *spool, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Appends the content of @a other. */
rc_err_t *rc_spool_append(rc_spool_t *spool, rc_spool_t *other);

/** The same, but a file of @a other is not copied when @a spool has none yet. So @a other must not
 * be changed or emptied as long as @a spool lives; it can end sooner. */
rc_err_t *rc_spool_join(rc_spool_t *spool, rc_spool_t *other);

/**
 * Makes the open file @a fd, which holds @a size bytes, the content of an empty spool; writes
 * append to it. The spool owns the descriptor and closes it with its pool or in rc_spool_reset.
 */
rc_err_t *rc_spool_take_fd(rc_spool_t *spool, int fd, apr_off_t size);

/** Empties the spool. */
rc_err_t *rc_spool_reset(rc_spool_t *spool);

/** Returns the number of bytes written. */
apr_off_t rc_spool_size(const rc_spool_t *spool);

/**
 * Returns the content: either @a *data (in memory, @a *file NULL) or @a *file (flushed), of
 * rc_spool_size bytes. The spool owns both; they live as long as its pool.
 */
rc_err_t *rc_spool_content(const char **data, apr_file_t **file, rc_spool_t *spool);

/* A part of the content: text, or a file from its beginning. */
typedef struct rc_spool_part_t {
    const char *data; /* NULL: a file, or no part */
    apr_file_t *file;
    apr_off_t size;
} rc_spool_part_t;

#define RC_SPOOL_PARTS 3

/** Returns the content as up to three parts, which the spool owns; others have the size 0. */
rc_err_t *rc_spool_parts(rc_spool_part_t parts[RC_SPOOL_PARTS], rc_spool_t *spool);

/** Gives the file of the spool the name @a path. Returns false when it has none, not all is in it,
 * or the name is taken or on another file system. The content must not change any more. */
bool rc_spool_link(rc_spool_t *spool, const char *path);

/** Returns the spool as an open file, for a child process to append to. No other call is allowed
 * until rc_spool_take_back, which determines the new size. */
rc_err_t *rc_spool_lend(apr_file_t **file, rc_spool_t *spool);
rc_err_t *rc_spool_take_back(rc_spool_t *spool);

/** Reports whether the content has a NUL byte. */
rc_err_t *rc_spool_has_nul(bool *found, rc_spool_t *spool);

/** Returns the whole content, rc_spool_size bytes: in memory, or as its file, mapped until @a pool
 * ends. The spool must outlive @a pool and must not change until then. */
rc_err_t *rc_spool_view(const char **data, rc_spool_t *spool, apr_pool_t *pool);

/** Returns the whole content as a string in @a pool. For small contents and tests. */
rc_err_t *rc_spool_string(const char **text, rc_spool_t *spool, apr_pool_t *pool);

#endif
