// SPDX-License-Identifier: Apache-2.0
/*
 * The table of faces. The first one that claims a URL serves it. A new face is a folder in
 * src/faces and a row here. Subversion stands before git, because what its clients send can end
 * like a URL of git. Pages claim only what the caller may see, so they can stand before both.
 */
#include "faces/api.h"
#include "faces/face.h"
#include "faces/git.h"
#include "faces/hg.h"
#include "faces/metrics.h"
#include "faces/pages.h"
#include "faces/raw.h"
#include "faces/svn.h"

/* clang-format off */
const rc_face_t *const rc_faces[] = {
    &rc_face_api,
    &rc_face_metrics,
    &rc_face_hg,
    &rc_face_pages,
    &rc_face_svn,
    &rc_face_git,
    &rc_face_raw,
    NULL,
};
/* clang-format on */
