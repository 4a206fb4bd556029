// SPDX-License-Identifier: Apache-2.0
/*
 * Finds which additions are renames of which deletions: first equal contents, then files whose name
 * is unique on both sides, then the most similar pairs. Choices and limits are those of git's
 * diffcore-rename.c (2.31 and later), so that both find the same pairs with the same percentage;
 * gitdiffcore(7) describes them.
 */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>

#include "span.h"

#define SCORE_MIN  30000 /* half of RC_GIT_SCORE_MAX */
#define SCORE_SAME 45000 /* for files of the same name, which skip the comparison of all pairs */
#define PAIRS_MAX  (1000 * 1000) /* pairs to compare; above that, similar files are not searched */
#define CANDIDATES 4             /* best sources kept for each destination */
#define SPANS_MAX  ((size_t)512 << 20) /* bytes of fingerprints */
#define EQUAL_MAX  100                 /* sources of equal content compared for one destination */
#define SCALE      ((apr_uint64_t)RC_GIT_SCORE_MAX)

typedef struct file_t {
    rc_git_change_t *change;
    const rc_git_entry_t *side;
    bool paired;
    bool sized;
    apr_uint64_t size;
    rc_git_spans_t *spans; /* NULL: not read yet */
} file_t;

typedef struct match_t {
    int source, target; /* target -1: an unused slot */
    int score;
    int same_name; /* 0 or 1 */
    int turn;
} match_t;

typedef struct finder_t {
    rc_git_t *git;
    apr_pool_t *err_pool, *scratch;
    file_t *sources, *targets;
    int sources_n, targets_n;
    rc_git_sums_t *sums; /* created on first use */
    size_t bytes;        /* of all fingerprints */
} finder_t;

static const char *base_name(const file_t *file)
{
    const char *slash = strrchr(file->side->path, '/');

    return slash ? slash + 1 : file->side->path;
}

static int same_name(const file_t *source, const file_t *target)
{
    return !strcmp(base_name(source), base_name(target));
}

static void pair(file_t *source, file_t *target, int score)
{
    source->paired = target->paired = true;
    source->change->moved = true;
    target->change->before = *source->side;
    target->change->renamed = true;
    target->change->score = score;
}

/* --- equal contents --- */

static int compare_contents(const void *a, const void *b)
{
    const file_t *x = *(file_t *const *)a, *y = *(file_t *const *)b;
    int cmp = git_oid_cmp(&x->side->id, &y->side->id);

    return cmp ? cmp : (x > y) - (x < y); /* equal: in the order of their array */
}

