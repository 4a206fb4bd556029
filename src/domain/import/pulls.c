// SPDX-License-Identifier: Apache-2.0
/*
 * Imports pull requests with their commits and versions. Before the transaction, each
 * target keeps the commits that it is offered, as for one that is made here; without them a pull
 * request comes closed.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

#include "../env_lock.h"
#include "base/log.h"
#include "base/time.h"
#include "vcs/library.h"
#include "vcs/merge.h"

/* Columns of FROM_PULL_REQUESTS; of FROM_PULL_VERSIONS the same ones up to PULL_CREATED, then the
 * pull request's id. */
enum {
    PULL_ID,
    SOURCE_REPO,
    SOURCE_REF,
    TARGET_REPO,
    TARGET_REF,
    REVISIONS,
    PULL_CREATED,
    PULL_TITLE,
    PULL_TEXT,
    PULL_RENDERER,
    PULL_STATUS,
    PULL_AUTHOR,
    PULL_MERGE,
    PULL_UPDATED
};
enum { VERSION_OF = PULL_TITLE };

#define PATIENCE apr_time_from_sec(30) /* for the lock of a target */
#define PAUSE    apr_time_from_msec(20)

#define TEXT_BYTES 65536
#define NAME_BYTES 255
#define ID_LETTERS "0123456789abcdef"
#define ID_LENGTH  40 /* of git and Mercurial */
/* Bytes of a list of ids: what comes is cut to the newest RC_OFFER_MOST. */
#define IDS_BYTES ((apr_size_t)1 << 24)

/* "type:name:id" of the source, in three texts. */
typedef struct side_t {
    const char *type, *name, *id;
} side_t;

typedef struct offer_t {
    side_t source, target;
    const rc_arrival_t *from, *to, *author; /* what has come of its repositories and its author */
    apr_array_header_t *commits;            /* const char *, the newest first */
} offer_t;

static bool is_commit_id(const char *text)
{
    return strlen(text) == ID_LENGTH && strspn(text, ID_LETTERS) == ID_LENGTH;
}

/* The last colon stands before the id: a name may hold others. */
static bool read_reference(side_t *side, rc_rows_t *rows, int column)
{
    char *text =
        apr_pstrdup(rows->scratch, rc_import_short(rows, column, TEXT_BYTES, rows->scratch));
    char *name = strchr(text, ':'), *id = name ? strrchr(name + 1, ':') : NULL;

    if (!id)
        return false;
    *name++ = *id++ = '\0';
    *side = (side_t){text, name, id};
    return *text && *name && strlen(name) <= NAME_BYTES;
}

static void reverse(apr_array_header_t *ids)
{
    const char **list = (const char **)ids->elts, *one;
    int i;

    for (i = 0; i < ids->nelts / 2; i++) {
        one = list[i];
        list[i] = list[ids->nelts - 1 - i];
        list[ids->nelts - 1 - i] = one;
    }
}

/* Versions store the list in one order or the other: the source's commit is the newest. */
static void read_commits(offer_t *offer, rc_rows_t *rows)
{
    const char *list = rc_import_short(rows, REVISIONS, IDS_BYTES, rows->scratch);
    char *state = NULL, *word = apr_pstrdup(rows->scratch, list);
    apr_array_header_t *ids = apr_array_make(rows->scratch, 16, sizeof(const char *));

    for (word = apr_strtok(word, ":", &state); word; word = apr_strtok(NULL, ":", &state))
        if (is_commit_id(word))
            APR_ARRAY_PUSH(ids, const char *) = word;
    if (ids->nelts && !strcmp(APR_ARRAY_IDX(ids, ids->nelts - 1, const char *), offer->source.id))
        reverse(ids);
    if (ids->nelts > RC_OFFER_MOST)
        ids->nelts = RC_OFFER_MOST;
    offer->commits = ids;
}

/* Returns whether the row names two references and the commits that are offered. */
static bool read_offer(offer_t *offer, rc_rows_t *rows)
{
    if (!read_reference(&offer->source, rows, SOURCE_REF) ||
        !read_reference(&offer->target, rows, TARGET_REF))
        return false;
    read_commits(offer, rows);
    if (!is_commit_id(offer->source.id) && offer->commits->nelts)
        offer->source.id = APR_ARRAY_IDX(offer->commits, 0, const char *);
    return is_commit_id(offer->source.id) && is_commit_id(offer->target.id) &&
           offer->commits->nelts;
}

/* --- before the transaction --- */

static const rc_place_t *repo_place(rc_importing_t *the, rc_rows_t *rows, int column)
{
    apr_int64_t id = rc_import_int(rows, column, 0);

    return apr_hash_get(the->places_by_id, &id, sizeof(id));
}

