// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes the header lines of a patch: name, address and title come from a commit that any client
 * can push. No text may start a header line of its own.
 */
#include "fuzz.h"
#include "base/mail.h"

/* Checks one header: lines after the first are continuations, and no line has a byte that mail
 * forbids. */
static void check_header(const char *header, const char *name)
{
    CHECK(!strncmp(header, name, strlen(name)));
    for (; *header; header++)
        CHECK(*header != '\n' || !header[1] || header[1] == ' ');
    CHECK(header[-1] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *name = fuzz_line(&data, &size, pool), *mail = fuzz_line(&data, &size, pool);
    const char *title = fuzz_line(&data, &size, pool);
    apr_uint64_t seconds = 0;

    check_header(rc_mail_from(name, mail, pool), "From: ");
    check_header(rc_mail_subject("[PATCH 1/2]", title, pool), "Subject: ");
    memcpy(&seconds, name, strlen(name) < sizeof(seconds) ? strlen(name) : sizeof(seconds));
    check_header(rc_mail_date(seconds, (int)strlen(title) * (*mail & 1 ? -1 : 1), pool), "Date: ");
    apr_pool_destroy(pool);
    return 0;
}
