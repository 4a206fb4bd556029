// SPDX-License-Identifier: Apache-2.0
/*
 * Reads which repository a part of a URL names.
 */
#include "domain/repo_url.h"

#include <string.h>

#include <apr_strings.h>

#include "base/hex.h"
#include "base/text.h"
#include "domain/repo.h"

#define ADMIN "_admin"

/* Reads the id from "_12" or "_12/anything"; false for any other text. */
static bool read_id(apr_int64_t *id, const char *name, apr_pool_t *pool)
{
    const char *digits;

    if (*name != '_')
        return false;
    digits = apr_pstrmemdup(pool, name + 1, strcspn(name + 1, "/"));
    return rc_text_digits(digits) && rc_text_int(id, digits);
}

bool rc_repo_url_read(rc_repo_url_t *url, const char *text, apr_size_t len, apr_pool_t *pool)
{
    const char *name = rc_hex_unescape(text, len, pool);
    apr_size_t first = strcspn(name, "/");

    *url = (rc_repo_url_t){NULL};
    if (!*name || !rc_repo_name_fits(name))
        return false;
    if (first == strlen(ADMIN) && !strncmp(name, ADMIN, first))
        return false;
    if (!read_id(&url->id, name, pool))
        url->name = name;
    return true;
}
