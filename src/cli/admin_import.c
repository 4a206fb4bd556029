/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin import: moves in from RhodeCode or Kallithea, and prints what has come, and what not
 * and why.
 */
#include "admin.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "domain/import.h"

/* Prints foreign text without what a terminal would obey. */
static void print_name(const char *name)
{
    for (; *name; name++)
        putchar(iscntrl((unsigned char)*name) ? '?' : *name);
}

static void print_report(const rc_admin_t *admin, const rc_move_in_t *move_in)
{
    int i;

    for (i = 0; i < move_in->lines->nelts; i++) {
        const rc_import_line_t *line = &APR_ARRAY_IDX(move_in->lines, i, rc_import_line_t);

        printf("%s ", line->what);
        print_name(line->name);
        fputs(": ", stdout);
        print_name(line->why);
        putchar('\n');
    }
    rc_admin_head(admin, move_in->dry_run ? "kind\twould come\tare here\twould not come"
                                          : "kind\tcame\twere here\tdid not come");
    for (i = 0; i < move_in->counts->nelts; i++) {
        const rc_import_count_t *count = &APR_ARRAY_IDX(move_in->counts, i, rc_import_count_t);

        if (count->came || count->here || count->left)
            printf("%s\t%" APR_INT64_T_FMT "\t%" APR_INT64_T_FMT "\t%" APR_INT64_T_FMT "\n",
                   count->what, count->came, count->here, count->left);
    }
}

int rc_admin_import(rc_admin_t *admin)
{
    const char *from = rc_admin_option(admin, "--from"), *copy = rc_admin_option(admin, "--copy");
    rc_move_in_t move_in = {.dry_run = rc_admin_flag(admin, "--dry-run"),
                            .program = rc_admin_word(admin)};
    rc_err_t *err;

    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if (!move_in.program ||
        (strcmp(move_in.program, "rhodecode") && strcmp(move_in.program, "kallithea")))
        return rc_admin_fail(RC_ADMIN_USAGE, "import requires rhodecode or kallithea");
    if (!from)
        return rc_admin_fail(RC_ADMIN_USAGE, "import requires --from DATABASE");
    move_in.from = rc_admin_absolute(from, admin->pool);
    move_in.copy = copy ? rc_admin_absolute(copy, admin->pool) : NULL;
    if ((err = rc_move_in(&admin->actor, &move_in)))
        return rc_admin_result(admin, err);
    print_report(admin, &move_in);
    if (move_in.dry_run)
        fputs("dry run: nothing was changed\n", stderr);
    return RC_ADMIN_OK;
}
