// SPDX-License-Identifier: Apache-2.0
/*
 * Finds media types by file name, for answers of the API.
 */
#ifndef RC_BASE_MIME_H
#define RC_BASE_MIME_H

/** Returns the media type for the extension of @a name, a static text; NULL when unknown. */
const char *rc_mime_type(const char *name);

#endif
