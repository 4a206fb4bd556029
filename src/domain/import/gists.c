// SPDX-License-Identifier: Apache-2.0
/*
 * Imports gists. The source keeps each as a repository of Mercurial or git; here it becomes one of
 * git with the files of its last commit.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"
#include "domain/gist.h"

/* Columns of FROM_GISTS. */
enum {
    GIST_ID,
    ACCESS_ID,
    GIST_TEXT,
    GIST_OWNER,
    GIST_EXPIRES,
    GIST_TYPE,
    GIST_CREATED,
    GIST_MODIFIED,
    GIST_ACL
};

#define TEXT_BYTES 65536
#define ID_LETTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
#define FILES_MOST 1000

static bool is_access_id(const char *text)
{
    return *text && *text != '-' && strlen(text) <= 255 && strspn(text, ID_LETTERS) == strlen(text);
}

/* --- before the transaction --- */

static rc_err_t *collect_file(void *baton, const rc_vcs_file_t *file)
{
    apr_array_header_t *files = baton;
    rc_vcs_file_t *copy;

    if (files->nelts == FILES_MOST)
        return rc_err_failed(files->pool, "it has more than %d files", FILES_MOST);
    copy = apr_array_push(files);
    copy->name = apr_pstrdup(files->pool, file->name);
    copy->data = apr_pmemdup(files->pool, file->data, file->len);
    copy->len = file->len;
    return NULL;
}

/* Reads the files of the last commit; an error says why there are none. */
static rc_err_t *read_gist_files(apr_array_header_t **files, const char *path, apr_pool_t *pool)
{
    rc_detected_t detected;
    rc_vcs_t *vcs;
    rc_rev_t tip;

    *files = apr_array_make(pool, 4, sizeof(rc_vcs_file_t));
    rc_vcs_detect(&detected, path, pool);
    if (detected.found < RC_FOUND_HOOKED)
        return rc_err_failed(pool, "it is missing on the disk");
    RC_TRY(rc_vcs_open(&vcs, NULL, detected.type, path, NULL, pool));
    RC_TRY(rc_vcs_resolve(&tip, vcs, NULL, pool));
    if (tip.id)
        RC_TRY(rc_vcs_files(vcs, tip.id, collect_file, *files, pool));
    return (*files)->nelts ? NULL : rc_err_failed(pool, "it has no files");
}

static rc_err_t *make_gist(rc_place_t *place, rc_importing_t *the, const char *from,
                           const char *access_id, apr_pool_t *pool)
{
    apr_array_header_t *files;
    rc_import_t commit = {.author = "gist", .email = "nobody@localhost", .message = "added files"};
    rc_err_t *err = read_gist_files(&files, from, pool);

    if (err) {
        place->why = apr_pstrdup(the->pool, rc_err_log_text(err, pool));
        return NULL;
    }
    place->type = RC_GIST_TYPE;
    if (the->move_in->dry_run)
        return NULL;
    commit.files = (const rc_vcs_file_t *)files->elts;
    commit.n_files = files->nelts;
    place->path = apr_pstrcat(the->pool, the->work, "/gist-", access_id, NULL);
    RC_TRY(rc_vcs_create(RC_GIST_TYPE, place->path, pool));
    RC_TRY(rc_vcs_import(RC_GIST_TYPE, place->path, &commit, pool));
    return rc_disk_txn_made(the->disk, place->path);
}

/* The key of a gist in the places: no repository has such a name. */
static const char *gist_key(const char *access_id, apr_pool_t *pool)
{
    return apr_pstrcat(pool, ".gist/", access_id, NULL);
}

