// SPDX-License-Identifier: Apache-2.0
/* Fuzzes query strings: their parameters, and that the logged text contains no key. */
#include "fuzz.h"
#include "base/redact.h"
#include "base/query.h"
#include "faces/raw.h"

static void check_hidden(const char *shown, apr_pool_t *pool)
{
    const char *key = rc_query_first(shown, rc_face_raw.query_keys, pool);

    CHECK(!key || !strcmp(key, "***"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *query = apr_pstrmemdup(pool, (const char *)data, size);

    rc_query_parameter(query, "context", pool);
    check_hidden(rc_redact_query(query, pool), pool);
    if (!strpbrk(query, "? \t\r\n#")) { /* with these characters the URL begins or ends elsewhere */
        const char *shown = rc_redact(apr_pstrcat(pool, "/x?", query, NULL), pool);

        check_hidden(shown + 3, pool);
    }
    rc_redact(query, pool);
    rc_redact_path(query, pool);
    apr_pool_destroy(pool);
    return 0;
}
