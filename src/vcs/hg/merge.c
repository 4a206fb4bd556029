// SPDX-License-Identifier: Apache-2.0
/*
 * Finds, keeps and merges what pull requests offer, by the program merge.py. The target keeps the
 * changesets in bundles, .hg/rcapi/pull/ID.hg: in the repository itself nothing could hide them
 * from clients for good. A merge is made in a shadow of the repository, which then takes its place.
 */
#include "merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "hg.h"
#include "run.h"
#include "shadow.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/text.h"
#include "vcs/hg_program.h"

#define PATIENCE  apr_time_from_sec(300)
#define ID_DIGITS 40
#define FOLDER    "/rcapi/pull/" /* below .hg */
#define LINE      (RC_HG_HEX + 1)
#define ANSWER    ((apr_size_t)64 << 20) /* bytes of an answer */

static const char program[] =
#include "hg_merge.def"
    ;

/* What merge.py is asked; its header says what the parts are. */
typedef struct question_t {
    const char *command, *dir, *path, *source_path;
    const char *target, *source;
    const char *kind, *name, *bundle;
    rc_work_t *work;
    apr_pool_t *pool;
    rc_err_t *err; /* why it was stopped */
} question_t;

static bool may_ask_on(void *baton)
{
    question_t *question = baton;

    question->err = rc_work_look(question->work, question->pool);
    return !question->err;
}

static void add_words(apr_array_header_t *all, const char *const *words, int count)
{
    int i;

    for (i = 0; count ? i < count : words[i] != NULL; i++)
        APR_ARRAY_PUSH(all, const char *) = words[i] ? words[i] : "-";
}

static rc_err_t *program_arguments(const char *const **argv, const question_t *question)
{
    const char *const options[] = {"-I", "-c", program, NULL};
    const char *const parts[] = {question->command,     question->dir,    question->path,
                                 question->source_path, question->target, question->source,
                                 question->kind,        question->name,   question->bundle};
    apr_array_header_t *all = apr_array_make(question->pool, 40, sizeof(const char *));
    const char *const *interpreter;

    RC_TRY(rc_hg_interpreter(&interpreter, question->pool));
    add_words(all, interpreter, 0);
    add_words(all, options, 0);
    add_words(all, parts, sizeof(parts) / sizeof(*parts));
    add_words(all, rc_hg_settings(), 0);
    APR_ARRAY_PUSH(all, const char *) = NULL;
    *argv = (const char *const *)all->elts;
    return NULL;
}

/* Runs the program and reads its answer. */
static rc_err_t *ask_program(const char **answer, apr_size_t *len, question_t *question)
{
    rc_proc_t proc = {.env = rc_hg_environment(question->dir, question->pool),
                      .dir = question->dir,
                      .in = -1,
                      .out = -1,
                      .max_memory = RC_HG_MEMORY,
                      .max_cpu = (int)apr_time_sec(PATIENCE),
                      .check = may_ask_on,
                      .baton = question};
    rc_proc_result_t result;

    RC_TRY(program_arguments(&proc.argv, question));
    proc.deadline = rc_clock() + PATIENCE;
    RC_TRY(rc_proc_run(&result, &proc, question->pool));
    if (result.stopped)
        return question->err;
    if (result.timed_out)
        return rc_err(question->pool, RC_E_LIMIT, "hg takes too long");
    if (result.status)
        return rc_err_internal(question->pool, APR_SUCCESS, "%s for a pull request in %s: %s",
                               question->command, question->path,
                               rc_proc_end_text(&result, question->pool));
    RC_TRY(rc_fs_read(answer, len, apr_pstrcat(question->pool, question->dir, "/answer", NULL), 0,
                      ANSWER, question->pool));
    return *answer ? NULL
                   : rc_err_internal(question->pool, APR_SUCCESS, "there is no answer for %s",
                                     question->path);
}

/* --- what is offered and kept --- */

static question_t about_offer(const char *command, const rc_offer_t *offer, apr_pool_t *pool)
{
    return (question_t){.command = command,
                        .dir = offer->work_dir,
                        .path = offer->target_path,
                        .source_path = offer->source_path,
                        .target = offer->target_id,
                        .source = offer->source_id,
                        .work = offer->work,
                        .pool = pool};
}

