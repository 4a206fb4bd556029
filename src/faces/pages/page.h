// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what the pages share: the frame around each of them, their links, and the functions that
 * rows of their table name. A page is plain HTML with one style sheet and no script (contract 10
 * §3).
 */
#ifndef RC_FACES_PAGES_PAGE_H
#define RC_FACES_PAGES_PAGE_H

#include "base/html.h"
#include "faces/answer.h"
#include "faces/view.h"
#include "store/pull_request.h"
#include "store/slice.h"

/** The table of routes.c. */
extern const rc_view_table_t rc_page_views;
/** Those with words in their pattern: all but the repository's own URL. */
extern const rc_view_table_t rc_page_word_views;

/* style.c */

/** The style sheet of all pages. */
extern const char rc_page_style[];

/* console_script.c */

/** The script of the console. */
extern const char rc_page_script[];

/* page.c */

/* What the frame of a page shows. */
typedef struct rc_page_t {
    const rc_request_t *request;
    const char *user;      /* who is signed in; NULL: a visitor */
    const char *csrf;      /* of the session by which they are; NULL: by another way */
    const rc_repo_t *repo; /* whose page it is; NULL: of none */
    const char *title;
    const char *tab; /* the word of the tab that is shown as the current one; or NULL */
} rc_page_t;

/** Writes everything before the content of a page, and everything after it. */
void rc_page_begin(rc_html_t *html, const rc_page_t *page);
void rc_page_end(rc_html_t *html);

/** The same for the page of a view: @a title is about its repository, if it has one. */
void rc_page_open(rc_html_t *html, const rc_view_call_t *call, const char *title, const char *tab);

/** Returns @a path, where a client wants to go on to, if it is one of this server; else the list.
 */
const char *rc_page_back(const rc_request_t *request, const char *path);

/** Writes the login form; @a back is the path to which it leads, and @a message, if not NULL, says
 * what was wrong before. Sets the cookie that the form needs. */
rc_err_t *rc_page_login_form(rc_html_t *html, rc_answer_t *answer, const rc_request_t *request,
                             const char *back, const char *message);

/** Sets the headers of every page (contract 10 §6). */
void rc_page_headers(rc_answer_t *answer);

/** Returns the Content-Security-Policy of the page with rc_page_script. */
const char *rc_page_console_policy(void);

/** Computes the headers with the hashes of style sheet and script. Call it when the server starts.
 */
void rc_page_startup(void);

/** Sets the type of a view's answer, and its ETag: made of what all pages of the caller and the
 * repository depend on, and of @a content. */
void rc_page_validate(rc_view_call_t *call, const char *content);

/* link.c: URLs as paths of this server, in @a pool. They are escaped for URLs, not for HTML. */

/** Returns the URL of the mount: "" or "/rc". */
const char *rc_page_base(const rc_request_t *request, apr_pool_t *pool);

/** Returns @a text with everything escaped that is special in a URL; with @a path, slashes stay. */
const char *rc_page_escape(const char *text, bool path, apr_pool_t *pool);

/** Returns the URL of the list of the repositories in the group @a name and below it. */
const char *rc_page_group_link(const rc_request_t *request, const char *name, apr_pool_t *pool);

/** Returns the URL <mount>/<repo>[/<word>[/<rev>[/<path>]]] of the repository of @a call; the parts
 * may be NULL from one on. */
const char *rc_page_link(const rc_view_call_t *call, const char *word, const char *rev,
                         const char *path, apr_pool_t *pool);

/** Returns what links shall call the revision that the URL of @a call names: the same, or
 * @a id if it holds a slash, which many servers reject when it is escaped. */
const char *rc_page_rev(const rc_view_call_t *call, const char *id);

/* text.c */

/** Returns the first line of @a message that is not blank, cut to @a most characters, in @a pool.
 */
const char *rc_page_first_line(const char *message, apr_size_t most, apr_pool_t *pool);

/** Returns the name in "Name <mail>", in @a pool; the whole text if there is none. */
const char *rc_page_name(const char *author, apr_pool_t *pool);

/** Returns the description of a repository; "" for the one that it has by default, which is the
 * last part of its name and says nothing beside it. */
const char *rc_page_description(const rc_repo_t *repo);

/** Writes a moment (epoch seconds) as a date, or with the time of day, in UTC. */
void rc_page_date(rc_html_t *html, apr_int64_t time, apr_pool_t *scratch);
void rc_page_time(rc_html_t *html, apr_int64_t time, apr_pool_t *scratch);

/* refs.c */

/* A branch, bookmark or tag. */
typedef struct rc_page_ref_t {
    const char *name, *id;
    const char *rev; /* what URLs call it: the name, or the id where that would be another commit */
    apr_int64_t time;
    rc_refs_t kind;
} rc_page_ref_t;

/** Lists the references of a kind, newest first (rc_page_ref_t), in the call's pool. */
rc_err_t *rc_page_refs(apr_array_header_t **refs, rc_view_call_t *call, rc_refs_t kind);

/** Writes a table of at most @a most of these references; nothing if there are none. */
void rc_page_refs_table(rc_html_t *html, const rc_view_call_t *call, const char *title,
                        const apr_array_header_t *refs, int most);

