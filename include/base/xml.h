// SPDX-License-Identifier: Apache-2.0
/*
 * Writes XML 1.0 into a spool. Text is escaped; characters that XML cannot hold are left out
 * (control characters, U+FFFE, U+FFFF) or replaced (bytes that are not UTF-8, by U+FFFD). The first
 * error is kept for rc_xml_finish; calls after it do nothing. Names and markup must be constants.
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

/** Returns the first error since rc_xml_init, or NULL. */
rc_err_t *rc_xml_finish(rc_xml_t *xml);

/** Writes markup as it is. */
void rc_xml_markup(rc_xml_t *xml, const char *markup);

/** Writes text, or the value of an attribute, escaped. */
void rc_xml_text(rc_xml_t *xml, const char *text);

/** Writes text inside HTML that is itself text in the XML: escaped twice. */
void rc_xml_html_text(rc_xml_t *xml, const char *text);

/** Writes <name>text</name> and a line end; the text is escaped. */
void rc_xml_element(rc_xml_t *xml, const char *name, const char *text);

#endif
