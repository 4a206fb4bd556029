// SPDX-License-Identifier: Apache-2.0
/*
 * Puts the body of a request into a file, for a program that is to read it: the client may be slow.
 */
#ifndef RC_FACES_BODY_H
#define RC_FACES_BODY_H

#include "base/body.h"
#include "base/spool.h"

/** Reads the whole body into @a out. Returns the errors of rc_body_error in @a pool. */
rc_err_t *rc_face_body_spool(rc_spool_t *out, rc_body_t *body, apr_pool_t *pool);

/** Sets *@a fd to the descriptor of what is in @a spool, at its beginning. */
rc_err_t *rc_face_body_open(int *fd, rc_spool_t *spool, apr_pool_t *pool);

#endif
