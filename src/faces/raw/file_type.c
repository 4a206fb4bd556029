// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the media type of a file by its name: in httpd's table, else in the module's own.
 */
#include "view.h"

#include <string.h>

#include <apr_strings.h>

#include "base/mime.h"
#include "base/text.h"

const char *rc_raw_file_type(const rc_view_call_t *call, const char *name)
{
    const rc_request_t *request = call->request;
    const char *ours = rc_mime_type(name), *type = NULL;

    if (ours && rc_mime_is_picture(ours)) /* httpd's table may name such a type differently */
        return ours;
    if (request->type_of)
        type = request->type_of(request->server, name, call->pool);
    if (!type)
        type = ours;
    if (!type || !strchr(type, '/'))
        return NULL;
    return rc_text_lower(apr_pstrmemdup(call->pool, type, strcspn(type, "; \t")), call->pool);
}
