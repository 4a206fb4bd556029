// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the text of a file with a number and an anchor for each line.
 */
#include "files.h"

#include <string.h>

static void put_numbered(rc_html_t *html, const char *text, apr_size_t len)
{
    const char *end = text + len;
    int line = 0;

    rc_html_put(html, "<table class=code>\n<colgroup><col class=n><col>\n");
    while (text < end && !html->err) {
        const char *feed = memchr(text, '\n', (apr_size_t)(end - text));
        const char *stop = feed ? feed : end;

        line++;
        rc_html_put(html, "<tr id=L%d><th><a href=\"#L%d\">%d</a><td>", line, line, line);
        rc_html_text(html, text, (apr_size_t)(stop - text));
        rc_html_put(html, "\n");
        text = stop + 1;
    }
    rc_html_put(html, "</table>\n");
}

rc_err_t *rc_page_text(bool *shown, rc_html_t *html, rc_view_call_t *call, const rc_entry_t *entry)
{
    rc_spool_t *spool = rc_spool_create(call->env->config->temp_dir, call->pool);
    const char *text;
    bool binary;

    *shown = false;
    RC_TRY(rc_vcs_content(spool, call->vcs, entry));
    RC_TRY(rc_spool_has_nul(&binary, spool));
    if (binary)
        return NULL;
    *shown = true;
    if (!rc_spool_size(spool)) {
        rc_html_put(html, "<p>This file is empty.</p>\n");
        return html->err;
    }
    RC_TRY(rc_spool_view(&text, spool, call->pool));
    put_numbered(html, text, (apr_size_t)rc_spool_size(spool));
    return html->err;
}
