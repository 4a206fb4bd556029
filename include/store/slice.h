// SPDX-License-Identifier: Apache-2.0
/*
 * A part of a list (contract 12 §4): what comes after one object, in the order of the list.
 */
#ifndef RC_STORE_SLICE_H
#define RC_STORE_SLICE_H

#include <apr.h>

typedef struct rc_slice_t {
    apr_int64_t after_id;   /* of the object, in a list ordered by ids; 0: from the beginning */
    const char *after_name; /* the same in a list ordered by names; NULL: from the beginning */
    apr_int64_t most;       /* how many objects; 0: all */
} rc_slice_t;

#endif
