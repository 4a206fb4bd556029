// SPDX-License-Identifier: Apache-2.0
/*
 * Reads branches and tags of one moment from packed-refs and the loose files, by the rules of git's
 * refs/files-backend.c and packed-backend.c, and records them (base/stamps.h), so that a later
 * check can see that nothing has changed.
 *
 * Why not libgit2's iterator: it gives neither the times nor a cheap "unchanged", blocks on a FIFO,
 * and reads each annotated tag every time to find its commit. With 100,000 packed references it
 * takes 75 ms each time; this takes 69 ms the first time (with an order file), 14 ms when one
 * reference has changed, and 0.01 ms when none has.
 */
#include "refs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include <openssl/evp.h>

#define FEW 16384 /* bytes of packed-refs that are read in the pool of a request */

bool rc_git_refs_current(const rc_git_refs_t *refs)
{
    return rc_stamps_same(refs->watched);
}

/* --- symbolic references --- */

static const rc_git_ref_t *find_packed(const rc_git_reading_t *reading, const char *name)
{
    const rc_git_layer_t *layer = &reading->refs->packed->layer;
    const rc_git_ref_t *ref = NULL;

    if (!strncmp(name, RC_GIT_HEADS, strlen(RC_GIT_HEADS)))
        ref = rc_git_ref_find(layer->branches, name + strlen(RC_GIT_HEADS));
    else if (!strncmp(name, RC_GIT_TAGS, strlen(RC_GIT_TAGS)))
        ref = rc_git_ref_find(layer->tags, name + strlen(RC_GIT_TAGS));
    return ref ? ref : rc_git_ref_find(layer->others, name);
}

/* Returns the content of reference @a name: an id, or another name. *@a out = NULL: there
 * is none. */
static rc_err_t *find_ref(rc_git_found_t **out, rc_git_reading_t *reading, apr_hash_t *loose,
                          const char *name)
{
    const rc_git_ref_t *packed;
    rc_git_found_t *found;
    bool there = false;

    *out = apr_hash_get(loose, name, APR_HASH_KEY_STRING);
    if (*out)
        return NULL;
    found = apr_pcalloc(reading->scratch, sizeof(*found));
    packed = find_packed(reading, name);
    if (packed) {
        found->id = packed->target;
        *out = found;
    } else if (!rc_git_ref_wanted(name, strlen(name))) {
        RC_TRY(rc_git_loose_ref(out, reading, name));
        if (!*out)
            RC_TRY(rc_git_packed_scan(&there, &found->id, reading, name));
        if (there)
            *out = found;
    }
    return NULL;
}

/* A symbolic reference to one that does not exist is an unborn branch. */
static rc_err_t *follow_links(bool *unborn, rc_git_found_t *found, rc_git_reading_t *reading,
                              apr_hash_t *loose)
{
    rc_git_found_t *at = found;
    int depth;

    *unborn = false;
    for (depth = 0; at && !at->broken && at->link && depth < RC_GIT_LINKS_MOST; depth++)
        RC_TRY(find_ref(&at, reading, loose, at->link));
    *unborn = at == NULL;
    found->broken = !at || at->broken || at->link;
    if (!found->broken)
        found->id = at->id;
    return NULL;
}

/* --- all of them --- */

static rc_err_t *add_loose(rc_git_layer_t *layer, rc_git_reading_t *reading, apr_hash_t *loose,
                           const char *name, const rc_git_found_t *found)
{
    rc_git_found_t end = *found;
    bool shown = false, unborn = false;

    if (end.link && !end.broken)
        RC_TRY(follow_links(&unborn, &end, reading, loose));
    if (!end.broken)
        RC_TRY(rc_git_layer_add(&shown, layer, reading, name, &end.id, NULL));
    else if (!unborn && !strncmp(name, RC_GIT_HEADS, strlen(RC_GIT_HEADS)))
        reading->lost = true;
    if (!shown)
        rc_git_layer_hide(layer, name);
    return NULL;
}

static const char *const folders[] = {"refs/heads", "refs/tags", NULL};
static const rc_git_scope_t branches_and_tags = {folders, rc_git_ref_wanted};