/* Returns where the commit is: the source's repository, else the target's, else NULL. */
static const rc_place_t *find_commit(const rc_place_t *source, const rc_place_t *target,
                                     const char *id, apr_pool_t *pool)
{
    const rc_place_t *const places[] = {source, target};
    bool has = false;
    int i;

    for (i = 0; i < 2; i++)
        if (places[i] && places[i]->type && !strcmp(places[i]->type, target->type) &&
            !rc_vcs_has_commit(&has, target->type, places[i]->at, id, pool) && has)
            return places[i];
    return NULL;
}

static bool can_merge(const rc_place_t *place)
{
    const rc_capabilities_t *can = place && place->type ? rc_vcs_capabilities(place->type) : NULL;

    return can && can->merges;
}

/* Shares the lock of a target: else check --repair could remove what was kept before, just when it
 * is kept anew. */
static rc_err_t *share_target(int *fd, rc_importing_t *the, const char *path, apr_pool_t *pool)
{
    apr_time_t until = rc_clock() + PATIENCE;
    int life = 0;

    for (;;) {
        RC_TRY(rc_env_lock(fd, &life, the->actor->env, path, true, pool));
        if (*fd >= 0)
            return NULL;
        if (rc_clock() >= until)
            return rc_err_failed(pool, "another writer has locked %s", path);
        apr_sleep(PAUSE);
    }
}

/* Keeps the commit as it is kept for a pull request of this server; *@a kept: the target has it.
 * What cannot be kept is only missing. */
static rc_err_t *keep_offer(bool *kept, rc_importing_t *the, rc_rows_t *rows)
{
    const rc_place_t *target = repo_place(the, rows, TARGET_REPO), *from;
    rc_offer_t offer = {.work = &the->actor->work};
    offer_t read;
    rc_err_t *err;
    int lock;

    *kept = false;
    if (!can_merge(target) || !read_offer(&read, rows))
        return NULL;
    from = find_commit(repo_place(the, rows, SOURCE_REPO), target, read.source.id, rows->scratch);
    *kept = from != NULL;
    if (!from || the->move_in->dry_run)
        return NULL;
    offer.source_path = from->at;
    offer.target_path = target->at;
    offer.source_id = read.source.id;
    offer.target_id = read.target.id;
    RC_TRY(rc_work_dir(&offer.work_dir, the->actor->env, rows->scratch));
    RC_TRY(share_target(&lock, the, target->at, rows->scratch));
    if ((err = rc_vcs_keep(target->type, &offer, lock, rows->scratch))) {
        rc_log(RC_LOG_WARNING, err->cause, "commit %s of a pull request is not kept: %s",
               offer.source_id, rc_err_log_text(err, rows->scratch));
        *kept = false;
    }
    return NULL;
}

static rc_err_t *prepare_pull(rc_importing_t *the, rc_rows_t *rows)
{
    bool kept;

    RC_TRY(keep_offer(&kept, the, rows));
    if (kept)
        rc_import_add(the, the->kept, rows, PULL_ID);
    return NULL;
}

/* A version without its commits is a list of ids. */
static rc_err_t *prepare_version(rc_importing_t *the, rc_rows_t *rows)
{
    bool kept;

    return keep_offer(&kept, the, rows);
}

/* --- inside of it --- */

static const char *pull_label(rc_rows_t *rows)
{
    return apr_pstrcat(rows->scratch, rc_import_short(rows, PULL_ID, 20, rows->scratch), " ",
                       rc_import_short(rows, PULL_TITLE, NAME_BYTES, rows->scratch), NULL);
}

/* Returns why a pull request cannot come, or NULL. */
static const char *pull_problem(rc_importing_t *the, rc_rows_t *rows, offer_t *offer)
{
    offer->from = rc_import_item(rows, SOURCE_REPO, the->repos);
    offer->to = rc_import_item(rows, TARGET_REPO, the->repos);
    offer->author = rc_import_item(rows, PULL_AUTHOR, the->users);
    if (!offer->to)
        return "its target has not come";
    if (!offer->from)
        return "its source has not come";
    if (!offer->author || offer->author == the->anyone)
        return "its author has not come";
    if (!can_merge(repo_place(the, rows, TARGET_REPO)))
        return "repositories of its type have no pull requests here";
    return read_offer(offer, rows) ? NULL : "its references or commits cannot be read";
}

static rc_err_t *store_commits(rc_importing_t *the, apr_int64_t id, const offer_t *offer)
{
    bool changed;
    int i;

    for (i = 0; i < offer->commits->nelts; i++)
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_PULL_COMMIT, id, i,
                               APR_ARRAY_IDX(offer->commits, i, const char *)));
    return NULL;
}

