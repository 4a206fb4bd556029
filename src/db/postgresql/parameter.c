// SPDX-License-Identifier: Apache-2.0
/*
 * Translates the text of a statement, and keeps the values of its parameters as libpq wants them.
 * The types of numbers are stated, so that a comparison with a small constant does not make them
 * small; those of texts and blobs follow from the statement.
 */
#include "statement.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"

enum { AS_TEXT, AS_BINARY }; /* formats of libpq */

#define TYPE_INT8  20 /* from pg_type.dat; 0 = to be inferred */
#define TYPE_INT8S 1016
#define TYPE_ANY   0

/* Lists of numbers: the words of our statements. The server has arrays instead. */
#define LIST     "json_each("    /* of the parameter behind it */
#define JOIN     ") CROSS JOIN " /* ... with a table of which a column is ... */
#define VALUE    "= value"       /* ... one of the numbers */
#define LISTED   "json_group_array("
#define OWN_LIST "       array_agg(" /* LISTED, as long */

static char *translate_lists(const char *text, apr_pool_t *pool);

/* Writes c = ANY (?1) for json_each(?1) CROSS JOIN ... c = value: the server copies each row of a
 * join twice. */
static char *translate_join(const char *text, const char *list, int len, apr_pool_t *pool)
{
    const char *table = list + len + strlen(JOIN), *value = strstr(table, VALUE);

    return apr_psprintf(pool, "%.*s%.*s= ANY (%.*s)%s", (int)(list - strlen(LIST) - text), text,
                        (int)(value - table), table, len, list,
                        translate_lists(value + strlen(VALUE), pool));
}

/* Writes the same, and unnest(?1) AS ids (value) for each other json_each(?1). */
static char *translate_lists(const char *text, apr_pool_t *pool)
{
    const char *list = strstr(text, LIST);
    int len;

    if (!list)
        return apr_pstrdup(pool, text);
    list += strlen(LIST);
    len = (int)strcspn(list, ")");
    if (!strncmp(list + len, JOIN, strlen(JOIN)) && strstr(list, VALUE))
        return translate_join(text, list, len, pool);
    return apr_psprintf(pool, "%.*sunnest(%.*s) AS ids (value)%s",
                        (int)(list - strlen(LIST) - text), text, len, list,
                        list[len] ? translate_lists(list + len + 1, pool) : "");
}

static void translate_listed(char *text)
{
    while ((text = strstr(text, LISTED)))
        memcpy(text, OWN_LIST, strlen(LISTED));
}

/* Writes $1 for each ?1; returns the highest number. */
static int translate(char *text)
{
    int most = 0, n;

    while ((text = strchr(text, '?'))) {
        if (apr_isdigit(text[1])) {
            *text = '$';
            n = (int)strtol(text + 1, NULL, 10);
            most = n > most ? n : most;
        }
        text++;
    }
    return most;
}

rc_err_t *rc_pg_make(rc_stmt_t *st, const char *text)
{
    apr_pool_t *pool = st->db->own;
    rc_pg_t *pg = st->db->handle;
    rc_pg_stmt_t *own = apr_pcalloc(pool, sizeof(*own));
    char *copy = translate_lists(text, pool);
    apr_size_t count = (apr_size_t)translate(copy);

    translate_listed(copy);
    if (st->number < RC_STMT_MADE(st->db))
        apr_snprintf(own->name, sizeof(own->name), "s%d", st->number);
    else
        apr_snprintf(own->name, sizeof(own->name), "m%d", pg->made++);
    own->text = copy;
    own->count = (int)count;
    own->types = apr_pcalloc(pool, count * sizeof(*own->types));
    own->prepared = apr_pcalloc(pool, count * sizeof(*own->prepared));
    own->values = apr_pcalloc(pool, count * sizeof(*own->values));
    own->lengths = apr_pcalloc(pool, count * sizeof(*own->lengths));
    own->formats = apr_pcalloc(pool, count * sizeof(*own->formats));
    own->numbers = apr_pcalloc(pool, count * sizeof(*own->numbers));
    st->handle = own;
    return NULL;
}

static rc_err_t *put_parameter(rc_stmt_t *st, int at, Oid type, const char *value, int len,
                               int format)
{
    rc_pg_stmt_t *own = st->handle;

    if (at < 1 || at > own->count)
        return rc_err_internal(st->db->pool, APR_SUCCESS, "no parameter %d in %s", at, own->text);
    own->batch = 0;
    own->types[at - 1] = type;
    own->values[at - 1] = value;
    own->lengths[at - 1] = len;
    own->formats[at - 1] = format;
    return NULL;
}

/* The server refuses texts that are no UTF-8. What clients send is looked up in the form that would
 * have been stored. */
rc_err_t *rc_pg_bind_text(rc_stmt_t *st, int at, const char *text)
{
    if (text && !rc_utf8_valid(text, strlen(text)))
        text = rc_utf8_repair(text, st->db->pool);
    return put_parameter(st, at, TYPE_ANY, text, 0, AS_TEXT);
}

rc_err_t *rc_pg_bind_int(rc_stmt_t *st, int at, apr_int64_t value)
{
    rc_pg_stmt_t *own = st->handle;
    apr_uint64_t number = htobe64((apr_uint64_t)value);

    RC_TRY(put_parameter(st, at, TYPE_INT8, NULL, sizeof(number), AS_BINARY));
    own->values[at - 1] = memcpy(own->numbers[at - 1], &number, sizeof(number));
    return NULL;
}

rc_err_t *rc_pg_bind_blob(rc_stmt_t *st, int at, const void *data, int len)
{
    return put_parameter(st, at, TYPE_ANY, data, len, AS_BINARY);
}

rc_err_t *rc_pg_bind_no_int(rc_stmt_t *st, int at)
{
    return put_parameter(st, at, TYPE_INT8, NULL, 0, AS_BINARY);
}

/* The head of an array, whose numbers have the highest byte first: dimensions, no NULL, type,
 * elements, number of the first one. Each element follows its length. */
#define HEAD 5

rc_err_t *rc_pg_bind_ids(rc_stmt_t *st, int at, const apr_int64_t *ids, int count)
{
    rc_pg_stmt_t *own = st->handle;
    apr_uint32_t *out;
    int i;

    if (!own->ids || count > own->most) { /* there may be no ids */
        own->most = count;
        own->ids = apr_palloc(st->db->own, (HEAD + 3 * (apr_size_t)count) * sizeof(*out));
    }
    out = own->ids;
    *out++ = htobe32(1);
    *out++ = 0;
    *out++ = htobe32(TYPE_INT8);
    *out++ = htobe32((apr_uint32_t)count);
    *out++ = htobe32(1);
    for (i = 0; i < count; i++) {
        *out++ = htobe32(sizeof(*ids));
        *out++ = htobe32((apr_uint32_t)((apr_uint64_t)ids[i] >> 32));
        *out++ = htobe32((apr_uint32_t)ids[i]);
    }
    return put_parameter(st, at, TYPE_INT8S, (const char *)own->ids,
                         (int)((char *)out - (char *)own->ids), AS_BINARY);
}
