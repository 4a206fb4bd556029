// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the blocks of lines that two texts have in common: the longest one, then those before it
 * and behind it, and so on. Which of several longest ones is taken, and which lines are too common
 * to begin one, decides what a diff looks like: all of that is as in Mercurial, so that diffs are
 * the same.
 */
#include "lines.h"

#include <string.h>

#include <apr_tables.h>

#define WINDOW  30000     /* lines of the old text that are searched at once */
#define PACE    (1 << 20) /* steps between two checks of the deadline */
#define NO_LINE (-1)

/* For each line: a number that equal lines share, and the previous equal line of the new text. */
typedef struct twin_line_t {
    int kind, previous;
} twin_line_t;

/* The longest block that ends at a line of the new text, as far as it was searched. */
typedef struct run_t {
    int old, len;
} run_t;

typedef struct matching_t {
    const rc_hg_compare_t *compare;
    twin_line_t *old, *new;
    int old_count, new_count;
    run_t *runs; /* for each line of the new text */
    apr_array_header_t *blocks;
    int steps;
} matching_t;

/* --- equal lines --- */

typedef struct bucket_t {
    int last, count; /* lines of the new text */
} bucket_t;

typedef struct kinds_t {
    const rc_hg_lines_t *new;
    bucket_t *buckets;
    apr_uint32_t mask;
} kinds_t;

static apr_uint32_t hash_line(const rc_hg_line_t *line)
{
    apr_uint64_t hash = 0xcbf29ce484222325u;
    apr_size_t i;

    for (i = 0; i < line->len; i++)
        hash = (hash ^ (unsigned char)line->text[i]) * 0x100000001b3u;
    return (apr_uint32_t)(hash ^ hash >> 32);
}

/* Returns the bucket of the lines that are equal to @a line, or an empty one. */
static int find_bucket(const kinds_t *kinds, const rc_hg_line_t *line)
{
    apr_uint32_t at = hash_line(line) & kinds->mask;

    for (; kinds->buckets[at].last != NO_LINE; at = (at + 1) & kinds->mask) {
        const rc_hg_line_t *other = &kinds->new->line[kinds->buckets[at].last];

        if (other->len == line->len && !memcmp(other->text, line->text, line->len))
            break;
    }
    return (int)at;
}

static void join_new(matching_t *matching, const kinds_t *kinds)
{
    int i;

    for (i = 0; i < matching->new_count; i++) {
        int kind = find_bucket(kinds, &kinds->new->line[i]);
        bucket_t *bucket = &kinds->buckets[kind];

        matching->new[i] = (twin_line_t){kind, bucket->last};
        bucket->last = i;
        bucket->count++;
    }
}

/* Lines that occur too often begin no block; they only extend one. */
static void join_old(matching_t *matching, const kinds_t *kinds, const rc_hg_lines_t *before)
{
    int often = matching->new_count >= 31000 ? matching->new_count / 1000
                                             : 1000000 / (matching->new_count + 1);
    int i;

    for (i = 0; i < matching->old_count; i++) {
        int kind = find_bucket(kinds, &before->line[i]);
        const bucket_t *bucket = &kinds->buckets[kind];

        matching->old[i].kind = bucket->last == NO_LINE ? NO_LINE : kind;
        matching->old[i].previous = bucket->count <= often ? bucket->last : NO_LINE;
    }
}

static void join_lines(matching_t *matching, const rc_hg_lines_t *before,
                       const rc_hg_lines_t *after, apr_pool_t *pool)
{
    kinds_t kinds = {.new = after};
    apr_uint32_t size, i;

    for (size = 1; size < (apr_uint32_t)after->count + 1; size *= 2)
        ;
    size *= 2;
    kinds.mask = size - 1;
    kinds.buckets = apr_palloc(pool, size * sizeof(bucket_t));
    for (i = 0; i < size; i++)
        kinds.buckets[i] = (bucket_t){NO_LINE, 0};
    join_new(matching, &kinds);
    join_old(matching, &kinds, before);
}

/* --- the longest block --- */

static bool are_equal(const matching_t *matching, int old, int new)
{
    return matching->old[old].kind == matching->new[new].kind;
}

/* Returns how many lines up to @a old and @a new, both included, are equal within @a range. */
static int run_length(const matching_t *matching, const rc_hg_block_t *range, int old, int new)
{
    int len;

    for (len = 1; new - len >= range->new_start &&old - len >= range->old_start; len++) {
        const run_t *run = &matching->runs[new - len];

        if (run->old == old - len)
            return len + run->len;
        if (!are_equal(matching, old - len, new - len))
            break;
    }
    return len;
}

/* The best block so far, by its last lines. */
typedef struct best_t {
    int old, new, len;
} best_t;

/* Of blocks of one length, those near the middle are better: both rests become small. */
static void keep_better(best_t *best, const rc_hg_block_t *range, int old, int new, int len)
{
    int old_half = (range->old_start + range->old_end - 1) / 2;
    int new_half = (range->new_start + range->new_end - 1) / 2;

    if (len > best->len)
        *best = (best_t){old, new, len};
    else if (len == best->len && old > best->old && old <= old_half && new > range->new_start)
        *best = (best_t){old, new, len};
    else if (len == best->len && old == best->old &&
             (best->new > new_half || old == range->old_start))
        best->new = new;
}

