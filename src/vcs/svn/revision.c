// SPDX-License-Identifier: Apache-2.0
/*
 * Reads revisions: their numbers, and their properties author, date and message.
 */
#include "svn.h"

#include <stdlib.h>
#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>

#include <svn_props.h>
#include <svn_time.h>

#include "base/hex.h"
#include "base/text.h"

#define UNREADABLE  "unreadable." /* in the place of a digest */
#define DIGITS_MOST 10            /* of a revision number */

static rc_err_t *uuid_of(const char **uuid, rc_vcs_t *vcs, apr_pool_t *pool)
{
    rc_svn_t *svn = vcs->repo;

    return rc_svn_err(RC_SVN(svn_fs_get_uuid(svn->fs, uuid, pool)), vcs->pool,
                      "cannot read the UUID of %s", svn->path);
}

rc_err_t *rc_svn_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool)
{
    const rc_svn_t *svn = vcs->repo;
    svn_revnum_t youngest;
    const char *uuid;

    RC_TRY(rc_svn_youngest(&youngest, vcs));
    RC_TRY(uuid_of(&uuid, vcs, pool));
    *state = rc_svn_state_text(svn->path, uuid, youngest, svn->shard_size, pool);
    return NULL;
}

rc_err_t *rc_svn_count(apr_int64_t *count, rc_vcs_t *vcs)
{
    svn_revnum_t youngest;

    RC_TRY(rc_svn_youngest(&youngest, vcs));
    *count = youngest;
    return NULL;
}

svn_revnum_t rc_svn_rev_of(const char *id)
{
    apr_size_t digits = strspn(id, "0123456789");

    if (!digits || digits > DIGITS_MOST)
        return SVN_INVALID_REVNUM;
    return (svn_revnum_t)apr_atoi64(id);
}

rc_err_t *rc_svn_index_of(apr_int64_t *index, rc_vcs_t *vcs, const char *id)
{
    const char *digits = id + (*id == 'r');
    apr_int64_t count;

    *index = -1;
    if (!rc_text_digits(digits) || strlen(digits) > DIGITS_MOST)
        return NULL;
    RC_TRY(rc_svn_count(&count, vcs));
    if (apr_atoi64(digits) <= count)
        *index = apr_atoi64(digits) - 1;
    return NULL;
}

rc_err_t *rc_svn_id_at(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool)
{
    apr_int64_t count;

    *id = NULL;
    RC_TRY(rc_svn_count(&count, vcs));
    if (index >= 0 && index < count)
        *id = apr_psprintf(pool, "%" APR_INT64_T_FMT, index + 1);
    return NULL;
}

/* --- properties --- */

/* Returns the text of a property in valid UTF-8, at most @a most bytes; "" when it is missing. It
 * ends at a NUL. */
static const char *property_text(apr_hash_t *props, const char *name, apr_size_t most,
                                 apr_pool_t *pool)
{
    const svn_string_t *value = apr_hash_get(props, name, APR_HASH_KEY_STRING);

    return value ? rc_utf8_cut(rc_utf8_repair(value->data, pool), most, pool) : "";
}

/* A missing or damaged date is 0. */
static apr_int64_t date_of(apr_hash_t *props, apr_pool_t *pool)
{
    const svn_string_t *value = apr_hash_get(props, SVN_PROP_REVISION_DATE, APR_HASH_KEY_STRING);
    svn_error_t *err = NULL;
    apr_time_t time = 0;

    if (value)
        err = svn_time_from_cstring(&time, value->data, pool);
    if (err)
        time = 0;
    svn_error_clear(err);
    return apr_time_sec(time);
}