static rc_err_t *read_layers(rc_git_reading_t *reading)
{
    rc_git_refs_t *refs = reading->refs;
    rc_git_layer_t layer = rc_git_layer(refs->pool, reading->scratch);
    apr_hash_index_t *hi;
    apr_hash_t *loose;

    /* In this order a reference that is packed meanwhile is seen twice, not missed. */
    RC_TRY(rc_git_loose_refs(&loose, reading, &branches_and_tags));
    RC_TRY(rc_git_packed_read(&refs->packed, reading));
    for (hi = apr_hash_first(reading->scratch, loose); hi; hi = apr_hash_next(hi))
        RC_TRY(add_loose(&layer, reading, loose, apr_hash_this_key(hi), apr_hash_this_val(hi)));
    rc_git_layer_sort(&layer);
    layer = rc_git_layer_merge(&refs->packed->layer, &layer, refs->pool);
    refs->branches = layer.branches;
    refs->tags = layer.tags;
    refs->heads = layer.heads;
    refs->others = layer.others;
    return NULL;
}

/* --- the finished snapshot --- */

static void add_ids(apr_array_header_t *text, const apr_array_header_t *list)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        APR_ARRAY_PUSH(text, git_oid) = APR_ARRAY_IDX(list, i, const rc_git_ref_t *)->commit;
}

static bool add_names(EVP_MD_CTX *sha, const apr_array_header_t *list)
{
    bool good = true;
    int i;

    for (i = 0; good && i < list->nelts; i++) {
        const char *name = APR_ARRAY_IDX(list, i, const rc_git_ref_t *)->name;

        good = EVP_DigestUpdate(sha, name, strlen(name) + 1);
    }
    return good && EVP_DigestUpdate(sha, "", 1); /* an empty name ends the list */
}

/* The key covers the commits, in the order of names; the state also covers the names. */
static rc_err_t *set_state(rc_git_refs_t *refs, apr_pool_t *pool)
{
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    bool good = sha && EVP_DigestInit_ex(sha, EVP_sha1(), NULL) &&
                EVP_DigestUpdate(sha, refs->key.id, RC_GIT_RAW) && add_names(sha, refs->branches) &&
                add_names(sha, refs->tags) && EVP_DigestFinal_ex(sha, refs->state, NULL);

    EVP_MD_CTX_free(sha);
    return good ? NULL : rc_err_internal(pool, APR_SUCCESS, "cannot hash the references");
}

static rc_err_t *set_digests(rc_git_reading_t *reading)
{
    rc_git_refs_t *refs = reading->refs;
    int most = refs->branches->nelts + refs->tags->nelts + refs->shallow->nelts + 1;
    apr_array_header_t *text = apr_array_make(reading->scratch, most, sizeof(git_oid));
    git_oid none;

    add_ids(text, refs->branches);
    add_ids(text, refs->tags);
    memset(&none, 0, sizeof(none));
    APR_ARRAY_PUSH(text, git_oid) = none; /* ends the tips */
    apr_array_cat(text, refs->shallow);
    if (git_odb_hash(&refs->key, text->elts, (size_t)text->nelts * sizeof(git_oid),
                     GIT_OBJECT_BLOB) < 0)
        return rc_git_err(reading->scratch, "cannot hash the references of %s", reading->git->path);
    return set_state(refs, reading->scratch);
}

static rc_err_t *read_all(rc_git_reading_t *reading)
{
    RC_TRY(read_layers(reading));
    RC_TRY(rc_git_shallow_read(reading->refs->shallow, reading));
    RC_TRY(rc_git_check_place(reading->git, reading->scratch));
    if (reading->lost && !reading->refs->branches->nelts) /* the repository is damaged, not empty */
        return rc_err_internal(reading->scratch, APR_SUCCESS, "no branch of %s leads to a commit",
                               reading->git->path);
    return set_digests(reading);
}

static rc_git_refs_t *make_refs(const rc_git_reading_t *reading)
{
    rc_git_refs_t *refs;
    apr_pool_t *own;

    if (!rc_git_reading_pool(&own, reading, "rc_git_refs"))
        return NULL;
    refs = apr_pcalloc(own, sizeof(*refs));
    refs->pool = own;
    refs->users = 1;
    refs->watched = rc_stamps_create(reading->git->path, own);
    rc_stamps_add_absence(refs->watched, RC_GIT_INNER);
    refs->shallow = apr_array_make(own, 1, sizeof(git_oid));
    return refs;
}

