// SPDX-License-Identifier: Apache-2.0
/*
 * The face of Subversion: the server's mod_dav_svn answers its clients, and this face decides who
 * may (contract 07 §4 to §6).
 */
#ifndef RC_FACES_SVN_H
#define RC_FACES_SVN_H

#include "faces/face.h"

/** The row of Subversion in the table of faces. */
extern const rc_face_t rc_face_svn;

#endif
