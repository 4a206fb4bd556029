// SPDX-License-Identifier: Apache-2.0
/*
 * Pull requests (contract 09): finding them, whether they can be merged, and the use cases that
 * create, change, comment, close and merge them. A face shows texts of errors of kind RC_E_ARG as
 * they are.
 */
#ifndef RC_DOMAIN_PULL_REQUEST_H
#define RC_DOMAIN_PULL_REQUEST_H

#include "domain/actor.h"
#include "store/pull_request.h"

#define RC_PULL_REVIEWERS_MOST 200 /* reviewers of one pull request */

/* --- reading --- */

/** Finds a pull request, inside of rc_actor_read; NULL when there is none, or the caller may not
 * read its target. */
rc_err_t *rc_pull_find(rc_pull_request_t **out, rc_actor_t *actor, apr_int64_t id);

/** Returns the review status of the whole: approved, rejected or under_review (contract 09 §3). */
const char *rc_pull_review_status(const rc_pull_request_t *pull);

/** Returns whether this user reviews @a pull. */
bool rc_pull_is_reviewer(const rc_pull_request_t *pull, apr_int64_t user_id);

/** Returns the label of a review status, "Approved" of "approved"; NULL for another word. */
const char *rc_review_label(const char *status);

/* Whether a pull request can be merged, in the words of contract 09 §1. */
typedef struct rc_mergeable_t {
    bool possible;
    const char *message;
} rc_mergeable_t;

/** Finds out whether @a pull can be merged: from the stored verdict, else by trying it, and stores
 * the verdict. Also ends a merge that a killed process began. Outside of transactions; can take
 * long. */
rc_err_t *rc_pull_mergeable(rc_mergeable_t *mergeable, rc_actor_t *actor,
                            const rc_pull_request_t *pull);

/* What is known of the merges into one repository, for a list. */
typedef struct rc_pull_merges_t rc_pull_merges_t;

/** Tries merges of pull requests of @a range, whose target is @a repo, until all have a verdict, or
 * it has tried as many as one list may. Outside of transactions. */
rc_err_t *rc_pull_merges(rc_pull_merges_t **merges, rc_actor_t *actor, const rc_repo_t *repo,
                         const rc_pull_range_t *range);

/** Returns the same as rc_pull_mergeable from what @a merges knows and @a pull has stored;
 * "not_available" when nobody has tried. Reads nothing. */
rc_mergeable_t rc_pull_merge_known(const rc_pull_merges_t *merges, const rc_pull_request_t *pull);

/** Appends to @a spool the diff of what @a pull adds to its target, the repository @a target, of at
 * most @a most bytes; RC_E_LIMIT when it is longer, RC_E_BUSY when too many are made. Needs no
 * connection. */
rc_err_t *rc_pull_diff(rc_spool_t *spool, rc_actor_t *actor, const rc_repo_t *target,
                       const rc_pull_request_t *pull, apr_off_t most);

/* --- use cases --- */

/* Who does something to a pull request. */
typedef struct rc_pull_act_t {
    const rc_pull_request_t *pull;
    const rc_user_t *user; /* in whose name: the caller, or any user for administrators of the
                              target */
    const char *sent;      /* the id as the client sent it, for messages */
} rc_pull_act_t;

/** Sets *@a level to that of the acting user on the target. Returns RC_E_FORBIDDEN when the caller
 * may not act for them. */
rc_err_t *rc_pull_level(rc_level_t *level, const rc_actor_t *actor, const rc_pull_act_t *act);

/* A reviewer to be. */
typedef struct rc_pull_invited_t {
    const rc_user_t *user;
    const char *reasons; /* lines of text */
    bool mandatory;
} rc_pull_invited_t;

/** Is @a user in @a list, of rc_pull_invited_t? */
bool rc_pull_is_invited(const apr_array_header_t *list, const rc_user_t *user);

typedef struct rc_pull_creation_t {
    const rc_repo_t *source, *target;
    const char *source_ref, *target_ref; /* type:name or type:name:id, as the client sent them */
    const char *title;                   /* "": one is made of the references */
    const char *description;
    const char *renderer;                /* of the description; or NULL */
    const rc_user_t *author;             /* the caller; another user for super-admins */
    const apr_array_header_t *reviewers; /* rc_pull_invited_t; NULL: none */
} rc_pull_creation_t;

/** Checks the references of @a creation, and finds the commits that they offer: fills source,
 * target and commits of @a pull. Outside of transactions. */
rc_err_t *rc_pull_offer(rc_pull_request_t *pull, rc_actor_t *actor,
                        const rc_pull_creation_t *creation);

/** Creates the pull request that rc_pull_offer has begun; sets its id and title. From now on the
 * target keeps the commits. */
rc_err_t *rc_pull_create(rc_pull_request_t *pull, rc_actor_t *actor,
                         const rc_pull_creation_t *creation);

typedef struct rc_pull_update_t {
    rc_pull_act_t act;
    const char *title, *description, *renderer; /* NULL: unchanged */
    const apr_array_header_t *reviewers; /* rc_pull_invited_t: all of them; NULL: unchanged */
    bool commits;                        /* offers what the source's reference leads to now */
    bool close;
} rc_pull_update_t;

/* What an update has changed: texts (const char *). */
typedef struct rc_pull_updated_t {
    apr_array_header_t *added, *common, *removed; /* commits, the newest first; empty when they did
                                                     not change */
    apr_array_header_t *in, *out;                 /* names of reviewers, sorted */
} rc_pull_updated_t;

rc_err_t *rc_pull_update(rc_pull_updated_t *updated, rc_actor_t *actor,
                         const rc_pull_update_t *request);

/** Returns RC_E_ARG unless the acting user may update the pull request, and it is open. */
rc_err_t *rc_pull_check_update(const rc_actor_t *actor, const rc_pull_act_t *act);

typedef struct rc_pull_closing_t {
    rc_pull_act_t act;
    const char *message; /* a comment; NULL or "": none */
} rc_pull_closing_t;

rc_err_t *rc_pull_close(rc_actor_t *actor, const rc_pull_closing_t *request);

typedef struct rc_pull_commenting_t {
    rc_pull_act_t act;
    const char *message;          /* NULL or "": only a vote */
    const char *vote;             /* a review status; NULL or "": none */
    const char *commit_id;        /* the comment is about one of the commits; or NULL */
    const char *f_path, *line_no; /* a place in the diff; or NULL */
    const char *type;             /* note or todo; NULL: note */
    apr_int64_t resolves_id;      /* the to-do that it ends; 0: none */
} rc_pull_commenting_t;

/** Comments and votes. *@a id is the comment's; *@a voted: the vote counts. */
rc_err_t *rc_pull_comment(apr_int64_t *id, bool *voted, rc_actor_t *actor,
                          const rc_pull_commenting_t *request);

/* The result of a merge. */
typedef struct rc_pull_merged_t {
    bool possible, executed;
    const char *id; /* of the merge; NULL: there is none */
    int reason;     /* the failure reason of contract 09 §1; 0: none */
} rc_pull_merged_t;

/** Merges a pull request into its target and closes it, wholly or not at all. That it cannot be
 * merged is no error. */
rc_err_t *rc_pull_merge(rc_pull_merged_t *merged, rc_actor_t *actor, const rc_pull_act_t *act);

/** Ends the merges that killed processes began: those that have happened are recorded, the others
 * forgotten. For the start of a server; logs its failures. */
void rc_pull_recover(rc_env_t *env, apr_pool_t *pool);

#endif
