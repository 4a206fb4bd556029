// SPDX-License-Identifier: Apache-2.0
/*
 * What this server is made of, and in which versions.
 */
#ifndef RC_BASE_VERSIONS_H
#define RC_BASE_VERSIONS_H

typedef struct rc_version_t {
    const char *name, *version;
} rc_version_t;

/** All parts, sorted by name without case, ended by a row without a name. */
const rc_version_t *rc_versions(void);

/** Notes the version of one part; before threads start. Both texts must live for ever. */
void rc_version_add(const char *name, const char *version);

#endif
