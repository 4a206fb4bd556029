// SPDX-License-Identifier: Apache-2.0
/*
 * Lists the commits that a push brought. The order of the repository tells them without a process;
 * but a branch that was moved back or aside leaves commits behind that no reference reaches any
 * more, and its old head may be one of them: git tells those.
 */
#include "table.h"

#include <string.h>

#include <apr_strings.h>

#include "env.h"
#include "base/process.h"
#include "reach.h"

#define PATIENCE  apr_time_from_sec(60)
#define MOST_IDS  20000 /* in the arguments of a program, which may have 2 MB */
#define LOOK      apr_time_from_sec(1)
#define LINE_SIZE (GIT_OID_HEXSZ + 1)

/* Adds those of @a ids that are ids, each behind @a prefix. */
static void add_ids(apr_array_header_t *argv, const char *prefix, const apr_array_header_t *ids,
                    apr_pool_t *pool)
{
    git_oid oid;
    int i;

    for (i = 0; i < ids->nelts && argv->nelts < MOST_IDS; i++)
        if (rc_git_hex(&oid, APR_ARRAY_IDX(ids, i, const char *)))
            APR_ARRAY_PUSH(argv, const char *) =
                apr_pstrcat(pool, prefix, git_oid_tostr_s(&oid), NULL);
}

static const char *const *make_argv(const apr_array_header_t *heads, const apr_array_header_t *old,
                                    int most, apr_pool_t *pool)
{
    apr_array_header_t *argv = apr_array_make(pool, 16, sizeof(char *));

    APR_ARRAY_PUSH(argv, const char *) = "git";
    APR_ARRAY_PUSH(argv, const char *) = "rev-list";
    APR_ARRAY_PUSH(argv, const char *) = "--ignore-missing";
    APR_ARRAY_PUSH(argv, const char *) = apr_psprintf(pool, "--max-count=%d", most);
    add_ids(argv, "", heads, pool);
    add_ids(argv, "^", old, pool);
    APR_ARRAY_PUSH(argv, const char *) = NULL;
    return (const char *const *)argv->elts;
}

/* Reads up to @a size bytes of the program's output. */
static rc_err_t *read_output(apr_size_t *len, char *out, apr_size_t size, const rc_proc_t *proc,
                             apr_pool_t *pool)
{
    const rc_child_wait_t wait = {.output = true, .longest = LOOK};
    rc_child_io_t io = RC_CHILD_LATER;
    rc_proc_result_t result;
    rc_child_t *child;
    bool late = false;

    *len = 0;
    RC_TRY(rc_child_start(&child, proc, pool));
    rc_child_end_input(child);
    while (!late && *len < size && (io == RC_CHILD_MOVED || io == RC_CHILD_LATER)) {
        apr_size_t got = 0;

        io = rc_child_read(&got, child, out + *len, size - *len);
        *len += got;
        if (io == RC_CHILD_LATER)
            late = !rc_child_wait(child, &wait);
    }
    RC_TRY(rc_child_end(&result, child, late, pool));
    if (result.status == 0)
        return NULL;
    return rc_err_failed(pool, "git rev-list in %s ended with %s", proc->dir,
                         rc_proc_end_text(&result, pool));
}

/* Splits lines of ids, and turns them around. */
static apr_array_header_t *split_ids(const char *lines, apr_size_t len, apr_pool_t *pool)
{
    apr_size_t count = len / LINE_SIZE;
    apr_array_header_t *ids = apr_array_make(pool, (int)count + 1, sizeof(char *));

    while (count-- > 0)
        APR_ARRAY_PUSH(ids, const char *) =
            apr_pstrmemdup(pool, lines + count * LINE_SIZE, GIT_OID_HEXSZ);
    return ids;
}

static rc_err_t *ask_git(apr_array_header_t **ids, const rc_git_t *git,
                         const apr_array_header_t *heads, const apr_array_header_t *old, int most,
                         apr_pool_t *pool)
{
    rc_git_env_t *env = rc_git_env(git->path, git->path, pool);
    const rc_proc_t proc = {.argv = make_argv(heads, old, most, pool),
                            .env = rc_git_env_list(env),
                            .dir = git->path,
                            .in = -1,
                            .out = -1,
                            .deadline = rc_clock() + PATIENCE};
    apr_size_t size = (apr_size_t)most * LINE_SIZE, len;
    char *lines = apr_palloc(pool, size);

    RC_TRY(read_output(&len, lines, size, &proc, pool));
    *ids = split_ids(lines, len, pool);
    return NULL;
}

/* Returns the numbers of @a ids (apr_uint32_t); NULL when one of them is not in the order. */
static apr_array_header_t *numbers_of(const rc_git_order_t *order, const apr_array_header_t *ids,
                                      apr_pool_t *pool)
{
    apr_array_header_t *numbers = apr_array_make(pool, ids->nelts + 1, sizeof(apr_uint32_t));
    git_oid oid;
    int i;

    for (i = 0; i < ids->nelts; i++) {
        apr_int64_t number = rc_git_hex(&oid, APR_ARRAY_IDX(ids, i, const char *))
                                 ? rc_git_order_find(order, oid.id)
                                 : -1;

        if (number < 0)
            return NULL;
        APR_ARRAY_PUSH(numbers, apr_uint32_t) = (apr_uint32_t)number;
    }
    return numbers;
}

/* Turns the numbers around and into ids. */
static apr_array_header_t *ids_of(const rc_git_order_t *order, const apr_array_header_t *numbers,
                                  apr_pool_t *pool)
{
    apr_array_header_t *ids = apr_array_make(pool, numbers->nelts + 1, sizeof(char *));
    int i = numbers->nelts;
    git_oid oid;

    while (i-- > 0) {
        apr_int64_t number = APR_ARRAY_IDX(numbers, i, apr_int64_t);

        git_oid_fromraw(&oid, order->ids + (size_t)number * GIT_OID_RAWSZ);
        APR_ARRAY_PUSH(ids, const char *) = apr_pstrdup(pool, git_oid_tostr_s(&oid));
    }
    return ids;
}

rc_err_t *rc_git_new_commits(apr_array_header_t **ids, rc_vcs_t *vcs,
                             const apr_array_header_t *heads, const apr_array_header_t *old,
                             int most, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;
    apr_array_header_t *from, *without, *found;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    from = numbers_of(git->order, heads, pool);
    without = numbers_of(git->order, old, pool);
    if (!from || !without || git->order->shallow ||
        !rc_git_reach(&found, git->order, from, without, most, pool))
        return ask_git(ids, git, heads, old, most, pool);
    *ids = ids_of(git->order, found, pool);
    return NULL;
}
