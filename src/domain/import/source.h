// SPDX-License-Identifier: Apache-2.0
/*
 * Recognises the source of an import. Private to src/domain/import.
 */
#ifndef RC_DOMAIN_IMPORT_SOURCE_H
#define RC_DOMAIN_IMPORT_SOURCE_H

#include "import.h"

/** Checks program and version of the source, sets the rule, and reads the names of permissions. */
rc_err_t *rc_import_read_source(rc_importing_t *the);

#endif
