// SPDX-License-Identifier: Apache-2.0
/*
 * Builds lists of references: follows each to its commit, sorts them, and lays one list over
 * another. The list from packed-refs is shared by all readings while the file stays the same; the
 * list of loose references is laid over it: see refs.c.
 */
#include "refs.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "objects.h"
#include "base/log.h"

#define TAG_DEPTH    100 /* length of a chain of tags that point to tags */
#define MISSING_MOST 64  /* paths that are watched for missing objects */

rc_git_layer_t rc_git_layer(apr_pool_t *pool, apr_pool_t *scratch)
{
    rc_git_layer_t layer = {
        pool,
        apr_array_make(scratch, 8, sizeof(const rc_git_ref_t *)),
        apr_array_make(scratch, 8, sizeof(const rc_git_ref_t *)),
        apr_array_make(scratch, 8, sizeof(const rc_git_ref_t *)),
        apr_array_make(scratch, 1, sizeof(const rc_git_ref_t *)),
    };

    return layer;
}

/* apr_array_copy would make room for as many as the list has room for. */
static apr_array_header_t *copy_list(const apr_array_header_t *list, apr_pool_t *pool)
{
    apr_array_header_t *copy = apr_array_make(pool, list->nelts, list->elt_size);

    apr_array_cat(copy, list);
    return copy;
}

void rc_git_layer_settle(rc_git_layer_t *layer)
{
    layer->branches = copy_list(layer->branches, layer->pool);
    layer->tags = copy_list(layer->tags, layer->pool);
    layer->heads = copy_list(layer->heads, layer->pool);
    layer->others = copy_list(layer->others, layer->pool);
}

bool rc_git_reading_pool(apr_pool_t **pool, const rc_git_reading_t *reading, const char *tag)
{
    apr_status_t rv = reading->parent ? apr_pool_create(pool, reading->parent)
                                      : apr_pool_create_unmanaged_ex(pool, NULL, NULL);

    if (rv == APR_SUCCESS)
        apr_pool_tag(*pool, tag);
    return rv == APR_SUCCESS;
}

bool rc_git_ref_wanted(const char *name, apr_size_t len)
{
    int valid;

    return ((len > strlen(RC_GIT_HEADS) && !strncmp(name, RC_GIT_HEADS, strlen(RC_GIT_HEADS))) ||
            (len > strlen(RC_GIT_TAGS) && !strncmp(name, RC_GIT_TAGS, strlen(RC_GIT_TAGS)))) &&
           git_reference_name_is_valid(&valid, name) == 0 && valid;
}

static bool is_tag(const char *name)
{
    return !strncmp(name, RC_GIT_TAGS, strlen(RC_GIT_TAGS));
}

static const char *short_name(const char *name)
{
    return name + strlen(is_tag(name) ? RC_GIT_TAGS : RC_GIT_HEADS);
}

/* --- following a reference to its commit --- */

typedef enum { COMMIT, NO_COMMIT, MISSING, UNREADABLE } end_t;

static bool known_commit(const rc_git_t *git, const git_oid *id)
{
    return git->order && rc_git_order_find(git->order, id->id) >= 0;
}

/* An earlier reading has most results, as git's objects never change. */
static bool known_tag(git_oid *commit, const rc_git_reading_t *reading, const char *name,
                      const git_oid *target)
{
    const rc_git_ref_t *ref = reading->base && is_tag(name)
                                  ? rc_git_ref_find(reading->base->tags, short_name(name))
                                  : NULL;

    if (!ref || !git_oid_equal(&ref->target, target))
        return false;
    *commit = ref->commit;
    return true;
}

static bool tag_target(git_oid *id, git_odb_object *tag)
{
    const char *data = git_odb_object_data(tag);
    size_t len = git_odb_object_size(tag);

    return len > 7 + GIT_OID_HEXSZ && !memcmp(data, "object ", 7) &&
           rc_git_digits_at(id, data + 7, data + len);
}

static end_t end_of(int code)
{
    return code == GIT_ENOTFOUND ? MISSING : UNREADABLE;
}

