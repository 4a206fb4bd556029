// SPDX-License-Identifier: Apache-2.0
/*
 * Makes, holds and frees snapshots of all references.
 */
#include "wire.h"

rc_git_wire_t *rc_git_wire_make(const char *git_dir)
{
    rc_git_wire_t *wire;
    apr_pool_t *own;

    if (apr_pool_create_unmanaged_ex(&own, NULL, NULL) != APR_SUCCESS)
        return NULL;
    apr_pool_tag(own, "rc_git_wire");
    wire = apr_pcalloc(own, sizeof(*wire));
    wire->pool = own;
    wire->users = 1;
    wire->watched = rc_stamps_create(git_dir, own);
    wire->shallow = apr_array_make(own, 1, sizeof(git_oid));
    return wire;
}

rc_git_wire_t *rc_git_wire_hold(rc_git_wire_t *wire)
{
    if (wire)
        __atomic_add_fetch(&wire->users, 1, __ATOMIC_RELAXED);
    return wire;
}

void rc_git_wire_free(rc_git_wire_t *wire)
{
    if (wire && __atomic_sub_fetch(&wire->users, 1, __ATOMIC_ACQ_REL) == 0)
        apr_pool_destroy(wire->pool);
}

apr_size_t rc_git_wire_weight(const rc_git_wire_t *wire)
{
    const rc_git_said_t *end = &wire->refs[wire->count];

    return RC_GIT_POOL + ((apr_size_t)wire->count + 1) * sizeof(*end) + end->v0 + end->v2 +
           (apr_size_t)wire->shallow->nelts * sizeof(git_oid);
}