static rc_err_t *search_line(matching_t *matching, best_t *best, const rc_hg_block_t *range,
                             int old)
{
    int new = matching->old[old].previous;

    for (; new >= range->new_end; new = matching->new[new].previous)
        matching->steps++;
    for (; new >= range->new_start; new = matching->new[new].previous) {
        int len = run_length(matching, range, old, new);

        matching->steps += len < 64 ? len : 64;
        matching->runs[new] = (run_t){old, len};
        keep_better(best, range, old, new, len);
    }
    if (++matching->steps < PACE)
        return NULL;
    matching->steps = 0;
    return rc_work_spend(matching->compare->work, 0, matching->compare->err_pool);
}

/* Finds the longest block within @a range; its length is 0 when there is none. When all lines are
 * too common, it is the one at the beginning. */
static rc_err_t *find_longest(rc_hg_block_t *block, matching_t *matching, rc_hg_block_t range)
{
    best_t best = {range.old_start, range.new_start, 0};
    int old;

    *block = (rc_hg_block_t){best.old, best.old, best.new, best.new};
    if (range.old_end - range.old_start > WINDOW)
        range.old_start = range.old_end - WINDOW;
    for (old = range.old_start; old < range.old_end; old++)
        RC_TRY(search_line(matching, &best, &range, old));
    if (best.len)
        *block = (rc_hg_block_t){best.old - best.len + 1, best.old + 1, best.new - best.len + 1,
                                 best.new + 1};
    while (block->old_start > range.old_start && block->new_start > range.new_start &&
           are_equal(matching, block->old_start - 1, block->new_start - 1)) {
        block->old_start--;
        block->new_start--;
    }
    while (block->old_end < range.old_end && block->new_end < range.new_end &&
           are_equal(matching, block->old_end, block->new_end)) {
        block->old_end++;
        block->new_end++;
    }
    return NULL;
}

/* --- all blocks --- */

/* A range to be searched, or a block that was found and follows what is searched before. */
typedef struct task_t {
    rc_hg_block_t at;
    bool found;
} task_t;

static void add_task(apr_array_header_t *tasks, int old_start, int old_end, int new_start,
                     int new_end, bool found)
{
    if (old_start < old_end && new_start < new_end)
        APR_ARRAY_PUSH(tasks, task_t) = (task_t){{old_start, old_end, new_start, new_end}, found};
}

static rc_err_t *find_blocks(matching_t *matching)
{
    apr_array_header_t *tasks = apr_array_make(matching->compare->pool, 32, sizeof(task_t));

    add_task(tasks, 0, matching->old_count, 0, matching->new_count, false);
    while (tasks->nelts) {
        task_t task = *(task_t *)apr_array_pop(tasks);
        rc_hg_block_t at = task.at, block;

        if (task.found) {
            APR_ARRAY_PUSH(matching->blocks, rc_hg_block_t) = at;
            continue;
        }
        RC_TRY(find_longest(&block, matching, at));
        if (block.old_end == block.old_start)
            continue;
        add_task(tasks, block.old_end, at.old_end, block.new_end, at.new_end, false);
        add_task(tasks, block.old_start, block.old_end, block.new_start, block.new_end, true);
        add_task(tasks, at.old_start, block.old_start, at.new_start, block.new_start, false);
    }
    return NULL;
}

/* Moves what is inserted or deleted towards the end as far as the lines stay equal: a block takes
 * lines from the beginning of the next one. */
static void push_to_end(const matching_t *matching)
{
    const apr_array_header_t *blocks = matching->blocks;
    int i;

    for (i = 0; i + 1 < blocks->nelts; i++) {
        rc_hg_block_t *block = &APR_ARRAY_IDX(blocks, i, rc_hg_block_t), *next = block + 1;

        if (block->old_end != next->old_start && block->new_end != next->new_start)
            continue;
        while (next->old_start < next->old_end && next->new_start < next->new_end &&
               block->old_end < matching->old_count && block->new_end < matching->new_count &&
               are_equal(matching, block->old_end, block->new_end)) {
            block->old_end++;
            next->old_start++;
            block->new_end++;
            next->new_start++;
        }
    }
}

rc_err_t *rc_hg_equal_blocks(apr_array_header_t **out, const rc_hg_lines_t *before,
                             const rc_hg_lines_t *after, const rc_hg_compare_t *compare)
{
    matching_t matching = {
        .compare = compare, .old_count = before->count, .new_count = after->count};
    apr_pool_t *pool = compare->pool;

    *out = matching.blocks = apr_array_make(pool, 16, sizeof(rc_hg_block_t));
    matching.old = apr_palloc(pool, ((size_t)before->count + 1) * sizeof(twin_line_t));
    matching.new = apr_palloc(pool, ((size_t)after->count + 1) * sizeof(twin_line_t));
    matching.runs = apr_pcalloc(pool, ((size_t)after->count + 1) * sizeof(run_t));
    join_lines(&matching, before, after, pool);
    RC_TRY(find_blocks(&matching));
    push_to_end(&matching);
    return NULL;
}
