// SPDX-License-Identifier: Apache-2.0
/*
 * Results of calls, and parts of them, that are kept in memory (db/memory.h) while they hold.
 */
#ifndef RC_FACES_API_KEPT_H
#define RC_FACES_API_KEPT_H

#include "method.h"

/** Writes a result. */
typedef rc_err_t *rc_call_render_t(rc_json_t *out, rc_call_t *call, const void *baton);

/**
 * Looks for the result of a call whose caller is known, in call->kept: what was written to the same
 * question of the same caller, since when neither what it has read nor the repository has changed.
 * So the rights are those that the caller still has.
 */
rc_err_t *rc_call_recall(rc_call_t *call);

/**
 * Writes the result of a method with RC_RESULTS, which @a render writes from @a repo, a current
 * row, and keeps it when it is asked for again, with sealed keys; one with another secret never. @a
 * render reads nothing but the database, the call and the row. Returns RC_E_MISS for a call without
 * a connection when a part is not in memory; then nothing is written.
 */
rc_err_t *rc_call_keep(rc_json_t *out, rc_call_t *call, rc_call_render_t *render,
                       const rc_repo_t *repo);

/**
 * Returns in *@a text the JSON that @a render writes, or has written for any caller since when
 * nothing that it has read has changed: for a part of results that is the same for all who may see
 * it, and has no secret. @a render reads nothing but the database and what @a key names.
 */
rc_err_t *rc_call_keep_part(rc_bytes_t *text, rc_call_t *call, const rc_memory_key_t *key,
                            rc_call_render_t *render, const void *baton);

#endif
