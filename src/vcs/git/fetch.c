// SPDX-License-Identifier: Apache-2.0
/*
 * One fetch, step by step: what the remote advertises, git fetch into a quarantine, the packs moved
 * in, the references changed at once. Until the packs move nothing of the repository is touched,
 * and whatever happens the quarantine goes.
 */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "git.h"
#include "env.h"
#include "publish.h"
#include "base/process.h"
#include "quarantine.h"
#include "base/fs.h"

#define MAX_LINE      (8 * 1024) /* an id and the name of a reference */
#define MAX_DETAIL    1500
#define MAX_MEMORY    ((apr_off_t)4 << 30)
#define SLACK         ((apr_off_t)1 << 20)   /* of the file limit: for indexes of small packs */
#define MAX_REFS      500000                 /* that a remote may advertise */
#define MAX_LISTING   ((apr_off_t)256 << 20) /* bytes of their names */
#define LIST_MEMORY   ((apr_off_t)1 << 30)
#define MAX_REDIRECTS 3
#define ROUNDS        3 /* of asking a remote whose references move meanwhile */
#define PUBLISH_GRACE apr_time_from_sec(300) /* changes are not cut short by our deadline */
#define MIN_GIT       237 /* http.curloptResolve; older ones ignore it without a word */

typedef struct fetch_t {
    const rc_remote_policy_t *policy;
    const rc_remote_url_t *url;
    const char *path; /* of the repository */
    const char *quarantine;
    apr_time_t deadline;
    apr_pool_t *pool;    /* the caller's: errors live in it */
    apr_pool_t *scratch; /* ends with the fetch, and closes its files */
    rc_ref_list_t ours;  /* the repository's branches and tags before */
    int asked, redirects;
} fetch_t;

/* ---- running git ---- */

/* What a step needs beyond its arguments. */
typedef struct step_t {
    const char *what; /* for messages */
    const char *const *env;
    apr_file_t *in, *out; /* NULL = nothing in, messages out */
    bool ours;            /* nothing of theirs in it: no limits, and a failure is our fault */
    bool lists;           /* what it writes is a list of references */
    bool commits;         /* changes the repository: not cut short */
} step_t;

static bool within_size(void *baton)
{
    const fetch_t *fetch = baton;

    return !fetch->policy->max_size ||
           rc_quarantine_size(fetch->quarantine) <= fetch->policy->max_size;
}

static bool may_go_on(void *baton)
{
    return within_size(baton) && !rc_remote_client_gone(((const fetch_t *)baton)->policy);
}

static int os_file(apr_file_t *file)
{
    apr_os_file_t fd = -1;

    if (file)
        apr_os_file_get(&fd, file);
    return fd;
}

static rc_err_t *too_large(const fetch_t *fetch)
{
    return rc_err_failed(fetch->pool, "%s: more than %" APR_OFF_T_FMT " bytes",
                         rc_remote_shown(fetch->url, fetch->pool), fetch->policy->max_size);
}

/* How a step ended, as an error. */
static rc_err_t *judge_step(const fetch_t *fetch, const step_t *step,
                            const rc_proc_result_t *result)
{
    apr_pool_t *pool = fetch->pool;
    const char *from = rc_remote_shown(fetch->url, pool);
    const char *text = rc_git_env_scrub(result->text, fetch->url, MAX_DETAIL, pool);

    if (result->status == 0)
        return NULL;
    if (result->timed_out && !step->commits)
        return rc_err_failed(pool, "%s: %s took longer than %d seconds", from, step->what,
                             (int)apr_time_sec(fetch->policy->timeout));
    if (!within_size((void *)fetch))
        return too_large(fetch);
    if (result->stopped)
        return rc_err(pool, RC_E_GONE, "The client has gone");
    text = apr_psprintf(pool, "%s: %s ended with %s %d: %s", from, step->what,
                        result->signal ? "signal" : "status",
                        result->signal ? result->signal : result->status, text);
    return step->ours ? rc_err_internal(pool, APR_SUCCESS, "%s", text)
                      : rc_err_failed(pool, "%s", text);
}

