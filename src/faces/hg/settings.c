// SPDX-License-Identifier: Apache-2.0
/*
 * The directives of Mercurial's URLs.
 */
#include "settings.h"

#define G ((apr_off_t)1 << 30)

static const rc_face_hg_settings_t defaults = {
    .on = true, .timeout = apr_time_from_sec(3600), .push_max = 2 * G, .memory = 2 * G};

/* clang-format off */
static const rc_directive_t rows[] = {
    {"RcapiHg", "whether hg can clone, pull from and push to repositories (default On)",
     RC_PLACE, RC_FLAG(rc_face_hg_settings_t, on)},
    {"RcapiHgTimeout", "most seconds that Mercurial may work for one request (default 3600)",
     RC_PLACE, RC_SECONDS(rc_face_hg_settings_t, timeout, 1, 86400)},
    {"RcapiHgMemory", "most bytes of memory of each process of Mercurial (default 2G); 0 = no limit",
     RC_PLACE, RC_SIZE(rc_face_hg_settings_t, memory, 0, APR_INT64_MAX)},
    {"RcapiHgPushMaxSize", "most bytes that one push by hg may send (default 2G); 0 = no limit",
     RC_PLACE, RC_SIZE(rc_face_hg_settings_t, push_max, 0, APR_INT64_MAX)},
};
/* clang-format on */

const rc_directives_t rc_face_hg_directives = RC_DIRECTIVES(rows, defaults);
