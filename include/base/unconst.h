// SPDX-License-Identifier: Apache-2.0
/*
 * Passes read-only data to a library whose declaration lacks a const: execve(), iconv(),
 * fts_open(), tables of APR and fields of httpd, none of which change what they point to. The
 * compiler rejects every other cast that removes a const.
 */
#ifndef RC_BASE_UNCONST_H
#define RC_BASE_UNCONST_H

/** Returns @a p. What it points to must not be changed. */
static inline void *rc_unconst(const void *p)
{
    union {
        const void *in;
        void *out;
    } both = {p};

    return both.out;
}

#endif
