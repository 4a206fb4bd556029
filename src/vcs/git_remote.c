// SPDX-License-Identifier: Apache-2.0
/*
 * One fetch, step by step: a quarantine, git fetch into it, a rehearsal of the reference changes,
 * the packs moved in, the references changed in one transaction. Until the packs move nothing of
 * the repository is touched, and whatever happens the quarantine goes.
 */
#include "remote.h"

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
#include "git_env.h"
#include "proc.h"
#include "quarantine.h"

#define MAX_LINE      (8 * 1024) /* an id and the name of a reference */
#define MAX_DETAIL    1500
#define MAX_MEMORY    ((apr_off_t)4 << 30)
#define SLACK         ((apr_off_t)1 << 20) /* of the file limit: for indexes of small packs */
#define MAX_REFS      500000               /* to be changed at once */
#define MANY_REFS     50
#define THEIR_REFS    "rc-theirs"
#define PUBLISH_GRACE apr_time_from_sec(300) /* a transaction is not cut short by our deadline */
#define MIN_GIT       237 /* http.curloptResolve; older ones ignore it without a word */

/* A listing of references, in the order of their names. */
typedef struct refs_t {
    apr_file_t *file;
    char line[MAX_LINE];
    const char *id, *name; /* of the current one; NULL at the end */
} refs_t;

typedef struct fetch_t {
    const rc_remote_policy_t *policy;
    const rc_remote_url_t *url;
    const char *path; /* of the repository */
    const char *quarantine;
    apr_time_t deadline;
    apr_pool_t *pool;    /* the caller's: errors live in it */
    apr_pool_t *scratch; /* ends with the fetch, and closes its files */
    refs_t *ours;        /* the repository's references before */
    bool first;          /* it had none at all */
} fetch_t;

/* ---- running git ---- */

/* What a step needs beyond its arguments. */
typedef struct step_t {
    const char *what; /* for messages */
    const char *const *env;
    apr_file_t *in, *out; /* NULL = nothing in, messages out */
    bool ours;            /* nothing of theirs in it: no limits, and a failure is our fault */
    bool commits;         /* changes the repository: not cut short */
} step_t;

