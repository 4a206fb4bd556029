// SPDX-License-Identifier: Apache-2.0
/*
 * Describes a push for the journal (contract 06 §5, §6).
 */
#include "transfer_words.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/text.h"
#include "domain/transfer.h"
#include "vcs/git_wire.h"

typedef struct push_t {
    apr_pool_t *pool;
    apr_hash_t *changed;       /* names of the branches that the push changed */
    apr_array_header_t *heads; /* of const char *: ids that branches have now */
    apr_array_header_t *old;   /* ids that branches had, and that others have */
    apr_array_header_t *words; /* of const char * */
    apr_array_header_t *made;  /* the same: branches that exist */
} push_t;

static void add_text(apr_array_header_t *list, const char *text)
{
    if (text)
        APR_ARRAY_PUSH(list, const char *) = text;
}

static void add_word(push_t *push, const char *deleted, const char *made,
                     const rc_ref_change_t *change, const char *name)
{
    bool branch = !strcmp(made, "branch");
    const char *kind = change->new_id ? made : deleted;

    add_text(branch && change->new_id ? push->made : push->words,
             apr_pstrcat(push->pool, kind, "=>", rc_utf8_repair(name, push->pool), NULL));
}

/* Sorts one change into the lists. *@a created: a branch is new. */
static void read_change(push_t *push, bool *created, const rc_ref_change_t *change)
{
    const char *branch = rc_wire_branch(change->ref), *tag = rc_wire_tag(change->ref);

    if (tag) {
        add_word(push, "delete_tag", "tag", change, tag);
    } else if (!branch) {
        add_word(push, "delete_ref", "ref", change, change->ref);
    } else {
        add_word(push, "delete_branch", "branch", change, branch);
        apr_hash_set(push->changed, branch, APR_HASH_KEY_STRING, branch);
        add_text(push->heads, change->new_id);
        add_text(push->old, change->old_id);
        *created = *created || !change->old_id;
    }
}

static rc_err_t *add_other(void *baton, const char *name, const char *id)
{
    push_t *push = baton;

    if (!apr_hash_get(push->changed, name, APR_HASH_KEY_STRING))
        add_text(push->old, apr_pstrdup(push->pool, id));
    return NULL;
}

/* Lists the commits that came in. Those of a new branch are new unless another branch has them;
 * those of an existing branch are what it did not have. */
static rc_err_t *list_commits(apr_array_header_t **ids, push_t *push, rc_vcs_t *vcs, bool created)
{
    *ids = push->heads;
    if (!push->heads->nelts)
        return NULL;
    if (created)
        RC_TRY(rc_vcs_refs(vcs, RC_BRANCHES, add_other, push));
    return rc_vcs_new_commits(ids, vcs, push->heads, push->old, RC_PUSH_RECORDED, push->pool);
}

/* Returns at most RC_PUSH_RECORDED of the words. */
static const char *join_some(const apr_array_header_t *all, char between)
{
    apr_array_header_t some = *all;

    if (some.nelts > RC_PUSH_RECORDED)
        some.nelts = RC_PUSH_RECORDED;
    return some.nelts ? apr_array_pstrcat(all->pool, &some, between) : NULL;
}

void rc_transfer_join(rc_push_words_t *words, const apr_array_header_t *all)
{
    words->journal = join_some(all, ',');
    words->event = join_some(all, '\n');
}

rc_err_t *rc_transfer_words(rc_push_words_t *words, rc_vcs_t *vcs,
                            const apr_array_header_t *changes, apr_pool_t *pool)
{
    push_t push = {pool,
                   apr_hash_make(pool),
                   apr_array_make(pool, 4, sizeof(char *)),
                   apr_array_make(pool, 4, sizeof(char *)),
                   apr_array_make(pool, 4, sizeof(char *)),
                   apr_array_make(pool, 4, sizeof(char *))};
    apr_array_header_t *commits;
    const char *event, *made;
    bool created = false;
    int i;

    for (i = 0; i < changes->nelts; i++)
        read_change(&push, &created, &APR_ARRAY_IDX(changes, i, rc_ref_change_t));
    RC_TRY(list_commits(&commits, &push, vcs, created));
    event = join_some(apr_array_append(pool, commits, push.words), '\n');
    made = join_some(push.made, '\n');
    words->event = event && made ? apr_pstrcat(pool, event, "\n", made, NULL)
                   : event       ? event
                                 : made;
    commits = commits->nelts ? commits : push.heads;
    words->journal = join_some(apr_array_append(pool, commits, push.words), ',');
    return NULL;
}
