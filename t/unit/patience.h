// SPDX-License-Identifier: Apache-2.0
/*
 * Time limits of unit tests.
 */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdlib.h>

#include <apr_time.h>

/* A time limit for a quiet machine, in microseconds; longer where RCAPI_SLOW says that all is. */
__attribute__((unused)) static apr_interval_time_t patience(double seconds)
{
    double slow = getenv("RCAPI_SLOW") ? strtod(getenv("RCAPI_SLOW"), NULL) : 1;

    return (apr_interval_time_t)(seconds * (slow > 1 ? slow : 1) * APR_USEC_PER_SEC);
}

#endif