static bool within_size(void *baton)
{
    const fetch_t *fetch = baton;

    return !fetch->policy->max_size ||
           rc_quarantine_size(fetch->quarantine) <= fetch->policy->max_size;
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
static rc_err_t *judge(const fetch_t *fetch, const step_t *step, const rc_proc_result_t *result)
{
    apr_pool_t *pool = fetch->pool;
    const char *from = rc_remote_shown(fetch->url, pool);
    const char *text = rc_git_env_scrub(result->text, fetch->url, MAX_DETAIL, pool);

    if (result->status == 0)
        return NULL;
    if (result->timed_out && !step->commits)
        return rc_err_failed(pool, "%s: %s took longer than %d seconds", from, step->what,
                             (int)apr_time_sec(fetch->policy->timeout));
    if (result->stopped || !within_size((void *)fetch))
        return too_large(fetch);
    text = apr_psprintf(pool, "%s: %s ended with %s %d: %s", from, step->what,
                        result->signal ? "signal" : "status",
                        result->signal ? result->signal : result->status, text);
    return step->ours ? rc_err_internal(pool, APR_SUCCESS, "%s", text)
                      : rc_err_failed(pool, "%s", text);
}

static void set_limits(rc_proc_t *proc, const fetch_t *fetch)
{
    apr_time_t left = fetch->deadline - rc_clock();

    proc->max_memory = MAX_MEMORY;
    proc->max_cpu = (int)apr_time_sec(left > 0 ? left : 0) * 4 + 10; /* it has a few threads */
    proc->check = within_size;
    proc->baton = (void *)fetch;
    if (fetch->policy->max_size)
        proc->max_file = fetch->policy->max_size + fetch->policy->max_size / 4 + SLACK;
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
        set_limits(&proc, fetch);
    RC_TRY(rc_proc_run(&result, &proc, fetch->pool));
    return judge(fetch, step, &result);
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

    return rv == APR_SUCCESS ? NULL : rc_err_internal(fetch->pool, rv, "cannot make %s", path);
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

static rc_err_t *next_ref(refs_t *refs, const fetch_t *fetch)
{
    apr_status_t rv = apr_file_gets(refs->line, sizeof(refs->line), refs->file);
    char *space = strchr(refs->line, ' ');
    char *end = strchr(refs->line, '\n');

    refs->id = refs->name = NULL;
    if (APR_STATUS_IS_EOF(rv))
        return NULL;
    if (rv != APR_SUCCESS || !space || !end)
        return rc_err_internal(fetch->pool, rv, "cannot read a listing of references");
    *space = *end = '\0';
    refs->id = refs->line;
    refs->name = space + 1;
    return NULL;
}

/* Lists branches and tags into a new file in the quarantine, in the form of git's packed-refs. */
static rc_err_t *list_refs(refs_t **out, const fetch_t *fetch, const char *git_dir,
                           const char *file)
{
    static const char *const argv[] = {
        "git",         "for-each-ref", "--format=%(objectname) %(refname)",
        "refs/heads/", "refs/tags/",   NULL};
    step_t step = {.what = "git for-each-ref", .env = plain_env(fetch, git_dir), .ours = true};
    apr_status_t rv;

    *out = apr_pcalloc(fetch->scratch, sizeof(**out));
    RC_TRY(make_file(&step.out, fetch, file));
    rv = apr_file_puts("# pack-refs with: sorted \n", step.out);
    if (rv == APR_SUCCESS)
        rv = apr_file_flush(step.out);
    if (rv != APR_SUCCESS)
        return rc_err_internal(fetch->pool, rv, "cannot write a listing of references");
    RC_TRY(run(fetch, &step, argv));
    RC_TRY(rewind_file(step.out, fetch));
    (*out)->file = step.out;
    RC_TRY(next_ref(*out, fetch)); /* the line above */
    return next_ref(*out, fetch);
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
                                "--no-prune",
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

/* ---- comparing references ---- */

/* Every text with the NUL that ends it: git update-ref --stdin -z. */
static rc_err_t *put(apr_file_t *file, const char *text, const fetch_t *fetch)
{
    apr_status_t rv = apr_file_write_full(file, text, strlen(text) + 1, NULL);

    return rv == APR_SUCCESS ? NULL
                             : rc_err_internal(fetch->pool, rv, "cannot write reference changes");
}

/* One line of the transaction: whatever the reference was, it becomes @a id. */
static rc_err_t *put_update(apr_file_t *file, const refs_t *refs, const fetch_t *fetch)
{
    char line[MAX_LINE + 8];

    apr_snprintf(line, sizeof(line), "update %s", refs->name);
    RC_TRY(put(file, line, fetch));
    RC_TRY(put(file, refs->id, fetch));
    return put(file, "", fetch);
}

/* Writes what must change, up to "prepare"; @a *count is the number of references. */
static rc_err_t *write_updates(apr_file_t *updates, int *count, refs_t *theirs,
                               const fetch_t *fetch)
{
    refs_t *ours = fetch->ours;

    *count = 0;
    RC_TRY(put(updates, "start", fetch));
    for (; theirs->name; (*count)++) {
        while (ours->name && strcmp(ours->name, theirs->name) < 0)
            RC_TRY(next_ref(ours, fetch));
        if (ours->name && strcmp(ours->name, theirs->name) == 0 &&
            strcmp(ours->id, theirs->id) == 0)
            (*count)--;
        else
            RC_TRY(put_update(updates, theirs, fetch));
        if (*count > MAX_REFS)
            return rc_err_failed(fetch->pool, "%s: more than %d new references",
                                 rc_remote_shown(fetch->url, fetch->pool), MAX_REFS);
        RC_TRY(next_ref(theirs, fetch));
    }
    return put(updates, "prepare", fetch);
}

/* ---- publishing ---- */

static rc_err_t *update_refs(const fetch_t *fetch, const step_t *step)
{
    static const char *const argv[] = {"git", "update-ref", "--stdin", "-z", NULL};

    RC_TRY(rewind_file(step->in, fetch));
    return run(fetch, step, argv);
}

/* Would it work? Locks and checks everything, with the quarantine's objects at hand, and lets go:
 * a transaction that is not committed is aborted at the end of its input. */
static rc_err_t *rehearse(const fetch_t *fetch, apr_file_t *updates)
{
    rc_git_env_t *env = rc_git_env(fetch->path, fetch->quarantine, fetch->pool);
    step_t step = {.what = "git update-ref (rehearsal)", .in = updates};

    rc_git_env_set(env, "GIT_OBJECT_DIRECTORY",
                   apr_pstrcat(fetch->pool, fetch->quarantine, "/objects", NULL));
    step.env = rc_git_env_list(env);
    return update_refs(fetch, &step);
}

/* Changes the references. Many of them are synced together, in one packed file. */
static rc_err_t *commit(const fetch_t *fetch, apr_file_t *updates, int count)
{
    static const char *const pack[] = {"git", "pack-refs", "--all", NULL};
    rc_git_env_t *one_by_one = rc_git_env(fetch->path, fetch->quarantine, fetch->pool);
    step_t step = {.what = "git update-ref", .in = updates, .ours = true, .commits = true};
    step_t pack_step = {.what = "git pack-refs", .ours = true, .commits = true};

    rc_git_env_config(one_by_one, "core.fsync", "reference");
    pack_step.env = rc_git_env_list(one_by_one);
    if (count <= MANY_REFS) {
        step.env = pack_step.env;
        return update_refs(fetch, &step);
    }
    step.env = plain_env(fetch, fetch->path);
    RC_TRY(update_refs(fetch, &step));
    return run(fetch, &pack_step, pack);
}

/* What is new against what was there. */
static rc_err_t *publish_changes(const fetch_t *fetch, refs_t *theirs)
{
    apr_file_t *updates;
    apr_off_t end = 0;
    apr_status_t rv;
    int count;

    RC_TRY(make_file(&updates, fetch, "rc-updates"));
    RC_TRY(write_updates(updates, &count, theirs, fetch));
    if (count == 0)
        return NULL;
    RC_TRY(rehearse(fetch, updates));
    if ((rv = apr_file_seek(updates, APR_END, &end)) != APR_SUCCESS)
        return rc_err_internal(fetch->pool, rv, "cannot seek in reference changes");
    RC_TRY(put(updates, "commit", fetch));
    RC_TRY(rc_quarantine_publish(fetch->quarantine, fetch->path, fetch->pool));
    return commit(fetch, updates, count);
}

/* A repository without references gets them as one file, as git clone does: a transaction would
 * make, lock and sync a file for each. */
static rc_err_t *publish(const fetch_t *fetch)
{
    refs_t *theirs;

    RC_TRY(list_refs(&theirs, fetch, fetch->quarantine, THEIR_REFS));
    if (!fetch->first)
        return publish_changes(fetch, theirs);
    if (!theirs->name)
        return NULL;
    RC_TRY(rc_quarantine_publish(fetch->quarantine, fetch->path, fetch->pool));
    return rc_quarantine_publish_refs(fetch->quarantine, THEIR_REFS, fetch->path, fetch->pool);
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
        return rc_err_internal(fetch->pool, rv, "cannot read %s", path);
    if (strncmp(line, "ref: ", 5) == 0)
        *branch = apr_pstrmemdup(fetch->pool, line + 5, strcspn(line + 5, "\n"));
    return NULL;
}

/* Looks through our branches for those that HEAD might be. */
static rc_err_t *find_heads(heads_t *heads, const char *remote, const char *current,
                            const fetch_t *fetch)
{
    refs_t *refs;

    RC_TRY(list_refs(&refs, fetch, fetch->path, "rc-heads"));
    while (refs->name && strncmp(refs->name, "refs/heads/", 11) == 0) {
        if (remote && strcmp(refs->name, remote) == 0)
            heads->wanted = remote;
        if (current && strcmp(refs->name, current) == 0)
            heads->current = current;
        if (strcmp(refs->name, "refs/heads/main") == 0)
            heads->main = "refs/heads/main";
        if (strcmp(refs->name, "refs/heads/master") == 0)
            heads->master = "refs/heads/master";
        if (!heads->first)
            heads->first = apr_pstrdup(fetch->scratch, refs->name);
        RC_TRY(next_ref(refs, fetch));
    }
    return NULL;
}

static rc_err_t *set_head_to(const fetch_t *fetch, const char *remote)
{
    const char *argv[] = {"git", "symbolic-ref", "HEAD", NULL, NULL};
    step_t step = {.what = "git symbolic-ref", .ours = true, .commits = true};
    heads_t heads = {.wanted = NULL};
    const char *current;

    RC_TRY(read_head(&current, fetch));
    RC_TRY(find_heads(&heads, remote, current, fetch));
    argv[3] = pick(&heads);
    if (!argv[3] || (current && strcmp(argv[3], current) == 0))
        return NULL;
    step.env = plain_env(fetch, fetch->path);
    return run(fetch, &step, argv);
}

/* ---- all of it ---- */

/* The quarantine begins with our references: what is not new need not be made again, and what gets
 * in the way of each other shows at once. */
static rc_err_t *note_refs(fetch_t *fetch)
{
    const char *packed = apr_pstrcat(fetch->scratch, fetch->path, "/packed-refs", NULL);

    RC_TRY(list_refs(&fetch->ours, fetch, fetch->path, "packed-refs"));
    fetch->first = !fetch->ours->name && access(packed, F_OK) < 0;
    return NULL;
}

static rc_err_t *fetch_all(fetch_t *fetch, bool set_head)
{
    const char *head = NULL;

    RC_TRY(check_git(fetch));
    RC_TRY(note_refs(fetch));
    RC_TRY(get_objects(fetch));
    if (set_head)
        RC_TRY(get_head(&head, fetch));
    RC_TRY(publish(fetch));
    return set_head ? set_head_to(fetch, head) : NULL;
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

rc_err_t *rc_remote_fetch(const rc_remote_policy_t *policy, const char *path, const char *url,
                          bool set_head, apr_pool_t *pool)
{
    apr_time_t deadline = rc_clock() + policy->timeout;
    rc_remote_url_t *admitted;

    RC_TRY(rc_remote_admit(&admitted, policy, url, pool));
    return rc_git_fetch(policy, path, admitted, deadline, set_head, pool);
}