static void set_limits(rc_proc_t *proc, const fetch_t *fetch, const step_t *step)
{
    apr_time_t left = fetch->deadline - rc_clock();

    proc->max_memory = step->lists ? LIST_MEMORY : MAX_MEMORY;
    proc->max_cpu = (int)apr_time_sec(left > 0 ? left : 0) * 4 + 10; /* it has a few threads */
    proc->check = may_go_on;
    proc->baton = (void *)fetch;
    if (fetch->policy->max_size)
        proc->max_file = fetch->policy->max_size + fetch->policy->max_size / 4 + SLACK;
    if (step->lists)
        proc->max_file = MAX_LISTING;
}

static rc_err_t *run(const fetch_t *fetch, const step_t *step, const char *const *argv)
{
    rc_proc_t proc = {.argv = argv, .env = step->env, .dir = fetch->quarantine};
    rc_proc_result_t result;

    proc.in = os_file(step->in);
    proc.out = os_file(step->out);
    proc.deadline = step->commits ? rc_clock() + PUBLISH_GRACE : fetch->deadline;
    proc.outlives_us = step->commits;
    proc.keep = step->commits ? fetch->policy->lock : 0;
    if (!step->ours)
        set_limits(&proc, fetch, step);
    RC_TRY(rc_proc_run(&result, &proc, fetch->pool));
    return judge_step(fetch, step, &result);
}

static const char *const *plain_env(const fetch_t *fetch, const char *git_dir)
{
    return rc_git_env_list(rc_git_env(git_dir, fetch->quarantine, fetch->pool));
}

static const char *const *remote_env(const fetch_t *fetch)
{
    rc_git_env_t *env = rc_git_env(fetch->quarantine, fetch->quarantine, fetch->pool);

    rc_git_env_remote(env, fetch->url);
    return rc_git_env_list(env);
}

/* A new file in the quarantine, to be read again or given to git. */
static rc_err_t *make_file(apr_file_t **file, const fetch_t *fetch, const char *name)
{
    const apr_int32_t how = APR_READ | APR_WRITE | APR_CREATE | APR_EXCL | APR_BUFFERED;
    const char *path = apr_pstrcat(fetch->pool, fetch->quarantine, "/", name, NULL);
    apr_status_t rv = apr_file_open(file, path, how, APR_OS_DEFAULT, fetch->scratch);

    return rv == APR_SUCCESS ? NULL : rc_fs_status(fetch->pool, rv, "make", path);
}

static rc_err_t *rewind_file(apr_file_t *file, const fetch_t *fetch)
{
    apr_off_t start = 0;
    apr_status_t rv = apr_file_flush(file);

    if (rv == APR_SUCCESS)
        rv = apr_file_seek(file, APR_SET, &start);
    if (rv == APR_SUCCESS && lseek(os_file(file), 0, SEEK_SET) < 0)
        rv = errno;
    return rv == APR_SUCCESS ? NULL : rc_err_internal(fetch->pool, rv, "cannot rewind a file");
}

/* ---- listing references ---- */

/* Lists branches and tags into a new file in the quarantine, in the form of git's packed-refs. */
static rc_err_t *list_refs(rc_ref_list_t *list, const fetch_t *fetch, const char *git_dir,
                           const char *file)
{
    static const char *const argv[] = {
        "git",         "for-each-ref", "--format=%(objectname) %(refname)",
        "refs/heads/", "refs/tags/",   NULL};
    step_t step = {.what = "git for-each-ref", .env = plain_env(fetch, git_dir), .ours = true};
    apr_status_t rv;

    RC_TRY(make_file(&step.out, fetch, file));
    rv = apr_file_puts("# pack-refs with: sorted \n", step.out);
    if (rv == APR_SUCCESS)
        rv = apr_file_flush(step.out);
    if (rv != APR_SUCCESS)
        return rc_err_internal(fetch->pool, rv, "cannot write a listing of references");
    RC_TRY(run(fetch, &step, argv));
    return rc_ref_list_map(list, step.out, fetch->scratch);
}

static rc_err_t *check_format(const rc_ref_list_t *list, const fetch_t *fetch)
{
    const char *tab = memchr(list->text, '\t', (apr_size_t)(list->end - list->text));

    if (list->text == list->end || (tab && tab - list->text == RC_REF_ID))
        return NULL;
    return rc_err_failed(fetch->pool, "%s: its object format is %s, and only sha1 is fetched",
                         rc_remote_shown(fetch->url, fetch->pool),
                         tab && tab - list->text == 64 ? "sha256" : "unknown");
}

