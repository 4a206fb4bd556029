/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin migrate: copies the database into another one, or another one into the database.
 */
#include "admin.h"

#include <stdio.h>
#include <unistd.h>

#include <apr_strings.h>

#include "domain/data.h"

const char *rc_admin_absolute(const char *name, apr_pool_t *pool)
{
    char cwd[4096];

    if (*name == '/' || rc_db_is_on_server(name) || !getcwd(cwd, sizeof(cwd)))
        return name;
    return apr_pstrcat(pool, cwd, "/", name, NULL);
}

static void print_tables(const apr_array_header_t *tables)
{
    int i;

    for (i = 0; i < tables->nelts; i++) {
        const rc_copied_t *copied = &APR_ARRAY_IDX(tables, i, rc_copied_t);

        if (copied->rows)
            printf("%s\t%" APR_INT64_T_FMT "\n", copied->table, copied->rows);
        if (copied->repaired)
            fprintf(stderr, "rcapi-admin: %s: %" APR_INT64_T_FMT " texts were no UTF-8\n",
                    copied->table, copied->repaired);
    }
}

int rc_admin_migrate(rc_admin_t *admin)
{
    const char *to = rc_admin_option(admin, "--to"), *from = rc_admin_option(admin, "--from");
    rc_db_config_t source = admin->config.db, target = admin->config.db;
    apr_array_header_t *tables;
    rc_err_t *err;

    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if (!to == !from)
        return rc_admin_fail(RC_ADMIN_USAGE, "migrate requires either --to or --from");
    if (to)
        target.path = rc_admin_absolute(to, admin->pool);
    else
        source.path = rc_admin_absolute(from, admin->pool);
    if ((err = rc_data_migrate(&tables, &target, &source, admin->pool)))
        return rc_admin_result(admin, err);
    print_tables(tables);
    return RC_ADMIN_OK;
}
