// SPDX-License-Identifier: Apache-2.0
/*
 * How clients of version control (git, svn, hg) sign in at a face, and how they are refused. Each
 * face of them calls, for one request and in this order, rc_face_sign_in without a connection, then
 * in one snapshot rc_face_identify, rc_transfer_check (domain/transfer.h) and rc_face_take_verdict.
 */
#ifndef RC_FACES_SIGN_IN_H
#define RC_FACES_SIGN_IN_H

#include "domain/sign_in.h"
#include "domain/transfer.h"
#include "faces/answer.h"

/** Makes credentials of what the request holds, as rc_sign_in does, which may take a while. */
rc_err_t *rc_face_sign_in(rc_credentials_t *credentials, const rc_request_t *request);

/**
 * Finds the caller, and sets actor->caller and answer->user; or makes the answer a refusal, with
 * the reason for the log. @a credentials are those that @a request holds.
 * Credentials that are wrong refuse the request, even if visitors may read (contract 06 §6).
 */
rc_err_t *rc_face_identify(rc_actor_t *actor, rc_answer_t *answer, const rc_request_t *request,
                           const rc_credentials_t *credentials);

/** Makes the answer a refusal unless @a verdict allows the transfer: 401, 404, 403 or 423. */
rc_err_t *rc_face_take_verdict(rc_answer_t *answer, const rc_actor_t *actor,
                               const rc_verdict_t *verdict);

/** Makes the answer a refusal of a repository that the caller may read, but @a client, the name of
 * a type, cannot: one of another type. */
rc_err_t *rc_face_refuse_type(rc_answer_t *answer, const rc_actor_t *actor, const rc_repo_t *repo,
                              const char *client);

/**
 * Locks the repository on the disk for a push, as rc_transfer_lock does; or makes the answer a
 * refusal: something else writes to it (503), or it has gone (404). The actor has a connection.
 */
rc_err_t *rc_face_lock(rc_locks_t *locks, rc_answer_t *answer, rc_actor_t *actor,
                       const rc_repo_t *repo);

/**
 * Records a pull, as rc_transfer_pulled does, with a connection of its own. The client has its
 * answer, or a part of it, whatever fails now: an error is logged. Returns a line for the client,
 * in the actor's pool, or NULL.
 */
const char *rc_face_record_pull(rc_actor_t *actor, const rc_repo_t *repo, bool complete);

/** Sets the header that makes the client of a 401 send a name and a password. */
void rc_face_ask_password(rc_answer_t *answer, const rc_request_t *request);

#endif
