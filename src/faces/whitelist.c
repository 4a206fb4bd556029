// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and checks the whitelist of views that API keys open: shell patterns for Controller:action
 * (contract 03 §2), in the syntax of RhodeCode's .ini file or of lists in httpd.
 */
#include "faces/whitelist.h"

#include <string.h>
#include <strings.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>

#define SEPARATORS ", \t\r\n\"'"

/* True for a lone backslash, which continued a line where the list was copied from; ignored. */
static bool is_continuation(const char *entry)
{
    return !strcmp(entry, "\\");
}

/* True when each "[" of a pattern has its "]". */
static bool brackets_close(const char *entry)
{
    while ((entry = strchr(entry, '['))) {
        entry += 1 + (entry[1] == '!' || entry[1] == '^');
        if (!*entry || !(entry = strchr(entry + 1, ']'))) /* "]" at the first place is itself */
            return false;
    }
    return true;
}

static const char *check(const char *entry, apr_pool_t *pool)
{
    const char *p;

    for (p = entry; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("/\\()=", *p))
            return apr_psprintf(pool, "entry '%s' holds a character that no view has", entry);
    if (!brackets_close(entry))
        return apr_psprintf(pool, "entry '%s' has a '[' without ']'", entry);
    if (!strchr(entry, ':') && !strpbrk(entry, "*?["))
        return apr_psprintf(pool, "entry '%s' is not of the form Controller:action", entry);
    return NULL;
}

const char *rc_whitelist_add(apr_array_header_t *list, const char *text, apr_pool_t *pool)
{
    const char *wrong;

    for (;;) {
        char *entry;

        text += strspn(text, SEPARATORS);
        if (!*text)
            return NULL;
        entry = apr_pstrmemdup(pool, text, strcspn(text, SEPARATORS));
        text += strlen(entry);
        if (is_continuation(entry))
            continue;
        if (!strcasecmp(entry, "None")) {
            list->nelts = 0;
            continue;
        }
        if ((wrong = check(entry, pool)))
            return wrong;
        APR_ARRAY_PUSH(list, const char *) = entry;
    }
}

bool rc_whitelist_fits(const char *entry, const char *action)
{
    return apr_fnmatch(entry, action, APR_FNM_NOESCAPE) == APR_SUCCESS;
}

bool rc_whitelist_has(const apr_array_header_t *list, const char *action)
{
    int i;

    for (i = 0; list && i < list->nelts; i++)
        if (rc_whitelist_fits(APR_ARRAY_IDX(list, i, const char *), action))
            return true;
    return false;
}
