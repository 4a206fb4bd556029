// SPDX-License-Identifier: Apache-2.0
/*
 * Compares this module's diffs of commits with git's, which one process prints for all of them.
 */
#ifndef GIT_COMPARE_H
#define GIT_COMPARE_H

#include "git_fixture.h"

#define GIT_DIFF "-p -M --full-index --binary --abbrev=40 --no-color --no-ext-diff"

static unsigned seed;

static char *our_diff(size_t *len, const char *repo, const char *id, rc_diff_options_t options)
{
    apr_pool_t *pool;
    rc_vcs_t *vcs;
    rc_spool_t *spool;
    const char *text;
    char *copy;

    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir(repo), NULL, pool));
    spool = rc_spool_create(fixture.dir, pool);
    ASSERT_OK(rc_vcs_diff(spool, vcs, id, &options, pool));
    *len = (size_t)rc_spool_size(spool);
    ASSERT_OK(rc_spool_string(&text, spool, pool));
    copy = malloc(*len + 1);
    memcpy(copy, text, *len + 1);
    apr_pool_destroy(pool);
    return copy;
}

static void show_difference(const char *repo, const char *id, rc_diff_options_t options,
                            const char *ours, size_t ours_len, const char *want, size_t want_len)
{
    FILE *f = fopen(in_dir("ours"), "w");

    fwrite(ours, 1, ours_len, f);
    fclose(f);
    f = fopen(in_dir("want"), "w");
    fwrite(want, 1, want_len, f);
    fclose(f);
    if (try_sh("diff -a -U5 want ours | cat -A | head -60 >&2")) {
        /* shown */
    }
    fail_msg("seed %u, %s, commit %s, context %d%s", seed, repo, id, options.context,
             options.ignore_space ? ", -w" : "");
}

static void compare_one(const char *repo, const char *id, rc_diff_options_t options,
                        const char *theirs, size_t theirs_len)
{
    size_t ours_len;
    char *ours = our_diff(&ours_len, repo, id, options);

    if (ours_len != theirs_len || memcmp(ours, theirs, theirs_len))
        show_difference(repo, id, options, ours, ours_len, theirs, theirs_len);
    free(ours);
}

/* Finds the start of the next commit in the output of diff-tree --stdin: a line of 40 digits. */
static char *next_commit(char *p, char *end)
{
    while (p < end) {
        char *stop = memchr(p, '\n', (size_t)(end - p));

        if (stop && stop - p == 40 && strspn(p, "0123456789abcdef") == 40)
            return p;
        p = stop ? stop + 1 : end;
    }
    return end;
}

/* Compares the commits in the file "revs" with their first parents, or with nothing. Returns how
 * many. */
static int compare_listed(const char *repo, rc_diff_options_t options)
{
    size_t len;
    char *text = output(&len,
                        "git -c core.quotePath=true -C %s diff-tree --stdin --always --root "
                        "-r " GIT_DIFF " -U%d %s <revs 2>/dev/null",
                        repo, options.context, options.ignore_space ? "-w" : "");
    char *p = next_commit(text, text + len), *end = text + len;
    int n = 0;

    while (p < end) {
        char *body = p + 41, *next = next_commit(body, end);

        p[40] = '\0';
        compare_one(repo, p, options, body, (size_t)(next - body));
        p = next;
        n++;
    }
    free(text);
    return n;
}

/* Compares each of the n commits of all branches in the first @a settings of ten. */
__attribute__((unused)) static void compare_all(const char *repo, int n, const int contexts[5],
                                                int settings)
{
    int i;

    sh("git -C %s rev-list --parents --all | sed 's/^\\(.\\{81\\}\\).*/\\1/' >revs", repo);
    for (i = 0; i < settings; i++) {
        rc_diff_options_t options = {.context = contexts[i / 2], .ignore_space = i % 2};

        assert_int_equal(compare_listed(repo, options), n);
    }
}

#endif
