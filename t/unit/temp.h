// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the temporary directories of unit tests.
 */
#ifndef TEMP_H
#define TEMP_H

#include <stdlib.h>

#include <apr_strings.h>

/* Creates a directory in $TMPDIR, else in /tmp, which the caller removes; NULL: failed. t/10-unit.t
 * sets TMPDIR to a directory of its own, mostly in memory, and tests that it is empty afterwards.
 */
static char *temp_dir(apr_pool_t *pool)
{
    const char *top = getenv("TMPDIR");

    return mkdtemp(apr_pstrcat(pool, top ? top : "/tmp", "/rcapi-XXXXXX", NULL));
}

#endif
