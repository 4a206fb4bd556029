// SPDX-License-Identifier: Apache-2.0
/*
 * Runs one fetch: lists what the remote advertises, fetches into a quarantine, moves the packs into
 * the repository, then changes all references at once. The repository is not touched before the
 * packs move, and the quarantine is removed in every case.
 */
#include "fetch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "fetch_step.h"
#include "git.h"
#include "env.h"
#include "publish.h"
#include "base/fs.h"
#include "base/process.h"
#include "quarantine.h"
#include "remote/hear.h"

#define MAX_LINE      (8 * 1024) /* an id and the name of a reference */
#define MAX_REFS      500000     /* that a remote may advertise */
#define MAX_REDIRECTS 3
#define ROUNDS        3   /* attempts when the remote's references change meanwhile */
#define MIN_GIT       237 /* http.curloptResolve; older versions ignore it silently */

/* ---- listing references ---- */

/* Lists branches and tags into a new file in the quarantine, in the form of git's packed-refs. */
static rc_err_t *list_refs(rc_ref_list_t *list, const rc_git_fetch_t *fetch, const char *git_dir,
                           const char *file)
{
    static const char *const argv[] = {
        "git",         "for-each-ref", "--format=%(objectname) %(refname)",
        "refs/heads/", "refs/tags/",   NULL};
    rc_git_step_t step = {
        .what = "git for-each-ref", .env = rc_git_step_env(fetch, git_dir), .ours = true};
    apr_status_t rv;

    RC_TRY(rc_git_step_file(&step.out, fetch, file));
    rv = apr_file_puts("# pack-refs with: sorted \n", step.out);
    if (rv == APR_SUCCESS)
        rv = apr_file_flush(step.out);
    if (rv != APR_SUCCESS)
        return rc_err_internal(fetch->pool, rv, "cannot write a listing of references");
    RC_TRY(rc_git_step_run(fetch, &step, argv));
    return rc_ref_list_map(list, step.out, fetch->scratch);
}

static rc_err_t *check_format(const rc_ref_list_t *list, const rc_git_fetch_t *fetch)
{
    const char *tab = memchr(list->text, '\t', (apr_size_t)(list->end - list->text));

    if (list->text == list->end || (tab && tab - list->text == RC_REF_ID))
        return NULL;
    return rc_err_failed(fetch->pool, "%s: its object format is %s, and only sha1 is fetched",
                         rc_remote_shown(fetch->url, fetch->pool),
                         tab && tab - list->text == 64 ? "sha256" : "unknown");
}

/* Lists the remote's branches and tags. git's trace of HTTP headers is written to @a trace unless
 * NULL. */
static rc_err_t *ask_theirs(rc_ref_list_t *list, rc_git_fetch_t *fetch, const char *trace)
{
    const char *url = rc_git_env_url(fetch->url, fetch->pool);
    const char *const argv[] = {"git",    "ls-remote",        "--quiet", "--refs", "--heads",
                                "--tags", "--end-of-options", url,       NULL};
    rc_git_env_t *env = rc_git_env(fetch->quarantine, fetch->quarantine, fetch->pool);
    rc_git_step_t step = {.what = "git ls-remote", .lists = true};

    rc_git_env_remote(env, fetch->url);
    if (trace) {
        rc_git_env_set(env, "GIT_TRACE_CURL", trace);
        rc_git_env_set(env, "GIT_TRACE_CURL_NO_DATA", "1");
    }
    step.env = rc_git_env_list(env);
    RC_TRY(rc_git_step_file(&step.out, fetch,
                            apr_psprintf(fetch->scratch, "rc-advertised-%d", fetch->asked++)));
    RC_TRY(rc_git_step_run(fetch, &step, argv));
    return rc_ref_list_map(list, step.out, fetch->scratch);
}

/* ---- redirects ---- */

/* git is configured not to follow redirects, because it would follow them to any host. Its message
 * does not contain the target. */
