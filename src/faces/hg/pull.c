// SPDX-License-Identifier: Apache-2.0
/*
 * Answers commands that read: the short ones without a program, the others by Mercurial, whose
 * output is sent while it works. Answers to pulls are kept, so that equal ones are made once. When
 * the client got changesets, or left with a part of them, the pull is recorded.
 */
#include "call.h"

#include <string.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/produce.h"
#include "base/query.h"
#include "base/secret.h"
#include "domain/repo.h"
#include "faces/place.h"
#include "faces/sign_in.h"

#define BODY_MOST ((apr_off_t)10 << 20)       /* bytes of arguments in the body */
#define TYPE      "application/mercurial-0.1" /* of short answers */
#define LINE_MOST 256                         /* bytes that are read to find the first line */

typedef struct pull_t {
    rc_face_hg_call_t *call;
    const char *arguments;
    bool clone;        /* the client has nothing yet */
    bool counts;       /* the client gets changesets */
    const char *state; /* of the repository, by which the answer to a pull is kept */
    rc_stream_t *from, stream;
    bool begun;    /* the media type was read */
    bool recorded; /* or need not be */
    bool some;     /* bytes of the answer were handed out */
} pull_t;

/* --- what the client asks for --- */

/* Returns whether a list of node ids names no changeset. */
static bool is_empty(const char *ids)
{
    return !ids || !ids[strspn(ids, "0 ")];
}

static bool is_pull(const pull_t *pull)
{
    return pull->call->command->kind == RC_FACE_HG_PULL;
}

/* What we read otherwise than Mercurial, which takes no ";" for a separator, counts as a pull. */
static rc_err_t *read_arguments(pull_t *pull)
{
    rc_face_hg_call_t *call = pull->call;
    const char *name = call->command->name, *flag;

    RC_TRY(rc_face_hg_arguments(&pull->arguments, call));
    flag = rc_query_parameter(pull->arguments, "cg", call->pool);
    pull->counts = is_pull(pull) && (!flag || strcmp(flag, "0") || strchr(pull->arguments, ';'));
    if (!strcmp(name, "getbundle"))
        pull->clone =
            pull->counts && is_empty(rc_query_parameter(pull->arguments, "common", call->pool));
    else
        pull->clone = pull->counts; /* commands of old clients, which say what they have */
    return NULL;
}

/* --- the program --- */

static rc_err_t *take_hg_place(void *baton, apr_pool_t *pool)
{
    const pull_t *pull = baton;

    return rc_face_place(pull->call->request, &pull->call->actor.work, pull->clone, pool);
}

static rc_err_t *hg_ended(const char **more, void *baton, const rc_proc_result_t *result,
                          apr_off_t written, apr_pool_t *pool)
{
    const pull_t *pull = baton;

    (void)more;
    (void)written;
    return rc_face_hg_judge(result, pull->call, pool);
}

/* --- what is known of the answer --- */

/* Answers the command, if no program is needed; else finds what the answer depends on. */
static rc_err_t *ask_repo(const pull_t *pull, rc_asked_t *asked, apr_pool_t *pool)
{
    rc_face_hg_call_t *call = pull->call;
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, call->request->env, call->repo, &call->actor.work, pool));
    if (is_pull(pull))
        return rc_vcs_state(&asked->same, vcs, pool);
    return rc_vcs_ask(asked, call->answer->spool, vcs, call->command->name, pull->arguments, pool);
}

/* Sets *@a name to that of an answer in the cache: what it depends on. That is @a same, and of a
 * pull also the whole request, as Mercurial gets it. */
static rc_err_t *name_answer(const char **name, const pull_t *pull, const char *same,
                             apr_pool_t *scratch)
{
    rc_face_hg_call_t *call = pull->call;
    unsigned char digest[RC_DIGEST_SIZE];
    const char *asked = "";

    if (is_pull(pull))
        RC_TRY(rc_face_hg_asked(&asked, call));
    rc_key_digest(digest, apr_pstrcat(scratch, same, " ", call->command->name, "\n", asked, NULL));
    *name = apr_psprintf(call->pool, "%" APR_INT64_T_FMT "-%s.hg",
                         is_pull(pull) ? call->repo->id : (apr_int64_t)0,
                         rc_hex_text(digest, sizeof(digest), call->pool));
    return NULL;
}

/* Sets *@a answered, or *@a name to that of the answer in the cache; NULL: it is not kept. */
static rc_err_t *look_at_repo(bool *answered, const char **name, pull_t *pull)
{
    rc_asked_t asked = {false, NULL};
    apr_pool_t *scratch; /* its end gives the repository back: clients may take long */
    rc_err_t *err;

    apr_pool_create(&scratch, pull->call->pool);
    err = rc_err_copy(ask_repo(pull, &asked, scratch), pull->call->pool);
    *answered = asked.answered;
    *name = NULL;
    if (is_pull(pull))
        pull->state = apr_pstrdup(pull->call->pool, asked.same);
    if (!err && asked.same)
        err = name_answer(name, pull, asked.same, scratch);
    apr_pool_destroy(scratch);
    return err;
}

