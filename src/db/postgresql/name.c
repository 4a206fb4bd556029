// SPDX-License-Identifier: Apache-2.0
/*
 * Reads what RcapiDatabase says about a PostgreSQL database: "postgresql:" and a connection string
 * of libpq, or a URI "postgresql://...". Passwords are refused there, because a configuration is
 * shown in messages; libpq finds them in a passfile or in a service.
 */
#include "postgresql.h"

#include <string.h>

#include <apr_strings.h>

#define PREFIX "postgresql:"

static const char *const secrets[] = {"password", "sslpassword", NULL};

static bool is_secret(const char *keyword)
{
    int i;

    for (i = 0; secrets[i]; i++)
        if (!strcmp(secrets[i], keyword))
            return true;
    return false;
}

/* Returns the name of the first option that has a secret value, or NULL. */
static const char *first_secret(const PQconninfoOption *options)
{
    for (; options->keyword; options++)
        if (options->val && is_secret(options->keyword))
            return options->keyword;
    return NULL;
}

/* libpq's message can quote the text, and so a password: it is not passed on. */
rc_err_t *rc_pg_name(const char **conninfo, const char *text, apr_pool_t *pool)
{
    bool is_uri = !strncmp(text, PREFIX "//", strlen(PREFIX "//"));
    PQconninfoOption *options;
    const char *secret;
    char *message = NULL;

    if (strncmp(text, PREFIX, strlen(PREFIX)))
        return rc_err(pool, RC_E_ARG, "the name of a database on a server begins with " PREFIX);
    *conninfo = is_uri ? text : text + strlen(PREFIX);
    options = PQconninfoParse(*conninfo, &message);
    PQfreemem(message);
    if (!options)
        return rc_err(pool, RC_E_ARG,
                      "the database has no valid connection string: postgresql: is followed by "
                      "words like dbname=rcapi, or by //HOST/DATABASE");
    secret = first_secret(options);
    PQconninfoFree(options);
    return secret ? rc_err(pool, RC_E_ARG,
                           "%s= is not accepted in the name of a database: use passfile= or "
                           "service=",
                           secret)
                  : NULL;
}
