// SPDX-License-Identifier: Apache-2.0
/*
 * Declares the keys of a secret file, for the two files that implement base/secret.h.
 */
#ifndef RC_BASE_SECRET_STATE_H
#define RC_BASE_SECRET_STATE_H

#include "base/secret.h"

#define RC_SECRET_SIZE 32

/* The first key encrypts; all decrypt. The file has two during a rotation. Former ones follow: who
 * has read a row before a rotation decrypts it after. */
typedef struct rc_secret_keys_t {
    unsigned char key[3][RC_SECRET_SIZE];
    int n;   /* in the file */
    int all; /* with the former ones */
} rc_secret_keys_t;

/** Returns a copy of the keys as last read. */
void rc_secret_keys(rc_secret_keys_t *keys, const rc_secret_t *secret);

/** Reads the file again when it has changed. */
void rc_secret_refresh(const rc_secret_t *secret);

#endif
