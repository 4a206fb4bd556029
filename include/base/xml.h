// SPDX-License-Identifier: Apache-2.0
/*
 * Writes XML 1.0 into a spool. Text is escaped, and what XML cannot hold is left out (control
 * characters, U+FFFE, U+FFFF) or replaced (bytes that are not UTF-8, by U+FFFD). Errors are
 * remembered: write on and ask rc_xml_finish. Names and markup are the program's own.
 */
#ifndef RC_BASE_XML_H
#define RC_BASE_XML_H

#include "base/spool.h"

typedef struct rc_xml_t {
    rc_spool_t *spool;
    rc_err_t *err; /* the first error */
} rc_xml_t;

/** Starts a document in @a spool, with the XML declaration. */
void rc_xml_init(rc_xml_t *xml, rc_spool_t *spool);

/** The first error since rc_xml_init, or NULL. */
rc_err_t *rc_xml_finish(rc_xml_t *xml);

/** Markup as it is. */
void rc_xml_markup(rc_xml_t *xml, const char *markup);

/** Text, or the value of an attribute. */
void rc_xml_text(rc_xml_t *xml, const char *text);

/** Text inside of HTML that is itself text here: escaped twice. */
void rc_xml_html_text(rc_xml_t *xml, const char *text);

/** <name>text</name> */
void rc_xml_element(rc_xml_t *xml, const char *name, const char *text);

#endif
