// SPDX-License-Identifier: Apache-2.0
/* Fuzzes the file name in Content-Disposition: the result is one header value, in ASCII, with
 * closed quotes. */
#include "fuzz.h"
#include "faces/raw/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char start[] = "attachment; filename=\"";
    apr_pool_t *pool = fuzz_pool();
    const char *value = rc_raw_attachment(apr_pstrmemdup(pool, (const char *)data, size), pool);
    const char *at;

    CHECK(!strncmp(value, start, strlen(start)));
    for (at = value; *at; at++)
        CHECK((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f);
    for (at = value + strlen(start); *at != '"'; at += 1 + (*at == '\\'))
        CHECK(at[0] && (at[0] != '\\' || at[1]));
    CHECK(!at[1] || !strncmp(at + 1, "; filename*=UTF-8''", 19));
    CHECK(!strchr(at + 1, '"'));
    apr_pool_destroy(pool);
    return 0;
}
