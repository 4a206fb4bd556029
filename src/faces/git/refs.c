// SPDX-License-Identifier: Apache-2.0
/*
 * Answers GET info/refs: the references of a repository, or (version 2) what its service can do.
 */
#include "call.h"

#include <apr_strings.h>

#include "domain/repo.h"
#include "vcs/pkt_line.h"

/* Writes the line before the advertisement. Version 2 has it as well: git's own server sends it,
 * and git accepts both. */
static rc_err_t *write_service(const rc_face_git_call_t *call)
{
    rc_spool_t *out = call->answer->spool;

    RC_TRY(rc_pkt_puts(out, apr_pstrcat(call->pool, "# service=",
                                        rc_wire_service_name(call->service), "\n", NULL)));
    return rc_pkt_mark(out, RC_PKT_FLUSH);
}

rc_err_t *rc_face_git_refs(rc_face_git_call_t *call)
{
    rc_answer_t *answer = call->answer;
    int version = call->service == RC_RECEIVE_PACK && call->version == 2 ? 0 : call->version;
    rc_vcs_t *vcs;

    rc_actor_close(&call->actor);
    rc_face_git_headers(call, "advertisement");
    RC_TRY(rc_repo_open(&vcs, call->request->env, call->repo, &call->actor.work, call->pool));
    if (version < 2)
        RC_TRY(write_service(call));
    return rc_wire_advertise(answer->spool, vcs, call->service, version,
                             call->request->env->work_dir, call->pool);
}
