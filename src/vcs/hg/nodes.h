// SPDX-License-Identifier: Apache-2.0
/*
 * Finds revisions by their node ids.
 */
#ifndef RC_VCS_HG_NODES_H
#define RC_VCS_HG_NODES_H

#include "revlog.h"

/* A table of the node ids of a revlog. */
typedef struct rc_hg_nodes_t rc_hg_nodes_t;

/** Creates the table of all revisions of @a log in @a pool. */
rc_hg_nodes_t *rc_hg_nodes_create(const rc_hg_revlog_t *log, apr_pool_t *pool);

/** Returns the revision with the id @a node; -1 when there is none. */
int rc_hg_nodes_find(const rc_hg_nodes_t *nodes, const unsigned char *node);

#endif
