// SPDX-License-Identifier: Apache-2.0
/*
 * The face of the pages: repositories for people with a browser (contract 10 §3).
 */
#ifndef RC_FACES_PAGES_H
#define RC_FACES_PAGES_H

#include "faces/face.h"

/** The pages' row in the table of faces. */
extern const rc_face_t rc_face_pages;

#endif
