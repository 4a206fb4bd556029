// SPDX-License-Identifier: Apache-2.0
/*
 * Maintains a git repository: packs its references and objects, writes the indexes that git uses to
 * answer clones fast (bitmaps and the commit graph), and removes leftovers.
 *
 * Unreachable objects go into a pack of their own (a "cruft pack"), which keeps the time of each,
 * and leave it after two weeks: a push that refers to such an object at the same moment keeps what
 * it needs.
 */
#include "sweep.h"
#include "tally.h"
#include "table.h"

#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include <apr_strings.h>

#include "env.h"
#include "run.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/text.h"

#define KEPT_FOR   "2.weeks.ago"         /* contract 06 §6 */
#define MEMORY     ((apr_off_t)4 << 30)  /* bytes of each program */
#define FREE_LEAST ((apr_off_t)64 << 20) /* bytes that stay free on the disk */

static const rc_git_setting_t settings[] = {
    {"core.fsync", "committed,reference"},
    {"pack.threads", "1"}, /* requests need the other processors */
    {"pack.writeBitmapLookupTable", "true"},
    {"repack.updateServerInfo", "false"},
};

typedef struct work_t {
    apr_array_header_t *actions;
    const rc_maintain_t *options;
    const char *git_dir;
    apr_pool_t *pool;
} work_t;

static void begin_action(const work_t *work, const char *action)
{
    if (work->options->progress)
        work->options->progress(work->options->baton, action);
}

static void done(const work_t *work, const char *text)
{
    APR_ARRAY_PUSH(work->actions, const char *) = text;
}

static rc_err_t *check_end(const work_t *work, const char *action, const rc_proc_result_t *result)
{
    if (result->stopped)
        return rc_err(work->pool, RC_E_GONE, "The maintenance was stopped");
    if (result->timed_out)
        return rc_err_failed(work->pool, "git %s in %s took too long", action, work->git_dir);
    if (result->status == 0)
        return NULL;
    return rc_err_failed(work->pool, "git %s in %s ended with %s", action, work->git_dir,
                         rc_proc_end_text(result, work->pool));
}

/* Runs git until its end, the deadline, or until go_on() returns false. It ends with this process
 * and keeps no lock: a program that it started may go on, which only writes temporary files.
 * Removes the unfinished files of a program that did not succeed: they can be as large as the
 * repository. */
static rc_err_t *run_step(const work_t *work, const char *const *argv)
{
    const rc_maintain_t *options = work->options;
    rc_git_env_t *env = rc_git_env(work->git_dir, work->git_dir, work->pool);
    time_t since = time(NULL);
    rc_proc_t proc = {.argv = argv,
                      .dir = work->git_dir,
                      .in = -1,
                      .out = -1,
                      .deadline = options->deadline,
                      .nice = options->nice,
                      .max_memory = MEMORY,
                      .check = options->go_on,
                      .baton = options->baton};
    rc_proc_result_t result;

    rc_git_env_settings(env, settings, sizeof(settings) / sizeof(*settings));
    proc.env = rc_git_env_list(env);
    begin_action(work, argv[1]);
    RC_TRY(rc_proc_run(&result, &proc, work->pool));
    if (result.status || result.stopped || result.timed_out)
        rc_git_sweep_packing(work->git_dir, since, work->pool);
    return check_end(work, argv[1], &result);
}

/* --- the actions --- */

static rc_err_t *remove_leftovers(const work_t *work)
{
    const char *text;

    begin_action(work, "sweep");
    RC_TRY(rc_git_sweep(&text, work->git_dir, work->pool));
    if (text)
        done(work, text);
    return NULL;
}

/* Returns the name of a pack that has had no index for a while, or NULL: a crash came between the
 * two. git cannot pack the repository then. */
static const char *unindexed_pack(const char *folder, apr_pool_t *pool)
{
    const char *found = NULL;
    apr_finfo_t entry;
    apr_dir_t *dir;

    if (apr_dir_open(&dir, folder, pool) != APR_SUCCESS)
        return NULL;
    while (!found && apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_MTIME, dir) == APR_SUCCESS) {
        const char *name = apr_pstrcat(pool, folder, "/", entry.name, NULL);
        apr_size_t len = strlen(name);

        if (rc_text_ends(name, ".pack") &&
            apr_time_sec(entry.mtime) < time(NULL) - RC_GIT_LEFTOVER &&
            !rc_fs_exists(apr_pstrcat(pool, apr_pstrmemdup(pool, name, len - 5), ".idx", NULL)))
            found = name;
    }
    apr_dir_close(dir);
    return found;
}

