// SPDX-License-Identifier: Apache-2.0
/*
 * The settings of git's URLs, and the limit of what runs at once.
 */
#ifndef RC_FACES_GIT_SETTINGS_H
#define RC_FACES_GIT_SETTINGS_H

#include "faces/directive.h"

typedef struct rc_face_git_settings_t {
    bool on;
    apr_interval_time_t timeout; /* of one git program */
    apr_off_t push_max;          /* bytes of one pack; 0 = no limit */
    apr_off_t memory;            /* bytes of each git process; 0 = no limit */
} rc_face_git_settings_t;

extern const rc_directives_t rc_face_git_directives;

#endif
