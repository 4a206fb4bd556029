// SPDX-License-Identifier: Apache-2.0
/*
 * Reads revlogs, the files in which Mercurial keeps the history of one thing: an index with a row
 * for each revision, and the texts as deltas. Version 1 only. Nothing in a file is trusted: numbers
 * are checked before use, and each text is checked against its node id.
 */
#ifndef RC_VCS_HG_REVLOG_H
#define RC_VCS_HG_REVLOG_H

#include "../backend.h"

#define RC_HG_NODE 20 /* bytes of a node id */
#define RC_HG_HEX  40 /* its digits */
#define RC_HG_ROW  64 /* bytes of a row of an index */

/* The node id of the revision before the first one. */
extern const unsigned char rc_hg_null_node[RC_HG_NODE];

typedef struct rc_hg_text_t {
    const char *data; /* a NUL follows */
    apr_size_t len;
} rc_hg_text_t;

/* What expands and verifies texts; used by one thread at a time. */
typedef struct rc_hg_codec_t rc_hg_codec_t;

/* A text that was read before: a chain of deltas may begin there. */
typedef struct rc_hg_known_t {
    int rev; /* -1: none */
    rc_hg_text_t text;
} rc_hg_known_t;

#define RC_HG_KNOWN 2

typedef struct rc_hg_revlog_t {
    const char *name;          /* the path of its index */
    const unsigned char *rows; /* RC_HG_ROW bytes each */
    int count;
    bool together; /* index and data are in one file */
    bool general;  /* a delta can have any older base; else it is the revision before */
    int fd;        /* of the data; -1: there is none */
    rc_hg_codec_t *codec;
    rc_hg_known_t known[RC_HG_KNOWN];
} rc_hg_revlog_t;

/* A row of an index. */
typedef struct rc_hg_row_t {
    apr_uint64_t offset; /* of the chunk in the file of the data */
    int flags;
    int stored; /* bytes of the chunk */
    int size;   /* bytes of the text */
    int base;   /* itself: the chunk is a whole text; -1: a delta of the empty text */
    int link;   /* the changeset that brought it; not checked */
    int parent[2];
    const unsigned char *node;
} rc_hg_row_t;

/* -- codec.c -- */

/** Creates a codec in @a pool; NULL: no memory. */
rc_hg_codec_t *rc_hg_codec_create(apr_pool_t *pool);

/**
 * Expands the chunk @a data of @a len bytes into @a pool. *@a out->data is NULL when the chunk is
 * damaged, or has more than @a most bytes then. @a likely: the size when it is known, else 0.
 */
void rc_hg_expand(rc_hg_text_t *out, rc_hg_codec_t *codec, const char *data, apr_size_t len,
                  apr_size_t likely, apr_size_t most, apr_pool_t *pool);

/** Computes the node id of a text with these parents into @a node. */
void rc_hg_node_id(unsigned char node[RC_HG_NODE], rc_hg_codec_t *codec,
                   const unsigned char *parents[2], const rc_hg_text_t *text);

/* -- delta.c -- */

/* A part of the text that is wanted, while it is searched in older and older versions. */
typedef struct rc_hg_piece_t {
    apr_size_t at;   /* in the text that is wanted */
    apr_size_t from; /* in the version that was reached */
    apr_size_t len;
} rc_hg_piece_t;

/**
 * Goes one version back: copies those of @a pieces that @a delta brings to @a out, and appends to
 * @a left where the others are in the older version. @a older and @a newer: bytes of both versions.
 * Returns false when the delta is damaged.
 */
bool rc_hg_step_back(apr_array_header_t *left, char *out, const apr_array_header_t *pieces,
                     const rc_hg_text_t *delta, apr_size_t older, apr_size_t newer);

/* -- revlog.c -- */

/** Opens the revlog with the index @a index and, unless they are in one file, the data @a data,
 * until @a pool ends. A missing index is a revlog without revisions. After an error *@a out is
 * NULL. */
rc_err_t *rc_hg_revlog_open(rc_hg_revlog_t **out, rc_vcs_t *vcs, rc_hg_codec_t *codec,
                            const char *index, const char *data, apr_pool_t *pool);

/** Reads the row of revision @a rev, which must exist. */
void rc_hg_row(rc_hg_row_t *row, const rc_hg_revlog_t *log, int rev);

/** Returns the node id of revision @a rev; of -1 it is rc_hg_null_node. */
const unsigned char *rc_hg_node(const rc_hg_revlog_t *log, int rev);

/** Returns the revision with the id @a node; -1 when there is none. The search begins near
 * @a hint. */
int rc_hg_find_node(const rc_hg_revlog_t *log, const unsigned char *node, int hint);

/* -- text.c -- */

/** Reads the text of revision @a rev, which must exist, into @a pool. Counts it against the work.
 * RC_E_INTERNAL when it is damaged. */
rc_err_t *rc_hg_read_text(rc_hg_text_t *text, rc_vcs_t *vcs, const rc_hg_revlog_t *log, int rev,
                          apr_pool_t *pool);

#endif
