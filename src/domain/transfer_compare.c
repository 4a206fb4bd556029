// SPDX-License-Identifier: Apache-2.0
/*
 * Compares a repository with what it held before a push. New commits are those with new numbers.
 */
#include "transfer_compare.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/text.h"

struct rc_transfer_before_t {
    apr_int64_t count;     /* of the repository order */
    apr_hash_t *bookmarks; /* name -> id */
};

static rc_err_t *keep_bookmark(void *baton, const char *name, const char *id)
{
    apr_hash_t *all = baton;
    apr_pool_t *pool = apr_hash_pool_get(all);

    apr_hash_set(all, apr_pstrdup(pool, name), APR_HASH_KEY_STRING, apr_pstrdup(pool, id));
    return NULL;
}

static rc_err_t *read_bookmarks(apr_hash_t **all, rc_vcs_t *vcs, apr_pool_t *pool)
{
    *all = apr_hash_make(pool);
    return rc_vcs_refs(vcs, RC_BOOKMARKS, keep_bookmark, *all);
}

rc_err_t *rc_transfer_note(rc_transfer_before_t **before, rc_vcs_t *vcs, apr_pool_t *pool)
{
    *before = apr_palloc(pool, sizeof(**before));
    RC_TRY(rc_vcs_count(&(*before)->count, vcs));
    return read_bookmarks(&(*before)->bookmarks, vcs, pool);
}

/* Adds the ids of the newest commits whose number is at least @a first. Some numbers are hidden. */
static rc_err_t *add_commits(apr_array_header_t *words, rc_vcs_t *vcs, apr_int64_t first)
{
    apr_array_header_t *ids = apr_array_make(words->pool, 16, sizeof(const char *));
    apr_int64_t count, index;
    rc_rev_t rev;

    RC_TRY(rc_vcs_count(&count, vcs));
    for (index = count - 1; index >= first && ids->nelts < RC_PUSH_RECORDED; index--) {
        RC_TRY(rc_vcs_rev_at(&rev, vcs, index, words->pool));
        if (rev.id)
            APR_ARRAY_PUSH(ids, const char *) = rev.id;
    }
    while (ids->nelts)
        APR_ARRAY_PUSH(words, const char *) = *(const char **)apr_array_pop(ids);
    return NULL;
}

/* Adds the names of bookmarks of @a one that the other one has not, or has at another commit. */
static void add_bookmarks(apr_array_header_t *words, apr_hash_t *one, apr_hash_t *other,
                          const char *kind, bool moved)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(words->pool, one); at; at = apr_hash_next(at)) {
        const char *name = apr_hash_this_key(at), *id = apr_hash_this_val(at);
        const char *there = apr_hash_get(other, name, APR_HASH_KEY_STRING);

        if (!there || (moved && strcmp(there, id)))
            APR_ARRAY_PUSH(words, const char *) =
                apr_pstrcat(words->pool, kind, "=>", rc_utf8_repair(name, words->pool), NULL);
    }
}

rc_err_t *rc_transfer_compare(rc_push_words_t *words, const rc_transfer_before_t *before,
                              rc_vcs_t *vcs, apr_pool_t *pool)
{
    apr_array_header_t *all = apr_array_make(pool, 16, sizeof(const char *));
    apr_hash_t *now;

    RC_TRY(read_bookmarks(&now, vcs, pool));
    RC_TRY(add_commits(all, vcs, before->count));
    add_bookmarks(all, now, before->bookmarks, "bookmark", true);
    add_bookmarks(all, before->bookmarks, now, "delete_bookmark", false);
    rc_transfer_join(words, all);
    return NULL;
}