static bool is_redirect(const rc_err_t *err, const rc_git_fetch_t *fetch)
{
    return err->kind == RC_E_FAILED && fetch->url->host &&
           strncmp(fetch->url->scheme, "http", 4) == 0 &&
           strstr(err->detail, "The requested URL returned error: 30");
}

/* Returns the last Location header of the server; NULL when there is none. */
static rc_err_t *read_location(const char **location, apr_file_t *trace,
                               const rc_git_fetch_t *fetch)
{
    static const char mark[] = "<= Recv header: ", name[] = "location: ";
    char line[MAX_LINE], *found;

    *location = NULL;
    while (apr_file_gets(line, sizeof(line), trace) == APR_SUCCESS) {
        found = strstr(line, mark);
        if (!found || strncasecmp(found + sizeof(mark) - 1, name, sizeof(name) - 1) != 0)
            continue;
        found += sizeof(mark) + sizeof(name) - 2;
        *location = apr_pstrmemdup(fetch->pool, found, strcspn(found, " \r\n"));
    }
    return *location ? NULL
                     : rc_err_failed(fetch->pool, "%s: redirects without a target",
                                     rc_remote_shown(fetch->url, fetch->pool));
}

/* Repeats the request with a trace, and continues at the address to which the server redirects. */
static rc_err_t *follow(rc_git_fetch_t *fetch)
{
    const char *file = apr_psprintf(fetch->scratch, "rc-headers-%d", fetch->redirects), *location;
    rc_remote_url_t *url;
    rc_ref_list_t list;
    apr_file_t *trace;

    if (fetch->redirects++ == MAX_REDIRECTS)
        return rc_err_failed(fetch->pool, "%s: redirects more than %d times",
                             rc_remote_shown(fetch->url, fetch->pool), MAX_REDIRECTS);
    RC_TRY(rc_git_step_file(&trace, fetch, file));
    if (!ask_theirs(&list, fetch, apr_pstrcat(fetch->scratch, fetch->quarantine, "/", file, NULL)))
        return NULL; /* this time it did not redirect */
    RC_TRY(read_location(&location, trace, fetch));
    RC_TRY(rc_remote_redirect(&url, fetch->url, location, fetch->pool));
    fetch->url = url;
    return NULL;
}

static rc_err_t *list_theirs(rc_ref_list_t *list, rc_git_fetch_t *fetch)
{
    rc_err_t *err;

    while ((err = ask_theirs(list, fetch, NULL)) && is_redirect(err, fetch))
        RC_TRY(follow(fetch));
    return err ? err : check_format(list, fetch);
}

static bool is_ref_name(const char *name)
{
    int valid = 0;

    return git_reference_name_is_valid(&valid, name) == 0 && valid;
}

/* Returns the name of the first advertised reference that @a have lacks or has with another id,
 * else NULL. Names that git rejects are skipped. */
static rc_err_t *find_missing(const char **missing, const rc_ref_list_t *advertised,
                              const rc_ref_list_t *have, const rc_git_fetch_t *fetch)
{
    const char *place = advertised->text;
    int count = 0;
    rc_ref_t ref, our;

    *missing = NULL;
    while (rc_ref_list_next(&ref, advertised, &place)) {
        if (++count > MAX_REFS)
            return rc_err_failed(fetch->pool, "%s: more than %d references",
                                 rc_remote_shown(fetch->url, fetch->pool), MAX_REFS);
        if (rc_ref_list_find(&our, have, ref.name, ref.len) &&
            memcmp(our.id, ref.id, RC_REF_ID) == 0)
            continue;
        *missing = apr_pstrmemdup(fetch->scratch, ref.name, ref.len);
        if (is_ref_name(*missing))
            return NULL;
        *missing = NULL;
    }
    return NULL;
}

/* ---- getting ---- */

