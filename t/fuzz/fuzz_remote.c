// SPDX-License-Identifier: Apache-2.0
/* Fuzzes the URL of a remote, which is parsed and shown without its password, and an IP entry. */
#include "fuzz.h"
#include "domain/auth.h"
#include "remote/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *url = apr_pstrmemdup(pool, (const char *)data, size), *first, *last, *masked;
    rc_remote_url_t *parsed;

    if (!rc_remote_parse(&parsed, url, pool))
        rc_remote_shown(parsed, pool);
    masked = rc_remote_mask(url, pool);
    CHECK(rc_remote_has_password(url, pool) || !strcmp(masked, url));
    CHECK(!strcmp(rc_remote_mask(masked, pool), masked));
    if (rc_auth_ip_valid(url, pool)) {
        rc_auth_ip_range(&first, &last, url, pool);
        CHECK(rc_auth_ip_valid(first, pool) && rc_auth_ip_valid(last, pool));
    }
    apr_pool_destroy(pool);
    return 0;
}
