// SPDX-License-Identifier: Apache-2.0
/*
 * The limit of programs that answer clients of version control (git, hg) at once.
 */
#ifndef RC_FACES_PLACE_H
#define RC_FACES_PLACE_H

#include "faces/request.h"

/** Takes a place for a program until @a pool ends: one of those for clones, or one of the others.
 * A clone for a visitor (@a work) takes one of theirs as well. Waits for 10 s at most for each;
 * RC_E_BUSY after that. */
rc_err_t *rc_face_place(const rc_request_t *request, const rc_work_t *work, bool clone,
                        apr_pool_t *pool);

#endif