/* commits.c */

/** Writes a table of the commits @a revs (rc_rev_t). */
rc_err_t *rc_page_commits_table(rc_html_t *html, rc_view_call_t *call,
                                const apr_array_header_t *revs);

/* comments.c: lists of comments, of which a page shows a part */

/** Writes whether a comment of @a type is to be done, or has been: another one resolves it. */
void rc_page_comment_type(rc_html_t *html, const char *type, apr_int64_t resolved_by);

/** Returns which comments the page shows and one more, the oldest, if there are older ones: after
 * an id in the order from the newest to the oldest. */
rc_slice_t rc_page_comments_slice(const rc_view_call_t *call);

/** Returns whether there are older comments than those of the page, and takes the first of
 * @a comments away then. */
bool rc_page_comments_cut(apr_array_header_t *comments);

/** Writes links to the pages of other comments of the page @a url. @a oldest: the id of the first
 * one that is shown, when there are older ones; else 0. */
void rc_page_comments_pages(rc_html_t *html, const rc_view_call_t *call, const char *url,
                            apr_int64_t oldest);

/* diff.c */

/* What stands below lines of a diff. */
typedef struct rc_page_notes_t {
    /* Writes what belongs to a line of the file @a path: with its old number (@a side 'o') or its
     * new one ('n'). */
    void (*put)(rc_html_t *html, const struct rc_page_notes_t *notes, const char *path, char side,
                apr_int64_t line);
    const void *baton;
} rc_page_notes_t;

/** Writes the files that @a diff changes, with links to @a rev (NULL: without), and the diff
 * itself, with @a notes (NULL: none). */
rc_err_t *rc_page_diff(rc_html_t *html, const rc_view_call_t *call, const char *rev,
                       const char *diff, apr_size_t len, const rc_page_notes_t *notes,
                       apr_pool_t *scratch);

/* pull_commits.c */

/** Writes a table of the commits that @a pull offers to the repository of @a call. Those that are
 * not there are read in @a source (NULL: it is the same one, or nobody may read it). Clears
 * @a scratch. */
rc_err_t *rc_page_pull_commits(rc_html_t *html, rc_view_call_t *call, const rc_pull_request_t *pull,
                               const rc_repo_t *source, apr_pool_t *scratch);

/* pull_requests.c */

/** Returns what a pull request offers: a reference, after its repository if that is another one. */
const char *rc_page_pull_source(const rc_pull_request_t *pull, apr_pool_t *pool);

/* account.c: pages below /_admin, for people who have logged in by the form */

typedef struct rc_page_account_t rc_page_account_t;

/* A request to a page. */
typedef struct rc_page_visit_t {
    const apr_array_header_t *routes; /* of a page of the table */
    const rc_page_account_t *account; /* or a page of account.c */
    rc_view_call_t *call;             /* NULL: the rights are not checked yet */
    rc_err_t *err;                    /* of checking them */
    const char *back;                 /* where a login leads to; NULL: to this URL */
    const char *to; /* the URL of the page of this file; NULL: the page has this URL */
    int wait;       /* seconds after which a client may come again; 0: at once */
} rc_page_visit_t;

/** Returns the page of this URL, as decoded; NULL when there is none. */
const rc_page_account_t *rc_page_account(const char *path);

/** Identifies the caller of visit->account by their session, and refuses others where it needs one.
 * Without visit->account the session is only for the frame of a refusal. */
rc_err_t *rc_page_account_decide(rc_answer_t *answer, const rc_request_t *request,
                                 rc_page_visit_t *visit);

/** Makes its answer, and does what its form asks for. */
rc_err_t *rc_page_account_serve(rc_answer_t *answer, const rc_request_t *request,
                                rc_page_visit_t *visit);

/* refusal.c */

/** Returns whether the client asks for HTML. */
bool rc_page_for_browser(const rc_request_t *request);

/** Answers a refusal: for a browser by a page, for others by plain text. It looks the same whatever
 * exists. The visit is the state of @a answer. */
rc_err_t *rc_page_refuse(rc_answer_t *answer, const rc_request_t *request);

/* Functions of the rows. */
rc_err_t *rc_page_home_prepare(rc_view_call_t *call);
rc_err_t *rc_page_home_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_page_summary_prepare(rc_view_call_t *call);
rc_err_t *rc_page_summary_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_page_refs_prepare(rc_view_call_t *call);
rc_err_t *rc_page_refs_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_page_pulls_prepare(rc_view_call_t *call);
rc_err_t *rc_page_pulls_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_page_pull_prepare(rc_view_call_t *call);
rc_err_t *rc_page_pull_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_page_changelog_prepare(rc_view_call_t *call);
rc_err_t *rc_page_changelog_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_page_changeset_prepare(rc_view_call_t *call);
rc_err_t *rc_page_changeset_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_page_files_prepare(rc_view_call_t *call);
rc_err_t *rc_page_files_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_page_gist_prepare(rc_view_call_t *call);
rc_err_t *rc_page_gist_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_page_file_diff_prepare(rc_view_call_t *call);
rc_err_t *rc_page_file_diff_write(rc_view_call_t *call, rc_spool_t *spool);

#endif
