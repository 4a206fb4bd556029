// SPDX-License-Identifier: Apache-2.0
/*
 * Declares the file that a program writes and that answers are sent from: a temporary file of one
 * request, or the part of a cache entry, which several requests read.
 */
#ifndef RC_BASE_OUTPUT_H
#define RC_BASE_OUTPUT_H

#include <apr_file_io.h>

#include "base/produce.h"
#include "entry.h"
#include "part.h"

typedef struct rc_output_t {
    bool ours;             /* this request runs the program */
    bool shared;           /* it is the part of an entry */
    rc_part_state_t state; /* complete: all bytes are in the file */
    int write;             /* for the program, which appends; -1: it has ended */
    apr_file_t *file;      /* for reading; has an offset of its own */
    apr_off_t size;        /* bytes that were seen in it */
    apr_off_t counted;     /* bytes that count against the limit of rc_spool_set_total */
    rc_entry_t entry;
} rc_output_t;

/** Opens the output of @a produce: of this request, of another one that runs the program, or the
 * complete one. It ends with @a pool. */
rc_err_t *rc_output_open(rc_output_t *output, const rc_produce_t *produce, apr_pool_t *pool);

/** Closes the output before its pool ends: rc_output_open can open it again. */
void rc_output_close(rc_output_t *output, apr_pool_t *pool);

/** Appends a text to our output, whose program has ended. */
rc_err_t *rc_output_append(rc_output_t *output, const char *text, apr_pool_t *pool);

/** Updates output->size and, for the output of another request, output->state. RC_E_BUSY and
 * RC_E_LIMIT, in @a pool, when our output is too large. */
rc_err_t *rc_output_look(rc_output_t *output, apr_off_t max, apr_pool_t *pool);

/** Returns whether other requests read the output. */
bool rc_output_is_followed(const rc_output_t *output);

/** Sets the final state of our output, for all who read it. With @a keep it stays in the cache. */
void rc_output_finish(rc_output_t *output, rc_part_state_t state, bool keep, apr_pool_t *pool);

/** Ends reading, or gives up our output; the bytes can still be sent. */
void rc_output_leave(rc_output_t *output, apr_pool_t *pool);

#endif
