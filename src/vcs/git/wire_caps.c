// SPDX-License-Identifier: Apache-2.0
/*
 * Learns the capabilities of the installed git from git itself: it advertises a small repository of
 * ours, with the settings that serve clients. So answers that are made without a child say what the
 * child of the next request can do, whatever version of git is installed.
 */
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "table.h"
#include "base/fs.h"
#include "vcs/pkt_line.h"

#define PATIENCE apr_time_from_sec(20) /* others wait meanwhile */
#define MARK     " symref=HEAD:"
#define TRIES    5

static struct {
    apr_thread_mutex_t *mutex;
    apr_pool_t *process;
    apr_pool_t *pool; /* of caps and file; NULL: not asked yet */
    rc_git_caps_t caps;
    const char *file; /* the program */
    struct stat st;   /* as it was then */
} known;

/* --- asking git --- */

static rc_err_t *run_git(const char **text, apr_size_t *len, const rc_wire_program_t *program,
                         apr_pool_t *pool)
{
    rc_spool_t *spool = rc_spool_create(program->home, pool);
    rc_proc_t proc = {.in = -1};
    rc_proc_result_t result;
    apr_file_t *file;
    apr_os_file_t fd;

    RC_TRY(rc_spool_lend(&file, spool));
    apr_os_file_get(&fd, file);
    proc.out = fd;
    rc_git_wire_program(&proc, program, true, pool);
    RC_TRY(rc_proc_run(&result, &proc, pool));
    if (result.status)
        return rc_err_internal(pool, APR_SUCCESS, "git %s ended with %s", proc.argv[1],
                               rc_proc_end_text(&result, pool));
    RC_TRY(rc_spool_take_back(spool));
    *len = (apr_size_t)rc_spool_size(spool);
    return rc_spool_view(text, spool, pool);
}

/* Returns the capabilities in the first line: what follows the NUL; NULL when there are none. */
static rc_err_t *run_for_line(char **caps, const rc_wire_program_t *program, apr_pool_t *pool)
{
    const char *text, *nul;
    apr_size_t len;
    rc_pkt_t pkt;

    *caps = NULL;
    RC_TRY(run_git(&text, &len, program, pool));
    nul = rc_pkt_next(&pkt, &text, text + len) == RC_PKT_LINE ? memchr(pkt.data, '\0', pkt.len)
                                                              : NULL;
    if (!nul)
        return NULL;
    *caps = apr_pstrmemdup(pool, nul + 1, pkt.len - (apr_size_t)(nul + 1 - pkt.data));
    (*caps)[strcspn(*caps, "\n")] = '\0';
    return NULL;
}

static rc_err_t *no_caps(apr_pool_t *pool)
{
    return rc_err_internal(pool, APR_SUCCESS, "git advertises no capabilities");
}

static rc_err_t *ask_empty(rc_git_caps_t *caps, const char *path, const char *home,
                           apr_pool_t *pool)
{
    rc_wire_program_t program = {.path = path, .home = home, .deadline = rc_clock() + PATIENCE};
    char *line;

    RC_TRY(run_for_line(&line, &program, pool));
    caps->empty = line != NULL;
    return NULL;
}

static rc_err_t *run_all(rc_git_caps_t *caps, const char *path, const char *home, apr_pool_t *pool)
{
    rc_wire_program_t program = {.path = path, .home = home, .deadline = rc_clock() + PATIENCE};
    char *line, *mark;

    RC_TRY(run_for_line(&line, &program, pool));
    if (!line)
        return no_caps(pool);
    mark = strstr(line, MARK);
    if (!mark)
        return rc_err_internal(pool, APR_SUCCESS, "git does not advertise HEAD: %s", line);
    caps->before = apr_pstrmemdup(pool, line, (apr_size_t)(mark - line));
    caps->after = mark + 1 + strcspn(mark + 1, " ");
    program.service = RC_RECEIVE_PACK;
    RC_TRY(run_for_line(&line, &program, pool));
    if (!line)
        return no_caps(pool);
    caps->receive = line;
    program.service = RC_UPLOAD_PACK;
    program.version = 2;
    return run_git(&caps->v2, &caps->v2_len, &program, pool);
}

