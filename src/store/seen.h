// SPDX-License-Identifier: Apache-2.0
/*
 * Looks up objects together with the level of a user on them: single ones, and lists. Private to
 * src/store.
 */
#ifndef RC_STORE_SEEN_H
#define RC_STORE_SEEN_H

#include "sql.h"
#include "store/slice.h"

/** Returns how many rows of a list are read at most; @a page may be NULL. */
apr_int64_t rc_slice_most(const rc_slice_t *page);

/** Returns the name that a list ordered by names begins after; @a page may be NULL. */
const char *rc_slice_after(const rc_slice_t *page);

typedef struct rc_seen_t {
    apr_int64_t id;
    int level;
} rc_seen_t;

/** Steps a ..._SEEN_BY_... statement. The id is 0 when the object does not exist or is hidden from
 * the user; both cases cost the same work. */
rc_err_t *rc_seen_one(rc_seen_t *seen, rc_stmt_t *st, rc_db_t *db);

/* How many objects of a list one statement reads: so many that its start costs little beside its
 * rows, which are in memory at once. */
#define RC_CHUNK 256

/* The next objects of a list, in its order. */
typedef struct rc_chunk_t {
    rc_db_t *db;
    const rc_seen_t *seen;
    int count;               /* of seen: 1 to RC_CHUNK */
    struct rc_chunk_t *next; /* its count is 0 after the last one; NULL: none is known */
    rc_stmt_t *asked;        /* rc_chunk_ahead has sent this one; or NULL */
    apr_pool_t *pool;        /* of the rows: cleared before the next chunk */
    apr_pool_t *scratch;     /* of what receives a row: clear it before each one */
    apr_pool_t *list;        /* of all chunks; ends with the list */
} rc_chunk_t;

typedef rc_err_t *rc_chunk_fn_t(void *baton, const rc_chunk_t *chunk);

/** Reads all (id, level) rows of a statement, then calls @a fn for each chunk of them. No statement
 * runs meanwhile: @a fn may use the connection. 16 bytes per row are kept. */
rc_err_t *rc_chunks_each(rc_stmt_t *st, rc_db_t *db, rc_chunk_fn_t *fn, void *baton,
                         apr_pool_t *pool);

/** The same for the first objects of @a page (NULL: all) in the order of their ids. The statement
 * yields one row, with the list of ten times the id plus the level: rows cost more than their
 * numbers. It need not sort them: in SQL that costs more than the rest of a list. */
rc_err_t *rc_chunks_by_id(rc_stmt_t *st, rc_db_t *db, const rc_slice_t *page, rc_chunk_fn_t *fn,
                          void *baton, apr_pool_t *pool);

/** As rc_chunks_each for at most @a most objects from place @a first (from 0) on; sets *@a total to
 * the number of all. */
rc_err_t *rc_chunks_of(int *total, rc_stmt_t *st, rc_db_t *db, int first, int most,
                       rc_chunk_fn_t *fn, void *baton, apr_pool_t *pool);

/* What is read of each object of a chunk: the rows of a statement whose ?1 is a user and ?2 the
 * list of the objects' ids, or ?1 is the list when the user is 0. Column 0 of each row is the id of
 * its object, at index @a at of the chunk. @a take copies the row to the pool of the chunk and must
 * not use the connection. */
typedef struct rc_chunk_part_t {
    rc_sql_t sql;
    apr_int64_t user_id;
    void (*take)(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool);
    void *baton;
} rc_chunk_part_t;

#define RC_PARTS_MOST 5

/** Reads @a count parts, one after the other, at most RC_PARTS_MOST. A server works on all of them
 * from the beginning. */
rc_err_t *rc_chunk_read(const rc_chunk_t *chunk, const rc_chunk_part_t *parts, int count);

/** Asks for the first part of the next chunk: a server works on it while this one is visited. */
rc_err_t *rc_chunk_ahead(const rc_chunk_t *chunk, rc_sql_t sql, apr_int64_t user_id);

/** Returns a LIKE pattern, with the escape character "!", for texts in lower case that hold
 * @a words. */
const char *rc_like_pattern(const char *words, apr_pool_t *pool);

#endif