/* The repository can change after the name was made, while Mercurial waits or works. */
static bool is_state_same(void *baton, apr_pool_t *pool)
{
    const pull_t *pull = baton;
    const rc_face_hg_call_t *call = pull->call;
    const char *path = rc_env_repo_path(call->request->env, call->repo->name, pool), *now;

    if (!pull->state)
        return true;
    now = rc_vcs_known_state(RC_FACE_HG_TYPE, path, pull->state, pool);
    return now && !strcmp(now, pull->state);
}

/* --- the answer --- */

/* hg shows no texts of the server behind an answer. */
static void record_once(pull_t *pull, bool complete)
{
    if (pull->recorded || !pull->some)
        return;
    pull->recorded = true;
    rc_face_record_pull(&pull->call->actor, pull->call->repo, complete);
}

/* Takes the first line off the first piece, which begins at the first byte of its file. */
static rc_err_t *take_type(rc_piece_t *piece, pull_t *pull)
{
    char line[LINE_MOST];
    apr_size_t skip;
    apr_os_file_t fd;
    ssize_t n = -1;
    apr_off_t end = piece->start + (apr_off_t)piece->len;
    apr_size_t len = end < LINE_MOST ? (apr_size_t)end : LINE_MOST;

    if (apr_os_file_get(&fd, piece->file) == APR_SUCCESS)
        n = pread(fd, line, len, 0);
    if (n < 0)
        return rc_err_internal(pull->call->pool, errno, "cannot read an answer of Mercurial");
    RC_TRY(rc_face_hg_read_type(&skip, pull->call, line, (apr_size_t)n));
    if (!skip && piece->last)
        return rc_err_internal(pull->call->pool, APR_SUCCESS, "Mercurial did not answer");
    pull->begun = skip > 0;
    piece->start = (apr_off_t)skip;
    piece->len = pull->begun ? (apr_size_t)(end - (apr_off_t)skip) : 0;
    piece->later = !piece->len && !piece->last;
    return NULL;
}

static rc_err_t *next_bytes(rc_piece_t *piece, void *baton)
{
    pull_t *pull = baton;

    pull->from->unsent = pull->stream.unsent;
    pull->from->at_once = pull->stream.at_once;
    RC_TRY(pull->from->next(piece, pull->from->baton));
    pull->stream.follows = pull->from->follows;
    if (piece->later)
        return NULL;
    if (!pull->begun && piece->len)
        RC_TRY(take_type(piece, pull));
    pull->some = pull->some || piece->len;
    if (piece->last || (!piece->len && !piece->later))
        record_once(pull, true);
    return NULL;
}

/* When the client has left, what it got so far counts. */
static void close_bytes(void *baton)
{
    pull_t *pull = baton;

    record_once(pull, false);
    if (pull->from->close)
        pull->from->close(pull->from->baton);
}

static void wrap(pull_t *pull)
{
    pull->recorded = !pull->counts;
    pull->stream = (rc_stream_t){
        .next = next_bytes, .close = close_bytes, .baton = pull, .follows = pull->from->follows};
    pull->call->answer->stream = &pull->stream;
    pull->call->answer->packed = true;
}

static rc_err_t *answer_by_hg(pull_t *pull, const char *name)
{
    rc_face_hg_call_t *call = pull->call;
    rc_env_t *env = call->request->env;
    rc_produce_t produce = {
        .temp_dir = env->config->temp_dir,
        .gone = call->request->gone,
        .gone_baton = call->request->server,
        .begin = take_hg_place,
        .ended = hg_ended,
        .lasts = is_state_same,
        .baton = pull,
    };

    produce.name = name;
    produce.cache = name ? &env->cache : NULL;
    RC_TRY(rc_face_hg_program(&produce.proc, call));
    if (call->answer->status != 200)
        return NULL;
    /* the pool of the answer: the file is sent after the request has ended */
    RC_TRY(rc_produce_start(&pull->from, &produce, call->answer->pool));
    wrap(pull);
    return NULL;
}

rc_err_t *rc_face_hg_pull(rc_face_hg_call_t *call)
{
    pull_t *pull = apr_pcalloc(call->pool, sizeof(*pull));
    const char *name;
    bool answered;

    pull->call = call;
    RC_TRY(rc_face_hg_read_body(call, BODY_MOST));
    RC_TRY(read_arguments(pull));
    RC_TRY(look_at_repo(&answered, &name, pull));
    call->answer->type = TYPE;
    return answered ? NULL : answer_by_hg(pull, name);
}