/* Asks the remote for its branches and tags; git's notes on headers go to @a trace, or nowhere. */
static rc_err_t *ask_theirs(rc_ref_list_t *list, fetch_t *fetch, const char *trace)
{
    const char *url = rc_git_env_url(fetch->url, fetch->pool);
    const char *const argv[] = {"git",    "ls-remote",        "--quiet", "--refs", "--heads",
                                "--tags", "--end-of-options", url,       NULL};
    rc_git_env_t *env = rc_git_env(fetch->quarantine, fetch->quarantine, fetch->pool);
    step_t step = {.what = "git ls-remote", .lists = true};

    rc_git_env_remote(env, fetch->url);
    if (trace) {
        rc_git_env_set(env, "GIT_TRACE_CURL", trace);
        rc_git_env_set(env, "GIT_TRACE_CURL_NO_DATA", "1");
    }
    step.env = rc_git_env_list(env);
    RC_TRY(make_file(&step.out, fetch,
                     apr_psprintf(fetch->scratch, "rc-advertised-%d", fetch->asked++)));
    RC_TRY(run(fetch, &step, argv));
    return rc_ref_list_map(list, step.out, fetch->scratch);
}

/* ---- redirects ---- */

/* git follows none for us: it would go to any host. It does not say where one leads, either. */
static bool is_redirect(const rc_err_t *err, const fetch_t *fetch)
{
    return err->kind == RC_E_FAILED && fetch->url->host &&
           strncmp(fetch->url->scheme, "http", 4) == 0 &&
           strstr(err->detail, "The requested URL returned error: 30");
}

/* The last Location that the server sent; NULL when there is none. */
static rc_err_t *read_location(const char **location, apr_file_t *trace, const fetch_t *fetch)
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
                     : rc_err_failed(fetch->pool, "%s: redirects to nowhere",
                                     rc_remote_shown(fetch->url, fetch->pool));
}

/* Asks once more, for the place that the server names, which from now on is the remote's. */
static rc_err_t *follow(fetch_t *fetch)
{
    const char *file = apr_psprintf(fetch->scratch, "rc-headers-%d", fetch->redirects), *location;
    rc_remote_url_t *url;
    rc_ref_list_t list;
    apr_file_t *trace;

    if (fetch->redirects++ == MAX_REDIRECTS)
        return rc_err_failed(fetch->pool, "%s: redirects more than %d times",
                             rc_remote_shown(fetch->url, fetch->pool), MAX_REDIRECTS);
    RC_TRY(make_file(&trace, fetch, file));
    if (!ask_theirs(&list, fetch, apr_pstrcat(fetch->scratch, fetch->quarantine, "/", file, NULL)))
        return NULL; /* it has thought better of it */
    RC_TRY(read_location(&location, trace, fetch));
    RC_TRY(rc_remote_redirect(&url, fetch->url, location, fetch->pool));
    fetch->url = url;
    return NULL;
}

static rc_err_t *list_theirs(rc_ref_list_t *list, fetch_t *fetch)
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

/* The first advertised reference that @a have lacks or has elsewhere: its name, else NULL. Names
 * that git does not accept never come. */
static rc_err_t *find_missing(const char **missing, const rc_ref_list_t *advertised,
                              const rc_ref_list_t *have, const fetch_t *fetch)
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

static rc_err_t *check_git(const fetch_t *fetch)
{
    static const char *const argv[] = {"git", "version", NULL};
    rc_proc_t proc = {.argv = argv, .dir = fetch->quarantine, .in = -1, .out = -1};
    rc_proc_result_t result;
    int major = 0, minor = 0;

    proc.env = plain_env(fetch, fetch->quarantine);
    proc.deadline = fetch->deadline;
    RC_TRY(rc_proc_run(&result, &proc, fetch->pool));
    if (sscanf(result.text, "git version %d.%d", &major, &minor) != 2 ||
        major * 100 + minor < MIN_GIT)
        return rc_err_internal(fetch->pool, APR_SUCCESS, "git 2.37 or later is needed, not: %s",
                               result.text);
    return NULL;
}

