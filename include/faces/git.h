// SPDX-License-Identifier: Apache-2.0
/*
 * The face of git: clone, fetch and push by git's smart HTTP protocol (contract 06).
 */
#ifndef RC_FACES_GIT_H
#define RC_FACES_GIT_H

#include "faces/face.h"

/** The row of git in the table of faces. */
extern const rc_face_t rc_face_git;

#endif