/* Follows tags from *@a id on. *@a id is then the object they lead to, or the missing one. */
static end_t follow(git_oid *id, const rc_git_t *git)
{
    int depth, n;

    for (depth = 0; depth < TAG_DEPTH; depth++) {
        git_odb_object *object;
        git_object_t type;
        bool good;
        size_t size;

        if (known_commit(git, id))
            return COMMIT;
        if ((n = git_odb_read_header(&size, &type, git->odb, id)) < 0)
            return end_of(n);
        if (type != GIT_OBJECT_TAG)
            return type == GIT_OBJECT_COMMIT ? COMMIT : NO_COMMIT;
        if ((n = git_odb_read(&object, git->odb, id)) < 0)
            return end_of(n);
        good = tag_target(id, object);
        git_odb_object_free(object);
        if (!good)
            return NO_COMMIT;
    }
    return NO_COMMIT;
}

/* Trusts the commit that packed-refs gives for a tag, if that commit exists. */
static end_t peel(git_oid *commit, rc_git_reading_t *reading, const char *name, const git_oid *id,
                  const git_oid *peeled)
{
    if (!reading->git->odb) { /* see rc_git_known_state */
        *commit = peeled ? *peeled : *id;
        return COMMIT;
    }
    if (known_tag(commit, reading, name, id))
        return COMMIT;
    if (peeled) {
        *commit = *peeled;
        if (follow(commit, reading->git) == COMMIT && git_oid_equal(commit, peeled))
            return COMMIT;
    }
    *commit = *id;
    return follow(commit, reading->git);
}

void rc_git_watch_missing(rc_git_reading_t *reading, const git_oid *id)
{
    char hex[GIT_OID_HEXSZ + 1];

    if (rc_stamps_count(reading->watched) > MISSING_MOST)
        return;
    git_oid_tostr(hex, sizeof(hex), id);
    rc_stamps_add(reading->watched, "objects/pack");
    rc_stamps_add(reading->watched, apr_psprintf(reading->scratch, "objects/%.2s", hex));
}

/* Leaves the reference out and logs that, as git does. When packs were left out, the object may be
 * in one of them: that is an error. */
static rc_err_t *leave_out(rc_git_reading_t *reading, const char *name, const git_oid *id)
{
    if (rc_git_objects_damaged(reading->git->objects))
        return rc_err_internal(reading->scratch, APR_SUCCESS,
                               "%s of %s points to an object that cannot be read", name,
                               reading->git->path);
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s: %s points to a missing object and is left out",
           reading->git->path, name);
    reading->lost = reading->lost || !is_tag(name);
    reading->missing = true;
    rc_git_watch_missing(reading, id);
    return NULL;
}

/* --- adding references --- */

static rc_git_ref_t *add_ref(const rc_git_layer_t *layer, apr_array_header_t *list,
                             const char *name)
{
    apr_size_t size = strlen(name) + 1;
    rc_git_ref_t *ref = apr_pcalloc(layer->pool, sizeof(*ref) + size);

    memcpy(ref->name, name, size);
    APR_ARRAY_PUSH(list, const rc_git_ref_t *) = ref;
    return ref;
}

void rc_git_layer_hide(rc_git_layer_t *layer, const char *name)
{
    apr_array_header_t *list = is_tag(name) ? layer->tags : layer->branches;

    add_ref(layer, list, short_name(name))->hidden = true;
}

rc_err_t *rc_git_layer_add(bool *shown, rc_git_layer_t *layer, rc_git_reading_t *reading,
                           const char *name, const git_oid *id, const git_oid *peeled)
{
    rc_git_ref_t *ref;
    git_oid commit;
    end_t end = peel(&commit, reading, name, id, peeled);

    *shown = end == COMMIT;
    if (end == UNREADABLE)
        return rc_git_err(reading->scratch, "%s of %s cannot be followed", name,
                          reading->git->path);
    if (end == MISSING)
        return leave_out(reading, name, &commit);
    if (end == COMMIT) {
        ref = add_ref(layer, is_tag(name) ? layer->tags : layer->branches, short_name(name));
        if (!is_tag(name))
            APR_ARRAY_PUSH(layer->heads, const rc_git_ref_t *) = ref;
    } else {
        reading->lost = reading->lost || !is_tag(name);
        ref = add_ref(layer, layer->others, name);
    }
    ref->target = *id;
    ref->commit = commit;
    return NULL;
}

