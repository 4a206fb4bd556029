// SPDX-License-Identifier: Apache-2.0
/*
 * Time limits of unit tests, and how often they repeat what they try.
 */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdlib.h>
#include <string.h>

#include <apr_time.h>

/* A time limit for a quiet machine, in microseconds; longer where RCAPI_SLOW says that all is. */
__attribute__((unused)) static apr_interval_time_t patience(double seconds)
{
    double slow = getenv("RCAPI_SLOW") ? strtod(getenv("RCAPI_SLOW"), NULL) : 1;

    return (apr_interval_time_t)(seconds * (slow > 1 ? slow : 1) * APR_USEC_PER_SEC);
}

/* How often to repeat: usual times in make test, all times with RCAPI_ROUNDS=all (make check). */
__attribute__((unused)) static int unit_rounds(int usual, int all)
{
    const char *wish = getenv("RCAPI_ROUNDS");

    return wish && !strcmp(wish, "all") ? all : usual;
}

#endif