/* Makes a repository with one commit, so that there is a HEAD to advertise. */
static rc_err_t *ask_in(rc_git_caps_t *caps, const char *home, const char *path, apr_pool_t *pool)
{
    static const rc_vcs_file_t file = {"empty", "", 0};
    static const rc_import_t import = {&file, 1, "none", "none", "none"};

    RC_TRY(rc_git_create(path, pool));
    RC_TRY(ask_empty(caps, path, home, pool));
    RC_TRY(rc_git_import(path, &import, pool));
    return run_all(caps, path, home, pool);
}

/* Makes a folder in @a home and locks it: a process that starts removes what nobody holds. */
static rc_err_t *make_folder(char **folder, const char *home, apr_pool_t *pool)
{
    bool locked = false;
    int tries;

    for (tries = 0; !locked && tries < TRIES; tries++) {
        *folder = apr_pstrcat(pool, home, "/git-XXXXXX", NULL);
        if (!mkdtemp(*folder))
            return rc_fs_err(pool, "create", *folder);
        RC_TRY(rc_fs_lock(&locked, *folder, 0, pool));
        locked = locked && rc_fs_exists(*folder); /* else it was removed before the lock */
    }
    return locked ? NULL : rc_err_internal(pool, APR_EBUSY, "cannot lock %s", *folder);
}

static rc_err_t *ask(rc_git_caps_t *caps, const char *home, apr_pool_t *pool)
{
    char *folder;
    rc_err_t *err;

    RC_TRY(make_folder(&folder, home, pool));
    err = ask_in(caps, home, apr_pstrcat(pool, folder, "/r", NULL), pool);
    if (rc_fs_remove_tree(folder, pool))
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "cannot remove %s", folder);
    return err;
}

/* --- remembering it --- */

/* Finds the program that a child would run. */
static rc_err_t *find_git(const char **file, struct stat *st, apr_pool_t *pool)
{
    RC_TRY(rc_proc_find(file, "git", pool));
    return stat(*file, st) ? rc_fs_err(pool, "read", *file) : NULL;
}

static bool is_same_git(const char *file, const struct stat *st)
{
    return known.pool && !strcmp(known.file, file) && st->st_ino == known.st.st_ino &&
           st->st_size == known.st.st_size && st->st_mtim.tv_sec == known.st.st_mtim.tv_sec &&
           st->st_mtim.tv_nsec == known.st.st_mtim.tv_nsec;
}

static void copy_caps(rc_git_caps_t *to, const rc_git_caps_t *from, apr_pool_t *pool)
{
    to->before = apr_pstrdup(pool, from->before);
    to->after = apr_pstrdup(pool, from->after);
    to->receive = apr_pstrdup(pool, from->receive);
    to->empty = from->empty;
    to->v2 = apr_pmemdup(pool, from->v2, from->v2_len);
    to->v2_len = from->v2_len;
}

static rc_err_t *learn(const char *file, const struct stat *st, const char *home, apr_pool_t *pool)
{
    rc_git_caps_t caps;

    RC_TRY(ask(&caps, home, pool));
    if (known.pool)
        apr_pool_destroy(known.pool);
    apr_pool_create(&known.pool, known.process);
    apr_pool_tag(known.pool, "rc_git_caps");
    copy_caps(&known.caps, &caps, known.pool);
    known.file = apr_pstrdup(known.pool, file);
    known.st = *st;
    return NULL;
}

rc_err_t *rc_git_caps(rc_git_caps_t *caps, const char *home, apr_pool_t *pool)
{
    const char *file;
    struct stat st;
    rc_err_t *err;

    apr_thread_mutex_lock(known.mutex);
    err = find_git(&file, &st, pool);
    if (!err && !is_same_git(file, &st))
        err = learn(file, &st, home, pool);
    if (!err)
        copy_caps(caps, &known.caps, pool);
    apr_thread_mutex_unlock(known.mutex);
    return err;
}

rc_err_t *rc_git_caps_startup(apr_pool_t *pool)
{
    apr_status_t rv = apr_thread_mutex_create(&known.mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    known.process = pool;
    return rv == APR_SUCCESS ? NULL
                             : rc_err_internal(pool, rv, "cannot make the mutex of capabilities");
}
