// SPDX-License-Identifier: Apache-2.0
/*
 * The end of an answer to a fetch: when the client got a pack, or left with a part of one, the pull
 * is recorded. A message about a lock that it made is put before the end.
 */
#ifndef RC_FACES_GIT_FETCH_END_H
#define RC_FACES_GIT_FETCH_END_H

#include "call.h"
#include "fetch_request.h"

/** Wraps @a stream, git's output in a file, which answers @a request, in the call's pool. *@a
 * failed is set by the caller when git fails; then the pull makes no lock. */
rc_stream_t *rc_face_git_fetch_end(rc_face_git_call_t *call, const rc_fetch_request_t *request,
                                   rc_stream_t *stream, const bool *failed);

#endif
