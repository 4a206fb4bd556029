// SPDX-License-Identifier: Apache-2.0
/*
 * The texts of the statements (sql/) and of the schema steps (schema/), and the names of the
 * tables, in the order of their numbers.
 */
#include "store/texts.h"

#include "sql.h"

static const char *const statements[] = {
#define X(name, text) text,
#include "rc_sql.def"
#undef X
};

static const char *const steps[] = {
#define S(number, text) [(number)-1] = text,
#include "rc_schema.def"
#undef S
};

static const char *const tables[] = {
#define T(number, name) name,
#include "rc_tables.def"
#undef T
};

static const char *const server_steps[] = {
#define S(number, text) [(number)-1] = text,
#include "rc_schema_server.def"
#undef S
};

const rc_db_texts_t rc_store_texts = {
    .statements = statements,
    .statement_count = RC_SQL_COUNT,
    .tables = tables,
    .table_count = sizeof(tables) / sizeof(*tables),
    .row_tables = APR_UINT64_C(1) << TABLE_REPO | APR_UINT64_C(1) << TABLE_API_KEY,
    .steps = {steps, server_steps},
    .step_count = sizeof(steps) / sizeof(*steps),
};
