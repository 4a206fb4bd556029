// SPDX-License-Identifier: Apache-2.0
/*
 * Describes what was pushed for webhooks, by the words of the push: ids of commits, and changes of
 * references such as delete_branch=>x.
 */
#include "event_push.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "domain/repo.h"

#define MESSAGE_MOST (16 * 1024)  /* bytes of a message, which stands there three times */
#define ITEM_MOST    (128 * 1024) /* bytes of a commit: of a larger one there is the id alone */
#define BODY_MOST    (512 * 1024) /* bytes after which commits are left out */
#define ARROW        "=>"

/* A commit, or a change of a reference. */
typedef struct item_t {
    const char *word;                      /* as of the push */
    rc_commit_t *commit;                   /* NULL: there is none, or it is gone */
    const char *branch;                    /* or NULL */
    apr_array_header_t *refs[RC_TAGS + 1]; /* names that lead to it, by rc_refs_t */
} item_t;

typedef struct writing_t {
    const rc_event_push_t *push;
    rc_vcs_t *vcs;             /* NULL: it cannot be opened */
    apr_array_header_t *items; /* item_t */
    apr_hash_t *by_id;         /* id of a commit -> item_t * */
    apr_hash_t *branches, *tags;
    apr_array_header_t *branch_names, *tag_names; /* the same, in their order */
    rc_refs_t kind;
    apr_pool_t *pool;
} writing_t;

/* Changes of references: the word before the arrow, what RhodeCode calls it, and its message. */
static const struct {
    const char *word, *change, *message;
} ref_changes[] = {
    {"delete_branch", "branch_delete", "Deleted branch"},
    {"tag", "tag_add", "Added new tag"},
    {"delete_tag", "tag_delete", "Deleted tag"},
    {"bookmark", "bookmark_add", "Set bookmark"},
    {"delete_bookmark", "bookmark_delete", "Deleted bookmark"},
    {"ref", "ref_add", "Set reference"},
    {"delete_ref", "ref_delete", "Deleted reference"},
};

/* --- reading --- */

static void add_once(apr_array_header_t *names, apr_hash_t *seen, const char *name)
{
    if (!name || apr_hash_get(seen, name, APR_HASH_KEY_STRING))
        return;
    apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
    APR_ARRAY_PUSH(names, const char *) = name;
}

static rc_err_t *find_pushed(rc_commit_t **out, writing_t *w, const char *id)
{
    rc_rev_t rev;

    *out = NULL;
    if (!w->vcs)
        return NULL;
    RC_TRY(rc_vcs_resolve(&rev, w->vcs, id, w->pool));
    if (!rev.id)
        return NULL;
    RC_TRY(rc_vcs_commit_short(out, w->vcs, &rev, w->pool));
    (*out)->message = rc_utf8_cut((*out)->message, MESSAGE_MOST, w->pool);
    return NULL;
}

static rc_err_t *add_item(writing_t *w, const char *word)
{
    item_t *item = apr_pcalloc(w->pool, sizeof(*item));

    item->word = word;
    APR_ARRAY_PUSH(w->items, item_t *) = item;
    if (strstr(word, ARROW))
        return NULL;
    RC_TRY(find_pushed(&item->commit, w, word));
    if (item->commit)
        apr_hash_set(w->by_id, item->commit->id, APR_HASH_KEY_STRING, item);
    return NULL;
}

static bool takes_prefix(const char **rest, const char *word, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    *rest = word + len;
    return !strncmp(word, prefix, len);
}

static rc_err_t *split_words(writing_t *w)
{
    char *text = apr_pstrdup(w->pool, w->push->event->about), *state;
    const char *word, *name;

    for (word = apr_strtok(text, "\n", &state); word; word = apr_strtok(NULL, "\n", &state)) {
        if (takes_prefix(&name, word, "branch" ARROW)) {
            add_once(w->branch_names, w->branches, name);
            continue;
        }
        if (takes_prefix(&name, word, "tag" ARROW))
            add_once(w->tag_names, w->tags, name);
        RC_TRY(add_item(w, word));
    }
    return NULL;
}

