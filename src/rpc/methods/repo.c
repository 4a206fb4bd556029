// SPDX-License-Identifier: Apache-2.0
#include "../method.h"

const rc_method_t rc_methods_repo[] = {
    {.name = NULL},
};
