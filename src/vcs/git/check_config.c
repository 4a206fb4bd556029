// SPDX-License-Identifier: Apache-2.0
/*
 * Finds settings in the config of a repository by which git runs programs or answers clients in
 * another way than is advertised. They have no effect on what is served here (wire_program.c), but
 * for a few that add up and cannot be overridden; the administrator should know of all.
 */
#include "check_config.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "env.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/text.h"

#define CONFIG_MOST ((apr_size_t)4 << 20)
#define PATIENCE    apr_time_from_sec(60)
#define NAMED_MOST  5 /* keys in one message */

/* Section and variable; the part between them may be any. */
static const struct {
    const char *section, *variable;
} odd[] = {
    {"core", "fsmonitor"},
    {"core", "hooksPath"},
    {"core", "sshCommand"},
    {"core", "gitProxy"},
    {"core", "askPass"},
    {"core", "alternateRefsCommand"},
    {"credential", "helper"},
    {"gpg", "program"},
    {"remote", "vcs"},
    {"uploadpack", "packObjectsHook"},
    {"uploadpack", "blobPackfileUri"}, /* cannot be overridden */
    {"uploadpackfilter", "allow"},
    {"uploadpackfilter", "maxDepth"},
    {"receive", "procReceiveRefs"}, /* cannot be overridden: pushes to these references fail */
    {"receive", "certNonceSeed"},   /* cannot be overridden */
    {"receive", "skipList"},        /* receive.fsck.skipList adds up */
    {"transfer", "hideRefs"},
    {"uploadpack", "hideRefs"},
    {"receive", "hideRefs"},
    {"include", "path"}, /* other files can have all of these */
    {"includeIf", "path"},
};

#define ODD (sizeof(odd) / sizeof(*odd))

/* The name of a variable stands in the file as it is; most files have none of these. */
static bool may_be_odd(const char *text)
{
    apr_size_t i;

    for (i = 0; i < ODD; i++)
        if (strcasestr(text, odd[i].variable) && strcasestr(text, odd[i].section))
            return true;
    return false;
}

/* Returns a pattern for all keys of the table, as git compares it: in lower case. */
static const char *pattern(apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, ""), *p;
    apr_size_t i;

    for (i = 0; i < ODD; i++)
        text = apr_psprintf(pool, "%s%s^%s[.](.*[.])?%s$", text, i ? "|" : "", odd[i].section,
                            odd[i].variable);
    for (p = text; *p; p++)
        *p = (char)apr_tolower(*p);
    return text;
}

/* Lists the odd keys of the file @a name, each in a line, followed by what git complains about. */
static rc_err_t *list_odd(const char **keys, const char *git_dir, const char *name,
                          apr_pool_t *pool)
{
    const char *const argv[] = {"git",         "config",       "--file",      name, "--no-includes",
                                "--name-only", "--get-regexp", pattern(pool), NULL};
    rc_proc_t proc = {.argv = argv, .dir = git_dir, .in = -1, .out = -1};
    rc_proc_result_t result;

    proc.env = rc_git_env_list(rc_git_env(git_dir, git_dir, pool));
    proc.deadline = rc_clock() + PATIENCE;
    RC_TRY(rc_proc_run(&result, &proc, pool));
    *keys = result.status == 1 ? "" : result.text; /* 1: there are none */
    if (result.status == 0 || result.status == 1)
        return NULL;
    return rc_err_internal(pool, APR_SUCCESS, "%s/%s cannot be read: %s", git_dir, name,
                           result.text);
}

/* Adds the odd keys of one file to @a found, once each. */
static rc_err_t *find_odd(apr_array_header_t *found, const char *git_dir, const char *name,
                          apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, git_dir, "/", name, NULL), *text, *keys;
    char *key, *state;
    apr_size_t len;
    int i;

    RC_TRY(rc_fs_read(&text, &len, path, 0, CONFIG_MOST, pool));
    if (!text || !may_be_odd(text))
        return NULL;
    RC_TRY(list_odd(&keys, git_dir, name, pool));
    for (key = apr_strtok(apr_pstrdup(pool, keys), "\n", &state); key;
         key = apr_strtok(NULL, "\n", &state)) {
        for (i = 0; i < found->nelts && strcmp(APR_ARRAY_IDX(found, i, const char *), key); i++)
            ;
        if (i == found->nelts)
            APR_ARRAY_PUSH(found, const char *) = rc_utf8_repair(key, pool);
    }
    return NULL;
}

rc_err_t *rc_git_check_config(const char **problem, const char *git_dir, apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 4, sizeof(const char *));
    const char *keys = "";
    int i;

    *problem = NULL;
    RC_TRY(find_odd(found, git_dir, "config", pool));
    RC_TRY(find_odd(found, git_dir, "config.worktree", pool));
    for (i = 0; i < found->nelts && i < NAMED_MOST; i++)
        keys = apr_pstrcat(pool, keys, i ? ", " : "", APR_ARRAY_IDX(found, i, const char *), NULL);
    if (i < found->nelts)
        keys = apr_psprintf(pool, "%s and %d more", keys, found->nelts - i);
    if (found->nelts)
        *problem = apr_psprintf(pool,
                                "its config has %s, by which git runs programs or serves less: "
                                "remove that, the server does not use it",
                                keys);
    return NULL;
}