static rc_err_t *read_with(rc_git_refs_t **out, rc_git_reading_t *reading, apr_pool_t *pool)
{
    rc_err_t *err;

    reading->refs = make_refs(reading);
    if (!reading->refs || !rc_git_reading_pool(&reading->scratch, reading, "rc_git_refs_read")) {
        rc_git_refs_free(reading->refs);
        return rc_err_internal(pool, APR_ENOMEM, "no memory for the references of %s",
                               reading->git->path);
    }
    reading->watched = reading->refs->watched;
    err = rc_err_copy(read_all(reading), pool);
    apr_pool_destroy(reading->scratch);
    if (err)
        rc_git_refs_free(reading->refs);
    else
        *out = reading->refs;
    return err;
}

/* The pools are unmanaged: a large one would stay in the thread's allocator. */
rc_err_t *rc_git_refs_read(rc_git_refs_t **out, rc_git_t *git, const rc_git_refs_t *base,
                           apr_pool_t *pool)
{
    rc_git_reading_t reading = {.git = git, .base = base};

    return read_with(out, &reading, pool);
}

static bool are_few(const rc_git_t *git, apr_pool_t *pool)
{
    struct stat st;

    return stat(apr_pstrcat(pool, git->path, "/packed-refs", NULL), &st) || st.st_size < FEW;
}

/* The four pools of their own would cost more than all that is read: the kernel maps each anew. */
rc_err_t *rc_git_refs_read_once(rc_git_refs_t **out, rc_git_t *git, apr_pool_t *pool)
{
    rc_git_reading_t reading = {.git = git, .parent = are_few(git, pool) ? pool : NULL};

    return read_with(out, &reading, pool);
}

rc_git_refs_t *rc_git_refs_hold(rc_git_refs_t *refs)
{
    if (refs)
        __atomic_add_fetch(&refs->users, 1, __ATOMIC_RELAXED);
    return refs;
}

void rc_git_refs_free(rc_git_refs_t *refs)
{
    if (!refs || __atomic_sub_fetch(&refs->users, 1, __ATOMIC_ACQ_REL))
        return;
    rc_git_packed_free(refs->packed);
    apr_pool_destroy(refs->pool);
}

/* --- the state alone --- */

rc_git_told_t *rc_git_told_make(const rc_git_refs_t *refs)
{
    rc_git_told_t *told = calloc(1, sizeof(*told));

    if (!told || !(told->watched = rc_stamps_copy(refs->watched))) {
        free(told);
        return NULL;
    }
    told->users = 1;
    memcpy(told->state, refs->state, RC_GIT_RAW);
    return told;
}

rc_git_told_t *rc_git_told_hold(rc_git_told_t *told)
{
    if (told)
        __atomic_add_fetch(&told->users, 1, __ATOMIC_RELAXED);
    return told;
}

void rc_git_told_free(rc_git_told_t *told)
{
    if (!told || __atomic_sub_fetch(&told->users, 1, __ATOMIC_ACQ_REL))
        return;
    rc_stamps_free(told->watched);
    free(told);
}

apr_size_t rc_git_told_weight(const rc_git_told_t *told)
{
    return sizeof(*told) + rc_stamps_size(told->watched);
}

/* --- queries --- */

/* One pool is that of the packed references. */
apr_size_t rc_git_refs_weight(const rc_git_refs_t *refs)
{
    apr_size_t n = (apr_size_t)refs->branches->nelts + (apr_size_t)refs->tags->nelts;

    return 2 * RC_GIT_POOL + n * (sizeof(rc_git_ref_t) + 2 * sizeof(void *) + 32) +
           (apr_size_t)refs->shallow->nelts * sizeof(git_oid);
}

const char *rc_git_head_name(const rc_git_refs_t *refs, const git_oid *commit)
{
    const rc_git_ref_t **heads = (const rc_git_ref_t **)refs->heads->elts;
    int low = 0, high = refs->heads->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (git_oid_cmp(&heads[middle]->commit, commit) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < refs->heads->nelts && git_oid_equal(&heads[low]->commit, commit) ? heads[low]->name
                                                                                  : NULL;
}