static rc_err_t *label_item(void *baton, const char *name, const char *id)
{
    writing_t *w = baton;
    item_t *item = apr_hash_get(w->by_id, id, APR_HASH_KEY_STRING);

    if (!item)
        return NULL;
    if (!item->refs[w->kind])
        item->refs[w->kind] = apr_array_make(w->pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(item->refs[w->kind], const char *) =
        rc_utf8_repair(apr_pstrdup(w->pool, name), w->pool);
    return NULL;
}

static rc_err_t *label_items(writing_t *w)
{
    static const rc_refs_t kinds[] = {RC_BRANCHES, RC_BOOKMARKS, RC_TAGS};
    int i;

    for (i = 0; w->vcs && apr_hash_count(w->by_id) && i < 3; i++) {
        w->kind = kinds[i];
        RC_TRY(rc_vcs_refs(w->vcs, w->kind, label_item, w));
    }
    return NULL;
}

/* A commit is on the branch of the next one, unless it is the head of another one. */
static void find_branches(writing_t *w)
{
    const char *last =
        w->branch_names->nelts ? APR_ARRAY_IDX(w->branch_names, 0, const char *) : NULL;
    int i;

    for (i = w->items->nelts - 1; i >= 0; i--) {
        item_t *item = APR_ARRAY_IDX(w->items, i, item_t *);

        if (!item->commit)
            continue;
        last = item->branch = item->commit->branch ? item->commit->branch : last;
        item->commit->branch = item->branch;
    }
    for (i = 0; i < w->items->nelts; i++)
        add_once(w->branch_names, w->branches, APR_ARRAY_IDX(w->items, i, item_t *)->branch);
}

/* A repository that cannot be read has the ids of its commits alone. */
static rc_err_t *open_repo(writing_t *w)
{
    rc_actor_t *actor = w->push->actor;

    if (!w->push->repo)
        return NULL;
    rc_env_work_begin(&actor->work, actor->env, NULL, NULL, actor->pool);
    actor->work.expensive = NULL; /* nobody waits for it: it takes no place from those who do */
    return rc_repo_open(&w->vcs, actor->env, w->push->repo, &actor->work, actor->pool);
}

static rc_err_t *begin_push(writing_t *w, const rc_event_push_t *push)
{
    apr_pool_t *pool = push->actor->pool;

    *w = (writing_t){.push = push,
                     .items = apr_array_make(pool, 16, sizeof(item_t *)),
                     .by_id = apr_hash_make(pool),
                     .branches = apr_hash_make(pool),
                     .tags = apr_hash_make(pool),
                     .branch_names = apr_array_make(pool, 2, sizeof(const char *)),
                     .tag_names = apr_array_make(pool, 2, sizeof(const char *)),
                     .pool = pool};
    return open_repo(w);
}

/* --- writing --- */

static void write_empty(rc_json_t *out, const char *key)
{
    rc_json_key(out, key);
    rc_json_array_begin(out);
    rc_json_array_end(out);
}

static void write_labels(rc_json_t *out, const item_t *item)
{
    rc_json_key(out, "refs");
    rc_json_object_begin(out);
    rc_json_member_strings(out, "branches", item->refs[RC_BRANCHES]);
    rc_json_member_strings(out, "bookmarks", item->refs[RC_BOOKMARKS]);
    rc_json_member_strings(out, "tags", item->refs[RC_TAGS]);
    rc_json_object_end(out);
}

/* The author of a change of a reference is who pushed it. */
static const char *contact(const rc_event_push_t *push, apr_pool_t *pool)
{
    const rc_user_t *user = push->user;

    if (!user)
        return push->event->username;
    return apr_psprintf(pool, "%s%s%s%s<%s>", user->firstname, *user->firstname ? " " : "",
                        user->lastname, *user->lastname ? " " : "", user->email ? user->email : "");
}

/* Writes the members of a commit that is gone, or of a change of a reference; returns its message.
 */
static const char *write_change(rc_json_t *out, const writing_t *w, const item_t *item)
{
    const rc_event_t *event = w->push->event;
    const char *message = "", *name = "";
    apr_size_t i;

    for (i = 0; i < sizeof(ref_changes) / sizeof(*ref_changes); i++)
        if (takes_prefix(&name, item->word,
                         apr_pstrcat(w->pool, ref_changes[i].word, ARROW, NULL))) {
            rc_json_member_string(out, "git_ref_change", ref_changes[i].change);
            message = apr_pstrcat(w->pool, ref_changes[i].message, " ", name, NULL);
        }
    rc_json_member_string(out, "raw_id", item->word);
    rc_json_member_string(out, "short_id",
                          strstr(item->word, ARROW)
                              ? item->word
                              : rc_vcs_short_id(w->push->type, item->word, w->pool));
    rc_json_member_string(out, "message", message);
    rc_json_member_string(out, "author", contact(w->push, w->pool));
    rc_json_member_null(out, "branch");
    rc_json_member_string(out, "date",
                          apr_psprintf(w->pool, "%s.%03d",
                                       rc_time_utc(apr_time_sec(event->created_on), w->pool),
                                       (int)apr_time_msec(event->created_on)));
    return message;
}

static void write_texts(rc_json_t *out, const char *message, apr_pool_t *pool)
{
    const char *first = apr_pstrmemdup(pool, message, strcspn(message, "\n"));

    rc_json_member_string(out, "message_html", apr_pescape_entity(pool, message, 0));
    rc_json_member_string(out, "message_html_title", apr_pescape_entity(pool, first, 0));
}

static void write_object(rc_json_t *out, const writing_t *w, const item_t *item)
{
    const char *message, *tail = "";

    if (!strstr(item->word, ARROW)) /* a reference has no page of its own */
        tail = apr_pstrcat(w->pool, "/changeset/", apr_pescape_path(w->pool, item->word, 1), NULL);

    rc_json_object_begin(out);
    if (item->commit)
        rc_render_changeset(out, w->push->type, item->commit, w->pool);
    message = item->commit ? item->commit->message : write_change(out, w, item);
    write_labels(out, item);
    write_empty(out, "mentions");
    write_empty(out, "reviewers");
    write_empty(out, "issues");
    rc_json_member_string(out, "url", apr_pstrcat(w->pool, w->push->url, tail, NULL));
    rc_json_member_string(out, "permalink_url",
                          apr_pstrcat(w->pool, w->push->permalink, tail, NULL));
    write_texts(out, message, w->pool);
    rc_json_object_end(out);
}

/* The author of a commit can be long, and thousands of references can lead to it: who pushed it
 * shall not keep the event from being sent. */
static rc_err_t *write_item(rc_json_t *out, const writing_t *w, const item_t *item)
{
    const item_t bare = {.word = item->word};
    apr_pool_t *scratch;
    rc_spool_t *spool;
    const char *data;
    rc_json_t part;
    rc_err_t *err;

    apr_pool_create(&scratch, w->pool);
    spool = rc_spool_create(w->push->actor->env->config->temp_dir, scratch);
    rc_json_init(&part, spool);
    write_object(&part, w, item);
    err = rc_json_finish(&part);
    if (!err)
        err = rc_spool_view(&data, spool, scratch);
    if (!err && rc_spool_size(spool) <= ITEM_MOST)
        rc_json_raw(out, data, (apr_size_t)rc_spool_size(spool));
    else if (!err)
        write_object(out, w, &bare);
    err = rc_err_copy(err, w->pool);
    apr_pool_destroy(scratch);
    return err;
}

static void write_names(rc_json_t *out, const writing_t *w, const char *key, const char *query,
                        const apr_array_header_t *names)
{
    int i;

    rc_json_key(out, key);
    rc_json_array_begin(out);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        rc_json_object_begin(out);
        rc_json_member_string(out, "name", name);
        rc_json_member_string(
            out, "url",
            apr_pstrcat(w->pool, w->push->url, query, apr_pescape_urlencoded(w->pool, name), NULL));
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
}

static rc_err_t *write_items(rc_json_t *out, const writing_t *w)
{
    int i;

    rc_json_key(out, "commits");
    rc_json_array_begin(out);
    for (i = 0; i < w->items->nelts && rc_spool_size(out->spool) < BODY_MOST; i++)
        RC_TRY(write_item(out, w, APR_ARRAY_IDX(w->items, i, item_t *)));
    rc_json_array_end(out);
    return NULL;
}

rc_err_t *rc_event_write_push(rc_json_t *out, const rc_event_push_t *push)
{
    writing_t w;

    RC_TRY(begin_push(&w, push));
    RC_TRY(split_words(&w));
    RC_TRY(label_items(&w));
    find_branches(&w);
    rc_json_key(out, "push");
    rc_json_object_begin(out);
    write_names(out, &w, "branches", "/changelog?branch=", w.branch_names);
    write_names(out, &w, "tags", "/changelog?tag=", w.tag_names);
    RC_TRY(write_items(out, &w));
    rc_json_key(out, "issues");
    rc_json_object_begin(out);
    rc_json_object_end(out);
    rc_json_object_end(out);
    return NULL;
}

rc_err_t *rc_event_write_commit(rc_json_t *out, const rc_event_push_t *push)
{
    rc_commit_t *commit;
    writing_t w;

    RC_TRY(begin_push(&w, push));
    RC_TRY(find_pushed(&commit, &w, push->event->about));
    rc_json_key(out, "commit");
    rc_json_object_begin(out);
    rc_json_member_string(out, "commit_id", push->event->about);
    rc_json_member_string(out, "commit_message", commit ? commit->message : "");
    rc_json_member_string(out, "commit_branch", commit ? commit->branch : NULL);
    rc_json_object_end(out);
    return NULL;
}
