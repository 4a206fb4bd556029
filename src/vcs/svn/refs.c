// SPDX-License-Identifier: Apache-2.0
/*
 * Branches and tags: directories of the last revision whose paths match patterns (contract 07 §1).
 * All of them lead to the last revision.
 */
#include "svn.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

#define NAMES_MOST 100000 /* branches, or tags */

typedef struct ref_search_t {
    rc_vcs_t *vcs;
    svn_revnum_t youngest;
    svn_fs_root_t *root;       /* of the youngest revision */
    apr_array_header_t *names; /* of const char *, without a leading slash */
    apr_pool_t *pool;
} ref_search_t;

static bool is_directory(ref_search_t *search, const char *path)
{
    svn_node_kind_t kind = svn_node_none;
    svn_error_t *err = RC_SVN(svn_fs_check_path(&kind, search->root, path, search->pool));

    if (err)
        kind = svn_node_none;
    svn_error_clear(err);
    return kind == svn_node_dir;
}

static rc_err_t *add_ref(ref_search_t *search, const char *path)
{
    if (search->names->nelts >= NAMES_MOST)
        return rc_err(search->vcs->pool, RC_E_LIMIT,
                      "The repository has too many branches or tags");
    APR_ARRAY_PUSH(search->names, const char *) = path;
    return NULL;
}

/* Adds the directories in the directory @a path. */
static rc_err_t *add_below(ref_search_t *search, const char *path)
{
    apr_hash_index_t *at;
    apr_hash_t *entries;

    if (!is_directory(search, path))
        return NULL;
    RC_TRY(rc_svn_read_dir(&entries, search->vcs, search->youngest, path, search->pool));
    for (at = apr_hash_first(search->pool, entries); at; at = apr_hash_next(at)) {
        const svn_fs_dirent_t *entry = apr_hash_this_val(at);

        RC_TRY(rc_work_entry(search->vcs->work, search->vcs->pool));
        if (entry->kind == svn_node_dir)
            RC_TRY(add_ref(search,
                           apr_pstrcat(search->pool, path, *path ? "/" : "", entry->name, NULL)));
    }
    return NULL;
}

static rc_err_t *add_pattern(ref_search_t *search, const char *pattern)
{
    apr_size_t len = strlen(pattern);

    if (len >= 1 && pattern[len - 1] == '*')
        return add_below(search, rc_text_clean_path(apr_pstrmemdup(search->pool, pattern, len - 1),
                                                    search->pool));
    pattern = rc_text_clean_path(pattern, search->pool);
    return *pattern && is_directory(search, pattern) ? add_ref(search, pattern) : NULL;
}

static int by_ref_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Fills search->names, sorted. */
static rc_err_t *find_refs(ref_search_t *search, const char *patterns)
{
    apr_size_t len;

    search->names = apr_array_make(search->pool, 16, sizeof(const char *));
    RC_TRY(rc_svn_youngest(&search->youngest, search->vcs));
    if (!search->youngest)
        return NULL;
    RC_TRY(rc_svn_root(&search->root, search->vcs, search->youngest));
    for (; *patterns; patterns += len) {
        patterns += strspn(patterns, " ");
        len = strcspn(patterns, " ");
        if (len)
            RC_TRY(add_pattern(search, apr_pstrmemdup(search->pool, patterns, len)));
    }
    qsort(search->names->elts, (size_t)search->names->nelts, sizeof(const char *), by_ref_name);
    return NULL;
}

static rc_err_t *pass_refs(ref_search_t *search, const char *patterns,
                           rc_err_t *(*fn)(void *baton, const char *name, const char *id),
                           void *baton)
{
    const char *id, *last = "";
    int i;

    RC_TRY(find_refs(search, patterns));
    id = apr_psprintf(search->pool, "%ld", search->youngest);
    for (i = 0; i < search->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(search->names, i, const char *);

        if (strcmp(name, last))
            RC_TRY(fn(baton, name, id));
        last = name;
    }
    return NULL;
}

rc_err_t *rc_svn_refs(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton)
{
    const char *patterns = which == RC_BRANCHES ? vcs->branch_patterns
                           : which == RC_TAGS   ? vcs->tag_patterns
                                                : NULL;
    ref_search_t search = {.vcs = vcs};
    rc_err_t *err;

    if (!patterns)
        return NULL;
    apr_pool_create(&search.pool, vcs->pool);
    err = pass_refs(&search, patterns, fn, baton);
    apr_pool_destroy(search.pool);
    return err;
}

/* --- names in revisions --- */

/* True when @a name is one of those that the pattern matches. */
static bool matches(const char *pattern, apr_size_t len, const char *name)
{
    while (len && *pattern == '/') {
        pattern++;
        len--;
    }
    if (!len || pattern[len - 1] != '*')
        return strlen(name) == len && !strncmp(pattern, name, len);
    len--;
    return !strncmp(pattern, name, len) && name[len] && !strchr(name + len, '/');
}

static bool matches_any(const char *patterns, const char *name)
{
    apr_size_t len;

    for (; patterns && *patterns; patterns += len) {
        patterns += strspn(patterns, " ");
        len = strcspn(patterns, " ");
        if (len && matches(patterns, len, name))
            return true;
    }
    return false;
}

rc_err_t *rc_svn_resolve_name(apr_int64_t *index, rc_vcs_t *vcs, const char *name)
{
    ref_search_t search = {.vcs = vcs, .pool = vcs->pool};

    *index = -1;
    if (!matches_any(vcs->branch_patterns, name) && !matches_any(vcs->tag_patterns, name))
        return NULL;
    RC_TRY(rc_svn_youngest(&search.youngest, vcs));
    if (!search.youngest)
        return NULL;
    RC_TRY(rc_svn_root(&search.root, vcs, search.youngest));
    if (is_directory(&search, name))
        *index = search.youngest - 1;
    return NULL;
}
