// SPDX-License-Identifier: Apache-2.0
/*
 * Users (contract 02 §3).
 */
#include "../method.h"

const rc_method_t rc_methods_user[] = {
    {.name = NULL},
};