static rc_err_t *store_pull(rc_importing_t *the, rc_rows_t *rows, const rc_arrival_t *pull,
                            const offer_t *offer)
{
    apr_pool_t *pool = rows->scratch;
    apr_int64_t created = rc_import_time(rows, PULL_CREATED, 0);
    const char *renderer = rc_import_text(rows, PULL_RENDERER, pool);
    const char *merge = rc_import_short(rows, PULL_MERGE, NAME_BYTES, pool);
    bool closed = !strcmp(rc_import_short(rows, PULL_STATUS, NAME_BYTES, pool), "closed");
    bool kept = rc_import_item(rows, PULL_ID, the->kept) != NULL, changed;

    if (!kept)
        rc_import_note(the, OF_PULL_REQUESTS, pull_label(rows),
                       closed ? "neither repository has its commits"
                              : "is closed here: neither repository has its commits");
    RC_TRY(rc_store_import(&changed, the->db, RC_STORE_PULL, pull->id,
                           rc_import_short(rows, PULL_TITLE, NAME_BYTES, pool),
                           rc_import_short(rows, PULL_TEXT, TEXT_BYTES, pool), renderer,
                           closed || !kept ? "closed" : "new", offer->author->id, offer->from->id,
                           offer->source.type, offer->source.name, offer->source.id, offer->to->id,
                           offer->target.type, offer->target.name, offer->target.id,
                           closed && is_commit_id(merge) ? merge : NULL, created,
                           rc_import_time(rows, PULL_UPDATED, created)));
    rc_import_count(the, OF_PULL_REQUESTS, changed);
    return store_commits(the, pull->id, offer);
}

static const char *pull_features(const offer_t *offer, apr_int64_t created, apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        "pull request %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT
                        " %s\n%s\n%s",
                        offer->to->id, offer->from->id, created, offer->source.name,
                        offer->target.name, offer->author->name);
}

/* Finds the pull request here that the row has become, which no row before has. */
static rc_err_t *match_pull(rc_arrival_t *pull, rc_importing_t *the, rc_import_ids_t *ids,
                            rc_rows_t *rows, const offer_t *offer)
{
    apr_int64_t created = rc_import_time(rows, PULL_CREATED, 0), *above;
    rc_store_found_t found;

    above = rc_import_alike(the, pull_features(offer, created, rows->scratch));
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_PULL, rows->scratch, offer->to->id,
                                created, offer->from->id, offer->source.name, offer->target.name,
                                offer->author->name, *above));
    pull->fresh = !found.id;
    pull->id = found.id ? found.id : rc_import_ids_choose(ids, pull->source);
    if (pull->id > *above)
        *above = pull->id;
    return NULL;
}

static rc_err_t *import_pull(rc_importing_t *the, rc_import_ids_t *ids, rc_rows_t *rows)
{
    rc_arrival_t *pull;
    offer_t offer;
    const char *problem = pull_problem(the, rows, &offer);

    if (problem) {
        rc_import_left(the, OF_PULL_REQUESTS, pull_label(rows), "%s", problem);
        return NULL;
    }
    pull = rc_import_add(the, the->pulls, rows, PULL_ID);
    pull->parent = offer.to->id;
    RC_TRY(match_pull(pull, the, ids, rows, &offer));
    if (pull->fresh)
        return store_pull(the, rows, pull, &offer);
    rc_import_count(the, OF_PULL_REQUESTS, false);
    return NULL;
}

static const char *join_ids(const apr_array_header_t *ids, apr_pool_t *pool)
{
    return apr_array_pstrcat(pool, ids, ' ');
}

/* Numbers count from 1, in the order of ids. */
static rc_err_t *import_version(rc_importing_t *the, rc_rows_t *rows)
{
    rc_arrival_t *pull = rc_import_item(rows, VERSION_OF, the->pulls), *version;
    offer_t offer;
    bool changed;

    if (!pull || !read_offer(&offer, rows))
        return NULL;
    version = rc_import_add(the, the->pull_versions, rows, PULL_ID);
    version->id = ++pull->versions;
    if (!pull->fresh)
        return NULL;
    return rc_store_import(&changed, the->db, RC_STORE_PULL_VERSION, pull->id, (int)version->id,
                           offer.source.id, offer.target.id, join_ids(offer.commits, rows->scratch),
                           rc_import_time(rows, PULL_CREATED, 0));
}

static rc_err_t *each_row(rc_importing_t *the, rc_import_table_t from,
                          rc_err_t *(*fn)(rc_importing_t *the, rc_rows_t *rows))
{
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, from, the->pool));
    while (rc_rows_next(&rows))
        rows.err = fn(the, &rows);
    return rc_rows_end(&rows);
}

rc_err_t *rc_import_prepare_pulls(rc_importing_t *the)
{
    RC_TRY(each_row(the, FROM_PULL_REQUESTS, prepare_pull));
    return each_row(the, FROM_PULL_VERSIONS, prepare_version);
}

rc_err_t *rc_import_pulls(rc_importing_t *the)
{
    rc_import_ids_t ids;
    rc_rows_t rows;

    RC_TRY(rc_import_ids_begin(&ids, the, "pull_request", FROM_PULL_REQUESTS));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_PULL_REQUESTS, the->pool));
    while (rc_rows_next(&rows))
        rows.err = import_pull(the, &ids, &rows);
    RC_TRY(rc_rows_end(&rows));
    RC_TRY(rc_import_ids_end(&ids, the));
    return each_row(the, FROM_PULL_VERSIONS, import_version);
}
