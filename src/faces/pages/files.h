// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what the pages of directories and of files share.
 */
#ifndef RC_FACES_PAGES_FILES_H
#define RC_FACES_PAGES_FILES_H

#include "page.h"

/* What the URL of a page below "files" names. */
typedef struct rc_page_place_t {
    rc_rev_t rev;     /* its id is NULL: the repository is empty */
    const char *name; /* of the revision, in links */
    rc_entry_t entry;
} rc_page_place_t;

/** Writes the content of the directory, with its README. */
rc_err_t *rc_page_directory(rc_html_t *html, rc_view_call_t *call, const rc_page_place_t *place);

/** Writes the content of a file or a link, which must not be larger than RC_PAGE_TEXT_MOST, with
 * numbers that can be linked to; *@a shown is false for one that is no text. */
#define RC_PAGE_TEXT_MOST ((apr_off_t)1 << 20)
rc_err_t *rc_page_text(bool *shown, rc_html_t *html, rc_view_call_t *call, const rc_entry_t *entry);

#endif
