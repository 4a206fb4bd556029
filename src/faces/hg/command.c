// SPDX-License-Identifier: Apache-2.0
/*
 * The table of Mercurial's commands. hg's program holds it, too: for those that only read, it gets
 * no right to write, whatever their arguments are (`batch` holds other commands).
 */
#include "command.h"

#include <string.h>

#include "base/query.h"

static const rc_face_hg_command_t commands[] = {
    {"batch", RC_FACE_HG_ASK},
    {"between", RC_FACE_HG_ASK},
    {"branches", RC_FACE_HG_ASK},
    {"branchmap", RC_FACE_HG_ASK},
    {"capabilities", RC_FACE_HG_ASK},
    {"changegroup", RC_FACE_HG_PULL},
    {"changegroupsubset", RC_FACE_HG_PULL},
    {"clonebundles", RC_FACE_HG_ASK},
    {"getbundle", RC_FACE_HG_PULL},
    {"heads", RC_FACE_HG_ASK},
    {"hello", RC_FACE_HG_ASK},
    {"known", RC_FACE_HG_ASK},
    {"listkeys", RC_FACE_HG_LIST},
    {"lookup", RC_FACE_HG_ASK},
    {"protocaps", RC_FACE_HG_ASK},
    {"pushkey", RC_FACE_HG_PUSH},
    {"stream_out", RC_FACE_HG_PULL},
    {"unbundle", RC_FACE_HG_PUSH},
};
static const rc_face_hg_command_t unknown = {NULL, RC_FACE_HG_UNKNOWN};

const rc_face_hg_command_t *rc_face_hg_command(const char *query, apr_pool_t *pool)
{
    const char *name = rc_query_parameter(query, "cmd", pool);
    apr_size_t i;

    for (i = 0; name && i < sizeof(commands) / sizeof(*commands); i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return name ? &unknown : NULL;
}