static rc_err_t *kept_bundle(const char **bundle, const char *path, const char *id,
                             apr_pool_t *pool)
{
    rc_hg_layout_t layout;
    const char *why = NULL;

    if (rc_hg_find(&layout, &why, path, pool) != RC_FOUND_REPOSITORY)
        return rc_err_failed(pool, "%s is %s", path, why ? why : "no Mercurial repository");
    *bundle = apr_pstrcat(pool, layout.hg, FOLDER, id, ".hg", NULL);
    return NULL;
}

/* The first line is the base, or "-"; the others are the changesets. */
rc_err_t *rc_hg_offered(rc_offered_t *offered, const rc_offer_t *offer, apr_pool_t *pool)
{
    question_t question = about_offer("offered", offer, pool);
    const char *line;
    apr_size_t len;

    RC_TRY(kept_bundle(&question.bundle, offer->target_path, offer->source_id, pool));
    RC_TRY(ask_program(&line, &len, &question));
    *offered = (rc_offered_t){.commits = apr_array_make(pool, 16, sizeof(const char *))};
    if (*line != '-')
        offered->base = apr_pstrmemdup(pool, line, RC_HG_HEX);
    for (line += strcspn(line, "\n") + 1; strlen(line) >= LINE; line += LINE)
        APR_ARRAY_PUSH(offered->commits, const char *) = apr_pstrmemdup(pool, line, RC_HG_HEX);
    if (offered->commits->nelts <= RC_OFFER_MOST)
        return NULL;
    return rc_err(pool, RC_E_LIMIT, "a pull request has at most %d commits", RC_OFFER_MOST);
}

rc_err_t *rc_hg_is_kept(bool *kept, const char *path, const char *id, apr_pool_t *pool)
{
    const char *bundle;

    RC_TRY(kept_bundle(&bundle, path, id, pool));
    *kept = rc_fs_exists(bundle);
    return NULL;
}

rc_err_t *rc_hg_keep(const rc_offer_t *offer, int lock, apr_pool_t *pool)
{
    question_t question = about_offer("keep", offer, pool);
    const char *made = apr_pstrcat(pool, offer->work_dir, "/kept.hg", NULL), *bundle, *answer;
    apr_size_t len;
    bool kept;

    (void)lock;
    RC_TRY(rc_hg_is_kept(&kept, offer->target_path, offer->source_id, pool));
    RC_TRY(kept_bundle(&bundle, offer->target_path, offer->source_id, pool));
    if (kept) {
        rc_fs_touch(bundle);
        return NULL;
    }
    RC_TRY(ask_program(&answer, &len, &question));
    RC_TRY(rc_fs_sync_tree(made, pool));
    RC_TRY(rc_fs_make_folders(rc_fs_folder(bundle, pool), pool));
    if (rename(made, bundle))
        return rc_fs_err(pool, "create", bundle);
    return rc_fs_sync_folders(bundle, offer->target_path, pool);
}

rc_err_t *rc_hg_kept_before(apr_array_header_t *ids, const char *path, apr_time_t before,
                            const char *work_dir, apr_pool_t *pool)
{
    const char *folder, *name;
    struct dirent *entry;
    struct stat st;
    DIR *dir;

    (void)work_dir;
    RC_TRY(kept_bundle(&name, path, "", pool));
    folder = rc_fs_folder(name, pool);
    if (!(dir = opendir(folder)))
        return errno == ENOENT ? NULL : rc_fs_err(pool, "read", folder);
    while ((entry = readdir(dir)))
        if (strlen(entry->d_name) == ID_DIGITS + strlen(".hg") &&
            rc_text_ends(entry->d_name, ".hg") &&
            !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
            apr_time_from_sec(st.st_mtime) < before)
            APR_ARRAY_PUSH(ids, const char *) = apr_pstrmemdup(pool, entry->d_name, ID_DIGITS);
    closedir(dir);
    return NULL;
}

