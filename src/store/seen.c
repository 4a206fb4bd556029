// SPDX-License-Identifier: Apache-2.0
/*
 * Looks up objects together with the level of a user on them. A list is first read as ids and
 * levels, then its rows by chunks: one statement reads all rows of a chunk, and ends before the
 * first of them is used. So few statements read a list, memory stays small, and what receives a row
 * can use the connection.
 */
#include "seen.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

apr_int64_t rc_slice_most(const rc_slice_t *page)
{
    return page && page->most ? page->most : APR_INT64_MAX;
}

const char *rc_slice_after(const rc_slice_t *page)
{
    return page && page->after_name ? page->after_name : "";
}

const char *rc_like_pattern(const char *words, apr_pool_t *pool)
{
    char *pattern = apr_palloc(pool, 2 * strlen(words) + 3), *out = pattern;

    *out++ = '%';
    for (words = rc_text_lower(words, pool); *words; words++) {
        if (strchr("%_!", *words))
            *out++ = '!';
        *out++ = *words;
    }
    if (out > pattern + 1)
        *out++ = '%';
    *out = '\0';
    return pattern;
}

static rc_seen_t id_and_level(rc_stmt_t *st)
{
    return (rc_seen_t){.id = rc_column_int(st, 0), .level = (int)rc_column_int(st, 1)};
}

rc_err_t *rc_seen_one(rc_seen_t *seen, rc_stmt_t *st, rc_db_t *db)
{
    bool found;

    *seen = (rc_seen_t){0, 0};
    RC_TRY(rc_step(&found, st, db));
    if (!found)
        return NULL;
    *seen = id_and_level(st);
    if (seen->level <= 0)
        seen->id = 0;
    rc_done(st);
    return NULL;
}

static rc_err_t *read_all(apr_array_header_t *list, rc_stmt_t *st, rc_db_t *db)
{
    bool found;

    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(list, rc_seen_t) = id_and_level(st);
    }
}

/* Reads the only row of a statement: a list of numbers, each ten times an id plus a level, between
 * any brackets. */
static rc_err_t *read_list(apr_array_header_t *list, rc_stmt_t *st, rc_db_t *db)
{
    apr_int64_t number;
    const char *at;
    bool found;

    rc_expect_few(st);
    RC_TRY(rc_step(&found, st, db));
    at = rc_column_peek(st, 0);
    if (!at)
        return rc_stmt_run(st, db);
    while (*at && *++at >= '0' && *at <= '9') {
        for (number = 0; *at >= '0' && *at <= '9'; at++)
            number = 10 * number + (*at - '0');
        APR_ARRAY_PUSH(list, rc_seen_t) = (rc_seen_t){number / 10, (int)(number % 10)};
    }
    return rc_stmt_run(st, db);
}

/* Sets @a chunk to the objects from place @a at of @a list on, of those before place @a end. */
static void set_chunk(rc_chunk_t *chunk, const apr_array_header_t *list, int at, int end)
{
    chunk->seen = &APR_ARRAY_IDX(list, at, rc_seen_t);
    chunk->count = end - at < RC_CHUNK ? end - at : RC_CHUNK;
    chunk->asked = NULL;
}

/* Calls @a fn for the chunks of the objects from place @a at of @a list to before place @a end. */
static rc_err_t *walk_chunks(rc_chunk_t *chunk, const apr_array_header_t *list, int at, int end,
                             rc_chunk_fn_t *fn, void *baton)
{
    rc_chunk_t *next = chunk->next;

    for (set_chunk(next, list, at, end); next->count; at += chunk->count) {
        apr_pool_clear(chunk->pool);
        set_chunk(chunk, list, at, end);
        chunk->asked = next->asked;
        set_chunk(next, list, at + chunk->count, end);
        RC_TRY(fn(baton, chunk));
    }
    return NULL;
}

static int compare_ids(const void *one, const void *two)
{
    const rc_seen_t *a = one, *b = two;

    return (a->id > b->id) - (a->id < b->id);
}

/* A part of a list: places, and whether the statement yields one list, which is to be sorted by
 * ids. */
typedef struct stretch_t {
    int first, most;
    bool sort;
} stretch_t;

static rc_err_t *walk_stretch(int *total, rc_stmt_t *st, rc_db_t *db, stretch_t stretch,
                              rc_chunk_fn_t *fn, void *baton, apr_pool_t *pool)
{
    rc_chunk_t next = {.db = db}, chunk = {.db = db, .next = &next};
    apr_array_header_t *list;
    apr_pool_t *own;
    rc_err_t *err;

    apr_pool_create(&own, pool);
    apr_pool_create(&chunk.pool, own);
    apr_pool_create(&chunk.scratch, own);
    chunk.list = own;
    list = apr_array_make(own, RC_CHUNK, sizeof(rc_seen_t));
    err = stretch.sort ? read_list(list, st, db) : read_all(list, st, db);
    *total = list->nelts;
    if (!err && stretch.sort)
        qsort(list->elts, (size_t)list->nelts, sizeof(rc_seen_t), compare_ids);
    if (!err && stretch.first < *total)
        err = walk_chunks(&chunk, list, stretch.first,
                          stretch.most < *total - stretch.first ? stretch.first + stretch.most
                                                                : *total,
                          fn, baton);
    apr_pool_destroy(own);
    return err;
}

