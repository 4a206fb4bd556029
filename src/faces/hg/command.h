// SPDX-License-Identifier: Apache-2.0
/*
 * The commands of Mercurial's protocol, which the parameter cmd of a URL names: what each of them
 * may do to a repository (contract 08 §7).
 */
#ifndef RC_FACES_HG_COMMAND_H
#define RC_FACES_HG_COMMAND_H

#include <apr_pools.h>

typedef enum {
    RC_FACE_HG_ASK,    /* reads what pulls and pushes begin with */
    RC_FACE_HG_LIST,   /* the same; locks do not refuse it */
    RC_FACE_HG_PULL,   /* reads changesets */
    RC_FACE_HG_PUSH,   /* writes */
    RC_FACE_HG_UNKNOWN /* is not served */
} rc_face_hg_kind_t;

typedef struct rc_face_hg_command_t {
    const char *name;
    rc_face_hg_kind_t kind;
} rc_face_hg_command_t;

/** Returns the command that @a query (not decoded, or NULL) names; of an unknown one, a row without
 * a name; NULL when it has no parameter cmd. */
const rc_face_hg_command_t *rc_face_hg_command(const char *query, apr_pool_t *pool);

#endif
