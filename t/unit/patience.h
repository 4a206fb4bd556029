// SPDX-License-Identifier: Apache-2.0
/*
 * Defines the time limits of unit tests, and how often they repeat.
 */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdlib.h>
#include <string.h>

#include <apr_time.h>

/* Returns a time limit in microseconds: @a seconds on a quiet machine, longer with RCAPI_SLOW. */
__attribute__((unused)) static apr_interval_time_t patience(double seconds)
{
    double slow = getenv("RCAPI_SLOW") ? strtod(getenv("RCAPI_SLOW"), NULL) : 1;

    return (apr_interval_time_t)(seconds * (slow > 1 ? slow : 1) * APR_USEC_PER_SEC);
}

/* Returns how often to repeat: @a usual in make test, @a all with RCAPI_ROUNDS=all (make check). */
__attribute__((unused)) static int unit_rounds(int usual, int all)
{
    const char *wish = getenv("RCAPI_ROUNDS");

    return wish && !strcmp(wish, "all") ? all : usual;
}

#endif