static rc_err_t *index_packs(const work_t *work)
{
    const char *argv[] = {"git", "index-pack", NULL, NULL};
    const char *folder = apr_pstrcat(work->pool, work->git_dir, "/objects/pack", NULL);

    while ((argv[2] = unindexed_pack(folder, work->pool))) {
        RC_TRY(run_step(work, argv));
        done(work, "git index-pack of a pack without an index");
    }
    return NULL;
}

/* It is never killed, because it would leave locks of references; and it is short. */
static rc_err_t *pack_refs(const work_t *work)
{
    static const char *const argv[] = {"git", "pack-refs", "--all", NULL};

    begin_action(work, argv[1]);
    RC_TRY(rc_git_run(work->git_dir, argv, work->options->lock, NULL, work->pool));
    done(work, "git pack-refs --all");
    return NULL;
}

/* For the time of the work the disk holds each object twice. */
static rc_err_t *check_room(const work_t *work, const rc_git_object_count_t *tally)
{
    struct statvfs fs;
    apr_off_t room;

    if (statvfs(work->git_dir, &fs))
        return rc_fs_err(work->pool, "examine", work->git_dir);
    room = (apr_off_t)(fs.f_bavail * fs.f_frsize);
    if (room >= tally->bytes + FREE_LEAST)
        return NULL;
    return rc_err_failed(work->pool,
                         "packing %s requires %" APR_OFF_T_FMT " MiB on its disk; %" APR_OFF_T_FMT
                         " MiB are free",
                         work->git_dir, (tally->bytes + FREE_LEAST) >> 20, room >> 20);
}

/* Packing takes no loose object that nothing has reached for two weeks. */
static rc_err_t *prune(const work_t *work)
{
    const char *argv[] = {"git", "prune", "--expire=" KEPT_FOR, NULL};

    if (work->options->prune_now)
        argv[2] = "--expire=now";
    RC_TRY(run_step(work, argv));
    done(work, "git prune");
    return NULL;
}

/* Returns "1 pack and 20 loose objects, 80 KiB". */
static const char *count_text(const rc_git_object_count_t *count, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%d pack%s and %d loose object%s, %" APR_OFF_T_FMT " KiB",
                        count->packs, count->packs == 1 ? "" : "s", count->loose,
                        count->loose == 1 ? "" : "s", (count->bytes + 1023) / 1024);
}

static rc_err_t *repack(const work_t *work)
{
    const char *argv[] = {"git", "repack", "--cruft", "--cruft-expiration=" KEPT_FOR, "-d", "-l",
                          "-q",  "-b",     NULL};
    rc_git_object_count_t before, after;

    if (work->options->prune_now)
        argv[3] = "--cruft-expiration=now";
    RC_TRY(rc_git_count_objects(&before, work->git_dir, 0, work->pool));
    RC_TRY(check_room(work, &before));
    if (before.borrows)
        argv[7] = NULL; /* no bitmap can be written */
    RC_TRY(run_step(work, argv));
    RC_TRY(rc_git_count_objects(&after, work->git_dir, 0, work->pool));
    done(work, apr_psprintf(work->pool, "git %s: %s, became %s", argv[1],
                            count_text(&before, work->pool), count_text(&after, work->pool)));
    return after.loose ? prune(work) : NULL;
}

static rc_err_t *write_graph(const work_t *work)
{
    static const char *const argv[] = {"git",         "commit-graph",  "write",
                                       "--reachable", "--no-progress", NULL};

    RC_TRY(run_step(work, argv));
    done(work, "git commit-graph write --reachable");
    return NULL;
}

rc_err_t *rc_git_maintain(apr_array_header_t *actions, const char *path,
                          const rc_maintain_t *options, apr_pool_t *pool)
{
    work_t work = {actions, options, rc_git_dir(path, pool), pool};

    RC_TRY(rc_git_check_format(work.git_dir, pool));
    RC_TRY(remove_leftovers(&work));
    RC_TRY(pack_refs(&work));
    RC_TRY(index_packs(&work));
    RC_TRY(repack(&work));
    return write_graph(&work);
}