static rc_err_t *check_git(const rc_git_fetch_t *fetch)
{
    static const char *const argv[] = {"git", "version", NULL};
    rc_proc_t proc = {.argv = argv, .dir = fetch->quarantine, .in = -1, .out = -1};
    rc_proc_result_t result;
    int major = 0, minor = 0;

    proc.env = rc_git_step_env(fetch, fetch->quarantine);
    proc.deadline = fetch->deadline;
    RC_TRY(rc_proc_run(&result, &proc, fetch->pool));
    if (sscanf(result.text, "git version %d.%d", &major, &minor) != 2 ||
        major * 100 + minor < MIN_GIT)
        return rc_err_internal(fetch->pool, APR_SUCCESS, "git 2.37 or later is needed, not: %s",
                               result.text);
    return NULL;
}

static rc_err_t *get_objects(const rc_git_fetch_t *fetch)
{
    const char *url = rc_git_env_url(fetch->url, fetch->pool);
    bool tells = rc_remote_is_heard(fetch->policy);
    const char *const argv[] = {"git",
                                "fetch",
                                tells ? "--progress" : "--quiet",
                                "--no-tags",
                                "--no-write-fetch-head",
                                "--no-auto-maintenance",
                                "--no-recurse-submodules",
                                "--prune", /* removes references that collide with new ones */
                                "--end-of-options",
                                url,
                                "+refs/heads/*:refs/heads/*",
                                "+refs/tags/*:refs/tags/*",
                                NULL};
    static const char *const repack[] = {"git", "repack", "-d", "-l", "-n", "-q", NULL};
    rc_git_step_t step = {
        .what = "git fetch", .env = rc_git_step_remote_env(fetch), .progress = tells};

    RC_TRY(rc_git_step_run(fetch, &step, argv));
    step.progress = false;
    if (rc_quarantine_has_loose(fetch->quarantine)) { /* the dumb HTTP protocol creates them */
        step.what = "git repack";
        step.env = rc_git_step_env(fetch, fetch->quarantine);
        RC_TRY(rc_git_step_run(fetch, &step, repack));
    }
    return rc_git_step_within(fetch) ? NULL : rc_git_step_too_large(fetch);
}

/* Returns the branch to which the remote's HEAD points, or NULL. */
static rc_err_t *get_head(const char **branch, const rc_git_fetch_t *fetch)
{
    const char *url = rc_git_env_url(fetch->url, fetch->pool);
    const char *const argv[] = {"git", "ls-remote", "--symref", "--quiet", "--end-of-options",
                                url,   "HEAD",      NULL};
    rc_git_step_t step = {.what = "git ls-remote", .env = rc_git_step_remote_env(fetch)};
    char line[MAX_LINE];
    char *tab;

    *branch = NULL;
    RC_TRY(rc_git_step_file(&step.out, fetch, "rc-head"));
    RC_TRY(rc_git_step_run(fetch, &step, argv));
    RC_TRY(rc_fs_rewind(step.out, fetch->pool));
    while (!*branch && apr_file_gets(line, sizeof(line), step.out) == APR_SUCCESS)
        if (strncmp(line, "ref: refs/heads/", 16) == 0 && (tab = strchr(line, '\t')) &&
            strcmp(tab, "\tHEAD\n") == 0)
            *branch = apr_pstrmemdup(fetch->pool, line + 5, (apr_size_t)(tab - line - 5));
    return NULL;
}

/* Fetches until the quarantine has everything that the remote advertises; repeats when the remote
 * changes meanwhile. */
