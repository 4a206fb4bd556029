// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps one table of places of files (memo.c) per repository and process, as share.c keeps branches
 * and tags. It ends when the packs or the directory of the repository are others: a damaged object
 * may be replaced by a good one.
 */
#include "share.h"

#include <stdlib.h>
#include <string.h>

#include "memo.h"
#include "table.h"
#include "base/hex.h"

#define PATH_MOST 512 /* a longer path is not remembered */

bool rc_git_recall(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool)
{
    rc_git_shared_t *shared = ((rc_git_t *)vcs->repo)->shared;
    const rc_git_place_t *place = NULL;
    git_oid commit;

    if (!rc_git_hex(&commit, id))
        return false;
    rc_git_share_lock();
    if (shared->memo)
        place = rc_git_memo_find(shared->memo, &commit, entry->path);
    if (place) {
        entry->kind = place->kind;
        entry->id = rc_hex_text(place->id.id, RC_GIT_RAW, pool);
        entry->size = place->size;
    }
    rc_git_share_unlock();
    return place != NULL;
}

static void keep_place(rc_git_shared_t *shared, rc_git_place_t *place)
{
    rc_git_share_lock();
    if (!shared->memo)
        shared->memo = rc_git_memo_make();
    if (shared->memo)
        rc_git_memo_keep(shared->memo, place);
    else
        free(place);
    rc_git_share_weigh(shared);
    rc_git_share_unlock();
}

void rc_git_remember(rc_vcs_t *vcs, const char *id, const rc_entry_t *entry)
{
    apr_size_t len = strlen(entry->path) + 1;
    rc_git_place_t *place = len <= PATH_MOST ? calloc(1, sizeof(*place) + len) : NULL;

    if (!place)
        return;
    place->kind = entry->kind;
    place->size = entry->size;
    memcpy(place->path, entry->path, len);
    if (rc_git_hex(&place->commit, id) && rc_git_hex(&place->id, entry->id))
        keep_place(((rc_git_t *)vcs->repo)->shared, place);
    else
        free(place);
}

void rc_git_memo_drop(rc_git_shared_t *shared)
{
    rc_git_memo_t *memo;

    rc_git_share_lock();
    memo = shared->memo;
    shared->memo = NULL;
    rc_git_share_weigh(shared);
    rc_git_share_unlock();
    rc_git_memo_free(memo);
}
