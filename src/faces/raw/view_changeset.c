// SPDX-License-Identifier: Apache-2.0
/*
 * The views changeset_raw, changeset_download and changeset_patch: send commits as diffs or as
 * mails (contract 03 §4).
 */
#include "changeset.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"

#define NAME_LEN 12 /* characters of the revision in the name of a download */

/* Finds the commits that the URL names and keeps them as the state of the call. */
static rc_err_t *keep_changeset(rc_view_call_t *call, const char *what, bool patch)
{
    rc_raw_changeset_t *set;

    RC_TRY(rc_raw_changeset_find(&set, call, what, patch));
    call->state = set;
    return NULL;
}

rc_err_t *rc_raw_changeset_raw_prepare(rc_view_call_t *call)
{
    return keep_changeset(call, "raw", false);
}

/* Returns the first characters of the revision, with "_" for those that are unsafe in a file name.
 */
static const char *short_name(const char *rev, apr_pool_t *pool)
{
    char *name = apr_palloc(pool, NAME_LEN + 1);
    const char *end = rev + strlen(rev);
    int i;

    for (i = 0; i < NAME_LEN && rev < end; i++) {
        int n = rc_utf8_length(rev, end);

        name[i] = n == 1 && (apr_isalnum(*rev) || strchr("._-", *rev)) ? *rev : '_';
        rev += n ? n : 1;
    }
    name[i] = '\0';
    return name;
}

rc_err_t *rc_raw_changeset_download_prepare(rc_view_call_t *call)
{
    RC_TRY(keep_changeset(call, "download", false));
    if (call->state)
        call->disposition = apr_pstrcat(
            call->pool, "attachment; filename=", short_name(call->rev, call->pool), ".diff", NULL);
    return NULL;
}

rc_err_t *rc_raw_changeset_patch_prepare(rc_view_call_t *call)
{
    return keep_changeset(call, "patch", true);
}

static rc_err_t *write_diff(rc_view_call_t *call, const rc_raw_changeset_t *set, const char *id,
                            apr_int64_t number, rc_spool_t *spool, apr_pool_t *scratch)
{
    (void)number;
    return rc_vcs_diff(spool, call->vcs, id, &set->diff, scratch);
}

rc_err_t *rc_raw_changeset_diff_write(rc_view_call_t *call, rc_spool_t *spool)
{
    return rc_raw_changeset_each(call, call->state, write_diff, spool);
}

static rc_err_t *write_mail(rc_view_call_t *call, const rc_raw_changeset_t *set, const char *id,
                            apr_int64_t number, rc_spool_t *spool, apr_pool_t *scratch)
{
    rc_mail_t mail = {set->diff, number, set->count > 1 ? set->count : 0};

    return rc_vcs_mail(spool, call->vcs, id, &mail, scratch);
}

rc_err_t *rc_raw_changeset_patch_write(rc_view_call_t *call, rc_spool_t *spool)
{
    return rc_raw_changeset_each(call, call->state, write_mail, spool);
}