/* --- sorting --- */

static int by_ref_name(const void *a, const void *b)
{
    return strcmp((*(const rc_git_ref_t *const *)a)->name, (*(const rc_git_ref_t *const *)b)->name);
}

static int by_commit(const void *a, const void *b)
{
    int cmp = git_oid_cmp(&(*(const rc_git_ref_t *const *)a)->commit,
                          &(*(const rc_git_ref_t *const *)b)->commit);

    return cmp ? cmp : by_ref_name(a, b);
}

static void sort_list(apr_array_header_t *list, int (*compare)(const void *, const void *))
{
    qsort(list->elts, (size_t)list->nelts, (size_t)list->elt_size, compare);
}

void rc_git_layer_sort(rc_git_layer_t *layer)
{
    sort_list(layer->branches, by_ref_name);
    sort_list(layer->tags, by_ref_name);
    sort_list(layer->heads, by_commit);
    sort_list(layer->others, by_ref_name);
}

static int by_name(const void *name, const void *ref)
{
    return strcmp(name, (*(const rc_git_ref_t *const *)ref)->name);
}

const rc_git_ref_t *rc_git_ref_find(const apr_array_header_t *list, const char *name)
{
    const rc_git_ref_t **found =
        bsearch(name, list->elts, (size_t)list->nelts, sizeof(*found), by_name);

    return found ? *found : NULL;
}

/* --- merging --- */

/* @a hiding, sorted by name: references of @a above that hide those of the same name in
 * @a below. */
static apr_array_header_t *merge_lists(apr_array_header_t *below, apr_array_header_t *above,
                                       const apr_array_header_t *hiding,
                                       int (*compare)(const void *, const void *), apr_pool_t *pool)
{
    apr_array_header_t *list;
    int i = 0, j = 0;

    if (!hiding->nelts)
        return below;
    list = apr_array_make(pool, below->nelts + above->nelts, sizeof(const rc_git_ref_t *));
    while (i < below->nelts || j < above->nelts) {
        const rc_git_ref_t **b = &APR_ARRAY_IDX(below, i, const rc_git_ref_t *);
        const rc_git_ref_t **a = &APR_ARRAY_IDX(above, j, const rc_git_ref_t *);

        if (j == above->nelts || (i < below->nelts && compare(b, a) < 0)) {
            if (!rc_git_ref_find(hiding, (*b)->name))
                APR_ARRAY_PUSH(list, const rc_git_ref_t *) = *b;
            i++;
        } else {
            if (!(*a)->hidden)
                APR_ARRAY_PUSH(list, const rc_git_ref_t *) = *a;
            j++;
        }
    }
    return list;
}

rc_git_layer_t rc_git_layer_merge(const rc_git_layer_t *below, const rc_git_layer_t *above,
                                  apr_pool_t *pool)
{
    rc_git_layer_t layer = {
        pool,
        merge_lists(below->branches, above->branches, above->branches, by_ref_name, pool),
        merge_lists(below->tags, above->tags, above->tags, by_ref_name, pool),
        merge_lists(below->heads, above->heads, above->branches, by_commit, pool),
        below->others,
    };
    int i;

    if (!above->branches->nelts && !above->tags->nelts && !above->others->nelts)
        return layer;
    layer.others = apr_array_copy(pool, above->others);
    for (i = 0; i < below->others->nelts; i++) {
        const rc_git_ref_t *ref = APR_ARRAY_IDX(below->others, i, const rc_git_ref_t *);

        if (!rc_git_ref_find(above->others, ref->name) &&
            !rc_git_ref_find(is_tag(ref->name) ? above->tags : above->branches,
                             short_name(ref->name)))
            APR_ARRAY_PUSH(layer.others, const rc_git_ref_t *) = ref;
    }
    sort_list(layer.others, by_ref_name);
    return layer;
}
