// SPDX-License-Identifier: Apache-2.0
/*
 * Media types by file name, for answers of the API.
 */
#ifndef RC_BASE_MIME_H
#define RC_BASE_MIME_H

/** The media type that the end of @a name stands for; NULL when unknown. */
const char *rc_mime_type(const char *name);

#endif
