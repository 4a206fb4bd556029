// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the diff of a commit into its feed entry (contract 03 §7: rss_include_diff and
 * rss_cut_off_limit). The cost of one diff is limited for every commit: the text is cut at a limit,
 * and reading stops at another one.
 */
#include "feed.h"

#include <string.h>

#include <apr_strings.h>

#define CONTEXT     3
#define MOST_READ   ((apr_off_t)1 << 20) /* bytes of contents, for one diff */
#define MOST_LOOKED 2000                 /* files and directories */

/* Runs rc_vcs_diff within the limits above, and charges its work to that of the whole answer. */
static rc_err_t *make_diff(rc_spool_t *spool, rc_view_call_t *call, const char *id,
                           apr_pool_t *scratch)
{
    const rc_diff_options_t options = {.context = CONTEXT};
    rc_work_t *work = &call->actor.work;
    apr_off_t bytes = work->bytes < MOST_READ ? work->bytes : MOST_READ;
    apr_int64_t entries = work->entries < MOST_LOOKED ? work->entries : MOST_LOOKED;
    apr_off_t bytes_left = work->bytes - bytes;
    apr_int64_t entries_left = work->entries - entries;
    rc_err_t *err;

    work->bytes = bytes;
    work->entries = entries;
    err = rc_vcs_diff(spool, call->vcs, id, &options, scratch);
    work->bytes += bytes_left;
    work->entries = (work->entries > 0 ? work->entries : 0) + entries_left;
    return err;
}

/* Cuts @a text after the last whole line in its first @a most bytes; returns false when it is not
 * longer. */
static bool cut(char *text, apr_size_t most)
{
    char *end;

    if (strlen(text) <= most)
        return false;
    text[most] = '\0';
    end = strrchr(text, '\n');
    *(end ? end + 1 : text) = '\0';
    return true;
}

rc_err_t *rc_feed_write_diff(rc_feed_t *feed, rc_view_call_t *call, const char *id,
                             apr_pool_t *scratch)
{
    rc_spool_t *spool = rc_spool_create(call->env->config->temp_dir, scratch);
    apr_size_t most = (apr_size_t)rc_raw_settings(call)->feed_diff_bytes;
    const char *data;
    char *text;
    bool is_cut, is_over;
    rc_err_t *err;

    rc_spool_set_limit(spool, (apr_off_t)most + RC_SPOOL_MEMORY);
    err = make_diff(spool, call, id, scratch);
    is_over = err && err->kind == RC_E_LIMIT;
    if (err && !is_over)
        return err;
    RC_TRY(rc_spool_view(&data, spool, scratch));
    text = apr_pstrmemdup(scratch, data, (apr_size_t)rc_spool_size(spool));
    is_cut = cut(text, most);
    rc_xml_text(&feed->xml, "\n\n");
    rc_xml_html_text(&feed->xml, text);
    if (is_cut || is_over)
        rc_xml_text(&feed->xml, "... the diff is too large to be shown whole");
    return feed->xml.err;
}
