// SPDX-License-Identifier: Apache-2.0
/*
 * Lists user groups with the users in them. The members of a chunk of groups are read by one
 * statement, and their users by chunks of their own, so that neither many groups nor large ones
 * need a statement each.
 */
#include "store/group.h"

#include "group_read.h"
#include "seen.h"
#include "user_read.h"

typedef struct membership_t {
    int group; /* its index in the chunk of groups */
    apr_int64_t user_id;
} membership_t;

/* The users of the next memberships, each of them once. */
typedef struct window_t {
    rc_chunk_t users;
    rc_seen_t seen[RC_CHUNK];
    rc_user_details_t details[RC_CHUNK];
    int end; /* the first membership whose user is not among them */
} window_t;

typedef struct groups_walk_t {
    const rc_user_groups_visitor_t *visitor;
    void *baton;
    bool keys;
} groups_walk_t;

/* What one chunk of groups holds. */
typedef struct group_chunk_t {
    const groups_walk_t *walk;
    const rc_chunk_t *chunk;
    rc_user_group_t *groups[RC_CHUNK];
    apr_array_header_t *members; /* membership_t, by group, then in the order they joined */
    int next;                    /* the first of them that was not visited */
    window_t window;
} group_chunk_t;

static void take_user_group(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    ((group_chunk_t *)baton)->groups[at] = rc_read_user_group(st, pool);
}

static void take_member(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    membership_t *member = apr_array_push(((group_chunk_t *)baton)->members);

    (void)pool;
    *member = (membership_t){at, rc_column_int(st, 1)};
}

/* Returns the index of a user in the window, or the number of its users. */
static int window_index(const window_t *window, apr_int64_t user_id)
{
    int i = 0;

    while (i < window->users.count && window->seen[i].id != user_id)
        i++;
    return i;
}

/* Reads the users of the memberships from @a next on, as many as a chunk has. */
static rc_err_t *read_window(group_chunk_t *the)
{
    window_t *window = &the->window;
    int i;

    apr_pool_clear(window->users.pool);
    window->users.count = 0;
    for (window->end = the->next; window->end < the->members->nelts; window->end++) {
        apr_int64_t id = APR_ARRAY_IDX(the->members, window->end, membership_t).user_id;

        i = window_index(window, id);
        if (i == RC_CHUNK)
            break;
        window->seen[i].id = id;
        if (i == window->users.count)
            window->users.count++;
    }
    return rc_users_read(window->details, &window->users, the->walk->keys);
}

static rc_err_t *visit_member(group_chunk_t *the, const membership_t *member)
{
    const groups_walk_t *walk = the->walk;
    const rc_user_details_t *details;

    if (the->next >= the->window.end)
        RC_TRY(read_window(the));
    details = &the->window.details[window_index(&the->window, member->user_id)];
    if (!details->user)
        return NULL; /* deleted since */
    apr_pool_clear(the->chunk->scratch);
    return walk->visitor->member(walk->baton, details, the->chunk->scratch);
}

static rc_err_t *visit_group(group_chunk_t *the, int at)
{
    const groups_walk_t *walk = the->walk;

    the->groups[at]->level = (rc_level_t)the->chunk->seen[at].level;
    RC_TRY(walk->visitor->begin(walk->baton, the->groups[at]));
    for (; the->next < the->members->nelts; the->next++) {
        const membership_t *member = &APR_ARRAY_IDX(the->members, the->next, membership_t);

        if (member->group > at)
            break;
        RC_TRY(visit_member(the, member));
    }
    return walk->visitor->end(walk->baton);
}

static rc_err_t *visit_chunk(void *baton, const rc_chunk_t *chunk)
{
    group_chunk_t the = {.walk = baton, .chunk = chunk};
    const rc_chunk_part_t parts[] = {
        {SQL_USER_GROUP_ROWS, 0, take_user_group, &the},
        {SQL_USER_GROUPS_MEMBERS, 0, take_member, &the},
    };
    int i;

    the.members = apr_array_make(chunk->pool, RC_CHUNK, sizeof(membership_t));
    the.window.users = (rc_chunk_t){.db = chunk->db, .seen = the.window.seen};
    apr_pool_create(&the.window.users.pool, chunk->pool);
    RC_TRY(rc_chunk_read(chunk, parts, the.walk->visitor->member ? 2 : 1));
    for (i = 0; i < chunk->count; i++)
        if (the.groups[i]) /* not deleted since */
            RC_TRY(visit_group(&the, i));
    return NULL;
}

rc_err_t *rc_store_user_groups_each(rc_db_t *db, rc_viewer_t viewer, const rc_slice_t *page,
                                    bool keys, const rc_user_groups_visitor_t *visitor, void *baton,
                                    apr_pool_t *pool)
{
    groups_walk_t walk = {visitor, baton, keys};
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_GROUPS_READABLE, "iii", viewer.id, page ? page->after_id : 0,
                    rc_slice_most(page)));
    return rc_chunks_each(st, db, visit_chunk, &walk, pool);
}