static rc_err_t *get_objects(const fetch_t *fetch)
{
    const char *url = rc_git_env_url(fetch->url, fetch->pool);
    const char *const argv[] = {"git",
                                "fetch",
                                "--quiet",
                                "--no-tags",
                                "--no-write-fetch-head",
                                "--no-auto-maintenance",
                                "--no-recurse-submodules",
                                "--prune", /* makes room for what gets in the way of each other */
                                "--end-of-options",
                                url,
                                "+refs/heads/*:refs/heads/*",
                                "+refs/tags/*:refs/tags/*",
                                NULL};
    static const char *const repack[] = {"git", "repack", "-d", "-l", "-n", "-q", NULL};
    step_t step = {.what = "git fetch", .env = remote_env(fetch)};

    RC_TRY(run(fetch, &step, argv));
    if (rc_quarantine_has_loose(fetch->quarantine)) { /* the dumb HTTP protocol leaves those */
        step.what = "git repack";
        step.env = plain_env(fetch, fetch->quarantine);
        RC_TRY(run(fetch, &step, repack));
    }
    return within_size((void *)fetch) ? NULL : too_large(fetch);
}

/* The branch that the remote's HEAD points to, or NULL. */
static rc_err_t *get_head(const char **branch, const fetch_t *fetch)
{
    const char *url = rc_git_env_url(fetch->url, fetch->pool);
    const char *const argv[] = {"git", "ls-remote", "--symref", "--quiet", "--end-of-options",
                                url,   "HEAD",      NULL};
    step_t step = {.what = "git ls-remote", .env = remote_env(fetch)};
    char line[MAX_LINE];
    char *tab;

    *branch = NULL;
    RC_TRY(make_file(&step.out, fetch, "rc-head"));
    RC_TRY(run(fetch, &step, argv));
    RC_TRY(rewind_file(step.out, fetch));
    while (!*branch && apr_file_gets(line, sizeof(line), step.out) == APR_SUCCESS)
        if (strncmp(line, "ref: refs/heads/", 16) == 0 && (tab = strchr(line, '\t')) &&
            strcmp(tab, "\tHEAD\n") == 0)
            *branch = apr_pstrmemdup(fetch->pool, line + 5, (apr_size_t)(tab - line - 5));
    return NULL;
}

/* Fetches until the quarantine has what the remote advertises. A remote that moves meanwhile is
 * asked again. */
static rc_err_t *get_theirs(rc_ref_list_t *theirs, fetch_t *fetch)
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

/* Packs the repository's references: nothing changes but where they are kept. */
static rc_err_t *pack_refs(const fetch_t *fetch)
{
    static const char *const argv[] = {"git", "pack-refs", "--all", NULL};
    rc_git_env_t *env = rc_git_env(fetch->path, fetch->quarantine, fetch->pool);
    step_t step = {.what = "git pack-refs", .ours = true, .commits = true};

    rc_git_env_config(env, "core.fsync", "reference");
    step.env = rc_git_env_list(env);
    return run(fetch, &step, argv);
}

/* What is new against what was there. */
static rc_err_t *publish(const fetch_t *fetch, rc_publish_t *publish)
{
    rc_err_t *err;

    RC_TRY(rc_publish_plan(publish, &fetch->ours));
    if (publish->changes->nelts == 0)
        return NULL;
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

/* ---- HEAD ---- */

typedef struct heads_t {
    const char *wanted; /* the remote's HEAD, if we have that branch */
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

/* What HEAD says now, also when it names a branch that does not exist. */
static rc_err_t *read_head(const char **branch, const fetch_t *fetch)
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

/* Looks through the branches for those that HEAD might be. */
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

static rc_err_t *set_head_to(const fetch_t *fetch, const rc_publish_t *publish, const char *remote)
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

/* ---- all of it ---- */

static rc_err_t *fetch_all(fetch_t *fetch, bool set_head)
{
    rc_ref_list_t theirs;
    rc_publish_t to = {.path = fetch->path, .work = fetch->quarantine, .theirs = &theirs};
    const char *head = NULL;

    to.pool = fetch->pool;
    to.files = fetch->scratch;
    apr_pool_create(&to.scratch, fetch->scratch);
    RC_TRY(check_git(fetch));
    /* The quarantine begins with our references: what is not new need not be made again. */
    RC_TRY(list_refs(&fetch->ours, fetch, fetch->path, "packed-refs"));
    RC_TRY(get_theirs(&theirs, fetch));
    if (set_head)
        RC_TRY(get_head(&head, fetch));
    RC_TRY(publish(fetch, &to));
    return set_head ? set_head_to(fetch, &to, head) : NULL;
}

rc_err_t *rc_git_fetch(const rc_remote_policy_t *policy, const char *path,
                       const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                       apr_pool_t *pool)
{
    fetch_t fetch = {.policy = policy, .url = url, .deadline = deadline, .pool = pool};
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
