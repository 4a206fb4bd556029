// SPDX-License-Identifier: Apache-2.0
/*
 * Reads how many lines of context a diff shall have.
 */
#include "view.h"

#include "base/text.h"

#define DEFAULT_CONTEXT 3 /* lines */
#define MAX_CONTEXT     100000

int rc_raw_context_lines(const char *text)
{
    apr_int64_t lines;

    if (!text || !rc_text_int(&lines, text) || lines < 0)
        return DEFAULT_CONTEXT;
    return (int)(lines < MAX_CONTEXT ? lines : MAX_CONTEXT);
}
