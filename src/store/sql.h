// SPDX-License-Identifier: Apache-2.0
/*
 * Numbers the statements of src/store/sql by name: SQL_REPO_BY_NAME and so on; and the tables:
 * TABLE_REPO and so on.
 */
#ifndef RC_STORE_SQL_H
#define RC_STORE_SQL_H

#include "db/stmt.h"

typedef enum {
#define X(name, text) name,
#include "rc_sql.def"
#undef X
    RC_SQL_COUNT
} rc_sql_t;

enum {
#define T(number, name) number,
#include "rc_tables.def"
#undef T
    TABLE_COUNT
};

#endif
