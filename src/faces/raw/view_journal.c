// SPDX-License-Identifier: Apache-2.0
/*
 * The views of the journal: feeds of the events of the repositories and users that the caller
 * follows (contract 03 §7). They leave out what the caller may not read now. Of the details of an
 * entry they show only ids of commits, since other details can contain names.
 */
#include "feed.h"

#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>

#include "domain/journal.h"
#include "base/hex.h"

#define FORMAT  "journal3"
#define ENTRIES 20

static const struct {
    const char *action, *text;
} words[] = {
    {"user_created_repo", "created repository"},
    {"admin_created_repo", "created repository"},
    {"user_created_fork", "created fork"},
    {"user_forked_repo", "forked repository"},
    {"user_updated_repo", "updated repository"},
    {"user_locked_repo", "locked repository"},
    {"user_unlocked_repo", "unlocked repository"},
    {"user_stripped_commit", "stripped commit from repository"},
    {"user_downloaded_archive", "downloaded archive from repository"},
    {"user_commented_revision", "commented on revision in repository"},
    {"user_created_pull_request", "created pull request in repository"},
    {"user_updated_pull_request", "updated pull request in repository"},
    {"user_commented_pull_request", "commented on pull request in repository"},
    {"user_closed_pull_request", "closed pull request in repository"},
    {"user_merged_pull_request", "merged pull request in repository"},
    {"push", "pushed into"},
    {"push_remote", "pulled from remote into repository"},
    {"pull", "pulled from"},
};

static const char *words_for(const rc_journal_entry_t *entry)
{
    apr_size_t len = strcspn(entry->action, ":"), i;

    for (i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strlen(words[i].action) == len && !strncmp(words[i].action, entry->action, len))
            return words[i].text;
    return "changed";
}

static const char *name_of(const rc_journal_entry_t *entry, apr_pool_t *pool)
{
    const char *first = entry->firstname ? entry->firstname : "";
    const char *last = entry->lastname ? entry->lastname : "";

    if (!*first && !*last)
        return entry->username;
    return apr_pstrcat(pool, first, *first && *last ? " " : "", last, NULL);
}

static void add_item(apr_sha1_ctx_t *sha, const char *text)
{
    apr_sha1_update(sha, text, (unsigned)strlen(text) + 1);
}

/* Returns a digest of everything that the feed shows. */
static const char *digest(const rc_view_call_t *call, const apr_array_header_t *entries)
{
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;
    int i;

    apr_sha1_init(&sha);
    add_item(&sha, FORMAT);
    add_item(&sha, call->view->action);
    add_item(&sha, call->request->base_url);
    add_item(&sha, call->env->config->site_title);
    for (i = 0; i < entries->nelts; i++) {
        const rc_journal_entry_t *entry = &APR_ARRAY_IDX(entries, i, rc_journal_entry_t);

        add_item(&sha, apr_psprintf(call->pool, "%" APR_INT64_T_FMT, entry->id));
        add_item(&sha, name_of(entry, call->pool));
        add_item(&sha, entry->repo_name);
    }
    apr_sha1_final(bytes, &sha);
    return rc_hex_text(bytes, sizeof(bytes), call->pool);
}

rc_err_t *rc_raw_journal_prepare(rc_view_call_t *call)
{
    apr_array_header_t *entries;

    RC_TRY(rc_actor_open(&call->actor));
    rc_journal_settle(call->actor.db, false, call->pool);
    RC_TRY(rc_store_journal_followed(&entries, call->actor.db, rc_caller_viewer(call->actor.caller),
                                     ENTRIES, call->pool));
    call->state = entries;
    call->content_type = rc_feed_type(rc_feed_is_atom(call));
    if (entries->nelts) /* an empty feed carries the current time: no validator */
        call->etag = digest(call, entries);
    return NULL;
}

/* What an entry is about, below the repository's URL. */
static const struct {
    const char *of; /* the end of the action */
    const char *place;
} details[] = {
    {"_revision", "/changeset/"},
    {"_pull_request", "/pull-request/"},
};

/* Returns the place of what the action, @a len bytes, is about; NULL: it is about none. */
static const char *place_of(const char *action, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < sizeof(details) / sizeof(*details); i++) {
        apr_size_t end = strlen(details[i].of);

        if (len > end && !strncmp(action + len - end, details[i].of, end))
            return details[i].place;
    }
    return NULL;
}

/* Writes a link to a commit or a pull request. */
static void write_details(rc_xml_t *xml, const rc_view_call_t *call,
                          const rc_journal_entry_t *entry, apr_pool_t *pool)
{
    const char *id = strchr(entry->action, ':');
    const char *place = id ? place_of(entry->action, (apr_size_t)(id - entry->action)) : NULL;

    if (!place)
        return;
    rc_xml_text(xml, ": <a href=\"");
    rc_xml_html_text(xml, rc_feed_repo_url(call, entry->repo_name,
                                           apr_pstrcat(pool, place, id + 1, NULL), pool));
    rc_xml_text(xml, apr_psprintf(pool, "\">%.12s</a>", id + 1));
}

static void write_entry(rc_feed_t *feed, const rc_view_call_t *call,
                        const rc_journal_entry_t *entry, apr_pool_t *pool)
{
    const char *what = apr_pstrcat(pool, words_for(entry), " ", entry->repo_name, NULL);
    rc_feed_entry_t item = {
        .author = name_of(entry, pool),
        .link = rc_feed_repo_url(call, entry->repo_name, "/changelog", pool),
        .time = apr_time_sec(entry->created_on),
        .number = entry->id,
    };

    item.title = apr_pstrcat(pool, item.author, " - ", what, NULL);
    rc_feed_entry_begin(feed, &item, pool);
    rc_xml_html_text(&feed->xml, what);
    write_details(&feed->xml, call, entry, pool);
    rc_feed_entry_end(feed, &item, pool);
}

static void start_journal(rc_feed_t *feed, const rc_view_call_t *call,
                          const apr_array_header_t *entries)
{
    const char *name = call->view->flags & RC_VIEW_LOGIN ? "journal" : "public journal";
    const char *path =
        call->view->flags & RC_VIEW_LOGIN ? "/_admin/journal" : "/_admin/public_journal";

    feed->atom = rc_feed_is_atom(call);
    feed->title = apr_pstrcat(call->pool, call->env->config->site_title, " ", name,
                              feed->atom ? " atom feed" : " rss feed", NULL);
    feed->description = apr_pstrcat(call->pool, "Changes in what is followed: ", name, NULL);
    feed->link = apr_pstrcat(call->pool, call->request->base_url, "/", NULL); /* the only page */
    feed->id = apr_pstrcat(call->pool, call->request->base_url, path, NULL);
    feed->updated = apr_time_sec(
        entries->nelts ? APR_ARRAY_IDX(entries, 0, rc_journal_entry_t).created_on : apr_time_now());
}

rc_err_t *rc_raw_journal_write(rc_view_call_t *call, rc_spool_t *spool)
{
    const apr_array_header_t *entries = call->state;
    rc_feed_t feed;
    int i;

    start_journal(&feed, call, entries);
    rc_feed_begin(&feed, spool, call->pool);
    for (i = 0; i < entries->nelts; i++)
        write_entry(&feed, call, &APR_ARRAY_IDX(entries, i, rc_journal_entry_t), call->pool);
    return rc_feed_end(&feed);
}
