// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the method table for docs/api.md: a line for each method, with tabs between group, name,
 * "1.2" or nothing, arguments, who may call, and what it does. docs/tables.pl makes the tables of
 * them.
 */
#include <stdio.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "faces/api/method.h"

static const struct {
    const char *name;
    const rc_method_t *rows;
} groups[] = {
#define X(group) {#group, rc_methods_##group},
#include "faces/api/methods.def"
#undef X
};

static const char *const levels[] = {
    [RC_READ] = "read", [RC_WRITE] = "write", [RC_ADMIN] = "admin"};

/* `repoid`, `revision`=`tip`: a name, and the default of an optional argument. */
static const char *arguments(const rc_method_t *method, apr_pool_t *pool)
{
    const char *list = "";
    const rc_param_t *param;

    for (param = method->params; param->id; param++) {
        const char *def = !param->def                      ? ""
                          : !strcmp(param->def, RC_CALLER) ? "=caller"
                          : !strcmp(param->def, "None")    ? "="
                                                        : apr_pstrcat(pool, "=", param->def, NULL);

        list = apr_pstrcat(pool, list, *list ? " " : "", "`", rc_param_name(param->id), def, "`",
                           NULL);
        if (param->alias)
            list = apr_pstrcat(pool, list, " (or `", param->alias, "`)", NULL);
    }
    return list;
}

/* The rights on objects that the arguments need, and whom a user may be. */
static const char *rights(const rc_method_t *method, apr_pool_t *pool)
{
    const char *list = "";
    const rc_param_t *param;

    for (param = method->params; param->id; param++) {
        const char *need = "";

        if (param->need > 0)
            need = apr_pstrcat(pool, levels[param->need], " on `", rc_param_name(param->id), "`",
                               NULL);
        else if (param->type == RC_SELF)
            need =
                apr_pstrcat(pool, "`", rc_param_name(param->id), "` of others: super-admins", NULL);
        else if (param->type == RC_AUTHOR)
            need = apr_pstrcat(pool, "`", rc_param_name(param->id),
                               "` of others: admin on `repoid`", NULL);
        if (*need)
            list = apr_pstrcat(pool, list, *list ? "; " : "", need, NULL);
    }
    return list;
}

static const char *who(const rc_method_t *method, apr_pool_t *pool)
{
    const char *needed = rights(method, pool), *first = "";

    if (method->allow.who == RC_ALLOW_ADMINS)
        first = "super-admins";
    else if (method->allow.who == RC_ALLOW_HOLDERS)
        first = apr_pstrcat(pool, "`", method->allow.permission, "`", NULL);
    else if (!*needed)
        first = "every user";
    return apr_pstrcat(pool, first, *first && *needed ? "; " : "", needed, NULL);
}

int main(void)
{
    const rc_method_t *method;
    apr_pool_t *pool;
    apr_size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < sizeof(groups) / sizeof(*groups); i++)
        for (method = groups[i].rows; method->name; method++)
            printf("%s\t%s\t%s\t%s\t%s\t%s\n", groups[i].name, method->name,
                   method->flags & RC_OLD ? "1.2" : "", arguments(method, pool), who(method, pool),
                   method->help);
    apr_terminate();
    return 0;
}
