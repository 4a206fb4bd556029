// SPDX-License-Identifier: Apache-2.0
/*
 * Declares the keys of a secret file, for the two files that implement base/secret.h.
 */
#ifndef RC_BASE_SECRET_STATE_H
#define RC_BASE_SECRET_STATE_H

#include <stdbool.h>

#include "base/secret.h"

#define RC_SECRET_SIZE 32

/* The first key encrypts; all decrypt. There are two during a rotation. */
typedef struct rc_secret_keys_t {
    unsigned char key[2][RC_SECRET_SIZE];
    int n;
} rc_secret_keys_t;

/** Returns a copy of the keys as last read. */
void rc_secret_keys(rc_secret_keys_t *keys, const rc_secret_t *secret);

/** Reads the file again when it has changed; returns true when new keys were read. */
bool rc_secret_refresh(const rc_secret_t *secret);

#endif