static file_t **first_equal(file_t **sorted, int n, const git_oid *id)
{
    int low = 0, high = n;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (git_oid_cmp(&sorted[middle]->side->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return sorted + low;
}

/* Returns the first unused source of the same content, preferably with the same name. */
static file_t *best_equal(file_t **sorted, int n, const file_t *target)
{
    file_t **at = first_equal(sorted, n, &target->side->id), **end = sorted + n, *best = NULL;
    int tries = EQUAL_MAX;

    for (; at < end && git_oid_equal(&(*at)->side->id, &target->side->id); at++) {
        apr_uint32_t mode = (*at)->side->mode;

        if ((*at)->paired || (mode != target->side->mode &&
                              !(RC_GIT_REGULAR(mode) && RC_GIT_REGULAR(target->side->mode))))
            continue;
        if (same_name(*at, target))
            return *at;
        if (!best)
            best = *at;
        if (--tries == 0)
            break;
    }
    return best;
}

static void pair_equal(finder_t *finder)
{
    file_t **sorted = apr_palloc(finder->scratch, (apr_size_t)finder->sources_n * sizeof(*sorted));
    int i;

    for (i = 0; i < finder->sources_n; i++)
        sorted[i] = &finder->sources[i];
    qsort(sorted, (size_t)finder->sources_n, sizeof(*sorted), compare_contents);
    for (i = 0; i < finder->targets_n; i++) {
        file_t *source = best_equal(sorted, finder->sources_n, &finder->targets[i]);

        if (source)
            pair(source, &finder->targets[i], RC_GIT_SCORE_MAX);
    }
}

/* --- similar contents --- */

static rc_err_t *learn_size(finder_t *finder, file_t *file)
{
    git_object_t type;
    size_t size;

    if (file->sized)
        return NULL;
    if (git_odb_read_header(&size, &type, finder->git->odb, &file->side->id) < 0)
        return rc_git_err(finder->err_pool, "cannot read %s in %s",
                          git_oid_tostr_s(&file->side->id), finder->git->path);
    file->size = size;
    file->sized = true;
    return NULL;
}

static rc_err_t *learn_spans(finder_t *finder, file_t *file)
{
    git_odb_object *object;

    if (file->spans)
        return NULL;
    if (!finder->sums)
        finder->sums = rc_git_sums_make();
    RC_TRY(rc_git_read(&object, finder->git, &file->side->id, GIT_OBJECT_BLOB, finder->err_pool));
    if (finder->sums)
        file->spans = rc_git_spans_make(finder->sums, git_odb_object_data(object),
                                        git_odb_object_size(object));
    git_odb_object_free(object);
    if (!file->spans)
        return rc_err_internal(finder->err_pool, APR_ENOMEM, "no memory for a rename");
    finder->bytes += rc_git_spans_bytes(file->spans);
    return finder->bytes <= SPANS_MAX ? NULL
                                      : rc_err(finder->err_pool, RC_E_LIMIT,
                                               "A commit changes too much to look for renames");
}

/* Returns 0 to RC_GIT_SCORE_MAX; 0 also when the sizes show that @a least cannot be reached. */
static rc_err_t *similarity(int *score, finder_t *finder, file_t *source, file_t *target, int least)
{
    apr_uint64_t larger, smaller;

    *score = 0;
    if (!RC_GIT_REGULAR(source->side->mode) || !RC_GIT_REGULAR(target->side->mode))
        return NULL;
    RC_TRY(learn_size(finder, source));
    RC_TRY(learn_size(finder, target));
    larger = source->size > target->size ? source->size : target->size;
    smaller = source->size > target->size ? target->size : source->size;
    if (larger * (SCALE - (apr_uint64_t)least) < (larger - smaller) * SCALE || !target->size)
        return NULL;
    RC_TRY(learn_spans(finder, source));
    RC_TRY(learn_spans(finder, target));
    *score = (int)(rc_git_spans_copied(source->spans, target->spans) * SCALE / larger);
    return NULL;
}

/* Maps each name to the only unused file that has it; a name of several files maps to `several`. */
static apr_hash_t *unique_names(file_t *files, int n, file_t *several, apr_pool_t *pool)
{
    apr_hash_t *names = apr_hash_make(pool);
    int i;

    for (i = 0; i < n; i++) {
        const char *name = base_name(&files[i]);

        if (!files[i].paired)
            apr_hash_set(names, name, APR_HASH_KEY_STRING,
                         apr_hash_get(names, name, APR_HASH_KEY_STRING) ? several : &files[i]);
    }
    return names;
}

static rc_err_t *pair_same_names(finder_t *finder)
{
    file_t several = {0};
    apr_hash_t *from = unique_names(finder->sources, finder->sources_n, &several, finder->scratch);
    apr_hash_t *to = unique_names(finder->targets, finder->targets_n, &several, finder->scratch);
    int i, score;

    for (i = 0; i < finder->sources_n; i++) {
        file_t *source = &finder->sources[i], *target;
        const char *name = base_name(source);

        if (source->paired || apr_hash_get(from, name, APR_HASH_KEY_STRING) != source)
            continue;
        target = apr_hash_get(to, name, APR_HASH_KEY_STRING);
        if (!target || target == &several)
            continue;
        RC_TRY(similarity(&score, finder, source, target, SCORE_SAME));
        if (score >= SCORE_SAME)
            pair(source, target, score);
    }
    return NULL;
}

/* Positive when a is worse than b; unused slots are the worst. */
static int worse(const match_t *a, const match_t *b)
{
    if (a->target < 0 || b->target < 0)
        return (b->target >= 0) - (a->target >= 0);
    return a->score != b->score ? b->score - a->score : b->same_name - a->same_name;
}

static void keep_if_better(match_t *kept, const match_t *match)
{
    int i, worst = 0, turn;

    for (i = 1; i < CANDIDATES; i++)
        if (worse(&kept[i], &kept[worst]) > 0)
            worst = i;
    if (worse(&kept[worst], match) <= 0)
        return;
    turn = kept[worst].turn;
    kept[worst] = *match;
    kept[worst].turn = turn;
}

static int compare_matches(const void *a, const void *b)
{
    const match_t *x = a, *y = b;
    int cmp = worse(x, y);

    return cmp ? cmp : x->turn - y->turn;
}

static int free_files(const file_t *files, int n)
{
    int i, count = 0;

    for (i = 0; i < n; i++)
        count += !files[i].paired;
    return count;
}

static rc_err_t *find_candidates(match_t *kept, finder_t *finder, int target)
{
    match_t match = {.target = target};
    int i;

    for (i = 0; i < finder->sources_n; i++) {
        RC_TRY(rc_work_spend(finder->git->work, 0, finder->err_pool));
        if (finder->sources[i].paired)
            continue;
        match.source = i;
        match.same_name = same_name(&finder->sources[i], &finder->targets[target]);
        RC_TRY(similarity(&match.score, finder, &finder->sources[i], &finder->targets[target],
                          SCORE_MIN));
        keep_if_better(kept, &match);
    }
    return NULL;
}

static void pair_best(finder_t *finder, const match_t *matches, int n)
{
    int i;

    for (i = 0; i < n && matches[i].target >= 0 && matches[i].score >= SCORE_MIN; i++) {
        file_t *source = &finder->sources[matches[i].source];
        file_t *target = &finder->targets[matches[i].target];

        if (!source->paired && !target->paired)
            pair(source, target, matches[i].score);
    }
}

static rc_err_t *pair_similar(finder_t *finder)
{
    apr_int64_t sources = free_files(finder->sources, finder->sources_n);
    apr_int64_t targets = free_files(finder->targets, finder->targets_n);
    match_t *matches;
    int i, n = 0;

    if (!sources || !targets || sources * targets > PAIRS_MAX)
        return NULL;
    matches = apr_pcalloc(finder->scratch, (apr_size_t)targets * CANDIDATES * sizeof(*matches));
    for (i = 0; i < (int)targets * CANDIDATES; i++) {
        matches[i].target = -1;
        matches[i].turn = i;
    }
    for (i = 0; i < finder->targets_n; i++)
        if (!finder->targets[i].paired)
            RC_TRY(find_candidates(matches + CANDIDATES * n++, finder, i));
    qsort(matches, (size_t)(n * CANDIDATES), sizeof(*matches), compare_matches);
    pair_best(finder, matches, n * CANDIDATES);
    return NULL;
}

/* --- all --- */

static void collect(finder_t *finder, apr_array_header_t *changes)
{
    apr_size_t room = (apr_size_t)changes->nelts * sizeof(file_t);
    int i;

    finder->sources = apr_pcalloc(finder->scratch, room);
    finder->targets = apr_pcalloc(finder->scratch, room);
    for (i = 0; i < changes->nelts; i++) {
        rc_git_change_t *change = &APR_ARRAY_IDX(changes, i, rc_git_change_t);
        bool target = !change->before.mode;
        file_t *file;

        if (!target && change->after.mode)
            continue;
        file =
            target ? &finder->targets[finder->targets_n++] : &finder->sources[finder->sources_n++];
        file->change = change;
        file->side = target ? &change->after : &change->before;
    }
}

static void forget_spans(file_t *files, int n)
{
    int i;

    for (i = 0; i < n; i++)
        free(files[i].spans);
}

rc_err_t *rc_git_find_renames(apr_array_header_t *changes, rc_git_t *git, apr_pool_t *err_pool,
                              apr_pool_t *scratch)
{
    finder_t finder = {.git = git, .err_pool = err_pool, .scratch = scratch};
    rc_err_t *err;

    collect(&finder, changes);
    if (!finder.sources_n || !finder.targets_n)
        return NULL;
    pair_equal(&finder);
    err = pair_same_names(&finder);
    if (!err)
        err = pair_similar(&finder);
    forget_spans(finder.sources, finder.sources_n);
    forget_spans(finder.targets, finder.targets_n);
    free(finder.sums);
    return err;
}