static rc_err_t *get_theirs(rc_ref_list_t *theirs, rc_git_fetch_t *fetch)
{
    const char *missing = NULL;
    rc_ref_list_t advertised;
    int round;

    *theirs = fetch->ours;
    for (round = 0; round < ROUNDS; round++) {
        RC_TRY(list_theirs(&advertised, fetch));
        RC_TRY(find_missing(&missing, &advertised, theirs, fetch));
        if (!missing)
            return NULL;
        RC_TRY(get_objects(fetch));
        RC_TRY(list_refs(theirs, fetch, fetch->quarantine,
                         apr_psprintf(fetch->scratch, "rc-theirs-%d", round)));
        RC_TRY(find_missing(&missing, &advertised, theirs, fetch));
        if (!missing)
            return NULL;
    }
    return rc_err_failed(fetch->pool,
                         "%s: %s did not arrive; is it a shallow repository, without the history "
                         "behind it?",
                         rc_remote_shown(fetch->url, fetch->pool), missing);
}

/* ---- publishing ---- */

/* Packs the repository's references: their values do not change. */
static rc_err_t *pack_refs(const rc_git_fetch_t *fetch)
{
    static const char *const argv[] = {"git", "pack-refs", "--all", NULL};
    rc_git_env_t *env = rc_git_env(fetch->path, fetch->quarantine, fetch->pool);
    rc_git_step_t step = {.what = "git pack-refs", .ours = true, .commits = true};

    rc_git_env_config(env, "core.fsync", "reference");
    step.env = rc_git_env_list(env);
    return rc_git_step_run(fetch, &step, argv);
}

/* Publishes the differences between new and old references. */
static rc_err_t *publish(const rc_git_fetch_t *fetch, rc_publish_t *publish)
{
    rc_err_t *err;

    RC_TRY(rc_publish_plan(publish, &fetch->ours));
    if (publish->changes->nelts == 0)
        return NULL;
    if (fetch->policy->confirm)
        RC_TRY(fetch->policy->confirm(fetch->policy->confirm_baton));
    if (publish->unpacked)
        RC_TRY(pack_refs(fetch));
    err = rc_publish_prepare(publish);
    if (!err)
        err = rc_quarantine_publish(fetch->quarantine, fetch->path, fetch->pool);
    if (!err)
        return rc_publish_commit(publish);
    rc_publish_cancel(publish);
    return err;
}

/* ---- all of it ---- */

static rc_err_t *fetch_all(rc_git_fetch_t *fetch, bool set_head)
{
    rc_ref_list_t theirs;
    rc_publish_t to = {.path = fetch->path, .work = fetch->quarantine, .theirs = &theirs};
    const char *head = NULL;

    to.pool = fetch->pool;
    to.files = fetch->scratch;
    apr_pool_create(&to.scratch, fetch->scratch);
    RC_TRY(check_git(fetch));
    /* The quarantine starts with our references, so that git creates only new ones. */
    RC_TRY(list_refs(&fetch->ours, fetch, fetch->path, "packed-refs"));
    RC_TRY(get_theirs(&theirs, fetch));
    if (set_head)
        RC_TRY(get_head(&head, fetch));
    RC_TRY(publish(fetch, &to));
    return set_head ? rc_git_fetch_head(fetch, &to, head) : NULL;
}

rc_err_t *rc_git_fetch(const rc_remote_policy_t *policy, const char *path,
                       const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                       apr_pool_t *pool)
{
    rc_git_fetch_t fetch = {.policy = policy, .url = url, .deadline = deadline, .pool = pool};
    char real_path[PATH_MAX], real_work[PATH_MAX];
    rc_err_t *err;

    if (!realpath(rc_git_dir(path, pool), real_path))
        return rc_err_internal(pool, errno, "cannot find %s", path);
    if (!realpath(policy->work_dir, real_work))
        return rc_err_internal(pool, errno, "cannot find %s", policy->work_dir);
    fetch.path = real_path;
    RC_TRY(rc_quarantine_make(&fetch.quarantine, real_work, real_path, pool));
    apr_pool_create(&fetch.scratch, pool);
    apr_pool_tag(fetch.scratch, "remote fetch");
    err = fetch_all(&fetch, set_head);
    apr_pool_destroy(fetch.scratch);
    rc_quarantine_remove(fetch.quarantine);
    return err;
}
