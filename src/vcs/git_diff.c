// SPDX-License-Identifier: Apache-2.0
/*
 * The difference that one commit makes, as git prints it.
 */
#include "git.h"

typedef struct print_t {
    rc_spool_t *spool;
    rc_err_t *err;
} print_t;

static int print_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
                      const git_diff_line *line, void *baton)
{
    print_t *print = baton;

    (void)delta;
    (void)hunk;
    if (line->origin == ' ' || line->origin == '+' || line->origin == '-')
        print->err = rc_spool_write(print->spool, &line->origin, 1);
    if (!print->err)
        print->err = rc_spool_write(print->spool, line->content, line->content_len);
    return print->err ? GIT_EUSER : 0;
}

rc_err_t *rc_git_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch)
{
    git_diff_options diff_options;
    rc_git_t *git = vcs->repo;
    git_oid oid, parent_oid;
    git_tree *tree = NULL, *parent = NULL;
    git_diff *diff = NULL;
    print_t print = {spool, NULL};
    bool has_parent;
    int n;

    (void)scratch;
    git_diff_options_init(&diff_options, GIT_DIFF_OPTIONS_VERSION);
    RC_TRY(rc_git_commit_trees(&oid, &parent_oid, &has_parent, git, id, vcs->pool));
    diff_options.context_lines = (uint32_t)options->context;
    diff_options.flags = GIT_DIFF_INDENT_HEURISTIC | GIT_DIFF_SHOW_BINARY |
                         (options->ignore_space ? GIT_DIFF_IGNORE_WHITESPACE : 0);
    diff_options.id_abbrev = GIT_OID_HEXSZ;
    if ((n = git_tree_lookup(&tree, git->repo, &oid)) < 0 ||
        (has_parent && (n = git_tree_lookup(&parent, git->repo, &parent_oid)) < 0) ||
        (n = git_diff_tree_to_tree(&diff, git->repo, parent, tree, &diff_options)) < 0 ||
        (n = git_diff_find_similar(diff, NULL)) < 0 ||
        (n = git_diff_print(diff, GIT_DIFF_FORMAT_PATCH, print_line, &print)) < 0)
        print.err = print.err ? print.err : rc_git_err(vcs->pool, "cannot diff %s", id);
    git_diff_free(diff);
    git_tree_free(tree);
    git_tree_free(parent);
    return print.err;
}
