// SPDX-License-Identifier: Apache-2.0
/*
 * All statements and schema steps of the store, for the configuration of a database.
 */
#ifndef RC_STORE_TEXTS_H
#define RC_STORE_TEXTS_H

#include "db/db.h"

extern const rc_db_texts_t rc_store_texts;

#endif
