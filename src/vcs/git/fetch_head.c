// SPDX-License-Identifier: Apache-2.0
/*
 * Sets HEAD after a clone: to the remote's branch if it was fetched, else to a likely one.
 */
#include "fetch_step.h"

#include <string.h>

#include <apr_strings.h>

#include "publish.h"
#include "base/fs.h"

#define MAX_LINE (8 * 1024) /* the name of a reference */

typedef struct heads_t {
    const char *wanted; /* the branch of the remote's HEAD, if it was fetched */
    const char *current, *main, *master, *first;
} heads_t;

static const char *pick(const heads_t *heads)
{
    if (heads->wanted)
        return heads->wanted;
    if (heads->current)
        return heads->current;
    if (heads->main)
        return heads->main;
    return heads->master ? heads->master : heads->first;
}

/* Reads the branch that HEAD names, even if that branch does not exist. */
static rc_err_t *read_head(const char **branch, const rc_git_fetch_t *fetch)
{
    const char *path = apr_pstrcat(fetch->pool, fetch->path, "/HEAD", NULL);
    char line[MAX_LINE];
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, fetch->pool);

    *branch = NULL;
    if (rv == APR_SUCCESS) {
        rv = apr_file_gets(line, sizeof(line), file);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS)
        return rc_fs_status(fetch->pool, rv, "read", path);
    if (strncmp(line, "ref: ", 5) == 0)
        *branch = apr_pstrmemdup(fetch->pool, line + 5, strcspn(line + 5, "\n"));
    return NULL;
}

/* Searches the branches for candidates for HEAD. */
static void find_heads(heads_t *heads, const char *remote, const char *current,
                       const rc_ref_list_t *refs, apr_pool_t *pool)
{
    const char *place = refs->text;
    rc_ref_t ref;

    while (rc_ref_list_next(&ref, refs, &place) && memcmp(ref.name, "refs/heads/", 11) == 0) {
        const char *name = apr_pstrmemdup(pool, ref.name, ref.len);

        if (remote && strcmp(name, remote) == 0)
            heads->wanted = remote;
        if (current && strcmp(name, current) == 0)
            heads->current = current;
        if (strcmp(name, "refs/heads/main") == 0)
            heads->main = "refs/heads/main";
        if (strcmp(name, "refs/heads/master") == 0)
            heads->master = "refs/heads/master";
        if (!heads->first)
            heads->first = name;
    }
}

rc_err_t *rc_git_fetch_head(const rc_git_fetch_t *fetch, const rc_publish_t *publish,
                            const char *remote)
{
    heads_t heads = {.wanted = NULL};
    const char *current, *head;

    RC_TRY(read_head(&current, fetch));
    find_heads(&heads, remote, current, publish->theirs, fetch->scratch);
    head = pick(&heads);
    if (!head || (current && strcmp(head, current) == 0))
        return NULL;
    return rc_publish_head(publish, head);
}
