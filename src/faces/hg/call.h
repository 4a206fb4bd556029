// SPDX-License-Identifier: Apache-2.0
/*
 * One request of a client of Mercurial, and the functions that it passes: access, then the one of
 * its command.
 */
#ifndef RC_FACES_HG_CALL_H
#define RC_FACES_HG_CALL_H

#include "command.h"
#include "domain/repo_url.h"
#include "domain/sign_in.h"
#include "domain/transfer.h"
#include "faces/face.h"
#include "settings.h"
#include "vcs/library.h"

#define RC_FACE_HG_TYPE "hg"

typedef struct rc_face_hg_call_t {
    const rc_face_hg_command_t *command;
    rc_repo_url_t url; /* of the repository */
    const rc_request_t *request;
    const rc_face_hg_settings_t *settings;
    rc_answer_t *answer;
    apr_pool_t *pool; /* of the request */

    rc_actor_t actor; /* holds the connection, until access is decided, and the caller */
    rc_credentials_t credentials;
    const rc_repo_t *repo; /* set when access is granted */
    rc_spool_t *body;      /* of a POST; NULL: there is none */
} rc_face_hg_call_t;

/* access.c */

/** Identifies the caller and decides, in the order of contract 06 §4. Sets call->repo, or makes the
 * answer a refusal, which is the same for missing and for hidden repositories. */
rc_err_t *rc_face_hg_access(rc_face_hg_call_t *call);

/** Checks right and lock of a push again, some time after access was granted. May make the answer a
 * refusal. */
rc_err_t *rc_face_hg_recheck(rc_face_hg_call_t *call);

/* program.c */

/** Reads the body of a POST, at most @a most bytes (0: no limit), into call->body. */
rc_err_t *rc_face_hg_read_body(rc_face_hg_call_t *call, apr_off_t most);

/** Returns the arguments of the command, as a query string, in which the first one of a name counts
 * for Mercurial, too. Returns RC_E_ARG when the body holds a NUL. */
rc_err_t *rc_face_hg_arguments(const char **out, const rc_face_hg_call_t *call);

/** Returns all that Mercurial gets of the request: two requests with the same text have the same
 * answer. RC_E_ARG as above. */
rc_err_t *rc_face_hg_asked(const char **out, const rc_face_hg_call_t *call);

/** Sets @a proc up to answer the request. Makes the answer a refusal when hg is not installed, or
 * the repository cannot be served. */
rc_err_t *rc_face_hg_program(rc_proc_t *proc, rc_face_hg_call_t *call);

/** Returns the error of a program that has ended so; NULL: it has answered. */
rc_err_t *rc_face_hg_judge(const rc_proc_result_t *result, const rc_face_hg_call_t *call,
                           apr_pool_t *pool);

/** Reads the first line of what a program has printed, @a len bytes at @a data: the media type,
 * which becomes that of the answer. Sets *@a skip to the bytes of the line, 0 while it is not
 * complete. */
rc_err_t *rc_face_hg_read_type(apr_size_t *skip, rc_face_hg_call_t *call, const char *data,
                               apr_size_t len);

/* pull.c */

/** Answers a command that reads. */
rc_err_t *rc_face_hg_pull(rc_face_hg_call_t *call);

/* push.c */

/** Answers a command that writes. */
rc_err_t *rc_face_hg_push(rc_face_hg_call_t *call);

#endif
