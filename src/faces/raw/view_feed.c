// SPDX-License-Identifier: Apache-2.0
/*
 * The views feed/rss and feed/atom: list the last commits of a repository (contract 03 §7). The
 * cost of each commit is limited, and a feed is cached until the repository changes.
 */
#include "feed.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/log.h"
#include "domain/repo.h"
#include "base/time.h"

/* Part of every ETag; increment it when the same commits get a different feed. */
#define FORMAT "feed2"

#define TITLE_MOST   160               /* characters */
#define MESSAGE_MOST 16384             /* characters */
#define NAME_MOST    1000              /* characters of a file's name */
#define LABELS_MOST  20                /* branches, or tags, of one commit */
#define FILES_MOST   200               /* compared in one commit */
#define COMMIT_BYTES (512 * 1024)      /* of files whose lines are counted, in one commit */
#define FEED_BYTES   (8 * 1024 * 1024) /* the same, in all commits together */

typedef struct commits_t {
    apr_int64_t count; /* in the repository */
    int shown;
    rc_rev_t *revs; /* newest first */
} commits_t;

/* The names of the branches and tags that lead to one commit. */
typedef struct labels_t {
    apr_array_header_t *branches, *tags;
} labels_t;

typedef struct writing_t {
    rc_view_call_t *call;
    rc_feed_t feed;
    apr_hash_t *labels;         /* id -> labels_t */
    apr_size_t bytes;           /* bytes left for counting lines */
    bool damaged;               /* a part could not be read, and the feed says so */
    rc_refs_t kind;             /* the kind of names being collected */
    apr_pool_t *pool, *scratch; /* of the feed, of one entry */
} writing_t;

/* --- finding the commits --- */

static const char *digest(const rc_view_call_t *call, const char *state)
{
    const char *text =
        apr_psprintf(call->pool, "%s\n%s\n%d\n%d %d\n%s\n%s\n%s\n%s", FORMAT, state,
                     rc_raw_settings(call)->feed_items, (int)rc_raw_settings(call)->feed_diff,
                     rc_raw_settings(call)->feed_diff_bytes, call->view->action, call->repo->name,
                     call->request->base_url, call->env->config->site_title);
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;

    apr_sha1_init(&sha);
    apr_sha1_update(&sha, text, (unsigned)strlen(text));
    apr_sha1_final(bytes, &sha);
    return rc_hex_text(bytes, sizeof(bytes), call->pool);
}

rc_err_t *rc_raw_feed_prepare(rc_view_call_t *call)
{
    commits_t *commits = apr_pcalloc(call->pool, sizeof(*commits));
    const char *state;

    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(rc_vcs_state(&state, call->vcs, call->pool));
    RC_TRY(rc_vcs_count(&commits->count, call->vcs));
    call->state = commits;
    call->content_type = rc_feed_type(rc_feed_is_atom(call));
    if (commits->count) /* an empty feed carries the current time: no validator */
        call->etag = digest(call, state);
    return NULL;
}

static rc_err_t *find_commits(commits_t *commits, rc_view_call_t *call)
{
    apr_int64_t most = rc_raw_settings(call)->feed_items, at = commits->count - 1;

    most = commits->count < most ? commits->count : most;
    commits->revs = apr_palloc(call->pool, (apr_size_t)most * sizeof(*commits->revs));
    for (; at >= 0 && commits->shown < most; at--) {
        rc_rev_t *rev = &commits->revs[commits->shown];

        RC_TRY(rc_vcs_rev_at(rev, call->vcs, at, call->pool));
        commits->shown += rev->id != NULL; /* others are hidden */
    }
    return NULL;
}

/* --- branches and tags --- */

static rc_err_t *add_label(void *baton, const char *name, const char *id)
{
    writing_t *w = baton;
    labels_t *labels = apr_hash_get(w->labels, id, APR_HASH_KEY_STRING);
    apr_array_header_t *list;

    if (!labels)
        return NULL;
    list = w->kind == RC_BRANCHES ? labels->branches : labels->tags;
    if (list->nelts < LABELS_MOST)
        APR_ARRAY_PUSH(list, const char *) = apr_pstrdup(w->pool, name);
    return NULL;
}

