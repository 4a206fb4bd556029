// SPDX-License-Identifier: Apache-2.0
/*
 * Finds media types by file name.
 */
#ifndef RC_BASE_MIME_H
#define RC_BASE_MIME_H

#include <stdbool.h>

/** Returns the media type for the extension of @a name, a static text; NULL when unknown. */
const char *rc_mime_type(const char *name);

/** Returns whether @a type, in lower case and without parameters, is one of the pictures that a
 * browser may show. No other type of a repository's file is sent inline under its own name. */
bool rc_mime_is_picture(const char *type);

#endif
