// SPDX-License-Identifier: Apache-2.0
/*
 * An answer in the making: memory up to 64 KiB, then an unlinked temporary file. Written once,
 * in order, then handed over whole; so errors half-way are still honest and memory is constant.
 */
#ifndef RC_BASE_SPOOL_H
#define RC_BASE_SPOOL_H

#include <stdbool.h>

#include <apr_file_io.h>

#include "base/err.h"

#define RC_SPOOL_MEMORY (64 * 1024)

typedef struct rc_spool_t rc_spool_t;

/** A new, empty spool. @a temp_dir receives the file, if one is needed. Lives in @a pool. */
rc_spool_t *rc_spool_create(const char *temp_dir, apr_pool_t *pool);

/** A new, empty spool in @a pool for a part of @a other: of the same limit, its errors live where
 * those of @a other do. */
rc_spool_t *rc_spool_beside(const rc_spool_t *other, apr_pool_t *pool);

/** From now on the spool takes @a limit bytes (more than it keeps in memory), 0 = as many as there
 * are; what would be more is RC_E_LIMIT with a text for clients. */
void rc_spool_set_limit(rc_spool_t *spool, apr_off_t limit);

/** All spools of this process together have at most @a max bytes in files (0 = no limit; of several
 * calls the largest counts); what would be more is RC_E_BUSY. Before threads start. */
void rc_spool_set_total(apr_off_t max);

/** Appends @a len bytes. */
rc_err_t *rc_spool_write(rc_spool_t *spool, const void *data, apr_size_t len);

/** Appending without a copy: room for @a len (up to RC_SPOOL_MEMORY) bytes, of which those before
 * @a end count once they are filled. Nothing else may be written in between. */
rc_err_t *rc_spool_room(char **room, rc_spool_t *spool, apr_size_t len);
void rc_spool_fill(rc_spool_t *spool, const char *end);

/** Appends a C string. */
rc_err_t *rc_spool_puts(rc_spool_t *spool, const char *text);

/** Appends formatted text (apr_snprintf's formats). */
rc_err_t *rc_spool_printf(rc_spool_t *spool, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Appends all of @a other. */
rc_err_t *rc_spool_append(rc_spool_t *spool, rc_spool_t *other);

/**
 * Goes on in the open file @a fd, which holds @a size bytes of content already. For an empty spool;
 * the descriptor is the spool's from now on, closed with its pool or by rc_spool_reset.
 */
rc_err_t *rc_spool_take_fd(rc_spool_t *spool, int fd, apr_off_t size);

/** Empties the spool, so that something else can be written. */
rc_err_t *rc_spool_reset(rc_spool_t *spool);

/** Bytes written so far. */
apr_off_t rc_spool_size(const rc_spool_t *spool);

/**
 * What was written: either @a *data (in memory, @a *file NULL) or @a *file (flushed; its length
 * is rc_spool_size). Both stay the spool's and live as long as its pool.
 */
rc_err_t *rc_spool_content(const char **data, apr_file_t **file, rc_spool_t *spool);

/** The spool as an open file, for another process to append to. Nothing else may be done with the
 * spool until rc_spool_take_back, which finds out how much was written. */
rc_err_t *rc_spool_lend(apr_file_t **file, rc_spool_t *spool);
rc_err_t *rc_spool_take_back(rc_spool_t *spool);

/** Is there a NUL in what was written? */
rc_err_t *rc_spool_has_nul(bool *found, rc_spool_t *spool);

/** The whole content, rc_spool_size bytes: in memory, or as its file, mapped until @a pool ends.
 * The spool must outlive @a pool and is not written to meanwhile. */
rc_err_t *rc_spool_view(const char **data, rc_spool_t *spool, apr_pool_t *pool);

/** The whole content as one string in @a pool. For small contents and tests. */
rc_err_t *rc_spool_string(const char **text, rc_spool_t *spool, apr_pool_t *pool);

#endif