static rc_err_t *find_labels(writing_t *w, const commits_t *commits)
{
    int i;

    w->labels = apr_hash_make(w->pool);
    for (i = 0; i < commits->shown; i++) {
        labels_t *labels = apr_palloc(w->pool, sizeof(*labels));

        labels->branches = apr_array_make(w->pool, 1, sizeof(const char *));
        labels->tags = apr_array_make(w->pool, 1, sizeof(const char *));
        apr_hash_set(w->labels, commits->revs[i].id, APR_HASH_KEY_STRING, labels);
    }
    if (rc_vcs_can(w->call->vcs)->paths_as_refs)
        return NULL;
    w->kind = RC_BRANCHES;
    RC_TRY(rc_vcs_refs(w->call->vcs, RC_BRANCHES, add_label, w));
    w->kind = RC_TAGS;
    return rc_vcs_refs(w->call->vcs, RC_TAGS, add_label, w);
}

static void write_labels(rc_xml_t *xml, const char *what, const apr_array_header_t *names)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        rc_xml_text(xml, what);
        rc_xml_html_text(xml, APR_ARRAY_IDX(names, i, const char *));
        rc_xml_text(xml, "<br/>");
    }
}

/* --- entries --- */

static rc_err_t *write_change(void *baton, const rc_change_t *change)
{
    writing_t *w = baton;
    rc_xml_t *xml = &w->feed.xml;
    char text[80];

    apr_snprintf(text, sizeof(text), "\n %c ", change->op);
    rc_xml_text(xml, text);
    rc_xml_html_text(xml, rc_feed_shorten(change->path, NAME_MOST, w->scratch));
    if (change->hunks) {
        apr_snprintf(text, sizeof(text),
                     " (%" APR_INT64_T_FMT " lines added, %" APR_INT64_T_FMT " lines removed)",
                     change->added, change->deleted);
        rc_xml_text(xml, text);
    }
    return xml->err;
}

/* A damaged commit does not fail the feed: it is logged, and *@a damaged is set so that the caller
 * marks it. Other errors are returned. */
static rc_err_t *note_damage(bool *damaged, rc_err_t *err, writing_t *w)
{
    *damaged = err && err->kind == RC_E_INTERNAL && !w->feed.xml.err;
    if (!*damaged)
        return err;
    w->damaged = true;
    rc_log(RC_LOG_WARNING, err->cause, "feed of %s: %s", w->call->repo->name,
           rc_err_log_text(err, w->scratch));
    return NULL;
}

static rc_err_t *write_files(writing_t *w, const char *id)
{
    apr_size_t most = w->bytes < COMMIT_BYTES ? w->bytes : COMMIT_BYTES;
    rc_stat_limits_t limits = {FILES_MOST, most};
    bool more = false, damaged;
    rc_err_t *err = rc_vcs_stat(&more, w->call->vcs, id, &limits, write_change, w, w->scratch);

    RC_TRY(note_damage(&damaged, err, w));
    w->bytes -= most - limits.bytes;
    if (damaged)
        rc_xml_text(&w->feed.xml, "\n ... what it changes cannot be read");
    else if (more)
        rc_xml_text(&w->feed.xml, "\n ... and more");
    return NULL;
}

static rc_err_t *write_diff(writing_t *w, const char *id)
{
    bool damaged;

    RC_TRY(note_damage(&damaged, rc_feed_write_diff(&w->feed, w->call, id, w->scratch), w));
    if (damaged)
        rc_xml_text(&w->feed.xml, "\n ... its diff cannot be read");
    return NULL;
}

/* Returns @a message without the white space at its end. */
static const char *trimmed(const char *message, apr_pool_t *pool)
{
    apr_size_t len = strlen(message);

    while (len && strchr(" \t\r\n", message[len - 1]))
        len--;
    return apr_pstrmemdup(pool, message, len);
}

/* Returns the first line that is not blank. */
static const char *first_line(const char *message, apr_pool_t *pool)
{
    message += strspn(message, " \t\r\n");
    return trimmed(apr_pstrmemdup(pool, message, strcspn(message, "\r\n")), pool);
}

static void write_head(writing_t *w, const rc_commit_t *commit, const rc_feed_entry_t *entry)
{
    const labels_t *labels = apr_hash_get(w->labels, commit->id, APR_HASH_KEY_STRING);
    rc_xml_t *xml = &w->feed.xml;

    rc_xml_html_text(xml, entry->author);
    rc_xml_text(xml, " commited on ");
    rc_xml_text(xml, rc_time_rfc2822(commit->time, w->scratch));
    rc_xml_text(xml, " UTC<br/>");
    write_labels(xml, "branch: ", labels->branches);
    write_labels(xml, "tag: ", labels->tags);
    rc_xml_text(xml, "commit: <a href=\"");
    rc_xml_html_text(xml, entry->link);
    rc_xml_text(xml, "\">");
    rc_xml_text(xml, rc_vcs_short_id(w->call->repo->type, commit->id, w->scratch));
    rc_xml_text(xml, "</a>");
}

