// SPDX-License-Identifier: Apache-2.0
/*
 * Asks the remote what it is, and decides whether it continues what was fetched before.
 */
#include "fetch.h"

#include <string.h>

#include <apr_strings.h>

#include <svn_path.h>
#include <svn_props.h>

#include "base/text.h"

/* Returns what follows @a name at the beginning of a line of @a text, in @a pool; NULL when no line
 * begins so. */
static const char *line_of(const char *text, const char *name, apr_pool_t *pool)
{
    apr_size_t len = strlen(name);

    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        if (!strncmp(text, name, len))
            return apr_pstrmemdup(pool, text + len, strcspn(text + len, "\n"));
    return NULL;
}

/* Escaped, so that it is not taken for the end of a user. */
static const char *without_at(const char *url, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 3 * strlen(url) + 1), *to = out;

    for (; *url; url++)
        if (*url == '@')
            to = apr_cpystrn(to, "%40", 4);
        else
            *to++ = *url;
    *to = '\0';
    return out;
}

static const char *target_of(const rc_remote_url_t *url, apr_pool_t *pool)
{
    bool http = strncmp(url->scheme, "http", 4) == 0;
    const char *port = url->port ? apr_psprintf(pool, ":%d", url->port) : "", *host;

    if (!url->host) /* it may be a path in place of a URL */
        return apr_pstrcat(pool, "file://", without_at(svn_path_uri_encode(url->plain, pool), pool),
                           NULL);
    host = http ? url->host : APR_ARRAY_IDX(url->addresses, 0, const char *);
    return apr_pstrcat(pool, url->scheme, "://", rc_remote_bracketed(host, pool), port,
                       without_at(url->path, pool), NULL);
}

/* Sets the target to the root of the repository, where the server may have redirected to. */
static rc_err_t *set_root(rc_svn_fetch_t *fetch, const char *root)
{
    const char *shown = rc_remote_shown(fetch->url, fetch->pool);
    rc_remote_url_t *to;

    RC_TRY(rc_remote_parse(&to, without_at(root, fetch->pool), fetch->pool));
    if (fetch->proxy && !rc_remote_is_same_place(fetch->url, to))
        return rc_err_failed(fetch->pool,
                             "%s: redirects to another scheme, host or port: "
                             "not followed",
                             shown);
    fetch->target = without_at(root, fetch->pool);
    return NULL;
}

rc_err_t *rc_svn_ask_remote(rc_svn_fetch_t *fetch)
{
    /* svn info reads what follows the last @ as a revision; the other programs do not. */
    const char *asked = apr_pstrcat(fetch->pool, target_of(fetch->url, fetch->pool), "@", NULL);
    const char *const argv[] = {"svn", "info", asked, NULL};
    const char *answer, *root, *url, *revision;

    RC_TRY(rc_svn_program_ask(&answer, fetch, argv));
    url = line_of(answer, "URL: ", fetch->pool);
    root = line_of(answer, "Repository Root: ", fetch->pool);
    revision = line_of(answer, "Revision: ", fetch->pool);
    fetch->uuid = line_of(answer, "Repository UUID: ", fetch->pool);
    if (!url || !root || !fetch->uuid || !revision || !rc_text_digits(revision))
        return rc_err_failed(fetch->pool, "%s: svn info does not say what it is",
                             rc_remote_shown(fetch->url, fetch->pool));
    if (strcmp(url, root))
        return rc_err_failed(fetch->pool,
                             "%s is a folder of a repository: only whole ones are fetched",
                             rc_remote_shown(fetch->url, fetch->pool));
    fetch->head = (svn_revnum_t)apr_atoi64(revision);
    return set_root(fetch, root);
}

/* --- continuing --- */

static rc_err_t *read_date(const char **date, const rc_svn_fetch_t *fetch, svn_fs_t *fs)
{
    svn_string_t *value = NULL;

    RC_TRY(rc_svn_err(RC_SVN(svn_fs_revision_prop2(&value, fs, fetch->base, SVN_PROP_REVISION_DATE,
                                                   TRUE, fetch->scratch, fetch->scratch)),
                      fetch->pool, "cannot read the date of revision %ld", fetch->base));
    *date = value ? value->data : "";
    return NULL;
}

/*
 * The last revision here is another one than the last that was recorded: after a kill between the
 * two, or because a database or a repository was restored. It came from the remote when its date,
 * in microseconds, is the remote's: that of a commit here is the time when it was made.
 */
static rc_err_t *check_date(rc_svn_fetch_t *fetch, svn_fs_t *fs)
{
    const char *revision = apr_psprintf(fetch->pool, "%ld", fetch->base);
    const char *const argv[] = {"svn", "propget", "svn:date",    "--revprop", "--no-newline",
                                "-r",  revision,  fetch->target, NULL};
    const char *ours, *theirs;

    RC_TRY(read_date(&ours, fetch, fs));
    RC_TRY(rc_svn_program_ask(&theirs, fetch, argv));
    return *ours && !strcmp(ours, theirs)
               ? NULL
               : rc_err_failed(fetch->pool, "%s has revisions of its own", fetch->path);
}

rc_err_t *rc_svn_ask_continues(rc_svn_fetch_t *fetch, const rc_origin_t *origin, svn_fs_t *fs)
{
    const char *from = rc_remote_shown(fetch->url, fetch->pool);

    if (!fetch->base)
        return NULL;
    if (!origin->id)
        return rc_err_failed(fetch->pool, "%s has revisions, and was not fetched from a remote",
                             fetch->path);
    if (strcmp(origin->id, fetch->uuid))
        return rc_err_failed(fetch->pool, "%s is another repository now: UUID %s, before %s", from,
                             fetch->uuid, origin->id);
    if (fetch->head < fetch->base)
        return rc_err_failed(fetch->pool, "%s has %ld revisions, fewer than the %ld here", from,
                             fetch->head, fetch->base);
    return fetch->base == origin->count ? NULL : check_date(fetch, fs);
}
