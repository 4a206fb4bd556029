// SPDX-License-Identifier: Apache-2.0
/*
 * The keys of a secret file, for the two files that implement base/secret.h.
 */
#ifndef RC_BASE_SECRET_STATE_H
#define RC_BASE_SECRET_STATE_H

#include <stdbool.h>

#include "base/secret.h"

#define RC_SECRET_SIZE 32

/* The first seals; all unseal. There are two while the secret is being rotated. */
typedef struct rc_secret_keys_t {
    unsigned char key[2][RC_SECRET_SIZE];
    int n;
} rc_secret_keys_t;

/** A copy of the keys as they were last read. */
void rc_secret_keys(rc_secret_keys_t *keys, const rc_secret_t *secret);

/** Reads the file again when it is another than before; true when that gave its keys. */
bool rc_secret_refresh(const rc_secret_t *secret);

#endif
