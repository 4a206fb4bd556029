// SPDX-License-Identifier: Apache-2.0
/*
 * Recognises the program and the version of the source, and with them the rule by which it makes
 * one permission of several rows.
 */
#include "source.h"

#include <string.h>

#include <apr_strings.h>

#define LEAST 3   /* schema of RhodeCode 1.2 */
#define MOST  113 /* of RhodeCode 4.27, the newest that was tried */
#define V_1_3 5
#define V_1_4 7

enum { INHERITS_COLUMN = 12 }; /* of FROM_USERS */

/* What the source says about itself. */
typedef struct origin_t {
    const char *program; /* NULL: neither */
    apr_int64_t schema;  /* 0: Kallithea since 0.4, which counts otherwise */
} origin_t;

static rc_err_t *read_origin(origin_t *origin, rc_importing_t *the)
{
    rc_rows_t rows;
    const char *id;

    *origin = (origin_t){NULL, 0};
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_VERSION, the->pool));
    while (rc_rows_next(&rows)) {
        id = rc_import_short(&rows, 1, 255, rows.scratch);
        origin->schema = rc_import_int(&rows, 0, 0);
        origin->program = !strncmp(id, "kallithea", 9)   ? "kallithea"
                          : !strncmp(id, "rhodecode", 9) ? "rhodecode"
                                                         : origin->program;
    }
    RC_TRY(rc_rows_end(&rows));
    if (!origin->program && rc_foreign_has(the->source, FROM_ALEMBIC, -1))
        *origin = (origin_t){"kallithea", 0};
    return NULL;
}

static rc_err_t *check_origin(rc_importing_t *the, const origin_t *origin)
{
    const char *from = the->move_in->from;

    if (!origin->program || !rc_foreign_has(the->source, FROM_USERS, -1) ||
        !rc_foreign_has(the->source, FROM_PERMISSIONS, -1))
        return rc_err(the->pool, RC_E_ARG, "%s is no database of RhodeCode or Kallithea", from);
    if (strcmp(origin->program, the->move_in->program))
        return rc_err(the->pool, RC_E_ARG, "%s is a database of %s", from, origin->program);
    if (origin->schema && origin->schema < LEAST)
        return rc_err(the->pool, RC_E_ARG, "%s has schema %d: the oldest that can come is %d", from,
                      (int)origin->schema, LEAST);
    if (origin->schema > MOST)
        rc_import_note(the, OF_SETTINGS, "schema", "%d is newer than %d, the newest that was tried",
                       (int)origin->schema, MOST);
    return NULL;
}

static rc_err_t *read_permission_names(rc_importing_t *the)
{
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_PERMISSIONS, the->pool));
    while (rc_rows_next(&rows)) {
        apr_int64_t *id = apr_palloc(the->pool, sizeof(*id));

        *id = rc_import_int(&rows, 0, 0);
        apr_hash_set(the->permissions, id, sizeof(*id), rc_import_short(&rows, 1, 255, the->pool));
    }
    return rc_rows_end(&rows);
}

rc_err_t *rc_import_read_source(rc_importing_t *the)
{
    origin_t origin;

    RC_TRY(read_origin(&origin, the));
    RC_TRY(check_origin(the, &origin));
    the->old_groups = origin.schema && origin.schema <= V_1_4;
    the->rule = origin.schema && origin.schema <= V_1_3                     ? RULE_GROUPS
                : !rc_foreign_has(the->source, FROM_USERS, INHERITS_COLUMN) ? RULE_HIGHEST
                                                                            : RULE_EXPLICIT;
    return read_permission_names(the);
}
