// SPDX-License-Identifier: Apache-2.0
/*
 * A list of the libraries and programs that this server uses, with their versions.
 */
#ifndef RC_BASE_VERSIONS_H
#define RC_BASE_VERSIONS_H

typedef struct rc_version_t {
    const char *name, *version;
} rc_version_t;

/** Returns all entries, sorted by name without case, ended by an entry without a name. */
const rc_version_t *rc_versions(void);

/** Adds one entry; a name that exists is ignored. To be called before threads start. The texts are
 * not copied: both must live as long as the process. */
void rc_version_add(const char *name, const char *version);

#endif