rc_err_t *rc_svn_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_size_t most,
                        apr_pool_t *pool)
{
    svn_revnum_t number = (svn_revnum_t)rev->index + 1;
    const char **parents = apr_pcalloc(pool, 2 * sizeof(*parents));
    rc_commit_t *commit = apr_pcalloc(pool, sizeof(*commit));
    apr_hash_t *props;

    RC_TRY(rc_work_spend(vcs->work, 0, vcs->pool));
    RC_TRY(rc_svn_revision_props(&props, vcs, number, pool));
    if (number > 1)
        parents[0] = apr_psprintf(pool, "%ld", number - 1);
    commit->id = apr_psprintf(pool, "%ld", number);
    commit->revision = rev->index;
    commit->message = property_text(props, SVN_PROP_REVISION_LOG, most, pool);
    commit->author = property_text(props, SVN_PROP_REVISION_AUTHOR, most, pool);
    commit->time = date_of(props, pool);
    commit->parents = parents;
    *out = commit;
    return NULL;
}

/* --- places --- */

static int by_property(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void digest_text(apr_sha1_ctx_t *sha, const char *text, apr_size_t len)
{
    char size[24];

    apr_sha1_update(sha, size,
                    (unsigned)apr_snprintf(size, sizeof(size), "%" APR_SIZE_T_FMT ":", len));
    apr_sha1_update(sha, text, (unsigned)len);
}

static const char **sorted_keys(apr_hash_t *props, apr_pool_t *pool)
{
    const char **keys = apr_palloc(pool, (apr_hash_count(props) + 1) * sizeof(*keys)), **key = keys;
    apr_hash_index_t *at;

    for (at = apr_hash_first(pool, props); at; at = apr_hash_next(at))
        *key++ = apr_hash_this_key(at);
    *key = NULL;
    qsort(keys, apr_hash_count(props), sizeof(*keys), by_property);
    return keys;
}

/* Returns a digest of what a revision's number does not tell: its properties, which can change, and
 * the repository, which can be replaced by another one, even by one with the same UUID. */
static const char *digest_of(const rc_svn_t *svn, const char *uuid, apr_hash_t *props,
                             apr_pool_t *pool)
{
    const char *files = rc_svn_files_text(&svn->uuid, pool);
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;
    const char **key;

    apr_sha1_init(&sha);
    digest_text(&sha, files, strlen(files));
    digest_text(&sha, uuid, strlen(uuid));
    for (key = sorted_keys(props, pool); *key; key++) {
        const svn_string_t *value = apr_hash_get(props, *key, APR_HASH_KEY_STRING);

        digest_text(&sha, *key, strlen(*key));
        digest_text(&sha, value->data, value->len);
    }
    apr_sha1_final(bytes, &sha);
    return rc_hex_text(bytes, sizeof(bytes), pool);
}

/* Properties that cannot be read are no error here: lists and feeds mark such a revision. */
rc_err_t *rc_svn_position(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                          apr_pool_t *pool)
{
    const rc_svn_t *svn = vcs->repo;
    svn_revnum_t rev = (svn_revnum_t)index + 1;
    apr_hash_t *props;
    const char *uuid;

    RC_TRY(rc_svn_id_at(&position->id, vcs, index, pool));
    if (!position->id)
        return NULL;
    RC_TRY(rc_work_spend(vcs->work, 0, vcs->pool));
    position->parents = rev > 1;
    position->digest = apr_pstrcat(pool, UNREADABLE, rc_svn_files_text(&svn->uuid, pool), NULL);
    if (rc_svn_revision_props(&props, vcs, rev, pool))
        return NULL;
    RC_TRY(uuid_of(&uuid, vcs, pool));
    position->time = date_of(props, pool);
    position->digest = digest_of(svn, uuid, props, pool);
    return NULL;
}

/* The history is a line: all revisions from the first to the last. */
rc_err_t *rc_svn_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool)
{
    apr_int64_t i;

    (void)vcs;
    *indexes = apr_array_make(pool, 16, sizeof(apr_int64_t));
    for (i = first; i <= last; i++)
        APR_ARRAY_PUSH(*indexes, apr_int64_t) = i;
    return NULL;
}