static rc_err_t *prepare_gist(rc_importing_t *the, rc_rows_t *rows)
{
    apr_pool_t *pool = rows->scratch;
    const char *id = rc_import_short(rows, ACCESS_ID, TEXT_BYTES, pool), *from;
    rc_store_found_t found;
    rc_place_t *place;

    if (!is_access_id(id))
        return NULL;
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_GIST, pool, id));
    if (found.id)
        return NULL;
    from = the->move_in->copy ? apr_pstrcat(pool, the->move_in->copy, "/.rc_gist_store/", id, NULL)
                              : rc_gist_path(the->actor->env, id, pool);
    place = apr_pcalloc(the->pool, sizeof(*place));
    apr_hash_set(the->places, gist_key(id, the->pool), APR_HASH_KEY_STRING, place);
    return make_gist(place, the, from, id, pool);
}

rc_err_t *rc_import_prepare_gists(rc_importing_t *the)
{
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_GISTS, the->pool));
    while (rc_rows_next(&rows))
        rows.err = prepare_gist(the, &rows);
    return rc_rows_end(&rows);
}

/* --- inside of it --- */

/* In place of the source's repository, which is set aside and stays on the disk. */
static void move_gist(rc_importing_t *the, const rc_place_t *place, const char *access_id)
{
    const char *to = rc_gist_path(the->actor->env, access_id, the->pool);

    if (!place->path)
        return;
    if (rc_fs_exists(to))
        rc_disk_txn_add(the->disk, to,
                        apr_pstrcat(the->pool, the->actor->env->config->repo_root, RC_LEFT "gists/",
                                    access_id, NULL));
    rc_disk_txn_add(the->disk, place->path, to);
}

/* Returns why a gist cannot come, or NULL. */
static const char *gist_problem(const rc_importing_t *the, const char *id,
                                const rc_arrival_t *owner, apr_int64_t expires,
                                const rc_place_t *place)
{
    if (!is_access_id(id))
        return "its id is no name here";
    if (!owner || owner == the->anyone)
        return "its owner has not come";
    if (expires >= 0 && expires < apr_time_sec(the->created_on))
        return "it has expired";
    return !place ? "the source changes while it is read" : place->type ? NULL : place->why;
}

static rc_err_t *import_gist(rc_importing_t *the, rc_rows_t *rows)
{
    apr_pool_t *pool = rows->scratch;
    const char *id = rc_import_short(rows, ACCESS_ID, TEXT_BYTES, pool), *problem;
    const rc_arrival_t *owner = rc_import_item(rows, GIST_OWNER, the->users);
    apr_int64_t expires = rc_import_int(rows, GIST_EXPIRES, -1);
    const rc_place_t *place = apr_hash_get(the->places, gist_key(id, pool), APR_HASH_KEY_STRING);
    const char *type = rc_import_short(rows, GIST_TYPE, 20, pool);
    const char *acl = rc_import_short(rows, GIST_ACL, 20, pool);
    apr_int64_t created = rc_import_time(rows, GIST_CREATED, the->created_on);
    rc_store_found_t found;
    bool changed;

    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_GIST, pool, id));
    if (found.id && owner && found.id == owner->id) {
        rc_import_count(the, OF_GISTS, false);
        return NULL;
    }
    problem = found.id ? "its id is taken here" : gist_problem(the, id, owner, expires, place);
    if (problem) {
        rc_import_left(the, OF_GISTS, id, "%s", problem);
        return NULL;
    }
    RC_TRY(rc_store_import(&changed, the->db, RC_STORE_GIST, id,
                           strcmp(type, "private") ? "public" : "private", owner->id,
                           rc_import_short(rows, GIST_TEXT, TEXT_BYTES, pool),
                           strcmp(acl, "acl_private") ? "acl_public" : "acl_private",
                           expires < 0 ? (apr_int64_t)-1 : expires, created,
                           rc_import_time(rows, GIST_MODIFIED, created)));
    move_gist(the, place, id);
    rc_import_count(the, OF_GISTS, changed);
    return NULL;
}

rc_err_t *rc_import_gists(rc_importing_t *the)
{
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_GISTS, the->pool));
    while (rc_rows_next(&rows))
        rows.err = import_gist(the, &rows);
    return rc_rows_end(&rows);
}
