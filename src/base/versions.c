// SPDX-License-Identifier: Apache-2.0
/*
 * Holds the list of versions. Each module that uses a library adds its version, once per process.
 */
#include "base/versions.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define LIMIT 16

static rc_version_t parts[LIMIT + 1];

void rc_version_add(const char *name, const char *version)
{
    int at = 0, end = 0;

    while (parts[end].name)
        if (!strcmp(parts[end++].name, name))
            return;
    if (end == LIMIT)
        return;
    while (at < end && strcasecmp(parts[at].name, name) < 0)
        at++;
    memmove(&parts[at + 1], &parts[at], (size_t)(end - at) * sizeof(*parts));
    parts[at] = (rc_version_t){name, version};
}

const rc_version_t *rc_versions(void)
{
    return parts;
}
