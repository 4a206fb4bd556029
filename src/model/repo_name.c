// SPDX-License-Identifier: Apache-2.0
/*
 * Names of repositories and groups: cleaning, parts, and which are usable.
 */
#include "rc_repo_model.h"

#include <ctype.h>
#include <string.h>

#include <apr_strings.h>

#include "rc_text.h"

#define NAME_LIMIT 255

const char *rc_repo_name_clean(const char *name, apr_pool_t *pool)
{
    char *clean = apr_palloc(pool, strlen(name) + 1), *out = clean;
    const char *p = name;

    while (*p) {
        if (*p == '/') {
            p++;
            continue;
        }
        if (out > clean)
            *out++ = '/';
        while (*p && *p != '/')
            *out++ = *p++;
    }
    *out = '\0';
    return clean;
}

const char *rc_repo_name_parent(const char *name, apr_pool_t *pool)
{
    const char *slash = strrchr(name, '/');

    return slash ? apr_pstrmemdup(pool, name, (apr_size_t)(slash - name)) : NULL;
}

const char *rc_repo_name_last(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

/* The names that deleted repositories get: rm__<8 digits>_<6 digits>_<6 digits>__... */
static bool is_removed(const char *part)
{
    static const char form[] = "rm__dddddddd_dddddd_dddddd__";
    int i;

    for (i = 0; form[i]; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)part[i]) : part[i] != form[i])
            return false;
    return true;
}

bool rc_repo_part_usable(const char *part)
{
    return *part && *part != '.' && *part != '/' && !is_removed(part);
}

bool rc_repo_name_usable(const char *name)
{
    const char *part = name;

    if (!*name || strlen(name) > NAME_LIMIT || *name == '_')
        return false;
    if (rc_text_has_control(name) || strpbrk(name, "\\:<>") || rc_text_digits(name))
        return false;
    for (;; part++) {
        if (!rc_repo_part_usable(part))
            return false;
        if (!(part = strchr(part, '/')))
            return true;
    }
}
