// SPDX-License-Identifier: Apache-2.0
/*
 * Recognises why git upload-pack rejects a request. git prints most of these reasons where only the
 * server's log has them, and the client gets an answer that is cut off. Other texts of git may tell
 * of the repository or the machine, and are not for clients.
 */
#include "wire.h"

#include <string.h>

#include <apr_strings.h>

#include "vcs/pkt_line.h"

#define FATAL   "fatal: "
#define PROGRAM "git upload-pack: "
#define LONGEST 500 /* bytes of a text that are passed on */

/* Parts of the texts of git 2.39. "not our ref" is missing: clients get that from git. A text that
 * another version of git has in place of one of these makes the answer a failure of the server. */
static const char *const reasons[] = {
    /* commands of version 2 */
    "no command requested",
    "invalid command '",
    "' requested after already requesting command '",
    "unknown capability '",
    "mismatched object format: ",
    "expected flush after ",
    /* arguments */
    "unexpected line: ",
    "protocol error, expected to get o",
    "expected SHA1 ",
    "invalid shallow line: ",
    "Invalid deepen",
    "ambiguous deepen-not: ",
    "deepen and deepen-since (or deepen-not) cannot be used together",
    "no commits selected for shallow requests",
    /* filters */
    "filtering capability not negotiated",
    "' not supported",
    "' is not a valid object type",
    "invalid filter-spec ",
    "sparse:path filters support has been dropped",
    "expected 'tree:<depth>'",
    "expected something after combine:",
    "must escape char in sub-filter-spec: ",
    "multiple filter-specs cannot be combined",
};

/* Returns what follows @a begin; all of the text when it does not begin with it. */
static const char *behind(const char *text, const char *begin)
{
    apr_size_t len = strlen(begin);

    return strncmp(text, begin, len) ? text : text + len;
}

/* Returns the last reason of git's in @a text, without a newline; NULL: there is none. */
static const char *last_reason(const char *text, apr_pool_t *pool)
{
    const char *p, *last = NULL;

    for (p = text; (p = strstr(p, FATAL)); p += strlen(FATAL))
        if (p == text || p[-1] == '\n')
            last = p + strlen(FATAL);
    if (!last)
        return NULL;
    last = behind(last, PROGRAM);
    return apr_pstrndup(pool, last, strcspn(last, "\n"));
}

const char *rc_wire_rejection(const char *text, apr_pool_t *pool)
{
    const char *reason = last_reason(text, pool);
    char head[RC_PKT_HEAD + 1] = "";
    apr_size_t i;

    for (i = 0; reason && i < sizeof(reasons) / sizeof(*reasons); i++)
        if (strstr(reason, reasons[i])) {
            reason = apr_psprintf(pool, "ERR upload-pack: %.*s", LONGEST, reason);
            rc_pkt_head(head, strlen(reason));
            return apr_pstrcat(pool, head, reason, NULL);
        }
    return NULL;
}
