// SPDX-License-Identifier: Apache-2.0
/*
 * The settings of Mercurial's URLs.
 */
#ifndef RC_FACES_HG_SETTINGS_H
#define RC_FACES_HG_SETTINGS_H

#include "faces/directive.h"

typedef struct rc_face_hg_settings_t {
    bool on;
    apr_interval_time_t timeout; /* of one program */
    apr_off_t push_max;          /* bytes of one push; 0 = no limit */
    apr_off_t memory;            /* bytes of each program; 0 = no limit */
} rc_face_hg_settings_t;

extern const rc_directives_t rc_face_hg_directives;

#endif
