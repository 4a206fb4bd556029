// SPDX-License-Identifier: Apache-2.0
/*
 * What pages of commits and of pull requests share: the type of a comment, and long lists of them.
 * A page shows the newest ones, or with `after` those before one of them, and links to the older
 * ones.
 */
#include "page.h"

#include <string.h>

#include "base/query.h"
#include "base/text.h"
#include "store/comment.h"

#define MOST 500

void rc_page_comment_type(rc_html_t *html, const char *type, apr_int64_t resolved_by)
{
    if (type && !strcmp(type, RC_COMMENT_TODO))
        rc_html_put(html, " <span class=ref>%s</span>", resolved_by ? "Done" : "To do");
}

rc_slice_t rc_page_comments_slice(const rc_view_call_t *call)
{
    const char *after = rc_query_parameter(call->request->query, "after", call->pool);
    rc_slice_t slice = {.most = MOST + 1};

    if (after && (!rc_text_int(&slice.after_id, after) || slice.after_id < 0))
        slice.after_id = 0;
    return slice;
}

bool rc_page_comments_cut(apr_array_header_t *comments)
{
    char *first = comments->elts;
    bool older = comments->nelts > MOST;

    if (older) {
        comments->nelts--;
        memmove(first, first + comments->elt_size,
                (size_t)comments->nelts * (size_t)comments->elt_size);
    }
    return older;
}

void rc_page_comments_pages(rc_html_t *html, const rc_view_call_t *call, const char *url,
                            apr_int64_t oldest)
{
    bool newest = !rc_page_comments_slice(call).after_id;

    if (newest && !oldest)
        return;
    rc_html_put(html, "<nav aria-label=Discussion><p>");
    if (!newest)
        rc_html_put(html, "<a href=\"%s#comments\">Newest comments</a> ", url);
    if (oldest)
        rc_html_put(
            html, "<a rel=next href=\"%s?after=%" APR_INT64_T_FMT "#comments\">Older comments</a>",
            url, oldest);
    rc_html_put(html, "</p></nav>\n");
}
