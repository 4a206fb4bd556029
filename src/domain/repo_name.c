// SPDX-License-Identifier: Apache-2.0
/*
 * Splits and checks names of repositories and groups.
 */
#include "domain/repo.h"

#include <ctype.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

#define PART_LIMIT 255 /* bytes of a file name */

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

/* True for the names that deleted repositories and groups get (contract 02 delete_repo, 02 §10). */
static bool is_removed(const char *part)
{
    static const char form[] = "rm__dddddddd_dddddd_dddddd";
    int i;

    for (i = 0; form[i]; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)part[i]) : part[i] != form[i])
            return false;
    return !strncmp(part + i, RC_REMOVED_REPO, strlen(RC_REMOVED_REPO)) ||
           !strncmp(part + i, RC_REMOVED_GROUP, strlen(RC_REMOVED_GROUP));
}

const char *rc_repo_name_removed(const char *infix, const char *last, apr_pool_t *pool)
{
    apr_time_exp_t now;
    apr_size_t len;
    char *name;

    apr_time_exp_lt(&now, apr_time_now());
    name = apr_psprintf(pool, "rm__%04d%02d%02d_%02d%02d%02d_%06d%s%s", now.tm_year + 1900,
                        now.tm_mon + 1, now.tm_mday, now.tm_hour, now.tm_min, now.tm_sec,
                        now.tm_usec, infix, last);
    if ((len = strlen(name)) > PART_LIMIT) {
        for (len = PART_LIMIT; (name[len] & 0xc0) == 0x80; len--)
            ; /* do not cut inside of a character */
        name[len] = '\0';
    }
    return name;
}

bool rc_repo_part_usable(const char *part)
{
    return *part && *part != '.' && *part != '/' && !is_removed(part);
}

bool rc_repo_name_fits(const char *name)
{
    return rc_text_characters(name) <= RC_REPO_NAME_MAX;
}

/* Returns what is wrong with a part of the name, or NULL. */
static const char *part_problem(const char *name)
{
    const char *part;

    for (part = name;; part++) {
        if (!rc_repo_part_usable(part))
            return "has a part that is hidden or reserved";
        if (strcspn(part, "/") > PART_LIMIT)
            return "has a part that is longer than 255 bytes";
        if (!(part = strchr(part, '/')))
            return NULL;
    }
}

const char *rc_repo_name_problem(const char *name)
{
    if (!*name)
        return "is empty";
    if (!rc_repo_name_fits(name))
        return "is longer than 255 characters";
    if (*name == '_')
        return "begins with _, which is reserved";
    if (rc_text_has_control(name))
        return "holds a control character";
    if (!rc_utf8_valid(name, strlen(name)))
        return "is not UTF-8";
    if (strpbrk(name, "\\:<>"))
        return "holds one of \\ : < >";
    if (rc_text_digits(name))
        return "is all digits, like an id";
    return part_problem(name);
}

rc_err_t *rc_repo_name_check(const char *name, apr_pool_t *pool)
{
    const char *problem = rc_repo_name_problem(name);

    return problem ? rc_err_failed(pool, "the name %s", problem) : NULL;
}
