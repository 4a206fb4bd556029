// SPDX-License-Identifier: Apache-2.0
/*
 * The face of Mercurial: clone, pull and push by hg's own client (contract 08 §7).
 */
#ifndef RC_FACES_HG_H
#define RC_FACES_HG_H

#include "faces/face.h"

/** The row of Mercurial in the table of faces. */
extern const rc_face_t rc_face_hg;

#endif
