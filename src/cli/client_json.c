/* SPDX-License-Identifier: Apache-2.0
 *
 * Parses JSON: files and arguments of the user, answers of servers. Numbers and strings are printed
 * later as they were read, even those that the types of json-c cannot hold.
 */
#include "client.h"

#include <json.h>

#include <apr_general.h>

#include "base/json_read.h"
#include "base/json_scan.h"

void rc_cli_json_add(struct json_object *object, const char *key, struct json_object *value)
{
    if (json_object_object_add(object, key, value) != 0)
        rc_cli_need(NULL);
}

static void locate(rc_cli_json_error_t *error, const char *text, const char *at)
{
    error->line = error->column = 1;
    for (; text < at; text++) {
        if (*text == '\n') {
            error->line++;
            error->column = 1;
        } else if (((unsigned char)*text & 0xc0) != 0x80) {
            error->column++;
        }
    }
}

static struct json_object *build(const char *text, size_t len)
{
    struct json_object *value;
    apr_pool_t *pool;

    rc_cli_need(apr_pool_create(&pool, NULL) == APR_SUCCESS ? pool : NULL);
    if (rc_json_read(&value, text, len, RC_JSON_EXACT, pool) != NULL)
        rc_cli_need(NULL);
    json_object_get(value);
    apr_pool_destroy(pool);
    return value;
}

bool rc_cli_json_read(struct json_object **out, const char *text, size_t len,
                      rc_cli_json_error_t *error)
{
    rc_json_scan_t scan;

    *out = NULL;
    if (rc_json_scan(&scan, text, len, &rc_json_of_servers)) {
        *out = build(text, len);
        return true;
    }
    error->what = scan.what;
    locate(error, text, text + scan.offset);
    return false;
}
