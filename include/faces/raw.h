// SPDX-License-Identifier: Apache-2.0
/*
 * The face of the raw views (contract 03): diffs, patches, files, archives, feeds.
 */
#ifndef RC_FACES_RAW_H
#define RC_FACES_RAW_H

#include "faces/face.h"
#include "faces/view.h"

/* What the directives of the views set. */
typedef struct rc_raw_settings_t {
    int feed_items;      /* entries of a feed */
    bool feed_diff;      /* whether entries show the diff */
    int feed_diff_bytes; /* limit of a diff in an entry */
} rc_raw_settings_t;

/** The views' row in the table of faces. */
extern const rc_face_t rc_face_raw;

#endif
