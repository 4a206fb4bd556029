// SPDX-License-Identifier: Apache-2.0
/*
 * Declares the file that a program writes and that an answer is sent from.
 */
#ifndef RC_BASE_OUTPUT_H
#define RC_BASE_OUTPUT_H

#include <apr_file_io.h>

#include "base/produce.h"

typedef struct rc_output_t {
    int write;         /* for the program, which appends; -1: it is closed */
    apr_file_t *file;  /* for reading: has an offset of its own */
    apr_off_t size;    /* bytes that were seen in it */
    apr_off_t counted; /* bytes that count against the limit of rc_spool_set_total */
} rc_output_t;

/** Opens the output of @a produce. It ends with @a pool. */
rc_err_t *rc_output_open(rc_output_t *output, const rc_produce_t *produce, apr_pool_t *pool);

/** Updates output->size. RC_E_BUSY and RC_E_LIMIT, in @a pool, when it is too much. */
rc_err_t *rc_output_measure(rc_output_t *output, apr_off_t max, apr_pool_t *pool);

/** Closes the program's descriptor in this process. */
void rc_output_end_writing(rc_output_t *output);

#endif