rc_err_t *rc_chunks_of(int *total, rc_stmt_t *st, rc_db_t *db, int first, int most,
                       rc_chunk_fn_t *fn, void *baton, apr_pool_t *pool)
{
    return walk_stretch(total, st, db, (stretch_t){first, most, false}, fn, baton, pool);
}

rc_err_t *rc_chunks_by_id(rc_stmt_t *st, rc_db_t *db, const rc_slice_t *page, rc_chunk_fn_t *fn,
                          void *baton, apr_pool_t *pool)
{
    apr_int64_t most = rc_slice_most(page);
    stretch_t stretch = {0, most < INT_MAX ? (int)most : INT_MAX, true};
    int total;

    return walk_stretch(&total, st, db, stretch, fn, baton, pool);
}

rc_err_t *rc_chunks_each(rc_stmt_t *st, rc_db_t *db, rc_chunk_fn_t *fn, void *baton,
                         apr_pool_t *pool)
{
    int total;

    return rc_chunks_of(&total, st, db, 0, INT_MAX, fn, baton, pool);
}

/* The objects of a chunk by their ids, each with its place in the chunk as its level. */
typedef struct by_id_t {
    rc_seen_t objects[RC_CHUNK];
    int count;
    int last; /* the object of the row before */
} by_id_t;

static void sort_chunk(by_id_t *by_id, const rc_chunk_t *chunk)
{
    bool is_sorted = true;
    int i;

    by_id->count = chunk->count;
    for (i = 0; i < chunk->count; i++) {
        by_id->objects[i] = (rc_seen_t){chunk->seen[i].id, i};
        is_sorted = is_sorted && (!i || chunk->seen[i - 1].id < chunk->seen[i].id);
    }
    if (!is_sorted)
        qsort(by_id->objects, (size_t)chunk->count, sizeof(rc_seen_t), compare_ids);
}

static rc_err_t *ask_part(rc_stmt_t **st, rc_db_t *db, const by_id_t *by_id,
                          const rc_chunk_part_t *part)
{
    apr_int64_t ids[RC_CHUNK];
    int i;

    for (i = 0; i < by_id->count; i++)
        ids[i] = by_id->objects[i].id;
    RC_TRY(rc_query(st, db, part->sql, part->user_id ? "i" : "", part->user_id));
    rc_expect_few(*st);
    RC_TRY(rc_bind_ids(*st, part->user_id ? 2 : 1, ids, by_id->count));
    return rc_ahead(*st);
}

/* The place of an object in the chunk, or -1. Most rows belong to the same object as the row before
 * or to the next one. */
static int find(by_id_t *by_id, apr_int64_t id)
{
    const rc_seen_t key = {id, 0}, *found = &by_id->objects[by_id->last];

    if (found->id != id && by_id->last + 1 < by_id->count)
        found++;
    if (found->id != id)
        found = bsearch(&key, by_id->objects, (size_t)by_id->count, sizeof(key), compare_ids);
    if (!found)
        return -1;
    by_id->last = (int)(found - by_id->objects);
    return found->level;
}

static rc_err_t *read_part_rows(const rc_chunk_t *chunk, by_id_t *by_id,
                                const rc_chunk_part_t *part, rc_stmt_t *st)
{
    bool found;
    int at;

    by_id->last = 0;
    for (;;) {
        RC_TRY(rc_step(&found, st, chunk->db));
        if (!found)
            return NULL;
        at = find(by_id, rc_column_int(st, 0));
        if (at >= 0)
            part->take(part->baton, at, st, chunk->pool);
    }
}

rc_err_t *rc_chunk_read(const rc_chunk_t *chunk, const rc_chunk_part_t *parts, int count)
{
    rc_stmt_t *st[RC_PARTS_MOST] = {chunk->asked};
    bool asked = chunk->asked && chunk->asked == rc_sent_ahead(chunk->db, parts->sql);
    by_id_t by_id;
    int i;

    sort_chunk(&by_id, chunk);
    for (i = asked; i < count; i++)
        RC_TRY(ask_part(&st[i], chunk->db, &by_id, &parts[i]));
    for (i = 0; i < count; i++)
        RC_TRY(read_part_rows(chunk, &by_id, &parts[i], st[i]));
    return NULL;
}

rc_err_t *rc_chunk_ahead(const rc_chunk_t *chunk, rc_sql_t sql, apr_int64_t user_id)
{
    const rc_chunk_part_t part = {.sql = sql, .user_id = user_id};
    by_id_t by_id;

    if (!chunk->next || !chunk->next->count)
        return NULL;
    sort_chunk(&by_id, chunk->next);
    return ask_part(&chunk->next->asked, chunk->db, &by_id, &part);
}
