// SPDX-License-Identifier: Apache-2.0
/*
 * Reads values of the source, which are texts whatever kind of database it is.
 */
#include "import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "base/text.h"

const char *rc_import_text(rc_rows_t *rows, int column, apr_pool_t *pool)
{
    const char *text = rc_column_text(rows->st, column, pool);

    return text ? rc_utf8_repair(text, pool) : NULL;
}

const char *rc_import_short(rc_rows_t *rows, int column, apr_size_t most, apr_pool_t *pool)
{
    const char *text = rc_import_text(rows, column, pool);

    return text ? rc_utf8_cut(text, most, pool) : "";
}

apr_int64_t rc_import_int(rc_rows_t *rows, int column, apr_int64_t otherwise)
{
    const char *text = rc_column_peek(rows->st, column);
    apr_int64_t value;
    char *end;
    double number;

    if (!text)
        return otherwise;
    if (rc_text_int(&value, text))
        return value;
    number = strtod(text, &end);
    return end == text || *end || !(number > -9e15 && number < 9e15) ? otherwise
                                                                     : (apr_int64_t)number;
}

/* PostgreSQL's are true and false, the others' 1 and 0. */
bool rc_import_bool(rc_rows_t *rows, int column, bool otherwise)
{
    const char *text = rc_column_peek(rows->st, column);

    return text ? rc_text_truth(text) : otherwise;
}

apr_int64_t rc_import_time(rc_rows_t *rows, int column, apr_int64_t otherwise)
{
    const char *text = rc_column_peek(rows->st, column);
    char fraction[7] = "", *end;
    struct tm tm = {.tm_isdst = -1};
    apr_int64_t micros;
    time_t seconds;

    if (!text || sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d:%2d.%6[0-9]", &tm.tm_year, &tm.tm_mon,
                        &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, fraction) < 6)
        return otherwise;
    if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1)
        return otherwise;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    if ((seconds = mktime(&tm)) < 0)
        return otherwise;
    memset(fraction + strlen(fraction), '0', 6 - strlen(fraction));
    micros = strtol(fraction, &end, 10);
    return apr_time_from_sec((apr_int64_t)seconds) + micros;
}