rc_err_t *rc_hg_unkeep(const char *path, const char *id, int lock, apr_pool_t *pool)
{
    const char *bundle;

    (void)lock;
    RC_TRY(kept_bundle(&bundle, path, id, pool));
    return unlink(bundle) && errno != ENOENT ? rc_fs_err(pool, "remove", bundle) : NULL;
}

/* --- merges --- */

static rc_err_t *about_merge(question_t *question, const char *command, const rc_merge_t *merge,
                             const char *path, apr_pool_t *pool)
{
    *question = (question_t){.command = command,
                             .dir = merge->work_dir,
                             .path = path,
                             .target = merge->target,
                             .source = merge->source,
                             .kind = merge->kind,
                             .name = merge->name,
                             .work = merge->work,
                             .pool = pool};
    return kept_bundle(&question->bundle, path, merge->source, pool);
}

/* Reads "REASON ID", of which the former is a digit. */
static rc_err_t *ask_reason(rc_merge_reason_t *reason, const char **id, question_t *question)
{
    const char *answer, *rest;
    apr_size_t len;

    RC_TRY(ask_program(&answer, &len, question));
    *reason = apr_isdigit(*answer) ? (rc_merge_reason_t)(*answer - '0') : RC_MERGE_FAILED;
    rest = strchr(answer, ' ');
    *id = rest && strlen(rest) > RC_HG_HEX ? apr_pstrmemdup(question->pool, rest + 1, RC_HG_HEX)
                                           : NULL;
    return NULL;
}

rc_err_t *rc_hg_try_merge(rc_merge_reason_t *reason, const rc_merge_t *merge, apr_pool_t *pool)
{
    question_t question;
    const char *id;

    RC_TRY(about_merge(&question, "try", merge, merge->path, pool));
    return ask_reason(reason, &id, &question);
}

static rc_err_t *write_message(const rc_merge_t *merge, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, merge->work_dir, "/message", NULL);
    FILE *file = fopen(path, "we");
    bool ok = file && fprintf(file, "%s <%s>\n%s", merge->author, merge->email, merge->message) > 0;

    return file && !fclose(file) && ok ? NULL : rc_fs_err(pool, "write", path);
}

/* Somebody who wrote to the repository meanwhile has won. */
static rc_err_t *publish_merge(rc_merge_reason_t *reason, const rc_hg_shadow_t *shadow)
{
    rc_err_t *err = rc_hg_shadow_publish(shadow);

    if (!err || err->kind != RC_E_FAILED)
        return err;
    rc_log(RC_LOG_INFO, APR_SUCCESS, "merge: %s", rc_err_log_text(err, shadow->pool));
    *reason = RC_MERGE_NOT_PUSHED;
    return NULL;
}

rc_err_t *rc_hg_merge(rc_merge_reason_t *reason, const char **id, const rc_merge_t *merge,
                      apr_pool_t *pool)
{
    rc_hg_shadow_t *shadow;
    question_t question;
    bool recovered;

    RC_TRY(rc_hg_shadow_make(&shadow, merge->path, merge->work_dir, merge->work, pool));
    RC_TRY(rc_hg_recover(&recovered, shadow->copy, merge->work_dir, pool));
    RC_TRY(about_merge(&question, "merge", merge, shadow->copy, pool));
    RC_TRY(write_message(merge, pool));
    RC_TRY(ask_reason(reason, id, &question));
    if (*reason != RC_MERGE_POSSIBLE || !*id)
        return NULL;
    RC_TRY(merge->begin(merge->baton, *id));
    return strcmp(*id, merge->target) ? publish_merge(reason, shadow) : NULL;
}

/* --- what is shown --- */

rc_err_t *rc_hg_kept_diff(rc_spool_t *spool, const rc_merge_t *merge, apr_off_t most,
                          apr_pool_t *pool)
{
    question_t question;
    const char *text;
    apr_size_t len;

    RC_TRY(about_merge(&question, "diff", merge, merge->path, pool));
    RC_TRY(ask_program(&text, &len, &question));
    if ((apr_off_t)len > most)
        return rc_err(pool, RC_E_LIMIT, "the diff has more than %" APR_OFF_T_FMT " bytes", most);
    return rc_spool_write(spool, text, len);
}
