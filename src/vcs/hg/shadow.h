// SPDX-License-Identifier: Apache-2.0
/*
 * A shadow of a repository, in which hg writes; then it takes the repository's place by one rename.
 * So a write happens as a whole or not at all, whenever a process is killed.
 */
#ifndef RC_VCS_HG_SHADOW_H
#define RC_VCS_HG_SHADOW_H

#include "lock.h"

typedef struct rc_hg_shadow_t {
    const char *path;        /* of the repository */
    const char *copy;        /* of the shadow */
    rc_hg_layout_t layout;   /* of the repository */
    const char *fingerprint; /* of its files when the shadow was made */
    rc_work_t *work;         /* limits of waiting for hg; or NULL */
    apr_pool_t *pool;        /* errors live in it */
} rc_hg_shadow_t;

/** Makes a shadow of the repository at @a path in the directory @a dir, in @a pool. The two share
 * all files; hg replaces a shared file before it writes to it. RC_E_FAILED when hg holds its locks
 * for too long, or the repository has a requirement that is not supported. */
rc_err_t *rc_hg_shadow_make(rc_hg_shadow_t **shadow, const char *path, const char *dir,
                            rc_work_t *work, apr_pool_t *pool);

/** Exchanges shadow and repository, durably. RC_E_FAILED when somebody has written to the
 * repository meanwhile, or the shadow has got a requirement that is not supported. */
rc_err_t *rc_hg_shadow_publish(const rc_hg_shadow_t *shadow);

#endif