/* Makes a placeholder for a commit that cannot be read, from what the repository order stores. */
static rc_err_t *stand_in(rc_commit_t **out, writing_t *w, const rc_rev_t *rev)
{
    rc_commit_t *commit = apr_pcalloc(w->scratch, sizeof(*commit));

    commit->id = rev->id;
    commit->message = "This commit cannot be read";
    commit->author = "";
    *out = commit;
    return rc_vcs_time(&commit->time, w->call->vcs, rev);
}

static rc_err_t *write_entry(writing_t *w, const rc_rev_t *rev)
{
    rc_feed_entry_t entry = {NULL};
    const char *message;
    rc_commit_t *commit;
    bool damaged;

    RC_TRY(note_damage(&damaged, rc_vcs_commit_short(&commit, w->call->vcs, rev, w->scratch), w));
    if (damaged)
        RC_TRY(stand_in(&commit, w, rev));
    message = trimmed(commit->message, w->scratch);
    entry.title = rc_feed_shorten(first_line(message, w->scratch), TITLE_MOST, w->scratch);
    entry.link =
        rc_feed_repo_url(w->call, w->call->repo->name,
                         apr_pstrcat(w->scratch, "/changeset/", rev->id, NULL), w->scratch);
    entry.author = rc_feed_shorten(commit->author, NAME_MOST, w->scratch);
    entry.time = commit->time;
    rc_feed_entry_begin(&w->feed, &entry, w->scratch);
    write_head(w, commit, &entry);
    rc_xml_text(&w->feed.xml, "<pre>");
    rc_xml_html_text(&w->feed.xml, rc_feed_shorten(message, MESSAGE_MOST, w->scratch));
    if (!damaged)
        RC_TRY(write_files(w, rev->id));
    if (!damaged && rc_raw_settings(w->call)->feed_diff)
        RC_TRY(write_diff(w, rev->id));
    rc_xml_text(&w->feed.xml, "</pre>");
    rc_feed_entry_end(&w->feed, &entry, w->scratch);
    return w->feed.xml.err;
}

/* --- the feed --- */

static rc_err_t *start_feed(writing_t *w, const commits_t *commits, rc_spool_t *spool)
{
    const char *name = w->call->repo->name;
    rc_feed_t *feed = &w->feed;

    feed->atom = rc_feed_is_atom(w->call);
    feed->title = apr_pstrcat(w->pool, w->call->env->config->site_title, " ", name, " feed", NULL);
    feed->description = apr_pstrcat(w->pool, "Changes on ", name, " repository", NULL);
    feed->link = rc_feed_repo_url(w->call, name, "", w->pool);
    feed->updated = apr_time_sec(apr_time_now());
    if (commits->shown)
        RC_TRY(rc_vcs_time(&feed->updated, w->call->vcs, &commits->revs[0]));
    rc_feed_begin(feed, spool, w->pool);
    return NULL;
}

static rc_err_t *write_feed(writing_t *w, const commits_t *commits, rc_spool_t *spool)
{
    int i;

    RC_TRY(find_labels(w, commits));
    RC_TRY(start_feed(w, commits, spool));
    for (i = 0; i < commits->shown; i++) {
        apr_pool_clear(w->scratch);
        RC_TRY(write_entry(w, &commits->revs[i]));
    }
    return rc_feed_end(&w->feed);
}

rc_err_t *rc_raw_feed_write(rc_view_call_t *call, rc_spool_t *spool)
{
    writing_t w = {.call = call, .bytes = FEED_BYTES, .pool = call->pool};
    commits_t *commits = call->state;
    bool found = false;

    if (call->etag)
        RC_TRY(rc_lru_get(&found, call->env->feeds, call->etag, spool));
    if (found)
        return NULL;
    RC_TRY(find_commits(commits, call));
    apr_pool_create(&w.scratch, call->pool);
    RC_TRY(write_feed(&w, commits, spool));
    if (w.damaged) /* not cached: the feed changes when the damage is repaired */
        call->etag = NULL;
    return call->etag ? rc_lru_put(call->env->feeds, call->etag, spool, w.scratch) : NULL;
}
